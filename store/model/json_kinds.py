"""What a JSON value is, in the words of a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping

KIND_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    tuple: "a list",
    dict: "an object",
    type(None): "null",
}


def kind_name(value: object) -> str:
    """As in "a list", "null"; what JSON does not know is called by its type."""
    return KIND_NAMES.get(type(value)) or f"a value of the type {type(value).__name__}"
