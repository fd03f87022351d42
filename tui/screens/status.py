"""`s`: set a task's status, with what becomes ready or blocked by it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from store.model.attention import DisplayState
from store.model.edits import Edit, UpdateTask
from store.model.foresight import foresee
from store.model.task import TaskStatus, Verb
from tui import edit_making
from tui.screens import wording
from tui.screens.dialog import ChoiceList, DecisionDialog, KeyButton
from tui.screens.force import forceable, may_need_force, objection_lines
from tui.screens.steering_dialog import TaskDialog

Picked = TypeVar("Picked")

LETTERS = {
    TaskStatus.PENDING: "p",
    TaskStatus.BLOCKED: "b",
    TaskStatus.CLAIMED: "c",
    TaskStatus.IN_PROGRESS: "i",
    TaskStatus.REVIEW: "v",
    TaskStatus.COMPLETED: "d",
    TaskStatus.FAILED: "f",
    TaskStatus.CANCELLED: "x",
    TaskStatus.DEFERRED: "e",
    TaskStatus.ABANDONED: "a",
    TaskStatus.ARCHIVED: "r",
}
_MOST_BUTTONS = 3
"""More statuses have their letters only in their rows."""


class StatusPicking(DecisionDialog[Picked]):
    """A list of statuses, each with its letter; Enter applies. `F` overrules what can be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(letter, f"choose('{status.value}')", status.value, show=False)
            for status, letter in LETTERS.items()
        ),
        Binding("F", "force", "force", show=False),
    ]
    is_forced = False
    """What can be overruled is overruled."""

    @property
    @abstractmethod
    def offered(self) -> tuple[TaskStatus, ...]:
        """What can be chosen here."""

    @property
    @abstractmethod
    def may_need_force(self) -> bool:
        """Something may have to be overruled."""

    @property
    def edit_keys(self) -> list[KeyButton]:
        offered = self.offered if len(self.offered) <= _MOST_BUTTONS else ()
        letters = [KeyButton(LETTERS[s], s.value, f"choose('{s.value}')") for s in offered]
        force = [KeyButton("F", "force", "force")] if self.may_need_force else []
        return [*letters, *super().edit_keys, *force]

    def compose_choice(self) -> Iterable[Widget]:
        yield ChoiceList()

    @property
    def chosen_status(self) -> TaskStatus | None:
        """The status that is highlighted."""
        option = self.query_one(ChoiceList).highlighted_option
        return None if option is None or option.id is None else TaskStatus(option.id)

    def action_choose(self, status: str) -> None:
        """Highlight a status, if it is offered here."""
        if TaskStatus(status) in self.offered:
            self.query_one(ChoiceList).highlighted = self.offered.index(TaskStatus(status))

    def action_force(self) -> None:
        """Overrule what can be overruled, or do not."""
        if self.may_need_force:
            self.is_forced = not self.is_forced
            self.show_effect()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.show_effect()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_apply()


class StatusScreen(StatusPicking[Edit], TaskDialog):
    """Pick a status by its letter or the arrows; Enter applies."""

    VERB = Verb.STATUS
    NAME = "Status"

    @property
    def offered(self) -> tuple[TaskStatus, ...]:
        return self.task_list.info.capabilities.statuses

    @property
    def may_need_force(self) -> bool:
        return may_need_force(self.target)

    def start(self) -> None:
        first = next((s for s in self.offered if s is not self.target.status), None)
        self.query_one(ChoiceList).show(
            ((s.value, self._row(s)) for s in self.offered), first.value if first else None
        )
        self.query_one(ChoiceList).focus()
        self.show_effect()

    def edit(self) -> UpdateTask | None:
        status = self.chosen_status
        if status is None:
            return None
        return edit_making.set_status(self.target, status, is_forced=self.is_forced)

    def action_apply(self) -> None:
        """Close with the edit, unless something speaks against it that nobody overruled."""
        if forceable(self.task_list, self.edit()) is None:
            super().action_apply()

    def warnings(self) -> list[Content]:
        """What speaks against it and can be overruled."""
        status = self.chosen_status
        plain = edit_making.set_status(self.target, status) if status else None
        found = forceable(self.task_list, plain)
        if found is None:
            return []
        said = ("F forces it, then Enter", "$muted")
        if self.is_forced:
            said = ("forced: Enter does it all the same; F takes that back", "$warning")
        lines = objection_lines(self.frame, self.target, found)
        return [*lines, Content.styled(*said)]

    def _row(self, status: TaskStatus) -> Content:
        state = self._state(status)
        note = "  now" if status is self.target.status else ""
        return Content.assemble(
            (f"{LETTERS.get(status, ' ')}  ", "bold $accent"),
            wording.state_glyph(self.frame, state),
            f" {status.value:<12}",
            (note, "$muted"),
        )

    def _state(self, status: TaskStatus) -> DisplayState:
        """The state that the task would show with this status."""
        if status is self.target.status:
            return wording.state_of(self.frame, self.task_list, self.target)
        if status.is_active:
            return DisplayState.ACTIVE
        if status not in (TaskStatus.PENDING, TaskStatus.BLOCKED):
            then = replace(self.target, status=status, native_status=status.value)
            return wording.state_of(self.frame, self.task_list, then)
        effect = foresee(self.task_list, UpdateTask(self.key, status=status))
        return DisplayState.BLOCKED if effect.waits_on else DisplayState.READY
