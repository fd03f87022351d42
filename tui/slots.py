"""One numbered slot per task: what the projector knows of it. Numbers are never used twice, so
that projections which were handed out earlier keep naming the same tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import compress, count, islice
from operator import is_not
from typing import Any

from store.model.attention import DisplayState
from store.model.query import searched_text
from store.model.snapshot import TaskList
from store.model.task import Capabilities, ListKey, Task, TaskId, TaskKey
from tui.ordering import STATES, Facts, IdKey, id_key

_NO_FACTS = Facts(DisplayState.WAITING, 0, 0, False, -1)
_SEPARATORS = "-_:./#"


@dataclass(slots=True)
class ListTally:
    """What is counted and measured of one list's tasks, kept up to date by differences."""

    slots: dict[TaskId, int] = field(default_factory=dict)
    by_rank: list[int] = field(default_factory=lambda: [0] * len(STATES))
    needs_you: int = 0
    longest_id: str = ""
    longest_owner: str = ""
    id_prefix: str | None = None

    def count(self, facts: Facts, by: int) -> None:
        self.by_rank[facts.rank] += by
        if facts.needs_you:
            self.needs_you += by

    def measure(self, task: Task) -> None:
        """Columns only grow: a narrower list must not make the table jump."""
        if len(task.id) > len(self.longest_id):
            self.longest_id = task.id
        if task.owner is not None and len(task.owner) > len(self.longest_owner):
            self.longest_owner = task.owner
        if self.id_prefix is None:
            self.id_prefix = task.id
        elif not task.id.startswith(self.id_prefix):
            self.id_prefix = _shared_start(self.id_prefix, task.id)


class Slots:
    """Parallel arrays by slot number."""

    def __init__(self) -> None:
        self.keys: list[TaskKey] = []
        self.tasks: list[Task] = []
        self.facts: list[Facts] = []
        self.id_keys: list[IdKey] = []
        self.sort_keys: list[Any] = []
        self.groups: list[Any] = []
        self.codes: list[Any] = []
        """Group and state, as `ordering.group_code` puts them."""
        self.homes: list[int] = []
        """Number of the list that the task is in."""
        self.home_of: dict[ListKey, int] = {}
        self.lists: list[TaskList] = []
        """By number, each as it is now."""
        self.has_new_ladder = False
        """A list has other priorities than when its tasks were sorted."""
        self.texts: list[str] = []
        """Searched texts, kept from the first search on."""
        self._has_texts = False
        self.placed = bytearray()
        """1 while the task is in the order."""

    def see(self, task_list: TaskList) -> None:
        """Note a list as it is now, before its tasks are added."""
        home = self.home_of.setdefault(task_list.key, len(self.lists))
        if home == len(self.lists):
            self.lists.append(task_list)
            return
        ladder = self.lists[home].info.capabilities.priorities
        self.has_new_ladder |= ladder != task_list.info.capabilities.priorities
        self.lists[home] = task_list

    def allowed(self, key: ListKey) -> Capabilities:
        """What a list that has been seen allows."""
        return self.lists[self.home_of[key]].info.capabilities

    def add(self, task: Task) -> int:
        """A new slot, not yet judged or placed. Its list has been seen."""
        slot = len(self.keys)
        self.keys.append(task.key)
        self.tasks.append(task)
        self.facts.append(_NO_FACTS)
        self.id_keys.append(id_key(task.key))
        self.sort_keys.append(0)
        self.groups.append(0)
        self.codes.append(0)
        self.homes.append(self.home_of[task.key.list])
        self.placed.append(0)
        if self._has_texts:
            self.texts.append(searched_text(task))
        return slot

    def put(self, slot: int, task: Task, facts: Facts) -> None:
        self.facts[slot] = facts
        if self.tasks[slot] is not task:
            self.tasks[slot] = task
            if self._has_texts:
                self.texts[slot] = searched_text(task)

    def require_texts(self) -> None:
        """Have the searched texts ready."""
        if not self._has_texts:
            self._has_texts = True
            self.texts = list(map(searched_text, self.tasks))


def id_prefix(prefixes: Iterable[str | None]) -> str:
    """What all ids start with, cut after its last separator."""
    known = [prefix for prefix in prefixes if prefix is not None]
    shared = reduce(_shared_start, known) if known else ""
    end = max((shared.rfind(separator) for separator in _SEPARATORS), default=-1)
    return shared[: end + 1]


def _shared_start(one: str, other: str) -> str:
    for place, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            return one[:place]
    return min(one, other, key=len)


def moved_ids(before: TaskList | None, after: TaskList) -> Collection[TaskId]:
    """Ids of which a list may name another object than before, or none."""
    if before is None:
        return after.tasks.keys()
    known = after.changed_since(before)
    return changed_ids(before.tasks, after.tasks) if known is None else known


def changed_ids(old: Mapping[TaskId, Task], new: Mapping[TaskId, Task]) -> list[TaskId]:
    """Ids that came, went or name another object now.

    What both have in common at the start and at the end is compared in C; that is nearly all,
    because a scan keeps the order and shares what did not move.
    """
    if old is new:
        return []
    were, are = list(old.values()), list(new.values())
    shorter = min(len(were), len(are))
    first = next(compress(count(), map(is_not, were, are)), shorter)
    same_end = next(compress(count(), map(is_not, reversed(were), reversed(are))), shorter)
    same_end = min(same_end, shorter - first)
    old_ids = list(old)[first : len(were) - same_end]
    new_ids = list(new)[first : len(are) - same_end]
    are = are[first : len(are) - same_end]
    if old_ids == new_ids:
        return list(compress(new_ids, map(is_not, islice(were, first, None), are)))
    known = old.get
    changed = [i for i, task in zip(new_ids, are, strict=True) if known(i) is not task]
    changed.extend(task_id for task_id in old_ids if task_id not in new)
    return changed
