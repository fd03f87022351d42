"""The search line: words that must all be found in a task's id, subject or owner."""

from __future__ import annotations

from collections.abc import Callable

from store.model.task import Task

Matcher = Callable[[str, Task], bool]
"""(searched text of the task, the task) → whether the row stays."""


def searched_text(task: Task) -> str:
    """What words are looked for in: one line each for subject, id and owner, case folded."""
    return f"{task.subject}\n#{task.id}\n{task.owner or ''}".casefold()


def compile_query(text: str) -> Matcher | None:
    """The test that a search line asks for; None when it asks for nothing.

    Every word has to match. `#12` is the task with exactly that id, or one whose text names
    "#12"; other words match anywhere in the id, the subject or the owner, in any case.
    """
    words = text.casefold().split()
    if not words:
        return None
    tests = [_id_test(word) if len(word) > 1 and word[0] == "#" else _word(word) for word in words]
    if len(tests) == 1:
        return tests[0]
    return lambda searched, task: all(test(searched, task) for test in tests)


def _word(word: str) -> Matcher:
    return lambda searched, task: word in searched


def _id_test(word: str) -> Matcher:
    def names_id(searched: str, task: Task) -> bool:
        place = searched.find(word)
        while place >= 0:
            following = searched[place + len(word) : place + len(word) + 1]
            if not following.isalnum():
                return True
            place = searched.find(word, place + 1)
        return False

    return names_id
