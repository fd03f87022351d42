"""Commands that go back and forth in time: undo, redo, history."""

from __future__ import annotations

from tui.commands.command import Command, Group

TIME = (
    Command(
        "steps.undo",
        "z",
        "undo_step",
        "Step: undo",
        "Take back your last edit or batch of edits, with the checks of any edit.",
        Group.STEER,
        "undo",
        8,
    ),
    Command(
        "steps.redo",
        "Z",
        "redo_step",
        "Step: redo",
        "Make again what was last taken back.",
        Group.STEER,
    ),
    Command(
        "task.history",
        "H",
        "show_history",
        "Task: history",
        "Who changed the task, when and how, as far as the journal reaches.",
        Group.VIEW,
    ),
)
