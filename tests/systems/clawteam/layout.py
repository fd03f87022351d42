"""ClawTeam's files as another process would leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEAM = "forge"
CREATED = "2026-03-18T10:00:00.250000+00:00"


def record(task_id: str, subject: str = "Write the report", **fields: Any) -> dict[str, Any]:
    """A whole record in ClawTeam's order; `fields` by their names in the file."""
    whole: dict[str, Any] = {
        "id": task_id,
        "subject": subject,
        "description": "",
        "status": "pending",
        "priority": "medium",
        "owner": "",
        "lockedBy": "",
        "lockedAt": "",
        "blocks": [],
        "blockedBy": [],
        "startedAt": "",
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "metadata": {},
    }
    return whole | fields


def path(root: Path, task_id: str, team: str = TEAM) -> Path:
    return root / "tasks" / team / f"task-{task_id}.json"


def write(root: Path, *records: dict[str, Any], team: str = TEAM) -> None:
    """Replace the files of these tasks."""
    for one in records:
        put(path(root, one["id"], team), json.dumps(one, indent=2, ensure_ascii=False))


def read(root: Path, task_id: str, team: str = TEAM) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path(root, task_id, team).read_bytes())
    return found


def files(root: Path, team: str = TEAM) -> dict[str, bytes]:
    """What lies in the directory of the team's tasks, but for the lock."""
    found = (root / "tasks" / team).iterdir()
    return {one.name: one.read_bytes() for one in found if one.name != ".tasks.lock"}


def write_team(root: Path, *members: dict[str, Any], team: str = TEAM, **fields: Any) -> None:
    """The team's settings."""
    settings = {
        "name": team,
        "description": "",
        "leadAgentId": "a1",
        "createdAt": CREATED,
        "members": list(members),
        "budgetCents": 0.0,
    }
    put(root / "teams" / team / "config.json", json.dumps(settings | fields, indent=2))


def write_registry(root: Path, team: str = TEAM, **agents: dict[str, Any]) -> None:
    """Which agents were started, and how."""
    put(root / "teams" / team / "spawn_registry.json", json.dumps(agents, indent=2))


def write_cost(root: Path, name: str, agent: str, cents: float, team: str = TEAM) -> None:
    """One report of costs."""
    report = {
        "id": name,
        "agentName": agent,
        "provider": "x",
        "model": "y",
        "inputTokens": 100,
        "outputTokens": 10,
        "costCents": cents,
        "reportedAt": CREATED,
    }
    put(root / "costs" / team / f"cost-2026-{name}.json", json.dumps(report, indent=2))


def put(place: Path, text: str) -> None:
    """By a rename, as ClawTeam does."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{place.stem}-x7.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(place)
