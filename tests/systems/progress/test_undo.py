"""Every edit of a queue that is taken back leaves its rows as they were, but for the times."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.edits import ClaimTask, Edit, ReleaseTask, Tick, UpdateTask
from store.model.errors import ColonytopError
from store.model.execution import TickKind
from store.model.foresight import foresee
from store.model.inverse import inverse
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.progress.adapter import ProgressSystem
from tests.systems.progress import layout

TIMES = {"updated_at", "claimed_at", "claim_token", "started_at", "completed_at", "done_at"}
ID = "t-1"

ROWS: list[dict[str, Any]] = [
    {"status": "pending"},
    {"status": "pending", "worker_id": "zoe", "payload": '{"a": 1.50}', "last_error": "old"},
    {"status": "claimed", "worker_id": "ann", "claim_token": "abc"},
    {"status": "in_progress", "worker_id": "ann", "claimed_at": "2026-04-15T10:00:00+00:00"},
    {"status": "in_progress", "payload": "plain"},
    {"status": "done", "worker_id": "ann", "completed_at": "2026-04-15 10:00:00"},
    {"status": "failed", "worker_id": "ann", "last_error": "old", "max_retries": 0},
    {"status": "failed", "last_error": "no ore"},
    {"status": "on hold", "goal": "  Odd \n\n\n goal\n"},
]

STATUSES = [
    TaskStatus.PENDING,
    TaskStatus.CLAIMED,
    TaskStatus.IN_PROGRESS,
    TaskStatus.COMPLETED,
    TaskStatus.FAILED,
]


def ticks() -> st.SearchStrategy[tuple[Tick, ...]]:
    kinds = st.sampled_from([(TickKind.STEP, f"{ID}-s1"), (TickKind.STEP, f"{ID}-s2")])
    checks = st.sampled_from([(TickKind.CHECK, "safe"), (TickKind.CHECK, "song")])
    tick = st.builds(
        lambda named, is_done, by: Tick(named[0], named[1], is_done, by),
        kinds | checks,
        st.booleans(),
        st.sampled_from([None, "cy"]),
    )
    return st.lists(tick, max_size=2, unique_by=lambda t: t.key).map(tuple)


def edits(key: TaskKey) -> st.SearchStrategy[Edit]:
    return st.one_of(
        st.builds(ClaimTask, st.just(key), st.sampled_from(["ann", "bob"]), st.booleans()),
        st.builds(ReleaseTask, st.just(key)),
        st.builds(
            UpdateTask,
            st.just(key),
            subject=st.none() | st.just("Other"),
            description=st.none() | st.just("More\nof it"),
            status=st.none() | st.sampled_from(STATUSES),
            priority=st.none() | st.sampled_from(["0", "5", "-3"]),
            metadata_patch=st.sampled_from([{}, {"b": [1]}, {"a": None}]),
            ticks=ticks(),
            most_attempts=st.none() | st.sampled_from([0, 9]),
            is_forced=st.booleans(),
        ),
        st.builds(UpdateTask, st.just(key), owner=st.sampled_from([None, "ann", "bob"])),
    )


def rows(path: Path) -> list[list[dict[str, Any]]]:
    """All rows without the times."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        for table in ("tasks", "steps", "sop_checklist"):
            stored = connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            found.append([{k: row[k] for k in row.keys() if k not in TIMES} for row in stored])  # noqa: SIM118
    return found


def open_checks(path: Path) -> list[tuple[Any, ...]]:
    return layout.run(path, "SELECT key, done_at IS NULL AND done_by IS NULL FROM sop_checklist")


@given(row=st.sampled_from(ROWS), data=st.data())
def test_edit_taken_back_leaves_every_row_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("root")
    path = layout.make(layout.database(root))
    key = ListKey("progress", str(root), TaskListId("queue:forge"))
    layout.put_task(path, ID, **row)
    layout.put_task(path, "t-2")
    begun = {} if row["status"] == "pending" else {"status": "in_progress", "worker_id": "ann"}
    layout.put_step(path, ID, 1, "Heat", **begun)
    layout.put_step(path, ID, 2, "Beat", status="done", worker_id="ann", evidence="flat")
    layout.put_check(path, ID, "safe")
    layout.put_check(path, ID, "song", done_at="2026-04-15 10:00:00", done_by="ann", note="la")
    before, were_open = rows(path), open_checks(path)
    system = ProgressSystem()
    seen = system.load(key)
    edit = data.draw(edits(TaskKey(key, TaskId(ID))))
    try:
        result = system.apply(edit)
    except ColonytopError:
        assert (rows(path), open_checks(path)) == (before, were_open)
        return
    foreseen = foresee(seen, edit)
    assert foreseen is not None
    assert result.task is not None
    for back in inverse(result):
        system.apply(back)
    assert open_checks(path) == were_open
    assert rows(path) == before
