"""The calls of a queue's workers: seeding, claiming, telling, finishing, taking back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import store
from store.systems.progress.instants import instant_of
from tests.systems.progress import layout


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    (tmp_path / "forge").mkdir()
    return store.ensure_progress_db(tmp_path / "forge")


def count(queue: Path, table: str = "tasks") -> int:
    return int(layout.run(queue, f"SELECT count(*) FROM {table}")[0][0])


def age(queue: Path, task_id: str, minutes: int, *, spelling: str = "datetime('now', ?)") -> None:
    layout.run(
        queue,
        f"UPDATE tasks SET claimed_at = {spelling} WHERE id = ?",
        f"-{minutes} minutes",
        task_id,
    )


ISO = "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', ?)"


# seeding


def test_seed_stores_every_key_in_its_place(queue: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {
            "goal": "Dig\n\nDeep.",
            "id": "t-1",
            "seq": 4,
            "priority": 7,
            "payload": {"größe": [1, None]},
            "max_retries": 0,
            "steps": [{"title": "Start", "detail": "early"}, {"title": "Stop", "seq": 9}],
            "sop_items": [
                {"key": "safe", "description": "Wear a hat", "note": "yellow"},
                {"key": "nice", "description": "Sing", "required": False},
            ],
        },
        {"goal": "Carry", "payload": "as it is", "parent_task_id": "t-1"},
    ]
    ids = store.seed_tasks(queue, tasks, source="test")
    assert ids[0] == "t-1"
    first, second = (layout.row_of(queue, task_id) for task_id in ids)
    assert (first["goal"], first["seq"], first["priority"]) == ("Dig\n\nDeep.", 4, 7)
    assert json.loads(first["payload"]) == {"größe": [1, None]}
    assert (first["max_retries"], first["status"], first["source"]) == (0, "pending", "test")
    assert (second["payload"], second["parent_task_id"]) == ("as it is", "t-1")
    assert (second["seq"], second["priority"], second["max_retries"]) == (None, 0, 3)
    assert layout.run(queue, "SELECT seq, title, detail, status FROM steps ORDER BY seq") == [
        (1, "Start", "early", "pending"),
        (9, "Stop", None, "pending"),
    ]
    checks = layout.run(queue, "SELECT key, description, required, note FROM sop_checklist")
    assert checks == [("safe", "Wear a hat", 1, "yellow"), ("nice", "Sing", 0, None)]


def test_seed_returns_ids_in_the_order_given_and_children_may_come_first(queue: Path) -> None:
    ids = store.seed_tasks(
        queue, [{"goal": "Child", "parent_task_id": "p"}, {"goal": "Parent", "id": "p"}]
    )
    assert ids[1] == "p"
    assert layout.row_of(queue, ids[0])["parent_task_id"] == "p"


def test_seed_of_nothing_does_nothing(tmp_path: Path) -> None:
    assert store.seed_tasks(tmp_path / "no database", []) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("task", "named"),
    [
        ({}, "goal"),
        ({"goal": ""}, "goal"),
        ({"goal": 7}, "goal"),
        ({"goal": "x", "id": "taken"}, "id"),
        ({"goal": "x", "id": "ok-0"}, "id"),
        ({"goal": "x", "priority": "high"}, "priority"),
        ({"goal": "x", "priority": 2**63}, "priority"),
        ({"goal": "x", "seq": True}, "seq"),
        ({"goal": "x", "max_retries": -1}, "max_retries"),
        ({"goal": "x", "parent_task_id": "nobody"}, "parent_task_id"),
        ({"goal": "x", "payload": {1, 2}}, "payload"),
        ({"goal": "x", "payload": float("nan")}, "payload"),
        ({"goal": "\ud800"}, "goal"),
        ({"goal": "x", "steps": [{"detail": "y"}]}, "steps[0].title"),
        ({"goal": "x", "steps": "all"}, "steps"),
        ({"goal": "x", "steps": [{"title": "a", "seq": 2}, {"title": "b"}]}, "steps[1].seq"),
        ({"goal": "x", "sop_items": [{"key": "k"}]}, "sop_items[0].description"),
        ({"goal": "x", "sop_items": [{"description": "d"}]}, "sop_items[0].key"),
    ],
)
def test_seed_of_one_wrong_task_names_it_and_stores_none(
    queue: Path, task: dict[str, Any], named: str
) -> None:
    store.seed_tasks(queue, [{"goal": "Old", "id": "taken"}])
    good = [
        {"goal": "Fine", "id": f"ok-{number}", "steps": [{"title": "s"}]} for number in range(3)
    ]
    with pytest.raises(ValueError, match="task") as caught:
        store.seed_tasks(queue, [*good, task])
    assert str(caught.value).startswith(f"task[3].{named}: ")
    assert (count(queue), count(queue, "steps")) == (1, 0)


def test_seed_of_ten_thousand_rows_is_one_transaction(queue: Path) -> None:
    with layout.elsewhere(queue) as other:
        other.run("SELECT count(*) FROM tasks")
        before = other.run("PRAGMA data_version")
        tasks = [{"goal": f"Task {n}", "steps": [{"title": "only"}]} for n in range(10_000)]
        ids = store.seed_tasks(queue, tasks)
        after = other.run("PRAGMA data_version")
        assert other.run("SELECT count(*) FROM tasks") == "[(10000,)]"
    assert len(set(ids)) == 10_000
    assert int(after.strip("[](),")) == int(before.strip("[](),")) + 1
    with pytest.raises(store.InvalidField):
        store.seed_tasks(queue, [*tasks, {"goal": None}])
    assert count(queue) == 10_000


def test_enqueue_stores_one_task(queue: Path) -> None:
    task_id = store.enqueue_task(
        queue,
        "Forge",
        steps=[{"title": "Heat"}],
        sop_items=[{"key": "hot", "description": "Glows"}],
        payload={"a": 1},
        priority=3,
    )
    row = layout.row_of(queue, task_id)
    assert (row["goal"], row["priority"], row["source"]) == ("Forge", 3, "enqueue_tool")
    assert (count(queue, "steps"), count(queue, "sop_checklist")) == (1, 1)


def test_texts_with_quotes_are_stored_as_they_are(queue: Path) -> None:
    text = "It's '); DROP TABLE tasks; --"
    task_id = store.enqueue_task(queue, text, payload=text)
    claimed = store.claim_next_task(queue, text)
    assert claimed is not None
    assert (claimed.id, claimed.goal, claimed.payload) == (task_id, text, text)
    store.fail_task(queue, task_id, text, text)
    row = layout.row_of(queue, task_id)
    assert (row["worker_id"], row["last_error"], row["status"]) == (text, text, "failed")


# claiming and telling


def test_claims_go_by_priority_then_seq_then_age(queue: Path) -> None:
    ids = store.seed_tasks(
        queue,
        [
            {"goal": "last", "priority": -1},
            {"goal": "third", "seq": 2},
            {"goal": "second", "seq": 1},
            {"goal": "no seq comes first", "priority": 0},
            {"goal": "urgent", "priority": 5, "seq": 9},
        ],
    )
    order = []
    while (task := store.claim_next_task(queue, "ann")) is not None:
        order.append(ids.index(task.id))
    assert order == [4, 3, 2, 1, 0]


def test_claim_has_a_token_and_is_written_in_the_spelling_of_workers(queue: Path) -> None:
    (task_id,) = store.seed_tasks(queue, [{"goal": "Dig"}])
    task = store.claim_next_task(queue, "ann")
    assert task is not None
    row = layout.row_of(queue, task_id)
    assert (row["status"], row["worker_id"], row["claim_token"]) == (
        "claimed",
        "ann",
        task.claim_token,
    )
    assert len(task.claim_token) == 16
    (form,) = layout.run(queue, "SELECT datetime(claimed_at) = claimed_at FROM tasks")[0]
    assert form == 1
    with pytest.raises(store.InvalidField):
        store.claim_next_task(queue, "")


def test_worker_goes_through_a_task_to_its_end(queue: Path) -> None:
    task_id = store.enqueue_task(
        queue,
        "Forge",
        steps=[{"title": "Heat"}, {"title": "Beat"}],
        sop_items=[{"key": "hot", "description": "Glows"}],
    )
    store.claim_next_task(queue, "ann")
    store.start_task(queue, task_id, "ann")
    store.update_step(queue, task_id, 1, "in_progress", worker_id="ann")
    store.update_step(queue, task_id, 1, "done", worker_id="ann", evidence="red")
    with pytest.raises(store.ChecksOpen, match="Glows"):
        store.finish_task(queue, task_id, "ann")
    assert layout.row_of(queue, task_id)["status"] == "in_progress"
    store.check_off(queue, task_id, "hot", worker_id="ann", note="saw it")
    store.finish_task(queue, task_id, "ann")
    row = layout.row_of(queue, task_id)
    assert row["status"] == "done"
    assert None not in (row["started_at"], row["completed_at"])
    steps = layout.run(queue, "SELECT status, evidence, worker_id FROM steps ORDER BY seq")
    assert steps == [("done", "red", "ann"), ("pending", None, None)]
    checks = layout.run(queue, "SELECT done_by, note FROM sop_checklist")
    assert checks == [("ann", "saw it")]


def test_task_with_open_checks_is_finished_when_forced(queue: Path) -> None:
    task_id = store.enqueue_task(queue, "x", sop_items=[{"key": "k", "description": "d"}])
    store.claim_next_task(queue, "ann")
    store.finish_task(queue, task_id, "ann", is_forced=True)
    assert layout.row_of(queue, task_id)["status"] == "done"


def test_worker_whose_claim_was_taken_back_writes_nothing(queue: Path) -> None:
    task_id = store.enqueue_task(
        queue, "x", steps=[{"title": "s"}], sop_items=[{"key": "k", "description": "d"}]
    )
    store.claim_next_task(queue, "ann")
    store.release_task(queue, task_id, "ann")
    store.claim_next_task(queue, "bob")
    before = (layout.row_of(queue, task_id), layout.run(queue, "SELECT * FROM steps"))
    calls: tuple[Callable[[], None], ...] = (
        lambda: store.start_task(queue, task_id, "ann"),
        lambda: store.renew_claim(queue, task_id, "ann"),
        lambda: store.finish_task(queue, task_id, "ann", is_forced=True),
        lambda: store.fail_task(queue, task_id, "ann", "no"),
        lambda: store.release_task(queue, task_id, "ann"),
        lambda: store.update_step(queue, task_id, 1, "done", worker_id="ann"),
        lambda: store.check_off(queue, task_id, "k", worker_id="ann"),
    )
    for call in calls:
        with pytest.raises(store.ClaimLost):
            call()
    assert (layout.row_of(queue, task_id), layout.run(queue, "SELECT * FROM steps")) == before


def test_step_or_check_that_is_not_there_is_refused(queue: Path) -> None:
    task_id = store.enqueue_task(queue, "x")
    store.claim_next_task(queue, "ann")
    with pytest.raises(store.InvalidField):
        store.update_step(queue, task_id, 1, "done", worker_id="ann")
    with pytest.raises(store.InvalidField):
        store.update_step(queue, task_id, 1, "nearly", worker_id="ann")
    with pytest.raises(store.InvalidField):
        store.check_off(queue, task_id, "k", worker_id="ann")


def test_released_task_has_no_trace_of_its_worker(queue: Path) -> None:
    task_id = store.enqueue_task(queue, "x", steps=[{"title": "a"}, {"title": "b"}])
    before = layout.row_of(queue, task_id)
    store.claim_next_task(queue, "ann")
    store.start_task(queue, task_id, "ann")
    store.update_step(queue, task_id, 1, "done", worker_id="ann")
    store.update_step(queue, task_id, 2, "in_progress", worker_id="ann")
    store.release_task(queue, task_id, "ann")
    after = layout.row_of(queue, task_id)
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    steps = layout.run(queue, "SELECT status, worker_id FROM steps ORDER BY seq")
    assert steps == [("done", "ann"), ("pending", None)]


# taking back


@pytest.mark.parametrize("spelling", ["datetime('now', ?)", ISO])
@pytest.mark.parametrize("status", ["claimed", "in_progress"])
def test_reclaim_compares_instants_however_they_are_spelled(
    queue: Path, spelling: str, status: str
) -> None:
    old, young = store.seed_tasks(queue, [{"goal": "old", "priority": 1}, {"goal": "young"}])
    for task_id in (old, young):
        assert store.claim_next_task(queue, "ann") is not None
        layout.run(queue, "UPDATE tasks SET status = ? WHERE id = ?", status, task_id)
    age(queue, old, 60, spelling=spelling)
    age(queue, young, 5, spelling=spelling)
    assert store.reclaim_stale(queue) == 1
    row = layout.row_of(queue, old)
    assert (row["status"], row["retry_count"]) == ("pending", 1)
    assert {row[name] for name in ("worker_id", "claim_token", "claimed_at", "started_at")} == {
        None
    }
    assert layout.row_of(queue, young)["status"] == status
    assert store.reclaim_stale(queue) == 0
    assert store.reclaim_stale(queue, stale_after_minutes=4) == 1


def test_reclaim_fails_what_has_no_attempt_left(queue: Path) -> None:
    tasks = [{"goal": "a", "max_retries": 0, "priority": 2}, {"goal": "b", "max_retries": 1}]
    first, second = store.seed_tasks(queue, tasks)
    layout.run(
        queue, "UPDATE tasks SET retry_count = 1, last_error = 'as it was' WHERE id = ?", second
    )
    for task_id in (first, second):
        store.claim_next_task(queue, "ann")
        age(queue, task_id, 20)
    assert store.reclaim_stale(queue) == 0
    rows = [layout.row_of(queue, task_id) for task_id in (first, second)]
    assert [row["status"] for row in rows] == ["failed", "failed"]
    assert rows[0]["last_error"]
    assert rows[1]["last_error"] == "as it was"
    assert [row["retry_count"] for row in rows] == [0, 1]


def test_reclaim_leaves_alone_what_it_cannot_judge_and_what_nobody_claimed(queue: Path) -> None:
    ids = store.seed_tasks(queue, [{"goal": "garbled"}, {"goal": "timeless"}])
    for _ in ids:
        store.claim_next_task(queue, "ann")
    layout.run(queue, "UPDATE tasks SET claimed_at = 'yesterday' WHERE id = ?", ids[0])
    layout.run(queue, "UPDATE tasks SET claimed_at = NULL WHERE id = ?", ids[1])
    (done,) = store.seed_tasks(queue, [{"goal": "done"}])
    layout.run(
        queue,
        "UPDATE tasks SET status = 'done', claimed_at = '2020-01-01 00:00:00' WHERE id = ?",
        done,
    )
    before = layout.run(queue, "SELECT * FROM tasks")
    assert store.reclaim_stale(queue) == 0
    assert layout.run(queue, "SELECT * FROM tasks") == before


def test_renewed_claim_is_not_taken_back(queue: Path) -> None:
    (task_id,) = store.seed_tasks(queue, [{"goal": "long"}])
    store.claim_next_task(queue, "ann")
    age(queue, task_id, 20)
    store.renew_claim(queue, task_id, "ann")
    assert store.reclaim_stale(queue) == 0
    assert layout.row_of(queue, task_id)["worker_id"] == "ann"


def test_reclaim_opens_begun_steps_again(queue: Path) -> None:
    task_id = store.enqueue_task(queue, "x", steps=[{"title": "a"}, {"title": "b"}])
    store.claim_next_task(queue, "ann")
    store.update_step(queue, task_id, 1, "done", worker_id="ann")
    store.update_step(queue, task_id, 2, "in_progress", worker_id="ann")
    age(queue, task_id, 20)
    assert store.reclaim_stale(queue) == 1
    steps = layout.run(queue, "SELECT status FROM steps ORDER BY seq")
    assert steps == [("done",), ("pending",)]


# failures are told


def test_calls_on_what_is_no_queue_say_so(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    for call in (
        lambda path: store.seed_tasks(path, [{"goal": "x"}]),
        lambda path: store.claim_next_task(path, "ann"),
        store.reclaim_stale,
    ):
        with pytest.raises(store.ColonytopError):
            call(missing)
        assert not missing.exists()
        garbage = tmp_path / "garbage.db"
        garbage.write_bytes(b"garbage" * 300)
        with pytest.raises(store.ColonytopError):
            call(garbage)
        empty = layout.make(tmp_path / "empty.db", "CREATE TABLE IF NOT EXISTS mine (value);")
        with pytest.raises(store.ColonytopError, match="no such table"):
            call(empty)
    assert garbage.read_bytes() == b"garbage" * 300


# times


@pytest.mark.parametrize(
    ("stored", "instant"),
    [
        ("2026-04-15 10:00:00", 1776247200.0),
        ("2026-04-15T10:00:00+00:00", 1776247200.0),
        ("2026-04-15T12:00:00+02:00", 1776247200.0),
        ("2026-04-15T10:00:00Z", 1776247200.0),
        ("2026-04-15T10:00:00.250000+00:00", 1776247200.25),
        ("2026-04-15", 1776211200.0),
        ("1776247200", 1776247200.0),
        (1776247200, 1776247200.0),
        (1776247200000, 1776247200.0),
        ("soon", None),
        ("", None),
        (None, None),
        (b"2026", None),
        (True, None),
        (float("nan"), None),
        (-1, None),
        ("9" * 400, None),
    ],
)
def test_instant_of_each_spelling(stored: Any, instant: float | None) -> None:
    assert instant_of(stored) == instant


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.none()))
def test_instant_of_anything_is_an_instant_or_none(stored: Any) -> None:
    found = instant_of(stored)
    assert found is None or isinstance(found, float)
