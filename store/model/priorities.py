"""Priorities by the ladder of their list: its own words, or whole numbers, higher first. Pure."""

from __future__ import annotations

import re

from store.model.task import Capabilities, Verb

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")


def has_priorities(allowed: Capabilities) -> bool:
    """Whether the tasks of such a list can have one at all."""
    return bool(allowed.priorities) or allowed.refusal(Verb.PRIORITY) is None


def urgency(allowed: Capabilities, priority: str | None) -> float | None:
    """How many steps it is above what is usual in its list; below that the figure is negative.

    None: the task has no priority, or one that its list does not know.
    """
    if priority is None:
        return None
    ladder = allowed.priorities
    if not ladder:
        return float(priority) if _NUMBER.fullmatch(priority) else None
    place = _place(ladder, priority)
    return None if place is None else float(place - _usual(ladder))


def shifted(allowed: Capabilities, priority: str | None, steps: int) -> str | None:
    """The priority so many steps more urgent; None where the ladder ends before, or where the
    present one is not understood. A task without one stands where tasks usually do.
    """
    ladder = allowed.priorities
    if not ladder:
        number = urgency(allowed, priority or "0")
        return None if number is None else str(int(number) + steps)
    place = _usual(ladder) if priority is None else _place(ladder, priority)
    if place is None or not 0 <= place + steps < len(ladder):
        return None
    return ladder[place + steps]


def _usual(ladder: tuple[str, ...]) -> int:
    """The place of what nobody chose: the middle, of two the less urgent."""
    return (len(ladder) - 1) // 2


def _place(ladder: tuple[str, ...], priority: str) -> int | None:
    wanted = priority.casefold()
    return next((n for n, word in enumerate(ladder) if word.casefold() == wanted), None)
