"""The search line: words that must all be found in a task, and fields that must hold a value.

`word` is looked for in id, subject and owner; `#12` is a task's id; `owner:ann` is exactly that
owner, `owner:an*` a beginning, `owner:-` nobody; `status:` and `list:` go by their beginning.
A comma offers another value, `-` before a word turns it round, quotes keep spaces together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from store.model.task import Task

Matcher = Callable[[str, Task], bool]
"""(searched text of the task, the task) → whether the row stays."""

_NOBODY = "-"
_WORD = re.compile(
    r"""(?P<no>-(?=\S))?(?:(?P<field>owner|status|list):)?(?P<values>(?:"(?:\\.|[^"\\])*"?|\S)*)""",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = re.compile(r'"(?P<quoted>(?:\\.|[^"\\])*)"?|(?P<bare>[^,]+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_QUOTES = re.compile(r'[\s",\\]|^-$|\*$|^$')


class _Value(NamedTuple):
    text: str
    is_quoted: bool


def searched_text(task: Task) -> str:
    """What words are looked for in: one line each for subject, id and owner, case folded."""
    return f"{task.subject}\n#{task.id}\n{task.owner or ''}".casefold()


def owner_query(owner: str | None) -> str:
    """The search line that leaves the tasks of exactly this owner; None is nobody."""
    if owner is None:
        return f"owner:{_NOBODY}"
    if _NEEDS_QUOTES.search(owner):
        escaped = owner.replace("\\", "\\\\").replace('"', '\\"')
        return f'owner:"{escaped}"'
    return f"owner:{owner}"


def compile_query(text: str) -> Matcher | None:
    """The test that a search line asks for; None when it asks for nothing.

    Every word has to match, in any case but for owners, whose names are taken as they are. A
    field without a value asks for nothing yet; what looks like another field is a word.
    """
    plain: list[str] = []
    tests: list[Matcher] = []
    for found in _WORD.finditer(text):
        values = _values(found["values"])
        if not values:
            continue
        if found["field"]:
            test = _FIELDS[found["field"].casefold()](values)
        else:
            word = _unquoted(found["values"]).casefold()
            if not (_is_id(word) or found["no"]):
                plain.append(word)
                continue
            test = _id_test(word) if _is_id(word) else _word(word)
        tests.append(_negated(test) if found["no"] else test)
    if plain:
        tests.insert(0, _word(plain[0]) if len(plain) == 1 else _all_words(plain))
    if len(tests) <= 1:
        return tests[0] if tests else None
    return lambda searched, task: all(test(searched, task) for test in tests)


def _values(text: str) -> list[_Value]:
    """The values between commas; a comma in quotes belongs to its value."""
    return [
        _Value(found["bare"], False)
        if found["bare"] is not None
        else _Value(_ESCAPED.sub(r"\1", found["quoted"]), True)
        for found in _VALUE.finditer(text)
    ]


def _unquoted(text: str) -> str:
    """A plain word as it is typed, or what stands between the quotes that enclose it."""
    if not text.startswith('"') or len(text) == 1:
        return text
    return "".join(value.text for value in _values(text))


def _owner_test(values: Iterable[_Value]) -> Matcher:
    names: set[str | None] = set()
    starts: list[str] = []
    for text, is_quoted in values:
        if is_quoted:
            names.add(text)
        elif text == _NOBODY:
            names.update((None, ""))
        elif text.endswith("*"):
            starts.append(text[:-1])
        else:
            names.add(text)
    begins = tuple(starts)
    if not begins:
        return lambda searched, task: task.owner in names
    return lambda searched, task: task.owner in names or (task.owner or "").startswith(begins)


def _status_test(values: Iterable[_Value]) -> Matcher:
    begins = tuple(value.text.casefold().rstrip("*") for value in values)
    return lambda searched, task: (
        task.native_status.casefold().startswith(begins) or task.status.value.startswith(begins)
    )


def _list_test(values: Iterable[_Value]) -> Matcher:
    begins = tuple(value.text.casefold().rstrip("*") for value in values)

    def in_list(searched: str, task: Task) -> bool:
        list_id = task.key.list.id.casefold()
        return list_id.startswith(begins) or list_id.rpartition(":")[2].startswith(begins)

    return in_list


_FIELDS = {"owner": _owner_test, "status": _status_test, "list": _list_test}


def _negated(test: Matcher) -> Matcher:
    return lambda searched, task: not test(searched, task)


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
