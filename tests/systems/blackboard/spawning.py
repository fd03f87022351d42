"""Briefs as a run's agents make them."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.systems.blackboard.blackboard import Blackboard
from store.systems.blackboard.places import DATABASE

RUN = "r-1"


@dataclass
class SpawnedBrief:
    """What `create_brief` asks of a brief."""

    title: str = "Smelt the ore"
    brief_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    parent_brief_id: str | None = None
    tier: int = 2
    role: str = "smelter"
    retry_count: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "brief_id": self.brief_id,
            "title": self.title,
            "instructions": f"{self.title}, carefully.",
            "role": self.role,
            **self.more,
        }


def started(root: Path, run_id: str = RUN) -> Blackboard:
    """A blackboard whose run is created."""
    blackboard = Blackboard(run_id, root)
    blackboard.create_run("Forge the sword")
    return blackboard


def rows(root: Path, query: str, run_id: str = RUN) -> list[tuple[Any, ...]]:
    """What an onlooker with SQLite's own tool sees."""
    connection = sqlite3.connect(root / run_id / DATABASE)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def changed(database: Path, statement: str) -> None:
    """What somebody with SQLite's own tool writes, without any of our care."""
    connection = sqlite3.connect(database)
    try:
        with connection:
            connection.execute(statement)
    finally:
        connection.close()
