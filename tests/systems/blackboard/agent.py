"""An agent of a run, as a process of its own: spawns briefs, finishes some, fails some.

python -m tests.systems.blackboard.agent ROOT NAME COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from store.systems.blackboard.blackboard import Blackboard
from tests.systems.blackboard.spawning import RUN, SpawnedBrief

SHARED = "shared"


def work(root: Path, name: str, count: int) -> None:
    """Spawn `count` briefs, end each, and count one more try of the shared one each time."""
    with Blackboard(RUN, root, wait_s=120.0) as blackboard:
        blackboard.create_run("Forge the sword")
        stream = blackboard.create_workstream(
            workstream_id=f"w-{name}", name=name, tier=1, owner_agent_id=name
        )
        blackboard.create_brief(SpawnedBrief("Shared", brief_id=SHARED))
        for number in range(count):
            spawned = SpawnedBrief(f"{name} {number}", brief_id=f"{name}-{number}", role=name)
            brief = blackboard.create_brief(spawned, stream)
            blackboard.log_event("spawned", brief, {"by": name})
            blackboard.update_brief_status(brief, "active")
            blackboard.increment_brief_retry(SHARED)
            if number % 3 == 2:
                blackboard.update_brief_status(brief, "failed")
                blackboard.log_event("failed", brief, {"error": f"{name} cannot do {number}"})
            else:
                blackboard.update_brief_result(brief, {"number": number})
                blackboard.log_event("completed", brief)
        blackboard.update_workstream_status(stream, "done")


if __name__ == "__main__":
    work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
