"""A queue's own worker, made again from its description; no code of the store.

Workers are language models that run `sqlite3` by hand: a connection for each statement, foreign
keys off, no waiting for locks ("database is locked": again, later), times by `datetime('now')`.
They claim by one UPDATE, tell of their steps, tick off their checks, and finish with
`AND worker_id = ?`: no row changed means that the claim was revoked.

As a process: `python -m tests.systems.progress.owner ROLE DATABASE WORKER [COUNT [PAUSE_S]]`. It
says "ready", waits for a line, does its work on up to COUNT tasks and prints one JSON object.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLAIM = """
UPDATE tasks
SET status = 'claimed', worker_id = ?, claim_token = lower(hex(randomblob(8))),
    claimed_at = datetime('now'), updated_at = datetime('now')
WHERE id = (
    SELECT id FROM tasks WHERE status = 'pending'
    ORDER BY priority DESC, seq, created_at LIMIT 1
)
RETURNING id
"""
START = """
UPDATE tasks SET status = 'in_progress', started_at = datetime('now'), updated_at = datetime('now')
WHERE id = ? AND worker_id = ?
"""
STEPS = "SELECT id FROM steps WHERE task_id = ? ORDER BY seq"
BEGIN_STEP = """
UPDATE steps SET status = 'in_progress', worker_id = ?, started_at = datetime('now') WHERE id = ?
"""
END_STEP = """
UPDATE steps SET status = 'done', evidence = ?, completed_at = datetime('now') WHERE id = ?
"""
CHECK = """
UPDATE sop_checklist SET done_at = datetime('now'), done_by = ?
WHERE task_id = ? AND done_at IS NULL
"""
FINISH = """
UPDATE tasks SET status = 'done', completed_at = datetime('now'), updated_at = datetime('now')
WHERE id = ? AND worker_id = ?
"""
FAIL = """
UPDATE tasks SET status = 'failed', last_error = ?, completed_at = datetime('now'),
    updated_at = datetime('now')
WHERE id = ? AND worker_id = ?
"""


@dataclass
class Worker:
    """One worker of one queue."""

    database: Path
    name: str
    pause_s: float = 0.0
    claimed: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    locked: int = 0
    """How often it was told that the database is locked."""

    def run(self, statement: str, *values: Any) -> tuple[list[tuple[Any, ...]], int]:
        """One statement on its own connection, again until it is not locked: rows, rows changed."""
        while True:
            connection = sqlite3.connect(self.database, timeout=0, isolation_level=None)
            try:
                done = connection.execute(statement, values)
                return done.fetchall(), done.rowcount
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                self.locked += 1
            finally:
                connection.close()
            time.sleep(random.uniform(0.0, 0.004))

    def claim(self) -> str | None:
        """The id of a task that is now this worker's."""
        rows, _ = self.run(CLAIM, self.name)
        if not rows:
            return None
        self.claimed.append(rows[0][0])
        return str(rows[0][0])

    def work(self, task_id: str) -> bool:
        """Do a claimed task to its end; False: it was taken away meanwhile."""
        _, mine = self.run(START, task_id, self.name)
        for (step,) in self.run(STEPS, task_id)[0] if mine else ():
            self.run(BEGIN_STEP, self.name, step)
            time.sleep(self.pause_s)
            self.run(END_STEP, "seen to work", step)
        if mine:
            self.run(CHECK, self.name, task_id)
            time.sleep(self.pause_s)
            _, mine = self.run(FINISH, task_id, self.name)
        (self.finished if mine else self.revoked).append(task_id)
        return bool(mine)

    def fail(self, task_id: str, why: str) -> bool:
        """Give a claimed task up; False: it was taken away meanwhile."""
        _, mine = self.run(FAIL, why, task_id, self.name)
        return bool(mine)

    def told(self) -> dict[str, Any]:
        """What it did."""
        return {
            "worker": self.name,
            "claimed": self.claimed,
            "finished": self.finished,
            "revoked": self.revoked,
            "locked": self.locked,
        }


def tell(text: str) -> None:
    """Say one line to whoever started this process."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    role, database, name, *rest = sys.argv[1:]
    count = int(rest[0]) if rest else 1_000_000
    worker = Worker(Path(database), name, float(rest[1]) if len(rest) > 1 else 0.0)
    tell("ready")
    sys.stdin.readline()
    for _ in range(count):
        task_id = worker.claim()
        if task_id is None:
            break
        if role == "work":
            worker.work(task_id)
    tell(json.dumps(worker.told()))


if __name__ == "__main__":
    main()
