"""`a`: give a task to an owner, seen with their load; to nobody; or to a new name."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget

from store.model.edits import UpdateTask
from store.model.listing import owner_loads
from store.model.task import Verb
from tui import edit_making
from tui.screens import wording
from tui.screens.dialog import KeyButton
from tui.screens.owner_choice import Owner, OwnerChoice
from tui.screens.steering_dialog import TaskDialog


class AssignScreen(TaskDialog):
    """Typing filters the owners or names a new one; `-` is nobody; Enter applies."""

    VERB = Verb.ASSIGN
    NAME = "Assign"

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("-", "nobody", "nobody"), KeyButton("Enter", "assign", "apply")]

    def compose_choice(self) -> Iterable[Widget]:
        yield OwnerChoice(self.frame, owner_loads(self.task_list), Owner(self.target.owner))

    def start(self) -> None:
        """The owners fill themselves, and then tell of the first choice."""

    def edit(self) -> UpdateTask | None:
        chosen = self.query_one(OwnerChoice).chosen
        return edit_making.assign(self.target, chosen.name) if chosen else None

    def effect(self) -> list[Content]:
        if self.edit() is None and self.target.owner is not None:
            has = f"{wording.owner_text(self.target.owner)} has it already"
            return [Content.styled(has, "$muted")]
        return super().effect()

    def action_nobody(self) -> None:
        """Highlight `nobody`."""
        self.query_one(OwnerChoice).choose_nobody()

    @on(OwnerChoice.Changed)
    def _changed(self) -> None:
        self.show_effect()

    @on(OwnerChoice.Decided)
    def _decided(self) -> None:
        self.action_apply()
