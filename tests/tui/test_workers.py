"""The edit lanes: in order within a list, beside one another across lists, bounded, ending."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest
from textual.message import Message

from store.model.errors import ColonytopError, EditRefused
from store.model.task import ListKey, TaskListId
from tests.patience import PATIENCE_S
from tui import lanes as lanes_module
from tui.lanes import Lanes

ONE = ListKey("memory", "/r", TaskListId("colony:one"))
TWO = ListKey("memory", "/r", TaskListId("colony:two"))
THREE = ListKey("memory", "/r", TaskListId("colony:three"))


class Made(Message):
    """A piece of work has been done."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.named = name


class Gated:
    """Lanes whose work on list one waits for a gate, as it would for a busy lock."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.posted: queue.Queue[Message] = queue.Queue()
        self.lanes = Lanes(self.posted.put)

    def add(self, name: str, *lists: ListKey) -> ColonytopError | None:
        return self.lanes.add(lambda: self._work(name, lists), lists)

    def add_after_all(self, name: str) -> ColonytopError | None:
        return self.lanes.add_after_all(lambda: self._work(name, ()))

    def next_name(self) -> str:
        message = self.posted.get(timeout=PATIENCE_S)
        assert isinstance(message, Made)
        return message.named

    def _work(self, name: str, lists: tuple[ListKey, ...]) -> Message:
        if ONE in lists:
            assert self.gate.wait(PATIENCE_S)
        return Made(name)


@pytest.fixture
def gated() -> Iterator[Gated]:
    found = Gated()
    yield found
    found.gate.set()
    found.lanes.close()
    assert found.lanes.join(time.monotonic() + PATIENCE_S)


def test_add_to_a_free_list_does_not_wait_for_a_busy_one(gated: Gated) -> None:
    assert gated.add("busy", ONE) is None
    assert gated.add("free", TWO) is None
    assert gated.next_name() == "free"
    assert gated.lanes.pending() == 1
    gated.gate.set()
    assert gated.next_name() == "busy"


def test_add_of_several_edits_to_one_list_makes_them_in_order(gated: Gated) -> None:
    names = [str(number) for number in range(20)]
    for name in names:
        assert gated.add(name, ONE) is None
    gated.gate.set()
    assert [gated.next_name() for _ in names] == names


def test_add_for_two_lists_waits_for_both_and_keeps_each_ones_order(gated: Gated) -> None:
    gated.add("first", ONE)
    gated.add("both", TWO, ONE)
    gated.add("after", TWO)
    gated.add("aside", THREE)
    assert gated.next_name() == "aside"
    assert gated.lanes.pending() == 3
    gated.gate.set()
    assert [gated.next_name() for _ in range(3)] == ["first", "both", "after"]
    assert gated.lanes.pending() == 0


def test_add_after_all_waits_for_what_was_added_and_holds_what_comes_later(gated: Gated) -> None:
    gated.add("before", ONE)
    gated.add_after_all("undo")
    gated.add("later", TWO)
    assert gated.lanes.pending() == 3
    gated.gate.set()
    assert [gated.next_name() for _ in range(3)] == ["before", "undo", "later"]


def test_add_to_a_full_lane_is_refused_with_the_reason(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "MAX_WAITING", 2)
    assert gated.add("a", ONE) is None
    assert gated.add("b", ONE) is None
    refused = gated.add("c", ONE)
    assert isinstance(refused, EditRefused)
    assert "wait already" in str(refused)


def test_add_when_all_lanes_are_busy_is_refused(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "MAX_LANES", 1)
    assert gated.add("a", ONE) is None
    assert isinstance(gated.add("b", TWO), EditRefused)


def test_add_for_more_lists_than_lanes_is_done_when_nothing_else_is(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "MAX_LANES", 1)
    assert gated.add("wide", TWO, THREE) is None
    assert gated.next_name() == "wide"


def test_close_drops_what_has_not_begun_and_lets_the_rest_end(gated: Gated) -> None:
    for name in ("begun", "waits"):
        gated.add(name, ONE)
    gated.lanes.close()
    assert gated.lanes.pending() == 1
    assert isinstance(gated.add("late", TWO), EditRefused)
    assert not gated.lanes.join(time.monotonic() + 0.05), "the busy one is still there"
    gated.gate.set()
    assert gated.next_name() == "begun"


def test_pending_after_all_edits_is_nothing_and_no_thread_is_left(gated: Gated) -> None:
    gated.add("a", TWO)
    assert gated.next_name() == "a"
    assert gated.lanes.join(time.monotonic() + PATIENCE_S)
    assert gated.lanes.pending() == 0
