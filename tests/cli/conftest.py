"""A root with lists on disk, written as any tool of the layout would, and a way to call."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tui.cli.program import program

LIST_PATHS = {
    "colony:alpha": "colonies/alpha/tasks",
    "colony:beta": "colonies/beta/tasks",
    "session:ann:one": "agents/ann/sessions/one/tasks",
    "session:bo:alpha": "agents/bo/sessions/alpha/tasks",
}


@dataclass(frozen=True)
class Answer:
    """What one call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Colony:
    """A root and the command line on it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, list_id: str, *records: dict[str, Any]) -> Path:
        """Put tasks of a list on disk; the list's directory."""
        directory = self.root / LIST_PATHS[list_id]
        (directory / "tasks").mkdir(parents=True, exist_ok=True, mode=0o700)
        meta: dict[str, Any] = {
            "task_list_id": list_id,
            "role": "template",
            "creator_agent_id": None,
            "created_at": 1_700_000_000.0,
            "last_seen_session_ids": [],
            "schema_version": 1,
        }
        (directory / "meta.json").write_text(json.dumps(meta, indent=2))
        highest = 0
        for record in records:
            highest = max(highest, record["id"])
            self.path(list_id, record["id"]).write_text(json.dumps(record, indent=2))
        (directory / ".highwatermark").write_text(str(highest))
        return directory

    def path(self, list_id: str, task_id: int) -> Path:
        return self.root / LIST_PATHS[list_id] / "tasks" / f"{task_id:04d}.json"

    def stored(self, list_id: str, task_id: int) -> dict[str, Any]:
        """The record as it is on disk now."""
        found = json.loads(self.path(list_id, task_id).read_text())
        assert isinstance(found, dict)
        return found

    def call(self, *words: str) -> Answer:
        """Run one command with this root."""
        result = CliRunner().invoke(program, [*words, "--root", str(self.root)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)


def record(task_id: int, subject: str = "", **fields: Any) -> dict[str, Any]:
    """A native record, pending and without edges unless said otherwise."""
    now = round(time.time(), 3)
    return {
        "id": task_id,
        "subject": subject or f"Task {task_id}",
        "description": "",
        "active_form": None,
        "owner": None,
        "status": "pending",
        "blocks": [],
        "blocked_by": [],
        "metadata": {},
        "created_at": now - 60,
        "updated_at": now - 30,
        **fields,
    }


@pytest.fixture
def colony(tmp_path: Path) -> Colony:
    """An empty root."""
    root = tmp_path / "root"
    root.mkdir(mode=0o700)
    return Colony(root)


@pytest.fixture
def alpha(colony: Colony) -> Colony:
    """One list: #1 done, #2 free and holding #3 and #4, #3 waits on #2, #4 on #3, #5 worked on."""
    colony.write(
        "colony:alpha",
        record(1, "Collect targets", status="completed", owner="ann", blocks=[2]),
        record(2, "Crawl targets", blocked_by=[1], blocks=[3]),
        record(3, "Extract tables", blocked_by=[2], blocks=[4]),
        record(4, "Write the report", blocked_by=[3]),
        record(5, "Fetch logos", status="in_progress", owner="bo", metadata={"cost": 0.5}),
    )
    return colony
