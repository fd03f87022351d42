"""Everything about the selected task."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from store.model.children import Children
from store.model.critical import CriticalPaths
from store.model.derivation import Derivation, Deriving
from store.model.snapshot import TaskList
from store.model.task import Task
from tui.safe_text import content, one_line
from tui.view_state import EMPTY_FRAME, Frame
from tui.widgets import detail_text
from tui.widgets.drawing import in_ascii, line, piece
from tui.widgets.pace import pace_of
from tui.widgets.status_line import needs_of_list


class DetailPane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """State, reasons, consequences, edges, fields, problems and description of one task.

    Its text can be selected with the mouse and copied: it is the cleaned text that is copied.
    """

    HELP = """\
## Detail

All that is known of the selected task: why it is not ready, what becomes ready when it
completes, its blockers and dependents, what is wrong with its record and the way out, its
description and every field of the record, also those that colonytop does not know. Where its
system keeps them also who holds it, its steps and checks, how often it was tried, the last error,
the cost and the result; and why its list is read-only, if it is.

- **Arrows**, **Page up**, **Page down** scroll; select text with the mouse to copy it.
"""
    DEFAULT_CSS = """
    DetailPane {
        border: round $border-blurred;
        border-title-color: $muted;
        background: $background;
        color: $foreground;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        &:focus {
            border: round $border;
            border-title-color: $border;
            border-title-style: bold;
        }
        &.-ascii { border: ascii $border-blurred; }
        &.-ascii:focus { border: ascii $border; }
        &:nocolor:focus { border: heavy $border; }
        & > Static { width: 1fr; height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('up')", "Up", show=False),
        Binding("down", "move('down')", "Down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("home", "move('top')", "Top", show=False),
        Binding("end", "move('bottom')", "Bottom", show=False),
    ]

    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._head = Content()
        self._body_of: tuple[Task | None, bool] = (None, False)
        self._key: object = None
        self._deriving = Deriving()
        self._critical = CriticalPaths()
        self._children = Children()

    def compose(self) -> ComposeResult:
        yield Static(markup=False, id="detail-head")
        yield Static(markup=False, id="detail-body")

    def on_mount(self) -> None:
        self._show()

    def on_show(self) -> None:
        self._show()

    def watch_frame(self) -> None:
        # Text that nobody sees would still lay the screen out anew.
        if self.is_mounted and self._nodes and self.display:
            self._show()

    def move_cursor(self, where: str) -> None:
        """Scroll: `up`, `down`, `top`, `bottom`, `page_up`, `page_down`, `half_up`, `half_down`."""
        half = max(1, self.scrollable_content_region.height // 2)
        steps = {"up": -1, "down": 1, "half_up": -half, "half_down": half}
        steps |= {"page_up": -2 * half, "page_down": 2 * half}
        if where == "top":
            self.scroll_home(animate=False)
        elif where == "bottom":
            self.scroll_end(animate=False)
        else:
            self.scroll_relative(y=steps[where], animate=False)

    def action_move(self, where: str) -> None:
        self.move_cursor(where)

    def _show(self) -> None:
        frame = self.frame
        self.set_class(frame.ascii, "-ascii")
        found = self._selected()
        if found is None:
            head = in_ascii(self._without_task(), frame.ascii)
            self._show_body(None)
        else:
            derivation = self._derive(*found)
            children = self._children.of(*found)
            head = detail_text.head(frame, *found, derivation, self._text_cells, children)
            head = in_ascii(head, frame.ascii)
            self._show_body(found[1])
        if not self._head or not head.is_same(self._head):
            self._head = head
            self.query_one("#detail-head", Static).update(head)
        if frame.selected != self._key:
            self._key = frame.selected
            self.scroll_home(animate=False)
            title = "Detail" if frame.selected is None else f"Detail · #{frame.selected.id}"
            self.border_title = in_ascii(content(one_line(title, 80)), frame.ascii)

    def _without_task(self) -> Content:
        """What is said where no task is to be shown."""
        frame = self.frame
        if whole := needs_of_list(frame):
            return line(*whole)
        gone = frame.selected is not None
        text = "This task is no longer there." if gone else "No task is selected."
        return line(piece(text, "$muted"))

    def _derive(self, task_list: TaskList, task: Task) -> Derivation:
        frame = self.frame
        snapshot, _ = pace_of(self.app).take(frame.snapshot)
        loads = pace_of(self.app).owners(snapshot, None)
        critical = self._critical.of(task_list)
        limit = frame.stale_after_s
        return self._deriving.derive(task_list, task, loads, frame.now, limit, critical)

    def on_resize(self) -> None:
        self._show()

    @property
    def _text_cells(self) -> int:
        """Without the column of the scroll bar, whether or not it is there by now."""
        bar = self.styles.scrollbar_size_vertical
        return max(20, self.outer_size.width - self.styles.gutter.width - bar)

    def _selected(self) -> tuple[TaskList, Task] | None:
        key = self.frame.selected
        task_list = self.frame.snapshot.lists.get(key.list) if key else None
        task = task_list.tasks.get(key.id) if key and task_list else None
        return (task_list, task) if task_list and task else None

    def _show_body(self, task: Task | None) -> None:
        """Wrapping a long description is dear, so it happens only when the record changed."""
        shown = (task, self.frame.ascii)
        if shown[0] is self._body_of[0] and shown[1] == self._body_of[1]:
            return
        self._body_of = shown
        body = Content() if task is None else detail_text.body(task, self.frame.ascii)
        self.query_one("#detail-body", Static).update(body)
