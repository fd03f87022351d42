"""Editing a list beside its owner, who writes at the same time: what either side lost.

Every change leaves a trace of its own: a key in the metadata, a task, an edge. Afterwards each is
looked for in the files. `python -m tests.systems.claude_code.beside 1000` prints the figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.model.edits import CreateTask, Edit, UpdateTask
from store.model.errors import ColonytopError
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from store.systems.claude_code.adapter import ClaudeCodeSystem
from tests.systems.claude_code.owners import Owner, Owning, best_owner

TASKS = 8
"""In the list at the beginning: few, so that both sides meet on the same ones."""


@dataclass
class Figures:
    """What came of it."""

    edits: int = 0
    """Of ours, that were made."""
    refused: int = 0
    """Of ours, that said so: the lock stayed busy, or a cycle would have closed."""
    owner_writes: int = 0
    """Changes that the owner made."""
    owner_refused: int = 0
    """Changes that the owner gave up as the lock stayed busy."""
    lost_ours: list[str] = field(default_factory=list)
    lost_owners: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Ids that were given away by both."""
    left: list[str] = field(default_factory=list)
    """Names that lie in the directory and should not."""

    def __str__(self) -> str:
        return (
            f"{self.edits} edits beside {self.owner_writes} writes of the owner; lost: "
            f"{len(self.lost_ours)} of ours, {len(self.lost_owners)} of the owner's; "
            f"{len(self.twice)} ids given twice; refused: {self.refused} ours, "
            f"{self.owner_refused} the owner's; left behind: {len(self.left)} files"
        )


def run(root: Path, edits: int, owning: Owning) -> Figures:
    """Make so many edits, while the owner makes changes without a pause to speak of."""
    place = root / "tasks" / "beside"
    figures = Figures()
    with owning(place) as owner:
        for number in range(TASKS):
            owner.ask("create", subject=f"start {number}")
        traces: list[dict[str, Any]] = []
        owner.tell("work", name="owner", few=TASKS)
        reader = threading.Thread(target=_follow, args=(owner, traces, figures))
        reader.start()
        try:
            ours = _edit(root, edits, figures)
        finally:
            owner.tell("stop")
            reader.join()
    figures.lost_owners = _lost(place, traces)
    figures.lost_ours = _lost(place, ours)
    figures.owner_writes = len(traces)
    given = [trace["id"] for trace in (*traces, *ours) if "subject" in trace]
    figures.twice = sorted({one for one in given if given.count(one) > 1})
    usual = {".lock", ".highwatermark"}
    figures.left = [
        path.name
        for path in place.iterdir()
        if path.name not in usual and not path.stem.isdecimal()
    ]
    return figures


def _follow(owner: Owner, traces: list[dict[str, Any]], figures: Figures) -> None:
    while True:
        answer = owner.answer()
        if "worked" in answer:
            figures.owner_refused = answer["refused"]
            return
        assert "error" not in answer, answer
        traces.append(answer)


def _edit(root: Path, count: int, figures: Figures) -> list[dict[str, Any]]:
    system = ClaudeCodeSystem()
    key = ListKey("claude_code", str(root), TaskListId("claude:beside"))
    traces: list[dict[str, Any]] = []
    for number in range(count):
        edit = _nth_edit(key, number)
        try:
            made = system.apply(edit)
        except ColonytopError:
            figures.refused += 1
            continue
        figures.edits += 1
        assert made.task is not None
        traces.append(_trace(edit, made.task.id))
    return traces


def _nth_edit(key: ListKey, number: int) -> Edit:
    task = TaskKey(key, TaskId(str(1 + number * 5 % TASKS)))
    if number % 10 == 4:
        return CreateTask(key, f"ours {number}")
    if number % 10 == 8:
        return CreateTask(key, f"ours {number}", blocked_by=(task.id,))
    return UpdateTask(task, metadata_patch={f"ours-{number}": number})


def _trace(edit: Edit, task_id: TaskId) -> dict[str, Any]:
    if isinstance(edit, CreateTask):
        blocker = edit.blocked_by[0] if edit.blocked_by else None
        return {"made": "task", "id": str(task_id), "subject": edit.subject, "by": blocker}
    assert isinstance(edit, UpdateTask)
    ((name, value),) = edit.metadata_patch.items()
    return {"made": "key", "id": str(task_id), "key": name, "value": value}


def _lost(place: Path, traces: Sequence[dict[str, Any]]) -> list[str]:
    """The traces that are not found, a count once for each that is missing."""
    lost = []
    counted: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        if trace["made"] == "count":
            counted[trace["id"], trace["key"]] += 1
        elif not _is_there(place, trace):
            lost.append(json.dumps(trace))
    for (task_id, key), number in counted.items():
        found = _read(place, task_id).get("metadata", {}).get(key, 0)
        lost += [f"{key} of #{task_id}"] * abs(number - found)
    return lost


def _is_there(place: Path, trace: dict[str, Any]) -> bool:
    task = _read(place, trace["id"])
    if trace["made"] == "key":
        return bool(task.get("metadata", {}).get(trace["key"]) == trace["value"])
    if trace.get("subject", task["subject"]) != task["subject"]:
        return False
    blocker = trace.get("by")
    if blocker is None:
        return True
    return blocker in task["blockedBy"] and trace["id"] in _read(place, blocker)["blocks"]


def _read(place: Path, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / f"{task_id}.json").read_text())
    return found


def main(count: int) -> int:
    said, owning = best_owner()
    with tempfile.TemporaryDirectory() as name:
        figures = run(Path(name), count, owning)
    sys.stdout.write(f"beside {said}: {figures}\n")
    return 1 if figures.lost_ours or figures.lost_owners or figures.twice else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
