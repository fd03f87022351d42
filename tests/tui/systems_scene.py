"""One machine on which several tools keep their lists, as files at the moment of the pictures."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from store.systems.blackboard.blackboard import Blackboard
from store.systems.progress.provision import ensure_progress_db
from store.systems.progress.seeding import seed_tasks
from tests.systems.clawteam import layout
from tests.systems.hive_session import sessions
from tests.tui.picture_scene import NOW, RELEASE, Scene

TEAM = "importer"
_NO_PROCESS = 4_194_399  # above what this kernel gives away

QUEUE: list[dict[str, Any]] = [
    {
        "id": "crawl-shops",
        "goal": "Crawl the shop sites\n\nTwo pages deep, at most two requests a second.",
        "priority": 10,
        "steps": [
            {"title": "Fetch the seed pages"},
            {"title": "Extract the price tables"},
            {"title": "Store the rows"},
        ],
        "sop_items": [
            {"key": "schema", "description": "Every row fits the schema"},
            {"key": "hosts", "description": "No host was asked too often"},
            {"key": "notes", "description": "Notes for the next run", "required": False},
        ],
    },
    {"id": "crawl-forum", "goal": "Crawl the forum archive", "priority": 2},
    {"id": "crawl-blog", "goal": "Crawl the company blogs"},
]


class SystemsScene:
    """Lists of five tools under the roots that they have by themselves."""

    def __init__(self, home: Path) -> None:
        self.hive, self.clawteam = home / ".hive", home / ".clawteam"
        self.claude, self.runs = home / ".claude", home / "runs"
        Scene(self.hive, {"release-2.8": RELEASE})
        self._write_team()
        self._write_claude()
        self._write_queue()
        self._write_session()
        self._write_run()

    def start_task(self, owner: str, seconds_ago: float) -> None:
        """An agent of the team takes up what is ready, by replacing its file."""
        found = layout.read(self.clawteam, "c3e2f1bb", TEAM)
        at = _iso(seconds_ago / 60)
        found |= {"status": "in_progress", "owner": owner, "lockedBy": owner, "lockedAt": at}
        layout.write(self.clawteam, found | {"startedAt": at, "updatedAt": at}, team=TEAM)

    def finish_step(self, seconds_ago: float) -> None:
        """The worker of the queue ticks off a step."""
        at = _iso(seconds_ago / 60)
        self.in_queue(
            f"UPDATE steps SET status = 'done', completed_at = '{at}' WHERE title LIKE 'Extract%'",
            f"UPDATE tasks SET updated_at = '{at}' WHERE id = 'crawl-shops'",
        )

    def in_queue(self, *statements: str) -> None:
        """Change the queue in one transaction, as any worker may: by a connection of its own."""
        with closing(sqlite3.connect(self.database)) as database, database:
            for statement in statements:
                database.execute(statement)

    @property
    def colonies(self) -> list[SimpleNamespace]:
        """The roots, as `open_session` takes them."""
        return [
            SimpleNamespace(root=root)
            for root in (self.clawteam, self.claude, self.hive, self.runs)
        ]

    def _write_team(self) -> None:
        rows: tuple[tuple[str, str, str, str, str, int], ...] = (
            ("a1c0ffee", "Import the price lists", "in_progress", "high", "bo", 2),
            ("b2d1e0aa", "Map columns to fields", "in_progress", "urgent", "cy", 26),
            ("c3e2f1bb", "Check the encodings", "pending", "low", "", 9),
            ("d4f3a2cc", "Write the import report", "blocked", "medium", "", 9),
            ("e5a4b3dd", "Set up the bucket", "completed", "medium", "bo", 55),
        )
        for task_id, subject, status, priority, owner, minutes in rows:
            at = _iso(minutes)
            holder = owner if status == "in_progress" else ""
            layout.write(
                self.clawteam,
                layout.record(
                    task_id,
                    subject,
                    status=status,
                    priority=priority,
                    owner=owner,
                    lockedBy=holder,
                    lockedAt=at if holder else "",
                    blockedBy=["a1c0ffee", "b2d1e0aa"] if status == "blocked" else [],
                    createdAt=_iso(70),
                    updatedAt=at,
                ),
                team=TEAM,
            )
        members = [{"name": n, "agentId": n, "agentType": k} for n, k in _MEMBERS]
        layout.write_team(
            self.clawteam,
            *members,
            team=TEAM,
            description="price lists of all shops by Friday",
            budgetCents=2000.0,
        )
        lives = {"backend": "subprocess", "pid": os.getpid(), "spawned_at": time.time()}
        died = {"backend": "subprocess", "pid": _NO_PROCESS, "spawned_at": time.time()}
        layout.write_registry(self.clawteam, TEAM, bo=lives, lead=lives, cy=died)
        for number, (name, cents) in enumerate((("bo", 142.0), ("cy", 930.0), ("lead", 61.0))):
            layout.write_cost(self.clawteam, f"c{number}", name, cents, team=TEAM)

    def _write_claude(self) -> None:
        place = self.claude / "tasks" / "site-redesign"
        rows: tuple[tuple[str, str, list[str], int], ...] = (
            ("Sketch the header", "completed", [], 40),
            ("Build the product grid", "in_progress", [], 6),
            ("Check it on phones", "pending", ["2"], 6),
        )
        for number, (subject, status, blockers, minutes) in enumerate(rows, 1):
            blocks = ["3"] if number == 2 else []
            record: dict[str, Any] = {"id": str(number), "subject": subject, "description": ""}
            record |= {"status": status, "blocks": blocks, "blockedBy": blockers}
            path = place / f"{number}.json"
            layout.put(path, json.dumps(record, indent=2))
            os.utime(path, (NOW - 60 * minutes,) * 2)
        (place / ".lock").touch()

    def _write_queue(self) -> None:
        colony = self.hive / "colonies" / "crawl"
        colony.mkdir(parents=True)
        path = self.database = ensure_progress_db(colony)
        seed_tasks(path, QUEUE)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "UPDATE tasks SET created_at = ?, updated_at = ?", (_iso(50), _iso(12))
            )
            database.execute(
                "UPDATE tasks SET status = 'claimed', worker_id = 'w-3', claim_token = 'c0ffee',"
                " claimed_at = ?, started_at = ?, updated_at = ?, retry_count = 2,"
                " last_error = 'the host refused the connection' WHERE id = 'crawl-shops'",
                (_iso(11), _iso(11), _iso(1)),
            )
            database.execute(
                "UPDATE steps SET status = 'done', evidence = '41 pages', worker_id = 'w-3',"
                " completed_at = ? WHERE title LIKE 'Fetch%'",
                (_iso(3),),
            )
            database.execute(
                "UPDATE sop_checklist SET done_at = ?, done_by = 'w-3' WHERE key = 'schema'",
                (_iso(2),),
            )

    def _write_session(self) -> None:
        parts = ("queens", "ann", "sessions", "survey")
        rows = (
            ("Read all answers", "completed", 30.0),
            ("Group the answers by topic", "in_progress", 4.0),
            ("Summarise for the team", "pending", 4.0),
        )
        tasks = [
            sessions.record(
                number,
                subject,
                status=status,
                owner="ann",
                created_at=NOW - 3600,
                updated_at=NOW - 60 * minutes,
            )
            for number, (subject, status, minutes) in enumerate(rows, 1)
        ]
        content = sessions.document(tasks, goal="answer the customer survey", created_at=NOW - 3600)
        sessions.write(self.hive, parts, content)

    def _write_run(self) -> None:
        briefs = (
            ("b-copy", None, "copy", "writer", "Write the headline copy", "active", 3),
            ("b-faq", "b-copy", "copy", "writer", "Answer the ten usual questions", "pending", 3),
            ("b-art", None, "art", "designer", "Choose the pictures", "failed", 5),
        )
        with Blackboard("landing-page", root=self.runs) as run:
            run.create_run("a landing page that sells")
            for name in ("copy", "art"):
                run.create_workstream(workstream_id=name, name=name, tier=1)
            for brief_id, parent, stream, role, subject, state, _ in briefs:
                run.create_brief(_Brief(brief_id, parent, role, subject), stream)
                run.update_brief_status(brief_id, state)
            run.log_event("failed", "b-art", {"error": "no picture fits the palette"})
            path = run.path
        with closing(sqlite3.connect(path)) as database, database:
            for table in ("runs", "workstreams", "briefs"):
                database.execute(
                    f"UPDATE {table} SET created_at = ?, updated_at = ?", (_iso(20), _iso(6))
                )
            database.execute("UPDATE events SET created_at = ?", (_iso(5),))
            for brief_id, *_, minutes in briefs:
                database.execute(
                    "UPDATE briefs SET updated_at = ? WHERE brief_id = ?", (_iso(minutes), brief_id)
                )


@dataclass
class _Brief:
    brief_id: str
    parent_brief_id: str | None
    role: str
    subject: str
    tier: int = 2
    retry_count: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"subject": self.subject}


_MEMBERS = (("lead", "leader"), ("bo", "coder"), ("cy", "coder"), ("dee", "tester"))


def _iso(minutes_ago: float) -> str:
    return datetime.fromtimestamp(NOW - 60 * minutes_ago, UTC).isoformat()
