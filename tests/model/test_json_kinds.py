"""What a JSON value is called."""

from __future__ import annotations

import json

import pytest

from store.model.json_kinds import kind_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("null", "null"),
        ("true", "true or false"),
        ("7", "a whole number"),
        ("7.5", "a number"),
        ('"x"', "a text"),
        ("[]", "a list"),
        ("{}", "an object"),
    ],
)
def test_kind_name_of_each_json_value_is_a_plain_word(text: str, name: str) -> None:
    assert kind_name(json.loads(text)) == name


def test_kind_name_of_what_json_does_not_know_is_its_type() -> None:
    assert kind_name({1}) == "a value of the type set"
