"""Commands that change how the colony is shown."""

from __future__ import annotations

from tui.commands.command import Command, Group

VIEWING = (
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
        "view.zoom", "M", "toggle_zoom", "View: zoom", "This pane alone.", Group.VIEW, "zoom", 17
    ),
    Command(
        "view.pause",
        "p",
        "toggle_pause",
        "View: pause",
        "Freeze what is shown; changes are still counted.",
        Group.VIEW,
        "pause",
        10,
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
        9,
    ),
    Command("task.copy", "y", "copy_id", "Task: copy id", "Copy its list and id.", Group.VIEW),
)
