"""What a change means for one record, so that it can be made again on somebody else's version.

Edges are added and removed one by one. Any other field is set only where it still has the value
that the change was based on: what somebody else has set since is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.recovery import Rules
from store.model.errors import InvalidField
from store.systems.hive.opened import checked

_SIDES = ("blocks", "blocked_by")
_TIME = "updated_at"
_METADATA = "metadata"


def difference(before: bytes, after: bytes) -> dict[str, Any]:
    """What was meant: `add` and `remove` (side → ids), `set` and `metadata` (name → values),
    `at` (epoch seconds).
    """
    try:
        old, new = parse_object(before), parse_object(after)
    except Unparsable:
        return {}
    found: dict[str, Any] = {}
    for side in _SIDES:
        was, now = _ids(old.pop(side, [])), _ids(new.pop(side, []))
        if added := [i for i in now if i not in was]:
            found.setdefault("add", {})[side] = added
        if removed := [i for i in was if i not in now]:
            found.setdefault("remove", {})[side] = removed
    if isinstance(at := new.pop(_TIME, None), float):
        found["at"] = at
    old.pop(_TIME, None)
    if isinstance(old.get(_METADATA), dict) and isinstance(new.get(_METADATA), dict):
        values = _values(old.pop(_METADATA), new.pop(_METADATA))
        if values:
            found["metadata"] = values
    if values := _values(old, new):
        found["set"] = values
    return found


def merged(content: bytes, intent: Mapping[str, Any]) -> bytes | None:
    """A record with what was meant; None if it says so already, or cannot be understood."""
    try:
        raw = parse_object(content)
        before = dict(raw)
        _change_edges(raw, intent)
        _set_values(raw, intent.get("set"))
        if isinstance(raw.get(_METADATA), dict):
            raw[_METADATA] = dict(raw[_METADATA])
            _set_values(raw[_METADATA], intent.get("metadata"))
        if raw == before:
            return None
        at, theirs = intent.get("at"), raw.get(_TIME)
        if isinstance(at, float) and not (isinstance(theirs, (int, float)) and theirs > at):
            raw[_TIME] = at
        return checked(raw)[0]
    except (Unparsable, InvalidField):
        return None


def _change_edges(raw: dict[str, Any], intent: Mapping[str, Any]) -> None:
    for side in _SIDES:
        added, removed = (_ids(_part(intent, verb).get(side)) for verb in ("add", "remove"))
        ids = raw.get(side, [])
        if (added or removed) and isinstance(ids, list):
            kept = [i for i in ids if i not in removed]
            raw[side] = kept + [i for i in added if i not in kept]


def _set_values(raw: dict[str, Any], values: Any) -> None:
    for name, change in values.items() if isinstance(values, dict) else ():
        if not isinstance(change, dict) or _at(raw, name) != _at(change, "was"):
            continue
        if "now" in change:
            raw[name] = change["now"]
        else:
            raw.pop(name, None)


def _values(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For each name that differs, the value it had and the value it gets, as far as it has one."""
    found: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys((*old, *new)):
        if _at(old, name) != _at(new, name):
            found[name] = {"was": old[name]} if name in old else {}
            if name in new:
                found[name]["now"] = new[name]
    return found


def _at(values: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    return name in values, values.get(name)


def _part(intent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = intent.get(name)
    return found if isinstance(found, dict) else {}


def _ids(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


RULES = Rules(difference, merged)
