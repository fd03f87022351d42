"""One person or program at work on a workspace: the door through which all edits go."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from store.journal.ledger import Ledger, OpenStep, Warn
from store.journal.recorder import Recorder
from store.model.edits import (
    BatchRefused,
    BatchResult,
    Edit,
    EditBatch,
    EditFailure,
    EditResult,
)
from store.model.errors import ColonytopError, CommittedPending
from store.model.history import Actor, Direction, Entry, StepOutcome, Via
from store.model.snapshot import EMPTY_SNAPSHOT, Change, Snapshot
from store.model.task import TaskKey
from store.undoing import Begun, Undoing
from store.workspace import Workspace


class Operator:
    """Makes edits in a workspace under a name. Thread-safe; lists are edited side by side."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        name: str = "you",
        via: Via = Via.APP,
        warn: Warn | None = None,
        state: Path | None = None,
    ) -> None:
        """Args:
        workspace: where the lists are.
        name: who edits; undo takes back the steps of that name, made through `via`.
        warn: told once, in a sentence, if the journal cannot be written.
        state: where the journal is kept, by default in the user's state directory.
        """
        self.workspace = workspace
        self.actor = Actor(name, via)
        self._ledger = Ledger(self.actor, warn, state=state)
        self._undoing = Undoing(workspace, self._ledger, self._make)
        self._recorders: dict[str, Recorder] = {}
        self._observing = threading.Lock()
        self._seen: Snapshot = EMPTY_SNAPSHOT

    @property
    def name(self) -> str:
        return self.actor.name

    # Editing

    def apply(self, edit: Edit, label: str = "") -> EditResult:
        """Make one edit, which is a step of its own; see `Workspace.apply` for what it raises."""
        step = self._ledger.begin((edit,), label, self.workspace.shown)
        try:
            result = self.workspace.apply(edit)
        except CommittedPending as error:
            if isinstance(error.result, EditResult):
                step.settle([error.result])
            raise
        except ColonytopError as error:
            step.settle(failures=[EditFailure(edit, error)])
            raise
        step.settle([result])
        return result

    def apply_all(self, batch: EditBatch) -> BatchResult:
        """Make the edits of a batch as one step, one commit for each list.

        What is refused, for whatever reason, is among the failures of the result.
        """
        step = self._ledger.begin(batch.edits, batch.label, self.workspace.shown)
        return self._make(step, batch)

    # Undo

    def undo(self, *, step: str | None = None, begun: Begun | None = None) -> StepOutcome:
        """Take back this actor's newest step that still stands, with the checks of any edit.

        What cannot be taken back because of what others changed since is passed over: the next
        undo is about the step before.

        Args:
            step: take back that step, whoever made it.
            begun: told the edits before they are made.
        """
        return self._undoing.act(Direction.UNDO, step, begun)

    def redo(self, *, begun: Begun | None = None) -> StepOutcome:
        """Make again what this actor took back last, as long as nothing newer was edited."""
        return self._undoing.act(Direction.REDO, None, begun)

    # Reading

    def history(self, key: TaskKey) -> Iterator[Entry]:
        """What has happened to a task, newest first, as far as the journal reaches."""
        return self._ledger.entries(key)

    def observe(self, snapshot: Snapshot, changes: Sequence[Change]) -> tuple[Entry, ...]:
        """Take what a scan brought, for `record` to write down. For one thread, after each scan.

        Returns:
            What others have edited through colonytop since the last time, oldest first.
        """
        with self._observing:
            before, self._seen = self._seen, snapshot
            by_root: dict[str, list[Change]] = {root.path: [] for root in snapshot.roots}
            for change in changes:
                by_root.setdefault(change.list.root, []).append(change)
            others: list[Entry] = []
            for root, part in by_root.items():
                others.extend(self._observe_root(root, before, part))
            return tuple(others)

    def record(self) -> None:
        """Write down what was observed and no edit explains, if no other process does."""
        with self._observing:
            try:
                for recorder in self._recorders.values():
                    recorder.record()
            except ColonytopError as error:
                self._ledger.fail(error)

    def become_recorder(self) -> bool:
        """Whether this process records all roots from now on; tried again with each change."""
        try:
            roots = self.workspace.watch_paths()
            taken = [self._ledger.journal(str(root)).become_recorder() for root in roots]
            return all(taken)
        except ColonytopError as error:
            self._ledger.fail(error)
            return False

    def close(self) -> None:
        """Let another process record."""
        self._ledger.close()

    def _observe_root(
        self, root: str, before: Snapshot, changes: Sequence[Change]
    ) -> tuple[Entry, ...]:
        try:
            recorder = self._recorders.get(root)
            if recorder is None:
                recorder = self._recorders[root] = Recorder(self._ledger.journal(root))
            return recorder.observe(before, changes, self._ledger.own)
        except ColonytopError as error:
            self._ledger.fail(error)
            return ()

    def _make(self, step: OpenStep, batch: EditBatch) -> BatchResult:
        results: list[EditResult] = []
        failures: list[EditFailure] = []
        for key in batch.lists:
            edits = [edit for edit in batch.edits if edit.list == key]
            done = self._make_in_list(edits, all_or_none=batch.all_or_none)
            step.settle(done.results, done.failures)
            results.extend(done.results)
            failures.extend(done.failures)
        return BatchResult(tuple(results), tuple(failures))

    def _make_in_list(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        try:
            return self.workspace.apply_all(edits, all_or_none=all_or_none)
        except CommittedPending as error:
            if isinstance(error.result, BatchResult):
                return error.result
            return BatchResult((), tuple(EditFailure(edit, error) for edit in edits))
        except BatchRefused as error:
            known = {id(failure.edit): failure for failure in error.failures}
            failures = (known.get(id(edit), EditFailure(edit, error)) for edit in edits)
            return BatchResult((), tuple(failures))
        except ColonytopError as error:
            return BatchResult((), tuple(EditFailure(edit, error) for edit in edits))
