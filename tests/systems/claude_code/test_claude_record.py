"""Claude Code's records: what they become, what is refused, and that nothing of them is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.edits import UpdateTask
from store.model.task import ProblemKind, TaskStatus
from tests.systems.claude_code.a_list import Scene, put, raw, record


def test_plain_record_becomes_a_task_with_the_time_of_its_file(scene: Scene) -> None:
    path = put(
        scene.place, 7, subject="Forge", description="hot", activeForm="Forging", owner="ann",
        status="in_progress", blocks=["9"], blockedBy=["3"], metadata={"depth": 1.50},
    )  # fmt: skip
    task = scene.task(7)
    assert (task.id, task.subject, task.description) == ("7", "Forge", "hot")
    assert (task.active_form, task.owner) == ("Forging", "ann")
    assert (task.status, task.native_status) == (TaskStatus.IN_PROGRESS, "in_progress")
    assert (task.blocks, task.blocked_by) == (("9",), ("3",))
    assert task.metadata == {"depth": 1.5}
    assert task.created_at is None
    assert task.updated_at == pytest.approx(path.stat().st_mtime)
    assert task.is_readable


def test_tasks_are_in_the_order_of_their_numbers_and_odd_names_are_none(scene: Scene) -> None:
    for number in (10, 9, 100, 1):
        put(scene.place, number)
    for name in ("x.json", "1.json.bak", "1234567890123456.json", "5.JSON", ".6.json.tmp"):
        (scene.place / name).write_text("{}")
    found = scene.settle()
    assert list(found.tasks) == ["1", "9", "10", "100"]
    assert found.ignored == 5


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"id": 7}, "id: a whole number"),
        ({"subject": None}, "subject: null"),
        ({"description": ...}, "description: there is none"),
        ({"status": 3}, "status: a whole number"),
        ({"blocks": ...}, "blocks: there is none"),
        ({"blockedBy": [3]}, "blockedBy: a whole number"),
        ({"blockedBy": "3"}, "blockedBy: a text"),
        ({"owner": ["ann"]}, "owner: a list"),
        ({"metadata": []}, "metadata: a list"),
    ],
)
def test_record_that_its_owner_would_not_see_is_unreadable_with_the_field_named(
    scene: Scene, broken: dict[str, Any], why: str
) -> None:
    found = {**record(7), **broken}
    kept = {name: value for name, value in found.items() if value is not ...}
    (scene.place / "7.json").write_text(json.dumps(kept))
    task = scene.task(7)
    assert not task.is_readable
    assert task.fault is not None
    assert task.fault.kind is ProblemKind.UNREADABLE
    assert why in task.fault.text
    assert "does not see" in (task.fault.repair or "")


@pytest.mark.parametrize("name", ["owner", "activeForm", "metadata"])
def test_null_where_nothing_is_needed_reads_as_nothing(scene: Scene, name: str) -> None:
    put(scene.place, 7, **{name: None})
    task = scene.task(7)
    assert task.is_readable
    assert (task.owner, task.active_form, task.metadata) == (None, None, {})


def test_unknown_status_is_shown_and_stays_while_other_fields_are_edited(scene: Scene) -> None:
    put(scene.place, 7, status="resting")
    task = scene.task(7)
    assert (task.status, task.native_status) == (TaskStatus.UNKNOWN, "resting")
    assert [problem.kind for problem in task.problems] == [ProblemKind.UNKNOWN_STATUS]
    scene.system.apply(UpdateTask(scene.of(7), owner="ann"))
    assert raw(scene.place, 7)["status"] == "resting"
    assert raw(scene.place, 7)["owner"] == "ann"


def test_file_that_says_another_id_inside_is_a_mismatch(scene: Scene) -> None:
    path = put(scene.place, 7, id="8")
    task = scene.task(7)
    assert not task.is_readable
    assert [problem.kind for problem in task.problems] == [ProblemKind.ID_MISMATCH]
    assert path.exists()


_ODD = """{
  "zz": {"b": [1, 1.50, 1e3, null, "\\u0007é\U0001f600"], "a": 18446744073709551617},
  "blockedBy": [],
  "id": "7",
  "owner": null,
  "subject": "s",
  "metadata": {
    "z": 1.0,
    "a": 1,
    "n": null
  },
  "status": "pending",
  "blocks": [],
  "description": "d",
  "later": 0.10
}"""


def test_edit_of_one_field_keeps_all_else_in_its_order_and_spelling(scene: Scene) -> None:
    (scene.place / "7.json").write_text(_ODD)
    before = json.loads(_ODD, parse_float=str, parse_int=str)
    scene.system.apply(UpdateTask(scene.of(7), subject="t"))
    text = (scene.place / "7.json").read_text()
    after = json.loads(text, parse_float=str, parse_int=str)
    assert list(after) == list(before)
    assert after == {**before, "subject": "t"}
    assert list(after["metadata"]) == ["z", "a", "n"]


def test_edit_that_changes_nothing_writes_nothing(scene: Scene) -> None:
    path = scene.place / "7.json"
    path.write_bytes(b"\xef\xbb\xbf" + _ODD.replace("\n", "\r\n").encode())
    before = path.stat()
    made = scene.system.apply(UpdateTask(scene.of(7), subject="s", metadata_patch={"a": 1}))
    assert made.changed == ()
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_patched_metadata_keeps_the_spelling_of_its_other_keys(scene: Scene) -> None:
    (scene.place / "7.json").write_text(_ODD)
    scene.system.apply(UpdateTask(scene.of(7), metadata_patch={"a": None, "new": "x"}))
    text = (scene.place / "7.json").read_text()
    assert '"z": 1.0' in text
    assert raw(scene.place, 7)["metadata"] == {"z": 1.0, "n": None, "new": "x"}


def test_texts_that_are_emptied_leave_no_key(scene: Scene) -> None:
    put(scene.place, 7, owner="ann", activeForm="Forging")
    scene.system.apply(UpdateTask(scene.of(7), owner=None, clears=("active_form",)))
    assert raw(scene.place, 7) == record(7)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    extra=st.dictionaries(st.from_regex("x[a-z]{1,6}", fullmatch=True), _VALUES, max_size=4),
    metadata=st.dictionaries(st.text(max_size=6), _VALUES, max_size=4),
    subject=st.text(max_size=30),
)
def test_whatever_a_record_holds_an_edit_of_its_owner_leaves_the_rest(
    tmp_path_factory: pytest.TempPathFactory,
    extra: dict[str, Any],
    metadata: dict[str, Any],
    subject: str,
) -> None:
    scene = Scene(tmp_path_factory.mktemp("list") / "claude")
    put(scene.place, 1, subject=subject, metadata=metadata, **extra)
    before = raw(scene.place, 1)
    scene.system.apply(UpdateTask(scene.of(1), owner="ann"))
    after = raw(scene.place, 1)
    assert after == {**before, "owner": "ann"}
    assert [name for name in after if name != "owner"] == list(before)
