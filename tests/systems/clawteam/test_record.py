"""ClawTeam's records: what is read, what an edit changes in them, and what it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.codec import parse_object
from store.files.content import FileContent
from store.model.execution import Execution, TaskLock
from store.model.task import (
    NO_REVISION,
    ListKey,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskStatus,
)
from store.systems.clawteam.patching import encoded, new_record, patched
from store.systems.clawteam.record import id_of_file, is_ours, read_task
from store.systems.clawteam.times import epoch_of, text_of
from tests.systems.clawteam.layout import record
from tests.systems.clawteam.owner import OwnedTask

LIST = ListKey("clawteam", "/x", TaskListId("team:forge"))
NOW = 1_780_000_000.25


def parsed(whole: dict[str, Any] | bytes, task_id: str = "0a1b2c3d") -> Task:
    content = whole if isinstance(whole, bytes) else json.dumps(whole, indent=2).encode()
    key = TaskKey(LIST, TaskId(task_id))
    return read_task(key, "/x/task.json", FileContent(content, NO_REVISION, 0o600))


def test_record_with_every_field_is_read() -> None:
    task = parsed(
        record(
            "0a1b2c3d",
            "Smelt",
            description="hot",
            status="in_progress",
            priority="urgent",
            owner="ann",
            lockedBy="bob",
            lockedAt="2026-03-18T10:00:00+00:00",
            blocks=["b"],
            blockedBy=["c", "d"],
            startedAt="2026-03-18T09:00:00+00:00",
            metadata={"tier": 2},
            extra={"x": 1},
        )
    )
    assert (task.subject, task.description, task.owner, task.priority) == (
        "Smelt",
        "hot",
        "ann",
        "urgent",
    )
    assert task.status is TaskStatus.IN_PROGRESS
    at = epoch_of("2026-03-18T10:00:00+00:00")
    assert task.lock == TaskLock("bob", at)
    assert (task.blocks, task.blocked_by) == (("b",), ("c", "d"))
    assert task.execution is not None
    assert (task.execution.started_at, task.execution.claimed_at) == (at and at - 3600, at)
    assert (task.metadata, task.extra) == ({"tier": 2}, {"extra": {"x": 1}})
    assert task.updated_at == epoch_of("2026-03-18T10:00:00.25+00:00")
    assert task.problems == ()


def test_record_of_the_least_fields_is_read_as_its_owner_reads_it() -> None:
    task = parsed({"id": "0a1b2c3d", "subject": "S"})
    theirs = OwnedTask.model_validate({"id": "0a1b2c3d", "subject": "S"})
    assert (task.native_status, task.priority, task.owner, task.lock) == (
        theirs.status,
        theirs.priority,
        None,
        None,
    )
    assert (task.created_at, task.updated_at, task.execution) == (None, None, Execution())


def test_record_in_the_other_spelling_is_read_and_keeps_it_when_written() -> None:
    whole = {
        "id": "0a1b2c3d",
        "subject": "S",
        "blocked_by": ["x"],
        "locked_by": "ann",
        "started_at": "",
        "updated_at": "",
    }
    task = parsed(whole)
    assert (task.blocked_by, task.lock) == (("x",), TaskLock("ann"))
    assert task.extra == {}
    after = replace(task, blocked_by=(), lock=None)
    now = patched(whole, task, after, NOW)
    assert now == {
        **whole,
        "blocked_by": [],
        "locked_by": "",
        "lockedAt": "",
        "updated_at": text_of(NOW),
    }
    theirs = OwnedTask.model_validate(now)
    assert (theirs.blocked_by, theirs.locked_by) == ([], "")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": None}, "subject"),
        ({"owner": None}, "owner"),
        ({"status": 3}, "status"),
        ({"blockedBy": None}, "blockedBy"),
        ({"blocks": [7]}, "blocks"),
        ({"metadata": []}, "metadata"),
        ({"lockedAt": 12.5}, "lockedAt"),
    ],
)
def test_record_that_its_owner_does_not_see_is_unreadable_with_the_field(
    fields: dict[str, Any], said: str
) -> None:
    whole = record("0a1b2c3d") | fields
    with pytest.raises(ValueError, match="validation error"):
        OwnedTask.model_validate(whole)
    task = parsed(whole)
    assert task.fault is not None
    assert task.fault.text.startswith(f"{said}: ")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff{}", b'{"id": "a", "id": "b"}'])
def test_file_that_is_no_record_is_unreadable(content: bytes) -> None:
    assert not parsed(content).is_readable


@pytest.mark.parametrize("inside", ["other", None, 12])
def test_record_that_says_another_id_is_never_written(inside: Any) -> None:
    task = parsed(record("0a1b2c3d") | {"id": inside})
    assert task.fault is not None
    assert task.fault.kind is ProblemKind.ID_MISMATCH


@pytest.mark.parametrize("field", ["status", "priority"])
def test_word_that_its_owner_does_not_know_is_kept_and_told(field: str) -> None:
    task = parsed(record("0a1b2c3d", **{field: "someday"}))
    assert task.is_readable
    assert [p.kind for p in task.problems] == [ProblemKind.UNKNOWN_STATUS]
    assert "someday" in (task.native_status, task.priority)


@pytest.mark.parametrize(
    ("name", "task_id"),
    [
        ("task-0a1b2c3d.json", "0a1b2c3d"),
        ("task-t1.json", "t1"),
        ("task-.json", None),
        ("task-...json", None),
        ("task-a b.json", None),
        ("task-a.json.tmp", None),
        (".task-a.json", None),
        ("0001.json", None),
    ],
)
def test_file_name_stands_for_an_id_or_for_none(name: str, task_id: str | None) -> None:
    assert id_of_file(name) == task_id


def test_lock_and_temporaries_are_not_worth_a_word() -> None:
    for name in (".tasks.lock", "task-0a1b2c3d-x8_k.tmp", ".task-a.json.12.0123abcd.ctmp"):
        assert is_ours(name)
    assert not is_ours("notes.txt")


def test_patch_of_one_field_changes_that_field_and_the_time_only() -> None:
    text = (
        b'{\n  "zeta": 1.50,\n  "id": "0a1b2c3d",\n  "subject": "S",\n  "metadata": '
        b'{\n    "b": 1.0,\n    "a": null\n  },\n  "updatedAt": "then",\n  "own": {}\n}'
    )
    task = parsed(text)
    now = patched(parse_object(text), task, replace(task, subject="T"), NOW)
    wanted = text.replace(b'"S"', b'"T"').replace(b"then", text_of(NOW).encode())
    assert encoded(now) == wanted


def test_patch_that_changes_nothing_gives_the_same_bytes() -> None:
    text = json.dumps(record("0a1b2c3d", odd=[1, 1.0, None]), indent=2).encode()
    task = parsed(text)
    raw = parse_object(text)
    assert patched(raw, task, task, NOW) == raw
    assert encoded(raw) == text


def test_metadata_keeps_the_spelling_of_what_is_not_touched() -> None:
    text = b'{"id": "0a1b2c3d", "subject": "S", "metadata": {"n": 1.50, "gone": 1, "k": 1}}'
    task = parsed(text)
    after = replace(task, metadata={"n": 1.5, "k": 1.0, "new": None})
    found = encoded(patched(parse_object(text), task, after, NOW))
    assert b'"n": 1.50' in found
    assert b'"k": 1.0' in found
    assert b'"new": null' in found
    assert b"gone" not in found


def test_start_is_stamped_once_and_completion_with_what_it_took() -> None:
    whole = record("0a1b2c3d")
    idle = parsed(whole)
    started = patched(whole, idle, with_status(idle, TaskStatus.IN_PROGRESS), NOW)
    assert started["startedAt"] == text_of(NOW)
    active = parsed(started)
    done = patched(started, active, with_status(active, TaskStatus.COMPLETED), NOW + 61.239)
    assert done["metadata"] == {"duration_seconds": 61.24}
    ended = parsed(done)
    assert ended.execution is not None
    assert ended.execution.completed_at == pytest.approx(NOW + 61.24)
    back = patched(done, ended, with_status(ended, TaskStatus.IN_PROGRESS), NOW + 99)
    assert back["startedAt"] == text_of(NOW)


def with_status(task: Task, status: TaskStatus) -> Task:
    return replace(task, status=status, native_status=status.value)


def test_lock_is_written_and_cleared_whole() -> None:
    whole = record("0a1b2c3d")
    free = parsed(whole)
    held = patched(whole, free, replace(free, lock=TaskLock("ann", NOW)), NOW)
    assert (held["lockedBy"], held["lockedAt"]) == ("ann", text_of(NOW))
    task = parsed(held)
    seen = replace(task, lock=replace(task.lock or TaskLock(""), is_live=False))
    assert patched(held, task, seen, NOW) == held, "who is alive is not stored"
    freed = patched(held, task, replace(task, lock=None), NOW)
    assert (freed["lockedBy"], freed["lockedAt"]) == ("", "")


def test_new_record_is_what_its_owner_writes() -> None:
    task = parsed(record("0a1b2c3d", blockedBy=["x"], status="blocked", metadata={"é": 1}))
    made = new_record(task, NOW)
    theirs = OwnedTask.model_validate(made)
    assert encoded(made).decode() == theirs.model_dump_json(indent=2, by_alias=True)


@given(st.floats(min_value=0, max_value=4e9))
def test_time_survives_being_written(epoch: float) -> None:
    assert epoch_of(text_of(epoch)) == pytest.approx(epoch, abs=1e-5)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00", "9" * 40])
def test_text_that_is_no_time_is_none(text: str) -> None:
    assert epoch_of(text) is None


words = st.text(max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(
    extra=st.dictionaries(words.map(lambda w: f"x{w}"), values, max_size=4),
    metadata=st.dictionaries(words, values, max_size=4),
    patch=st.dictionaries(words, values, max_size=3),
    subject=words,
)
def test_edit_keeps_every_key_value_and_order_that_it_does_not_name(
    extra: dict[str, Any], metadata: dict[str, Any], patch: dict[str, Any], subject: str
) -> None:
    whole = extra | record("0a1b2c3d", metadata=metadata)
    task = parsed(whole)
    if not task.is_readable:
        return  # half of a surrogate pair
    after = replace(task, subject=subject, metadata={**task.metadata, **patch})
    now = patched(whole, task, after, NOW)
    assert list(now) == list(whole)
    assert {**now, "subject": 0, "updatedAt": 0, "metadata": 0} == {
        **whole, "subject": 0, "updatedAt": 0, "metadata": 0
    }  # fmt: skip
    assert list(now["metadata"]) == list({**metadata, **patch})
    assert now["metadata"] == {**metadata, **patch}
