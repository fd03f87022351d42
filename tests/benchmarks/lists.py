"""Lists to measure on: written straight to disk in the native layout, without any store."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIST_ID = "colony:bench"
SUBJECT = "Check the seal of chamber"
CHAIN = 10  # in the first half of a list, each task waits on the one before, ten in a row


def directory_of(root: Path) -> Path:
    return root / "colonies" / "bench" / "tasks"


def record(number: int, count: int, *, chained: bool, age_s: float = 0.0) -> dict[str, Any]:
    now = time.time() - age_s
    half = count // 2
    place = (number - 1) % CHAIN
    waits = [number - 1] if chained and place and number <= half else []
    holds = [number + 1] if chained and place < CHAIN - 1 and number < half else []
    return {
        "id": number,
        "subject": f"{SUBJECT} {number}",
        "description": "Look for wear, note the reading, tell the keeper of the wing.",
        "active_form": "Checking the seal",
        "owner": None,
        "status": "pending",
        "blocks": holds,
        "blocked_by": waits,
        "metadata": {"wing": number % 7},
        "created_at": now,
        "updated_at": now,
    }


def populate(root: Path, count: int, *, chained: bool = True, age_s: float = 0.0) -> None:
    """Write `count` tasks, the mark and the meta of `LIST_ID` under a root.

    The second half of the tasks wait on nothing; nor does the first, unless `chained`. They were
    all written `age_s` ago.
    """
    directory = directory_of(root)
    (directory / "tasks").mkdir(parents=True)
    for number in range(1, count + 1):
        content = json.dumps(record(number, count, chained=chained, age_s=age_s), indent=2)
        (directory / "tasks" / f"{number:04d}.json").write_text(content)
    (directory / ".highwatermark").write_text(str(count))
    meta: dict[str, Any] = {
        "task_list_id": LIST_ID,
        "role": "template",
        "creator_agent_id": None,
        "created_at": time.time(),
        "last_seen_session_ids": [],
        "schema_version": 1,
    }
    (directory / "meta.json").write_text(json.dumps(meta, indent=2))


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory on a real disk (`TMPDIR` chooses), flushed and then removed at the end."""
    place = Path(tempfile.mkdtemp(prefix="colonytop-bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def settle() -> None:
    """Write back what preparing left dirty, so that no measurement pays for it."""
    os.sync()
