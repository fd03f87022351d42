"""`record`: writes down what is seen to change, without a screen."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from tui.cli.acting import operator_on
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.operating import Operator
    from store.watch import Scan, Watcher
    from store.workspace import Workspace


@click.command()
@click.argument("roots", metavar="[ROOT]...", nargs=-1, type=click.Path(path_type=Path))
@common_options
@pass_invocation
def record(invocation: Invocation, roots: tuple[Path, ...]) -> None:
    """Write every change under the ROOTs into the journal, until interrupted.

    One process records a root at a time: while an app is open on it, this one waits for its end.
    """
    from store.watch import Watcher
    from store.workspace import Workspace

    workspace = Workspace(invocation.root_specs(roots), read_only=True)
    _require_journals(workspace)
    operator, stop = operator_on(workspace), threading.Event()
    watcher = Watcher(workspace)
    recording = Recording(operator, as_json=invocation.as_json)

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        watcher.hint()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    # A thread of its own: Python runs signal handlers in the main thread only.
    thread = threading.Thread(target=recording.run, args=(watcher, stop), name="watch", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
    operator.close()
    recording.tell_end()
    if recording.failure is not None:
        raise recording.failure


def _require_journals(workspace: Workspace) -> None:
    """Without a journal there is nothing that this command could do.

    Raises:
        StorageFailure: that of a root cannot be written.
    """
    from store.files.places import state_directory
    from store.journal.journal import Journal
    from store.model.errors import StorageFailure

    for root in workspace.watch_paths():
        journal = Journal(str(root))
        try:
            journal.become_recorder()
        except StorageFailure as error:
            raise StorageFailure(str(state_directory()), f"no journal: {error}") from error
        finally:
            journal.close()


class Recording:
    """Hands what each scan brings to the journal."""

    def __init__(self, operator: Operator, *, as_json: bool) -> None:
        self.failure: BaseException | None = None
        self._operator = operator
        self._as_json = as_json
        self._changes = 0
        self._is_told = False

    def run(self, watcher: Watcher, stop: threading.Event) -> None:
        """Watch until stopped; an error ends it and is kept in `failure`."""
        try:
            watcher.run(self._take, stop)
        except BaseException as error:
            self.failure = error

    def tell_end(self) -> None:
        from tui.cli.output import print_json, print_line

        if self._as_json:
            print_json({"recorded": self._changes})
        else:
            print_line(f"{self._changes} changes seen", to_stderr=True)

    def _take(self, scan: Scan) -> None:
        from tui.cli.output import print_line

        self._operator.observe(scan.snapshot, scan.changes)
        self._operator.record()
        self._changes += len(scan.changes)
        if not self._is_told and scan.snapshot.is_complete:
            self._is_told = True
            places = ", ".join(root.path for root in scan.snapshot.roots)
            alone = self._operator.become_recorder()
            later = "" if alone else "; another process records them now, this one when it ends"
            print_line(f"recording the changes under {places}{later}", to_stderr=True)
