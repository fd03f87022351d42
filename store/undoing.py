"""Taking steps back and making them again: from the journal's lines to edits, and what came of it.

An undo is an edit like any other: under the list's lock, refused where somebody has changed the
same since, and written down with what takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from store.journal.aftermath import result_if_made
from store.journal.ledger import Ledger, OpenStep
from store.journal.lines import EditLine
from store.journal.steps import DONE, KEPT, PASSED, Target
from store.model.edits import (
    BatchResult,
    CreateTask,
    DeleteTask,
    Edit,
    EditBatch,
    EditFailure,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import (
    ColonytopError,
    EditRefused,
    LockReentered,
    LockTimeout,
    StorageFailure,
    TransactionQuarantined,
)
from store.model.history import Actor, Direction, Entry, StepOutcome, Via
from store.model.inverse import inverse
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskKey
from store.workspace import Workspace

Begun = Callable[[tuple[Edit, ...]], object]
"""Told the edits of an undo or redo just before they are made."""
Make = Callable[[OpenStep, EditBatch], BatchResult]

_SINCE = 20  # lines of what else has happened to a task that cannot be put back
_TRIES = 3
_PASSING = (LockTimeout, LockReentered, StorageFailure, TransactionQuarantined, EditRefused)
"""Refusals that may be over the next time: the step is not passed over for them."""


class Undoing:
    """Undo and redo for one actor."""

    def __init__(self, workspace: Workspace, ledger: Ledger, make: Make) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._make = make

    def act(self, direction: Direction, name: str | None, begun: Begun | None) -> StepOutcome:
        """Undo or redo the step that is next, or the one of that name."""
        try:
            for _ in range(_TRIES):
                target = self._ledger.find(self._roots(), direction, name)
                if target is None:
                    return StepOutcome(direction, reasons=(self._nothing(direction, name),))
                if name and not target.is_open:
                    text = f"step {name} is taken back or passed over already"
                    return StepOutcome(direction, name, target.label, reasons=(text,))
                edits, reasons = self._edits_of(target)
                self._look_at(edits)
                step = self._ledger.begin_act(edits, target, direction, self._workspace.shown)
                if step is not None:
                    if begun is not None:
                        begun(edits)
                    result = self._make(step, EditBatch(edits, target.label))
                    return self._judge(step, target, direction, result, reasons)
        except ColonytopError as error:
            text = f"the journal cannot be used, so nothing was changed: {error}"
            return StepOutcome(direction, reasons=(text,))
        text = "others undo or redo at the same time; try again"
        return StepOutcome(direction, reasons=(text,))

    def _nothing(self, direction: Direction, name: str | None) -> str:
        """Why there is no step; where the same name has one elsewhere, how to get at it."""
        if name is not None:
            return f"no step {name!r}; `colonytop history LIST` shows each in brackets"
        text = f"nothing to {direction}"
        here = self._ledger.actor
        there = Actor(here.name, Via.COMMAND if here.via is Via.APP else Via.APP)
        if self._ledger.find(self._roots(), direction, None, there) is None:
            return text
        if there.via is Via.APP:
            return f"{text} here; what was done in the app is taken back there"
        return f"{text} here; `colonytop {direction}` is for what was done on the command line"

    def _look_at(self, edits: Iterable[Edit]) -> None:
        """Read the lists that are to be written and were not read yet."""
        for key in dict.fromkeys(edit.list for edit in edits):
            if self._workspace.shown(key) is None:
                with suppress(ColonytopError):  # what is wrong with it is said when it is written
                    self._workspace.open_list(key.id)

    def _roots(self) -> list[str]:
        return [str(path) for path in self._workspace.watch_paths()]

    def _edits_of(self, target: Target) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
        """The edits that take a step's edits back, the last one first; why some have none."""
        edits: list[Edit] = []
        reasons: list[str] = []
        lists: dict[ListKey, TaskList] | None = None
        for line in reversed(target.lines):
            if line.made is None and lists is None:
                lists = dict(self._workspace.scan().lists)
            try:
                edits.extend(_back(line, (lists or {}).get(line.edit.list)))
            except ColonytopError as error:
                reasons.append(str(error))
        return tuple(edits), tuple(dict.fromkeys(reasons))

    def _judge(
        self,
        step: OpenStep,
        target: Target,
        direction: Direction,
        result: BatchResult,
        reasons: tuple[str, ...],
    ) -> StepOutcome:
        """Write down whether that counts, and say what came of it."""
        may_pass = any(isinstance(failure.error, _PASSING) for failure in result.failures)
        if result.results:
            state = DONE[direction]
        else:
            state = KEPT if may_pass or direction is Direction.REDO else PASSED
        step.judge(state)
        if not result.results and not result.failures:
            reasons = reasons or ("it has changed nothing",)
        tried = (*(r.edit for r in result.results), *(f.edit for f in result.failures))
        original = tuple(line.edit for line in target.lines if line.made is not False)
        return StepOutcome(
            direction,
            target.step,
            target.label,
            original if direction is Direction.UNDO else tried,
            result,
            reasons,
            tuple(self._since(target, step, result.failures)),
        )

    def _since(
        self, target: Target, step: OpenStep, failures: Iterable[EditFailure]
    ) -> Iterator[Entry]:
        """What else has happened to the tasks that could not be put back."""
        tasks = dict.fromkeys(key for each in failures if (key := _key(each.edit)) is not None)
        for key in islice(tasks, _SINCE):
            later = self._ledger.entries(key)
            newer = (
                entry
                for entry in _while_newer(later, target.at)
                if entry.step not in (target.step, step.name) and entry.made is not False
            )
            yield from islice(newer, _SINCE)


def _while_newer(entries: Iterator[Entry], at: float) -> Iterator[Entry]:
    for entry in entries:
        if entry.at < at:
            return
        yield entry


def _back(line: EditLine, task_list: TaskList | None) -> tuple[Edit, ...]:
    """What takes one edit of a step back.

    Args:
        task_list: the list as it is now, for an edit whose outcome is not known.

    Raises:
        EditRefused: it was made, or may have been, and nobody knows what was there before.
    """
    if line.made is False:
        return ()
    if line.made:
        if line.inverse is None:
            raise EditRefused(line.said or "what was there before is not known")
        return line.inverse
    result = result_if_made(line, task_list)
    if result is None:
        name = "the new task" if isinstance(line.edit, CreateTask) else f"#{line.task}"
        raise EditRefused(
            f"the program ended while it wrote {name}, and the list shows nothing of that edit"
        )
    # How the far ends of edges stood is not known: both sides get what the task itself says.
    if isinstance(line.edit, DeleteTask) and line.seen is not None:
        return (RestoreTask(line.seen),)
    return tuple(
        replace(back, standing=()) if isinstance(back, UpdateTask) else back
        for back in inverse(result)
    )


def _key(edit: Edit) -> TaskKey | None:
    return None if isinstance(edit, CreateTask) else edit.key
