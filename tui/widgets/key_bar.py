"""The footer: what the keys do now, one row, built from the bindings that are live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.commands import COMMANDS, Command
from tui.safe_text import width

_GAP = 2


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key and its word in the footer, and the columns that answer a click."""

    command: Command
    key: str
    word: str
    start: int = 0
    end: int = 0


class KeyBar(Widget):
    """Ranked key hints; the last ones are dropped when the row is too narrow."""

    COMPONENT_CLASSES = {"key-bar--key", "key-bar--word"}  # noqa: RUF012  Textual's own form
    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        width: 1fr;
        text-wrap: nowrap;
        background: $footer-background;
        color: $footer-foreground;
        & > .key-bar--key { color: $footer-key-foreground; text-style: bold; }
        & > .key-bar--word { color: $footer-description-foreground; }
    }
    """

    waiting: reactive[int] = reactive(0)
    """Edits that are kept for a retry."""
    silent: reactive[bool] = reactive(False)
    """A dialog has the keys: these do nothing."""
    note: reactive[str] = reactive("")
    """What stands before the keys."""

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._hints: list[KeyHint] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._refresh_hints)

    def _refresh_hints(self, _: Screen[Any]) -> None:
        self.refresh()

    @property
    def words(self) -> list[str]:
        """The words shown now, in order."""
        return [hint.word for hint in self._hints]

    def render(self) -> RenderResult:
        if self.silent:
            self._hints = []
            return Content()
        start = width(self.note) + _GAP if self.note else 0
        self._hints = self._place(live_keys(self.screen), self.size.width, start)
        key_style = self.get_visual_style("key-bar--key")
        word_style = self.get_visual_style("key-bar--word")
        parts: list[Any] = [(f" {self.note} ", word_style)] if self.note else []
        for place, hint in enumerate(self._hints):
            gap = " " * _GAP if place else " "  # none at the end: it would wrap the last word
            parts.append((f"{gap}{hint.key}", key_style))
            parts.append((f" {hint.word}", word_style))
        return Content.assemble(*parts)

    def _place(self, keys: dict[str, str], room: int, column: int) -> list[KeyHint]:
        ranked = sorted((c for c in COMMANDS if c.rank and c.id in keys), key=lambda c: c.rank)
        hints: list[KeyHint] = []
        for command in ranked:
            key = self._spell(keys[command.id])
            word = self._word(command)
            end = column + 2 + width(key) + width(word)
            if end > room:
                break
            hints.append(KeyHint(command, key, word, column, end))
            column = end + _GAP - 1
        return hints

    def _word(self, command: Command) -> str:
        if command.id != "edits.retry":
            return command.footer
        return f"{command.footer} {self.waiting} edit{'s' * (self.waiting != 1)}"

    def _spell(self, key: str) -> str:
        if key == "enter":
            return "Enter" if self._ascii_only else "↵"
        return {"tab": "Tab", "space": "Space"}.get(key, key)

    async def on_click(self, event: events.Click) -> None:
        for hint in self._hints:
            if hint.start <= event.x < hint.end:
                action = hint.command.action
                if action:
                    await self.screen.run_action(action)
                else:
                    self.app.simulate_key(hint.command.key)


def live_keys(screen: Screen[Any]) -> dict[str, str]:
    """The key shown for each command that can be used now, by command id."""
    found: dict[str, str] = {c.id: c.key for c in COMMANDS if not c.is_bound}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id and active.enabled and binding.id not in found:
            found[binding.id] = screen.app.get_key_display(binding)
    return found
