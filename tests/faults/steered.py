"""Operations of an operator: a batch of edits and a restored task, each one commit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from store.model.edits import (
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId
from store.systems.hive.editing import Editor
from store.systems.hive.native import NativeStore
from tests.faults.model import LIST, Facts, Operation, State, add_edge, create, delete, release

_BACK = 7
"""The id that comes back. The list never gave it away, as far as its mark tells."""


def steer() -> Operation:
    """Release, delete, link and create in one batch."""
    parts = (release(3), delete(2), add_edge(5, 3), create("made in a batch", blocker=1))

    def apply(state: State) -> State:
        return reduce(lambda so_far, part: part.apply(so_far), parts, state)

    def run(store: NativeStore) -> object:
        edits: list[Edit] = [
            ReleaseTask(_key(store, 3)),
            DeleteTask(_key(store, 2)),
            UpdateTask(_key(store, 5), add_blocked_by=(TaskId("3"),)),
            CreateTask(_key(store, 1).list, "made in a batch", blocked_by=(TaskId("1"),)),
        ]
        return _edit(store, edits)

    return Operation("batch of edits", run, apply)


def restore() -> Operation:
    """Bring a task back between 3, which it waits for, and 4, which waits for it."""

    def apply(state: State) -> State:
        if _BACK in state.tasks:
            return state
        three, four = state.tasks[3], state.tasks[4]
        back = Facts("brought back", blocks=frozenset({4}), blocked_by=frozenset({3}))
        return state.put(
            {
                _BACK: back,
                3: _linked(three, blocks=_BACK),
                4: _linked(four, blocked_by=_BACK),
            }
        )

    def run(store: NativeStore) -> object:
        task = Task(
            _key(store, _BACK),
            "brought back",
            blocks=(TaskId("4"),),
            blocked_by=(TaskId("3"),),
        )
        return _edit(store, [RestoreTask(task)])

    return Operation(f"restore {_BACK}", run, apply)


STEERED = (steer(), restore())
"""What the simulator and the kills try beside the operations of agents."""


def _edit(store: NativeStore, edits: Sequence[Edit]) -> object:
    return Editor(store.root, store.lock_timeout_s).apply_all(edits, all_or_none=False)


def _key(store: NativeStore, number: int) -> TaskKey:
    return TaskKey(ListKey("hive", str(store.root), TaskListId(LIST)), TaskId(str(number)))


def _linked(facts: Facts, *, blocks: int | None = None, blocked_by: int | None = None) -> Facts:
    more = frozenset(() if blocks is None else (blocks,))
    waits = frozenset(() if blocked_by is None else (blocked_by,))
    return Facts(
        facts.subject,
        facts.owner,
        facts.status,
        facts.blocks | more,
        facts.blocked_by | waits,
        facts.rest,
    )
