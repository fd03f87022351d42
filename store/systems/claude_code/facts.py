"""What is said of Claude Code's lists in the README's table, by `colonytop systems`, in panes."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="claude_code",
    title="Claude Code task lists",
    badge="claude",
    places="$CLAUDE_CONFIG_DIR, else ~/.claude",
    reads="tasks, edges on both sides, metadata, high-water mark, the team's members and colours",
    edits="everything but priorities; a change of several tasks file by file, each gate before "
    "what it frees",
    lock="the directories .lock.lock and N.json.lock, as proper-lockfile makes them",
    limits="no times but those of the files; a session deletes a list's tasks when all of them "
    "are completed; a running agent sees an edit only when it looks at its list again",
)
