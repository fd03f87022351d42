"""What is seen to change is written down once, by one recorder, with what tells its author."""

from __future__ import annotations

from typing import Any

from store.model.edits import CreateTask, DeleteTask, UpdateTask
from store.model.history import Entry, Origin
from store.model.snapshot import diff
from store.model.task import TaskId, TaskStatus
from store.operating import Operator
from tests.contract import native
from tests.journal.colony import LIST, Colony


class Watching:
    """An operator and the snapshots that he has seen."""

    def __init__(self, colony: Colony, name: str = "you") -> None:
        self.colony = colony
        self.operator: Operator = colony.operator(name)
        self._seen = self.operator.workspace.snapshot
        self.operator.observe(self._seen, ())

    def look(self) -> tuple[Entry, ...]:
        """Scan, and hand over what differs."""
        before, self._seen = self._seen, self.operator.workspace.scan()
        others = self.operator.observe(self._seen, diff(before, self._seen))
        self.operator.record()
        return others

    def history(self, number: int) -> list[Entry]:
        return list(self.operator.history(self.colony.key(number)))

    def write(self, number: int, **fields: Any) -> None:
        """As an agent does it."""
        whole = native.read_record(self.colony.root, LIST, number)
        self.colony.write({**whole, "updated_at": whole["updated_at"] + 1, **fields})


def test_observe_infers_an_agent_only_where_the_record_was_written_by_one(colony: Colony) -> None:
    watching = Watching(colony)
    watching.write(1, status="completed")
    watching.look()
    watching.write(1, owner="bo")
    watching.look()
    watching.write(3, metadata={"cost": 1})
    watching.look()
    taken, done = watching.history(1)
    assert (done.origin, done.who, done.moves) == (
        Origin.AGENT,
        "ann",
        (("status", "in_progress", "completed"),),
    )
    assert (taken.origin, taken.who) == (Origin.DERIVED, None)
    (spent,) = watching.history(3)
    assert (spent.origin, spent.who) == (Origin.DERIVED, None), "nobody owns it"


def test_observe_of_a_change_without_the_records_own_time_names_nobody(colony: Colony) -> None:
    watching = Watching(colony)
    whole = native.read_record(colony.root, LIST, 1)
    colony.write({**whole, "status": "completed"})
    watching.look()
    (done,) = watching.history(1)
    assert (done.origin, done.who) == (Origin.DERIVED, None)


def test_observe_leaves_out_what_edits_wrote(colony: Colony) -> None:
    watching, other = Watching(colony), colony.operator("noor")
    watching.operator.apply(UpdateTask(colony.key(2), remove_blocked_by=(TaskId("1"),)))
    watching.operator.apply(CreateTask(colony.list_key(), "New"))
    other.apply(UpdateTask(colony.key(3), owner="eve", status=TaskStatus.IN_PROGRESS))
    other.apply(DeleteTask(colony.key(1)))
    watching.look()
    for number in (1, 2, 3, 4):
        assert all(entry.step for entry in watching.history(number)), number
        assert watching.history(number)


def test_observe_tells_what_others_edited_and_not_the_own_edits(colony: Colony) -> None:
    watching, other = Watching(colony), colony.operator("noor")
    watching.operator.apply(UpdateTask(colony.key(2), owner="mine"))
    other.apply(UpdateTask(colony.key(3), owner="eve"))
    (entry,) = watching.look()
    assert (entry.who, entry.origin, entry.task) == ("noor", Origin.OPERATOR, "3")
    assert watching.look() == ()


def test_observe_of_the_same_state_as_an_old_edit_is_written_down(colony: Colony) -> None:
    """An agent that comes to write what an operator wrote long ago is not that operator."""
    watching = Watching(colony)
    watching.operator.apply(UpdateTask(colony.key(3), status=TaskStatus.IN_PROGRESS))
    watching.look()
    watching.write(3, status="pending")
    watching.look()
    later = native.read_record(colony.root, LIST, 3)["updated_at"] + 3600
    watching.write(3, status="in_progress", updated_at=later)
    watching.look()
    newest = watching.history(3)[0]
    assert newest.step is None
    assert newest.moves == (("status", "pending", "in_progress"),)


def test_observe_right_after_an_edit_still_tells_what_agents_do_to_that_task(
    colony: Colony,
) -> None:
    watching = Watching(colony)
    watching.operator.apply(UpdateTask(colony.key(1), subject="Crawl it all", owner="eve"))
    watching.write(1, status="completed", owner="mallory")
    watching.look()
    seen, edited = watching.history(1)
    assert edited.step is not None
    assert seen.step is None
    assert {move.field for move in seen.moves} >= {"status"}


def test_observe_while_an_edit_is_under_way_leaves_to_it_what_it_writes(colony: Colony) -> None:
    watching, other = Watching(colony), colony.operator("noor")
    edit = UpdateTask(colony.key(1), status=TaskStatus.COMPLETED)
    other._ledger.begin((edit,), "", other.workspace.shown)
    watching.write(1, status="completed", description="Done so far")
    watching.look()
    seen = next(entry for entry in watching.history(1) if entry.step is None)
    assert [move.field for move in seen.moves] == ["description"]


def test_observe_of_a_vanished_task_keeps_its_last_record(colony: Colony) -> None:
    watching = Watching(colony)
    native.record_path(colony.root, LIST, 1).unlink()
    watching.look()
    gone = watching.history(1)[0]
    assert gone.what == "vanished"
    assert gone.origin is Origin.DERIVED
    assert gone.last is not None
    assert (gone.last.subject, gone.last.owner) == ("Crawl targets", "ann")


def test_delete_by_an_operator_is_no_vanishing_and_keeps_the_record_too(colony: Colony) -> None:
    watching = Watching(colony)
    watching.operator.apply(DeleteTask(colony.key(1)))
    watching.look()
    (deleted,) = watching.history(1)
    assert (deleted.what, deleted.origin) == ("delete", Origin.OPERATOR)
    assert deleted.last is not None
    assert deleted.last.owner == "ann"


def test_observe_by_two_at_once_writes_each_change_down_once(colony: Colony) -> None:
    first, second = Watching(colony), Watching(colony, "noor")
    first.write(1, status="completed")
    first.look()
    second.look()
    assert len(first.history(1)) == 1
    first.operator.close()
    second.write(1, status="pending")
    second.look()
    first.look()
    assert len(first.history(1)) == 2, "the other one has taken over"


def test_observe_of_a_list_that_went_and_came_is_in_the_lists_history(colony: Colony) -> None:
    watching = Watching(colony)
    colony.write(native.record(1, "Elsewhere"), name="colony:annex")
    watching.look()
    entries = list(colony.journal.entries(colony.list_key("colony:annex")))
    assert {entry.what for entry in entries} == {"list_appeared", "created"}


def test_observe_without_a_change_makes_no_file(colony: Colony) -> None:
    watching = Watching(colony)
    watching.look()
    assert not colony.state.exists()
