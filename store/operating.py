"""One person or program at work on a workspace: the door through which all edits go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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
from store.model.snapshot import Change, Snapshot
from store.model.task import TaskKey
from store.workspace import Workspace

Begun = Callable[[tuple[Edit, ...]], object]
Warn = Callable[[str], object]


class Operator:
    """Makes edits in a workspace under a name. Thread-safe; lists are edited side by side."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        name: str = "you",
        via: Via = Via.APP,
        warn: Warn | None = None,
    ) -> None:
        self.workspace = workspace
        self.name = name
        self.actor = Actor(name, via)

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit; see `Workspace.apply` for what it raises."""
        return self.workspace.apply(edit)

    def apply_all(self, batch: EditBatch) -> BatchResult:
        """Make the edits of a batch, one commit for each list."""
        results: list[EditResult] = []
        failures: list[EditFailure] = []
        for key in batch.lists:
            edits = [edit for edit in batch.edits if edit.list == key]
            done = self._apply_list(edits, all_or_none=batch.all_or_none)
            results.extend(done.results)
            failures.extend(done.failures)
        return BatchResult(tuple(results), tuple(failures))

    def _apply_list(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        try:
            done: BatchResult = self.workspace.apply_all(edits, all_or_none=all_or_none)
        except CommittedPending as error:
            if not isinstance(error.result, BatchResult):
                raise
            done = error.result
        except BatchRefused as error:
            known = {id(failure.edit): failure for failure in error.failures}
            failures = (known.get(id(edit), EditFailure(edit, error)) for edit in edits)
            done = BatchResult((), tuple(failures))
        except ColonytopError as error:
            done = BatchResult((), tuple(EditFailure(edit, error) for edit in edits))
        return done

    def undo(self, *, step: str | None = None, begun: Begun | None = None) -> StepOutcome:
        return StepOutcome(Direction.UNDO, reasons=("nothing to undo",))

    def redo(self, *, begun: Begun | None = None) -> StepOutcome:
        return StepOutcome(Direction.REDO, reasons=("nothing to redo",))

    def history(self, key: TaskKey) -> Iterator[Entry]:
        return iter(())

    def observe(self, snapshot: Snapshot, changes: Sequence[Change]) -> tuple[Entry, ...]:
        return ()

    def close(self) -> None:
        """Let go of what is held."""
