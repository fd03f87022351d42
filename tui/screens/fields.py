"""Form fields for text that may hold anything: shown safely, kept untouched unless edited."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.document._edit import Edit as TextEdit
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.widgets.text_area import EditResult as TextEditResult

from store.model.task import TaskStatus
from tui.safe_text import block, one_line

LINE_LIMIT = 2_000
"""Characters of a one-row field that can be edited here."""
BLOCK_LIMIT = 20_000
BLOCK_LINES = 1_000

ALTERED = "holds characters that cannot be shown; kept as they are unless you change this field"
CUT = "too long to edit here; kept as it is"


class SafeInput(Input):
    """One row. Its value is always safe to show; `result` is None while it was not touched."""

    def __init__(self, original: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        shown = str(one_line(original, 2 * LINE_LIMIT))
        self.is_cut = len(original) > LINE_LIMIT
        self._shown = shown[:200] if self.is_cut else shown
        self.note = CUT if self.is_cut else ALTERED if shown != original else None
        """What has to be said of how the value is shown; None where it is shown as it is."""
        super().__init__(
            self._shown,
            placeholder=placeholder,
            id=id,
            compact=True,
            disabled=self.is_cut,
            select_on_focus=False,
        )

    def validate_value(self, value: str) -> str:
        """Whatever is typed or pasted comes through the door too."""
        return str(one_line(value, LINE_LIMIT))

    @property
    def result(self) -> str | None:
        """The new value, None where the original stays."""
        return None if self.is_cut or self.value == self._shown else self.value


class SafeTextArea(TextArea):
    """Several rows, by the same rules as `SafeInput`. Tab leaves it."""

    def __init__(self, original: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        shown = str(block(original, BLOCK_LINES, BLOCK_LIMIT))
        lines = original.count("\n")
        self.is_cut = len(original) > BLOCK_LIMIT // 2 or lines >= BLOCK_LINES
        self.note = CUT if self.is_cut else ALTERED if shown != original else None
        super().__init__(
            shown,
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            compact=True,
            read_only=self.is_cut,
            highlight_cursor_line=False,
            placeholder=placeholder,
        )
        self._shown = self.text

    def edit(self, edit: TextEdit) -> TextEditResult:
        """Typed and pasted text comes through the door too."""
        return super().edit(dataclasses.replace(edit, text=str(block(edit.text))))

    @property
    def result(self) -> str | None:
        """The new text, None where the original stays."""
        return None if self.is_cut or self.text == self._shown else self.text


class StatusChoice(Widget, can_focus=True):
    """The statuses side by side: arrows move, a click picks. `value` None keeps a foreign one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "previous", show=False),
        Binding("right,space", "step(1)", "next", show=False),
    ]

    value: reactive[TaskStatus | None] = reactive(None)

    class Changed(Message):
        """Another status is chosen."""

    def __init__(
        self, offered: tuple[TaskStatus, ...], native: str, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._native = native
        self._offered: tuple[TaskStatus | None, ...] = offered
        if native not in {status.value for status in offered}:
            self._offered = (None, *offered)
        self.set_reactive(StatusChoice.value, next((s for s in offered if s.value == native), None))

    @property
    def result(self) -> TaskStatus | None:
        """The new status, None where the original stays."""
        return None if self.value is None or self.value.value == self._native else self.value

    def render(self) -> RenderResult:
        parts: list[Any] = []
        for status in self._offered:
            style = "bold reverse" if status is self.value else "$muted"
            parts += [(f" {self._word(status)} ", style), " "]
        return Content.assemble(*parts)

    def watch_value(self) -> None:
        self.post_message(self.Changed())

    def action_step(self, step: int) -> None:
        """The next or previous status, round the end."""
        place = self._offered.index(self.value)
        self.value = self._offered[(place + step) % len(self._offered)]

    def on_click(self, event: events.Click) -> None:
        start = self.gutter.left
        for status in self._offered:
            end = start + len(self._word(status)) + 3
            if start <= event.x < end:
                self.value = status
            start = end

    def _word(self, status: TaskStatus | None) -> str:
        return str(one_line(self._native, 24)) if status is None else status.value
