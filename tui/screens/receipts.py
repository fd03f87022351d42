"""`U`: what became of your edits. Those that nobody has seen come first, by how long they wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from store.model.attention import DisplayState
from store.model.receipts import Receipt, ReceiptState, describe
from store.model.task import TaskKey
from tui import glyphs
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.view_state import Frame
from tui.widgets.drawing import in_ascii

_HOW = (
    "Seen and acted on are inferred: the owner has written to the list, or to the task, since."
    " That a task was read leaves no trace."
)


class ReceiptsScreen(Dialog[TaskKey | None]):
    """Enter closes with the task of the highlighted row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "down", show=False),
        Binding("k", "move(-1)", "up", show=False),
    ]

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.receipts = sorted(frame.receipts, key=_place)

    @property
    def heading(self) -> str:
        count = sum(receipt.is_unseen for receipt in self.receipts)
        state = f"{count:,} not seen" if count else "all seen"
        parts = ["Your edits", state] if self.receipts else ["Your edits"]
        return wording.separator(self.frame).join(parts)

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "go to the task", "go"), *super().keys]

    def compose_body(self) -> Iterable[Widget]:
        if not self.receipts:
            text = "No edit of yours since the start waits for an owner to see it."
            yield Static(Content.styled(text, "$muted"), id="note")
            return
        yield Static(Content.styled(_HOW, "$muted"), id="note")
        yield ChoiceList()
        yield Static(id="reason")

    def on_mount(self) -> None:
        for choices in self.query(ChoiceList):
            choices.show((str(n), self._row(one)) for n, one in enumerate(self.receipts))
            choices.focus()

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        for choices in self.query(ChoiceList):
            (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    def action_go(self) -> None:
        """Close with the task of the highlighted row."""
        for choices in self.query(ChoiceList):
            if choices.highlighted is not None:
                self.dismiss(self.receipts[choices.highlighted].key)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """All that is known of the highlighted edit."""
        receipt = self.receipts[event.option_index]
        found = self.frame.snapshot.lists.get(receipt.key.list)
        name = found.info.name if found else receipt.key.list.id
        words = f"{name} {wording.id_text(receipt.key.id)} {receipt.label}: {self._told(receipt)}"
        drawn = in_ascii(Content(one_line(words, 400)), self.frame.ascii)
        self.query_one("#reason", Static).update(drawn)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_go()

    def _told(self, receipt: Receipt) -> str:
        since = receipt.at if receipt.seen_at is None else receipt.seen_at
        return describe(receipt, glyphs.age(self.frame.now - since))

    def _row(self, receipt: Receipt) -> Content:
        style = "$status-stale" if receipt.is_unseen else "$muted"
        sign = glyphs.signs(self.frame.ascii).arrow
        if receipt.state is not ReceiptState.WRITTEN:
            sign = glyphs.glyph(DisplayState.DONE, self.frame.ascii)
        half = (self.columns - 12) // 2
        return Content.assemble(
            (f"{sign} ", style),
            (f"{wording.column(f'#{receipt.key.id}', 7)} ", "bold"),
            wording.column(receipt.label, half),
            (f"  {wording.column(self._told(receipt), half)}", style),
        )


def _place(receipt: Receipt) -> tuple[bool, float]:
    """What is not seen first, the longest waiting of it first; then the newest."""
    return (False, receipt.at) if receipt.is_unseen else (True, -receipt.at)
