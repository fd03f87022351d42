"""Choosing an owner: those who are known with their load, nobody, or a new name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static

from store.model.attention import DisplayState
from store.model.listing import OwnerLoad
from tui import glyphs
from tui.screens import wording
from tui.screens.dialog import ChoiceList
from tui.screens.fields import SafeInput
from tui.view_state import Frame

_NOBODY = "none"
_NEW = "new"
_KNOWN = "owner:"
_SIGNS = (DisplayState.ACTIVE, DisplayState.READY, DisplayState.BLOCKED, DisplayState.DONE)


@dataclass(frozen=True, slots=True)
class Owner:
    """A choice: a name, or None for nobody."""

    name: str | None


class OwnerChoice(Vertical):
    """Typing filters the owners or names a new one; `-` is nobody; Enter decides."""

    DEFAULT_CSS = "OwnerChoice { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
    ]

    class Changed(Message):
        """Another owner is highlighted, or none."""

    class Decided(Message):
        """Enter, or a double click."""

    def __init__(self, frame: Frame, loads: Sequence[OwnerLoad], now: Owner | None) -> None:
        """Args:
        now: who has what is to be given away, if that is one and the same for all of it.
        """
        super().__init__()
        self._frame = frame
        self._loads = loads
        self._now = now
        self._offered: dict[str, Owner] = {}

    def compose(self) -> ComposeResult:
        yield SafeInput(placeholder="type to filter, or a new owner; - for nobody", id="owner")
        yield Static(self._header(), id="columns")
        yield ChoiceList()

    def on_mount(self) -> None:
        self._show_owners()
        self.query_one(SafeInput).focus()

    @property
    def chosen(self) -> Owner | None:
        """The owner that is highlighted; None where none is."""
        option = self.query_one(ChoiceList).highlighted_option
        return None if option is None or option.id is None else self._offered.get(option.id)

    def choose_nobody(self) -> None:
        """Highlight `nobody`."""
        self.query_one(SafeInput).value = "-"

    def action_move(self, step: int) -> None:
        """Move the highlight while the cursor stays in the name."""
        choices = self.query_one(ChoiceList)
        (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show_owners()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _decided(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Decided())

    def _show_owners(self) -> None:
        typed = self.query_one(SafeInput).value.strip()
        rows = list(self._rows(typed))
        first = next((i for i, _ in rows if self._offered[i] != self._now), None)
        self.query_one(ChoiceList).show(rows, first)
        self.post_message(self.Changed())

    def _rows(self, typed: str) -> Iterable[tuple[str, Content]]:
        """The owners whose name has what is typed; else it is offered as a new one."""
        self._offered.clear()
        word = "" if typed == "-" else typed.casefold()
        known = [load for load in self._loads if word in load.owner.casefold()]
        if typed and typed != "-":
            known.sort(key=lambda load: load.owner.casefold() != word)
            if not any(load.owner == typed for load in self._loads):
                self._offered[_NEW] = Owner(typed)
        if typed in ("", "-"):
            self._offered[_NOBODY] = Owner(None)
        if typed == "-":
            yield _NOBODY, self._plain_row("-", "nobody")
            return
        for place, load in enumerate(known):
            self._offered[f"{_KNOWN}{place}"] = Owner(load.owner)
            yield f"{_KNOWN}{place}", self._load_row(load)
        if _NEW in self._offered:
            yield _NEW, self._plain_row("+", f"new owner: {wording.owner_text(typed)}")
        if _NOBODY in self._offered:
            yield _NOBODY, self._plain_row("-", "nobody")

    def _header(self) -> Content:
        signs = [wording.state_glyph(self._frame, state) for state in _SIGNS]
        cells = [(f"{sign:>6}", style) for sign, style in signs]
        return Content.assemble((f"  {'owner':<22}", "$muted"), *cells, ("  last write", "$muted"))

    def _load_row(self, load: OwnerLoad) -> Content:
        age = None if load.last_write is None else self._frame.now - load.last_write
        counts = (load.active, load.ready, load.blocked, load.done)
        now = "  now" if self._now == Owner(load.owner) else ""
        return Content.assemble(
            "  ",
            (wording.column(load.owner, 22), f"${glyphs.owner_role(load.owner)}"),
            "".join(f"{count or '-':>6}" for count in counts),
            (f"{glyphs.age(age):>12}", "$muted"),
            (now, "$accent"),
        )

    def _plain_row(self, sign: str, words: str) -> Content:
        now = "  now" if sign == "-" and self._now == Owner(None) else ""
        return Content.assemble((f"{sign} ", "bold $accent"), words, (now, "$accent"))
