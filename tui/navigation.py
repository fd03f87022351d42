"""Moving about in the main screen: cursor, edges, matches, and which panes take the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Input

from store.model.task import TaskId, TaskKey
from tui.safe_text import one_line
from tui.view_state import Lens
from tui.widgets.task_table import TaskTable

if TYPE_CHECKING:
    from tui.screens.main import MainScreen

_STEPS = {
    "down": "cursor_down",
    "up": "cursor_up",
    "top": "cursor_top",
    "bottom": "cursor_bottom",
    "half_down": "half_page_down",
    "half_up": "half_page_up",
}
"""The table's action for each step."""

_SCROLLS = {
    "down": "scroll_down",
    "up": "scroll_up",
    "top": "scroll_home",
    "bottom": "scroll_end",
    "half_down": "page_down",
    "half_up": "page_up",
}
"""What a step means in text that only scrolls."""


class Navigation:
    """What the moving keys do. State that CSS must see is kept as classes of the screen."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._followed: tuple[str, TaskKey, list[TaskId]] | None = None

    # Cursor

    def move_cursor(self, step: str) -> None:
        """Move in the focused pane, or in the table where nothing has the focus."""
        from tui.widgets.pane import RowsPane

        pane = self._screen.focused
        if isinstance(pane, RowsPane):
            pane.move_cursor(step)
        elif (needs := self._screen.needs) is not None and isinstance(pane, Input | None):
            needs.move_cursor(step)
        elif pane is None or isinstance(pane, (Input, TaskTable)):
            getattr(self._screen.table, f"action_{_STEPS[step]}")()
        else:
            getattr(pane, f"action_{_SCROLLS[step]}")()

    def next_match(self, step: int) -> None:
        """The next row that the search shows, round the end."""
        if (needs := self._screen.needs) is not None:
            needs.move_cursor("down" if step > 0 else "up")
        else:
            self._screen.table.move_by(step, wrap=True)

    def go_to(self, key: TaskKey) -> None:
        """Select a task, widening the view where the view hides it."""
        screen = self._screen
        view = screen.frame.view
        if view.list_key not in (None, key.list):
            screen.change_view(list_key=None)
        if key.list in screen.frame.put_away:
            screen.change_view(list_key=key.list)
        if screen.needs is not None and screen.needs.select(key):
            return
        if screen.needs is not None or not screen.table.shows(key):
            self.clear_search()
            screen.change_view(lens=Lens.ALL)
        if not screen.table.select(key):
            screen.say(one_line(f"#{key.id} is not shown: it is not in the list"))

    def clear_search(self) -> None:
        """Show what the search hides; the search line follows the view."""
        self._screen.change_view(query="")

    def follow_edge(self, side: str) -> None:
        """Go to a blocker or a dependent; pressed again without moving, to the next one."""
        screen = self._screen
        key = screen.frame.selected
        found = screen.frame.snapshot.lists.get(key.list) if key else None
        if key is None or found is None:
            return
        if self._followed and self._followed[0] == side and key.id in self._followed[2]:
            start, ids = self._followed[1], self._followed[2]
            if len(ids) > 1 and start.list == key.list:
                self._go_on(side, start, ids, key)
                return
        graph = found.graph
        edges = graph.blockers if side == "blocker" else graph.dependents
        ids = [i for i in edges.get(key.id, ()) if i in found.tasks]
        if not ids:
            word = "waits on nothing here" if side == "blocker" else "holds nothing"
            screen.say(one_line(f"#{key.id} {word}"))
            return
        self._go_on(side, key, ids, None)

    def _go_on(self, side: str, start: TaskKey, ids: list[TaskId], at: TaskKey | None) -> None:
        place = ids.index(at.id) + 1 if at else 0
        self._followed = (side, start, ids)
        self.go_to(TaskKey(start.list, ids[place % len(ids)]))

    # Panes

    def open_detail(self, *, focus: bool = False) -> None:
        """Show all of the selected task."""
        self._screen.add_class("-detail")
        if focus:
            self._screen.query_one("#detail").focus()

    def toggle_lists(self) -> None:
        screen = self._screen
        lists = screen.query_one("#lists")
        if screen.has_class("-full"):
            (screen.home if lists.has_focus else lists).focus()
            return
        screen.toggle_class("-lists")
        if screen.has_class("-lists"):
            screen.call_after_refresh(lists.focus)
        else:
            screen.home.focus()

    def toggle_zoom(self) -> None:
        """The pane with the focus alone, or all of them again."""
        screen = self._screen
        if screen.has_class("-zoomed"):
            self._leave_zoom()
            return
        pane = self._focused_pane() or screen.home
        pane.add_class("-zoom")
        screen.add_class("-zoomed")
        screen.set_class(pane.id == "activity", "-zoomed-activity")

    def go_back(self) -> None:
        """One step out: the search field, zoom, detail, lists, marks, a named view, the search."""
        screen = self._screen
        if isinstance(screen.focused, Input) or self._focused_pane() is None:
            screen.home.focus()
            if screen.frame.view.query:
                self.clear_search()
        elif screen.has_class("-zoomed"):
            self._leave_zoom()
        elif screen.has_class("-detail"):
            screen.remove_class("-detail")
            screen.home.focus()
        elif screen.has_class("-lists"):
            screen.remove_class("-lists")
            screen.home.focus()
        elif screen.clear_marks() or screen.leave_view():
            pass
        elif screen.frame.view.query:
            self.clear_search()
        else:
            screen.home.focus()

    def _leave_zoom(self) -> None:
        for pane in self._screen.query(".-zoom"):
            pane.remove_class("-zoom")
        self._screen.remove_class("-zoomed", "-zoomed-activity")

    def _focused_pane(self) -> Widget | None:
        node = self._screen.focused
        while node is not None and not node.has_class("pane"):
            parent = node.parent
            node = parent if isinstance(parent, Widget) else None
        return node
