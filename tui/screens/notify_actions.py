"""Notifications on the main screen: what the rules raise is told, and a key mutes all of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual import on

from tui.messages import AlertsRaised, NotifyFailed, SnapshotArrived
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen

if TYPE_CHECKING:
    from tui.notifying import Notifier


class NotifyActions(ColonyScreen):
    """Follows the operator's rules, also while the view is frozen or the session only looks."""

    _notifier: Notifier | None = None

    @abstractmethod
    def show_muted(self, muted: bool) -> None:
        """Show whether notifications are muted."""

    @property
    def notifier(self) -> Notifier | None:
        """Follows the rules; None where the settings have none."""
        if self._notifier is None and self.settings.notify:
            from tui.notifying import Notifier

            self._notifier = Notifier(
                self.settings,
                lambda alerts: self.post_message(AlertsRaised(alerts)),
                lambda reason: self.post_message(NotifyFailed(reason)),
                clock=self.clock,
            )
        return self._notifier

    def on_unmount(self) -> None:
        if self._notifier is not None:
            self._notifier.stop(timeout_s=0)

    @on(SnapshotArrived)
    def follow_rules(self, message: SnapshotArrived) -> None:
        if self.notifier is not None:
            self.notifier.offer(message.snapshot, self.receipts)

    @on(AlertsRaised)
    def tell_alerts(self, message: AlertsRaised) -> None:
        """Ring and notify through the driver, as everything that is drawn; and say what it was."""
        from store.model.alert import Channel
        from tui.notice_text import notices, to_terminal

        alerts = message.alerts
        sent = to_terminal(alerts, ascii=self.settings.ascii)
        driver = self.app._driver
        if sent and driver is not None and not driver.is_headless:
            driver.write(sent)
        *_, (_, last) = notices(alerts)
        text = last.removeprefix("colonytop: ")
        if (others := len(alerts.due) - 1) > 0:
            text = f"{text}, and {others} more"
        has_bell = any(Channel.BELL in alert.rule.how for alert in alerts.due)
        self.say(one_line(text), severity="warn" if has_bell else "info")

    @on(NotifyFailed)
    def tell_notify_failure(self, message: NotifyFailed) -> None:
        self.say(one_line(f"notification: {message.reason}"), severity="error")

    def action_toggle_notifications(self) -> None:
        """Mute, or tell again what comes from here on."""
        notifier = self.notifier
        if notifier is None:
            text = "no notifications are set: write [[notify]] tables into settings.toml"
            self.say(one_line(text), severity="warn")
            return
        missed = notifier.set_muted(not notifier.is_muted)
        self.show_muted(notifier.is_muted)
        if notifier.is_muted:
            held = notifier.held_back
            told = f"; {held} were held back so far, being too many" if held else ""
            self.say(one_line(f"notifications are muted{told}"))
        else:
            told = f"; {missed} came meanwhile" if missed else ""
            self.say(one_line(f"notifications are on again{told}"))
