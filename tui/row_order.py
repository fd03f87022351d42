"""The rows' order: sorted once, patched row by row after that, and filtered to what is seen."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from store.model.attention import DisplayState
from tui.filtering import RowFilter
from tui.ordering import IdKey, group_code, group_key, parts_of, sort_key
from tui.rows import Group, headings
from tui.slots import Slots
from tui.view_state import Grouping, SortKey, ViewState


class RowOrder:
    """Slots in the order of the view, and those of them that its filter lets through.

    `visible` is shared with projections that were handed out: `begin_patch` before it changes.
    """

    def __init__(self, slots: Slots, chosen: RowFilter) -> None:
        self._slots = slots
        self._filter = chosen
        self.by_id: list[int] = []
        """Every placed slot, by id."""
        self.visible: list[int] = []
        self._order: list[int] = []
        self._in_group: Counter[Any] = Counter()

    def place(self, came: Iterable[int]) -> None:
        """Take in new slots and drop those no longer placed; `sort` and `filter` have to follow."""
        slots = self._slots
        self.by_id = [slot for slot in self.by_id if slots.placed[slot]]
        before = len(self.by_id)
        self.by_id.extend(came)
        if len(self.by_id) > before:
            self.by_id.sort(key=slots.id_keys.__getitem__)

    def sort(self, view: ViewState) -> None:
        """Order all slots anew, from the cached facts."""
        slots = self._slots
        slots.has_new_ladder = False
        slots.sort_keys = list(map(sort_key(view, slots.allowed), slots.tasks, slots.facts))
        slots.groups = list(map(group_key(view), slots.tasks, slots.facts))
        slots.codes = list(map(group_code(view), slots.tasks, slots.facts))
        order = self.by_id
        if view.sort is not SortKey.ID:
            order = sorted(order, key=slots.sort_keys.__getitem__)
        if view.grouping is not Grouping.FLAT:
            runs: dict[Any, list[int]] = {}
            for slot in order:
                runs.setdefault(slots.groups[slot], []).append(slot)
            order = [slot for group in sorted(runs) for slot in runs[group]]
        self._order = order.copy()

    def filter(self, view: ViewState) -> None:
        """Choose the visible slots anew."""
        visible = self._filter.choose(self._order, view)
        self._show(visible.copy() if visible is self._order else visible, view)

    def narrow(self, view: ViewState) -> None:
        """Keep of the visible slots those that the query lets through."""
        visible = self._filter.narrow(self.visible)
        if visible is not self.visible:
            self._show(visible, view)

    def _show(self, visible: list[int], view: ViewState) -> None:
        self.visible = visible
        if view.grouping is not Grouping.FLAT:
            self._in_group = Counter(map(self._slots.codes.__getitem__, visible))

    def begin_patch(self) -> None:
        """From here on `visible` is not what earlier projections hold."""
        self.visible = self.visible.copy()

    def take_out(self, slot: int) -> None:
        """Take a slot out, while its facts are still those it was placed by."""
        _remove(self._order, slot, self._key)
        self.hide(slot)

    def bring_in(self, slot: int, view: ViewState) -> None:
        """Put a slot where its facts want it."""
        slots, task, facts = self._slots, self._slots.tasks[slot], self._slots.facts[slot]
        slots.sort_keys[slot] = sort_key(view, slots.allowed)(task, facts)
        slots.groups[slot] = group_key(view)(task, facts)
        slots.codes[slot] = group_code(view)(task, facts)
        insort(self._order, slot, key=self._key)
        self._show_if_passed(slot, view)

    def judge_again(self, slot: int, view: ViewState) -> None:
        """Show or hide a slot that stays in its place, as the filter says now."""
        self.hide(slot)
        self._show_if_passed(slot, view)

    def hide(self, slot: int) -> None:
        """Take a slot out of what is visible, if it is."""
        place = bisect_left(self.visible, self._key(slot), key=self._key)
        if place < len(self.visible) and self.visible[place] == slot:
            del self.visible[place]
            self._in_group[self._slots.codes[slot]] -= 1

    def _show_if_passed(self, slot: int, view: ViewState) -> None:
        if self._filter.passes(slot, view):
            insort(self.visible, slot, key=self._key)
            self._in_group[self._slots.codes[slot]] += 1

    def add(self, slot: int) -> None:
        """A slot that was not placed before."""
        insort(self.by_id, slot, key=self._slots.id_keys.__getitem__)

    def drop(self, slot: int) -> None:
        """A slot that is placed no longer."""
        _remove(self.by_id, slot, self._slots.id_keys.__getitem__)

    def groups(self, view: ViewState) -> tuple[Group, ...]:
        """The headings over the visible rows."""
        runs: dict[Any, dict[DisplayState, int]] = {}
        for code in sorted(code for code, size in self._in_group.items() if size):
            key, state = parts_of(code)
            runs.setdefault(key, {})[state] = self._in_group[code]
        return headings(view.grouping, runs)

    def _key(self, slot: int) -> tuple[Any, Any, IdKey]:
        slots = self._slots
        return (slots.groups[slot], slots.sort_keys[slot], slots.id_keys[slot])


def _remove(ordered: list[int], slot: int, key: Callable[[int], Any]) -> None:
    """Take the slot out of a list that is sorted by `key`; keys are unique."""
    del ordered[bisect_left(ordered, key(slot), key=key)]
