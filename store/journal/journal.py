"""The journal of one root: what was edited through colonytop, and what was seen to change.

Two logs: `edits`, which every process appends to, and `seen`, which one recorder appends to. So a
flood of seen changes never pushes out what undo needs. Reading starts at the newest line.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from store.files.failures import storage_failures
from store.files.fs import Directory, open_directory
from store.files.logs import MAX_LINE, LineLog, Reading, SoleHolder
from store.files.places import state_directory
from store.files.waiting import Patience
from store.journal.lines import (
    EditLine,
    Line,
    SeenLine,
    Unwritable,
    VerdictLine,
    format_line,
    parse_line,
    root_line,
)
from store.journal.place import journal_parts
from store.model.edits import RestoreTask
from store.model.history import Entry, Origin
from store.model.task import ListKey, TaskId, TaskKey

LOCK_WAIT_S = 2.0
"""How long an append waits for another process's."""
_PART = 1 << 20  # bytes of seen changes in one append: readers and others get their turn
_NEWS = 4 << 20  # bytes of others' edits read at once


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept. The oldest goes first."""

    edits_segment: int = 4 << 20
    edits_segments: int = 8
    seen_segment: int = 8 << 20
    seen_segments: int = 8


@dataclass(slots=True)
class Damage:
    """What reading met: its cost, and the lines that could not be understood."""

    reading: Reading = field(default_factory=Reading)
    lines: int = 0


class Journal:
    """Thread-safe, and safe beside other processes. Reading makes nothing."""

    def __init__(
        self, root: str, *, state: Path | None = None, limits: Limits | None = None
    ) -> None:
        """Args:
        root: as the keys of its lists name it.
        state: colonytop's state directory, by default this user's.
        """
        limits = limits or Limits()
        self.root = root
        self._state = state or state_directory()
        self._parts = journal_parts(root)
        self._edits = LineLog(
            "edits", segment_bytes=limits.edits_segment, segments=limits.edits_segments
        )
        self._seen = LineLog(
            "seen", segment_bytes=limits.seen_segment, segments=limits.seen_segments
        )
        self._recorder = SoleHolder()

    @property
    def path(self) -> Path:
        """The directory of this journal, which need not be there yet."""
        return self._state.joinpath(*self._parts)

    # Writing

    @contextmanager
    def appending(self, wait_s: float = LOCK_WAIT_S) -> Iterator[Callable[..., None]]:
        """Keep other writers of edits out. The value appends: `append(lines, sync=…)`.

        Raises:
            StorageFailure, LockTimeout: nothing can be appended now.
        """
        with (
            self._open() as directory,
            self._edits.locked(directory, Patience(wait_s)),
        ):

            def append(lines: Iterable[Line], *, sync: bool = False) -> None:
                content = _joined(lines)
                if content:
                    header = root_line(self.root)
                    self._edits.append(directory, content, header=header, sync=sync)

            yield append

    def append(self, lines: Iterable[Line], *, sync: bool = False) -> None:
        """Add lines on edits.

        Args:
            sync: make them survive a power cut, with all that was written before.

        Raises:
            StorageFailure, LockTimeout, Unwritable: nothing was added.
        """
        with self.appending() as append:
            append(lines, sync=sync)

    def record(self, entries: Iterable[Entry]) -> None:
        """Add seen changes; see `append` for what it raises."""
        header = root_line(self.root)
        with self._open() as directory:
            for part in _parts(entries):
                with self._seen.locked(directory, Patience(LOCK_WAIT_S)):
                    self._seen.append(directory, part, header=header, sync=False)

    def become_recorder(self) -> bool:
        """Whether this is the one process that records what is seen, from now until `close`."""
        if self._recorder.is_held:
            return True
        with self._open() as directory:
            return self._recorder.take(directory, ".recorder.lock")

    def close(self) -> None:
        """Let another process record."""
        self._recorder.release()

    # Reading

    def edits_back(self, damage: Damage | None = None) -> Iterator[EditLine | VerdictLine]:
        """Lines on edits, the newest first."""
        for raw in self._raw_back(self._edits, damage):
            line = self._parse(raw, damage)
            if isinstance(line, (EditLine, VerdictLine)):
                yield line

    def entries(
        self,
        key: ListKey,
        task: TaskId | None = None,
        *,
        since: float = 0.0,
        damage: Damage | None = None,
    ) -> Iterator[Entry]:
        """What has happened in a list, or to one task of it, the newest first.

        Args:
            since: epoch seconds; nothing older.
        """
        needles = [_needle(key.id)] + ([] if task is None else [_needle(task)])
        edits = self._entries(self._edits, needles, damage)
        seen = self._entries(self._seen, needles, damage)
        for entry in heapq.merge(edits, seen, key=lambda found: found.at, reverse=True):
            if entry.at < since - _DISORDER_S:
                return
            if entry.at >= since and entry.list == key and (task is None or entry.task == task):
                yield entry

    def position(self) -> tuple[int, int]:
        """Where the next line on edits will be."""
        with self._open_if_there() as directory:
            return self._edits.position(directory) if directory else (1, 0)

    def edits_since(self, position: tuple[int, int]) -> tuple[list[EditLine], tuple[int, int]]:
        """Lines on edits after a position, the oldest first, and the position after them."""
        with self._open_if_there() as directory:
            if directory is None:
                return [], position
            raw, position = self._edits.lines_from(directory, position, _NEWS)
        lines = (parse_line(each, self.root) for each in raw)
        return [line for line in lines if isinstance(line, EditLine)], position

    def _entries(
        self, log: LineLog, needles: Sequence[bytes], damage: Damage | None
    ) -> Iterator[Entry]:
        settled: set[tuple[str, int]] = set()
        for raw in self._raw_back(log, damage):
            if not all(needle in raw for needle in needles):
                continue
            line = self._parse(raw, damage)
            if isinstance(line, SeenLine):
                yield line.entry
            elif isinstance(line, EditLine) and (line.step, line.number) not in settled:
                settled.add((line.step, line.number))
                yield from entries_of(line)

    def _raw_back(self, log: LineLog, damage: Damage | None) -> Iterator[bytes]:
        with self._open_if_there() as directory:
            if directory is not None:
                yield from log.lines_back(directory, damage.reading if damage else None)

    def _parse(self, raw: bytes, damage: Damage | None) -> Line | None:
        line = parse_line(raw, self.root)
        if line is None and damage and not raw.startswith(_HEADER):
            damage.lines += 1
        return line

    def _open(self) -> Directory:
        with storage_failures(self._state):
            return open_directory(self._state, self._parts, create=True)

    @contextmanager
    def _open_if_there(self) -> Iterator[Directory | None]:
        with storage_failures(self._state):
            try:
                directory = open_directory(self._state, self._parts)
            except FileNotFoundError:
                directory = None
            try:
                yield directory
            finally:
                if directory is not None:
                    directory.close()


_HEADER = root_line("")[:15]
_DISORDER_S = 120.0  # lines stand in the order of their writing, not quite in that of their times


def history_of(key: TaskKey, *, state: Path | None = None) -> Iterator[Entry]:
    """What has happened to a task, the newest first. Nothing, where there is no journal."""
    return Journal(key.list.root, state=state).entries(key.list, key.id)


def entries_of(line: EditLine) -> Iterator[Entry]:
    """What an edit did, for each task that it wrote."""
    edit, target = line.edit, line.task
    subjects = {target: line.subject}
    back = line.inverse[0] if line.inverse else None
    gone = back.task if isinstance(back, RestoreTask) else None
    for task in dict.fromkeys((target, *line.wrote)):
        if task is None and line.made:
            continue
        yield Entry(
            line.at,
            Origin.of(line.actor),
            line.actor.name,
            edit.list,
            task,
            str(edit.verb),
            line.wrote.get(task, ()) if task else (),
            subjects.get(task, ""),
            line.label,
            line.step,
            line.made,
            line.said,
            line.act.of if line.act else None,
            last=gone if task == target else None,
        )


def _needle(text: str) -> bytes:
    """What a line that names this holds, as `json.dumps` writes it."""
    return json.dumps(text).encode("ascii")


def _joined(lines: Iterable[Line]) -> bytes:
    found = []
    for line in lines:
        found.append(format_line(line))
        if len(found[-1]) > MAX_LINE:
            raise Unwritable(f"a line of over {MAX_LINE >> 20} MiB")
    return b"".join(found)


def _parts(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Lines together, as much as is appended at once. What cannot be a line is left out."""
    part, size = [], 0
    for entry in entries:
        try:
            part.append(_joined([SeenLine(entry)]))
        except Unwritable:
            continue
        size += len(part[-1])
        if size >= _PART:
            yield b"".join(part)
            part, size = [], 0
    if part:
        yield b"".join(part)
