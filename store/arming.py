"""Which directories are watched, by events or by polling, and when that must be set up anew."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from store.events import EventSource, Inbox
from store.files.places import Stamp, nearest_directory, network_kind, stamp
from store.model.snapshot import WatchMode
from store.workspace import Workspace

_ATTEMPTS = 3
_FAILURES = 3  # in so short a time that events are given up for a while
_FAILURES_WITHIN_S = 10.0
_POLLING_FOR_S = 30.0


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
        self._armed: frozenset[tuple[Path, tuple[int, int]]] = frozenset()
        self._failures: list[float] = []
        self._polling_until = 0.0
        self._network: dict[Path, str | None] = {}
        self.is_polling = force_polling

    @property
    def wakes(self) -> bool:
        """An event source is there, which wakes the inbox when all shall end."""
        return self._source is not None

    def arm(self, stop: threading.Event) -> bool:
        """Watch the directories that matter now; True if anything is watched anew."""
        groups = self._groups()
        self._stamps = {path: stamp(path) for paths in groups.values() for path in paths}
        if self._force_polling:
            self._say(groups, dict.fromkeys(groups, "polling was asked for"))
            return False
        reasons = {root: self._reason(root) for root in groups}
        watched = {p for root, paths in groups.items() if not reasons[root] for p in paths}
        wanted = frozenset((p, s.identity) for p in watched if (s := self._stamps[p]))
        if time.monotonic() < self._polling_until:
            return False
        is_new = wanted != self._armed or (self._source is None and bool(wanted))
        if is_new:
            failure = self._rebuild(sorted(path for path, _ in wanted), stop)
            self._armed = wanted if failure is None else frozenset()
            if failure is not None:
                reasons = dict.fromkeys(groups, failure)
                self._polling_until = time.monotonic() + _POLLING_FOR_S
        self._say(groups, reasons)
        return is_new and self._source is not None

    def has_moved(self) -> bool:
        """A list may have come, gone or been replaced since the directories were last armed."""
        for path, was in self._stamps.items():
            now = stamp(path)
            if now == was:
                continue
            if now is None or was is None or now.identity != was.identity:
                return True
            if self._workspace.list_of_path(path / "*") is None:
                return True
            if path / "tasks" not in self._stamps and stamp(path / "tasks"):
                return True
        return self.is_polling and not self._force_polling and self._is_over()

    def fail(self, reason: str) -> None:
        """The event source has ended by itself: set it up again, or poll for a while."""
        self._close()
        now = time.monotonic()
        self._failures = [t for t in self._failures if now - t < _FAILURES_WITHIN_S] + [now]
        if len(self._failures) >= _FAILURES:
            self._polling_until = now + _POLLING_FOR_S
            self._failures = []
            groups = self._groups()
            self._say(groups, dict.fromkeys(groups, f"events cannot be used: {reason}"))

    def disarm(self) -> None:
        """End all watching, and wait a moment for it."""
        source = self._source
        self._close()
        if source is not None:
            source.join(1.0)

    def _is_over(self) -> bool:
        return bool(self._polling_until) and time.monotonic() >= self._polling_until

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
        if root not in self._network or stamp(root) is None:
            self._network[root] = network_kind(root)
        kind = self._network[root]
        return f"{kind} tells no events of other machines" if kind else None

    def _rebuild(self, directories: list[Path], stop: threading.Event) -> str | None:
        """A new source in place of the old one, which runs on until the new one is there."""
        failure: OSError | None = None
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
            except OSError as error:
                failure = error
                break
            self._close()
            self._source = source
            return None
        self._close()
        return f"watching cannot be set up: {failure}"

    def _is_wanted(self, path: str) -> bool:
        if path.endswith((".tmp", ".ctmp", "/.lock")):
            return False
        # In a parent that is watched for a root to come, only that root's way counts.
        below = path + "/"
        return any(
            path.startswith(f"{root}/") or f"{root}/".startswith(below)
            for root in map(str, self._workspace.watch_paths())
        )

    def _say(self, groups: dict[Path, list[Path]], reasons: dict[Path, str | None]) -> None:
        polling = False
        for root in groups:
            reason = reasons[root]
            if reason is not None:
                polling = True
                self._workspace.set_watch(root, WatchMode.POLLING, reason)
            elif stamp(root) is None:
                self._workspace.set_watch(root, WatchMode.WAITING)
            else:
                self._workspace.set_watch(root, WatchMode.EVENTS)
        self.is_polling = polling


def _is_text(path: Path) -> bool:
    """The notifier takes paths as UTF-8 only."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
