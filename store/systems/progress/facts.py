"""What is said of progress queues."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="progress",
    title="Progress queue",
    badge="queue",
    places="$HIVE_HOME, else ~/.hive: colonies/*/data/progress.db",
    reads="tasks with steps, checks, attempts, last error, priority, parent and claims",
    edits="add, requeue, claim, release, fail, finish, priority, attempts, ticks, texts, payload",
    lock="SQLite's own write lock, one short transaction for each edit",
    limits="nothing is deleted, and no task waits on another; who is named on a pending task gives "
    "way to whoever claims it; a claim tells its age, not whether its worker is alive",
)
