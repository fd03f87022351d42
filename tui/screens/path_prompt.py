"""Asks for the path of a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.dialog import Dialog, KeyButton
from tui.screens.fields import SafeInput
from tui.view_state import Frame


class PathPrompt(Dialog[str | None]):
    """Enter closes with the path, Esc with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "save", show=False),
    ]

    def __init__(self, frame: Frame, title: str, path: str) -> None:
        super().__init__(frame)
        self._title_text = title
        self._path = path

    @property
    def heading(self) -> str:
        return self._title_text

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "go on", "apply"), *super().keys]

    def compose_body(self) -> Iterable[Widget]:
        yield SafeInput(self._path, placeholder="path of a file", id="path")

    def on_mount(self) -> None:
        field = self.query_one(SafeInput)
        field.focus()
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Close with what is typed, if it is anything."""
        if path := self.query_one(SafeInput).value.strip():
            self.dismiss(path)
