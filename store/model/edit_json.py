"""Edits, tasks and keys as plain JSON values, and back. Pure.

Only what differs from a field's default is written. `None` and `NULL` differ in a metadata patch,
so `NULL` is written as `{"$": "null"}`; an object that has the key `$` itself is wrapped as
`{"$": "object", "of": …}`. A list key leaves its root out: who reads knows under which root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from store.model.edits import (
    NULL,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    Null,
    ReleaseTask,
    RestoreTask,
    Standing,
    UpdateTask,
)
from store.model.errors import InvalidField
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId, TaskStatus

MARK = "$"

_KINDS: dict[str, type[Any]] = {
    "create": CreateTask,
    "update": UpdateTask,
    "delete": DeleteTask,
    "claim": ClaimTask,
    "release": ReleaseTask,
    "restore": RestoreTask,
}
_KIND_OF = {kind: name for name, kind in _KINDS.items()}
_NOT_WRITTEN = frozenset({"problems", "revision"})  # they are true of one scan only


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """An edit as JSON values: its kind, and each field that is not as usual."""
    return {"edit": _KIND_OF[type(edit)], **_values(edit)}


def edit_from_json(values: Any, root: str) -> Edit:
    """The edit again.

    Args:
        values: what `edit_to_json` gave, after a way through JSON.
        root: of the lists named in it.

    Raises:
        InvalidField: no such kind of edit, or a field with a value that it cannot have.
    """
    record = dict(_mapping("edit", values))
    kind = _KINDS.get(str(record.pop("edit", None)))
    if kind is None:
        raise InvalidField("edit", "no kind of edit that is known here")
    made: Edit = _Reader(root).make(kind, record)
    return made


def task_to_json(task: Task) -> dict[str, Any]:
    """A task as JSON values, without what is true of one scan only."""
    return _values(task)


def task_from_json(values: Any, root: str) -> Task:
    """The task again; raises `InvalidField` as `edit_from_json` does."""
    made: Task = _Reader(root).make(Task, dict(_mapping("task", values)))
    return made


def plain(value: Any) -> Any:
    """One value of a field, of whatever type, as JSON values."""
    if isinstance(value, Null):
        return {MARK: "null"}
    if isinstance(value, Mapping):
        found = {str(name): plain(each) for name, each in value.items()}
        return {MARK: "object", "of": found} if MARK in found else found
    if isinstance(value, TaskKey):
        return {**plain(value.list), "task": value.id}
    if isinstance(value, ListKey):
        return {"system": value.system, "list": value.id}
    if isinstance(value, (Task, Standing)):
        return _values(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return value


def rich(value: Any) -> Any:
    """The value that `plain` was given, as far as JSON can tell: sequences are lists."""
    if isinstance(value, dict):
        if value.get(MARK) == "null":
            return NULL
        inner = value.get("of") if value.get(MARK) == "object" else value
        return {name: rich(each) for name, each in inner.items()} if inner else {}
    if isinstance(value, list):
        return [rich(each) for each in value]
    return value


def _values(made: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(made):
        value = getattr(made, each.name)
        if each.name not in _NOT_WRITTEN and not _is_usual(each, value):
            found[each.name] = plain(value)
    return found


def _is_usual(field: Field[Any], value: Any) -> bool:
    if field.default is not MISSING:
        return value is field.default or (value == field.default and value is not None)
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return False


class _Reader:
    """Values → objects, each field by the type that it is declared with."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._of_type: Mapping[str, Callable[[str, Any], Any]] = {
            "str": _text,
            "str | None": lambda name, value: None if value is None else _text(name, value),
            "str | Keep | None": lambda name, value: None if value is None else _text(name, value),
            "bool": _truth,
            "float | None": _number,
            "TaskId": lambda name, value: TaskId(_text(name, value)),
            "tuple[TaskId, ...]": lambda name, value: tuple(map(TaskId, _texts(name, value))),
            "tuple[str, ...]": _texts,
            "Mapping[str, Any]": lambda name, value: rich(_mapping(name, value)),
            "TaskStatus": _status,
            "TaskStatus | None": lambda n, value: None if value is None else _status(n, value),
            "ListKey": self._list_key,
            "TaskKey": self._task_key,
            "Task": lambda name, value: self.make(Task, dict(_mapping(name, value))),
            "tuple[Standing, ...]": self._standings,
            "tuple[Standing, ...] | None": lambda n, v: (
                None if v is None else self._standings(n, v)
            ),
        }

    def make(self, kind: type[Any], record: dict[str, Any]) -> Any:
        """An object of the class; fields that are not in the record are as usual."""
        given: dict[str, Any] = {}
        for each in fields(kind):
            if each.name in record and each.name not in _NOT_WRITTEN:
                given[each.name] = self._of_type[str(each.type)](each.name, record.pop(each.name))
            elif each.default is MISSING and each.default_factory is MISSING:
                raise InvalidField(each.name, f"a {kind.__name__} needs it")
        if record:
            raise InvalidField(next(iter(record))[:80], f"no field of a {kind.__name__}")
        return kind(**given)

    def _list_key(self, name: str, value: Any) -> ListKey:
        found = _mapping(name, value)
        system, list_id = _text(name, found.get("system")), _text(name, found.get("list"))
        return ListKey(system, self._root, TaskListId(list_id))

    def _task_key(self, name: str, value: Any) -> TaskKey:
        found = _mapping(name, value)
        return TaskKey(self._list_key(name, value), TaskId(_text(name, found.get("task"))))

    def _standings(self, name: str, value: Any) -> tuple[Standing, ...]:
        if not isinstance(value, list):
            raise InvalidField(name, "a list is needed")
        return tuple(self.make(Standing, dict(_mapping(name, each))) for each in value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidField(name, "text is needed")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidField(name, "a list of texts is needed")
    return tuple(_text(name, each) for each in value)


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidField(name, "true or false is needed")
    return value


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidField(name, "a number is needed")
    return value


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidField(name, "an object is needed")
    return value


def _status(name: str, value: Any) -> TaskStatus:
    try:
        return TaskStatus(_text(name, value))
    except ValueError:
        raise InvalidField(name, f"no status {str(value)[:40]!r}") from None
