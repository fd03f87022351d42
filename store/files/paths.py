"""List id ↔ directory below a root: injective, and never outside the root.

Ids that are plain names go exactly where the native layout puts them. What could climb out of the
root, hide, or meet another id is percent-encoded, so two ids never share a directory.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from store.files.codec import Unparsable, parse_object
from store.files.failures import UnreadableFile
from store.files.fs import open_directory
from store.model.errors import InvalidListId, StorageFailure
from store.model.task import TaskListId

MAX_COMPONENT = 200
"""Bytes of one directory name after encoding."""

_MISC = "_misc"
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE, errno.EINTR)
_ENCODED = re.compile(r"%(?![0-9A-F]{2})")


def hive_root_from_environment(environ: Mapping[str, str] | None = None) -> Path:
    """`$HIVE_HOME`, else `~/.hive`."""
    chosen = (os.environ if environ is None else environ).get("HIVE_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".hive"


def task_list_parts(list_id: str) -> tuple[str, ...]:
    """The path components of a list's directory below its root.

    Raises:
        InvalidListId: a part is empty or too long, or the text cannot be stored as UTF-8.
    """
    kind, colon, rest = list_id.partition(":")
    if colon and kind == "colony":
        return ("colonies", _component(list_id, rest), "tasks")
    if colon and kind == "session":
        agent, _, session = rest.partition(":")
        encoded = _component(list_id, agent), _component(list_id, session)
        return ("agents", encoded[0], "sessions", encoded[1], "tasks")
    if colon and kind == "unscoped":
        return ("unscoped", _component(list_id, rest), "tasks")
    return (_MISC, _component(list_id, list_id, keeps=_is_slug_sign))


def list_id_of_parts(parts: tuple[str, ...]) -> TaskListId | None:
    """The id whose directory this is; None where no id leads there."""
    match parts:
        case ("colonies", name, "tasks"):
            found = _joined("colony:", name)
        case ("agents", agent, "sessions", session, "tasks"):
            head, tail = _decode(agent), _decode(session)
            found = f"session:{head}:{tail}" if head and tail else None
        case ("unscoped", name, "tasks"):
            found = _joined("unscoped:", name)
        case ("_misc", name):
            found = _joined("", name)
        case _:
            found = None
    if found is None:
        return None
    try:
        return TaskListId(found) if task_list_parts(found) == parts else None
    except InvalidListId:
        return None


def locate(root: Path, list_id: str) -> tuple[str, ...]:
    """The components of a list's directory, with regard to what other tools have made there.

    The native layout folds every unusual sign of a miscellaneous id into "_". A directory that
    was made so, and whose meta names this very id, is used as it is.

    Raises:
        InvalidListId: the id cannot name a directory, or its directory belongs to another id.
        StorageFailure: what stands there could not be looked at now.
    """
    parts = task_list_parts(list_id)
    if parts[0] != _MISC:
        return parts
    folded = (_MISC, _slug(list_id))
    if parts != folded:
        owned = _named_inside(root, folded) == list_id and not root.joinpath(*parts).is_dir()
        return folded if owned else parts
    owner = _named_inside(root, parts)
    if owner is not None and owner != list_id and _slug(owner) == parts[1]:
        raise InvalidListId(list_id, f"its directory belongs to the list {owner!r}")
    return parts


def list_id_at(root: Path, parts: tuple[str, ...]) -> TaskListId | None:
    """The id of the list in an existing directory: the inverse of `locate`."""
    if parts[:1] == (_MISC,) and len(parts) == 2:
        owner = _named_inside(root, parts)
        if owner is not None and _slug(owner) == parts[1] and locate(root, owner) == parts:
            return TaskListId(owner)
    return list_id_of_parts(parts)


def task_list_path(task_list_id: str, *, hive_root: Path | str | None = None) -> Path:
    """The directory of a list, which need not exist.

    Args:
        task_list_id: `colony:…`, `session:agent:session`, `unscoped:…` or anything else.
        hive_root: the root; by default `$HIVE_HOME`, else `~/.hive`.

    Raises:
        InvalidListId: the id cannot name a directory under the root.
    """
    root = hive_root_from_environment() if hive_root is None else Path(hive_root)
    return root.joinpath(*locate(root, task_list_id))


def _slug(text: str) -> str:
    return "".join(sign if _is_slug_sign(sign) else "_" for sign in text)


def _is_slug_sign(sign: str) -> bool:
    return sign.isalnum() or sign in "-_"


def _is_plain_sign(sign: str) -> bool:
    return sign.isprintable() and sign not in "/%"


def _component(list_id: str, text: str, keeps: Callable[[str], bool] = _is_plain_sign) -> str:
    """One directory name. A leading dot is encoded, so no list can hide or be `..`."""
    if not text:
        raise InvalidListId(list_id, "a part of it is empty")
    try:
        encoded = "".join(
            sign if keeps(sign) and not (place == 0 and sign == ".") else _escape(sign)
            for place, sign in enumerate(text)
        )
    except UnicodeEncodeError as error:
        raise InvalidListId(list_id, "holds half of a surrogate pair") from error
    if len(encoded.encode("utf-8")) > MAX_COMPONENT:
        raise InvalidListId(list_id, f"a part of it is longer than {MAX_COMPONENT} bytes")
    return encoded


def _escape(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8"))


def _decode(name: str) -> str | None:
    if "%" not in name:
        return name if name.isascii() or _is_text(name) else None
    if _ENCODED.search(name):
        return None
    from urllib.parse import unquote_to_bytes  # takes longer to import than a list to open

    try:
        return unquote_to_bytes(name).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None


def _is_text(name: str) -> bool:
    """Whether it can be stored: a name that is not UTF-8 on disk holds surrogates here."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _joined(prefix: str, name: str) -> str | None:
    decoded = _decode(name)
    return None if decoded is None else prefix + decoded


def _named_inside(root: Path, parts: tuple[str, ...]) -> str | None:
    """The list id that a directory's own meta gives, None if it gives none."""
    try:
        with open_directory(root, parts) as directory:
            named = parse_object(directory.read_bytes("meta.json")).get("task_list_id")
    except UnreadableFile as error:
        if error.is_passing:  # a guess would lead to another directory, or to somebody else's
            raise StorageFailure(error.path, error.reason) from error
        return None
    except OSError as error:
        if error.errno in _PASSING:
            place = str(root.joinpath(*parts))
            raise StorageFailure(place, error.strerror or str(error)) from error
        return None
    except (Unparsable, ValueError):
        return None
    return named if isinstance(named, str) else None
