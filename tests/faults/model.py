"""What the operations mean, without files: tasks as values, operations as functions on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from store.systems.hive.native import NativeStore

LIST = "colony:crash"
NOBODY = 999_999
"""An id that no list here ever has."""

_TIMES = ("created_at", "updated_at")
_NAMED = ("id", "subject", "owner", "status", "blocks", "blocked_by", *_TIMES)


@dataclass(frozen=True, slots=True)
class Facts:
    """One task, less its times. `rest` spells every other field, the unknown ones too."""

    subject: str
    owner: str | None = None
    status: str = "pending"
    blocks: frozenset[int] = frozenset()
    blocked_by: frozenset[int] = frozenset()
    rest: str = '{"active_form": null, "description": "", "metadata": {}}'

    def without(self, gone: int) -> Facts:
        return replace(self, blocks=self.blocks - {gone}, blocked_by=self.blocked_by - {gone})

    def waits_for_nothing(self, tasks: Mapping[int, Facts]) -> bool:
        """Whether it could be started: free, pending, every blocker there and completed."""
        done = all(i in tasks and tasks[i].status == "completed" for i in self.blocked_by)
        return done and self.status == "pending" and not self.owner


def facts_of(record: Mapping[str, Any]) -> Facts:
    """The facts of a parsed task file."""
    rest = {name: value for name, value in record.items() if name not in _NAMED}
    return Facts(
        record["subject"],
        record["owner"],
        str(record["status"]),
        frozenset(record["blocks"]),
        frozenset(record["blocked_by"]),
        json.dumps(rest, sort_keys=True),
    )


@dataclass(frozen=True, slots=True)
class State:
    """A list: its tasks by id, and the highest id it ever gave away."""

    tasks: Mapping[int, Facts]
    highest: int = 0

    def put(self, changed: Mapping[int, Facts]) -> State:
        tasks = {**self.tasks, **changed}
        return State(dict(sorted(tasks.items())), max([self.highest, *changed]))

    def less(self, gone: int) -> State:
        """Without one task, as if it had never been."""
        return State({i: t for i, t in self.tasks.items() if i != gone}, self.highest)

    def one_sided(self) -> list[str]:
        """Edges that only one of their ends knows, and edges that lead nowhere."""
        found = []
        for number, task in self.tasks.items():
            for other in task.blocked_by:
                if other not in self.tasks or number not in self.tasks[other].blocks:
                    found.append(f"#{number} is blocked by #{other}, which does not know")
            for other in task.blocks:
                if other not in self.tasks or number not in self.tasks[other].blocked_by:
                    found.append(f"#{number} blocks #{other}, which does not know")
        return found

    def differences(self, other: State) -> str:
        """The first difference between two lists, in words."""
        for number in sorted({*self.tasks, *other.tasks}):
            mine, theirs = self.tasks.get(number), other.tasks.get(number)
            if mine != theirs:
                return f"#{number} is {mine}, not {theirs}"
        return "none"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the store and what it means."""

    name: str
    run: Callable[[NativeStore], object]
    apply: Callable[[State], State]

    def __str__(self) -> str:
        return self.name


def create(subject: str, blocker: int | None = None) -> Operation:
    wanted = frozenset[int]() if blocker is None else frozenset({blocker})

    def apply(state: State) -> State:
        if not wanted <= state.tasks.keys():
            return state
        number = state.highest + 1
        made = state.put({number: Facts(subject, blocked_by=wanted)})
        return _linked(made, waiting=number, blockers=wanted)

    name = "create" if blocker is None else f"create blocked by {blocker}"
    return Operation(name, lambda store: store.create_task(LIST, subject, blocked_by=wanted), apply)


def batch(count: int) -> Operation:
    specs = [{"subject": f"one of {count}: {place}"} for place in range(count)]

    def apply(state: State) -> State:
        first = state.highest + 1
        return state.put({first + i: Facts(spec["subject"]) for i, spec in enumerate(specs)})

    return Operation(
        f"batch of {count}", lambda store: store.create_tasks_batch(LIST, specs), apply
    )


def add_edge(waiting: int, *blockers: int) -> Operation:
    def apply(state: State) -> State:
        if any(i not in state.tasks for i in (waiting, *blockers)):
            return state
        return _linked(state, waiting, blockers)

    return Operation(
        f"add edge {waiting}←{','.join(map(str, blockers))}",
        lambda store: store.update_task(LIST, waiting, add_blocked_by=blockers),
        apply,
    )


def remove_edge(waiting: int, blocker: int) -> Operation:
    def apply(state: State) -> State:
        changed = {}
        if waiting in state.tasks:
            own = state.tasks[waiting]
            changed[waiting] = replace(own, blocked_by=own.blocked_by - {blocker})
            if blocker in state.tasks:
                far = state.tasks[blocker]
                changed[blocker] = replace(far, blocks=far.blocks - {waiting})
        return state.put(changed)

    return Operation(
        f"remove edge {waiting}←{blocker}",
        lambda store: store.update_task(LIST, waiting, remove_blocked_by=[blocker]),
        apply,
    )


def delete(number: int) -> Operation:
    def apply(state: State) -> State:
        if number not in state.tasks:
            return state
        left = state.less(number)
        return left.put({i: task.without(number) for i, task in left.tasks.items()})

    return Operation(f"delete {number}", lambda store: store.delete_task(LIST, number), apply)


def claim(number: int, claimant: str) -> Operation:
    def apply(state: State) -> State:
        task = state.tasks.get(number)
        if task is None or not task.waits_for_nothing(state.tasks):
            return state
        return state.put({number: replace(task, owner=claimant)})

    return Operation(
        f"claim {number}", lambda store: store.claim_task(LIST, number, claimant), apply
    )


def release(number: int) -> Operation:
    return Operation(
        f"release {number}",
        lambda store: store.release_task(LIST, number),
        lambda state: _set(state, number, owner=None, status="pending"),
    )


def set_status(number: int, status: str) -> Operation:
    return Operation(
        f"set {number} {status}",
        lambda store: store.update_task(LIST, number, status=status),
        lambda state: _set(state, number, status=status),
    )


def retitle(number: int, subject: str) -> Operation:
    return Operation(
        f"retitle {number}",
        lambda store: store.update_task(LIST, number, subject=subject),
        lambda state: _set(state, number, subject=subject),
    )


def look() -> Operation:
    """Takes the lock and changes nothing."""
    return Operation("look", lambda store: store.delete_task(LIST, NOBODY), lambda state: state)


def _set(state: State, number: int, **fields: Any) -> State:
    task = state.tasks.get(number)
    return state if task is None else state.put({number: replace(task, **fields)})


def _linked(state: State, waiting: int, blockers: Iterable[int]) -> State:
    changed = {waiting: state.tasks[waiting]}
    for number in blockers:
        far = state.tasks[number]
        changed[number] = replace(far, blocks=far.blocks | {waiting})
        own = changed[waiting]
        changed[waiting] = replace(own, blocked_by=own.blocked_by | {number})
    return state.put(changed)


def set_up(store: NativeStore) -> None:
    """A small list in which every operation below finds something to do."""
    for subject in ("root", "blocked by 1", "at work", "blocked by 2 and 3", "free", "done"):
        store.create_task(LIST, subject, metadata={"of": subject})
    store.update_task(LIST, 2, add_blocked_by=[1])
    store.update_task(LIST, 4, add_blocked_by=[2, 3])
    store.update_task(LIST, 5, add_blocked_by=[6])
    store.update_task(LIST, 3, owner="ann", status="in_progress")
    store.update_task(LIST, 6, owner="bob", status="completed")


OPERATIONS = (
    create("made"),
    create("made waiting", blocker=3),
    batch(2),
    add_edge(5, 3),
    remove_edge(4, 2),
    delete(2),
    delete(6),
    claim(5, "cat"),
    release(3),
    set_status(3, "completed"),
)
"""The ten of which all workloads are made. They meet on tasks 2 to 6."""

FIRST = (create("first"), batch(2), create("second"))
"""Operations that make a list which was not there."""

RECOVERERS = (look(), retitle(1, "looked at"), create("probe"))
"""The next locked operation after a crash: one of each way through the store."""
