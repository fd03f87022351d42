"""From snapshots and a view to ordered rows, at the cost of what changed.

`Projector.project` is called with every frame. It keeps one slot of facts per task; when a few
tasks changed it moves only their rows by bisection, when only the clock moved it looks at the
tasks whose time has come, and otherwise it sorts again from the cached facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush
from math import inf, nextafter

from store.model.attention import DisplayState
from store.model.query import EMPTY_QUERY, Query
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Task, TaskKey
from tui.filtering import RowFilter, query_of
from tui.kinds import KindsInView
from tui.ordering import (
    LENS_STATES,
    STATES,
    Facts,
    facts_of,
    filter_choice,
    is_grouped,
    order_choice,
)
from tui.row_order import RowOrder
from tui.rows import EMPTY_PROJECTION, Group, Projection
from tui.slots import ListTally, Slots, id_prefix, moved_ids
from tui.view_state import EMPTY_FRAME, Frame, Lens

__all__ = ["EMPTY_PROJECTION", "Group", "Projection", "Projector", "project"]

_FEW = 256  # rows that are moved one by one; more are sorted together
_SPARE = 1024  # slots of vanished tasks that are kept before all is numbered anew
_ACTIVE = DisplayState.ACTIVE
_EARLY_S = 0.001  # a task is looked at this much before it turns stale, for rounding's sake


def project(frame: Frame) -> Projection:
    """The rows of one frame from scratch."""
    return Projector().project(frame)


_Moved = tuple[int, Task, Facts]
"""Slot, task and facts; a plain tuple, because 100,000 are made for a list that is new."""


class Projector:
    """Turns frames into projections and remembers enough to do the next one cheaply."""

    def __init__(self) -> None:
        self._frame = EMPTY_FRAME
        self._kinds = KindsInView()
        self._start_over(EMPTY_QUERY)

    def _start_over(self, query: Query) -> None:
        self._slots = Slots()
        self._lists: Mapping[ListKey, TaskList] = {}
        self._tallies: dict[ListKey, ListTally] = {}
        self._filter = RowFilter(self._slots)
        self._filter.ask(query)
        self._order = RowOrder(self._slots, self._filter)
        self._due: list[tuple[float, int]] = []
        self._due_of: dict[int, float] = {}

    def prepare_search(self) -> None:
        """Make ready what the first search would have to wait for."""
        self._slots.require_texts()

    def project(self, frame: Frame) -> Projection:
        """The rows of this frame. Projections made earlier stay valid.

        Raises:
            QueryError: the view's query was never parsed.
        """
        query = query_of(frame.view, self._filter.query)
        before, self._frame = self._frame, frame
        if len(self._slots.keys) > 2 * len(self._order.by_id) + _SPARE:
            self._start_over(query)
        lists = self._lists
        touched, gone = self._read(frame.snapshot)
        is_back = frame.now < before.now
        if is_back or frame.stale_after_s != before.stale_after_s:
            touched.update(dict.fromkeys(self._order.by_id))
        else:
            touched.update(dict.fromkeys(self._take_due(frame.now)))
        for slot in gone:
            touched.pop(slot, None)
        moved = self._judge(touched)
        is_sorted = order_choice(before.view) == order_choice(frame.view)
        is_sorted = is_sorted and not self._slots.has_new_ladder
        is_chosen = filter_choice(before.view) == filter_choice(frame.view) and not is_back
        is_kept = is_chosen and query.narrows(self._filter.query)
        if not is_sorted or len(moved) + len(gone) > _FEW:
            self._replace(moved, gone)
            self._order.sort(frame.view)
            is_kept = False
        else:
            again = self._shifted(touched, lists) if is_kept else ()
            is_kept = is_kept and len(again) <= _FEW
            self._set_moment(frame)
            self._patch(moved, gone, again if is_kept else ())
        self._set_moment(frame)
        self._ask(query, is_kept)
        return self._publish(frame)

    def _set_moment(self, frame: Frame) -> None:
        self._filter.moment.now, self._filter.moment.marked = frame.now, frame.marked

    def _ask(self, query: Query, is_kept: bool) -> None:
        """Have visible what the query lets through; `is_kept`: nothing else can be."""
        is_new = query is not self._filter.query
        if is_new:
            self._filter.ask(query)
        if not is_kept:
            self._filter.forget_flips()
            self._order.filter(self._frame.view)
        elif is_new:
            self._order.narrow(self._frame.view)

    def _shifted(
        self, touched: Iterable[int], lists: Mapping[ListKey, TaskList]
    ) -> Collection[int]:
        """Slots that may come or go under the query though their own facts have not moved."""
        if self._filter.query.test is None:
            return ()
        found = dict.fromkeys(self._filter.flipped(self._order.by_id, self._frame.now))
        if self._filter.query.words is None:
            found.update(dict.fromkeys(touched))
        marked = self._frame.marked
        found.update(dict.fromkeys(self._filter.recast(lists, self._lists, marked, self._find)))
        return [slot for slot in found if self._slots.placed[slot]]

    def _find(self, key: TaskKey) -> int | None:
        tally = self._tallies.get(key.list)
        return tally.slots.get(key.id) if tally else None

    def _read(self, snapshot: Snapshot) -> tuple[dict[int, None], list[int]]:
        """Slots to judge again, and slots of tasks that are no longer there."""
        touched: dict[int, None] = {}
        gone: list[int] = []
        if snapshot.lists is self._lists:
            return touched, gone
        for key in [key for key in self._lists if key not in snapshot.lists]:
            gone.extend(self._tallies.pop(key).slots.values())
        for key, after in snapshot.lists.items():
            before = self._lists.get(key)
            if before is not after:
                self._slots.see(after)
                self._read_list(before, after, touched, gone)
        self._lists = snapshot.lists
        return touched, gone

    def _read_list(
        self,
        before: TaskList | None,
        after: TaskList,
        touched: dict[int, None],
        gone: list[int],
    ) -> None:
        tally = self._tallies.setdefault(after.key, ListTally())
        slots = tally.slots
        for task_id in moved_ids(before, after):
            task = after.tasks.get(task_id)
            slot = slots.get(task_id)
            if task is None or (task.metadata and task.is_internal):
                if slot is not None:
                    gone.append(slots.pop(task_id))
                continue
            if slot is None:
                slot = slots[task_id] = self._slots.add(task)
            touched[slot] = None
        if before is None or before.graph is after.graph:
            return
        ids = after.graph.lineage.since(before.graph.lineage)
        found = slots.values() if ids is None else map(slots.get, ids)
        touched.update((slot, None) for slot in found if slot is not None)

    def _take_due(self, now: float) -> Iterable[int]:
        """Slots of active tasks that may have turned stale by now."""
        while self._due and self._due[0][0] <= now:
            due, slot = heappop(self._due)
            if self._due_of.get(slot) == due:
                del self._due_of[slot]
                if self._slots.placed[slot]:
                    yield slot

    def _judge(self, touched: Iterable[int]) -> list[_Moved]:
        """What is to be put in its place: slots whose task or facts are not as they were."""
        keys, homes, lists = self._slots.keys, self._slots.homes, self._slots.lists
        tasks, known = self._slots.tasks, self._slots.facts
        now, stale_after_s = self._frame.now, self._frame.stale_after_s
        moved: list[_Moved] = []
        for slot in touched:
            task_list = lists[homes[slot]]
            task = task_list.tasks[keys[slot].id]
            facts = facts_of(task_list, task, now, stale_after_s)
            if facts.state is _ACTIVE and task.updated_at is not None:
                self._await_stale(slot, task.updated_at)
            if task is not tasks[slot] or facts != known[slot]:
                moved.append((slot, task, facts))
        return moved

    def _await_stale(self, slot: int, updated_at: float) -> None:
        """See to it that the slot is judged again when its time has come.

        One entry per slot: a later write leaves the early entry, which then renews itself.
        """
        now, stale_after_s = self._frame.now, self._frame.stale_after_s
        due = max(updated_at + stale_after_s - _EARLY_S, nextafter(now, inf))
        if due < self._due_of.get(slot, inf):
            self._due_of[slot] = due
            heappush(self._due, (due, slot))

    def _replace(self, moved: Iterable[_Moved], gone: Iterable[int]) -> None:
        """Take in changes, leaving their order to be sorted."""
        slots = self._slots
        for slot in gone:
            self._forget(slot)
        came = []
        for slot, task, facts in moved:
            if not slots.placed[slot]:
                came.append(slot)
            self._put(slot, task, facts)
        self._order.place(came)

    def _patch(
        self, moved: Collection[_Moved], gone: Collection[int], again: Collection[int]
    ) -> None:
        """Move single rows by bisection, and judge those `again` that stay where they are."""
        if not moved and not gone and not again:
            return
        slots, order, view = self._slots, self._order, self._frame.view
        order.begin_patch()
        for slot in gone:
            order.take_out(slot)
            order.drop(slot)
            self._forget(slot)
        for slot, task, facts in moved:
            is_new = not slots.placed[slot]
            if not is_new:
                order.take_out(slot)
            self._put(slot, task, facts)
            if is_new:
                order.add(slot)
            order.bring_in(slot, view)
            self._filter.watch(slot)
        for slot in again:
            if slots.placed[slot]:
                order.judge_again(slot, view)

    def _put(self, slot: int, task: Task, facts: Facts) -> None:
        tally = self._tallies[task.key.list]
        if self._slots.placed[slot]:
            tally.count(self._slots.facts[slot], -1)
        self._slots.placed[slot] = 1
        self._slots.put(slot, task, facts)
        tally.count(facts, 1)
        tally.measure(task)

    def _forget(self, slot: int) -> None:
        self._slots.placed[slot] = 0
        tally = self._tallies.get(self._slots.keys[slot].list)
        if tally:
            tally.count(self._slots.facts[slot], -1)

    def _publish(self, frame: Frame) -> Projection:
        view = frame.view
        tallies = [
            tally
            for key, tally in self._tallies.items()
            if tally.slots and view.list_key in (None, key)
        ]
        ranks = [sum(column) for column in zip(*(t.by_rank for t in tallies), strict=True)]
        states = {state: n for state, n in zip(STATES, ranks, strict=False) if n}
        counts = {lens: sum(states.get(s, 0) for s in LENS_STATES[lens]) for lens in Lens}
        counts[Lens.NEEDS_YOU] = sum(tally.needs_you for tally in tallies)
        groups = self._order.groups(view) if is_grouped(view) else ()
        return Projection(
            snapshot=frame.snapshot,
            view=view,
            now=frame.now,
            stale_after_s=frame.stale_after_s,
            groups=groups,
            counts=counts,
            states=states,
            total=counts[Lens.ALL],
            longest_id=max((tally.longest_id for tally in tallies), key=len, default=""),
            id_prefix=id_prefix(tally.id_prefix for tally in tallies),
            longest_owner=max((tally.longest_owner for tally in tallies), key=len, default=""),
            list_count=len(tallies),
            kinds=self._kinds.of(frame.snapshot, view.list_key),
            _keys=self._slots.keys,
            _visible=self._order.visible,
            _heading_rows=[group.row for group in groups],
        )
