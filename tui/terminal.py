"""The terminal around the app: is there one, and is it left clean however the program ends.

Signals are taken by a thread that waits for them, so they work also while the event loop is
blocked by a terminal that does not read. What cannot end in time is cut off: the terminal is
restored from here and the process leaves with the signal's exit code.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from store.collector import collect_as_usual

if TYPE_CHECKING:
    from store.workspace import RootSpec, Workspace
    from tui.app import ColonytopApp
    from tui.saved_views import SavedViews
    from tui.settings import Settings
    from tui.view_state import ViewState

GRACE_S = 1.5
"""For an orderly end after a signal; the promise is two seconds."""
LOST_GRACE_S = 0.5
"""For an orderly end after the terminal is gone; the promise is one second."""
CUT_OFF_S = 0.4
"""For putting the terminal back after that."""
ROOM_S = 0.06
"""For a terminal to take what puts it back; tried twice."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)

# Leave every mode that Textual's driver sets: mouse, focus, paste, resize reports, the keyboard
# protocol, synchronized output, line wrap, the alternate screen, the hidden cursor, colours.
RESTORE = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"
    b"\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
)


def terminal_problem(
    environ: Mapping[str, str] | None = None,
    streams: tuple[TextIO | None, ...] | None = None,
) -> str | None:
    """Why there is no terminal to draw on, or None. Textual draws on stderr."""
    env = os.environ if environ is None else environ
    named = zip(
        ("stdin", "stdout", "stderr"),
        streams or (sys.__stdin__, sys.__stdout__, sys.__stderr__),
        strict=True,
    )
    for name, stream in named:
        if stream is None or stream.closed or not stream.isatty():
            return f"{name} is not a terminal"
    term = env.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM={term or '(empty)'} cannot draw a screen"
    return None


def speaks_utf8(environ: Mapping[str, str] | None = None) -> bool:
    """False where the locale says that the terminal does not take UTF-8."""
    env = os.environ if environ is None else environ
    chosen = next((env[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(n)), "")
    return not chosen or "utf" in chosen.lower()


class TerminalGuard:
    """While entered, a signal or a lost terminal ends the program within its deadline.

    Args:
        end: asks the app to end with an exit code; called from a thread, must not block.
        release: ends the worker threads; called before the process is cut off.
    """

    def __init__(self, end: Callable[[int], None], release: Callable[[], Any]) -> None:
        self._end = end
        self._release = release
        self._fd = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._saved = termios.tcgetattr(self._fd)
        # What was ignored from the start stays so (nohup); SIGUSR1 also wakes the waiter.
        self._taken = {
            s for s in _SIGNALS if s is signal.SIGUSR1 or signal.getsignal(s) is not signal.SIG_IGN
        }
        self._left = threading.Event()
        self._ending = threading.Lock()
        self.exit_code: int | None = None
        """128 + the signal's number once one has come; 129 when the terminal is lost."""

    def __enter__(self) -> TerminalGuard:
        # Threads inherit the mask, so from here on only the waiting thread takes these signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, self._taken)
        self._waiter = threading.Thread(target=self._wait_for_signal, name="signals", daemon=True)
        self._waiter.start()
        threading.Thread(target=self._wait_for_loss, name="terminal", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        if self._waiter.is_alive() and self._waiter.ident is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(self._waiter.ident, signal.SIGUSR1)
        self._waiter.join(1.0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._taken)

    def _wait_for_signal(self) -> None:
        number = signal.sigwait(self._taken)
        if not self._left.is_set():
            self._finish(128 + number, GRACE_S)

    def _wait_for_loss(self) -> None:
        poll = select.poll()
        poll.register(self._fd, 0)  # POLLHUP and POLLERR are always reported
        while not self._left.is_set():
            try:
                lost = poll.poll(500)
            except OSError:
                return
            if lost:
                self._finish(129, LOST_GRACE_S)
                return

    def _finish(self, code: int, grace_s: float) -> None:
        if not self._ending.acquire(blocking=False):
            return  # the first reason decides
        self.exit_code = code
        deadline = threading.Timer(grace_s, self._cut_off, (code,))
        deadline.daemon = True
        deadline.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._end(code)

    def _cut_off(self, code: int) -> None:
        """The orderly end did not come: leave the terminal as it was found, and go."""
        cut = threading.Timer(CUT_OFF_S, os._exit, (code,))
        cut.daemon = True
        cut.start()
        self._release()
        restore(self._fd, self._saved)
        os._exit(code)


def restore(fd: int, saved: list[Any]) -> None:
    """Put a terminal back, without waiting longer than a moment for one that does not read."""
    with contextlib.suppress(OSError, termios.error):
        os.set_blocking(fd, False)
        # A flush cuts what is under way to the terminal in the middle of a sequence. So it is for
        # one that does not read, where what was drawn leaves no room.
        if not _written_in_time(fd, RESTORE):
            termios.tcflush(fd, termios.TCOFLUSH)
            _written_in_time(fd, RESTORE)
    with contextlib.suppress(OSError, termios.error):
        os.set_blocking(fd, True)
        termios.tcsetattr(fd, termios.TCSANOW, saved)


def _written_in_time(fd: int, said: bytes) -> bool:
    """Write to a terminal as it finds room for it; False after a moment without."""
    deadline = time.monotonic() + ROOM_S
    while said:
        try:
            said = said[os.write(fd, said) :]
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # Another thread's write may have to end first, which no readiness tells.
            select.select([], [fd], [], min(left, 0.005))
    return True


def run_app(
    roots: Sequence[RootSpec],
    *,
    settings: Settings | None = None,
    read_only: bool = False,
    is_drafting: bool = False,
    theme: str | None = None,
    ascii: bool = False,
    goto: str | None = None,
    view: ViewState | None = None,
    saved_views: SavedViews | None = None,
    on_exit: Callable[[], object] | None = None,
) -> int:
    """Run the app in this terminal until it ends; the result is the exit code.

    Args:
        roots: where lists live, and where each setting came from.
        settings: checked settings; the defaults without.
        read_only: no edit is offered, and the workspace refuses all of them.
        is_drafting: edits are collected, not written, until the operator says so.
        theme: wins over the settings.
        ascii: draw with ASCII alone, as the settings may say too.
        goto: `LIST/ID` to start on.
        view: what to show first.
        saved_views: the views that have a name, as they were read.
        on_exit: called once after the app has ended, however it ended by itself or by a signal.
    """
    if problem := terminal_problem():
        return _refused(problem)
    os.environ.setdefault("TEXTUAL_FPS", "120")  # in a stream a change waits for a frame
    gc.disable()  # until the first paint: what is imported is here to stay
    collect_as_usual()
    from tui.app import ColonytopApp
    from tui.safe_text import one_line

    chosen = _chosen(settings, theme, ascii)
    try:
        app = ColonytopApp(
            partial(_open_workspace, roots, read_only, chosen),
            chosen,
            read_only=read_only,
            goto=goto,
            view=view,
            saved_views=saved_views,
        )
    except ValueError as error:
        return _refused(one_line(str(error)))
    app.main.steering.tray.is_on = is_drafting
    return _run_guarded(app, _once(on_exit))


def _refused(text: str) -> int:
    """Say on stderr why there is no screen; the exit code."""
    print(f"colonytop: {text}", file=sys.stderr)  # noqa: T201  there is no screen to say it on
    return 2


def _chosen(settings: Settings | None, theme: str | None, ascii: bool) -> Settings:
    from tui.settings import Settings

    given = settings or Settings()
    ascii = ascii or given.ascii or not speaks_utf8()
    return replace(given, ascii=ascii, theme=theme or given.theme)


def _open_workspace(roots: Sequence[RootSpec], read_only: bool, settings: Settings) -> Workspace:
    from store.workspace import Workspace

    return Workspace(
        roots,
        read_only=read_only,
        lock_timeout_s=settings.lock_timeout,
        edit_unlocked=settings.edit_unlocked,
    )


def _run_guarded(app: ColonytopApp, ended: Callable[[], None]) -> int:
    """Run the app so that signals and a lost terminal end it; the result is the exit code."""

    def release() -> None:
        app.threads.stop(timeout_s=0.2)
        ended()

    with TerminalGuard(app.end_from_thread, release) as guard:
        try:
            code = app.run()
        finally:
            app.threads.stop(timeout_s=2.0)
            with contextlib.suppress(Exception):
                ended()
    return guard.exit_code or code or app.return_code or 0


def _once(call: Callable[[], object] | None) -> Callable[[], None]:
    """The call, made at most once and never raising into the way out."""
    made: list[bool] = []

    def ended() -> None:
        if call is not None and not made:
            made.append(True)
            call()

    return ended
