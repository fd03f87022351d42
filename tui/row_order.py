"""The rows' order: sorted once, patched row by row after that, and filtered to what is seen."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from store.model.attention import DisplayState
from tui.matching import Matcher
from tui.ordering import LENS_STATES, STATES, IdKey, in_lens, is_grouped, sort_key
from tui.rows import Group
from tui.slots import Slots
from tui.view_state import Lens, SortKey, ViewState


class RowOrder:
    """Slots in the order of the view, and those of them that lens, list and search let through.

    `visible` is shared with projections that were handed out: `begin_patch` before it changes.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.by_id: list[int] = []
        """Every placed slot, by id."""
        self.visible: list[int] = []
        self.matcher: Matcher | None = None
        self._order: list[int] = []
        self._in_group: Counter[int] = Counter()

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
        slots.sort_keys = list(map(sort_key(view), slots.tasks, slots.facts))
        order = self.by_id
        if view.sort is not SortKey.ID:
            order = sorted(order, key=slots.sort_keys.__getitem__)
        if is_grouped(view):
            runs: dict[int, list[int]] = {}
            for slot in order:
                runs.setdefault(slots.facts[slot].group, []).append(slot)
            order = [slot for group in sorted(runs) for slot in runs[group]]
        self._order = order.copy()

    def filter(self, view: ViewState) -> None:
        """Choose the visible slots anew."""
        facts, tasks, texts = self._slots.facts, self._slots.tasks, self._slots.texts
        visible = self._order
        if view.lens is Lens.NEEDS_YOU:
            visible = [slot for slot in visible if facts[slot].needs_you]
        elif view.lens is not Lens.ALL:
            states = LENS_STATES[view.lens]
            visible = [slot for slot in visible if facts[slot].state in states]
        if view.list_key is not None:
            only, keys = view.list_key, self._slots.keys
            visible = [slot for slot in visible if keys[slot].list == only]
        if self.matcher:
            match = self.matcher
            visible = [slot for slot in visible if match(texts[slot], tasks[slot])]
        self.visible = visible.copy() if visible is self._order else visible
        self._in_group = Counter([facts[slot].code for slot in self.visible])

    def begin_patch(self) -> None:
        """From here on `visible` is not what earlier projections hold."""
        self.visible = self.visible.copy()

    def take_out(self, slot: int, view: ViewState, is_filtered: bool) -> None:
        """Take a slot out, while its facts are still those it was placed by.

        Args:
            is_filtered: `visible` is of this view, so it is to be kept up to date.
        """
        key = self._key(view)
        _remove(self._order, slot, key)
        if is_filtered and self._is_in_view(slot, view):
            _remove(self.visible, slot, key)
            self._in_group[self._slots.facts[slot].code] -= 1

    def bring_in(self, slot: int, view: ViewState, is_filtered: bool) -> None:
        """Put a slot where its facts want it."""
        key = self._key(view)
        insort(self._order, slot, key=key)
        if is_filtered and self._is_in_view(slot, view):
            insort(self.visible, slot, key=key)
            self._in_group[self._slots.facts[slot].code] += 1

    def add(self, slot: int) -> None:
        """A slot that was not placed before."""
        insort(self.by_id, slot, key=self._slots.id_keys.__getitem__)

    def drop(self, slot: int) -> None:
        """A slot that is placed no longer."""
        _remove(self.by_id, slot, self._slots.id_keys.__getitem__)

    def groups(self) -> tuple[Group, ...]:
        """The headings over the visible rows."""
        runs: dict[int, dict[DisplayState, int]] = {}
        for code in sorted(code for code, size in self._in_group.items() if size):
            number, rank = divmod(code, len(STATES))
            runs.setdefault(number, {})[STATES[rank]] = self._in_group[code]
        groups: list[Group] = []
        first = 0
        for number, by_state in runs.items():
            size = sum(by_state.values())
            groups.append(Group(number, first + len(groups), first, size, by_state))
            first += size
        return tuple(groups)

    def _is_in_view(self, slot: int, view: ViewState) -> bool:
        slots = self._slots
        if view.list_key is not None and slots.keys[slot].list != view.list_key:
            return False
        if not in_lens(view.lens, slots.facts[slot]):
            return False
        return self.matcher is None or self.matcher(slots.texts[slot], slots.tasks[slot])

    def _key(self, view: ViewState) -> Callable[[int], tuple[int, Any, IdKey]]:
        facts, sort_keys, id_keys = self._slots.facts, self._slots.sort_keys, self._slots.id_keys
        if is_grouped(view):
            return lambda slot: (facts[slot].group, sort_keys[slot], id_keys[slot])
        return lambda slot: (0, sort_keys[slot], id_keys[slot])


def _remove(ordered: list[int], slot: int, key: Callable[[int], Any]) -> None:
    """Take the slot out of a list that is sorted by `key`; keys are unique."""
    del ordered[bisect_left(ordered, key(slot), key=key)]
