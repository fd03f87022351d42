"""Where blackboards are: one directory for each run, one database in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from store.files.places import absolute
from store.model.errors import InvalidListId
from store.model.task import TaskListId

DATABASE = "blackboard.db"
RUNS = "runs"
ROOT_VARIABLE = "BLACKBOARD_ROOT"
SIGNS = (f"*/{DATABASE}", f"{RUNS}/*/{DATABASE}")
"""Without any of these a root has no run; see `store.files.signs`."""

_PREFIX = "run:"
# Compiled by whoever asks: this module is always imported.
_RUN_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"


def default_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Where runs are looked for, and what said so: `$BLACKBOARD_ROOT`, else `runs` right here."""
    chosen = environ.get(ROOT_VARIABLE)
    if chosen:
        return absolute(Path(chosen)), f"${ROOT_VARIABLE}"
    return absolute(Path(RUNS)), f"default ./{RUNS}"


def checked_run_id(run_id: str) -> str:
    """The id, if it can name a directory of its own under the root.

    Raises:
        InvalidListId: it could lead out of the root, hide there, or is too long.
    """
    if not re.fullmatch(_RUN_ID, run_id) or ".." in run_id:
        reason = (
            "a run id begins with a letter or digit, holds only letters, digits, '.', '_' and '-', "
            "no '..', and at most 128 of them"
        )
        raise InvalidListId(run_id, reason)
    return run_id


def is_run_id(name: str) -> bool:
    """Whether a directory of that name can be a run's."""
    return re.fullmatch(_RUN_ID, name) is not None and ".." not in name


def list_id_of_run(run_id: str) -> TaskListId:
    """The list that a run is shown as."""
    return TaskListId(_PREFIX + run_id)


def run_of_list_id(list_id: str) -> str:
    """The run that a list shows.

    Raises:
        InvalidListId: no run is shown under such an id.
    """
    if not list_id.startswith(_PREFIX):
        raise InvalidListId(list_id, "the id of a run begins with 'run:'")
    return checked_run_id(list_id.removeprefix(_PREFIX))
