"""The team behind a list: its members and their colours. What they were told to do is not read
any further: prompts are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files.codec import parse_object
from store.files.fs import open_directory
from store.files.parsed_file import ParsedFile
from store.files.places import stamp
from store.model.execution import Member
from store.systems.claude_code.places import CONFIG, TEAMS

_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Team:
    """What a team's configuration says that may be shown. Texts are untrusted."""

    members: tuple[Member, ...] = ()
    purpose: str | None = None
    created_at: float | None = None
    """Epoch seconds."""


NO_TEAM = Team()


class TeamReader:
    """The team of one list, read again only when its file moved. Not thread-safe."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._parts = (TEAMS, name)
        self._path = root.joinpath(*self._parts)
        self._config = ParsedFile(CONFIG, parse_team, limit=_LIMIT)

    def look(self) -> Team:
        """The team as it is now; one without members where there is none, or none to be read."""
        if stamp(self._path) is None:
            self._config.look(None)
            return NO_TEAM
        try:
            with open_directory(self._root, self._parts) as directory:
                self._config.look(directory)
        except OSError:
            self._config.look(None)
        return self._config.value or NO_TEAM


def parse_team(content: bytes) -> Team:
    """A team from its configuration.

    Raises:
        Unparsable: it is no JSON object.
    """
    found = parse_object(content)
    listed = found.get("members")
    members = [_member(one) for one in listed if isinstance(one, dict)] if listed else []
    created = found.get("createdAt")
    is_time = isinstance(created, (int, float)) and not isinstance(created, bool)
    return Team(
        tuple(member for member in members if member.name),
        _text(found, "description"),
        created / 1000 if is_time and created is not None else None,
    )


def _member(found: Mapping[str, Any]) -> Member:
    name = _text(found, "name") or (_text(found, "agentId") or "").partition("@")[0]
    return Member(name, kind=_text(found, "agentType"), colour=_text(found, "color"))


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None
