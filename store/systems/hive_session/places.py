"""Where session documents are when nobody says where, and what shows that a root has some."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from store.files.places import usual_place

VARIABLE = "HIVE_HOME"
HOME = "~/.hive"
SIGNS = (
    "queens/*/sessions/*/tasks.json",
    "colonies/*/tasks.json",
    "colonies/*/workers/*/tasks.json",
    "colonies/*/queens/*/sessions/*/tasks.json",
    "agents/*/sessions/*/tasks.json",
    "agents/queens/*/sessions/*/tasks.json",
    "unscoped/*/tasks.json",
    "_misc/*/tasks.json",
)
"""Without any of these a root has no document; see `store.files.signs`."""


def default_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    """The root, and what said so: `$HIVE_HOME`, else `~/.hive`."""
    return usual_place(environ, VARIABLE, HOME)
