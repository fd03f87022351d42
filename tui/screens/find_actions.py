"""What search line, sort menu and saved views do on the main screen."""

from __future__ import annotations

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import Callable

from textual import on
from textual.timer import Timer

from store.model.errors import ColonytopError
from store.model.query import QueryError, parse
from tui.query_text import fault_text
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen
from tui.view_state import Grouping, SortKey, ViewState
from tui.widgets.lens_bar import LensBar
from tui.widgets.task_table import TaskTable

_MANY = 20_000
"""From so many tasks on, keys that follow each other closely are searched for together."""
_CLOSE_S = 0.02


class FindActions(ColonyScreen):
    """Filtering, sorting, grouping, and views under a name."""

    _typed: str | None = None
    """A query that waits for the next key, or for none."""
    _pause: Timer | None = None
    _named_view: ViewState | None = None
    """The view that was last shown by its name."""
    _view_before: ViewState | None = None
    """What was shown before it."""

    # The search line

    def action_focus_search(self) -> None:
        self.query_one(LensBar).open_search()
        self.call_after_refresh(self.query_one(TaskTable).prepare_search)

    @on(LensBar.QueryChanged)
    def search(self, message: LensBar.QueryChanged) -> None:
        """Filter as one types. What is not understood is told, and the last good filter stays."""
        try:
            parse(message.query)
        except QueryError as error:
            self._typed = None
            self._drop_half_typed(message.query, error.position)
            self.set_query_error(fault_text(error, message.query), error.position)
            return
        self._typed = message.query
        if self._pause is not None:
            self._pause.stop()
        if self.frame.snapshot.count() < _MANY:
            self.search_now()
        else:
            self._pause = self.set_timer(_CLOSE_S, self.search_now)

    def _drop_half_typed(self, text: str, position: int) -> None:
        """On its way to `wave:1` a field was a word for a while: that is no filter to stay with."""
        in_force = self.frame.view.query
        start = max(text.rfind(" ", 0, position), text.rfind("|", 0, position)) + 1
        is_half = text.startswith(in_force) and start < len(in_force) < len(text)
        if not is_half or text[len(in_force)] in " |":
            return
        before = text[:start].rstrip(" |")
        with contextlib.suppress(QueryError):
            parse(before)
            self.change_view(query=before)

    def search_now(self) -> None:
        """Filter by what is typed, if it is understood and not in force yet."""
        if self._typed is not None:
            query, self._typed = self._typed, None
            self.change_view(query=query)

    @on(LensBar.SearchDone)
    def leave_search(self, message: LensBar.SearchDone) -> None:
        """Enter on what is not understood stays in the line, so that it can be mended."""
        if message.kept and self.frame.query_error is not None:
            self.say(one_line(self.frame.query_error), severity="warn")
            return
        self.search_now()
        self.table_focus()

    @abstractmethod
    def table_focus(self) -> None:
        """Back to the table, or to what stands in its place."""

    # Order

    def action_choose_sort(self) -> None:
        from tui.screens.sort import SortScreen

        self.steering.open(SortScreen(self.frame), self._order_if_chosen)

    def _order_if_chosen(self, chosen: SortKey | Grouping | None) -> None:
        if isinstance(chosen, SortKey):
            self.change_view(sort=chosen)
        elif chosen is not None:
            self.change_view(grouping=chosen)

    def action_group_by(self, grouping: str) -> None:
        self.change_view(grouping=Grouping(grouping))

    def action_sort_by(self, sort: str) -> None:
        self.change_view(sort=SortKey(sort))

    def action_reverse_sort(self) -> None:
        self.change_view(descending=not self.frame.view.descending)

    def action_toggle_grouping(self) -> None:
        is_wave = self.frame.view.grouping is Grouping.WAVE
        self.change_view(grouping=Grouping.FLAT if is_wave else Grouping.WAVE)

    # Saved views

    def action_choose_view(self) -> None:
        from tui.screens.views import ViewChoice, ViewsScreen

        def choose(chosen: ViewChoice | None) -> None:
            if chosen is None:
                return
            if chosen.deed == "show":
                self.show_view(chosen.name)
            elif chosen.deed == "show standard":
                self.show_standard_view(chosen.name)
            elif chosen.deed == "save":
                self.save_view(chosen.name)
            else:
                self.forget_view(chosen.name)

        saved = self.saved_views
        self.steering.open(ViewsScreen(self.frame, saved.views, saved.problem), choose)

    def show_view(self, name: str) -> None:
        """Look at the colony as under that name."""
        view = self.saved_views.views.get(name)
        if view is not None:
            self._enter_view(view, f"view {name}")

    def show_standard_view(self, name: str) -> None:
        """Look at the colony as in one of the views that are always there."""
        from tui.standard_views import STANDARD_VIEWS

        standard = STANDARD_VIEWS[name]
        self._enter_view(standard.view, f"view {standard.title}")

    def _enter_view(self, view: ViewState, told: str) -> None:
        if not self._is_in_named_view:
            self._view_before = self.frame.view
        self._named_view = view
        self.set_view(view)
        self.say(one_line(told))

    @property
    def _is_in_named_view(self) -> bool:
        """It is shown as it was named: nothing of it was changed since."""
        return self._named_view is not None and self.frame.view == self._named_view

    def leave_view(self) -> bool:
        """From a view that has a name back to what was shown before; False where none is shown."""
        before, self._view_before = self._view_before, None
        if before is None or not self._is_in_named_view:
            return False
        self.set_view(before)
        return True

    def save_view(self, name: str) -> None:
        """Keep what is shown now under a name."""
        view = self.frame.view
        self._keep(lambda: self.saved_views.save(name, view), f"view saved as {name}")

    def forget_view(self, name: str) -> None:
        """Remove a saved view."""
        self._keep(lambda: self.saved_views.forget(name), f"view {name} forgotten")

    def set_view(self, view: ViewState) -> None:
        """Take over all choices of a view."""
        self.change_view(**{name: getattr(view, name) for name in ViewState.__slots__})

    def _keep(self, write: Callable[[], None], done: str) -> None:
        """Write the saved views in a thread and say how it went."""

        async def keep() -> None:
            try:
                await asyncio.to_thread(write)
            except ColonytopError as error:
                self.say(one_line(str(error)), severity="error")
            else:
                self.say(one_line(done))

        self.run_worker(keep(), group="saved views", exit_on_error=True)
