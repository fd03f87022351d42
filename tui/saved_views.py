"""Views that the operator has named, kept as JSON beside the settings.

The file is `{"version": 1, "views": {NAME: {"query": …, "lens": …, "sort": …, "descending": …,
"grouping": …, "list": {"system": …, "root": …, "id": …} | null}}}`. Fields that are not there
have their defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from store.model.errors import ColonytopError
from store.model.query import QueryError, parse
from store.model.task import ListKey, TaskListId
from tui.view_state import Grouping, Lens, SortKey, ViewState

VERSION = 1
LONGEST_NAME = 40
_LIMIT = 1_000_000  # bytes of the file

Word = TypeVar("Word", bound=StrEnum)


class SavedViewsError(ColonytopError):
    """The saved views cannot be used."""

    kind = "saved_views"

    def __init__(self, path: Path | None, reason: str) -> None:
        super().__init__(f"{path or 'saved views'}: {reason}")
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"path": None if self.path is None else str(self.path)}


class SavedViews:
    """The named views of one file. Every change reads the file again, so that views which
    another program saved meanwhile stay. Its methods do I/O: not for the user interface's thread.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Args:
        path: the file, which need not be there; None keeps the views in memory alone.
        """
        self.path = path
        self.views: Mapping[str, ViewState] = {}
        """By name, as they were last read."""
        self.problem: str | None = None
        """Why they could not be read; None where they could. Untrusted."""

    def load(self) -> Mapping[str, ViewState]:
        """Read the file.

        Raises:
            SavedViewsError: it is there and cannot be read or understood.
        """
        if self.path is not None:
            content = self._read(self.path)
            self.views = {} if content is None else self._understood(content)
        return self.views

    def try_load(self) -> None:
        """Read the file; where that cannot be done there are no views, and `problem` says why."""
        try:
            self.load()
        except SavedViewsError as error:
            self.problem = str(error)

    def find(self, name: str) -> ViewState:
        """The view of that name, a saved one before a standard one.

        Raises:
            SavedViewsError: there is none, or the file cannot be used.
        """
        views = self.load()
        if name in views:
            return views[name]
        from tui.standard_views import STANDARD_VIEWS

        if name in STANDARD_VIEWS:
            return STANDARD_VIEWS[name].view
        known = f"there are {', '.join(views)}" if views else "none is saved yet"
        always = ", ".join(STANDARD_VIEWS)
        reason = f"no view {name[:LONGEST_NAME]!r}; {known}, and always {always}"
        raise SavedViewsError(self.path, reason)

    def save(self, name: str, view: ViewState) -> None:
        """Keep a view under a name, in place of the one that has it.

        Raises:
            SavedViewsError: the name cannot be used, or the file cannot be written; it is as
                it was.
        """
        if problem := name_problem(name):
            raise SavedViewsError(self.path, problem)
        self._write({**self.load(), name: view})

    def forget(self, name: str) -> None:
        """Remove a view; one that is not there is no error.

        Raises:
            SavedViewsError: the file cannot be written; it is as it was.
        """
        self._write({known: view for known, view in self.load().items() if known != name})

    def _read(self, path: Path) -> bytes | None:
        from store.files.failures import UnreadableFile
        from store.files.fs import open_directory

        try:
            with open_directory(path.parent) as directory:
                return directory.read_bytes(path.name, _LIMIT)
        except FileNotFoundError:
            return None
        except (OSError, UnreadableFile) as error:
            raise SavedViewsError(path, f"cannot be read: {error}") from error

    def _write(self, views: Mapping[str, ViewState]) -> None:
        if self.path is not None:
            from store.files.fs import open_directory

            records = {name: _record(view) for name, view in views.items()}
            text = json.dumps({"version": VERSION, "views": records}, indent=2)
            try:
                with open_directory(self.path.parent, create=True) as directory:
                    directory.replace(self.path.name, text.encode("ascii") + b"\n")
                    directory.sync()
            except OSError as error:
                reason = f"cannot be written: {error.strerror or error}"
                raise SavedViewsError(self.path, reason) from error
        self.views = dict(views)

    def _understood(self, content: bytes) -> dict[str, ViewState]:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SavedViewsError(self.path, "not JSON; mend or remove the file") from error
        views = document.get("views") if isinstance(document, dict) else None
        if not isinstance(views, dict) or document.get("version") != VERSION:
            reason = f'expected {{"version": {VERSION}, "views": {{…}}}}; mend or remove the file'
            raise SavedViewsError(self.path, reason)
        found = {}
        for name, record in views.items():
            try:
                found[name] = _view(name, record)
            except (ValueError, QueryError) as error:
                reason = f"view {name[:LONGEST_NAME]!r}: {error}; mend or remove it"
                raise SavedViewsError(self.path, reason) from error
        return found


def name_problem(name: str) -> str | None:
    """Why a view cannot have that name."""
    if not name.strip() or name != name.strip():
        return "a view needs a name that begins and ends with a letter or sign"
    if len(name) > LONGEST_NAME or not name.isprintable():
        return f"a view's name has at most {LONGEST_NAME} printable characters"
    return None


def _record(view: ViewState) -> dict[str, Any]:
    key = view.list_key
    return {
        "query": view.query,
        "lens": view.lens.value,
        "sort": view.sort.value,
        "descending": view.descending,
        "grouping": view.grouping.value,
        "list": None if key is None else key._asdict(),
    }


def _view(name: str, record: object) -> ViewState:
    """Raises:
    ValueError: what is wrong with the record.
    QueryError: its query is not understood.
    """
    if problem := name_problem(name):
        raise ValueError(problem)
    if not isinstance(record, dict):
        raise ValueError("it is no object")
    unknown = sorted(set(record) - set(_record(ViewState())))
    if unknown:
        raise ValueError(f"there is no field {unknown[0][:LONGEST_NAME]!r}")
    query, descending = record.get("query", ""), record.get("descending", False)
    if not isinstance(query, str) or not isinstance(descending, bool):
        raise ValueError("query is a text, descending true or false")
    parse(query)
    return ViewState(
        lens=_word(Lens, "lens", record),
        query=query,
        sort=_word(SortKey, "sort", record),
        descending=descending,
        grouping=_word(Grouping, "grouping", record),
        list_key=_list_key(record.get("list")),
    )


def _word(words: type[Word], field: str, record: Mapping[str, Any]) -> Word:
    said = record.get(field, getattr(ViewState(), field).value)
    try:
        return words(said)
    except ValueError:
        raise ValueError(f"{field} is one of {', '.join(words)}") from None


def _list_key(said: Any) -> ListKey | None:
    if said is None:
        return None
    is_key = isinstance(said, dict) and set(said) == set(ListKey._fields)
    if not is_key or not all(isinstance(value, str) for value in said.values()):
        raise ValueError("list is null, or has the texts system, root and id")
    return ListKey(said["system"], said["root"], TaskListId(said["id"]))
