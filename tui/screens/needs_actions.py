"""What answers a need from the queue: the picker of its verb, or what helps to understand it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.widget import Widget

from store.model.attention import Need, NeedKind
from store.model.task import TaskId, TaskKey
from tui.glyphs import age
from tui.navigation import Navigation
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen
from tui.view_state import Lens
from tui.widgets.pace import pace_of

if TYPE_CHECKING:
    from tui.widgets.needs_pane import NeedsPane
    from tui.widgets.task_table import TaskTable


class NeedsActions(ColonyScreen):
    """Answers to the needs that the queue shows."""

    navigation: Navigation

    @property
    @abstractmethod
    def table(self) -> TaskTable: ...

    @property
    def needs(self) -> NeedsPane | None:
        """The queue that stands in the table's place under its lens; None while it does not."""
        if not self.has_class("-needs"):
            return None
        from tui.widgets.needs_pane import NeedsPane

        return self.query_one(NeedsPane)

    @property
    def need_in_queue(self) -> Need | None:
        queue = self.needs if self.is_mounted else None
        return queue.need if queue is not None else None

    @property
    def home(self) -> Widget:
        """The pane that the focus comes back to: the table, or what stands in its place."""
        return self.needs or self.table

    def table_focus(self) -> None:
        self.home.focus()

    def count_needs(self) -> int:
        """Needs of the lists in view: the rows of the queue."""
        pace = pace_of(self.app)
        return len(pace.needs(self.frame, pace.take(self.frame.snapshot)[0]))

    def show_needs(self) -> None:
        """Have the queue in the table's place while the lens asks for it, with what it selects."""
        wanted = self.frame.view.lens is Lens.NEEDS_YOU
        if wanted is self.has_class("-needs") or not (found := self.query("#needs")):
            return
        queue, left = found.first(), self.focused in (None, self.home)
        self.set_class(wanted, "-needs")
        for pane in (queue, self.table):
            self.app.stylesheet.apply(pane)  # now: the next key may already mean the other pane
        if left:
            self.home.focus()
        if self.needs is not None:
            self.needs.rearrange()
            self.set_selected(self.needs.selected)
        elif not (self.frame.selected and self.table.select(self.frame.selected)):
            self.set_selected(self.table.cursor)

    def on_needs_pane_highlighted(self, message: NeedsPane.Highlighted) -> None:
        if self.needs is not None:
            self.set_selected(message.key)
            self.show_frame()  # one need of a whole list may follow another

    def on_needs_pane_answered(self, message: NeedsPane.Answered) -> None:
        self.answer(message.need)

    def answer(self, need: Need) -> None:
        """Do what the need asks for, or show what it is about."""
        key = None if need.task is None else TaskKey(need.list, need.task)
        if key is not None:
            self.set_selected(key)
            if need.verb is not None and not self.read_only:
                self.steering.begin_on(key, need.verb)
            else:
                self.navigation.open_detail(focus=True)
        elif need.kind is NeedKind.LOCK_HELD:
            since = age(None if need.since is None else self.clock() - need.since)
            text = f"{self._list_name(need)}: {need.text} for {since}; edits wait until it is free"
            self.say(one_line(text), severity="warn")
        elif (root := self._worst_root(need)) is not None:
            self.change_view(lens=Lens.ALL)
            self.go_to(root)
            self.set_selected(root)  # also where the table's cursor was there already
            self.navigation.open_detail()
        else:
            self.say(one_line(f"{self._list_name(need)}: {need.text}"), severity="warn")

    def _worst_root(self, need: Need) -> TaskKey | None:
        """The task of the list at which most of what waits begins."""
        found = self.frame.snapshot.lists.get(need.list)
        if found is None:
            return None
        graph = found.graph
        for root in graph.roots():
            ids: tuple[TaskId, ...] = (root, *graph.dependents.get(root, ()))
            known = next((i for i in ids if i in found.tasks), None)
            if known is not None:
                return TaskKey(need.list, known)
        return None

    def _list_name(self, need: Need) -> str:
        found = self.frame.snapshot.lists.get(need.list)
        return found.info.name if found else str(need.list.id)
