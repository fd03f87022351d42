"""The colony that the pictures show: named, realistic work at a fixed moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOW = 1_777_903_331.0
"""2026-05-04 14:02:11 UTC: the moment of every picture."""


@dataclass
class SceneTask:
    """A task of the scene; `minutes` is how long ago it was last written."""

    id: int
    subject: str
    owner: str | None = None
    status: str = "pending"
    blocked_by: tuple[int, ...] = ()
    minutes: float = 8.0
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


LEADS = [
    SceneTask(1, "Agree on the lead schema", "queen", "completed", minutes=58),
    SceneTask(2, "Set up object storage", "ann", "completed", minutes=55),
    SceneTask(3, "Write the crawl policy", "bo", "completed", minutes=51),
    SceneTask(5, "Provision the proxy pool", "ann", "completed", minutes=44),
    SceneTask(6, "Collect seed domains", "cy", "completed", minutes=41),
    SceneTask(
        7,
        "Crawl the target sites",
        "ann",
        "in_progress",
        minutes=12,
        description="Two pages deep, at most two requests a second per host.\n"
        "Skip anything that robots.txt refuses and note the host in #9.",
        metadata={"progress": 0.64, "cost_usd": 0.42, "tokens": 18_240},
    ),
    SceneTask(9, "Extract company tables", "bo", "in_progress", minutes=2),
    SceneTask(10, "Dedup leads against the CRM", "cy", "in_progress", minutes=41),
    SceneTask(11, "Verify crawl output", "ann", "completed", minutes=24),
    SceneTask(
        12,
        "Build the search index",
        "ann",
        blocked_by=(7, 2),
        description="An inverted index over the crawled pages. Keep it under 50 MB, so that "
        "it loads on the smallest worker.",
        metadata={"priority": "high"},
    ),
    SceneTask(13, "Score companies by fit", "bo"),
    SceneTask(14, "Draft the outreach copy", "dee", blocked_by=(9,)),
    SceneTask(15, "Rank results by region", "bo", blocked_by=(4,)),
    SceneTask(16, "Write the lead report", "ann", blocked_by=(10, 12)),
    SceneTask(17, "Fetch company logos", minutes=7),
    SceneTask(18, "Publish the report page", blocked_by=(15, 16)),
    SceneTask(19, "Send the report to sales", blocked_by=(18,)),
]

RELEASE = [
    *[
        SceneTask(n, subject, owner, "completed", minutes=ago)
        for n, subject, owner, ago in (
            (1, "Freeze the 2.8 branch", "eli", 57),
            (2, "Bump the dependencies", "fay", 49),
            (3, "Run the nightly suite", "eli", 36),
            (4, "Fix the flaky upload test", "fay", 31),
            (5, "Draft the release notes", "gus", 19),
        )
    ],
    SceneTask(6, "Build wheels and images", "eli", "in_progress", minutes=4),
    SceneTask(7, "Sign the artifacts", "eli", blocked_by=(6,)),
    SceneTask(8, "Roll out to the canary ring", "fay", blocked_by=(7,)),
    SceneTask(9, "Announce 2.8", "gus", blocked_by=(8,)),
]

QA = [
    SceneTask(1, "Check every figure in the report", "hal", "in_progress", minutes=1),
    SceneTask(2, "Compare with last quarter", None, blocked_by=(1,)),
    SceneTask(3, "Spell out the acronyms", "hal", minutes=6),
]


COLONIES = {"lead-report": LEADS, "release-2.8": RELEASE}


class Scene:
    """The scene as files of the native layout under a root."""

    def __init__(self, root: Path, colonies: Mapping[str, Iterable[SceneTask]] = COLONIES) -> None:
        self.root = root
        self.leads = root / "colonies" / "lead-report" / "tasks"
        for name, tasks in colonies.items():
            self._write_list(root / "colonies" / name / "tasks", f"colony:{name}", tasks)
        if colonies is COLONIES:
            self._write_list(root / "agents/hal/sessions/qa/tasks", "session:hal:qa", QA)

    def change(self, task_id: int, seconds_ago: float, **fields: Any) -> None:
        """An agent writes fields of one task of the lead report, by replacing its file."""
        path = self.leads / "tasks" / f"{task_id:04d}.json"
        record = json.loads(path.read_text()) | {"updated_at": NOW - seconds_ago} | fields
        self._replace(path, record)

    def read(self, task_id: int) -> dict[str, Any]:
        found = json.loads((self.leads / "tasks" / f"{task_id:04d}.json").read_text())
        assert isinstance(found, dict)
        return found

    def _write_list(self, directory: Path, list_id: str, tasks: Iterable[SceneTask]) -> None:
        (directory / "tasks").mkdir(parents=True, mode=0o700)
        meta = {"task_list_id": list_id, "role": "template", "created_at": NOW - 3600}
        (directory / "meta.json").write_text(json.dumps(meta, indent=2))
        everything = list(tasks)
        for task in everything:
            written = NOW - 60 * task.minutes
            self._replace(
                directory / "tasks" / f"{task.id:04d}.json",
                {
                    "id": task.id,
                    "subject": task.subject,
                    "description": task.description,
                    "active_form": None,
                    "owner": task.owner,
                    "status": task.status,
                    "blocks": [t.id for t in everything if task.id in t.blocked_by],
                    "blocked_by": list(task.blocked_by),
                    "metadata": task.metadata,
                    "created_at": NOW - 3600,
                    "updated_at": written,
                },
            )
        (directory / ".highwatermark").write_text(str(everything[-1].id))
        (directory / ".lock").touch(mode=0o600)

    def _replace(self, path: Path, record: dict[str, Any]) -> None:
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(json.dumps(record, indent=2))
        temporary.chmod(0o600)
        temporary.replace(path)
