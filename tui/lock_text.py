"""Who holds a task, in words. The name is untrusted: it has to go through the door yet."""

from __future__ import annotations

from store.model.execution import TaskLock
from tui.glyphs import age

_LIFE = {
    True: "seen alive",
    False: "whose process is dead",
    None: "not known to be alive",
}


def lock_words(lock: TaskLock, now: float) -> str:
    """As in "held by bo for 12m, whose process is dead"."""
    since = "" if lock.at is None else f" for {age(now - lock.at)}"
    return f"held by {lock.by}{since}, {_LIFE[lock.is_live]}"
