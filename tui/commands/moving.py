"""Commands that move the cursor or the focus."""

from __future__ import annotations

from tui.commands.command import Command, Group

MOVING = (
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
        "pane.next", "tab", "app.focus_next", "Pane: next", "The next pane.", Group.MOVE, "pane", 16
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
        "Leave the zoom, the detail, the marks, a view chosen by name, the search.",
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
