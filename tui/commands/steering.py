"""Commands that lead to a write."""

from __future__ import annotations

from store.model.task import Verb
from tui.commands.command import Command, Group


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


STEERING = (
    _steer(Verb.UNBLOCK, "u", "Pick the edges to cut.", rank=4),
    _steer(Verb.ASSIGN, "a", "Give it to an owner, or to nobody.", rank=5),
    _steer(Verb.STATUS, "s", "Set its status.", rank=6),
    _steer(Verb.EDIT, "e", "Change its text and edges in a form.", rank=12),
    _steer(Verb.CREATE, "c", "Add a task to this list.", footer="new", rank=11),
    _steer(Verb.RELEASE, "R", "Take it back from its owner; asks first.", rank=7),
    _steer(Verb.DELETE, "D", "Remove it and the edges to it; asks first.", rank=14),
    Command(
        "task.raise",
        "+",
        "shift_priority(1)",
        "Task: raise priority",
        "One step more urgent on its list's ladder; asks first where tasks are marked.",
        Group.STEER,
        verb=Verb.PRIORITY,
    ),
    Command(
        "task.lower",
        "-",
        "shift_priority(-1)",
        "Task: lower priority",
        "One step less urgent on its list's ladder; asks first where tasks are marked.",
        Group.STEER,
        verb=Verb.PRIORITY,
    ),
    _steer(Verb.TICK, "x", "Tick off its steps and checks, or open them again."),
    _steer(Verb.RETRIES, "l", "Say how often it may be tried.", name="attempts"),
    Command(
        "list.clear",
        "K",
        "clear_completed",
        "List: archive what is completed",
        "Archive all completed tasks of this list, where it has an archive; asks first.",
        Group.STEER,
        verb=Verb.STATUS,
    ),
    Command(
        "draft.toggle",
        "d",
        "toggle_draft",
        "Draft: collect or write",
        "Collect edits in a draft instead of writing them; again to write at once.",
        Group.STEER,
    ),
    Command(
        "draft.open",
        "X",
        "open_draft",
        "Draft: open",
        "The edits collected, what they change, and all of them as one step; save, load.",
        Group.STEER,
    ),
    Command(
        "edits.receipts",
        "U",
        "show_receipts",
        "Edits: seen or not",
        "Which of your edits their owners have seen or acted on, by what they wrote since.",
        Group.STEER,
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
