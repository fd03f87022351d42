"""The agents that ClawTeam has started for a team, as its registry tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.files.codec import parse_object
from store.systems.clawteam.times import epoch_of

REGISTRY = "spawn_registry.json"


@dataclass(frozen=True, slots=True)
class Spawned:
    """How one agent was started, and by what it can be found again."""

    backend: str
    pane: str = ""
    """Where it runs in tmux: session, window, pane."""
    pid: int = 0
    """0: none was told."""
    at: float | None = None
    """When it was told of, epoch seconds."""


def parse_registry(content: bytes) -> dict[str, Spawned]:
    """Agent → how it was started.

    Raises:
        Unparsable: it is no JSON object. Then nothing is known of anybody.
    """
    found = parse_object(content)
    return {name: _spawned(entry) for name, entry in found.items() if isinstance(entry, dict)}


def _spawned(entry: Mapping[str, Any]) -> Spawned:
    pid, pane, backend = entry.get("pid"), entry.get("tmux_target"), entry.get("backend")
    return Spawned(
        backend if isinstance(backend, str) else "",
        pane if isinstance(pane, str) else "",
        pid if type(pid) is int else 0,
        _time(entry.get("spawned_at")),
    )


def _time(told: Any) -> float | None:
    if isinstance(told, str):
        return epoch_of(told)
    return float(told) if type(told) in (int, float) else None
