"""The JSON texts of a brief: what it was given to do, and what came of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from store.files.codec import Unparsable, format_object, parse_object

RESULT = "result"
"""The key of `Task.metadata` under which a brief's result stands."""

_SUBJECTS = ("title", "subject", "goal", "objective", "task", "summary", "name")
_DESCRIPTIONS = ("description", "instructions", "prompt", "details", "context")
_LINE_END = re.compile(r"(,?)\n *")


class Assignment(NamedTuple):
    """A payload in the words of a task."""

    subject: str | None
    subject_key: str
    """Where the subject stands in the payload, or would stand."""
    description: str
    description_key: str
    metadata: dict[str, Any]
    """What else is in it, without what the row says itself."""


def read_assignment(payload: Mapping[str, Any], columns: Mapping[str, Any]) -> Assignment:
    """What a payload says of the task. Who spawns briefs chooses the keys: the usual ones are
    looked for in order. What only repeats a column of the row is left out of the metadata.
    """
    subject_key = _first_text(payload, (*_SUBJECTS, *_DESCRIPTIONS)) or _SUBJECTS[0]
    rest = tuple(key for key in _DESCRIPTIONS if key != subject_key)
    description_key = _first_text(payload, rest) or rest[0]
    shown = {subject_key, description_key}
    shown.update(key for key, value in payload.items() if key in columns and columns[key] == value)
    return Assignment(
        payload.get(subject_key),
        subject_key,
        payload.get(description_key) or "",
        description_key,
        {key: value for key, value in payload.items() if key not in shown},
    )


def parse_text(text: str) -> dict[str, Any]:
    """A stored JSON object.

    Raises:
        Unparsable: it is none.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unparsable("holds half of a surrogate pair") from error
    return parse_object(content)


def format_text(record: Mapping[str, Any]) -> str:
    """JSON on one line; numbers that were read keep their spelling.

    Raises:
        InvalidField: a value that JSON cannot hold, with the field named.
    """
    text = format_object(record).decode("utf-8")
    return _LINE_END.sub(lambda found: ", " if found[1] else "", text)


def _first_text(payload: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = payload.get(key)
        if isinstance(value, str) and value.strip():
            return key
    return None
