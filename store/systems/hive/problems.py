"""What is wrong with a native list beside its edges, each with the way to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from store.model.edge_problems import SHOWN
from store.model.task import Problem, ProblemKind

_LIKE_A_TASK = re.compile(r"\d+\.json\Z", re.IGNORECASE)


def ignored_names(names: Iterable[str], directory: str) -> tuple[Problem, ...]:
    """Files that look like tasks and are none by their name."""
    alike = sorted(name for name in names if _LIKE_A_TASK.search(name))
    found = [
        Problem(
            ProblemKind.IGNORED_FILE,
            f"{name!a} is not a task's name: ids have at least four digits and no extra zeros",
            path=f"{directory}/{name}",
            repair="rename it to its id in four digits or more, or move it away",
        )
        for name in alike[:SHOWN]
    ]
    if len(alike) > SHOWN:
        text = f"{len(alike) - SHOWN} more files look like tasks and are none by their name"
        found.append(Problem(ProblemKind.IGNORED_FILE, text, path=directory))
    return tuple(found)


def lost_mark(mark: int | None, reason: str | None, highest: int, path: str) -> Problem | None:
    """The high-water mark cannot do what it is for: to keep a deleted id from coming back.

    Args:
        mark: the mark as read, None if there is none or it is not valid.
        reason: why it is None, where it is there.
        highest: the greatest id among the file names, 0 if there is none.
        path: where the mark is.
    """
    if mark is not None and mark >= highest:
        return None
    if mark is not None:
        text = f"the high-water mark is {mark}, but #{highest} exists"
    elif reason is not None:
        text = f"the high-water mark cannot be used: {reason}"
    elif highest:
        text = "the high-water mark is missing, so the id of a deleted task could come back"
    else:
        return None
    repair = "the next task created through colonytop sets it right"
    return Problem(ProblemKind.LOST_MARK, text, path=path, repair=repair)
