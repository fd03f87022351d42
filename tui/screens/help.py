"""The help page: every key that is live, under its heading, and the help of the focused pane."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from tui.commands import COMMANDS, Command, Group
from tui.widgets.drawing import hanging

_KEY_CELLS = 11
_WIDTH = 76  # as in the stylesheet below
_SPELLED = {
    "up": "Up",
    "down": "Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "esc": "Esc",
    "space": "Space",
}


class PaneHelp(Markdown):
    """Our own words, with a bullet that every terminal has."""

    BULLETS = ["- "]  # noqa: RUF012  Textual's own form


class HelpScreen(ModalScreen[None]):
    """Closes on Esc, `?` and `q`."""

    BINDINGS = [  # noqa: RUF012  Textual's own form
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close")
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 76; max-width: 96%; height: auto; max-height: 92%;
            border: round $border; background: $surface; padding: 0 1;
        }
        & Static { height: auto; }
        & PaneHelp { padding: 0; margin: 0 0 1 0; }
        & PaneHelp > * { margin: 0; }
        & PaneHelp > MarkdownH2 { color: $accent; text-style: bold; }
    }
    """

    def __init__(self, keys: Mapping[str, str], pane_help: str = "", search_help: str = "") -> None:
        """Args:
        keys: the key shown for each live command, by command id.
        pane_help: our own words (Markdown) on the focused pane; never text from a task.
        search_help: the same on the search line, which cannot be asked with `?` itself.
        """
        super().__init__()
        self._keys = keys
        self._pane_help = pane_help
        self._search_help = search_help

    def compose(self) -> ComposeResult:
        with VerticalScroll() as page:
            page.border_title = "Help"
            page.border_subtitle = "Esc closes"
            if self._pane_help:
                yield PaneHelp(self._pane_help, open_links=False)
            for group in Group:
                commands = [c for c in COMMANDS if c.group is group and c.id in self._keys]
                if commands:
                    yield Static(self._section(group, commands))
            if self._search_help:
                yield PaneHelp(self._search_help, open_links=False)

    def _section(self, group: Group, commands: list[Command]) -> Content:
        lines = [Content.assemble((group.value, "bold $accent"))]
        for command in commands:
            key = " ".join(_SPELLED.get(k, k) for k in self._keys[command.id].split(","))
            lead = Content.styled(f"  {key:<{_KEY_CELLS}} ", "bold")
            lines.append(hanging(lead, Content(command.help), self._cells))
        return Content("\n").join([*lines, Content("")])

    @property
    def _cells(self) -> int:
        """Cells inside border, padding and scroll bar."""
        return min(_WIDTH, self.app.size.width * 96 // 100) - 6
