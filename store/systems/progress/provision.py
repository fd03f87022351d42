"""A colony's queue made ready: its database, its left claims, its workers' configurations."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from store.files.codec import Unparsable, format_object, parse_object
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory, open_directory
from store.files.places import absolute
from store.model.errors import ColonytopError
from store.systems.progress.places import COLONIES, database_of, default_root
from store.systems.progress.reclaiming import reclaim_stale
from store.systems.progress.schema import migrate

_log = logging.getLogger(__name__)

_NOT_WORKERS = frozenset({"metadata.json", "triggers.json"})


def ensure_progress_db(colony_dir: Path | str) -> Path:
    """Make a colony's queue ready for use; again: no change.

    Creates or migrates the database, takes back claims older than 15 minutes, and tells the
    configurations of the workers in that directory where the database is.

    Returns:
        The resolved path of `{colony_dir}/data/progress.db`.

    Raises:
        SchemaTooNew: it was made for a later version.
        LockTimeout, StorageFailure, UnreadableFile: something cannot be read or written.
    """
    colony = absolute(Path(colony_dir)).resolve()
    path = database_of(colony)
    with storage_failures(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    migrate(path)
    reclaim_stale(path)
    _tell_workers(colony, path)
    return path


def ensure_all_colony_dbs(colonies_root: Path | str | None = None) -> list[Path]:
    """Make the queues of all colonies ready.

    Args:
        colonies_root: the directory of the colonies; by default that of `$HIVE_HOME` or `~/.hive`.

    Returns:
        The paths, in the order of the directories' names; [] where there is no such directory. A
        colony that fails is logged and left out.
    """
    if colonies_root is None:
        colonies_root = default_root(os.environ)[0] / COLONIES
    root = absolute(Path(colonies_root))
    if not root.is_dir():
        return []
    paths = []
    for colony in sorted(path for path in root.iterdir() if path.is_dir()):
        try:
            paths.append(ensure_progress_db(colony))
        except (ColonytopError, OSError) as error:
            _log.warning("the queue of the colony %r is not ready: %s", colony.name, error)
    return paths


def _tell_workers(colony: Path, path: Path) -> None:
    """Put the place of the database into each worker's configuration that does not have it."""
    told = {
        "db_path": str(path),
        "colony_id": colony.name,
        "colony_data_dir": str(path.parent),
    }
    with storage_failures(colony), open_directory(colony) as directory:
        for name in sorted(directory.plain_names()):
            if name.endswith(".json") and name not in _NOT_WORKERS:
                _tell_worker(directory, name, told)


def _tell_worker(directory: Directory, name: str, told: dict[str, str]) -> None:
    try:
        content = directory.read_bytes(name)
        worker = parse_object(content)
    except FileNotFoundError:
        return
    except (Unparsable, UnreadableFile) as error:
        _log.warning("%s is no configuration that can be read: %s", directory.path_of(name), error)
        return
    if "system_prompt" not in worker:
        return
    given: Any = worker.get("input_data")
    if given is not None and not isinstance(given, dict):
        _log.warning("%s: input_data is no object; left as it is", directory.path_of(name))
        return
    wanted = {**(given or {}), **told}
    if wanted == given:
        return
    ending = b"\n" if content.endswith(b"\n") else b""
    directory.replace(name, format_object({**worker, "input_data": wanted}) + ending)
