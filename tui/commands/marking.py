"""Commands that choose several tasks, for the steering keys to act on together."""

from __future__ import annotations

from tui.commands.command import Command, Group

MARKING = (
    Command(
        "mark.toggle",
        "space",
        "mark_task",
        "Mark: this task",
        "Mark the task and go on; the steering keys then act on all marked tasks.",
        Group.MARK,
        "mark",
        13,
    ),
    Command(
        "mark.range",
        "v",
        "mark_range",
        "Mark: range",
        "Mark from here to wherever the cursor goes; again to end it.",
        Group.MARK,
    ),
    Command(
        "mark.shown",
        "*",
        "mark_shown",
        "Mark: all shown",
        "Mark every task that the view shows; again to unmark them.",
        Group.MARK,
    ),
    Command(
        "mark.owner",
        "@",
        "mark_owner",
        "Mark: all open of the owner",
        "Mark the open tasks of this task's owner in its list; again to unmark them.",
        Group.MARK,
    ),
)
