"""Which directories are watched, by events or by polling, and when that must be set up anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path

from store.events import EventSource, Inbox
from store.files.places import Stamp, nearest_directory, network_kind, stamp
from store.model.snapshot import WatchMode
from store.workspace import Workspace

_ATTEMPTS = 3
_FAILURES = 3  # in so short a time that events are given up for a while
_FAILURES_WITHIN_S = 10.0
_POLLING_FOR_S = 30.0

_PASSING = (".tmp", ".ctmp", "/.lock", "/.lock.lock", ".json.lock")  # come and go beside records

Armed = frozenset[tuple[Path, tuple[int, int]]]


class Arming:
    """The event source of a watcher, rebuilt whenever the directories change."""

    def __init__(
        self,
        workspace: Workspace,
        inbox: Inbox,
        *,
        debounce_ms: int,
        step_ms: int,
        force_polling: bool,
    ) -> None:
        self._workspace = workspace
        self._inbox = inbox
        self._debounce_ms = debounce_ms
        self._step_ms = step_ms
        self._force_polling = force_polling
        self._source: EventSource | None = None
        self._stamps: dict[Path, Stamp | None] = {}
        self._armed: Armed = frozenset()
        self._known: Armed = frozenset()
        self._failures: list[float] = []
        self._polling_until = 0.0
        self._polling_reason = ""
        self._due = True
        self._seen = -1
        self._roots = list(map(str, workspace.root_paths))
        self._network: dict[Path, str | None] = {}
        self.is_polling = force_polling

    @property
    def wakes(self) -> bool:
        """An event source is there, which wakes the inbox when all shall end."""
        return self._source is not None

    def arm(self, stop: threading.Event) -> bool:
        """Watch the directories that matter now.

        True: the set of them is another than before. What happened in the new ones until now told
        nobody, so look again, and then arm again.
        """
        if not self._is_due():
            return False
        self._due, self._seen = False, self._workspace.discoveries
        groups = self._groups()
        paths = {path for group in groups.values() for path in group}
        self._stamps = {p: self._stamps[p] if p in self._stamps else stamp(p) for p in paths}
        reasons = {root: self._reason(root) for root in groups}
        now = frozenset((path, found.identity) for path in paths if (found := stamp(path)))
        is_new = now != self._known
        self._known = now
        if time.monotonic() >= self._polling_until:
            watched = {p for root, group in groups.items() if not reasons[root] for p in group}
            self._polling_until = 0.0
            failure = self._watch(frozenset(k for k in now if k[0] in watched), stop)
            if failure is not None:
                self._poll_for_a_while(failure)
        self._say(groups, reasons)
        return is_new

    def note(self, paths: Iterable[Path]) -> None:
        """Take in where events came from. A watched directory that is named itself came or went:
        its watch may be dead, although the number of the new one can be that of the old.
        """
        if any(path in self._stamps for path in paths):
            self._armed = self._known = frozenset()
            self._due = True

    def has_moved(self) -> bool:
        """A list may have come, gone or been replaced since this was asked last."""
        moved = False
        for path, was in self._stamps.items():
            now = stamp(path)
            if now == was:
                continue
            self._stamps[path] = now
            moved = (
                moved
                or now is None
                or was is None
                or now.identity != was.identity
                or self._workspace.list_of_path(path / "*") is None
                or (path / "tasks" not in self._stamps and stamp(path / "tasks") is not None)
            )
        return moved

    def fail(self, reason: str) -> None:
        """The event source has ended by itself: set it up again, or poll for a while."""
        self._close()
        self._due = True
        now = time.monotonic()
        self._failures = [t for t in self._failures if now - t < _FAILURES_WITHIN_S] + [now]
        if len(self._failures) >= _FAILURES:
            self._failures = []
            self._poll_for_a_while(f"events cannot be used: {reason}")

    def disarm(self) -> None:
        """End all watching, and wait a moment for it."""
        source = self._source
        self._close()
        if source is not None:
            source.join(1.0)

    def _is_due(self) -> bool:
        """Something speaks for another set of directories, or for another attempt."""
        is_over = bool(self._polling_until) and time.monotonic() >= self._polling_until
        return self._due or is_over or self._workspace.discoveries != self._seen

    def _poll_for_a_while(self, reason: str) -> None:
        self._polling_until = time.monotonic() + _POLLING_FOR_S
        self._polling_reason = reason

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
        self._source = None
        self._armed = frozenset()

    def _groups(self) -> dict[Path, list[Path]]:
        """For each root the directories to watch; for one that is not there its nearest parent."""
        groups: dict[Path, list[Path]] = {}
        for root, paths in self._workspace.watch_paths().items():
            if stamp(root) is None:
                near = nearest_directory(root)
                groups[root] = [near] if near else []
            else:
                groups[root] = [path for path in paths if _is_text(path)] or [root]
        return groups

    def _reason(self, root: Path) -> str | None:
        """Why a root sends no events."""
        if self._force_polling:
            return "polling was asked for"
        if root not in self._network or stamp(root) is None:
            self._network[root] = network_kind(root)
        kind = self._network[root]
        return f"{kind} tells no events of other machines" if kind else None

    def _watch(self, wanted: Armed, stop: threading.Event) -> str | None:
        """Have exactly these directories watched; the reason if that cannot be."""
        if wanted == self._armed:
            return None
        if not wanted:
            self._close()
            return None
        failure = self._rebuild(sorted(path for path, _ in wanted), stop)
        self._armed = wanted if failure is None else frozenset()
        return failure

    def _rebuild(self, directories: list[Path], stop: threading.Event) -> str | None:
        """A new source in place of the old one, which runs on until the new one is there."""
        failure: Exception | None = None
        for _ in range(_ATTEMPTS):
            present = [path for path in directories if stamp(path)]
            try:
                source = EventSource(
                    present,
                    self._inbox,
                    stop,
                    self._is_wanted,
                    debounce_ms=self._debounce_ms,
                    step_ms=self._step_ms,
                )
            except FileNotFoundError as error:  # went away just now
                failure = error
                continue
            except (OSError, RuntimeError, ValueError) as error:  # a limit, a path that is no text
                failure = error
                break
            self._close()
            self._source = source
            return None
        self._close()
        return f"watching cannot be set up: {failure}"

    def _is_wanted(self, path: str) -> bool:
        if path.endswith(_PASSING):
            return False
        # In a parent that is watched for a root to come, only that root's way counts.
        below = path + "/"
        return any(
            path.startswith(f"{root}/") or f"{root}/".startswith(below) for root in self._roots
        )

    def _say(self, groups: dict[Path, list[Path]], reasons: dict[Path, str | None]) -> None:
        gave_up = time.monotonic() < self._polling_until
        self.is_polling = gave_up or any(reasons.values())
        for root in groups:
            reason = reasons[root] or (self._polling_reason if gave_up else None)
            if reason is not None:
                self._workspace.set_watch(root, WatchMode.POLLING, reason)
            elif stamp(root) is None:
                self._workspace.set_watch(root, WatchMode.WAITING)
            else:
                self._workspace.set_watch(root, WatchMode.EVENTS)


def _is_text(path: Path) -> bool:
    """The notifier takes paths as UTF-8 only."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
