"""The list's lock stayed busy: who holds it, as far as that is known, and whether to try again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.edits import CreateTask, Edit
from store.model.errors import LockTimeout
from tui import glyphs
from tui.edit_text import sentence
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import Dialog, KeyButton
from tui.view_state import EMPTY_FRAME, Frame


class BusyScreen(Dialog[bool]):
    """Enter or `r` tries again (True); Esc keeps the edit for later (False)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,r", "retry", "try again", show=False),
    ]

    def __init__(self, edit: Edit, error: LockTimeout, frame: Frame = EMPTY_FRAME) -> None:
        super().__init__(frame)
        self._edit = edit
        self._error = error

    @property
    def heading(self) -> str:
        task_list = self.frame.snapshot.lists.get(self._edit.list)
        name = task_list.info.name if task_list else self._edit.list.id
        parts = ["Lock busy", name]
        if not isinstance(self._edit, CreateTask):
            parts.append(wording.id_text(self._edit.key.id))
        return wording.separator(self.frame).join(parts)

    @property
    def keys(self) -> list[KeyButton]:
        return [
            KeyButton("Enter/r", "try again", "retry"),
            KeyButton("Esc", "keep the edit for later", "close"),
        ]

    def compose_body(self) -> Iterable[Widget]:
        waited = f"The lock of this list stayed busy for {self._error.waited_s:.1f} s."
        yield Static(Content.styled(waited, "bold"), id="question")
        yield Static(self._holder(), id="note")
        kept = Content.assemble(
            ("kept     ", "$muted"), sentence(self._edit), ("\nNothing is written yet.", "$muted")
        )
        yield Static(kept, id="effect")

    def action_retry(self) -> None:
        """Close and try the edit again."""
        self.dismiss(True)

    def action_close(self) -> None:
        self.dismiss(False)

    def _holder(self) -> Content:
        holder = self._error.holder
        if holder.pid is None:
            return Content.styled("Who holds it is not known.", "$muted")
        command = f" ({one_line(holder.command, 60)})" if holder.command else ""
        held = f", for {glyphs.age(holder.held_s)}" if holder.held_s is not None else ""
        return Content.assemble(
            f"Held by pid {holder.pid}{command}{held}",
            (" - as far as can be seen; not certain.", "$muted"),
        )
