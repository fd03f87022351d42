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
    tests = [_id_test(word) for word in words if _is_id(word)]
    plain = [word for word in words if not _is_id(word)]
    if plain:
        tests.insert(0, _word(plain[0]) if len(plain) == 1 else _all_words(plain))
    if len(tests) == 1:
        return tests[0]
    return lambda searched, task: all(test(searched, task) for test in tests)


def _is_id(word: str) -> bool:
    return len(word) > 1 and word[0] == "#"


def _word(word: str) -> Matcher:
    return lambda searched, task: word in searched


def _all_words(words: list[str]) -> Matcher:
    def has_all(searched: str, task: Task) -> bool:
        # A loop, because `all` over a generator takes thrice the time.
        for word in words:  # noqa: SIM110
            if word not in searched:
                return False
        return True

    return has_all


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
