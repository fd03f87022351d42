"""Priorities: words or numbers, whatever the list uses; one step up or down its own ladder."""

from __future__ import annotations

import re

_WORDS = ("low", "medium", "high", "urgent")
_NUMBERED = re.compile(r"([Pp]?)([0-4])\Z")


def shifted_priority(priority: str | None, steps: int) -> str | None:
    """The priority so many steps more urgent, None where there is none or it is not understood.

    `P0` and `0` are the most urgent of their ladders, as trackers have it; a task without a
    priority stands between medium's neighbours.
    """
    if numbered := _NUMBERED.match(priority or ""):
        level = int(numbered[2]) - steps
        return f"{numbered[1]}{level}" if 0 <= level <= 4 else None
    word = (priority or "medium").lower()
    if word not in _WORDS:
        return None
    place = _WORDS.index(word) + steps
    return _WORDS[place] if 0 <= place < len(_WORDS) else None
