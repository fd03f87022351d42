"""The journals of all roots together, as one actor writes them: steps begun and settled.

Nothing here makes an edit fail. A journal that cannot be written is said once; edits stand, and
cannot be undone.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from store.files.places import state_directory
from store.journal import aftermath
from store.journal.journal import Journal
from store.journal.lines import Act, EditLine, Line, VerdictLine
from store.journal.steps import KEPT, Target, find_redo, find_step, find_undo
from store.model.edits import CreateTask, Edit, EditFailure, EditResult
from store.model.errors import ColonytopError
from store.model.history import Actor, Direction, Entry
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskKey

Shown = Callable[[ListKey], TaskList | None]
"""A list as it was last seen, without a look at the disk."""
Warn = Callable[[str], object]

_REMEMBERED = 10_000  # tasks as our edits left them
_HURRIED_S = 0.5  # how long a journal is waited for that could not be written the last time


class Ledger:
    """Thread-safe. Journals are opened when they are first needed."""

    def __init__(
        self, actor: Actor, warn: Warn | None = None, *, state: Path | None = None
    ) -> None:
        self.actor = actor
        self.own: set[str] = set()
        """Steps of this process."""
        self._warn = warn
        self._state = state
        self._lock = threading.Lock()
        self._journals: dict[str, Journal] = {}
        self._written: dict[TaskKey, Task] = {}
        self._is_failing = False
        self._has_warned = False

    def journal(self, root: str) -> Journal:
        with self._lock:
            if root not in self._journals:
                self._journals[root] = Journal(root, state=self._state)
            return self._journals[root]

    def begin(self, edits: Sequence[Edit], label: str, shown: Shown) -> OpenStep:
        """Write down what is about to be tried."""
        step = self._open_step(edits, label)
        for root, lines in step.by_root(self._intents(step, shown)):
            self._append(root, lines, sync=True)
        return step

    def begin_act(
        self, edits: Sequence[Edit], target: Target, direction: Direction, shown: Shown
    ) -> OpenStep | None:
        """The same for an undo or redo; None: another process was faster, look again.

        Raises:
            ColonytopError: it cannot be written down, so it must not be done: it would be undone
                twice.
        """
        roots = [line.edit.list.root for line in target.lines]
        step = self._open_step(edits, target.label, Act(direction, target.step), roots)
        for root, lines in step.by_root(self._intents(step, shown)):
            journal = self.journal(root)
            with journal.appending() as append:
                now = self.find_in(journal, direction, target.step)
                is_next = now is not None and now.step == target.step
                if not is_next or (direction is Direction.UNDO and now and not now.is_open):
                    step.judge(KEPT)  # where it has begun already
                    return None
                append(lines, sync=True)
        return step

    def find(
        self,
        roots: Iterable[str],
        direction: Direction,
        step: str | None,
        actor: Actor | None = None,
    ) -> Target | None:
        """The step that is next to undo or redo under the roots; the newest of them.

        Args:
            step: that step and no other.
            actor: whose steps count, by default the own ones.

        Raises:
            StorageFailure: a journal cannot be read.
        """
        journals = [self.journal(root) for root in roots]
        found = [t for j in journals if (t := self.find_in(j, direction, step, actor))]
        if not found:
            return None
        newest = max(found, key=lambda target: target.at)
        parts = [t for t in found if t.step == newest.step and t is not newest]
        lines = tuple(line for part in (newest, *parts) for line in part.lines)
        return Target(newest.step, newest.at, newest.label, lines, newest.is_open)

    def find_in(
        self,
        journal: Journal,
        direction: Direction,
        step: str | None,
        actor: Actor | None = None,
    ) -> Target | None:
        """The same in one journal."""
        if step is not None and direction is Direction.UNDO:
            return find_step(journal.edits_back(), step)
        find = find_undo if direction is Direction.UNDO else find_redo
        return find(journal.edits_back(), actor or self.actor)

    def entries(self, key: TaskKey) -> Iterator[Entry]:
        """The history of a task, the newest first."""
        return self.journal(key.list.root).entries(key.list, key.id)

    def close(self) -> None:
        with self._lock:
            for journal in self._journals.values():
                journal.close()

    def fail(self, error: ColonytopError) -> None:
        """Say once that the journal cannot be written."""
        self._is_failing = True
        if not self._has_warned and self._warn is not None:
            self._has_warned = True
            where = f"it is kept in {self._state or state_directory()}"
            self._warn(f"no journal: {error}; edits are made, but cannot be undone; {where}")

    def append_settled(self, step: OpenStep, lines: Iterable[Line]) -> None:
        """Add what came of a step."""
        for root, part in step.by_root(lines):
            self._append(root, part, sync=False)

    def _open_step(
        self,
        edits: Sequence[Edit],
        label: str,
        act: Act | None = None,
        roots: Iterable[str] = (),
    ) -> OpenStep:
        name = f"{time.time_ns():x}-{secrets.token_hex(4)}"
        self.own.add(name)
        counts: dict[str, int] = {}
        numbers = []
        for edit in edits:  # counted root by root: no journal knows of another
            numbers.append(counts.get(edit.list.root, 0))
            counts[edit.list.root] = numbers[-1] + 1
        at = time.time()
        lines = [
            EditLine(name, n, counts[e.list.root], at, self.actor, e, label=label, act=act)
            for n, e in zip(numbers, edits, strict=True)
        ]
        return OpenStep(self, name, lines, act, roots)

    def _intents(self, step: OpenStep, shown: Shown) -> Iterator[EditLine]:
        for line in step.lines:
            seen = None
            if not isinstance(line.edit, CreateTask):
                task_list = shown(line.edit.list)
                known = task_list.tasks.get(line.edit.key.id) if task_list else None
                seen = _newer(known, self._written.get(line.edit.key))
            yield aftermath.intent(line, seen)

    def note_written(self, result: EditResult) -> None:
        """What an edit wrote may be seen no sooner than the next one begins."""
        if len(self._written) > _REMEMBERED:
            self._written.clear()
        for task in (result.task, *result.others):
            if task is not None:
                self._written[task.key] = task

    def _append(self, root: str, lines: Sequence[Line], *, sync: bool) -> None:
        try:
            wait = {"wait_s": _HURRIED_S} if self._is_failing else {}
            with self.journal(root).appending(**wait) as append:
                append(lines, sync=sync)
            self._is_failing = False
        except ColonytopError as error:
            self.fail(error)


class OpenStep:
    """A step that is being made."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        lines: Sequence[EditLine],
        act: Act | None = None,
        roots: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.lines = lines
        self._roots = tuple(dict.fromkeys([*roots, *(line.edit.list.root for line in lines)]))
        self._ledger = ledger
        self._act = act
        self._line_of = {id(line.edit): line for line in lines}

    def by_root(self, lines: Iterable[Line]) -> Iterator[tuple[str, list[Line]]]:
        """The lines by the root that they belong to; verdicts belong to every root of the step."""
        found: dict[str, list[Line]] = {root: [] for root in self._roots}
        for line in lines:
            for root in [line.edit.list.root] if isinstance(line, EditLine) else self._roots:
                found[root].append(line)
        yield from ((root, part) for root, part in found.items() if part)

    def settle(
        self, results: Iterable[EditResult] = (), failures: Iterable[EditFailure] = ()
    ) -> None:
        """Write down what came of edits."""
        at = time.time()
        lines: list[Line] = []
        for result in results:
            lines.append(aftermath.made(self._known(result.edit), result, at))
            self._ledger.note_written(result)
        lines += [aftermath.refused(self._known(each.edit), each.error, at) for each in failures]
        self._ledger.append_settled(self, lines)

    def judge(self, state: str) -> None:
        """Write down what has become of the step that this one undid or redid."""
        assert self._act is not None
        verdict = VerdictLine(self.name, self._act, time.time(), self._ledger.actor, state)
        self._ledger.append_settled(self, [verdict])

    def _known(self, edit: Edit) -> EditLine:
        line = self._line_of[id(edit)]
        return line if isinstance(edit, CreateTask) else replace(line, task=edit.key.id)


def _newer(one: Task | None, other: Task | None) -> Task | None:
    """The one whose record was written later, by its own time."""
    if one is None or other is None:
        return one or other
    return other if (other.updated_at or 0.0) > (one.updated_at or 0.0) else one
