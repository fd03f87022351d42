"""What a change meant, made again on somebody else's version of the record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store.systems.hive.intent import difference, merged
from tests.contract.native import record


def spelled(**fields: Any) -> bytes:
    return json.dumps(record(1, **{"updated_at": 10.0, "created_at": 1.0} | fields)).encode()


def again(before: bytes, after: bytes, theirs: bytes) -> dict[str, Any] | None:
    content = merged(theirs, json.loads(json.dumps(difference(before, after))))
    return None if content is None else dict(json.loads(content))


@pytest.mark.parametrize(
    ("before", "after", "theirs", "expected"),
    [
        ({"blocks": [2]}, {"blocks": [2, 3]}, {"blocks": [4]}, {"blocks": [4, 3]}),
        ({"blocks": [2, 3]}, {"blocks": [2]}, {"blocks": [3, 4]}, {"blocks": [4]}),
        ({"blocked_by": [2]}, {"blocked_by": []}, {"blocked_by": [2, 5]}, {"blocked_by": [5]}),
        ({}, {"status": "completed"}, {"owner": "them"}, {"status": "completed", "owner": "them"}),
        ({}, {"metadata": {"a": 1}}, {"metadata": {"b": 2}}, {"metadata": {"b": 2, "a": 1}}),
        ({"metadata": {"a": 1}}, {"metadata": {}}, {"metadata": {"a": 1}}, {"metadata": {}}),
        ({}, {"blocks": [3], "updated_at": 20.0}, {}, {"blocks": [3], "updated_at": 20.0}),
        (
            {},
            {"blocks": [3], "updated_at": 20.0},
            {"updated_at": 30.0},
            {"blocks": [3], "updated_at": 30.0},
        ),
    ],
)
def test_intent_is_made_on_what_others_wrote(
    before: dict[str, Any], after: dict[str, Any], theirs: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = again(spelled(**before), spelled(**after), spelled(**theirs))
    assert found == json.loads(spelled(**theirs)) | expected


@pytest.mark.parametrize(
    ("before", "after", "theirs"),
    [
        ({}, {"status": "completed"}, {"status": "in_progress"}),
        ({}, {"blocks": [3]}, {"blocks": [3]}),
        ({"blocks": [3]}, {"blocks": []}, {"blocks": [4]}),
        ({"metadata": {"a": 1}}, {"metadata": {"a": 2}}, {"metadata": {"a": 7}}),
        ({}, {"updated_at": 99.0}, {}),
    ],
)
def test_what_others_have_set_since_is_theirs(
    before: dict[str, Any], after: dict[str, Any], theirs: dict[str, Any]
) -> None:
    assert again(spelled(**before), spelled(**after), spelled(**theirs)) is None


@pytest.mark.parametrize("theirs", [b"", b"{", b"[]", b'{"id": "x"}', spelled(blocks="all")])
def test_what_cannot_be_understood_is_left(theirs: bytes) -> None:
    assert again(spelled(), spelled(blocks=[3]), theirs) is None


@pytest.mark.parametrize(
    "intent",
    [
        {"add": 7},
        {"add": {"blocks": "all"}},
        {"add": {"blocks": [{}, -1, "x"]}},
        {"set": []},
        {"set": {"subject": 7}},
        {"set": {"subject": {"was": "Write the report", "now": 7}}},
        {"metadata": {"a": None}, "at": "now"},
    ],
)
def test_intent_of_another_shape_changes_nothing(intent: dict[str, Any]) -> None:
    assert merged(spelled(), intent) is None


def test_number_that_was_spelled_in_its_own_way_stays_so() -> None:
    theirs = spelled().replace(b'"metadata": {}', b'"metadata": {"cost": 1.50}')
    found = merged(theirs, difference(spelled(), spelled(blocks=[3])))
    assert found is not None
    assert b"1.50" in found
