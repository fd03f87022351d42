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
from tui import edit_making
from tui.screens import effect_text, wording
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
        question = f"Delete {name}, and the edges to it?"
        self.query_one("#question", Static).update(Content.styled(question, "bold"))
        self.show_effect()

    def edit(self) -> DeleteTask:
        return edit_making.delete(self.target)

    def effect(self) -> list[Content]:
        effect = foresee(self.task_list, self.edit(), with_critical=True)
        lines = [effect_text.stripped_line(effect.stripped, "it")] if effect.stripped else []
        lines += effect_text.effect_lines(self.frame, effect)
        return lines or [Content.styled("no other task is touched", "$muted")]
