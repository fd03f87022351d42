"""Every system that is known, each imported only where a root shows a sign of it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from store.systems.lazily import LazySystem
from store.systems.room import Room

NATIVE = "hive"
"""The system in which lists are started."""
ROOMS: tuple[Room, ...] = (
    Room(NATIVE, "HiveSystem", ("colony", "session", "unscoped")),
    Room("hive_session", "HiveSessionSystem", ("colony", "session", "unscoped"), True),
    Room("clawteam", "ClawTeamSystem", ("team",), lists_in="tasks"),
    Room("claude_code", "ClaudeCodeSystem", ("claude",), lists_in="tasks"),
    Room("progress", "ProgressSystem", ("queue",)),
    Room("blackboard", "BlackboardSystem", ("run",)),
)


def default_roots(environ: Mapping[str, str] | None = None) -> list[tuple[str, Path, str]]:
    """The system, its usual root, whether that is there or not, and what says so, of each."""
    found = os.environ if environ is None else environ
    usual = [(room.name, room.default_root(found)) for room in ROOMS]
    return [(name, *root) for name, root in usual if root is not None]


def open_systems(lock_timeout_s: float = 10.0, *, edit_unlocked: bool = False) -> list[LazySystem]:
    """All systems, none of them imported yet.

    Args:
        lock_timeout_s: how long an edit waits for a list's lock.
        edit_unlocked: also edit lists of which no lock is known, by exchange and verify.
    """
    return [
        LazySystem(room, {"lock_timeout_s": lock_timeout_s} | _unlocked(room, edit_unlocked))
        for room in ROOMS
    ]


def _unlocked(room: Room, edit_unlocked: bool) -> dict[str, bool]:
    return {"edit_unlocked": edit_unlocked} if room.may_be_unlocked else {}


def root_around(path: Path, among: Collection[str] | None) -> tuple[Path, frozenset[str]] | None:
    """The root whose directory of lists a path is, and the systems that have lists in it.

    Args:
        path: absolute.
        among: only these systems; None: any.
    """
    found = frozenset(
        room.name
        for room in ROOMS
        if (among is None or room.name in among) and room.has_lists_in(path)
    )
    return (path.parent, found) if found else None


def systems_of_id(list_id: str) -> list[str]:
    """The systems that have lists with an id like this one."""
    kind = list_id.partition(":")[0]
    return [room.name for room in ROOMS if kind in room.kinds]
