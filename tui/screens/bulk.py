"""What the dialogs on several marked tasks share: targets, what is left out, the whole effect."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import WorkType

from store.model.edits import Edit, EditBatch
from store.model.graph import id_order
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey, Verb
from tui.safe_text import one_line
from tui.screens import effect_text, wording
from tui.screens.dialog import DecisionDialog, KeyButton
from tui.screens.steering_dialog import READ_ONLY
from tui.view_state import Frame
from tui.widgets.drawing import in_ascii

_EDITS_AT_ONCE = 200
_TASKS_AT_ONCE = 20_000
_NAMED_TARGETS = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A marked task on which the verb can act, as it was when the dialog opened."""

    task_list: TaskList
    task: Task


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A marked task on which it cannot, and why."""

    key: TaskKey
    why: str


class BulkDialog(DecisionDialog[EditBatch]):
    """One verb on all marked tasks: one confirmation, one batch, one step to undo."""

    VERB: ClassVar[Verb]
    NAME: ClassVar[str]
    """What the dialog does, as the first word of its title."""
    STEP: ClassVar[str]
    """The same as the first word of the step's name: `release 4 tasks of cy`."""

    def __init__(self, frame: Frame, keys: Iterable[TaskKey]) -> None:
        super().__init__(frame)
        self.targets: list[Target] = []
        self.left_out: list[LeftOut] = []
        self._is_at_work = False
        """A large effect is being worked out."""
        self._known: list[Content] | None = None
        """The lines of a large effect, once they are worked out."""
        self._sort_out(sorted(keys, key=lambda key: (key.list, id_order(key.id))))
        self.refusal = self._find_refusal()

    @abstractmethod
    def objection(self, task: Task) -> str | None:
        """Why the verb has nothing to do on a task, without its name; None where it has."""

    @abstractmethod
    def edit_of(self, task: Task) -> Edit | None:
        """The edit of one target as it is chosen now; None where it is so already."""

    @abstractmethod
    def deed(self) -> str:
        """What is done, between the count and the end of the step's label: `to bo`."""

    def edits(self) -> tuple[Edit, ...]:
        """The edits as they are chosen now, those of one list together."""
        made = (self.edit_of(target.task) for target in self.targets)
        return tuple(edit for edit in made if edit is not None)

    def edit(self) -> EditBatch | None:
        edits = self.edits()
        if not edits:
            return None
        words = f"{self.step} {tasks_text(len(edits))} {self.deed()}"
        return EditBatch(edits, one_line(words.strip(), 120))

    @property
    def step(self) -> str:
        """`STEP`, where that is always the same."""
        return self.STEP

    @property
    def heading(self) -> str:
        count = len(self.targets) + len(self.left_out)
        where = self.lists[0].info.name if len(self.lists) == 1 else f"{len(self.lists)} lists"
        marked = f"{tasks_text(count, 'marked ')}"
        return wording.separator(self.frame).join([self.NAME, where, marked])

    @cached_property
    def lists(self) -> list[TaskList]:
        """The lists of the targets, each once."""
        return list({target.task_list.key: target.task_list for target in self.targets}.values())

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "do it for all", "apply")]

    def compose_body(self) -> Iterable[Widget]:
        if self.refusal is None:
            yield Static(id="targets")
        yield from super().compose_body()

    def start(self) -> None:
        names = self.names([target.task.key for target in self.targets])
        drawn = in_ascii(Content.styled(names, "$muted"), self.frame.ascii)
        self.query_one("#targets", Static).update(drawn)

    def names(self, keys: Sequence[TaskKey]) -> str:
        """`#7 #9 and 3 more`; with the list's name before its ids where there are several."""
        by_list: dict[ListKey, list[TaskId]] = {}
        for key in keys:
            by_list.setdefault(key.list, []).append(key.id)
        parts = []
        for list_key, ids in by_list.items():
            found = self.frame.snapshot.lists.get(list_key)
            name = one_line(found.info.name if found else list_key.id, 40)
            shown = wording.ids_text(ids, 12 // len(by_list) + 1)
            parts.append(f"{name} {shown}" if len(self.frame.snapshot.lists) > 1 else shown)
        return one_line("; ".join(parts[:4]) + (" …" if len(parts) > 4 else ""), 300)

    def warnings(self) -> list[Content]:
        """What is left out, by the reason."""
        by_reason: dict[str, list[TaskKey]] = {}
        for left in self.left_out:
            by_reason.setdefault(left.why, []).append(left.key)
        return [
            Content.assemble(
                ("left out ", "bold $warning"),
                self.names(keys),
                (one_line(f": {why}", 200), "$warning"),
            )
            for why, keys in by_reason.items()
        ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is decided on before its effect was there to be read."""
        if action == "apply" and self._is_at_work:
            return False
        return super().check_action(action, parameters)

    def show_effect(self) -> None:
        """Draw the effect; a large one is worked out in a thread, and drawn when it is known."""
        batch = self.edit()
        self._known = None
        self._is_at_work = batch is not None and self._is_large(batch)
        super().show_effect()
        if batch is not None and self._is_at_work:
            work: WorkType[None] = partial(self._work_out, batch)
            self.run_worker(work, exclusive=True)

    def effect(self) -> list[Content]:
        batch = self.edit()
        if batch is None:
            return [Content.styled("changes nothing", "$muted")]
        if self._is_at_work:
            doing = f"working out what {tasks_text(len(batch.edits))} would change …"
            return [Content.styled(doing, "$muted")]
        return self._effect_of(batch) if self._known is None else self._known

    async def _work_out(self, batch: EditBatch) -> None:
        self._known = await asyncio.to_thread(self._effect_of, batch)
        self._is_at_work = False
        super().show_effect()

    def _is_large(self, batch: EditBatch) -> bool:
        count = sum(len(task_list.tasks) for task_list in self.lists)
        return len(batch.edits) > _EDITS_AT_ONCE or count > _TASKS_AT_ONCE

    def _effect_of(self, batch: EditBatch) -> list[Content]:
        """The lines of the effect. Touches no widget: it may run in a thread."""
        lines = effect_text.batch_lines(self.frame, batch)
        unchanged = len(self.targets) - len(batch.edits)
        if unchanged:
            text = f"{tasks_text(unchanged)} {'is' if unchanged == 1 else 'are'} so already"
            lines.append(Content.styled(text, "$muted"))
        return [*lines, *self._target_lines(batch)]

    def _target_lines(self, batch: EditBatch) -> list[Content]:
        """The tasks that are written, so that nothing is done unseen."""
        chosen = {edit.key for edit in batch.edits if hasattr(edit, "key")}
        lines = [Content.styled(f"{tasks_text(len(batch.edits))}:", "$muted")]
        written = [target for target in self.targets if target.task.key in chosen]
        for target in written[:_NAMED_TARGETS]:
            named = wording.named(self.frame, target.task_list, target.task)
            owner = wording.owner_text(target.task.owner)
            lines.append(Content.assemble(named, (f"  {owner}", "$muted")))
        if (more := len(written) - _NAMED_TARGETS) > 0:
            lines.append(Content.styled(f"and {tasks_text(more, 'more ')}", "$muted"))
        return lines

    def _sort_out(self, keys: Iterable[TaskKey]) -> None:
        for key in keys:
            task_list = self.frame.snapshot.lists.get(key.list)
            task = task_list.tasks.get(key.id) if task_list else None
            if task_list is None or task is None:
                self.left_out.append(LeftOut(key, "no longer there"))
            elif why := self._why_not(task_list, task):
                self.left_out.append(LeftOut(key, why))
            else:
                self.targets.append(Target(task_list, task))

    def _why_not(self, task_list: TaskList, task: Task) -> str | None:
        if refusal := task_list.info.capabilities.refusal(self.VERB):
            return refusal
        if not task.is_readable:
            return "its file cannot be read, and nothing overwrites it"
        return self.objection(task)

    def _find_refusal(self) -> str | None:
        if self.frame.read_only:
            return READ_ONLY
        if self.targets:
            return None
        whys = dict.fromkeys(left.why for left in self.left_out)
        because = one_line("; ".join(whys), 200)
        return f"None of {tasks_text(len(self.left_out), 'marked ')} can be changed: {because}."


def tasks_text(count: int, kind: str = "") -> str:
    """`1 task`, `3 marked tasks`."""
    return f"{count:,} {kind}task{'' if count == 1 else 's'}"
