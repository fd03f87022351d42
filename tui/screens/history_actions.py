"""What the keys of time do on the main screen, and what the threads tell of it."""

from __future__ import annotations

from textual import on

from tui.messages import (
    EditsSeen,
    HistoryRead,
    HistoryRequested,
    JournalFailed,
    StepBegun,
    StepRequested,
    UndoSettled,
)
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen

NO_JOURNAL = one_line("no journal: edits cannot be undone")
"""Fits on the status line; the whole reason is shown over it."""
_WRITES = frozenset({"undo_step", "redo_step"})


class HistoryActions(ColonyScreen):
    """Undo, redo and history, by the names that `tui.commands` binds."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only sessions take nothing back."""
        if action in _WRITES and self.read_only:
            return False
        return super().check_action(action, parameters)

    def action_undo_step(self) -> None:
        """Take the last step back, at once: it can be made again. In a draft: the last edit."""
        if self.steering.tray.is_on:
            self.steering.tray.take_back()
        else:
            from store.model.history import Direction

            self.post_message(StepRequested(Direction.UNDO))

    def action_redo_step(self) -> None:
        """Make again what was taken back last."""
        if self.steering.tray.is_on:
            self.steering.tray.refuse_steps()
        else:
            from store.model.history import Direction

            self.post_message(StepRequested(Direction.REDO))

    def action_show_history(self) -> None:
        """Open the history of the selected task; from the activity also of one that is gone."""
        from tui.widgets.activity_pane import ActivityPane

        focused = self.focused
        key = focused.key_at_cursor if isinstance(focused, ActivityPane) else None
        key = key or self.frame.selected
        if key is None:
            self.say(one_line("no task is selected"), severity="warn")
            return
        from tui.screens.history import HistoryScreen

        self.steering.open(HistoryScreen(self.latest_frame(), key), lambda _: None)
        self.post_message(HistoryRequested(key))

    @on(StepBegun)
    def note_step(self, message: StepBegun) -> None:
        for edit in message.edits:
            self.intake.begin(edit)

    @on(UndoSettled)
    def take_undo(self, message: UndoSettled) -> None:
        from tui.step_text import step_sentence

        outcome = message.outcome
        self._take_results(message.edits, outcome.result.results)
        is_whole = outcome.is_whole or outcome.step is None
        self.say(step_sentence(outcome), severity="info" if is_whole else "warn")
        if outcome.result.failures:
            from tui.screens.history import RefusedStepScreen

            self.steering.ask(
                lambda: self.steering.open(
                    RefusedStepScreen(self.latest_frame(), outcome), lambda _: None
                )
            )
        self.show_frame()

    @on(EditsSeen)
    def take_others(self, message: EditsSeen) -> None:
        self.intake.note_others(message.entries)
        from tui.widgets.activity_pane import ActivityPane

        for pane in self.query(ActivityPane):  # it comes after the first paint
            pane.add_entries(message.entries)

    @on(HistoryRead)
    def show_history(self, message: HistoryRead) -> None:
        from tui.screens.history import HistoryScreen

        screen = self.app.screen
        if isinstance(screen, HistoryScreen) and screen.key == message.key:
            screen.show(message.entries, is_cut=message.is_cut, problem=message.problem)

    @on(JournalFailed)
    def tell_no_journal(self, message: JournalFailed) -> None:
        self.say(NO_JOURNAL, severity="warn")
        self.app.notify(one_line(message.reason), severity="warning", markup=False)
