"""The app on real lists of several tools: keys reach their files, or say why they do not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from store.model.task import ListKey, Verb
from tests.systems.clawteam import layout
from tests.tui.conftest import OpenSession, Session
from tests.tui.systems_scene import TEAM, SystemsScene
from tui.screens.force import ForceScreen
from tui.widgets.lists_pane import ListsPane

Opened = Callable[..., Any]


@pytest.fixture
def scene(tmp_path: Path) -> SystemsScene:
    return SystemsScene(tmp_path)


@pytest.fixture
def on_systems(scene: SystemsScene, open_session: OpenSession) -> Opened:
    @asynccontextmanager
    async def opened(size: tuple[int, int] = (160, 48)) -> AsyncIterator[Session]:
        async with open_session(*scene.colonies, size=size) as session:
            await session.until(lambda: len(session.frame.snapshot.lists) == 6, "all lists")
            yield session

    return opened


def list_named(session: Session, name: str) -> ListKey:
    found: ListKey = next(key for key in session.frame.snapshot.lists if key.id == name)
    return found


async def select(session: Session, list_id: str, task_id: str) -> None:
    found = session.frame.snapshot.lists[list_named(session, list_id)]
    key = next(task.key for task in found.tasks.values() if task.id == task_id)
    session.app.main.go_to(key)
    await session.until(lambda: session.frame.selected == key, f"#{task_id} selected")


def stored_priority(scene: SystemsScene, task_id: str) -> str:
    return str(layout.read(scene.clawteam, task_id, TEAM)["priority"])


def in_queue(scene: SystemsScene, question: str) -> Any:
    with closing(sqlite3.connect(scene.database)) as database:
        return database.execute(question).fetchone()[0]


async def test_priority_key_moves_a_task_on_its_ladder_as_often_as_it_is_pressed(
    scene: SystemsScene, on_systems: Opened
) -> None:
    async with on_systems() as session:
        await select(session, f"team:{TEAM}", "c3e2f1bb")
        await session.press("plus", "plus")
        await session.until(lambda: stored_priority(scene, "c3e2f1bb") == "high")
        await session.press("plus", "plus")
        await session.until(lambda: stored_priority(scene, "c3e2f1bb") == "urgent")
        await session.until(lambda: "urgent is the most urgent" in session.text())


async def test_priority_key_on_marks_of_several_tools_asks_once_and_writes_each(
    scene: SystemsScene, on_systems: Opened
) -> None:
    async with on_systems() as session:
        for list_id, task_id in (
            (f"team:{TEAM}", "c3e2f1bb"),
            ("queue:crawl", "crawl-blog"),
            ("colony:release-2.8", "7"),
        ):
            await select(session, list_id, task_id)
            await session.press("space")
        await session.until(lambda: len(session.frame.marked) == 3, "three marks")
        await session.press("plus")
        await session.until(lambda: "Make 2 tasks one step more urgent?" in session.text())
        assert "have no priority" in session.text()
        assert stored_priority(scene, "c3e2f1bb") == "low"
        await session.press("enter")
        await session.until(lambda: stored_priority(scene, "c3e2f1bb") == "medium")
        query = "SELECT priority FROM tasks WHERE id = 'crawl-blog'"
        await session.until(lambda: in_queue(scene, query) == 1)
        await session.until(lambda: len(session.frame.marked) == 1, "what was left out is marked")


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_tick_reaches_the_queue_with_the_operators_name(
    scene: SystemsScene, on_systems: Opened, size: tuple[int, int]
) -> None:
    async with on_systems(size) as session:
        await select(session, "queue:crawl", "crawl-shops")
        await session.press("x")
        await session.until(lambda: "No host was asked too often" in session.text())
        await session.press("end", "up", "space", "enter")
        query = "SELECT done_by FROM sop_checklist WHERE key = 'hosts'"
        await session.until(lambda: in_queue(scene, query) == "you")


async def test_check_opened_while_one_decides_is_forced_only_after_being_asked(
    scene: SystemsScene, on_systems: Opened
) -> None:
    hosts = "UPDATE sop_checklist SET done_at = {} WHERE key = 'hosts'"
    scene.in_queue(hosts.format("datetime('now')"))
    status = "SELECT status FROM tasks WHERE id = 'crawl-shops'"
    async with on_systems() as session:
        await select(session, "queue:crawl", "crawl-shops")
        task = session.frame.selected
        assert task is not None
        await session.press("s", "d")
        await session.until(lambda: "completed" in session.text())
        assert "still open" not in session.text()
        scene.in_queue(hosts.format("NULL"))
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, ForceScreen), "the question")
        assert "still open" in session.text()
        assert in_queue(scene, status) == "claimed"
        await session.press("y")
        await session.until(lambda: in_queue(scene, status) == "done")


@pytest.mark.parametrize(
    ("list_id", "task_id", "key", "verb"),
    [
        ("session:ann:survey", "2", "u", Verb.UNBLOCK),
        ("session:ann:survey", "2", "plus", Verb.PRIORITY),
        ("session:ann:survey", "2", "K", Verb.STATUS),
        (f"team:{TEAM}", "c3e2f1bb", "D", Verb.DELETE),
        (f"team:{TEAM}", "c3e2f1bb", "x", Verb.TICK),
        (f"team:{TEAM}", "c3e2f1bb", "l", Verb.RETRIES),
        ("claude:site-redesign", "2", "plus", Verb.PRIORITY),
        ("queue:crawl", "crawl-blog", "u", Verb.UNBLOCK),
        ("colony:release-2.8", "7", "x", Verb.TICK),
    ],
)
async def test_key_that_a_list_does_not_allow_says_why_and_opens_nothing(
    on_systems: Opened, list_id: str, task_id: str, key: str, verb: Verb
) -> None:
    async with on_systems((80, 24)) as session:
        await select(session, list_id, task_id)
        info = session.frame.snapshot.lists[list_named(session, list_id)].info
        refusal = info.capabilities.refusal(verb)
        assert refusal is not None
        said = refusal[:24]
        assert said not in session.text()
        await session.press(key)
        await session.until(lambda: said in session.text(), said)
        assert not session.app.main.has_dialog


async def test_archive_key_where_there_is_no_archive_says_so(on_systems: Opened) -> None:
    async with on_systems((80, 24)) as session:
        await select(session, f"team:{TEAM}", "c3e2f1bb")
        await session.press("K")
        await session.until(lambda: f"tasks of {TEAM} cannot be" in session.text())
        assert not session.app.main.has_dialog


async def test_events_that_a_tool_recorded_are_in_the_activity(on_systems: Opened) -> None:
    async with on_systems() as session:
        await session.until(lambda: "no picture fits the palette" in session.text())
        line = next(r for r in session.text().splitlines() if "no picture fits" in r)
        assert "logged" in line
        assert "landing-page" in line


async def test_list_that_its_tool_has_wiped_is_kept_apart_and_can_be_looked_at(
    scene: SystemsScene, on_systems: Opened
) -> None:
    async with on_systems() as session:
        before = session.frame.snapshot.lists[list_named(session, "claude:site-redesign")]
        place = scene.claude / "tasks" / "site-redesign"
        record = json.loads((place / "3.json").read_text())
        assert record["status"] == "pending"
        (place / ".highwatermark").write_text("3")
        for path in place.glob("*.json"):
            path.unlink()
        await session.until(lambda: before.key in session.frame.put_away, "it was put away")
        assert before.key not in session.frame.snapshot.lists
        assert "put away · 1" in session.text()
        session.app.main.post_message(ListsPane.Picked(before.key))
        await session.until(lambda: session.frame.view.list_key == before.key)
        await session.until(lambda: before.key in session.frame.snapshot.lists, "it is shown")
