"""What a store remembers of a list between its calls, and how it knows that it still holds.

Ids come from file names and the mark, never from what files say. Listing 10,000 names takes 5 ms,
reading the mark 4 µs: so the highest id is remembered together with the time of the last change
of the tasks' directory and the mark as it was then. Who else creates a task moves both.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from store.collector import collector_paused
from store.files.codec import Unparsable
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.transaction import Write
from store.model.errors import InvalidField, StorageFailure
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.record import file_name, id_of_file
from store.systems.records.record import MAX_ID, parse_record

MARK_NAME = ".highwatermark"

_MARK = re.compile(rb"([0-9]{1,12})\s?", re.ASCII)
_MARK_LIMIT = 64
_LISTS = 256
_EDGES = re.compile(rb'"(?:blocks|blocked_by)"\s*:\s*\[([^\]]*)\]')
_NO_EDGES = (b'"blocks": []', b'"blocked_by": []')
_NUMBER = re.compile(rb"[0-9]+")

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class ListMemory:
    """One list, as this store last left or found it. Used under the list's lock only."""

    highest: int = 0
    """The highest id ever seen here; a restored or spoilt mark cannot make it lower."""
    highest_known: bool = False
    """Whether `highest` takes every name of the directory at `stamp` into account."""
    counted_in: tuple[int, int] | None = None
    """The directory whose names were all counted in once."""
    stamp: Stamp | None = None
    """Identity and time of the tasks' directory at the end of the last call."""
    mark: bytes | None = None
    """The mark's content when `highest` was found."""
    durable_mark: bytes | None = None
    """A mark that is known to survive a power cut."""
    referrers: dict[int, set[int]] | None = None
    """id → ids of records that may name it in an edge; more than do, never fewer."""

    def forget(self) -> None:
        """Nobody knows any more how things stand, except that ids never come back."""
        self.stamp = self.mark = self.durable_mark = self.referrers = None
        self.highest_known = False
        self.counted_in = None

    def recall(self, opened: OpenList) -> None:
        """Drop what does not hold any more: somebody else was here."""
        stamp = stamp_of(opened.tasks)
        if self.stamp != stamp:
            self.stamp = stamp
            self.highest_known = False
            self.referrers = None

    def keep(self, opened: OpenList, plan: Plan[Any]) -> None:
        """Take over what a commit changed. What was not known before stays unknown."""
        self.highest = max(self.highest, plan.highest)
        if self.referrers is not None:
            for task_id, named in plan.edges.items():
                for other in named:
                    self.referrers.setdefault(other, set()).add(task_id)
        for write in plan.writes:
            if write.name == MARK_NAME:
                self.mark = write.content
                if write.sync:
                    self.durable_mark = write.content
        self.stamp = None
        with suppress(OSError):  # the change stands whatever can be remembered of it
            self.stamp = stamp_of(opened.tasks)


class Memories:
    """The memory of each list that a store worked on lately."""

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[int, int], ListMemory] = OrderedDict()

    def of(self, directory: Directory) -> ListMemory:
        identity = directory.identity()
        memory = self._lists.get(identity)
        if memory is None:
            memory = self._lists[identity] = ListMemory()
            if len(self._lists) > _LISTS:
                self._lists.popitem(last=False)
        return memory


def stamp_of(tasks: Directory) -> Stamp:
    return (*tasks.identity(), tasks.mtime_ns())


def highest_id(opened: OpenList, memory: ListMemory) -> int:
    """The highest id that this list ever gave away, as far as anything still tells.

    Raises:
        StorageFailure: the mark cannot be read because the disk failed: guessing could reuse ids.
    """
    mark = read_mark(opened.directory)
    if not memory.highest_known or memory.mark != mark:
        value = mark_value(mark)
        if not _is_told_by_mark(opened, memory, value):
            value = max(value, opened.highest_name())
            memory.counted_in = opened.tasks.identity()
        memory.highest = max(memory.highest, value)
        memory.mark = mark
        memory.highest_known = True
    return memory.highest


def _is_told_by_mark(opened: OpenList, memory: ListMemory, value: int) -> bool:
    """Whether others only edited, or kept the mark as they created, since all names were counted.

    Who creates without the mark takes the next id; a create never overwrites in any case.
    """
    if memory.counted_in != opened.tasks.identity() or value < max(memory.highest, 1):
        return False
    return opened.tasks.status(file_name(value + 1)) is None


def read_mark(directory: Directory) -> bytes | None:
    try:
        return directory.read_bytes(MARK_NAME, _MARK_LIMIT)
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        if error.is_passing or isinstance(error.__cause__, PermissionError):
            raise StorageFailure(error.path, error.reason) from error
        return b""


def mark_value(mark: bytes | None) -> int:
    """The id that a mark stands for; 0 for one that is spoilt, so that only names count."""
    match = _MARK.fullmatch(mark) if mark is not None else None
    return int(match[1]) if match else 0


def next_ids(highest: int, count: int) -> range:
    """The ids after the highest one.

    Raises:
        InvalidField: there are none left.
    """
    if highest + count >= MAX_ID:  # a mark has at most twelve digits
        raise InvalidField("id", f"the list has used its ids up to {highest}")
    return range(highest + 1, highest + count + 1)


def mark_write(opened: OpenList, memory: ListMemory, value: int, *, sync: bool) -> list[Write]:
    """What makes the mark stand for at least `value`; nothing if it does.

    A create need not sync it: the new file's name carries the id. A removal must, and so must a
    create that replaces a mark of which no file tells any more.
    """
    mark = read_mark(opened.directory)
    enough = mark_value(mark) >= value
    if enough and (not sync or mark == memory.durable_mark):
        return []
    content = mark if enough and mark is not None else str(value).encode()
    sync = sync or opened.tasks.status(file_name(max(1, mark_value(mark)))) is None
    return [Write(opened.directory, MARK_NAME, mark, content, sync)]


def referrers_of(opened: OpenList, memory: ListMemory, task_id: int) -> Iterable[int]:
    """Ids of the records that may name a task in an edge, one-sided edges too, ascending.

    The first time, and after a foreign change, every file is read, but parsed only where needed.
    """
    if memory.referrers is None:
        memory.referrers = _scan_referrers(opened)
    return sorted(memory.referrers.get(task_id, ()))


def _scan_referrers(opened: OpenList) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    names = [name for name in opened.tasks.plain_names() if id_of_file(name) is not None]
    with collector_paused():
        contents = opened.tasks.read_all(names)
        for name in names:
            content = contents.get(name) or _read_again(opened, name)
            for other in _named_in(content):
                found.setdefault(other, set()).add(int(name[: -len(".json")]))
    return found


def _read_again(opened: OpenList, name: str) -> bytes:
    """A record that could not be read with the others; empty if it is gone or no record."""
    try:
        return opened.tasks.read_bytes(name)
    except FileNotFoundError:
        return b""
    except UnreadableFile as error:
        if error.is_passing:
            raise StorageFailure(error.path, error.reason) from error
        return b""


def _named_in(content: bytes) -> set[int]:
    if b"\\u00" in content:  # a key could be spelt with escapes
        try:
            record = parse_record(content)
        except Unparsable:
            return set()
        return {*record.blocks, *record.blocked_by}
    if all(none in content for none in _NO_EDGES) and content.count(b'"block') == 2:
        return set()
    named: set[int] = set()
    for numbers in filter(None, _EDGES.findall(content)):
        try:
            named.update(map(int, numbers.split(b",")))
        except ValueError:  # not only numbers, or none that could be an id
            named.update(int(n) for n in _NUMBER.findall(numbers) if len(n) <= 13)
    return named
