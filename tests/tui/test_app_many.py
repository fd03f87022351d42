"""The app on a list that is long enough to be made ready by a thread."""

from __future__ import annotations

import pytest

from store.model.task import TaskId, TaskKey
from tests.model.colony import DEMO, NOW, edited, snapshot, task, task_list
from tests.tui.conftest import Colony, OpenSession
from tui.messages import SnapshotArrived
from tui.screens.read_ahead import ReadAhead


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReadAhead, "MANY", 200)


async def test_many_new_tasks_frames_go_on_until_a_thread_has_made_them_ready(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        main = session.app.main
        session.app.threads.stop(5.0)
        before = main.frame.snapshot
        long = task_list([task(number) for number in range(1, 400)])
        longer = edited(long, {TaskId("400"): task(400)})
        main.intake.arrive(snapshot(long, number=98), NOW, NOW)
        main.change_view(query="30")
        assert main.frame.snapshot is before, "what was there is still shown"
        assert main.frame.view.query == "30", "and keys are answered"
        main.go_when_seen(TaskKey(DEMO, TaskId("300")))
        main.post_message(SnapshotArrived(snapshot(longer, number=99), NOW))
        await session.until(lambda: main.frame.snapshot.number == 99, "the newest state")
        await session.until_selected(300)
        projection = main.table.projection
        expected = [i for i in longer.tasks if "30" in i]
        assert projection.shown == len(expected)
        assert projection.total == 400
        await session.until(lambda: "400" in session.text().splitlines()[1], "the count of all")


async def test_many_tasks_from_disk_are_shown_and_followed(
    colony: Colony, open_session: OpenSession
) -> None:
    for number in range(8, 260):
        colony.write(number)
    async with open_session(colony) as session:
        await session.until(lambda: session.app.main.table.projection.total == 259)
        colony.write(260, "The last one")
        await session.until(lambda: session.app.main.table.projection.total == 260)
