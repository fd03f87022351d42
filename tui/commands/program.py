"""Commands about the program itself."""

from __future__ import annotations

from tui.commands.command import Command, Group

PROGRAM = (
    Command(
        "app.palette",
        ":,ctrl+p",
        "open_palette",
        "Program: palette",
        "All commands and tasks, by their words.",
        Group.APP,
        "command",
        15,
    ),
    Command(
        "notify.toggle",
        "exclamation_mark",
        "toggle_notifications",
        "Program: mute notifications",
        "Mute or unmute the notifications that your settings ask for.",
        Group.APP,
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
        18,
    ),
)
