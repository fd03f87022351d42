"""Each command declared once: the one table that keys, footer, `?` help and palette are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from store.model.task import Verb
from tui.view_state import Lens


class Group(StrEnum):
    """Headings of the help page, in its order."""

    MOVE = "Move"
    LENS = "Lenses and search"
    VIEW = "View"
    STEER = "Steer"
    APP = "Program"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for."""

    id: str
    """`noun.verb`; what a keymap names. Never changed after a release."""
    key: str
    """Textual key names, comma separated."""
    action: str
    """The action of the main screen; empty where the focused pane answers the key itself."""
    title: str
    """Shown in the palette and in the help page."""
    help: str
    """One sentence: what it does."""
    group: Group
    footer: str = ""
    """The word in the footer; empty keeps it out."""
    rank: int = 0
    """Place in the footer, 1 first; the highest ranks are dropped when it is narrow."""
    verb: Verb | None = None
    """The edit it leads to; None for what only looks."""

    @property
    def steers(self) -> bool:
        """It can lead to a write, so read-only sessions do not have it."""
        return self.verb is not None or self.id == "edits.retry"

    @property
    def is_bound(self) -> bool:
        """False: the pane with the focus answers the key, so no keymap can move it."""
        return bool(self.action)


def _lenses() -> Iterable[Command]:
    helps = {
        Lens.ALL: "Every task.",
        Lens.READY: "Tasks that can start now.",
        Lens.ACTIVE: "Tasks that somebody works on.",
        Lens.BLOCKED: "Tasks that wait on something unmet.",
        Lens.STALE: "Tasks in progress whose record has been silent for long.",
        Lens.NEEDS_YOU: "Tasks that only a person will get moving again.",
    }
    for number, lens in enumerate(Lens, 1):
        noun = lens.value.replace(" ", "_")
        yield Command(
            f"lens.{noun}",
            str(number),
            f"show_lens('{lens.value}')",
            f"Lens: {lens.value}",
            helps[lens],
            Group.LENS,
        )


def _steer(
    verb: Verb, key: str, help_text: str, *, name: str = "", footer: str = "", rank: int = 0
) -> Command:
    word = name or verb.value
    return Command(
        f"task.{word}",
        key,
        f"steer('{verb.value}')",
        f"Task: {word}",
        help_text,
        Group.STEER,
        footer or (word if rank else ""),
        rank,
        verb,
    )


_MOVE = (
    Command("cursor.move", "up,down", "", "Move: row", "Row up, row down.", Group.MOVE),
    Command("cursor.page", "pageup,pagedown", "", "Move: page", "Page up or down.", Group.MOVE),
    Command("cursor.down", "j", "move_cursor('down')", "Move: down", "The next row.", Group.MOVE),
    Command("cursor.up", "k", "move_cursor('up')", "Move: up", "The row above.", Group.MOVE),
    Command("cursor.top", "g", "move_cursor('top')", "Move: top", "The first row.", Group.MOVE),
    Command(
        "cursor.bottom", "G", "move_cursor('bottom')", "Move: bottom", "The last row.", Group.MOVE
    ),
    Command(
        "cursor.half_down",
        "ctrl+d",
        "move_cursor('half_down')",
        "Move: half a page down",
        "Half a page down.",
        Group.MOVE,
    ),
    Command(
        "cursor.half_up",
        "ctrl+u",
        "move_cursor('half_up')",
        "Move: half a page up",
        "Half a page up.",
        Group.MOVE,
    ),
    Command(
        "pane.next", "tab", "app.focus_next", "Pane: next", "The next pane.", Group.MOVE, "pane", 14
    ),
    Command(
        "pane.previous",
        "shift+tab",
        "app.focus_previous",
        "Pane: previous",
        "The pane before.",
        Group.MOVE,
    ),
    Command(
        "task.open",
        "enter",
        "",
        "Task: open",
        "All fields of the task, and why it is not ready.",
        Group.MOVE,
        "open",
        3,
    ),
    Command(
        "view.back",
        "escape",
        "go_back",
        "View: back",
        "Leave the zoom, the detail, the search.",
        Group.MOVE,
    ),
    Command(
        "task.goto", "'", "goto_task", "Task: go to", "Find a task by id or words.", Group.MOVE
    ),
    Command(
        "task.blocker",
        "<",
        "follow_edge('blocker')",
        "Task: go to blocker",
        "Go to what the task waits on; again for the next one.",
        Group.MOVE,
    ),
    Command(
        "task.dependent",
        ">",
        "follow_edge('dependent')",
        "Task: go to dependent",
        "Go to a task that waits on this one.",
        Group.MOVE,
    ),
)

_SEARCH = (
    Command(
        "search.start",
        "/",
        "focus_search",
        "Search: filter",
        "Filter by id, subject and owner as you type; Esc clears.",
        Group.LENS,
        "find",
        2,
    ),
    Command("search.next", "n", "next_match(1)", "Search: next", "The next match.", Group.LENS),
    Command(
        "search.previous", "N", "next_match(-1)", "Search: previous", "Previous match.", Group.LENS
    ),
    Command("sort.menu", "o", "choose_sort", "Sort: choose", "Choose the order.", Group.LENS),
    Command("sort.reverse", "O", "reverse_sort", "Sort: reverse", "Turn it round.", Group.LENS),
)

_VIEW = (
    Command(
        "view.waves",
        "t",
        "toggle_grouping",
        "View: waves",
        "By wave, or one flat list.",
        Group.VIEW,
    ),
    Command("view.lists", "L", "toggle_lists", "View: lists", "Show the lists.", Group.VIEW),
    Command(
        "view.zoom", "M", "toggle_zoom", "View: zoom", "This pane alone.", Group.VIEW, "zoom", 15
    ),
    Command(
        "view.pause",
        "p",
        "toggle_pause",
        "View: pause",
        "Freeze what is shown; changes are still counted.",
        Group.VIEW,
        "pause",
        11,
    ),
    Command("view.rescan", "r", "app.rescan", "View: rescan", "Look at the disk now.", Group.VIEW),
    Command(
        "task.why",
        "w",
        "explain_task",
        "Task: why",
        "Why the task is not ready, and what it holds.",
        Group.VIEW,
        "why",
        12,
    ),
    Command("task.copy", "y", "copy_id", "Task: copy id", "Copy its list and id.", Group.VIEW),
)

_STEER = (
    _steer(Verb.UNBLOCK, "u", "Pick the edges to cut.", rank=4),
    _steer(Verb.ASSIGN, "a", "Give it to an owner, or to nobody.", rank=5),
    _steer(Verb.STATUS, "s", "Set its status.", rank=6),
    _steer(Verb.EDIT, "e", "Change its text and edges in a form.", rank=8),
    _steer(Verb.CREATE, "c", "Add a task to this list.", footer="new", rank=7),
    _steer(Verb.RELEASE, "R", "Take it back from its owner; asks first.", rank=9),
    _steer(Verb.DELETE, "D", "Remove it and the edges to it; asks first.", rank=10),
    Command(
        "task.raise",
        "+",
        "shift_priority(1)",
        "Task: raise priority",
        "One step more urgent, where the list has priorities.",
        Group.STEER,
        verb=Verb.PRIORITY,
    ),
    Command(
        "task.lower",
        "-",
        "shift_priority(-1)",
        "Task: lower priority",
        "One step less urgent, where the list has priorities.",
        Group.STEER,
        verb=Verb.PRIORITY,
    ),
    Command(
        "edits.retry",
        "W",
        "retry_edits",
        "Edits: retry waiting",
        "Try the edits again that a busy lock kept out.",
        Group.STEER,
        "retry",
        1,
    ),
)

_PROGRAM = (
    Command(
        "app.palette",
        ":,ctrl+p",
        "open_palette",
        "Program: palette",
        "All commands and tasks, by their words.",
        Group.APP,
        "command",
        13,
    ),
    Command("app.help", "?", "show_help", "Program: help", "This page.", Group.APP, "help", 1),
    Command(
        "app.screenshot",
        "ctrl+s",
        "app.save_picture",
        "Program: picture",
        "Save the screen as an SVG picture and as text.",
        Group.APP,
    ),
    Command(
        "app.quit",
        "q",
        "app.quit",
        "Program: quit",
        "Leave; asks only while edits wait.",
        Group.APP,
        "quit",
        16,
    ),
)

COMMANDS: tuple[Command, ...] = (*_MOVE, *_lenses(), *_SEARCH, *_VIEW, *_STEER, *_PROGRAM)
COMMAND_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}
