"""`a`: give a task to an owner, seen with their load; to nobody; or to a new name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from store.model.attention import DisplayState
from store.model.edits import UpdateTask
from store.model.listing import OwnerLoad, owner_loads
from store.model.task import Verb
from tui import glyphs
from tui.screens import wording
from tui.screens.dialog import ChoiceList, KeyButton
from tui.screens.fields import SafeInput
from tui.screens.steering_dialog import TaskDialog

_NOBODY = "none"
_NEW = "new"
_KNOWN = "owner:"


class AssignScreen(TaskDialog):
    """Typing filters the owners or names a new one; `-` is nobody; Enter applies."""

    VERB = Verb.ASSIGN
    NAME = "Assign"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
    ]

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("-", "nobody", "nobody"), KeyButton("Enter", "assign", "apply")]

    def compose_choice(self) -> Iterable[Widget]:
        yield SafeInput(placeholder="type to filter, or a new owner; - for nobody", id="owner")
        yield Static(self._header(), id="columns")
        yield ChoiceList()

    def start(self) -> None:
        self._loads = owner_loads(self.task_list)
        self._offered: dict[str, str | None] = {}
        self._show_owners()
        self.query_one(SafeInput).focus()

    def edit(self) -> UpdateTask | None:
        option = self.query_one(ChoiceList).highlighted_option
        if option is None or option.id not in self._offered:
            return None
        owner = self._offered[option.id]
        if owner == self.target.owner:
            return None
        return UpdateTask(self.key, owner=owner, expected={"owner": self.target.owner})

    def effect(self) -> list[Content]:
        if self.edit() is None and self.target.owner is not None:
            has = f"{wording.owner_text(self.target.owner)} has it already"
            return [Content.styled(has, "$muted")]
        return super().effect()

    def action_move(self, step: int) -> None:
        """Move the highlight while the cursor stays in the name."""
        choices = self.query_one(ChoiceList)
        (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    def action_nobody(self) -> None:
        """Highlight `nobody`."""
        self.query_one(SafeInput).value = "-"

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show_owners()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.show_effect()

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _decided(self) -> None:
        self.action_apply()

    def _show_owners(self) -> None:
        typed = self.query_one(SafeInput).value.strip()
        rows = list(self._rows(typed))
        first = next((i for i, _ in rows if self._offered[i] != self.target.owner), None)
        self.query_one(ChoiceList).show(rows, first)
        self.show_effect()

    def _rows(self, typed: str) -> Iterable[tuple[str, Content]]:
        """The owners whose name has what is typed; else it is offered as a new one."""
        self._offered.clear()
        word = "" if typed == "-" else typed.casefold()
        known = [load for load in self._loads if word in load.owner.casefold()]
        if typed and typed != "-":
            known.sort(key=lambda load: load.owner.casefold() != word)
            if not any(load.owner == typed for load in self._loads):
                self._offered[_NEW] = typed
        if typed in ("", "-"):
            self._offered[_NOBODY] = None
        if typed == "-":
            yield _NOBODY, self._plain_row("-", "nobody")
            return
        for place, load in enumerate(known):
            self._offered[f"{_KNOWN}{place}"] = load.owner
            yield f"{_KNOWN}{place}", self._load_row(load)
        if _NEW in self._offered:
            yield _NEW, self._plain_row("+", f"new owner: {wording.owner_text(typed)}")
        if _NOBODY in self._offered:
            yield _NOBODY, self._plain_row("-", "nobody")

    def _header(self) -> Content:
        signs = [
            wording.state_glyph(self.frame, state)
            for state in (
                DisplayState.ACTIVE,
                DisplayState.READY,
                DisplayState.BLOCKED,
                DisplayState.DONE,
            )
        ]
        cells: list[str | tuple[str, str]] = []
        for sign, style in signs:
            cells.append((f"{sign:>6}", style))
        return Content.assemble((f"  {'owner':<22}", "$muted"), *cells, ("  last write", "$muted"))

    def _load_row(self, load: OwnerLoad) -> Content:
        age = None if load.last_write is None else self.frame.now - load.last_write
        counts = (load.active, load.ready, load.blocked, load.done)
        now = "  now" if load.owner == self.target.owner else ""
        return Content.assemble(
            "  ",
            (wording.column(load.owner, 22), f"${glyphs.owner_role(load.owner)}"),
            "".join(f"{count or '-':>6}" for count in counts),
            (f"{glyphs.age(age):>12}", "$muted"),
            (now, "$accent"),
        )

    def _plain_row(self, sign: str, words: str) -> Content:
        now = "  now" if sign == "-" and self.target.owner is None else ""
        return Content.assemble((f"{sign} ", "bold $accent"), words, (now, "$accent"))
