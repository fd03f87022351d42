"""Where native lists are when nobody says where, and what shows that a root has some."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from store.files.places import usual_place

VARIABLE = "HIVE_HOME"
HOME = "~/.hive"
SIGNS = (
    "colonies/*/tasks/?*",
    "agents/*/sessions/*/tasks/?*",
    "unscoped/*/tasks/?*",
    "_misc/*/?*",
)
"""Without any of these a root has no native list; see `store.files.signs`."""


def default_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    """The root, and what said so: `$HIVE_HOME`, else `~/.hive`."""
    return usual_place(environ, VARIABLE, HOME)
