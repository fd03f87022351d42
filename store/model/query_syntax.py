"""From the text of a query to its words and fields, each with its place. Knows no tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from store.model.errors import ColonytopError

FIELDS = (
    "owner",
    "status",
    "list",
    "system",
    "priority",
    "parent",
    "tier",
    "group",
    "is",
    "wave",
    "holds",
    "waits",
    "age",
    "changed",
    "created",
)
META = "meta."
_LONGEST_TOLD = 40

_SPACE = re.compile(r"\s+")
_HEAD = re.compile(r"([A-Za-z_]+)(:(?:>=|<=|>|<|=)?|>=|<=|>|<|=)")
_META = re.compile(r"meta\.([^\s|:<>=\"]*)(:(?:>=|<=|>|<|=)?|>=|<=|>|<|=)?", re.IGNORECASE)
_WORD = re.compile(r"[^\s|]+")
_BARE = re.compile(r"[^\s|,]+")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)(?:"|\\?\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class QueryError(ColonytopError):
    """The filter is not understood."""

    kind = "query"

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
        """Index into the text of the character that is wrong, from 0."""

    def details(self) -> dict[str, Any]:
        return {"position": self.position}


@dataclass(frozen=True, slots=True)
class Value:
    """What stands after a field's sign, or a plain word."""

    text: str
    is_quoted: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition as it is written. Where it stands does not count when two are compared."""

    name: str
    """A field, META followed by a key, or empty for a plain word."""
    sign: str
    """`:`, a comparison, or empty where only the name stands."""
    values: tuple[Value, ...]
    negated: bool = False
    position: int = field(default=0, compare=False)


def read(text: str) -> tuple[tuple[Term, ...], ...]:
    """The alternatives between `|`, each with the terms that must all hold; none for no terms.

    Raises:
        QueryError: with the place in the text.
    """
    alternatives: list[list[Term]] = [[]]
    bar = None
    for found in _Reader(text).parts():
        if isinstance(found, Term):
            alternatives[-1].append(found)
            continue
        if not alternatives[-1]:
            raise QueryError("nothing stands before |", found)
        bar = found
        alternatives.append([])
    if bar is not None and not alternatives[-1]:
        raise QueryError("nothing stands after |", bar)
    return tuple(tuple(terms) for terms in alternatives if terms)


class _Reader:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parts(self) -> Iterator[Term | int]:
        """Terms, and for each `|` its position."""
        while True:
            if space := _SPACE.match(self._text, self._at):
                self._at = space.end()
            if self._at >= len(self._text):
                return
            if self._text[self._at] == "|":
                yield self._at
                self._at += 1
            else:
                yield self._term()

    def _term(self) -> Term:
        start = self._at
        negated = self._text[start] == "-" and bool(_WORD.match(self._text, start + 1))
        if negated:
            self._at += 1
        named = self._named(start, negated)
        if named is not None:
            return named
        if self._peek() == '"':
            return Term("", "", (self._quoted(),), negated, start)
        return Term("", "", (self._bare(_WORD),), negated, start)

    def _named(self, start: int, negated: bool) -> Term | None:
        """A term that begins with a field's name; None for what is a word."""
        if found := _META.match(self._text, self._at):
            key, sign = found[1], found[2] or ""
            if not key:
                raise QueryError("after meta. comes a key, as in meta.cost>0.5", start)
            self._at = found.end()
            values = self._values(sign, found[0]) if sign else ()
            return Term(META + key, sign, values, negated, start)
        found = _HEAD.match(self._text, self._at)
        if found is None:
            return None
        name, sign = found[1].lower(), found[2]
        if name not in FIELDS:
            self._refuse_unknown(found[1], sign, found.end())
            return None
        self._at = found.end()
        return Term(name, sign, self._values(sign, found[0]), negated, start)

    def _refuse_unknown(self, name: str, sign: str, after: int) -> None:
        """`fix: it` and `http://x` are words; `onwer:ann` and `cost>3` are slips."""
        following = self._text[after : after + 1]
        is_field = following.isalnum() or following in {'"', "*"}
        if sign != ":":
            is_field = following.isdecimal()
        if is_field:
            told = f"there is no field {name[:_LONGEST_TOLD]!r}"
            names = f"{', '.join(FIELDS)} and meta.KEY; quotes make it a word"
            raise QueryError(f"{told}, only {names}", self._at)

    def _values(self, sign: str, shown: str) -> tuple[Value, ...]:
        """The values between commas; a comma in quotes belongs to its value."""
        values = []
        while True:
            if self._peek() == '"':
                values.append(self._quoted())
            elif _BARE.match(self._text, self._at):
                values.append(self._bare(_BARE))
            if self._peek() != ",":
                break
            self._at += 1
        if not values:
            raise QueryError(_missing(shown, sign), self._at - 1)
        return tuple(values)

    def _quoted(self) -> Value:
        """What stands between quotes; the closing one may still be to come."""
        start = self._at
        found = _QUOTED.match(self._text, start)
        assert found is not None  # it also matches up to the end
        self._at = found.end()
        return Value(_ESCAPED.sub(r"\1", found[1]), True, start)

    def _bare(self, pattern: re.Pattern[str]) -> Value:
        found = pattern.match(self._text, self._at)
        assert found is not None  # the caller has looked
        start, self._at = self._at, found.end()
        return Value(found[0], False, start)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


_EXPECTED = {
    "owner": "a name, or - for nobody",
    "status": "a status, as in status:pending,blocked",
    "list": "the beginning of a list's name",
    "system": "the beginning of a system's name",
    "priority": "a priority, as in priority:high or priority>=2",
    "parent": "the id of a task, or - for none",
    "tier": "the beginning of a tier",
    "group": "the beginning of a group's name",
    "is": "a word, as in is:ready or is:root",
    "wave": "a number, as in wave:1",
    "holds": "a number, as in holds>=2",
    "waits": "a number, as in waits>3",
    "age": "a time, as in age>10m",
    "changed": "a time, as in changed<5m",
    "created": "a time, as in created<1d",
}


def _missing(shown: str, sign: str) -> str:
    name = shown.removesuffix(sign).lower()
    return f"after {shown[:_LONGEST_TOLD]} comes {_EXPECTED.get(name, 'a value')}"
