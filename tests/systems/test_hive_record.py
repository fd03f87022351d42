"""The quick way from a task file to a task: it accepts nothing that the strict way would refuse,
and makes the same of what both accept.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.files.codec import Unparsable, parse_object
from store.files.plain_json import parse_plain
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskKey, TaskListId
from store.systems.hive.models import meta_of
from store.systems.hive.sidecars import parse_meta
from store.systems.records.record import (
    parse_record,
    read_task,
    task_of_record,
    unreadable_task,
    validate_record,
)

KEY = TaskKey(ListKey("hive", "/root", TaskListId("colony:forge")), TaskId("7"))
PATH = "/root/colonies/forge/tasks/tasks/0007.json"

PLAIN: dict[str, Any] = {
    "id": 7,
    "subject": "Bank the fire",
    "description": "",
    "active_form": None,
    "owner": "ann",
    "status": "in_progress",
    "blocks": [8, 9],
    "blocked_by": [],
    "metadata": {"wing": 3, "path": {"x": [1.5, "a:b"]}},
    "created_at": 1700000000.25,
    "updated_at": 1700000001.0,
    "colour": {"red": True},
}
NAMES = st.sampled_from([*PLAIN, "new", ""])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 10**13)
    | st.sampled_from([10**30, 10**70, 7.0, 1e300, float("nan"), float("-inf"), "pending", "done"])
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["\ud800", "😀", 'a":', "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
ODD_PARTS = (
    *(b"\xef\xbb\xbf", b"\xff", b"\\u0041", b"\\ud83d", b" ", b"\n", b",", b'"', b"1e400"),
    *(b"0" * 65, b"[" * 70, b'"id" : 7,', b'"id":8,', b'"subject": "a\\":",', b"NaN"),
    *(b"-", b"\\", b"}", b"{"),
)
KINDS = (
    *("null", "true", "7", "7.0", '"x"', "[]", "[7, 7]", "[true]", "[0]", "{}", '{"a": 1, "a": 2}'),
    *("1000000000001", "1e999", "-0.0", "1.50", "NaN", "[1000000000000]", '["7"]', '"\\ud800"'),
)


def strictly(content: bytes) -> Task:
    """What the models make of it, with no short cut."""
    try:
        record = validate_record(parse_object(content))
    except Unparsable as error:
        return unreadable_task(KEY, PATH, str(error))
    return task_of_record(KEY, PATH, record, NO_REVISION)


def check_agreement(content: bytes) -> None:
    quick = read_task(KEY, PATH, content)
    strict = strictly(content)
    for field in dataclasses.fields(Task):
        mine, theirs = getattr(quick, field.name), getattr(strict, field.name)
        assert (type(mine), mine) == (type(theirs), theirs), field.name
    assert quick == strict
    assert said_of(parse_record_or_words(content)) == said_of(strict_record_or_words(content))


def said_of(found: Any) -> Any:
    return found if isinstance(found, str) else found.model_dump()


def parse_record_or_words(content: bytes) -> Any:
    try:
        return parse_record(content)
    except Unparsable as error:
        return str(error)


def strict_record_or_words(content: bytes) -> Any:
    try:
        return validate_record(parse_object(content))
    except Unparsable as error:
        return str(error)


@given(
    fields=st.dictionaries(NAMES, VALUES, max_size=3),
    left_out=st.sets(NAMES, max_size=3),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
)
def test_read_task_generated_fields_same_as_the_strict_way(
    fields: dict[str, Any], left_out: set[str], indent: int | None, ascii_only: bool
) -> None:
    record = {**{k: v for k, v in PLAIN.items() if k not in left_out}, **fields}
    text = json.dumps(record, indent=indent, ensure_ascii=ascii_only)
    check_agreement(text.encode("utf-8", "surrogatepass"))


@given(
    place=st.integers(0, 300),
    odd=st.sampled_from(ODD_PARTS) | st.binary(max_size=3),
    cut=st.integers(0, 12),
)
@example(place=1, odd=b'"id" : 7, "subject": "a\\":",', cut=0)
@example(place=0, odd=b"\xef\xbb\xbf", cut=0)
def test_read_task_mutated_bytes_same_as_the_strict_way(place: int, odd: bytes, cut: int) -> None:
    whole = json.dumps(PLAIN).encode()
    check_agreement(whole[:place] + odd + whole[place + cut :])


@pytest.mark.parametrize("name", list(PLAIN))
@pytest.mark.parametrize("value", KINDS)
def test_read_task_each_field_of_each_kind_same_as_the_strict_way(name: str, value: str) -> None:
    fields = {**{k: json.dumps(v) for k, v in PLAIN.items()}, name: value}
    check_agreement(("{" + ",".join(f'"{k}": {v}' for k, v in fields.items()) + "}").encode())


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 7, "subject": "x", "id" :7}',
        b'{"id": 7, "id" : 7, "subject": "a\\":"}',
        b'{"id": 7, "subject": ":x", "subject"\n: ":y"}',
        b'{"id": 7, "subject": "x", "metadata": {"a": 1, "a"\t:2}}',
    ],
)
def test_key_that_stands_there_twice_is_refused_however_it_is_written(content: bytes) -> None:
    check_agreement(content)
    with pytest.raises(Unparsable, match="twice"):
        parse_record(content)


@pytest.mark.parametrize("depth", [62, 63, 64, 300])
@pytest.mark.parametrize("kind", ['{"a":%s}', "[%s]"])
def test_metadata_nested_so_deep_same_as_the_strict_way(depth: int, kind: str) -> None:
    value = "1"
    for _ in range(depth):
        value = kind % value
    check_agreement(b'{"id": 7, "subject": "x", "metadata": {"a": %s}}' % value.encode())


@pytest.mark.parametrize("count", [4_990, 5_010])
def test_metadata_with_so_many_values_same_as_the_strict_way(count: int) -> None:
    values = ",".join(["[[[]]]"] * count)
    check_agreement(b'{"id": 7, "subject": "x", "metadata": {"a": [%s]}}' % values.encode())


def test_read_task_plain_record_takes_the_quick_way() -> None:
    content = json.dumps(PLAIN, indent=2).encode()
    assert parse_plain(content) == parse_object(content)
    task = read_task(KEY, PATH, content)
    assert task == strictly(content)
    assert task.extra == {"colour": {"red": True}}
    assert task.blocks == ("8", "9")


META: dict[str, Any] = {
    "task_list_id": "colony:forge",
    "role": "template",
    "creator_agent_id": None,
    "created_at": 1700000000.0,
    "last_seen_session_ids": ["s1"],
    "schema_version": 1,
    "goal": "Keep warm",
}


@given(name=st.sampled_from([*META, "new"]), value=VALUES, is_gone=st.booleans())
def test_parse_meta_any_field_same_as_the_model(name: str, value: Any, is_gone: bool) -> None:
    fields = {k: v for k, v in META.items() if not (is_gone and k == name)}
    content = json.dumps(fields if is_gone else {**fields, name: value}).encode()
    try:
        model = meta_of(parse_object(content))
    except Unparsable as error:
        said = str(error)
        with pytest.raises(Unparsable, match=f"^{re.escape(said)}$"):
            parse_meta(content)
        return
    found = parse_meta(content)
    assert found.role is model.role
    assert found.model_extra == model.model_extra
    assert found.model_fields_set == model.model_fields_set
    assert "created_at" not in found.model_fields_set or found.created_at == model.created_at
