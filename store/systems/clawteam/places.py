"""Where ClawTeam keeps its teams, and how a list's id names one of them. Light to import."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from store.files.places import absolute
from store.model.errors import InvalidListId
from store.model.task import TaskListId

VARIABLE = "CLAWTEAM_DATA_DIR"
HOME = "~/.clawteam"
TASKS, TEAMS, COSTS = "tasks", "teams", "costs"
CONFIG = "config.json"
LOCK = ".tasks.lock"

SIGNS = (f"{TASKS}/*/{LOCK}", f"{TASKS}/*/task-*.json", f"{TEAMS}/*/{CONFIG}")
"""Without any of these a root has no team; see `store.files.signs`."""

_PREFIX = "team:"
# Compiled by whoever asks: this module is always imported.
_TEAM = r"[A-Za-z0-9._-]{1,128}"


def default_root(environ: Mapping[str, str] | None = None) -> tuple[Path, str]:
    """The directory that ClawTeam uses when nobody says otherwise, and who says so: the variable,
    its configuration, or nobody.
    """
    chosen = (os.environ if environ is None else environ).get(VARIABLE)
    if chosen:
        return absolute(Path(chosen)), f"${VARIABLE}"
    home = absolute(Path(HOME))
    configured = _configured(home)
    if configured:
        return absolute(Path(configured)), f"data_dir in {HOME}/{CONFIG}"
    return home, f"default {HOME}"


def _configured(home: Path) -> str | None:
    from store.files.codec import Unparsable, parse_object
    from store.files.failures import UnreadableFile
    from store.files.fs import open_directory

    try:
        with open_directory(home) as directory:
            found = parse_object(directory.read_bytes(CONFIG)).get("data_dir")
    except (OSError, Unparsable, UnreadableFile):
        return None
    return found if isinstance(found, str) else None


def is_team(name: str) -> bool:
    """Whether a team may be called so: never a way to another directory."""
    return re.fullmatch(_TEAM, name, re.ASCII) is not None and name not in (".", "..")


def list_id_of(team: str) -> TaskListId:
    return TaskListId(_PREFIX + team)


def team_of(list_id: str) -> str:
    """The team that a list's id names.

    Raises:
        InvalidListId: it names none.
    """
    team = list_id.removeprefix(_PREFIX)
    if not list_id.startswith(_PREFIX):
        raise InvalidListId(list_id, f"a team's list is called {_PREFIX}NAME")
    if not is_team(team):
        raise InvalidListId(list_id, "a team's name has letters, digits, '.', '_' and '-' only")
    return team
