"""`watch`: changes as they happen, without a screen."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.model.alert import Alerts
    from store.model.snapshot import Change, Snapshot
    from store.watch import Scan
    from tui.notifying import Notifier


@click.command()
@click.argument("name", metavar="[LIST]", required=False)
@click.option("--plain", is_flag=True, help="One readable sentence per change (the default).")
@click.option("--notify", is_flag=True, help="Also notify by the rules of your settings file.")
@common_options
@pass_invocation
def watch(invocation: Invocation, name: str | None, plain: bool, notify: bool) -> None:
    """Print each change of the lists under the roots, or of LIST, until interrupted.

    What is there at the start is not a change. A LIST that is not there yet is waited for.
    Rules are followed for all lists; bell and OSC 9 go to standard error if it is a terminal.
    """
    if plain and invocation.as_json:
        raise click.UsageError("--plain and --json exclude each other")
    from store.watch import Watcher

    workspace = invocation.workspace()
    stop = threading.Event()
    feed = ChangeFeed(name, print_json_change if invocation.as_json else print_sentence, stop)
    feed.notifier = _notifier() if notify else None
    watcher = Watcher(workspace)

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        watcher.hint()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    # The watch gets a thread of its own: Python runs signal handlers in the main thread only.
    thread = threading.Thread(
        target=feed.run, args=(watcher.run, watcher.hint), name="watch", daemon=True
    )
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
    if feed.notifier is not None:
        feed.notifier.stop()
    if feed.failure is not None:
        raise feed.failure


def _notifier() -> Notifier:
    """Follows the rules of the settings file.

    Raises:
        SettingsError: the file cannot be used.
        UsageError: it has no rules.
    """
    from tui.cli.output import print_line
    from tui.notice_text import to_terminal
    from tui.notifying import Notifier
    from tui.settings import default_path, load_settings

    settings = load_settings()
    if not settings.notify:
        raise click.UsageError(f"--notify: there are no [[notify]] tables in {default_path()}")

    def tell(alerts: Alerts) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(to_terminal(alerts, ascii=settings.ascii))
            sys.stderr.flush()

    def fail(reason: str) -> None:
        print_line(f"notification: {reason}", to_stderr=True)

    return Notifier(settings, tell, fail)


class ChangeFeed:
    """Prints the changes that each scan brings."""

    def __init__(
        self, name: str | None, show: Callable[[Change], None], stop: threading.Event
    ) -> None:
        self.failure: BaseException | None = None
        self.notifier: Notifier | None = None
        """Follows the operator's rules, where that was asked for."""
        self._name = name
        self._show = show
        self._stop = stop
        self._announced = False
        self._hint: Callable[[], object] = lambda: None

    def run(
        self,
        watch: Callable[[Callable[[Scan], None], threading.Event], None],
        hint: Callable[[], object],
    ) -> None:
        """Watch until stopped; an error ends it and is kept in `failure`."""
        self._hint = hint
        try:
            watch(self.deliver, self._stop)
        except BaseException as error:
            self.failure = error

    def deliver(self, scan: Scan) -> None:
        """Print what the scan brought."""
        if self._stop.is_set():
            return
        if not self._announced and scan.snapshot.is_complete:
            self._announced = True
            self._announce(scan.snapshot)
        if self.notifier is not None:
            self.notifier.offer(scan.snapshot)
        try:
            self._print(scan.changes)
        except BrokenPipeError as error:
            self.failure = error
            self._stop.set()
            self._hint()

    def _print(self, changes: Iterable[Change]) -> None:
        from store.choosing import is_called

        for change in changes:
            if self._name is None or is_called(change.list, self._name):
                self._show(change)

    def _announce(self, snapshot: Snapshot) -> None:
        from store.choosing import is_called
        from tui.cli.output import print_line

        places = ", ".join(root.path for root in snapshot.roots)
        count = len(snapshot.lists)
        text = f"watching {count} list{'' if count == 1 else 's'} under {places}"
        if self._name is not None:
            known = any(is_called(key, self._name) for key in snapshot.lists)
            text = f"watching {self._name}" + ("" if known else f", which is not there yet: {text}")
        print_line(text, to_stderr=True)


def print_json_change(change: Change) -> None:
    from tui.cli.output import print_json
    from tui.cli.shapes import change_record

    print_json(change_record(change))


def print_sentence(change: Change) -> None:
    import time

    from tui.cli.output import print_line

    moment = time.strftime("%H:%M:%S", time.localtime(change.at))
    print_line(f"{moment} {sentence(change)}")


def sentence(change: Change) -> str:
    """The change in words. It quotes task text, so it goes through the safe-text door."""
    where = change.list.id
    if change.task is None:
        return f"list {where} {'appeared' if change.new is not None else 'vanished'}"
    kind = str(change.kind)
    task = f"{where} #{change.task} {_clip(change.subject)}"
    if kind == "created":
        return f"{task}: created"
    if kind == "vanished":
        return f"{task}: no longer there"
    if kind == "unreadable":
        return f"{task}: cannot be read: {change.new}"
    return f"{task}: {_field_sentence(change)}"


def _field_sentence(change: Change) -> str:
    if change.field == "owner":
        return f"owner {change.old or 'nobody'} → {change.new or 'nobody'}"
    if change.field in ("blocked_by", "blocks"):
        added = [f"+#{i}" for i in change.new if i not in change.old]
        removed = [f"-#{i}" for i in change.old if i not in change.new]
        name = "blocked by" if change.field == "blocked_by" else "blocks"
        return f"{name} {' '.join([*added, *removed]) or 'reordered'}"
    if change.field == "metadata":
        names = [n for n in {**change.old, **change.new} if change.old.get(n) != change.new.get(n)]
        told = (f"{n} {_clip(str(change.new.get(n, 'removed')), 40)}" for n in names)
        return "metadata " + ", ".join(told)
    if change.field == "description":
        return "description changed"
    return f"{(change.field or '').replace('_', ' ')} {_said(change.old)} → {_said(change.new)}"


def _said(value: object) -> str:
    return "none" if value is None else _clip(str(value))


def _clip(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
