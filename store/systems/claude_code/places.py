"""Where Claude Code keeps its lists, and how a list's id names one of them. Light to import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from store.files.places import usual_place
from store.model.errors import InvalidListId
from store.model.task import TaskListId

VARIABLE = "CLAUDE_CONFIG_DIR"
HOME = "~/.claude"
TASKS, TEAMS = "tasks", "teams"
CONFIG = "config.json"
LOCK = ".lock"
MARK = ".highwatermark"
SIGNS = ("tasks/*/[0-9]*.json", f"tasks/*/{MARK}", f"tasks/*/{LOCK}")
"""Without any of these a root has no list; see `store.files.signs`."""

_PREFIX = "claude:"
# Compiled by whoever asks: this module is always imported.
_NAME = r"[A-Za-z0-9_-]{1,200}"


def default_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    """The root, and what said so: `$CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    return usual_place(environ, VARIABLE, HOME)


def is_list_name(name: str) -> bool:
    """Whether a list's directory may be called so: every other sign becomes a hyphen there."""
    return re.fullmatch(_NAME, name, re.ASCII) is not None


def list_id_of(name: str) -> TaskListId:
    return TaskListId(_PREFIX + name)


def name_of(list_id: str) -> str:
    """The directory that a list's id names.

    Raises:
        InvalidListId: it names none.
    """
    name = list_id.removeprefix(_PREFIX)
    if not list_id.startswith(_PREFIX):
        raise InvalidListId(list_id, f"a list of Claude Code is called {_PREFIX}NAME")
    if not is_list_name(name):
        raise InvalidListId(list_id, "such a list's name has letters, digits, '_' and '-' only")
    return name
