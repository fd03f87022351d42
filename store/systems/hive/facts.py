"""What is said of the native layout, and where its lists are when nobody says where."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="hive",
    title="Hive, one file per task",
    badge="hive",
    places="$HIVE_HOME, else ~/.hive",
    reads="tasks, edges on both sides, metadata, high-water mark",
    edits="everything but priorities, each change of several tasks whole or not at all",
    lock="flock on the list's .lock",
    limits="no priorities, steps or limits of attempts; nothing is written on a network file "
    "system",
)
