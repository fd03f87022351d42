"""Undo and redo on real lists: one step each, with the checks of any edit."""

from __future__ import annotations

import threading

import pytest

from store.model.edits import (
    CreateTask,
    DeleteTask,
    Edit,
    EditBatch,
    ReleaseTask,
    UpdateTask,
)
from store.model.errors import ColonytopError, CommittedPending, StaleEdit
from store.model.history import Via
from store.model.task import TaskId, TaskStatus
from tests.contract import native
from tests.journal.colony import LIST, Colony
from tests.systems.pending_change import break_off

OTHER_LIST = "colony:annex"


def test_undo_of_each_kind_of_edit_restores_the_record_and_redo_makes_it_again(
    colony: Colony,
) -> None:
    operator = colony.operator()
    edits: list[Edit] = [
        UpdateTask(colony.key(3), status=TaskStatus.COMPLETED, owner="bo", subject="Logos"),
        UpdateTask(colony.key(3), active_form="Fetching", metadata_patch={"cost": 1.5}),
        UpdateTask(colony.key(2), remove_blocked_by=(TaskId("1"),)),
        UpdateTask(colony.key(3), add_blocked_by=(TaskId("2"),)),
        ReleaseTask(colony.key(1)),
        DeleteTask(colony.key(2)),
    ]
    states = [[colony.stored(n) for n in (1, 2, 3)]]
    for edit in edits:
        operator.apply(edit)
        there = [n for n in (1, 2, 3) if native.record_path(colony.root, LIST, n).exists()]
        states.append([colony.stored(n) for n in there])
    for before in states[-2::-1]:
        assert operator.undo().is_whole
        assert [colony.stored(n) for n in (1, 2, 3)] == before
    assert operator.undo().reasons == ("nothing to undo",)
    for _ in edits:
        assert operator.redo().is_whole
    assert [colony.stored(n) for n in (1, 3)] == states[-1]
    assert operator.redo().reasons == ("nothing to redo",)


def test_undo_of_a_created_task_takes_it_away_and_redo_gives_it_its_old_id(
    colony: Colony,
) -> None:
    operator = colony.operator()
    result = operator.apply(CreateTask(colony.list_key(), "New", blocked_by=(TaskId("3"),)))
    assert result.task is not None
    assert operator.undo().is_whole
    assert not native.record_path(colony.root, LIST, 4).exists()
    assert colony.stored(3)["blocks"] == []
    assert operator.redo().is_whole
    assert colony.stored(4)["subject"] == "New"
    assert colony.stored(3)["blocks"] == [4]


def test_undo_of_a_batch_over_two_lists_is_one_step(colony: Colony) -> None:
    colony.write(native.record(1, "Elsewhere"), name=OTHER_LIST)
    operator = colony.operator()
    edits = (
        UpdateTask(colony.key(3), owner="dee"),
        UpdateTask(colony.key(1, OTHER_LIST), owner="dee"),
        DeleteTask(colony.key(1)),
        UpdateTask(colony.key(2), owner="dee"),
    )
    assert not operator.apply_all(EditBatch(edits, "all to dee")).failures
    outcome = operator.undo()
    assert outcome.is_whole
    assert outcome.label == "all to dee"
    assert len(outcome.result.results) == len(edits)
    assert colony.stored(1)["blocks"] == [2]
    assert colony.stored(2)["blocked_by"] == [1]
    owners = [colony.stored(n)["owner"] for n in (1, 2, 3)]
    assert owners == ["ann", None, None]
    assert colony.stored(1, OTHER_LIST)["owner"] is None


def test_undo_of_a_partly_refused_batch_takes_back_what_was_made(colony: Colony) -> None:
    operator = colony.operator()
    batch = EditBatch((UpdateTask(colony.key(3), owner="dee"), DeleteTask(colony.key(77))), "two")
    assert len(operator.apply_all(batch).failures) == 1
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None
    assert operator.undo().step is None


def test_apply_that_is_refused_leaves_no_step_to_undo(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    with pytest.raises(StaleEdit):
        operator.apply(UpdateTask(colony.key(3), owner="eve", expected={"owner": "ann"}))
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None


def test_undo_against_a_foreign_change_is_refused_with_what_is_there_now(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(1), owner="first"))
    operator.apply(UpdateTask(colony.key(3), owner="dee", subject="Logos"))
    colony.write({**colony.stored(3), "owner": "mallory", "updated_at": 5.0})
    operator.observe(operator.workspace.snapshot, ())
    outcome = operator.undo()
    assert not outcome.is_made
    (failure,) = outcome.result.failures
    assert isinstance(failure.error, StaleEdit)
    assert failure.error.actual == {"owner": "mallory"}
    assert colony.stored(3)["subject"] == "Logos"
    assert operator.undo().is_whole, "the step before is next"
    assert colony.stored(1)["owner"] == "ann"


def test_undo_keeps_what_others_changed_in_other_fields(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    colony.write({**colony.stored(3), "status": "in_progress", "updated_at": 5.0})
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None
    assert colony.stored(3)["status"] == "in_progress"


def test_undo_refused_tells_what_has_happened_since(colony: Colony) -> None:
    operator, other = colony.operator(), colony.operator("noor")
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    other.apply(UpdateTask(colony.key(3), owner="eve"))
    outcome = operator.undo()
    assert [(entry.who, entry.moves) for entry in outcome.since] == [
        ("noor", (("owner", "dee", "eve"),))
    ]


def test_undo_in_a_batch_against_a_foreign_change_takes_the_rest_back(colony: Colony) -> None:
    operator = colony.operator()
    edits = tuple(UpdateTask(colony.key(n), owner="dee") for n in (1, 2, 3))
    operator.apply_all(EditBatch(edits, "all to dee"))
    colony.write({**colony.stored(2), "owner": "mallory", "updated_at": 5.0})
    outcome = operator.undo()
    assert outcome.is_made
    assert not outcome.is_whole
    (failure,) = outcome.result.failures
    assert isinstance(failure.error, StaleEdit)
    assert failure.error.task_id == "2"
    assert [colony.stored(n)["owner"] for n in (1, 2, 3)] == ["ann", "mallory", None]


def test_undo_while_the_lists_lock_is_held_keeps_the_step_for_the_next_time(
    colony: Colony,
) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    impatient = colony.operator(lock_timeout_s=0.05)
    with native.held_elsewhere(colony.root, LIST):
        outcome = impatient.undo()
    assert not outcome.is_made
    assert outcome.result.failures[0].error.kind == "lock_timeout"
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None


def test_undo_by_two_operators_each_takes_back_his_own_step(colony: Colony) -> None:
    first, second = colony.operator("ann"), colony.operator("bo")
    first.apply(UpdateTask(colony.key(3), owner="a"))
    second.apply(UpdateTask(colony.key(2), owner="b"))
    assert first.undo().is_whole
    assert (colony.stored(3)["owner"], colony.stored(2)["owner"]) == (None, "b")
    assert first.undo().step is None
    assert second.undo().is_whole
    assert colony.stored(2)["owner"] is None


def test_undo_in_an_app_leaves_the_command_lines_steps_of_the_same_name_alone(
    colony: Colony,
) -> None:
    app, command = colony.operator(), colony.operator(via=Via.COMMAND)
    app.apply(UpdateTask(colony.key(3), owner="a"))
    command.apply(UpdateTask(colony.key(2), owner="b"))
    assert app.undo().is_whole
    assert colony.stored(3)["owner"] is None
    assert command.undo().is_whole
    assert colony.stored(2)["owner"] is None


def test_undo_with_nothing_of_its_own_says_where_the_same_name_has_steps(
    colony: Colony,
) -> None:
    colony.operator(via=Via.COMMAND).apply(UpdateTask(colony.key(2), owner="b"))
    (reason,) = colony.operator().undo().reasons
    assert reason.startswith("nothing to undo here; `colonytop undo`")
    colony.operator("noor").apply(UpdateTask(colony.key(3), owner="b"))
    (reason,) = colony.operator("noor", Via.COMMAND).undo().reasons
    assert reason.startswith("nothing to undo here; what was done in the app")


def test_undo_by_two_of_one_name_at_once_takes_each_step_back_once(colony: Colony) -> None:
    operator = colony.operator()
    for number in range(12):
        operator.apply(UpdateTask(colony.key(3), owner=f"owner {number}"))
    made: list[str | None] = []

    def undo_all() -> None:
        mine = colony.operator()
        while (outcome := mine.undo()).reasons != ("nothing to undo",):
            if outcome.is_made:
                made.append(outcome.step)

    threads = [threading.Thread(target=undo_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(made)
    lines, _ = colony.edit_lines()
    undone = [line.act.of for line in lines if line.act is not None]
    assert len(set(undone)) == 12, "each is taken back, or was passed over for a race"


@pytest.mark.parametrize("is_batch", [False, True])
def test_undo_of_a_change_that_was_committed_and_broken_off_takes_it_back(
    colony: Colony, is_batch: bool
) -> None:
    operator = colony.operator()
    edit = UpdateTask(colony.key(2), remove_blocked_by=(TaskId("1"),), owner="dee")

    def make() -> None:
        if is_batch:
            made = operator.apply_all(EditBatch((edit,), "cut"))
            assert len(made.results) == 1
            raise CommittedPending("", "a batch tells it as made")
        operator.apply(edit)

    break_off(make, after=0)
    assert colony.edit_lines()[0][-1].made is True
    assert operator.undo().is_whole
    assert (colony.stored(1)["blocks"], colony.stored(2)["blocked_by"]) == ([2], [1])
    assert colony.stored(2)["owner"] is None


def test_undo_of_a_named_step_takes_anybodys_back_once(colony: Colony) -> None:
    first, second = colony.operator("ann"), colony.operator("bo")
    first.apply(UpdateTask(colony.key(3), owner="a"))
    (entry, *_) = second.history(colony.key(3))
    assert entry.step is not None
    assert second.undo(step=entry.step).is_whole
    assert colony.stored(3)["owner"] is None
    assert second.undo(step=entry.step).reasons == (
        f"step {entry.step} is taken back or passed over already",
    )
    (reason,) = second.undo(step="nonsense").reasons
    assert reason.startswith("no step 'nonsense';")


def test_redo_after_a_new_edit_has_nothing_to_make_again(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="a"))
    operator.undo()
    operator.apply(UpdateTask(colony.key(2), owner="b"))
    assert operator.redo().reasons == ("nothing to redo",)
    assert operator.undo().is_whole
    assert operator.redo().is_whole
    assert colony.stored(2)["owner"] == "b"


def test_undo_is_written_down_like_any_edit(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    operator.undo()
    back, made = operator.history(colony.key(3))
    assert back.undoes == made.step
    assert back.moves == (("owner", "dee", None),)
    assert (made.who, made.origin) == ("you", "operator")


def test_undo_for_a_root_under_another_name_finds_its_steps(colony: Colony) -> None:
    colony.operator().apply(UpdateTask(colony.key(3), owner="dee"))
    link = colony.root.with_name("link")
    link.symlink_to(colony.root)
    colony.root = link
    assert colony.operator().undo().is_whole
    assert colony.stored(3)["owner"] is None


def test_undo_without_a_journal_makes_no_directory(colony: Colony) -> None:
    assert colony.operator().undo().reasons == ("nothing to undo",)
    assert not colony.state.exists()


def test_apply_where_the_journal_cannot_be_written_stands_and_is_said_once(
    colony: Colony,
) -> None:
    colony.state.write_text("in the way")
    operator = colony.operator()
    for owner in ("a", "b"):
        operator.apply(UpdateTask(colony.key(3), owner=owner))
    assert colony.stored(3)["owner"] == "b"
    assert len(colony.warnings) == 1
    assert "cannot be undone" in colony.warnings[0]
    (reason,) = operator.undo().reasons
    assert "nothing was changed" in reason


def test_apply_of_what_no_journal_can_hold_is_refused_by_the_store_alone(colony: Colony) -> None:
    operator = colony.operator()
    with pytest.raises(ColonytopError):
        operator.apply(UpdateTask(colony.key(3), metadata_patch={"x": float("nan")}))
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    assert operator.undo().is_whole


def test_journal_writes_nothing_into_the_root_but_what_the_edit_does(colony: Colony) -> None:
    plain = {p.name for p in native.list_directory(colony.root, LIST).rglob("*")}
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    operator.undo()
    there = {p.name for p in colony.root.rglob("*") if p.is_file()}
    assert there <= plain | {".lock", ".highwatermark"}
    modes = {p.stat().st_mode & 0o777 for p in colony.state.rglob("*") if p.is_file()}
    assert modes == {0o600}
    assert {p.stat().st_mode & 0o777 for p in colony.state.rglob("*") if p.is_dir()} == {0o700}
