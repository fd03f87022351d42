"""What the steering keys do on the main screen."""

from __future__ import annotations

from store.model.task import TaskKey, Verb
from tui.screens.colony import ColonyScreen

_ACTIONS = frozenset(
    {"steer", "shift_priority", "clear_completed", "retry_edits", "toggle_draft", "open_draft"}
)


class SteerActions(ColonyScreen):
    """Actions of the keys that lead to a write, by the names that `tui.commands` binds."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only sessions have no steering keys, and some keys need something to act on."""
        if action not in _ACTIONS:
            return super().check_action(action, parameters)
        if self.read_only:
            return False
        if action == "retry_edits":
            return bool(self.steering.waiting)
        return True

    def action_steer(self, verb: str) -> None:
        self.steering.begin(Verb(verb))

    def action_shift_priority(self, steps: int) -> None:
        self.steering.shift_priority(steps)

    def action_clear_completed(self) -> None:
        self.steering.clear_completed()

    def action_toggle_draft(self) -> None:
        """Collect edits from now on, or write them again."""
        self.steering.tray.turn(not self.steering.tray.is_on)

    def action_open_draft(self) -> None:
        """Open the tray of what is collected."""
        self.steering.open_draft()

    def action_show_receipts(self) -> None:
        """Open what became of the edits."""
        from tui.screens.receipts import ReceiptsScreen

        self.steering.open(ReceiptsScreen(self.latest_frame()), self._go_if_picked)

    def _go_if_picked(self, key: TaskKey | None) -> None:
        if key is not None:
            self.go_to(key)

    def action_retry_edits(self) -> None:
        self.steering.retry_waiting()
