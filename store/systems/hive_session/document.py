"""One document as text: where each record stands in it, and the same text with some replaced.

Only what is changed is spelled anew; the rest of the document stays byte for byte. A record whose
text did not change since the last look is not read again. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.files.codec import Unparsable, check_structure, format_object, parse_object
from store.model.json_kinds import kind_name
from store.model.task import Task

DOCUMENT_LIMIT = 32 << 20
"""Bytes: a document larger than this is shown as unreadable."""
MOST_VALUES = 2_000_000
"""Elements and fields of all levels of one document."""

_BOM = "\ufeff"
_DEFAULT_LEAD = "\n    "

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One element of the list of tasks. Its text says all; the rest is what was made of it."""

    text: str
    number: int | None = None
    """Its id; None: it has none that can be used."""
    task: Task | None = None
    fault: str | None = None
    """Why it is no task."""


Reader = Callable[[str], Record]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was understood as far as that its tasks can be told apart."""

    text: str
    records: tuple[Record, ...]
    spans: tuple[Span, ...]
    """Where each record stands in the text."""
    inside: Span
    """What stands between the brackets around the records."""
    values: Mapping[str, Span]
    """Top-level key → where its value stands."""
    keys: Mapping[str, int]
    """Top-level key → where it stands itself."""
    meta: dict[str, Any] = field(default_factory=dict)
    mark: int = 0
    """The highest id that was ever given away, as the document says."""
    flaws: tuple[str, ...] = ()
    """Why its owner does not take it for a document, apart from single records."""

    @property
    def highest_id(self) -> int:
        """No id up to this one may be given to a new task."""
        return max((r.number for r in self.records if r.number), default=0)


def parse_document(content: bytes, read: Reader, previous: Document | None = None) -> Document:
    """The document in these bytes.

    Args:
        content: the whole file.
        read: makes a record of the text of an element.
        previous: an earlier look at the same document, whose records are kept where they stand.

    Raises:
        Unparsable: it is none, and why.
    """
    if not content:
        raise Unparsable("empty file")
    if sum(map(content.count, (b"[", b"{", b","))) > MOST_VALUES:  # some may stand in texts
        check_structure(content, MOST_VALUES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unparsable(f"not UTF-8 at byte {error.start}") from error
    try:
        return _parse(text, read, previous)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise Unparsable(f"not JSON: {what} at line {error.lineno}") from error
    except RecursionError as error:
        raise Unparsable("nested too deeply") from error


def rewritten(
    document: Document,
    changed: Mapping[int, dict[str, Any] | None],
    added: Sequence[dict[str, Any]] = (),
    mark: int | None = None,
) -> bytes:
    """The document with some records replaced, removed (None) and added, and with another mark.

    Args:
        document: as it was read.
        changed: place of a record → what it is to be.
        added: new records, which come last.
        mark: the highest id given away from now on; None leaves it as it is.

    Raises:
        InvalidField: a value cannot be stored.
    """
    pieces = [(*document.inside, _respelled_tasks(document, changed, added))]
    if mark is not None and mark != document.mark:
        pieces.append(_respelled_mark(document, mark))
    text = document.text
    for start, end, piece in sorted(pieces, reverse=True):
        text = text[:start] + piece + text[end:]
    return text.encode("utf-8")


def parse_record(record: Record) -> dict[str, Any]:
    """The record's object, its numbers spelled as they stand.

    Raises:
        Unparsable: it is none.
    """
    return parse_object(record.text.encode("utf-8"))


_decoder = json.JSONDecoder()
_blank = re.compile(r"[ \t\n\r]*").match


def _skip(text: str, at: int) -> int:
    found = _blank(text, at)
    return found.end() if found else at


def _parse(text: str, read: Reader, previous: Document | None) -> Document:
    at = _skip(text, 1 if text.startswith(_BOM) else 0)
    if text[at : at + 1] != "{":
        found, _ = _decoder.raw_decode(text, at)
        raise Unparsable(f"{kind_name(found)}, not an object")
    keys: dict[str, int] = {}
    values: dict[str, Span] = {}
    tasks: tuple[list[Record], list[Span]] | None = None
    at = _skip(text, at + 1)
    is_over = text[at : at + 1] == "}"
    while not is_over:
        name, after = _key(text, at, keys)
        keys[name] = at
        at = _skip(text, _expect(text, _skip(text, after), ":"))
        if name == "tasks" and text[at : at + 1] == "[":
            known = previous.records if previous is not None else ()
            tasks, end = _elements(text, at, known, read)
        else:
            _, end = _decoder.raw_decode(text, at)
        values[name] = at, end
        at = _skip(text, end)
        is_over = text[at : at + 1] == "}"
        if not is_over:
            at = _skip(text, _expect(text, at, ","))
    if text[_skip(text, at + 1) :]:
        raise Unparsable("something stands after its end")
    if tasks is None:
        raise Unparsable("there is no list of tasks in it")
    return _document(text, keys, values, tasks)


def _key(text: str, at: int, known: Mapping[str, int]) -> tuple[str, int]:
    name, after = _decoder.raw_decode(text, at)
    if not isinstance(name, str):
        raise Unparsable("a key of it is not text")
    if name in known:
        raise Unparsable(f"the key {name[:80]!r} stands there twice")
    return name, after


def _document(
    text: str,
    keys: Mapping[str, int],
    values: Mapping[str, Span],
    tasks: tuple[list[Record], list[Span]],
) -> Document:
    start, end = values["tasks"]
    flaws = []
    meta = _value(text, values.get("meta"), {})
    if not isinstance(meta, dict):
        flaws.append(f"meta is {kind_name(meta)}, not an object")
        meta = {}
    mark = _value(text, values.get("highwatermark"), 0)
    if type(mark) is not int or mark < 0:
        flaws.append("highwatermark is not a whole number")
        mark = 0
    records, spans = tasks
    inside = start + 1, end - 1
    return Document(
        text, tuple(records), tuple(spans), inside, values, keys, meta, mark, tuple(flaws)
    )


def _value(text: str, span: Span | None, absent: Any) -> Any:
    if span is None:
        return absent
    return parse_object(f'{{"value":{text[slice(*span)]}}}'.encode())["value"]


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"Expecting '{sign}'", text, at)
    return at + 1


def _elements(
    text: str, start: int, known: Sequence[Record], read: Reader
) -> tuple[tuple[list[Record], list[Span]], int]:
    """The elements of an array, and where it ends. Known ones are recognised by their text."""
    records: list[Record] = []
    spans: list[Span] = []
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        return (records, spans), at + 1
    guess = 0
    while True:
        record = _recognised(text, at, known, guess)
        if record is not None:
            end = at + len(record.text)
            guess += 1 if record is known[guess] else 2
        else:
            _, end = _decoder.raw_decode(text, at)
            record = read(text[at:end])
            guess += 1
        records.append(record)
        spans.append((at, end))
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            return (records, spans), at + 1
        at = _skip(text, _expect(text, at, ","))


def _recognised(text: str, at: int, known: Sequence[Record], guess: int) -> Record | None:
    """The record that stands here as it stood: the next one known, or the one behind that.

    What ends with its own bracket cannot go on, so equal text is the same record.
    """
    for record in known[guess : guess + 2]:
        if record.text.endswith("}") and text.startswith(record.text, at):
            return record
    return None


def _respelled_tasks(
    document: Document,
    changed: Mapping[int, dict[str, Any] | None],
    added: Sequence[dict[str, Any]],
) -> str:
    text, spans = document.text, document.spans
    start, end = document.inside
    lead = text[start : spans[0][0]] if spans else (_DEFAULT_LEAD if "\n" in text else "")
    parts: list[str] = []
    for place, (begin, stop) in enumerate(spans):
        if place in changed and changed[place] is None:
            continue
        between = text[spans[place - 1][1] : begin] if place else ""
        parts.append(between or f",{lead}" if parts else lead)
        stood = text[begin:stop]
        parts.append(_spelled(changed[place] or {}, stood, lead) if place in changed else stood)
    model = text[slice(*spans[-1])] if spans else document.text
    for raw in added:
        parts.append(f",{lead}" if parts else lead)
        parts.append(_spelled(raw, model, lead))
    if not parts:
        return ""
    return "".join(parts) + (text[spans[-1][1] : end] if spans else lead[:-2])


def _spelled(raw: dict[str, Any], model: str, lead: str) -> str:
    """One record as text, in the manner of the one that stands there."""
    text = format_object(raw).decode("utf-8")
    if "\n" not in model:  # line breaks stand between values only: those in texts are escaped
        return re.sub(r"\n *", "", re.sub(r",\n *", ", ", text))
    text = text.replace("\n", "\n" + lead.rpartition("\n")[2])
    return text.replace("\n", "\r\n") if "\r\n" in model else text


def _respelled_mark(document: Document, mark: int) -> tuple[int, int, str]:
    span = document.values.get("highwatermark")
    if span is not None:
        return (*span, str(mark))
    at = document.keys["tasks"]
    before = document.text[:at]
    blank = before[len(before.rstrip(" \t\r\n")) :]
    return at, at, f'"highwatermark": {mark},{blank}'
