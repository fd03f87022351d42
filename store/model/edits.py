"""Edits: values that say what a person or an agent wants changed, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.model.edit_parts import KEEP as KEEP
from store.model.edit_parts import NULL as NULL
from store.model.edit_parts import Keep as Keep
from store.model.edit_parts import Null as Null
from store.model.edit_parts import Standing as Standing
from store.model.edit_parts import Tick as Tick
from store.model.errors import ColonytopError
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskStatus, Verb


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Add a task to a list."""

    list: ListKey
    subject: str
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    blocked_by: tuple[TaskId, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    starts_list: bool = False
    """Make the list if it is not there. Without this an edit never brings back one that is gone."""
    priority: str | None = None
    """None: what the system gives a task of which nothing is said."""

    verb = Verb.CREATE


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """Change fields and edges of one task, both sides of each edge in one commit.

    `expected` holds field values as the operator saw them; a field that has changed since and
    that this edit also changes is a `StaleEdit`. Beside the names of fields there may be
    `metadata.KEY` (None: it was not there), `step.ID` and `check.KEY` (whether it is done), `lock`
    (who holds it) and `most_attempts`. None leaves a field as it is; in `metadata_patch` it deletes
    the key.
    """

    key: TaskKey
    subject: str | None = None
    description: str | None = None
    active_form: str | None = None
    owner: str | Keep | None = KEEP
    status: TaskStatus | None = None
    priority: str | None = None
    add_blocks: tuple[TaskId, ...] = ()
    add_blocked_by: tuple[TaskId, ...] = ()
    remove_blocks: tuple[TaskId, ...] = ()
    remove_blocked_by: tuple[TaskId, ...] = ()
    metadata_patch: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    clears: tuple[str, ...] = ()
    """Optional fields to empty: `active_form`, `priority`."""
    native_status: str | None = None
    """A status in the system's own word, put back as it stood although nobody may choose it."""
    standing: tuple[Standing, ...] = ()
    """How the task and the far ends of its edges once stood, if this puts something back."""
    ticks: tuple[Tick, ...] = ()
    most_attempts: int | None = None
    """How often the task may be tried from now on, where the system counts."""
    is_forced: bool = False
    """Made although a rule of the system that can be overruled speaks against it: a lock of
    another who may be alive, required checks that are open.
    """
    locked_by: str | Keep | None = KEEP
    """Who holds the lock from now on, where tasks are locked; None: nobody. KEEP: who starts the
    task (its owner) holds it, and who ends it gives it up.
    """

    @property
    def list(self) -> ListKey:
        return self.key.list

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """All that it does, the verb that names it best first."""
        has_lock = not isinstance(self.locked_by, Keep)
        lock_verb = Verb.RELEASE if self.locked_by is None else Verb.CLAIM
        done = {
            Verb.UNBLOCK: self.remove_blocked_by or self.remove_blocks,
            Verb.BLOCK: self.add_blocked_by or self.add_blocks,
            Verb.STATUS: self.status is not None or self.native_status is not None,
            Verb.ASSIGN: not isinstance(self.owner, Keep),
            Verb.TICK: self.ticks,
            Verb.RETRIES: self.most_attempts is not None,
            lock_verb: has_lock,
            Verb.PRIORITY: self.priority is not None or "priority" in self.clears,
            Verb.EDIT: self.has_texts,
        }
        return tuple(verb for verb, is_done in done.items() if is_done) or (Verb.EDIT,)

    @property
    def verb(self) -> Verb:
        """The verb that names this edit best, for capabilities and for messages."""
        return self.verbs[0]

    @property
    def has_texts(self) -> bool:
        """It changes texts or metadata."""
        texts = (self.subject, self.description, self.active_form)
        return (
            any(text is not None for text in texts)
            or bool(self.metadata_patch)
            or "active_form" in self.clears
        )


@dataclass(frozen=True, slots=True)
class DeleteTask:
    """Remove a task and strip its id from every other task's edges."""

    key: TaskKey
    expected: Mapping[str, Any] = field(default_factory=dict)

    verb = Verb.DELETE

    @property
    def list(self) -> ListKey:
        return self.key.list


@dataclass(frozen=True, slots=True)
class ClaimTask:
    """Take a ready task for an owner, if it is still free."""

    key: TaskKey
    claimant: str
    is_forced: bool = False
    """Take it over although another holds its lock and may be alive."""

    verb = Verb.CLAIM

    @property
    def list(self) -> ListKey:
        return self.key.list


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """Give a task back: no owner, status pending. Refused if `expected_owner` lost it already."""

    key: TaskKey
    expected_owner: str | None = None

    verb = Verb.RELEASE

    @property
    def list(self) -> ListKey:
        return self.key.list


@dataclass(frozen=True, slots=True)
class RestoreTask:
    """Bring a deleted task back under its own id, with its edges on both sides.

    The far ends that are no longer there are left out of `blocks` and kept in `blocked_by` as
    they were: what blocked it is for the operator to judge. Refused if the id is taken.
    """

    task: Task
    """The task as it was last stored."""
    original: str | None = None
    """The text of its record as the system stored it: key order, spellings, unknown fields."""
    standing: tuple[Standing, ...] | None = None
    """How the tasks stood that named it in an edge. None: that is not known, and both sides get
    the edges that the task itself names.
    """

    verb = Verb.RESTORE

    @property
    def key(self) -> TaskKey:
        return self.task.key

    @property
    def list(self) -> ListKey:
        return self.task.key.list


Edit = CreateTask | UpdateTask | DeleteTask | ClaimTask | ReleaseTask | RestoreTask


@dataclass(frozen=True, slots=True)
class EditResult:
    """What an edit did: the task as stored now (None after a delete) and what else it touched."""

    edit: Edit
    task: Task | None
    changed: tuple[str, ...] = ()
    others: tuple[Task, ...] = ()
    """Other tasks written in the same commit: the far ends of edges."""
    stripped: tuple[TaskId, ...] = ()
    """Ids whose edges to a deleted task were removed."""
    before: Mapping[TaskId, Task | None] = field(default_factory=dict)
    """Every task of the commit as it was stored before, read under the same lock; None: it was
    not there. An inverse is worked out from this, never from what a screen showed. In a batch:
    before this edit of it.
    """
    originals: Mapping[TaskId, str] = field(default_factory=dict)
    """The records that were deleted, as the system stored them (`RestoreTask.original`)."""


@dataclass(frozen=True, slots=True)
class EditBatch:
    """Edits that a person decided on in one step: one commit for each list, one undo step."""

    edits: tuple[Edit, ...]
    label: str = ""
    """What the step is called, as in "release 4 tasks of cy"."""
    all_or_none: bool = False
    """In each list: if one edit is refused, make none. Else make those that can be made."""

    @property
    def lists(self) -> tuple[ListKey, ...]:
        """The lists that it writes to, in the order of their first edits."""
        return tuple(dict.fromkeys(edit.list for edit in self.edits))


@dataclass(frozen=True, slots=True)
class EditFailure:
    """An edit of a batch that was not made, and why. Nothing of it was written."""

    edit: Edit
    error: ColonytopError


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch did: one result for each edit made, one failure for each that was not."""

    results: tuple[EditResult, ...] = ()
    failures: tuple[EditFailure, ...] = ()


class BatchRefused(ColonytopError):
    """Edits of the batch cannot be made, so none of it was written."""

    kind = "batch_refused"

    def __init__(self, failures: Sequence[EditFailure], count: int) -> None:
        first = failures[0].error
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        super().__init__(f"{len(failures)} of {count} edits refused, none made: {first}{more}")
        self.failures = tuple(failures)
        self.count = count

    def details(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "failures": [
                {
                    "verb": str(failure.edit.verb),
                    "list": failure.edit.list.id,
                    "task": None if isinstance(failure.edit, CreateTask) else failure.edit.key.id,
                    "error": {
                        **failure.error.details(),
                        "kind": failure.error.kind,
                        "message": str(failure.error),
                    },
                }
                for failure in self.failures
            ],
        }
