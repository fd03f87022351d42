"""The filter grammar: the same in the search line, in saved views and on the command line.

Words must all be found in a task's id, subject or owner, in any case; `#12` is that id. Fields
are `owner: status: list: system: parent: tier: group: is:`, `priority` by each list's ladder,
`wave holds waits` with numbers, `age changed created` with times,
and `meta.KEY`. `-` before a term turns it round, `|` is or, quotes keep spaces, commas offer
another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from store.model.attention import DEFAULT_STALE_AFTER_S, DisplayState, display_state
from store.model.query_moment import Moment, Test
from store.model.query_syntax import QueryError, Term, read
from store.model.snapshot import TaskList
from store.model.task import Task

__all__ = [
    "EMPTY_QUERY",
    "Moment",
    "Query",
    "QueryError",
    "matches",
    "owner_query",
    "parse",
    "searched_text",
]

_NEEDS_QUOTES = re.compile(r'[\s",|\\*]|^[<>=]|^-$|^$')


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A text that was understood."""

    text: str
    alternatives: tuple[tuple[Term, ...], ...] = ()
    """At least one of them has to hold with all its terms; none ask for nothing."""
    test: Test | None = None
    """None: every task matches."""
    words: tuple[tuple[str, bool], ...] | None = None
    """Set where the query is nothing but words, each with whether the searched text must have it
    or must not.
    """
    flips: tuple[tuple[str, float], ...] = ()
    """(field, seconds): so long after the field's moment an answer may change by itself."""

    @property
    def reads_text(self) -> bool:
        """Whether it has words to look for in the searched text."""
        return any(not term.name for terms in self.alternatives for term in terms)

    def asks(self, flag: str) -> bool:
        """Whether `is:flag` is among its terms."""
        return any(
            term.name == "is" and flag in (value.text.casefold() for value in term.values)
            for terms in self.alternatives
            for term in terms
        )

    def flips_after(self, task: Task, moment: float) -> Iterator[float]:
        """The moments after that one (epoch seconds) when the task may come or go by itself."""
        from store.model.query_numbers import written_at

        for name, seconds in self.flips:
            since = written_at(name, task)
            if since is not None and since + seconds > moment:
                yield since + seconds

    def narrows(self, older: Query) -> bool:
        """Whether all that it matches, the older one matches too, as far as their terms tell."""
        if older.test is None:
            return True
        if len(self.alternatives) != 1 or len(older.alternatives) != 1:
            return False
        mine = self.alternatives[0]
        return all(any(_implies(term, wanted) for term in mine) for wanted in older.alternatives[0])


EMPTY_QUERY = Query("")


def parse(text: str) -> Query:
    """Understand a query.

    Raises:
        QueryError: with the place in the text that is not understood.
    """
    alternatives = read(text)
    if not alternatives:
        return Query(text)
    # Without a query, which is how the app starts and what most commands have, none is needed.
    from store.model.query_numbers import is_timed, seconds_of

    tests = [_all(terms) for terms in alternatives]
    timed = [term for terms in alternatives for term in terms if is_timed(term)]
    return Query(
        text,
        alternatives,
        tests[0] if len(tests) == 1 else _any(tests),
        _plain_words(alternatives),
        tuple(dict.fromkeys((term.name, seconds_of(term)) for term in timed)),
    )


def matches(
    query: Query,
    task_list: TaskList,
    task: Task,
    moment: Moment,
    stale_after_s: float = DEFAULT_STALE_AFTER_S,
) -> bool:
    """Judge one task of a list."""
    if query.test is None:
        return True
    state = display_state(task_list, task, moment.now, stale_after_s)
    return query.test(searched_text(task), task, task_list, state, moment)


def searched_text(task: Task) -> str:
    """What words are looked for in: one line each for subject, id and owner, case folded."""
    return f"{task.subject}\n#{task.id}\n{task.owner or ''}".casefold()


def owner_query(owner: str | None) -> str:
    """The query for the tasks of exactly this owner; None is nobody."""
    if owner is None:
        return "owner:-"
    return f"owner:{quoted(owner)}"


def quoted(value: str) -> str:
    """A value as it has to be written after a field."""
    if not _NEEDS_QUOTES.search(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _all(terms: tuple[Term, ...]) -> Test:
    from store.model.query_tests import build

    tests = [build(term) for term in terms]
    if len(tests) == 1:
        return tests[0]

    # A loop, because `all` over a generator takes thrice the time.
    def hold(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(text, task, whole, state, at):
                return False
        return True

    return hold


def _any(tests: list[Test]) -> Test:
    def hold(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        for test in tests:  # noqa: SIM110
            if test(text, task, whole, state, at):
                return True
        return False

    return hold


def _plain_words(alternatives: tuple[tuple[Term, ...], ...]) -> tuple[tuple[str, bool], ...] | None:
    from store.model.query_texts import word_of

    if len(alternatives) != 1:
        return None
    found = [(word_of(term), not term.negated) for term in alternatives[0]]
    words = tuple((word, wanted) for word, wanted in found if word is not None)
    return words if len(words) == len(found) else None


def _implies(term: Term, wanted: Term) -> bool:
    if term == wanted:
        return True
    from store.model.query_texts import plain_word

    mine, theirs = plain_word(term), plain_word(wanted)
    return mine is not None and theirs is not None and theirs in mine
