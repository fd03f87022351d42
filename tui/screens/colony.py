"""A screen that follows a workspace: takes what the threads deliver and builds the frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from textual import on
from textual.reactive import reactive

from store.model.edits import Edit, EditResult
from store.model.list_events import recorded_since
from store.model.receipts import Receipt, added, observe, receipts_of
from store.model.snapshot import Change, Snapshot
from store.model.task import TaskKey
from tui.edit_text import deed
from tui.intake import Intake
from tui.keys import moved_keys
from tui.marking import Marks
from tui.messages import (
    BatchRequested,
    BatchSettled,
    EditFailed,
    EditRequested,
    EditSettled,
    SnapshotArrived,
    WatchFailed,
)
from tui.put_away import PutAway
from tui.safe_text import SafeText, one_line
from tui.saved_views import SavedViews
from tui.screens.pane_screen import PaneScreen
from tui.settings import Settings
from tui.steering import Steering
from tui.view_state import EMPTY_FRAME, Frame, ViewState

TICK_S = 1.0
MAX_SHOW_GAP_S = 0.25
"""A colony that is slow to draw is drawn no more often than four times a second."""
MOST_RECORDED = 100
"""Events of the lists' own systems that one snapshot may bring to the activity pane."""


class ColonyScreen(PaneScreen):
    """One frame per change or clock tick, handed to every pane that is bound to it."""

    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)

    def __init__(
        self,
        settings: Settings,
        *,
        read_only: bool = False,
        goto: str | None = None,
        view: ViewState | None = None,
        saved_views: SavedViews | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.read_only = read_only
        self.clock = clock
        self.intake = Intake()
        self.marks = Marks()
        self.put_away = PutAway()
        self.receipts: tuple[Receipt, ...] = ()
        """What became of the edits of this session, oldest first."""
        self.steering = Steering(self)
        self._goto = goto
        self._moved_keys = moved_keys(settings.keymap)
        self._wanted: TaskKey | None = None
        self._view = view or ViewState()
        self._query_error: tuple[str, int] | None = None
        self.saved_views = saved_views or SavedViews()
        self._selected: TaskKey | None = None
        self._next_show = 0.0
        self._show_waits = False

    def on_mount(self) -> None:
        self.show_frame()
        self.set_interval(TICK_S, self._tick)

    @property
    def has_dialog(self) -> bool:
        """Something lies over this screen."""
        return self.app.screen is not self

    # Frames

    def show_frame(self) -> None:
        """Build the frame of this moment and hand it to the panes."""
        now = self.clock()
        scanned = self.intake.scanned_at
        self.frame = Frame(
            snapshot=self.snapshot_to_show(),
            put_away=self.put_away.lists,
            view=self._view,
            now=now,
            selected=self._selected,
            marks=self.intake.marks,
            stale_after_s=self.settings.stale_after,
            ascii=self.settings.ascii,
            read_only=self.read_only,
            edits_unlocked=self.settings.edit_unlocked,
            paused=self.intake.paused,
            unseen_changes=self.intake.unseen,
            scan_age_s=None if scanned is None else max(0.0, now - scanned),
            marked=self.marks.keys,
            receipts=self.receipts[::-1],
            draft_count=len(self.steering.tray.draft.edits),
            is_drafting=self.steering.tray.is_on,
            unseen_after_s=self.settings.unseen_after,
            lock_after_s=self.settings.lock_held_after,
            need=self.need_in_queue,
            moved_keys=self._moved_keys,
            query_error=self._query_error[0] if self._query_error else None,
            query_error_at=self._query_error[1] if self._query_error else None,
        )

    def snapshot_to_show(self) -> Snapshot:
        """What is known of the disk, or was when the view was frozen."""
        return self.put_away.without(self.intake.shown, self._view.list_key)

    def latest_frame(self) -> Frame:
        """The frame with what is known of the disk now, also while the view is frozen."""
        return replace(self.frame, snapshot=self.intake.latest, selected=self._selected)

    def change_view(self, **choices: Any) -> None:
        """Set fields of the view state and show the result. A query has been parsed before."""
        self._view = replace(self._view, **choices)
        if "query" in choices:
            self._query_error = None
        self.show_frame()

    def set_query_error(self, text: SafeText, position: int) -> None:
        """Say why the search line is not understood; what it said last stays in force."""
        self._query_error = (text, position)
        self.show_frame()

    def set_selected(self, key: TaskKey | None) -> None:
        """The cursor is on another task."""
        if key != self._selected:
            self._selected = key
            self.show_frame()
            self.refresh_bindings()

    def set_marks(self, marks: Marks) -> None:
        """Other tasks are marked."""
        if marks != self.marks:
            self.marks = marks
            self.show_frame()

    def set_paused(self, paused: bool) -> None:
        """Freeze what is shown, or show what has arrived since."""
        self.intake.set_paused(paused)
        self.show_frame()

    def _tick(self) -> None:
        self.intake.prune(self.clock())
        self.show_frame()

    def _show_soon(self) -> None:
        """At once after a quiet moment; in a stream no oftener than drawing leaves room for."""
        wait = self._next_show - time.monotonic()
        if wait <= 0:
            self._show_timed()
        elif not self._show_waits:
            self._show_waits = True
            self.set_timer(wait, self._show_timed)

    def _show_timed(self) -> None:
        self._show_waits = False
        began = time.monotonic()
        self.show_frame()
        ended = time.monotonic()
        self._next_show = ended + min(MAX_SHOW_GAP_S, 4 * (ended - began))

    # What the threads deliver

    @on(SnapshotArrived)
    def take_snapshot(self, message: SnapshotArrived) -> None:
        is_news = message.snapshot is not self.intake.latest or self.intake.scanned_at is None
        before = self.intake.latest
        changes = self.intake.arrive(message.snapshot, message.scanned_at, self.clock())
        if not is_news:
            return  # the next tick shows the age of the scan
        self._report_foreign(changes)
        if recorded := recorded_since(before, message.snapshot, MOST_RECORDED):
            self.report_recorded(recorded)
        self.marks = self.marks.kept_in(message.snapshot)
        self._show_soon()
        if self._goto:
            self._find_goto(self._goto, message.snapshot)
        self.go_to_wanted()

    def _find_goto(self, name: str, snapshot: Snapshot) -> None:
        from tui.palette import task_key_named

        if key := task_key_named(snapshot, name):
            self._goto, self._wanted = None, key

    def go_when_seen(self, key: TaskKey) -> None:
        """Select a task as soon as a snapshot that is shown has it."""
        self._wanted = key
        self.go_to_wanted()

    def go_to_wanted(self) -> None:
        """Select the task that is waited for, once it is shown."""
        if self._wanted is None or self.intake.shown.task(self._wanted) is None:
            return
        self.show_frame()
        if self._wanted.list in self.frame.put_away:
            self.change_view(list_key=self._wanted.list)
        if self.frame.snapshot.task(self._wanted) is not None:
            key, self._wanted = self._wanted, None
            self.go_to(key)

    @on(WatchFailed)
    def show_watch_failure(self, message: WatchFailed) -> None:
        text = one_line(f"watching has ended: {message.error}; restart colonytop")
        self.say(text, severity="error")

    @on(EditRequested)
    def note_request(self, message: EditRequested) -> None:
        self.intake.begin(message.edit)

    @on(EditSettled)
    def take_settled(self, message: EditSettled) -> None:
        self._take_results([message.edit], [message.result])
        self.steering.settled(message.edit, message.result)
        self.show_frame()

    @on(EditFailed)
    def take_failed(self, message: EditFailed) -> None:
        self._report_foreign(self.intake.fail(message.edit))
        self.steering.failed(message.edit, message.error)

    @on(BatchRequested)
    def note_batch_request(self, message: BatchRequested) -> None:
        for edit in message.batch.edits:
            self.intake.begin(edit)

    @on(BatchSettled)
    def take_batch_settled(self, message: BatchSettled) -> None:
        self._take_results(message.batch.edits, message.result.results)
        self.steering.settled_all(message.batch, message.result)
        self.show_frame()

    def _take_results(self, edits: Sequence[Edit], results: Sequence[EditResult]) -> None:
        """Edits are done with; those with a result are on the disk."""
        now = self.clock()
        self._report_foreign(self.intake.settle_all(edits, results, now))
        made = (receipts_of(one, deed(one.edit, one), now) for one in results)
        self.receipts = added(self.receipts, chain.from_iterable(made))
        for one in results:
            self.report_own(one.edit, one)

    def _report_foreign(self, changes: Sequence[Change]) -> None:
        """Others wrote: tell it, and what it says of edits that nobody had seen."""
        if changes:
            self.receipts = observe(self.receipts, changes)
            self.report(changes, "derived")
