"""What is said of ClawTeam in the README's table, by `colonytop systems` and in the panes."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="clawteam",
    title="ClawTeam",
    badge="claw",
    places="$CLAWTEAM_DATA_DIR, else data_dir in ~/.clawteam/config.json, else ~/.clawteam",
    reads="tasks, priorities, locks and whether their holders live, members, cost reports",
    edits="everything but deleting; completing a task frees what waits on it, as ClawTeam does",
    lock="flock on the team's .tasks.lock",
    limits="tasks cannot be deleted; edges of completed tasks are gone, so reopening one blocks "
    "nothing again",
)
