"""Reading JSON objects strictly: what is missing, unknown or of another type is named, never
guessed. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from store.model.errors import ColonytopError
from store.model.json_kinds import KIND_NAMES, kind_name

T = TypeVar("T")

REQUIRED: Any = object()
"""The default of a field that has none."""


class BadDocument(ColonytopError):
    """The document cannot be used; nothing of it was done."""

    kind = "bad_document"

    def __init__(self, source: str, field: str, reason: str, way_out: str = "") -> None:
        where = f"{source}: {field}" if field else source
        super().__init__(f"{where}: {reason}" + (f"; {way_out}" if way_out else ""))
        self.source = source
        self.field = field

    def details(self) -> dict[str, Any]:
        return {"source": self.source, "field": self.field}


def parse_document(text: str, source: str) -> dict[str, Any]:
    """One JSON object.

    Raises:
        BadDocument: it is none that every reader would understand alike.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise BadDocument(source, name[:80], "the key stands there twice")
            found[name] = value
        return found

    def no_constant(name: str) -> Any:
        raise BadDocument(source, "", f"{name} is not a JSON number")

    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise BadDocument(source, where, f"not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BadDocument(source, "", f"not JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise BadDocument(source, "", f"{kind_name(found)}, not an object")
    return found


class Fields:
    """The fields of one object, taken one by one; what is left at the end is unknown."""

    def __init__(self, found: Any, source: str, path: str = "") -> None:
        self.source = source
        self.path = path
        if not isinstance(found, dict):
            raise BadDocument(source, path, f"{kind_name(found)}, not an object")
        self._left: dict[str, Any] = dict(found)
        self._known: dict[str, None] = {}

    def where(self, name: str) -> str:
        """The path of a field, as `edits[2].set.owner`."""
        return f"{self.path}.{name}" if self.path else name

    def fail(self, name: str, reason: str, way_out: str = "") -> BadDocument:
        """The error that names a field."""
        return BadDocument(self.source, self.where(name), reason, way_out)

    def __contains__(self, name: str) -> bool:
        """Whether a field is there that may be."""
        self._known[name] = None
        return name in self._left

    def peek(self, name: str) -> Any:
        """A field's value, which stays to be taken; None without it."""
        return self._left.get(name)

    def take(self, name: str, *kinds: type[T], default: Any = REQUIRED) -> Any:
        """A field's value, of one of the kinds. `float` takes whole numbers too."""
        self._known[name] = None
        if name not in self._left:
            if default is REQUIRED:
                raise self.fail(name, "is missing", "add it")
            return default
        value = self._left.pop(name)
        allowed: tuple[type, ...] = (*kinds, int) if float in kinds else kinds
        if type(value) not in allowed:
            wanted = " or ".join(KIND_NAMES[kind] for kind in kinds)
            raise self.fail(name, f"is {kind_name(value)}, not {wanted}")
        return value

    def take_texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; without the field, none."""
        found = self.take(name, list, default=[])
        for place, value in enumerate(found):
            if not isinstance(value, str):
                raise self.fail(f"{name}[{place}]", f"is {kind_name(value)}, not a text")
        return tuple(found)

    def take_object(self, name: str) -> dict[str, Any]:
        """An object as it is; without the field, an empty one."""
        found: dict[str, Any] = self.take(name, dict, default={})
        return found

    def inner(self, name: str) -> Fields:
        """The fields of an object within; without the field, none."""
        return Fields(self.take_object(name), self.source, self.where(name))

    def end(self) -> None:
        """Raise `BadDocument` for a field that nobody took."""
        for name in self._left:
            near = get_close_matches(name, list(self._known), n=1)
            way_out = f"did you mean {near[0]}?" if near else f"known: {', '.join(self._known)}"
            raise self.fail(name[:80], "is not known here", way_out)


def plain(value: Any) -> Any:
    """A value as JSON holds it: mappings as objects, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value
