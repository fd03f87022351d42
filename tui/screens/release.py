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
from tui import glyphs
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
        name = wording.id_text(self.key.id)
        if self.target.is_closed:
            return f"{name} is {wording.value_text(self.target.native_status)}: nothing to release."
        if self.target.owner is None and not self.target.status.is_active:
            return f"{name} has no owner and is not in progress: nothing to release."
        return None

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        self.query_one("#question", Static).update(Content.styled(self._question(), "bold"))
        self.show_effect()

    def edit(self) -> ReleaseTask:
        return ReleaseTask(self.key, expected_owner=self.target.owner)

    def _question(self) -> str:
        name, owner = wording.id_text(self.key.id), self.target.owner
        silent = silent_s(self.target, self.frame.now)
        since = "" if silent is None else f", silent for {glyphs.age(silent)}"
        whose = f"Take {name} back from {wording.owner_text(owner)}{since}?"
        if owner is None:
            whose = f"Put {name} back{since}? Nobody owns it."
        return f"{whose} It becomes pending, without an owner."
