"""Which project a session's list belongs to: its transcript lies in that project's directory. Only
names are looked at, transcripts are nobody's business here.
"""

from __future__ import annotations

import re
from pathlib import Path

from store.files.fs import open_directory
from store.files.places import Stamp, stamp
from store.files.reading import is_quiet

_PROJECTS = "projects"
_SUFFIX = ".jsonl"
_SESSION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class ProjectIndex:
    """Session → project of one root, each project listed again only when it moved."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed: dict[str, tuple[Stamp, frozenset[str]]] = {}

    def look(self) -> dict[str, str]:
        """The name of each session's project, as Claude Code writes it: its path with hyphens."""
        try:
            with open_directory(self._root, (_PROJECTS,)) as directory:
                names = directory.names()
        except OSError:
            return {}
        self._listed = {name: self._listed[name] for name in names if name in self._listed}
        found: dict[str, str] = {}
        for name in names:
            found.update(dict.fromkeys(self._sessions(name), name))
        return found

    def _sessions(self, project: str) -> frozenset[str]:
        now = stamp(self._root / _PROJECTS / project)
        known = self._listed.get(project)
        if now is None or (known is not None and known[0] == now):
            return frozenset() if known is None or now is None else known[1]
        try:
            with open_directory(self._root, (_PROJECTS, project)) as directory:
                names = directory.names()
        except OSError:
            return frozenset()
        stems = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
        sessions = frozenset(stem for stem in stems if _SESSION.fullmatch(stem))
        if is_quiet(now.mtime_ns):
            self._listed[project] = now, sessions
        return sessions
