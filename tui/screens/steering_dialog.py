"""Dialogs that make one edit: of one list, or of one task that they name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.edits import Edit
from store.model.foresight import foresee
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskKey, Verb
from tui.safe_text import one_line
from tui.screens import effect_text, wording
from tui.screens.dialog import DecisionDialog
from tui.view_state import Frame

READ_ONLY = "colonytop was started read-only, so it changes nothing."


class SteeringDialog(DecisionDialog[Edit]):
    """A dialog that makes one edit of one list."""

    VERB: ClassVar[Verb]
    NAME: ClassVar[str]
    """What the dialog does, as the first word of its title."""

    def __init__(self, frame: Frame, list_key: ListKey) -> None:
        super().__init__(frame)
        self.task_list = frame.snapshot.lists.get(list_key) or TaskList(
            wording.unknown_list(list_key)
        )
        self.has_list = list_key in frame.snapshot.lists
        self.refusal = self.find_refusal()

    def find_refusal(self) -> str | None:
        if self.frame.read_only:
            return READ_ONLY
        if not self.has_list:
            return "The list is no longer there."
        return self.task_list.info.capabilities.refusal(self.verb)

    @property
    def verb(self) -> Verb:
        """The verb that the list has to allow."""
        return self.VERB

    @property
    def heading(self) -> str:
        return wording.separator(self.frame).join([self.NAME, self.task_list.info.name])

    def effect(self) -> list[Content]:
        edit = self.edit()
        if edit is None:
            return [Content.styled("changes nothing", "$muted")]
        effect = foresee(self.task_list, edit, with_critical=True)
        lines = effect_text.effect_lines(self.frame, effect)
        return lines or [Content.styled("no other task is touched", "$muted")]


class TaskDialog(SteeringDialog):
    """A steering dialog whose target is one task, named in the title."""

    def __init__(self, frame: Frame, key: TaskKey) -> None:
        self.key = key
        super().__init__(frame, key.list)

    @property
    def target(self) -> Task:
        """The target as it was seen when the dialog opened."""
        return self.task_list.tasks[self.key.id]

    def find_refusal(self) -> str | None:
        if (refusal := super().find_refusal()) is not None:
            return refusal
        task = self.task_list.tasks.get(self.key.id)
        if task is None:
            return f"{wording.id_text(self.key.id)} is no longer in the list."
        if not task.is_readable:
            why = f": {task.fault.text}" if task.fault else ""
            name = wording.id_text(task.id)
            return f"The file of {name} cannot be read{why}. Nothing overwrites it."
        return None

    @property
    def heading(self) -> str:
        task = self.task_list.tasks.get(self.key.id)
        subject = f" {one_line(task.subject, 200)}" if task else ""
        return wording.separator(self.frame).join(
            [self.NAME, self.task_list.info.name, f"{wording.id_text(self.key.id)}{subject}"]
        )

    def compose_body(self) -> Iterable[Widget]:
        if self.refusal is None:
            yield Static(wording.facts(self.frame, self.task_list, self.target), id="facts")
        yield from super().compose_body()
