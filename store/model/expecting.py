"""Whether a task still is what an edit expects: the fields that somebody else has moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.model.edits import DeleteTask, Edit, Keep, ReleaseTask, UpdateTask
from store.model.errors import FieldConflict, StaleEdit
from store.model.execution import TickKind
from store.model.inverse import written_values
from store.model.task import Task
from store.model.ticking import is_done

_METADATA = "metadata."


def check_expected(edit: Edit, task: Task) -> None:
    """Refuse an edit of what has changed since it was seen.

    Raises:
        StaleEdit: with each field that differs.
    """
    expected: Mapping[str, Any] = {}
    if isinstance(edit, (UpdateTask, DeleteTask)):
        expected = edit.expected
    elif isinstance(edit, ReleaseTask) and edit.expected_owner is not None:
        expected = {"owner": edit.expected_owner}
    if not expected:
        return
    stored = {**written_values(task), **_beside(task)}
    conflicts = []
    for name, seen in expected.items():
        theirs = _value(task, name, stored)
        if not _same(theirs, seen):
            conflicts.append(FieldConflict(name, seen, theirs, _wanted(edit, name, seen)))
    if conflicts:
        raise StaleEdit(edit.list.id, task.id, conflicts)


def _beside(task: Task) -> dict[str, Any]:
    attempts = task.execution.attempts if task.execution else None
    return {
        "priority": task.priority,
        "lock": task.lock.by if task.lock else None,
        "most_attempts": attempts.most if attempts else None,
    }


def _value(task: Task, name: str, stored: Mapping[str, Any]) -> Any:
    if name.startswith(_METADATA):
        return task.metadata.get(name.removeprefix(_METADATA))
    for kind in TickKind:
        if name.startswith(f"{kind}."):
            return is_done(task, kind, name.removeprefix(f"{kind}."))
    return stored.get(name)


def _same(theirs: Any, seen: Any) -> bool:
    if isinstance(theirs, tuple) and isinstance(seen, (list, tuple)):
        return [str(i) for i in theirs] == [str(i) for i in seen]
    return bool(theirs == seen)


def _wanted(edit: Edit, name: str, otherwise: Any) -> Any:
    if isinstance(edit, ReleaseTask):
        return None
    if not isinstance(edit, UpdateTask):
        return otherwise
    if name.startswith(_METADATA):
        return edit.metadata_patch.get(name.removeprefix(_METADATA), otherwise)
    for tick in edit.ticks:
        if name == f"{tick.kind}.{tick.key}":
            return tick.is_done
    wanted = getattr(edit, "locked_by" if name == "lock" else name, None)
    may_be_none = name in ("owner", "lock")
    return otherwise if (wanted is None and not may_be_none) or isinstance(wanted, Keep) else wanted
