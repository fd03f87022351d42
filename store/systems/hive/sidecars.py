"""What lies beside a list's tasks: meta, high-water mark, lock; and what forbids edits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import NoneType
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.fs import Directory
from store.files.parsed_file import ParsedFile
from store.files.places import is_open_to_others, may_write
from store.files.plain_json import parse_plain
from store.files.txn_record import BAD_PREFIX
from store.model.task import Capabilities, Problem, ProblemKind, Verb
from store.systems.hive.discovery import LOCK, MARK, META, NEWER, TASKS
from store.systems.hive.record import TaskListRole
from store.systems.records.record import MAX_ID

_MARK = re.compile(rb"[0-9]{1,13}", re.ASCII)
NO_PRIORITY = "tasks of this layout have no priority"
NO_STEPS = "tasks of this layout have no steps or checks to tick off"
NO_RETRIES = "tasks of this layout have no limit of attempts"
EDITABLE = Capabilities({Verb.PRIORITY: NO_PRIORITY, Verb.TICK: NO_STEPS, Verb.RETRIES: NO_RETRIES})


@dataclass(frozen=True, slots=True)
class ListMeta:
    """What a look at a list needs of its meta, under the names of the model `TaskListMeta`."""

    role: TaskListRole
    created_at: float
    model_extra: dict[str, Any]
    model_fields_set: frozenset[str]
    """The fields that stand in the file: what is not among them was made up here."""


@dataclass(frozen=True, slots=True)
class Sidecars:
    """One look at everything beside the tasks."""

    meta: ListMeta | None
    mark: int | None
    mark_fault: str | None
    """Why the mark is None although there is one."""
    capabilities: Capabilities
    problems: tuple[Problem, ...]


class SidecarReader:
    """Looks at one list's sidecars, again and again, at the price of a few `stat`s."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._meta = ParsedFile(META, parse_meta)
        self._mark = ParsedFile(MARK, parse_mark)
        self._last: Sidecars | None = None

    def look(
        self, directory: Directory, *, has_newer: bool, root_mode: int, root_refusal: str | None
    ) -> Sidecars:
        """The same object while nothing moved.

        Args:
            directory: the list's open directory.
            has_newer: a later version of the owning tool keeps this list elsewhere.
            root_mode: permission bits of the root.
            root_refusal: why nothing under this root may be edited, None if it may.
        """
        self._meta.look(directory)
        self._mark.look(directory)
        unfinished = _unfinished(directory)
        refusal = _refusal(directory, has_newer) or root_refusal
        if unfinished is not None:
            refusal = refusal or f"{unfinished}; run colonytop doctor --repair"
        now = Sidecars(
            self._meta.value,
            self._mark.value,
            self._mark.fault,
            Capabilities.read_only(refusal) if refusal else EDITABLE,
            tuple(self._problems(directory, root_mode, has_newer, unfinished)),
        )
        if self._last is None or now != self._last:
            self._last = now
        return self._last

    def _problems(
        self, directory: Directory, root_mode: int, has_newer: bool, unfinished: str | None
    ) -> list[Problem]:
        found = []
        if self._meta.fault is not None:
            text = f"{META} cannot be used: {self._meta.fault}"
            repair = f"mend or move {META}; the tasks are not affected"
            path = f"{self._path}/{META}"
            found.append(Problem(ProblemKind.BAD_META, text, path=path, repair=repair))
        if has_newer:
            text = f"a {NEWER} lies beside this list: a newer layout owns it now"
            repair = "edit it with the tool that wrote that file; colonytop only shows these"
            found.append(Problem(ProblemKind.IGNORED_FILE, text, path=self._path, repair=repair))
        if unfinished is not None:
            kind, repair = ProblemKind.BAD_TRANSACTION, "colonytop doctor --repair"
            found.append(Problem(kind, unfinished, path=self._path, repair=repair))
        lock = directory.status(LOCK)
        if lock and lock.st_mode & 0o004 and is_open_to_others((root_mode, directory.mode())):
            text = "other users can take the lock of this list and keep all writers out"
            path = f"{self._path}/{LOCK}"
            repair = f"chmod 600 {LOCK}, or close the root to others"
            kind = ProblemKind.UNSAFE_PERMISSIONS
            found.append(Problem(kind, text, path=path, repair=repair))
        return found


def parse_meta(content: bytes) -> ListMeta:
    """A `meta.json`.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    raw = parse_plain(content)
    if raw is not None and _is_plain_meta(raw):
        extra = {name: value for name, value in raw.items() if name not in _META_KINDS}
        role = TaskListRole(raw["role"])
        return ListMeta(role, raw.get("created_at", 0.0), extra, frozenset(raw))
    from store.systems.hive.models import meta_of  # rarely needed, and slow to import

    meta = meta_of(parse_object(content))
    extra = dict(meta.model_extra or {})
    return ListMeta(meta.role, meta.created_at, extra, frozenset(meta.model_fields_set))


def _is_plain_meta(raw: dict[str, Any]) -> bool:
    """The model would take these fields as they are."""
    if "task_list_id" not in raw or raw.get("role") not in _ROLES:
        return False
    if any(type(raw[name]) not in kinds for name, kinds in _META_KINDS.items() if name in raw):
        return False
    return all(type(session) is str for session in raw.get("last_seen_session_ids", ()))


_ROLES = tuple(map(str, TaskListRole))
_META_KINDS: dict[str, tuple[type, ...]] = {
    "task_list_id": (str,),
    "role": (str,),
    "creator_agent_id": (str, NoneType),
    "created_at": (float,),
    "last_seen_session_ids": (list,),
    "schema_version": (int,),
}


def parse_mark(content: bytes) -> int:
    """A `.highwatermark`: decimal digits and nothing else but space around them.

    Raises:
        Unparsable: it is something else.
    """
    digits = content.strip(b" \t\r\n")
    if not _MARK.fullmatch(digits) or int(digits) > MAX_ID:
        raise Unparsable("not a decimal number" if digits else "empty file")
    return int(digits)


def _unfinished(directory: Directory) -> str | None:
    """What keeps all writers out until somebody has looked at it."""
    for name in directory.names():
        if name.startswith(BAD_PREFIX):
            return f"{name} is an unfinished change that cannot be understood"
    return None


def _refusal(directory: Directory, has_newer: bool) -> str | None:
    if has_newer:
        return f"a newer layout owns this list ({NEWER} lies beside it)"
    if not may_write(directory):
        return "this user may not write in the list's directory"
    try:
        with directory.subdirectory(TASKS) as tasks:
            return None if may_write(tasks) else "this user may not write in the tasks directory"
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{TASKS}: {error.strerror}"
