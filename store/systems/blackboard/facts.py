"""What is said of blackboards."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="blackboard",
    title="Blackboard",
    badge="bb",
    places="$BLACKBOARD_ROOT, else ./runs; below it one directory for each run",
    reads="SQLite: runs as lists, briefs as tasks with their parents, workstreams and events",
    edits="status (a retry is counted), result, the texts of a brief",
    lock="SQLite's own, by BEGIN IMMEDIATE",
    limits="briefs are spawned by the run's own agents: none is created, deleted or claimed here; "
    "nothing is written on a network file system",
)
