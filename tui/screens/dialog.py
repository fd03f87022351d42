"""What every dialog shares: a titled frame that names its target, the effect, and the keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.safe_text import one_line
from tui.screens import wording
from tui.view_state import Frame
from tui.widgets.drawing import in_ascii

Result = TypeVar("Result")

_ROOMY = 110  # columns of the terminal from which dialogs are wide
_TALL = 34


class KeyButton(Static):
    """A key and what it does, at the foot of a dialog; a click does the same."""

    def __init__(self, key: str, label: str, action: str) -> None:
        self._deed = action
        super().__init__(
            Content.assemble((key, "bold $accent"), (f" {label}", "$muted")), classes="key-button"
        )

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        await self.screen.run_action(self._deed)


class ChoiceList(OptionList):
    """Options of one row each. A click highlights, so that the effect is seen before Enter."""

    class Clicked(Message):
        """A row was clicked once; it is highlighted by now."""

    def __init__(self, *, id: str = "choices") -> None:
        super().__init__(id=id, markup=False, compact=True)

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()
        place = event.style.meta.get("option")
        if place is None or self.get_option_at_index(place).disabled:
            return
        self.highlighted = place
        if event.chain == 2:
            self.action_select()
        else:
            self.post_message(self.Clicked())

    def show(self, rows: Iterable[tuple[str, Content]], highlighted: str | None = None) -> None:
        """Replace the options by (id, row) pairs and keep the highlight on an id."""
        ascii_only = isinstance(self.screen, Dialog) and self.screen.frame.ascii
        options = [Option(in_ascii(row, ascii_only), id=option_id) for option_id, row in rows]
        self.set_options(options)
        ids = [option.id for option in options]
        if options:
            self.highlighted = ids.index(highlighted) if highlighted in ids else 0


class Dialog(ModalScreen[Result]):
    """A modal window with a title, a body and its keys. Esc closes it with None."""

    CSS_PATH = "dialog.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOMY, "-roomy")]  # noqa: RUF012  Textual's form
    VERTICAL_BREAKPOINTS = [(0, "-short-screen"), (_TALL, "-tall-screen")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, id="dialog.close"),
    ]

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    @property
    @abstractmethod
    def heading(self) -> str:
        """The title: what is done to what."""

    @property
    def keys(self) -> list[KeyButton]:
        """The keys, in the order of the foot row."""
        return [KeyButton("Esc", "close", "close")]

    @abstractmethod
    def compose_body(self) -> Iterable[Widget]:
        """What is between the title and the keys."""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-ascii" if self.frame.ascii else "") as box:
            box.border_title = Content(one_line(self.heading, 300))
            yield from self.compose_body()
            with Horizontal(id="keys"):
                yield from self.keys

    @property
    def columns(self) -> int:
        """Cells of a row between the borders, as dialog.tcss sets them."""
        return 92 if self.app.size.width >= _ROOMY else 72

    def action_close(self) -> None:
        """Close and change nothing."""
        self.dismiss(None)


class DecisionDialog(Dialog[Result | None]):
    """A dialog that decides on something to write, and shows its effect before it is applied."""

    EFFECT_ROWS: ClassVar[tuple[int, int]] = (8, 12)
    """Rows for the effect on a terminal of 24 rows, and on a tall one."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "scroll_effect(-1)", "effect up", show=False, priority=True),
        Binding("pagedown", "scroll_effect(1)", "effect down", show=False, priority=True),
    ]

    refusal: str | None = None
    """Why this dialog can do nothing here, as a sentence; None where it can."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._effect: list[Content] = []
        self._effect_top = 0

    @property
    def keys(self) -> list[KeyButton]:
        if self.refusal is not None:
            return super().keys
        return [*self.edit_keys, *super().keys]

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "apply", "apply")]

    def compose_body(self) -> Iterable[Widget]:
        if self.refusal is not None:
            yield Static(wording.error_line(self.refusal), id="refusal")
            return
        yield from self.compose_choice()
        yield Static(id="effect")

    @abstractmethod
    def compose_choice(self) -> Iterable[Widget]:
        """The widgets in which the operator decides."""

    def on_mount(self) -> None:
        if self.refusal is None:
            self.start()

    @abstractmethod
    def start(self) -> None:
        """Fill the widgets; called once, only where the edit is possible."""

    @abstractmethod
    def edit(self) -> Result | None:
        """What is chosen now; None while there is nothing to apply."""

    @abstractmethod
    def effect(self) -> list[Content]:
        """The effect of what is chosen now, a line each."""

    def warnings(self) -> list[Content]:
        """What has to be read before the effect, a line each."""
        return []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "scroll_effect":  # else the keys are the focused widget's
            return len(self._effect) > self._effect_room
        return self.refusal is None or action == "close"

    def action_apply(self) -> None:
        if (edit := self.edit()) is not None:
            self.dismiss(edit)

    def show_effect(self) -> None:
        """Draw the effect of what is chosen now; called whenever the choice moves."""
        self._effect, self._effect_top = [*self.warnings(), *self.effect()], 0
        self._draw_effect()

    def action_scroll_effect(self, pages: int) -> None:
        """Show the lines of the effect before or after those that are shown."""
        shown = self._effect_room - 1
        last = len(self._effect) - shown
        self._effect_top = max(0, min(last, self._effect_top + pages * shown))
        self._draw_effect()

    @property
    def _effect_room(self) -> int:
        return self.EFFECT_ROWS[self.app.size.height >= _TALL]

    def _draw_effect(self) -> None:
        """What fits; where that is not all, the last row says which part it is."""
        lines, room = self._effect, self._effect_room
        if len(lines) > room:
            top = self._effect_top
            shown = lines[top : top + room - 1]
            place = f"  {top + 1}-{top + len(shown)} of {len(lines)} lines; PgUp/PgDn for the rest"
            lines = [*shown, Content.styled(place, "$muted")]
        drawn = in_ascii(Content("\n").join(lines), self.frame.ascii)
        self.query_one("#effect", Static).update(drawn)
