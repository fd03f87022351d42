"""Where a colony's queue lies, and how a list's id names it. Light to import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from store.files.places import usual_place
from store.model.task import TaskListId

VARIABLE = "HIVE_HOME"
HOME = "~/.hive"
COLONIES, DATA, DATABASE = "colonies", "data", "progress.db"
SIGNS = (f"{COLONIES}/*/{DATA}/{DATABASE}", f"*/{DATA}/{DATABASE}")
"""Without any of these a root has no queue; see `store.files.signs`."""

_PREFIX = "queue:"


def default_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    """The directory under which colonies live when nobody says otherwise, and who says so."""
    return usual_place(environ, VARIABLE, HOME)


def database_of(colony_dir: Path) -> Path:
    """The database of a colony, which need not exist."""
    return colony_dir / DATA / DATABASE


def list_id_of(colony: str) -> TaskListId:
    return TaskListId(_PREFIX + colony)
