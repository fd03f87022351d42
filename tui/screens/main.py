"""The main screen: where the panes are, what they say, and what the keys do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from store.model.edits import Edit, EditBatch, EditResult
from store.model.list_events import Recorded
from store.model.query import owner_query
from store.model.snapshot import Change
from store.model.task import TaskKey
from tui.edit_text import deed
from tui.keys import bindings
from tui.navigation import Navigation
from tui.safe_text import SafeText, one_line, width
from tui.screens.find_actions import FindActions
from tui.screens.history_actions import HistoryActions
from tui.screens.mark_actions import MarkActions
from tui.screens.needs_actions import NeedsActions
from tui.screens.notify_actions import NotifyActions
from tui.screens.pane_screen import Severity
from tui.screens.read_ahead import ReadAhead
from tui.screens.steer_actions import SteerActions
from tui.screens.view_actions import ViewActions
from tui.settings import Settings
from tui.view_state import Lens
from tui.widgets.header_bar import HeaderBar
from tui.widgets.key_bar import KeyBar
from tui.widgets.lens_bar import LensBar, SearchInput
from tui.widgets.status_line import StatusLine
from tui.widgets.task_table import TaskTable

if TYPE_CHECKING:
    from tui.widgets.activity_pane import ActivityPane
    from tui.widgets.blockers_pane import BlockersPane
    from tui.widgets.lists_pane import ListsPane
    from tui.widgets.owners_pane import OwnersPane


_LINE_KEEPS = 20  # cells of the status line that a message may not take
_FULL_VIEW = (80, 24)  # columns and rows from which several panes are shown


class MainScreen(
    ReadAhead,
    ViewActions,
    NeedsActions,
    FindActions,
    MarkActions,
    HistoryActions,
    NotifyActions,
    SteerActions,
):
    """Tasks, blockers, owners and activity together; more as the terminal grows."""

    BINDINGS = bindings()
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  Textual's own form
        (0, "-small"),
        (80, "-narrow"),
        (120, "-wide"),
        (160, "-full"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (8, "-short"), (24, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#tasks"

    class Complete(Message):
        """The first paint is done and all panes are there."""

    def __init__(self, settings: Settings, **choices: Any) -> None:
        super().__init__(settings, **choices)
        self.add_class("-starting", update=False)
        self.set_class(settings.ascii, "-ascii", update=False)

    def compose(self) -> ComposeResult:
        """What the first paint shows; `add_panes` brings the rest."""
        frame = MainScreen.frame
        yield HeaderBar(id="header").data_bind(frame)
        yield LensBar(id="lenses").data_bind(frame)
        with Container(id="body"):
            yield TaskTable(id="tasks", classes="pane").data_bind(frame)
        yield StatusLine(id="status").data_bind(frame)
        yield KeyBar(id="key-bar", ascii_only=self.settings.ascii)

    def on_mount(self) -> None:
        self.navigation = Navigation(self)
        self.call_after_refresh(self.add_panes)

    def on_resize(self, event: events.Resize) -> None:
        is_small = event.size.width < _FULL_VIEW[0] or event.size.height < _FULL_VIEW[1]
        note = "small: {}x{} shows more".format(*_FULL_VIEW) if is_small else ""
        self.query_one(KeyBar).note = note

    def on_screen_suspend(self) -> None:
        self.query_one(KeyBar).silent = True

    def on_screen_resume(self) -> None:
        self.query_one(KeyBar).silent = False

    @property
    def focus_chain(self) -> list[Widget]:
        """What Tab goes through. A search line in it would take the keys of whoever tabs past."""
        chain = super().focus_chain
        return [w for w in chain if w is self.focused or not isinstance(w, SearchInput)]

    async def add_panes(self) -> None:
        """Put the other panes around the table. Nothing is reported before they are there."""
        from tui.widgets.activity_pane import ActivityPane
        from tui.widgets.blockers_pane import BlockersPane
        from tui.widgets.detail_pane import DetailPane
        from tui.widgets.lists_pane import ListsPane
        from tui.widgets.needs_pane import NeedsPane
        from tui.widgets.owners_pane import OwnersPane

        frame, body = MainScreen.frame, self.query_one("#body")
        self._activity = ActivityPane(id="activity", classes="pane").data_bind(frame)
        with self.app.batch_update():
            self.remove_class("-starting")
            await body.mount(
                ListsPane(id="lists", classes="pane").data_bind(frame), before="#tasks"
            )
            await body.mount(
                NeedsPane(id="needs", classes="pane").data_bind(frame),
                BlockersPane(id="blockers", classes="pane").data_bind(frame),
                OwnersPane(id="owners", classes="pane").data_bind(frame),
                DetailPane(id="detail", classes="pane").data_bind(frame),
            )
            await self.mount(self._activity, before="#status")
        self.show_needs()
        self.post_message(self.Complete())

    @property
    def table(self) -> TaskTable:
        return self.query_one("#tasks", TaskTable)

    # What the screen asks of the panes

    def report(self, changes: Sequence[Change], origin: str) -> None:
        self._activity.add(changes, origin)

    def report_recorded(self, recorded: Sequence[Recorded]) -> None:
        self._activity.add_recorded(recorded)

    def report_own(self, edit: Edit, result: EditResult) -> None:
        key = result.task.key if result.task else getattr(edit, "key", None)
        self._activity.add_line(
            deed(edit, result), at=self.clock(), key=key, operator=self.settings.operator
        )

    def say(self, text: SafeText, *, severity: Severity = "info") -> None:
        self.query_one(StatusLine).say(text, severity)
        if severity == "error":
            self.app.notify(text, severity="error", markup=False)
        elif severity == "warn" and width(text) > self.size.width - _LINE_KEEPS:
            self.app.notify(text, severity="warning", markup=False)  # else its end is cut off

    def say_until_settled(self, text: SafeText, edit: Edit | EditBatch) -> None:
        self.query_one(StatusLine).hold(text, edit)

    def take_back(self, edit: Edit | EditBatch) -> None:
        self.query_one(StatusLine).release(edit)

    def note_waiting(self, count: int) -> None:
        self.query_one(KeyBar).waiting = count
        self.refresh_bindings()

    def show_muted(self, muted: bool) -> None:
        self.query_one(StatusLine).is_muted = muted

    def go_to(self, key: TaskKey) -> None:
        self.navigation.go_to(key)

    def freeze_order(self, frozen: bool) -> None:
        self.table.order_frozen = frozen

    def show_frame(self) -> None:
        super().show_frame()
        self.show_needs()
        needs = {Lens.NEEDS_YOU: self.count_needs()}
        self.query_one(LensBar).counts = {**self.table.projection.counts, **needs}

    # What the panes say

    @on(TaskTable.Highlighted)
    def follow_cursor(self, message: TaskTable.Highlighted) -> None:
        if self.needs is None:
            self.set_selected(message.key)

    @on(TaskTable.SortPicked)
    def sort_by_column(self, message: TaskTable.SortPicked) -> None:
        """By the column whose title was clicked; again: the other way round."""
        if message.sort is self.frame.view.sort:
            self.action_reverse_sort()
        else:
            self.change_view(sort=message.sort, descending=False)

    @on(TaskTable.Vanished)
    def tell_vanished(self, message: TaskTable.Vanished) -> None:
        if self.intake.is_own_deletion(message.key):
            return  # that it is deleted is said when the edit settles
        self.say(one_line(f"#{message.key.id} {message.subject}: no longer in its list", 120))

    @on(TaskTable.Opened)
    def open_task(self, message: TaskTable.Opened) -> None:
        self.navigation.open_detail()

    # By name: the classes of these panes come after the first paint.

    def on_blockers_pane_picked(self, message: BlockersPane.Picked) -> None:
        self.go_to(message.key)

    def on_activity_pane_picked(self, message: ActivityPane.Picked) -> None:
        self.go_to(message.key)

    def on_owners_pane_picked(self, message: OwnersPane.Picked) -> None:
        """That owner's tasks alone; again on the same owner: everybody's."""
        query = owner_query(message.owner)
        self.change_view(query="" if query == self.frame.view.query else query)

    def on_lists_pane_picked(self, message: ListsPane.Picked) -> None:
        self.change_view(list_key=message.list_key)

    @on(LensBar.LensPicked)
    def pick_lens(self, message: LensBar.LensPicked) -> None:
        self.change_view(lens=message.lens)
