"""A document as text: what is not changed stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.codec import Unparsable
from store.systems.hive_session.document import (
    Document,
    Record,
    parse_document,
    parse_record,
    rewritten,
)
from tests.systems.hive_session import sessions

ODD = """\ufeff{ "x_first": 1.50, "meta": {"goal": null, "z": 1e3},\r
  "tasks" : [ {"id": 1, "subject": "a", "w": 1.10 } ,\r
\t{ "id":2,"subject":"b" }\r
  ] ,"highwatermark":2,"y": [] }\r
"""

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
_records = st.dictionaries(st.sampled_from(["id", "subject", "x", "ü"]), _json, max_size=4)


def parsed(text: str | bytes, previous: Document | None = None) -> Document:
    content = text if isinstance(text, bytes) else text.encode()
    return parse_document(content, Record, previous)


def test_parse_tells_records_meta_and_mark() -> None:
    document = parsed(ODD)
    assert [json.loads(record.text)["id"] for record in document.records] == [1, 2]
    assert document.meta == {"goal": None, "z": 1000.0}
    assert document.mark == 2
    assert document.flaws == ()


def test_rewriting_nothing_gives_the_same_bytes() -> None:
    assert rewritten(parsed(ODD), {}) == ODD.encode()


def test_rewriting_one_record_leaves_all_else() -> None:
    document = parsed(ODD)
    raw = parse_record(document.records[0])
    after = rewritten(document, {0: {**raw, "subject": "changed"}}).decode()
    assert after == ODD.replace(
        '{"id": 1, "subject": "a", "w": 1.10 }', '{"id": 1, "subject": "changed", "w": 1.10}'
    )


def test_rewriting_in_the_owners_form_changes_one_line() -> None:
    text = json.dumps(sessions.document([sessions.record(n) for n in (1, 2, 3)]), indent=2)
    document = parsed(text)
    raw = parse_record(document.records[1])
    after = rewritten(document, {1: {**raw, "owner": "ann"}}).decode()
    moved = [
        (old.strip(), new.strip())
        for old, new in zip(text.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert moved == [('"owner": null,', '"owner": "ann",')]


def test_adding_a_record_and_a_mark_looks_as_the_owner_writes_it() -> None:
    before = sessions.document([sessions.record(1)])
    wanted = sessions.document([sessions.record(1), sessions.record(2, "New")])
    document = parsed(json.dumps(before, indent=2))
    after = rewritten(document, {}, [sessions.record(2, "New")], 2)
    assert after.decode() == json.dumps(wanted, indent=2)


def test_adding_to_an_empty_list_and_without_a_mark() -> None:
    after = rewritten(parsed('{"meta": {}, "tasks": []}'), {}, [{"id": 7}], 7).decode()
    assert after == '{"meta": {}, "highwatermark": 7, "tasks": [{"id": 7}]}'
    spread = rewritten(parsed('{\n  "tasks": []\n}'), {}, [{"id": 7}]).decode()
    assert spread == '{\n  "tasks": [\n    {\n      "id": 7\n    }\n  ]\n}'


@pytest.mark.parametrize("gone", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_removing_records_leaves_a_document_with_the_others(gone: tuple[int, ...]) -> None:
    records = [sessions.record(n) for n in (1, 2, 3)]
    text = json.dumps(sessions.document(records, mark=3), indent=2)
    after = rewritten(parsed(text), dict.fromkeys(gone))
    left = [record for place, record in enumerate(records) if place not in gone]
    assert after.decode() == json.dumps(sessions.document(left, mark=3), indent=2)


def test_records_whose_text_did_not_change_are_kept_as_objects() -> None:
    records = [sessions.record(n) for n in range(1, 8)]
    first = parsed(json.dumps(sessions.document(records), indent=2))
    records[3]["subject"] = "changed"
    del records[1]
    records.append(sessions.record(9))
    second = parsed(json.dumps(sessions.document(records), indent=2), first)
    known = set(map(id, first.records))
    assert [id(record) in known for record in second.records] == [
        True, True, False, True, True, True, False
    ]  # fmt: skip


@given(st.lists(_records, max_size=5), st.lists(_records, max_size=5))
def test_parse_with_an_earlier_look_gives_what_a_fresh_one_gives(
    earlier: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    first = parsed(json.dumps({"tasks": earlier}))
    text = json.dumps({"tasks": later}, indent=1)
    assert parsed(text, first).records == parsed(text).records
    assert [json.loads(record.text) for record in parsed(text, first).records] == later


@given(st.lists(_records, max_size=5), st.data())
def test_rewriting_changes_what_is_named_and_nothing_else(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    indent = data.draw(st.sampled_from([None, 0, 2, 4]))
    document = parsed(json.dumps({"meta": {"a": 1}, "tasks": records}, indent=indent))
    places = st.integers(0, max(len(records) - 1, 0))
    changed = data.draw(st.dictionaries(places, st.none() | _records)) if records else {}
    added = data.draw(st.lists(_records, max_size=2))
    found = json.loads(rewritten(document, changed, added))
    wanted = [changed.get(place, record) for place, record in enumerate(records)]
    assert found == {"meta": {"a": 1}, "tasks": [r for r in wanted if r is not None] + added}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b"\xff{}", "UTF-8"),
        (b"[1]", "a list, not an object"),
        (b"7", "a whole number, not an object"),
        (b"{", "not JSON"),
        (b'{"tasks": []} x', "after its end"),
        (b'{"tasks": [{]}', "not JSON"),
        (b'{"tasks": [1,]}', "not JSON"),
        (b'{"tasks" []}', "not JSON"),
        (b'{"tasks": [], "tasks": []}', "twice"),
        (b'{"tasks": {}}', "no list of tasks"),
        (b'{"meta": {}}', "no list of tasks"),
        (b'{7: 1, "tasks": []}', "not text"),
        (b'{"tasks": [' + b"[" * 100_000, "nested too deeply"),
        (b'{"meta": {"a": 1, "a": 2}, "tasks": []}', "twice"),
        (b'{"tasks": [' + b"0," * 5_000_000 + b"0]}", "values"),
    ],
)
def test_parse_of_what_is_no_document_says_why(text: bytes, reason: str) -> None:
    with pytest.raises(Unparsable, match=reason):
        parsed(text)


@pytest.mark.parametrize(
    "text", ['{"meta": 7, "tasks": []}', '{"highwatermark": "9", "tasks": []}']
)
def test_parse_names_what_its_owner_would_not_take(text: str) -> None:
    assert len(parsed(text).flaws) == 1
