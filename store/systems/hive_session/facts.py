"""What is said of session documents."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="hive_session",
    title="Hive, one document per session",
    badge="hive-s",
    places="$HIVE_HOME, else ~/.hive",
    reads="tasks, edges on both sides, goal, archived and abandoned tasks, which tasks are idle",
    edits="colony documents as they are; session documents only with --edit-unlocked, each edit "
    "checked by exchange and looked at again",
    lock="flock on tasks.json.lock for colony documents; session documents have none",
    limits="without a lock nobody can promise that an owner who is stopped in the middle of a "
    "write does not write over an edit; documents over 32 MiB are not read",
)
