"""Several edits of one list as one change: planned in order over one reading, written once.

Each edit is planned as it would be alone, on records as the edits before it leave them. A record
is read once and, however many edits touch it, written once: the change holds its first and its
last state. An edit that cannot be made leaves no trace in what follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from store.files.codec import parse_object
from store.files.transaction import Write
from store.model.edits import (
    BatchRefused,
    BatchResult,
    CreateTask,
    DeleteTask,
    Edit,
    EditFailure,
    EditResult,
    RestoreTask,
)
from store.model.errors import ColonytopError, UnreadableTask
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskStatus
from store.systems.hive.memory import ListMemory, highest_id, referrers_of
from store.systems.hive.opened import OpenList, Plan, Stored
from store.systems.hive.record import id_of_file
from store.systems.hive.steps import Step, Stepper
from store.systems.records.record import validate_record

Stepped = tuple[Edit, Stepper | ColonytopError]
"""An edit with what plans it, or with why it cannot be made in this layout at all."""

Found = Stored | UnreadableTask | None


def plan_batch(
    opened: OpenList, memory: ListMemory, steps: Sequence[Stepped], *, all_or_none: bool
) -> Plan[BatchResult]:
    """Plan edits one after the other.

    Raises:
        BatchRefused: all or none were asked for, and one or more cannot be made.
    """
    sequence = _Sequence(opened, _sight_of(opened, memory, steps), steps[0][0].list)
    try:
        failures = sequence.run(steps)
        if failures and all_or_none:
            raise BatchRefused(failures, len(steps))
        writes = sequence.writes()
    finally:
        sequence.end()
    if memory.referrers is None:  # who reads all files once need not do it again
        memory.referrers = sequence.memory.referrers
    result = BatchResult(tuple(sequence.results), tuple(failures))
    return Plan(result, writes, sequence.edges, sequence.highest)


def plan_one(
    opened: OpenList, memory: ListMemory, edit: Edit, stepper: Stepper
) -> Plan[EditResult]:
    """Plan one edit alone.

    Raises:
        ColonytopError: why it cannot be made.
    """
    sequence = _Sequence(opened, memory, edit.list)
    try:
        sequence.add(edit, stepper)
        return Plan(sequence.results[0], sequence.writes(), sequence.edges, sequence.highest)
    finally:
        sequence.end()


def _sight_of(opened: OpenList, memory: ListMemory, steps: Sequence[Stepped]) -> ListMemory:
    """A memory of its own for what the batch is going to change, before any of it is changed."""
    edits = [edit for edit, stepper in steps if not isinstance(stepper, ColonytopError)]
    if any(isinstance(edit, (CreateTask, DeleteTask, RestoreTask)) for edit in edits):
        highest_id(opened, memory)
    if any(isinstance(edit, DeleteTask) for edit in edits):
        referrers_of(opened, memory, 0)
    named = memory.referrers
    own = None if named is None else {number: set(ids) for number, ids in named.items()}
    return replace(memory, referrers=own)


@dataclass(slots=True)
class _Sequence:
    """The edits planned so far, and every record that they write: as it was, as it will be."""

    opened: OpenList
    memory: ListMemory
    key: ListKey
    results: list[EditResult] = field(default_factory=list)
    edges: dict[int, set[int]] = field(default_factory=dict)
    highest: int = 0
    _first: dict[int, Found] = field(default_factory=dict)
    _last: dict[int, Stored | None] = field(default_factory=dict)
    _plans: list[list[Write]] = field(default_factory=list)

    def run(self, steps: Sequence[Stepped]) -> list[EditFailure]:
        """Plan each edit; what could not be made."""
        failures = []
        for edit, stepper in steps:
            try:
                if isinstance(stepper, ColonytopError):
                    raise stepper
                self._remember(self.add(edit, stepper))
            except ColonytopError as error:
                failures.append(EditFailure(edit, error))
        return failures

    def add(self, edit: Edit, stepper: Stepper) -> Step:
        step = stepper(self.opened, self.memory)
        coming = {
            number: self._stored(number, write)
            for write in step.plan.writes
            if not write.is_beside and (number := id_of_file(write.name)) is not None
        }
        self.results.append(self._result(edit, step, coming))
        if step.plan.writes:
            self._plans.append(step.plan.writes)
        self.highest = max(self.highest, step.plan.highest)
        for number, named in step.plan.edges.items():
            self.edges.setdefault(number, set()).update(named)
        return step

    def writes(self) -> list[Write]:
        """One write for each file: the order of the plan if only one edit writes, else gates
        that close first and gates that open last.
        """
        if len(self._plans) <= 1:
            return self._plans[0] if self._plans else []
        tasks = self.opened.tasks
        by_number = {
            number: write
            for writes in self._plans
            for write in writes
            if not write.is_beside and (number := id_of_file(write.name)) is not None
        }
        ranked: list[tuple[int, int, Write]] = []
        for number, coming in self._last.items():
            was = self._first[number]
            before = was.content if isinstance(was, Stored) else None
            after = coming.content if coming is not None else None
            if before != after:
                name = by_number[number].name
                rank = _rank(was if isinstance(was, Stored) else None, coming)
                ranked.append((rank, len(ranked), Write(tasks, name, before, after)))
        return self._beside() + [write for _, _, write in sorted(ranked, key=lambda r: r[:2])]

    def end(self) -> None:
        """Let the records be found as they were read."""
        for number, was in self._first.items():
            self.opened.supersede(number, was)

    def _beside(self) -> list[Write]:
        found: dict[str, Write] = {}
        for writes in self._plans:
            for write in writes:
                if write.is_beside:
                    earlier = found.get(write.name, write)
                    sync = earlier.sync or write.sync
                    found[write.name] = replace(write, before=earlier.before, sync=sync)
        return list(found.values())

    def _stored(self, number: int, write: Write) -> Stored | None:
        if write.content is None:
            return None
        raw = parse_object(write.content)
        return Stored(number, write.content, raw, validate_record(raw))

    def _result(self, edit: Edit, step: Step, coming: Mapping[int, Stored | None]) -> EditResult:
        touched = dict.fromkeys((step.target, *coming))
        before = {TaskId(str(number)): self._task(number) for number in touched}
        originals = {}
        if step.deletes and isinstance(was := self.opened.find_or_none(step.target), Stored):
            originals[TaskId(str(step.target))] = was.content.decode("utf-8-sig")
        for number, stored in coming.items():
            was = self.opened.supersede(number, stored)
            self._first.setdefault(number, was)
            self._last[number] = stored
        far = sorted(number for number in coming if number != step.target)
        others = [task for number in far if (task := self._task(number)) is not None]
        return EditResult(
            edit,
            self._task(step.target),
            step.changed,
            tuple(others),
            tuple(task.id for task in others) if step.deletes else (),
            before,
            originals,
        )

    def _task(self, number: int) -> Task | None:
        task = self.opened.task(number)
        if task is None or task.key.list == self.key:
            return task
        return replace(task, key=TaskKey(self.key, task.id))

    def _remember(self, step: Step) -> None:
        """What the next edits must know of this one, were it committed already."""
        self.memory.highest = max(self.memory.highest, step.plan.highest)
        if self.memory.referrers is not None:
            for number, named in step.plan.edges.items():
                for other in named:
                    self.memory.referrers.setdefault(other, set()).add(number)


def _rank(was: Stored | None, coming: Stored | None) -> int:
    """Place in the order of writing: who looks in between sees a task blocked too long, never
    started too early.
    """
    if coming is None:
        return 2
    if was is None:
        return 1
    before, after = set(was.record.blocked_by), set(coming.record.blocked_by)
    was_done = was.record.status == TaskStatus.COMPLETED
    is_done = coming.record.status == TaskStatus.COMPLETED
    if after - before or (was_done and not is_done):
        return 0
    return 4 if before - after or (is_done and not was_done) else 3
