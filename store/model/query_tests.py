"""What each term of a query asks of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from store.model.query_execution import group_test, parent_test, priority_test, tier_test
from store.model.query_flags import is_test
from store.model.query_meta import meta_test
from store.model.query_moment import Test
from store.model.query_numbers import holds, numeric, timed_test, waits, wave
from store.model.query_syntax import META, Term
from store.model.query_texts import list_test, owner_test, status_test, system_test, word_test

_FIELDS: Mapping[str, Callable[[Term], Test]] = {
    "owner": owner_test,
    "status": status_test,
    "list": list_test,
    "system": system_test,
    "priority": priority_test,
    "parent": parent_test,
    "tier": tier_test,
    "group": group_test,
    "is": is_test,
    "wave": numeric(wave),
    "holds": numeric(holds),
    "waits": numeric(waits),
    "age": timed_test,
    "changed": timed_test,
    "created": timed_test,
}


def build(term: Term) -> Test:
    """The test that a term asks for, its negation included.

    Raises:
        QueryError: a value is not what the field takes.
    """
    test = _positive(term)
    if not term.negated:
        return test
    return lambda text, task, whole, state, at: not test(text, task, whole, state, at)


def _positive(term: Term) -> Test:
    if not term.name:
        return word_test(term)
    if term.name.startswith(META):
        return meta_test(term)
    return _FIELDS[term.name](term)
