"""`R`: take a task back from its owner; only `y` confirms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.attention import silent_s
from store.model.edits import ReleaseTask
from store.model.task import Verb
from tui import edit_making, glyphs
from tui.screens import wording
from tui.screens.dialog import KeyButton
from tui.screens.steering_dialog import TaskDialog


class ReleaseScreen(TaskDialog):
    """Says who loses it and how long it has been silent; `y` releases, `n` and Esc do not."""

    VERB = Verb.RELEASE
    NAME = "Release"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "apply", "release", show=False),
        Binding("n", "close", "leave", show=False),
    ]

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("y", "release it", "apply"), KeyButton("n", "leave it", "close")]

    def find_refusal(self) -> str | None:
        if (refusal := super().find_refusal()) is not None:
            return refusal
        why = edit_making.release_objection(self.target)
        return f"{wording.id_text(self.key.id)}: {why}." if why else None

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        self.query_one("#question", Static).update(Content.styled(self._question(), "bold"))
        self.show_effect()

    def edit(self) -> ReleaseTask:
        return edit_making.release(self.target)

    def _question(self) -> str:
        name, owner = wording.id_text(self.key.id), self.target.owner
        silent = silent_s(self.target, self.frame.now)
        since = "" if silent is None else f", silent for {glyphs.age(silent)}"
        whose = f"Take {name} back from {wording.owner_text(owner)}{since}?"
        if owner is None:
            whose = f"Put {name} back{since}? Nobody owns it."
        return f"{whose} It becomes pending, without an owner."
