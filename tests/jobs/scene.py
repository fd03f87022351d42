"""The colony that the jobs are done on: three lists of a native root, with all that goes wrong."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.tui.conftest import Colony
from tests.tui.picture_scene import SceneTask

LEADS = [
    SceneTask(1, "Agree on the lead schema", "queen", "completed", minutes=96),
    SceneTask(2, "Set up object storage", "ann", "completed", minutes=80),
    SceneTask(3, "Write the crawl policy", "bo", "completed", minutes=71),
    SceneTask(5, "Collect seed domains", "cy", "completed", minutes=66),
    SceneTask(7, "Dedup leads against the CRM", "cy", "in_progress", minutes=41),
    SceneTask(8, "Import the supplier feed", "cy", "in_progress", minutes=52),
    SceneTask(
        9, "Extract company tables", "bo", "in_progress", minutes=2, metadata={"cost_usd": 2.5}
    ),
    SceneTask(
        10,
        "Crawl the target sites",
        "ann",
        "in_progress",
        minutes=12,
        description="Two pages deep, at most two requests a second per host.",
        metadata={"cost_usd": 0.42},
    ),
    SceneTask(12, "Build the search index", "ann", blocked_by=(2, 7)),
    SceneTask(13, "Score companies by fit", "bo", minutes=9),
    SceneTask(14, "Draft the outreach copy", "cy", blocked_by=(9,), minutes=50),
    SceneTask(15, "Rank results by region", "bo", blocked_by=(4,)),
    SceneTask(16, "Write the lead report", "ann", blocked_by=(10, 12)),
    SceneTask(17, "Fetch company logos", minutes=20),
    SceneTask(18, "Publish the report page", blocked_by=(15, 16)),
    SceneTask(19, "Send the report to sales", "dee", blocked_by=(18,)),
    SceneTask(31, "Reconcile the invoices", "dee", blocked_by=(32,)),
    SceneTask(32, "Import the invoices", "dee", blocked_by=(31,)),
]
"""cy is silent and holds most; #15 waits on #4, which is gone; #31 and #32 on each other."""

SHARDS = [
    *[SceneTask(n, f"Crawl shard {n}", "fay", "completed", minutes=60 - n) for n in range(1, 7)],
    SceneTask(7, "Crawl shard 7", "fay", "in_progress", minutes=1),
    SceneTask(8, "Crawl shard 8", "gus", minutes=14),
    SceneTask(9, "Merge the shards", "gus", blocked_by=(7, 8), minutes=14),
]
UNREADABLE = 8
"""Of the shards: its file is cut off in the middle."""

QA = [
    SceneTask(1, "Check every figure in the report", "hal", "in_progress", minutes=3),
    SceneTask(2, "Compare with last quarter", "hal", blocked_by=(1,), minutes=7),
    SceneTask(3, "Spell out the acronyms", "hal", minutes=16),
]


class Scene:
    """The lists on disk, last written at such times before now."""

    def __init__(self, root: Path) -> None:
        self.root = root
        now = time.time()
        self.leads = _written(Colony(root, "leads"), LEADS, now)
        self.shards = _written(Colony(root, "shards"), SHARDS, now)
        self.qa = _written(Colony(root, "qa"), QA, now)
        broken = self.shards.tasks / f"{UNREADABLE:04}.json"
        broken.write_text(broken.read_text(encoding="utf-8")[:40], encoding="utf-8")


def _written(colony: Colony, tasks: Sequence[SceneTask], now: float) -> Colony:
    for task in tasks:
        colony.write(
            task.id,
            task.subject,
            description=task.description,
            owner=task.owner,
            status=task.status,
            blocks=[one.id for one in tasks if task.id in one.blocked_by],
            blocked_by=list(task.blocked_by),
            metadata=task.metadata,
            created_at=now - 7200,
            updated_at=now - 60 * task.minutes,
        )
    return colony
