"""Edges and metadata keys that are put back: each at its old place, on the sides it stood on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from store.model.edits import Standing
from store.model.errors import InvalidField
from store.model.standing import in_old_order, put_back
from store.systems.hive.edges import EdgeChange, EdgeEdit, Sides
from store.systems.hive.opened import OpenList, Stored


def native_number(field: str, task_id: str) -> int:
    """The number that an id stands for in this layout.

    Raises:
        InvalidField: it is no id of this layout.
    """
    if not (task_id.isascii() and task_id.isdecimal() and len(task_id) <= 15):
        raise InvalidField(field, f"{task_id[:40]!r} is not a task id of this layout")
    return int(task_id)


def by_number(standing: Sequence[Standing]) -> dict[int, Standing]:
    """How records stood, by their numbers."""
    return {native_number("standing", stood.task): stood for stood in standing}


def apply_as_it_stood(
    edit: EdgeEdit, own: Stored, change: EdgeChange, standing: Sequence[Standing]
) -> None:
    """Change edges as `EdgeEdit.apply` does, then set each that is named as it once stood.

    A far end of which it is not said how it stood was not there, or did not have the edge: it is
    left alone, and may be missing now too.

    Raises:
        TaskNotFound, UnreadableTask, CycleRefused: as `EdgeEdit.apply`.
    """
    stood = by_number(standing)
    if own.id not in stood:
        edit.apply(own, change)
        return
    edit.apply(own, _without_dangling(edit.opened, change, stood[own.id], stood))
    ups = {*change.add_blocked_by, *change.remove_blocked_by}
    downs = {*change.add_blocks, *change.remove_blocks}
    for number, sides in list(edit.sides.items()):
        if number == own.id:
            _set(sides, stood[number], blocks=downs, blocked_by=ups)
        elif number in stood:
            blocks = {own.id} if number in ups else ()
            blocked_by = {own.id} if number in downs else ()
            _set(sides, stood[number], blocks=blocks, blocked_by=blocked_by)
        else:  # only this side had the edge: the other was not written then, nor is it now
            del edit.sides[number]


def set_named(sides: Sides, then: Standing, task_id: int) -> None:
    """Put one id back into the lists of a record, as far as they held it then."""
    _set(sides, then, blocks={task_id}, blocked_by={task_id})


def metadata_as_it_stood(
    task_id: int, merged: dict[str, Any], patch: Mapping[str, Any], standing: Sequence[Standing]
) -> dict[str, Any]:
    """The metadata with the keys that are put back at their old places."""
    stood = by_number(standing).get(task_id)
    return in_old_order(merged, stood.metadata, patch) if stood is not None else merged


def _set(
    sides: Sides, then: Standing, *, blocks: Collection[int], blocked_by: Collection[int]
) -> None:
    before = set(sides.stored.record.blocked_by)
    sides.blocks = put_back(sides.blocks, _numbers(then.blocks), blocks)
    sides.blocked_by = put_back(sides.blocked_by, _numbers(then.blocked_by), blocked_by)
    now = set(sides.blocked_by)
    sides.gains, sides.loses = bool(now - before), bool(before - now)


def _numbers(ids: Sequence[str]) -> list[int]:
    return [native_number("standing", i) for i in ids]


def _without_dangling(
    opened: OpenList, change: EdgeChange, mine: Standing, stood: Mapping[int, Standing]
) -> EdgeChange:
    """The change without edges that led nowhere then, and still do."""

    def real(ids: tuple[int, ...], then: Sequence[str]) -> tuple[int, ...]:
        led_nowhere = {i for i in _numbers(then) if i not in stood}
        return tuple(i for i in ids if i not in led_nowhere or _is_there(opened, i))

    return replace(
        change,
        add_blocks=real(change.add_blocks, mine.blocks),
        add_blocked_by=real(change.add_blocked_by, mine.blocked_by),
    )


def _is_there(opened: OpenList, task_id: int) -> bool:
    return isinstance(opened.find_or_none(task_id), Stored)
