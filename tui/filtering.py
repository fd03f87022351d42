"""Which rows lens, list and query let through, and which of them come or go by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from math import inf, nextafter

from store.model.query import EMPTY_QUERY, Moment, Query, parse
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskKey
from tui.ordering import LENS_STATES, in_lens
from tui.slots import Slots
from tui.view_state import Lens, ViewState

_EARLY_S = 0.001
"""A row is looked at from so long before its moment until so long after, for rounding's sake."""


class RowFilter:
    """The filter of one view over the slots."""

    def __init__(self, slots: Slots, query: Query = EMPTY_QUERY) -> None:
        self._slots = slots
        self.query = query
        self.moment = Moment()
        self._flips: list[tuple[float, int]] | None = None
        """When rows may come or go as time goes by; None until time goes by under the query."""

    def ask(self, query: Query) -> None:
        """Filter by another query from here on."""
        self.query = query
        self.forget_flips()
        if query.reads_text:
            self._slots.require_texts()

    def forget_flips(self) -> None:
        """The rows are chosen anew, at the moment that is set."""
        self._flips = None

    def passes(self, slot: int, view: ViewState) -> bool:
        """Whether the slot is let through at this moment."""
        slots, test = self._slots, self.query.test
        if view.list_key is not None and slots.keys[slot].list != view.list_key:
            return False
        if not in_lens(view.lens, slots.facts[slot]):
            return False
        if test is None:
            return True
        text = slots.texts[slot] if self.query.reads_text else ""
        state, task_list = slots.facts[slot].state, slots.lists[slots.homes[slot]]
        return test(text, slots.tasks[slot], task_list, state, self.moment)

    def choose(self, ordered: list[int], view: ViewState) -> list[int]:
        """The slots that are let through, in the order given."""
        facts = self._slots.facts
        if view.lens is Lens.NEEDS_YOU:
            ordered = [slot for slot in ordered if facts[slot].needs_you]
        elif view.lens is not Lens.ALL:
            states = LENS_STATES[view.lens]
            ordered = [slot for slot in ordered if facts[slot].state in states]
        if view.list_key is not None:
            homes, home = self._slots.homes, self._slots.home_of.get(view.list_key)
            ordered = [slot for slot in ordered if homes[slot] == home]
        return self.narrow(ordered)

    def narrow(self, ordered: list[int]) -> list[int]:
        """Those that the query lets through, of slots that lens and list do."""
        slots, test, words = self._slots, self.query.test, self.query.words
        if test is None:
            return ordered
        texts, tasks, facts = slots.texts, slots.tasks, slots.facts
        if words is not None:
            for word, is_wanted in words:
                if is_wanted:
                    ordered = [slot for slot in ordered if word in texts[slot]]
                else:
                    ordered = [slot for slot in ordered if word not in texts[slot]]
            return ordered
        lists, homes, moment = slots.lists, slots.homes, self.moment
        if not self.query.reads_text:
            return [
                slot
                for slot in ordered
                if test("", tasks[slot], lists[homes[slot]], facts[slot].state, moment)
            ]
        return [
            slot
            for slot in ordered
            if test(texts[slot], tasks[slot], lists[homes[slot]], facts[slot].state, moment)
        ]

    # What comes and goes by itself

    def watch(self, slot: int) -> None:
        """A slot's task is new or was written: its moments are others now."""
        if self._flips is not None:
            for due in self._due(slot, self.moment.now):
                heappush(self._flips, (due, slot))

    def flipped(self, placed: Iterable[int], now: float) -> list[int]:
        """Slots whose moment has come since the last call; `placed`: those there are."""
        if not self.query.flips:
            return []
        if self._flips is None:
            since = self.moment.now
            self._flips = [(due, slot) for slot in placed for due in self._due(slot, since)]
            heapify(self._flips)
        found: dict[int, None] = {}
        while self._flips and self._flips[0][0] <= now:
            found[heappop(self._flips)[1]] = None
        for slot in found:
            for due in self._due(slot, now):
                heappush(self._flips, (due, slot))
        return list(found)

    def _due(self, slot: int, now: float) -> Iterator[float]:
        """When the slot has to be looked at again, after `now`."""
        soonest = nextafter(now, inf)
        for flip in self.query.flips_after(self._slots.tasks[slot], now - _EARLY_S):
            yield max(flip - _EARLY_S, soonest)

    def recast(
        self,
        before: Mapping[ListKey, TaskList],
        after: Mapping[ListKey, TaskList],
        marked: frozenset[TaskKey],
        find: Callable[[TaskKey], int | None],
    ) -> Iterator[int]:
        """Slots whose answer other tasks or the operator may have changed.

        Args:
            find: the slot of a task that is in the order.
        """
        keys: set[TaskKey] = set()
        if self.query.asks("critical"):
            for key, task_list in after.items():
                was = before.get(key)
                if was is not None and was.graph is not task_list.graph:
                    ids = self.moment.critical(was) ^ self.moment.critical(task_list)
                    keys.update(TaskKey(key, task_id) for task_id in ids)
        if self.query.asks("marked"):
            keys.update(self.moment.marked ^ marked)
        for found in map(find, keys):
            if found is not None:
                yield found


def query_of(view: ViewState, known: Query) -> Query:
    """The view's query; the same object as long as the text is the same.

    Raises:
        QueryError: nobody has checked the view's text before.
    """
    return known if known.text == view.query else parse(view.query)
