"""What a task file of the native layout is called, and what a list is for."""

from __future__ import annotations

from enum import StrEnum

from store.systems.records.record import MAX_ID

_MOST_DIGITS = len(str(MAX_ID))


class TaskListRole(StrEnum):
    """What a list is for: the colony's shared plan, or one session's own list."""

    TEMPLATE = "template"
    SESSION = "session"


def file_name(task_id: int) -> str:
    return f"{task_id:04d}.json"


def id_of_file(name: str) -> int | None:
    """The id that a file name stands for, None if it is not a task's name.

    Only the canonical spelling counts: "0042.json", not "42.json", "00042.json" or "４２".
    """
    digits = name[:-5]
    if name[-5:] != ".json" or not digits.isdecimal() or not digits.isascii():
        return None
    if len(digits) != 4 and (digits[0] == "0" or not 4 < len(digits) <= _MOST_DIGITS):
        return None
    number = int(digits)
    return number if 1 <= number <= MAX_ID else None
