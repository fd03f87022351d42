"""Asks before leaving while edits wait; they would be lost."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class QuitScreen(ModalScreen[bool]):
    """True: leave and drop the edits that wait."""

    BINDINGS = [  # noqa: RUF012  Textual's own form
        Binding("y", "answer(True)", "Quit", id="quit.yes"),
        Binding("n,escape,q", "answer(False)", "Stay", id="quit.no"),
    ]
    DEFAULT_CSS = """
    QuitScreen {
        align: center middle;
        & > Vertical {
            width: 56; max-width: 96%; height: auto;
            border: round $warning; background: $surface; padding: 1 2;
        }
    }
    """

    def __init__(self, waiting: int) -> None:
        super().__init__()
        self._waiting = waiting

    def compose(self) -> ComposeResult:
        edits = "1 edit waits" if self._waiting == 1 else f"{self._waiting} edits wait"
        with Vertical() as box:
            box.border_title = "Quit"
            text = f"{edits} and would be dropped. What can still be written is; then this ends.\n"
            yield Static(Content(text))
            yield Static(Content.assemble(("y", "bold"), " quit   ", ("n", "bold"), " stay"))

    def action_answer(self, leave: bool) -> None:
        self.dismiss(leave)
