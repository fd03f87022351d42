"""What the edit and the create form share: labelled fields, blockers by id, errors by field."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static, TextArea

from store.model.edits import Edit
from store.model.listing import matching_tasks, open_tasks, parse_ids
from store.model.task import Task, TaskId
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import ChoiceList, KeyButton
from tui.screens.fields import SafeInput, SafeTextArea, StatusChoice
from tui.screens.steering_dialog import SteeringDialog

_SUGGESTIONS = 4
DROPS = "Esc again drops your changes"


class Field(Horizontal):
    """A label and its field."""

    def __init__(self, label: str, field: Widget) -> None:
        tall = " -tall" if isinstance(field, SafeTextArea) else ""
        super().__init__(Static(label, classes="label"), field, classes=f"field{tall}")
        self.label = label
        self.field = field


FieldErrors = dict[str, str]
"""Label of a field → what is wrong with it."""


class Form(SteeringDialog):
    """Fields, checked as they are typed; Enter in a one-row field or Ctrl-S applies."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "save", show=False),
        Binding("down", "suggestions", "suggestions", show=False),
    ]
    EFFECT_ROWS: ClassVar[tuple[int, int]] = (4, 8)

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [
            KeyButton("Tab", "next field", "app.focus_next"),
            KeyButton("Enter/Ctrl-S", "save", "apply"),
        ]

    @abstractmethod
    def fields(self) -> Iterable[Field]:
        """The fields in order."""

    @abstractmethod
    def errors(self) -> FieldErrors:
        """What keeps the form from being saved, by the label of the field."""

    @abstractmethod
    def draft(self) -> Edit | None:
        """The edit that the fields say, if they hold no error; None where nothing changes."""

    def compose_choice(self) -> Iterable[Widget]:
        with VerticalScroll(id="fields", can_focus=False):
            yield from self.fields()
        yield ChoiceList(id="suggestions")

    _opened_with: tuple[object, ...] = ()
    _asked = False
    """Esc was pressed once, and nothing was typed since."""

    def start(self) -> None:
        self.query_one("#suggestions").display = False
        self.query_one(SafeInput).focus()
        self._opened_with = self._values()
        self.show_effect()

    def edit(self) -> Edit | None:
        return None if self.errors() else self.draft()

    def action_apply(self) -> None:
        if not self.errors() and self.draft() is None:
            self.dismiss(None)
            return
        super().action_apply()

    def action_close(self) -> None:
        """Close and change nothing; what was typed is not thrown away without a question."""
        if self.refusal is not None or self._asked or self._values() == self._opened_with:
            super().action_close()
            return
        self._asked = True
        self.show_effect()

    def warnings(self) -> list[Content]:
        return [Content.styled(DROPS, "bold $warning")] if self._asked else []

    def _values(self) -> tuple[object, ...]:
        """What the fields hold now, in order."""
        fields = (field.field for field in self.query(Field))
        return tuple(
            f.text if isinstance(f, TextArea) else getattr(f, "value", None) for f in fields
        )

    def effect(self) -> list[Content]:
        errors = self.errors()
        for field in self.query(Field):
            field.set_class(field.label in errors, "-wrong")
        if errors:
            return [wording.error_line(f"{label}: {text}") for label, text in errors.items()]
        return [*super().effect(), *self._notes()]

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(StatusChoice.Changed)
    def _changed(self) -> None:
        if self.refusal is None:
            self._asked = False
            self._suggest()
            self.show_effect()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_apply()

    @on(OptionList.OptionSelected, "#suggestions")
    def _picked(self, event: OptionList.OptionSelected) -> None:
        """Put the picked id in the place of the word being typed."""
        blockers = self.query_one("#blocked_by", SafeInput)
        head, _ = _last_word(blockers.value)
        blockers.value = f"{head}{event.option.id}, "
        blockers.cursor_position = len(blockers.value)
        blockers.focus()

    def action_suggestions(self) -> None:
        """From the blockers field down to the tasks that match."""
        suggestions = self.query_one("#suggestions", ChoiceList)
        if suggestions.display:
            suggestions.focus()

    def on_descendant_focus(self) -> None:
        if self.refusal is None:
            self._suggest()

    def _suggest(self) -> None:
        """Show open tasks for the word being typed, while the blockers are being edited."""
        suggestions = self.query_one("#suggestions", ChoiceList)
        blockers = self.query_one("#blocked_by", SafeInput)
        if self.focused is suggestions:
            return
        suggestions.display = self.focused is blockers
        self.query_one("#fields").set_class(suggestions.display, "-tight")
        if not suggestions.display:
            return
        _, word = _last_word(blockers.value)
        taken = {*parse_ids(blockers.value), self._own_id()} - {TaskId(word)}
        free = (t for t in self._open_tasks if t.id not in taken)
        found = matching_tasks(free, word, _SUGGESTIONS)
        suggestions.show(
            (t.id, wording.named(self.frame, self.task_list, t)) for t in found if t.id != word
        )
        suggestions.display = suggestions.option_count > 0
        self.query_one("#fields").set_class(suggestions.display, "-tight")

    @cached_property
    def _open_tasks(self) -> list[Task]:
        """Sorted once: the list does not change under an open form."""
        return open_tasks(self.task_list)

    def _own_id(self) -> TaskId | None:
        return None

    def _notes(self) -> list[Content]:
        """What has to be said of fields that cannot be shown as they are."""
        return [
            Content.styled(one_line(f"{field.label}: {note}"), "$warning")
            for field in self.query(Field)
            if (note := getattr(field.field, "note", None))
        ]

    def line(self, field_id: str) -> SafeInput:
        """A one-row field by its id."""
        return self.query_one(f"#{field_id}", SafeInput)

    def area(self, field_id: str) -> SafeTextArea:
        """A field of several rows by its id."""
        return self.query_one(f"#{field_id}", SafeTextArea)


def _last_word(text: str) -> tuple[str, str]:
    """What is before the last id being typed, and that id without its `#`."""
    start = max(text.rfind(","), text.rfind(" ")) + 1
    head, word = text[:start], text[start:]
    return (head + " " if head.endswith(",") else head), word.removeprefix("#")
