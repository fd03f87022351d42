"""Tests of a query that look at texts: words, owners, statuses, lists."""

from __future__ import annotations

from collections.abc import Callable

from store.model.attention import DisplayState
from store.model.query_moment import Moment, Test, require_equality
from store.model.query_syntax import Term, Value
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskListInfo, TaskStatus

NONE = "-"
"""As a value: nobody, nothing."""
_MANY = 1000  # answers that a test keeps


def plain_word(term: Term) -> str | None:
    """The word that is looked for anywhere in the text; None where the term asks otherwise."""
    return None if term.negated else word_of(term)


def word_of(term: Term) -> str | None:
    """The same, whether it is to be there or not."""
    return None if term.name or is_id(term) else term.values[0].text.casefold()


def is_id(term: Term) -> bool:
    value = term.values[0]
    return not value.is_quoted and len(value.text) > 1 and value.text[0] == "#"


def word_test(term: Term) -> Test:
    word = term.values[0].text.casefold()
    if not is_id(term):
        return lambda text, task, whole, state, at: word in text

    def names_id(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        place = text.find(word)
        while place >= 0:
            if not text[place + len(word) : place + len(word) + 1].isalnum():
                return True
            place = text.find(word, place + 1)
        return False

    return names_id


def owner_test(term: Term) -> Test:
    require_equality(term)
    names: set[str | None] = set()
    patterns = []
    for value in term.values:
        if value.text == NONE and not value.is_quoted:
            names.update((None, ""))
        elif "*" in value.text and not value.is_quoted:
            patterns.append(pattern(value))
        else:
            names.add(value.text)
    if not patterns:
        return lambda text, task, whole, state, at: task.owner in names
    return lambda text, task, whole, state, at: (
        task.owner in names or any(fits(task.owner or "") for fits in patterns)
    )


def status_test(term: Term) -> Test:
    """By the task's own word, the common status, or the state that its row shows."""
    require_equality(term)
    fits = any_of([beginning(value) for value in term.values])
    statuses = frozenset(status for status in TaskStatus if fits(status.value))
    states = frozenset(state for state in DisplayState if fits(state.value))
    known: dict[str, bool] = {}

    def has_status(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        if state in states or task.status in statuses:
            return True
        found = known.get(task.native_status)
        if found is None:
            if len(known) >= _MANY:
                known.clear()
            found = known[task.native_status] = fits(task.native_status.casefold())
        return found

    return has_status


def list_test(term: Term) -> Test:
    """By the list's id, with and without the part that all ids of its kind share."""
    require_equality(term)
    fits = any_of([beginning(value) for value in term.values])
    known: dict[ListKey, bool] = {}

    def in_list(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        key = task.key.list
        found = known.get(key)
        if found is None:
            name = TaskListInfo(key, "").name.casefold()
            found = known[key] = fits(key.id.casefold()) or fits(name)
        return found

    return in_list


def system_test(term: Term) -> Test:
    """By the name of the system that owns the list."""
    require_equality(term)
    fits = any_of([beginning(value) for value in term.values])
    known: dict[str, bool] = {}

    def is_of(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        system = task.key.list.system
        found = known.get(system)
        if found is None:
            found = known[system] = fits(system.casefold())
        return found

    return is_of


def pattern(value: Value) -> Callable[[str], bool]:
    """Whether a text is the value, in which `*` stands for anything."""
    if value.is_quoted or "*" not in value.text:
        wanted = value.text
        return lambda text: text == wanted
    first, *middle, last = value.text.split("*")

    def fits(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last):
            return False
        place, end = len(first), len(text) - len(last)
        for piece in middle:
            place = text.find(piece, place, end)
            if place < 0:
                return False
            place += len(piece)
        return place <= end

    return fits


def beginning(value: Value) -> Callable[[str], bool]:
    """Whether a folded text begins with the value; what is in quotes is the whole of it."""
    folded = value.text.casefold()
    text = folded if value.is_quoted else folded.rstrip("*") + "*"
    return pattern(Value(text, value.is_quoted))


def any_of(fits: list[Callable[[str], bool]]) -> Callable[[str], bool]:
    return fits[0] if len(fits) == 1 else lambda text: any(one(text) for one in fits)
