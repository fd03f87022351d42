"""The edit lanes: in order within a list, beside one another across lists, bounded, ending."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest
from textual.message import Message

from store.model.edits import CreateTask, Edit
from store.model.errors import EditRefused
from store.model.task import ListKey, TaskListId
from tests.patience import PATIENCE_S
from tui import workers
from tui.workers import EditLanes

ONE = ListKey("memory", "/r", TaskListId("colony:one"))
TWO = ListKey("memory", "/r", TaskListId("colony:two"))


class Made(Message):
    """An edit has been made."""

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self.edit = edit


class Lanes:
    """Edit lanes whose edits of list one wait for a gate, as they would for a busy lock."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.posted: queue.Queue[Message] = queue.Queue()
        self.lanes = EditLanes(self._apply, self.posted.put)

    def _apply(self, edit: Edit) -> Message:
        if edit.list == ONE:
            assert self.gate.wait(PATIENCE_S)
        return Made(edit)

    def next_subject(self) -> str:
        message = self.posted.get(timeout=PATIENCE_S)
        assert isinstance(message, Made)
        assert isinstance(message.edit, CreateTask)
        return message.edit.subject


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.gate.set()
    found.lanes.close()
    assert found.lanes.join(time.monotonic() + PATIENCE_S)


def test_add_to_a_free_list_does_not_wait_for_a_busy_one(lanes: Lanes) -> None:
    assert lanes.lanes.add(CreateTask(ONE, "busy")) is None
    assert lanes.lanes.add(CreateTask(TWO, "free")) is None
    assert lanes.next_subject() == "free"
    assert lanes.lanes.pending() == 1
    lanes.gate.set()
    assert lanes.next_subject() == "busy"


def test_add_of_several_edits_to_one_list_makes_them_in_order(lanes: Lanes) -> None:
    subjects = [str(number) for number in range(20)]
    for subject in subjects:
        assert lanes.lanes.add(CreateTask(ONE, subject)) is None
    lanes.gate.set()
    assert [lanes.next_subject() for _ in subjects] == subjects


def test_add_to_a_full_lane_is_refused_with_the_reason(
    lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_WAITING", 2)
    assert lanes.lanes.add(CreateTask(ONE, "a")) is None
    assert lanes.lanes.add(CreateTask(ONE, "b")) is None
    refused = lanes.lanes.add(CreateTask(ONE, "c"))
    assert isinstance(refused, EditRefused)
    assert "wait already" in str(refused)


def test_add_when_all_lanes_are_busy_is_refused(
    lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_LANES", 1)
    assert lanes.lanes.add(CreateTask(ONE, "a")) is None
    assert isinstance(lanes.lanes.add(CreateTask(TWO, "b")), EditRefused)


def test_close_drops_what_has_not_begun_and_lets_the_rest_end(lanes: Lanes) -> None:
    for subject in ("begun", "waits"):
        lanes.lanes.add(CreateTask(ONE, subject))
    lanes.lanes.close()
    assert lanes.lanes.pending() == 1
    assert isinstance(lanes.lanes.add(CreateTask(TWO, "late")), EditRefused)
    assert not lanes.lanes.join(time.monotonic() + 0.05), "the busy one is still there"
    lanes.gate.set()
    assert lanes.next_subject() == "begun"


def test_pending_after_all_edits_is_nothing_and_no_thread_is_left(lanes: Lanes) -> None:
    lanes.lanes.add(CreateTask(TWO, "a"))
    assert lanes.next_subject() == "a"
    assert lanes.lanes.join(time.monotonic() + PATIENCE_S)
    assert lanes.lanes.pending() == 0
