"""`doctor --repair`: what would be mended is said first, then it is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.model.errors import ColonytopError
    from store.model.repairs import RepairReport
    from store.model.task import ListKey
    from store.workspace import Workspace

Row = dict[str, Any]


def mend(workspace: Workspace, *, dry_run: bool, tell: Callable[[str], None]) -> list[Row]:
    """Mend every list of the last snapshot.

    Args:
        workspace: scanned before.
        dry_run: only say what would be done.
        tell: takes each line for a person, as soon as it is known.

    Returns:
        A row for each repair and for each list that could not be mended (with `error`).
    """
    rows = [
        row
        for key in workspace.snapshot.lists
        for row in _mend_list(workspace, key, dry_run=dry_run, tell=tell)
    ]
    if not rows:
        tell("nothing to mend")
    return rows


def _mend_list(
    workspace: Workspace, key: ListKey, *, dry_run: bool, tell: Callable[[str], None]
) -> list[Row]:
    from store.model.errors import ColonytopError, CommittedPending

    try:
        report = workspace.repair(key, dry_run=True)
        for repair in report.repairs:
            tell(f"{key.id}  would {repair.kind}: {repair.text}")
        if dry_run or not report.repairs:
            return list(_rows(report))
        rows = list(_rows(workspace.repair(key, dry_run=False)))
    except CommittedPending as error:
        rows = [{**_place(key), "kind": "saved", "text": str(error), "made": True}]
    except ColonytopError as error:
        rows = [_failure(key, error)]
    for row in rows:
        if row["made"] or "error" in row:
            tell(f"{key.id}  {row['kind']}: {row['text']}")
    return rows


def _rows(report: RepairReport) -> Iterator[Row]:
    from store.model.repairs import RepairKind
    from tui.cli.shapes import native_id

    for repair in report.repairs:
        yield {
            **_place(report.list),
            "kind": str(repair.kind),
            "text": repair.text,
            "task": native_id(repair.task, report.list.system) if repair.task is not None else None,
            "path": repair.path,
            "made": not report.is_dry_run and repair.kind is not RepairKind.LEAVE,
        }


def _failure(key: ListKey, error: ColonytopError) -> Row:
    return {**_place(key), "kind": "failed", "error": error.kind, "text": str(error), "made": False}


def _place(key: ListKey) -> Row:
    return {"list": key.id, "root": key.root}
