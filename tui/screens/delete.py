"""`D`: delete a task, with the cascade shown; only `y` confirms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.edits import DeleteTask
from store.model.foresight import foresee
from store.model.task import Verb
from tui.screens import wording
from tui.screens.dialog import KeyButton
from tui.screens.steering_dialog import TaskDialog


class DeleteScreen(TaskDialog):
    """Says which tasks lose an edge and what that frees; `y` deletes, `n` and Esc do not."""

    VERB = Verb.DELETE
    NAME = "Delete"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "apply", "delete", show=False),
        Binding("n", "close", "keep", show=False),
    ]

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("y", "delete it", "apply"), KeyButton("n", "keep it", "close")]

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        name = wording.id_text(self.key.id)
        question = f"Delete {name} for good? Its id is never used again."
        self.query_one("#question", Static).update(Content.styled(question, "bold"))
        self.show_effect()

    def edit(self) -> DeleteTask:
        task = self.target
        seen = {"subject": task.subject, "status": task.native_status, "owner": task.owner}
        return DeleteTask(self.key, expected=seen)

    def effect(self) -> list[Content]:
        effect = foresee(self.task_list, self.edit())
        lines = []
        if effect.stripped:
            verb = "loses its edge" if len(effect.stripped) == 1 else "lose their edges"
            lines.append(Content(f"{wording.ids_text(effect.stripped)} {verb} to it"))
        lines += wording.effect_lines(self.frame, self.task_list, effect)
        return lines or [Content.styled("no other task is touched", "$muted")]
