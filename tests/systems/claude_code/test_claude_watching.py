"""Claude Code's lists through the whole way of a change: its owner writes, a snapshot shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.model.snapshot import ChangeKind
from store.model.task import ListKey, TaskListId, TaskStatus
from tests.systems.claude_code.owners import python_owner
from tests.systems.watching import watching

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("polling", [False, True])
def test_list_comes_changes_and_is_archived_while_it_is_watched(
    tmp_path: Path, polling: bool
) -> None:
    root = tmp_path / "claude"
    (root / "tasks").mkdir(parents=True)
    key = ListKey("claude_code", str(root), TaskListId("claude:plan"))
    pending, completed = TaskStatus.PENDING, TaskStatus.COMPLETED
    with (
        watching(root, force_polling=polling) as feed,
        python_owner(root / "tasks" / "plan") as owner,
    ):

        def statuses() -> list[TaskStatus]:
            found = feed.snapshot.lists.get(key)
            return [task.status for task in found.tasks.values()] if found else []

        for number in ("1", "2"):
            assert owner.ask("create", subject=f"task {number}") == {"id": number}
        feed.wait(lambda: statuses() == [pending] * 2)
        for number in ("1", "2"):
            owner.ask("update", id=number, fields={"status": "completed"})
        feed.wait(lambda: statuses() == [completed] * 2)
        owner.ask("reset")
        feed.wait(lambda: statuses() == [TaskStatus.ARCHIVED] * 2)
        assert feed.snapshot.lists[key].info.archived_at is not None
        assert ChangeKind.VANISHED not in {change.kind for change in feed.changes}
