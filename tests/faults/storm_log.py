"""What the writers of a storm do and note down, and what must be left of it in the end."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.model.errors import CycleRefused
from store.systems.hive.claims import ClaimOk
from store.systems.hive.native import NativeStore
from store.systems.records.models import TaskRecord

LIST = "colony:storm"
SHARED = 4
"""Tasks 1 to 4 are claimed and released by everybody."""

_KINDS = ("create", "batch", "link", "unlink", "link", "unlink", "delete", "status", "claim")

Note = Callable[..., None]


class Program:
    """One writer's calls. It changes only tasks of its own, and claims the shared ones."""

    def __init__(
        self, store: NativeStore, slot: int, name: str, chance: random.Random, note: Note
    ) -> None:
        self._store = store
        self._owner = f"writer {slot}"
        self._name = name
        self._chance = chance
        self._note = note
        self._count = 0
        self._kept: list[int] = []
        self._single: list[int] = []
        self._links: set[tuple[int, int]] = set()
        self._claimed: int | None = None

    def inherit(self) -> None:
        """Release what a killed writer in the same place had claimed."""
        for task_id in range(1, SHARED + 1):
            found = self._store.get_task(LIST, task_id)
            if found is not None and found.owner == self._owner:
                self._release(task_id)

    def step(self) -> None:
        """Make one call, noted down before and after."""
        self._count += 1
        kind = self._chance.choice(_KINDS)
        if len(self._kept) < 2:
            kind = "batch"
        elif kind == "delete" and not self._single:
            kind = "create"
        elif kind == "unlink" and not self._links:
            kind = "link"
        getattr(self, f"_{kind}")()

    def _create(self) -> None:
        """A task with a blocker: two files."""
        subject = f"single {self._name}.{self._count}"
        blocker = self._chance.choice(self._kept)
        self._note("begin", "create", subject, blocker)
        made = self._store.create_task(LIST, subject, blocked_by=[blocker])
        self._note("ack", made.id)
        self._single.append(made.id)

    def _batch(self) -> None:
        size = self._chance.randint(2, 4)
        subjects = [f"batch {self._name}.{self._count} {n} {size}" for n in range(size)]
        self._note("begin", "batch", subjects)
        made = self._store.create_tasks_batch(LIST, [{"subject": s} for s in subjects])
        ids = [record.id for record in made]
        self._note("ack", ids)
        self._kept = (self._kept + ids)[-12:]
        self._links = {pair for pair in self._links if {*pair} <= {*self._kept}}

    def _link(self) -> None:
        waiting, blocker = self._chance.sample(self._kept, 2)
        self._note("begin", "link", waiting, blocker)
        try:
            self._store.update_task(LIST, waiting, add_blocked_by=[blocker])
        except CycleRefused:
            self._note("refused")
            return
        self._note("ack")
        self._links.add((waiting, blocker))

    def _unlink(self) -> None:
        waiting, blocker = self._chance.choice(sorted(self._links))
        self._note("begin", "unlink", waiting, blocker)
        self._store.update_task(LIST, blocker, remove_blocks=[waiting])
        self._note("ack")
        self._links.discard((waiting, blocker))

    def _delete(self) -> None:
        task_id = self._single.pop(self._chance.randrange(len(self._single)))
        self._note("begin", "delete", task_id)
        self._store.delete_task(LIST, task_id)
        self._note("ack")

    def _status(self) -> None:
        task_id = self._chance.choice(self._kept)
        self._note("begin", "status", task_id, self._count)
        self._store.update_task(
            LIST, task_id, status="in_progress", metadata_patch={"count": self._count}
        )
        self._note("ack")

    def _claim(self) -> None:
        if self._claimed is not None:
            self._release(self._claimed)
            return
        task_id = self._chance.randint(1, SHARED)
        self._note("begin", "claim", task_id, self._owner)
        result = self._store.claim_task(LIST, task_id, self._owner)
        self._note("ack" if isinstance(result, ClaimOk) else "refused")
        if isinstance(result, ClaimOk):
            self._claimed = task_id

    def _release(self, task_id: int) -> None:
        self._note("begin", "release", task_id, self._owner)
        self._store.release_task(LIST, task_id, self._owner)
        self._claimed = None
        self._note("ack")


@dataclass(slots=True)
class Noted:
    """One call as its writer noted it down."""

    name: str
    arguments: list[Any]
    answer: list[Any] = field(default_factory=list)
    is_acknowledged: bool = False


def read_log(place: Path) -> list[Noted]:
    """All calls that were begun and not refused; in order for each writer and its successors."""
    calls: list[Noted] = []
    for path in sorted(place.glob("writer-*.log")):
        for line in path.read_text().splitlines():
            kind, *told = json.loads(line)
            if kind == "begin":
                calls.append(Noted(told[0], told[1:]))
            elif kind == "refused":
                calls.pop()
            else:
                calls[-1].answer, calls[-1].is_acknowledged = told, True
    return calls


def judged(calls: Sequence[Noted], left: Sequence[TaskRecord], probe: int) -> list[str]:
    """What is wrong with what is left: what was acknowledged must be there, what was not may be."""
    rows = {record.id: record for record in left}
    return [
        *_judge_ids(calls, left, probe),
        *_judge_creates(calls, rows),
        *_judge_links(calls, rows),
        *_judge_status(calls, rows),
        *_judge_claims(calls, rows),
    ]


def _given(call: Noted) -> dict[str, int]:
    """Subject → id of what an acknowledged call made."""
    if not call.is_acknowledged or call.name not in ("create", "batch"):
        return {}
    if call.name == "create":
        return {call.arguments[0]: call.answer[0]}
    return dict(zip(call.arguments[0], call.answer[0], strict=True))


def _judge_ids(calls: Sequence[Noted], left: Sequence[TaskRecord], probe: int) -> list[str]:
    given = [number for call in calls for number in _given(call).values()]
    wrong = [f"id {n} was given {times} times" for n, times in Counter(given).items() if times > 1]
    subjects = Counter(record.subject for record in left)
    wrong += [f"{s!r} is there {times} times" for s, times in subjects.items() if times > 1]
    if probe <= max(given, default=0):
        wrong.append(f"id {probe} was given after {max(given)}")
    return wrong


def _judge_creates(calls: Sequence[Noted], rows: dict[int, TaskRecord]) -> list[str]:
    begun = {call.arguments[0] for call in calls if call.name == "delete"}
    gone = {c.arguments[0] for c in calls if c.name == "delete" and c.is_acknowledged}
    wrong = [f"#{number} is there after its delete" for number in sorted(gone & rows.keys())]
    for call in calls:
        for subject, number in _given(call).items():
            found = rows.get(number)
            if found is None and number not in begun:
                wrong.append(f"acknowledged #{number} {subject!r} is lost")
            elif found is not None and found.subject != subject:
                wrong.append(f"#{number} is {found.subject!r}, not {subject!r}")
    return wrong


def _judge_links(calls: Sequence[Noted], rows: dict[int, TaskRecord]) -> list[str]:
    """The last acknowledged word on each edge, or the one in flight after it."""
    allowed: dict[tuple[int, int], set[bool]] = {}
    for call in calls:
        if call.name in ("link", "unlink"):
            words = allowed.setdefault((call.arguments[0], call.arguments[1]), {False})
            if call.is_acknowledged:
                words.clear()
            words.add(call.name == "link")
        for number in _given(call).values() if call.name == "create" else ():
            allowed[number, call.arguments[1]] = {True}
    return [
        f"#{waiting} waits for #{blocker}: {blocker in rows[waiting].blocked_by}"
        for (waiting, blocker), words in allowed.items()
        if waiting in rows and (blocker in rows[waiting].blocked_by) not in words
    ]


def _judge_status(calls: Sequence[Noted], rows: dict[int, TaskRecord]) -> list[str]:
    allowed: dict[int, set[int | None]] = {}
    for call in calls:
        if call.name == "status":
            counts = allowed.setdefault(call.arguments[0], {None})
            if call.is_acknowledged:
                counts.clear()
            counts.add(call.arguments[1])
    return [
        f"#{number} says {rows[number].metadata}, not one of {counts}"
        for number, counts in allowed.items()
        if number in rows and rows[number].metadata.get("count") not in counts
    ]


def _judge_claims(calls: Sequence[Noted], rows: dict[int, TaskRecord]) -> list[str]:
    """A shared task belongs to who claimed it and never began to release it."""
    wrong = []
    for number in range(1, SHARED + 1):
        told = [c for c in calls if c.name in ("claim", "release") and c.arguments[0] == number]
        last = {call.arguments[1]: call for call in told}
        holders = {w for w, c in last.items() if c.name == "claim" and c.is_acknowledged}
        possible = {w for w, c in last.items() if c.name == "claim" or not c.is_acknowledged}
        owner = rows[number].owner if number in rows else "nobody: it is lost"
        if holders and ({owner} != holders or len(holders) > 1):
            wrong.append(f"#{number} belongs to {owner}, claimed by {sorted(holders)}")
        elif owner is not None and owner not in possible:
            wrong.append(f"#{number} belongs to {owner}, who released it")
    return wrong
