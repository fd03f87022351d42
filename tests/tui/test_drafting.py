"""Drafts as values: what is collected, what it would leave, and what comes back of it."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from store.model.edits import (
    BatchResult,
    CreateTask,
    DeleteTask,
    EditFailure,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import EditRefused
from store.model.strict import BadDocument
from store.model.task import TaskId, TaskStatus
from tests.tui.dialog_host import LIST, a_frame, key
from tui.draft_files import load_draft, save_draft
from tui.drafting import Draft, drafted

SNAPSHOT = a_frame().snapshot
TO_BO = UpdateTask(key("7"), owner="bo", expected={"owner": "ann"})
CUT = UpdateTask(key("15"), remove_blocked_by=(TaskId("4"),))
GONE = DeleteTask(key("10"))


def test_draft_keeps_the_order_and_takes_out_by_place() -> None:
    draft = Draft().added([TO_BO, CUT]).added([GONE])
    assert draft.edits == (TO_BO, CUT, GONE)
    assert draft.without(1).edits == (TO_BO, GONE)


def test_draft_as_a_batch_is_all_or_none_and_is_named() -> None:
    assert Draft((TO_BO,)).batch().label == "draft of 1 edit"
    batch = Draft().added([TO_BO], "hand over").added([CUT], "other").batch()
    assert batch.label == "hand over"
    assert batch.all_or_none


def test_draft_after_a_refusal_is_what_was_not_made() -> None:
    draft = Draft((TO_BO, CUT))
    result = BatchResult((), (EditFailure(CUT, EditRefused("no")),))
    assert draft.unmade(result) == Draft((CUT,))


def test_drafted_shows_later_edits_what_earlier_ones_would_leave() -> None:
    found = drafted(SNAPSHOT, [TO_BO, CUT, GONE]).lists[LIST]
    assert found.tasks[TaskId("7")].owner == "bo"
    assert found.is_ready(found.tasks[TaskId("15")])
    assert TaskId("10") not in found.tasks
    assert TaskId("10") not in found.tasks[TaskId("16")].blocked_by
    assert SNAPSHOT.lists[LIST].tasks[TaskId("7")].owner == "ann", "the snapshot is as it was"


def test_drafted_of_two_edits_of_one_field_has_the_last() -> None:
    again = UpdateTask(key("7"), owner="cy", expected={"owner": "bo"})
    done = UpdateTask(key("7"), status=TaskStatus.COMPLETED)
    found = drafted(SNAPSHOT, [TO_BO, again, done]).lists[LIST]
    assert found.tasks[TaskId("7")].owner == "cy"
    assert found.is_ready(found.tasks[TaskId("12")])


def test_drafted_restore_keeps_the_order_of_ids() -> None:
    task = SNAPSHOT.lists[LIST].tasks[TaskId("10")]
    found = drafted(SNAPSHOT, [GONE, RestoreTask(task)]).lists[LIST]
    assert list(found.tasks) == list(SNAPSHOT.lists[LIST].tasks)


def test_drafted_without_anything_to_show_is_the_very_snapshot() -> None:
    other = replace(ReleaseTask(key("7")), key=key("7")._replace(list=LIST._replace(root="/x")))
    assert drafted(SNAPSHOT, [CreateTask(LIST, "New"), other]) is SNAPSHOT
    assert drafted(SNAPSHOT, []) is SNAPSHOT


def test_saved_draft_is_private_and_loads_as_the_same_edits(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    batch = Draft((TO_BO, CUT, GONE, CreateTask(LIST, "[/nope]\x1b[2J\ud800"))).batch()
    save_draft(path, batch)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_draft(path, root=LIST.root) == batch
    assert [p.name for p in tmp_path.iterdir()] == ["draft.json"]


def test_saved_draft_replaces_a_file_only_when_it_may(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        save_draft(path, Draft((TO_BO,)).batch())
    assert path.read_text() == "mine"
    save_draft(path, Draft((TO_BO,)).batch(), may_replace=True)
    assert load_draft(path, root=None).edits == (TO_BO,)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"colonytop_draft": 99}'])
def test_load_of_what_is_no_draft_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "draft.json"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=r"draft\.json"):
        load_draft(path, root=LIST.root)
