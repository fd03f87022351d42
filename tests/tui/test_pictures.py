"""The pictures in screenshots/: the program as it is now, written and compared here.

To write them anew, after having looked at what changed: `COLONYTOP_PICTURES=write` and
`pytest -m pictures`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from tests.tui.conftest import Session
from tests.tui.picture_scene import NOW, Scene
from tests.tui.systems_scene import SystemsScene
from tui.pictures import picture
from tui.settings import Settings
from tui.view_state import Lens
from tui.widgets.lens_bar import LensBar

pytestmark = pytest.mark.pictures

PICTURES = Path(__file__).parents[2] / "screenshots"

Opened = Callable[..., Any]


def _fix_surroundings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    _fix_surroundings(tmp_path, monkeypatch)
    return Scene(tmp_path / ".hive")


@pytest.fixture
def on_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_session: Opened) -> Opened:
    """Open the app on lists of several tools, one of them chosen."""
    _fix_surroundings(tmp_path, monkeypatch)
    scene = SystemsScene(tmp_path)

    @asynccontextmanager
    async def opened(
        size: tuple[int, int], chosen: str = "", **choices: Any
    ) -> AsyncIterator[Session]:
        settings = Settings(operator="you", **choices)
        fixed = {"size": size, "settings": settings, "clock": lambda: NOW}
        async with open_session(*scene.colonies, **fixed) as session:
            await session.until(lambda: len(session.frame.snapshot.lists) == 6, "all lists")
            await arrive(session, lambda: scene.start_task("dee", 34))
            await arrive(session, lambda: scene.finish_step(9))
            if chosen:
                only = next(k for k in session.frame.snapshot.lists if k.id == chosen)
                session.app.main.change_view(list_key=only)
            yield session

    return opened


@pytest.fixture
def on_scene(scene: Scene, open_session: Opened) -> Opened:
    """Open the app on the scene, let two agents write, and wait until it shows."""

    @asynccontextmanager
    async def opened(size: tuple[int, int], **choices: Any) -> AsyncIterator[Session]:
        settings = Settings(operator="you", **choices)
        async with open_session(scene, size=size, settings=settings, clock=lambda: NOW) as session:
            await arrive(session, lambda: scene.change(17, 164, owner="dee"))
            await arrive(session, lambda: scene.change(14, 131, active_form="Drafting"))
            await arrive(session, lambda: scene.change(13, 97, status="in_progress"))
            await arrive(session, lambda: scene.change(9, 64, metadata={"progress": 0.3}))
            await arrive(session, lambda: scene.change(13, 41, metadata={"progress": 0.5}))
            await arrive(session, lambda: scene.change(9, 12, metadata={"progress": 0.7}))
            await arrive(session, lambda: scene.change(11, 2, subject="Verify the crawl output"))
            yield session

    return opened


async def arrive(session: Session, write: Callable[[], None]) -> None:
    """Write as an agent would and wait until the frame has it."""
    before = session.app.main.intake.latest.number
    write()
    await session.until(lambda: session.app.main.intake.latest.number > before, "the change")
    await session.pilot.pause()


def stop_blinking(session: Session) -> None:
    """A cursor that blinks is in the picture or not, by the moment: let it be there."""
    field = session.app.screen.focused
    if isinstance(field, Input | TextArea):
        field.cursor_blink = False
        field._cursor_visible = True


async def settled(session: Session) -> None:
    """Nothing is left to draw."""
    stop_blinking(session)
    session.app.screen.refresh()  # a dialog paints anew what is behind it now
    before = ""
    while (now := picture(session.app)) != before:
        before = now
        await session.pilot.pause()
        await asyncio.sleep(0.05)


async def compare(session: Session, name: str) -> None:
    """The screen is the picture of that name; a difference leaves a `.new.svg` to look at."""
    await settled(session)
    drawn = picture(session.app, "colonytop")
    path = PICTURES / f"{name}.svg"
    if os.environ.get("COLONYTOP_PICTURES") == "write":
        path.write_text(drawn, encoding="utf-8")
        return
    assert path.exists(), f"no picture {path.name}; write it with COLONYTOP_PICTURES=write"
    if path.read_text(encoding="utf-8") != drawn:
        path.with_suffix(".new.svg").write_text(drawn, encoding="utf-8")
        pytest.fail(f"{path.name} is no longer what the program shows; see {path.stem}.new.svg")


async def select(session: Session, task_id: int | str, list_id: str = "colony:lead-report") -> None:
    key = next(
        t.key
        for _, t in session.frame.snapshot.all_tasks()
        if t.key.list.id == list_id and t.id == str(task_id)
    )
    session.app.main.go_to(key)
    await session.until(lambda: session.frame.selected == key, f"#{task_id} selected")


Step = Callable[[Session], Awaitable[None]]


@pytest.mark.parametrize(
    ("name", "size"),
    [("main-80x24", (80, 24)), ("main-120x34", (120, 34)), ("main-wide", (160, 48))],
)
async def test_picture_of_the_main_screen(
    on_scene: Opened, name: str, size: tuple[int, int]
) -> None:
    async with on_scene(size) as session:
        await select(session, 12)
        await compare(session, name)


async def test_picture_of_the_light_theme(on_scene: Opened) -> None:
    async with on_scene((120, 34), theme="colonytop-light") as session:
        await select(session, 12)
        await compare(session, "light")


async def test_picture_of_plain_ascii(on_scene: Opened) -> None:
    async with on_scene((80, 24), ascii=True) as session:
        await select(session, 12)
        await compare(session, "ascii-80x24")


async def test_picture_of_the_blockers(on_scene: Opened) -> None:
    async with on_scene((120, 34)) as session:
        await select(session, 18)
        await session.press("4")
        await session.until(lambda: session.frame.view.lens == "blocked")
        await select(session, 18)
        await compare(session, "blockers")


async def test_picture_of_needs_you(on_scene: Opened) -> None:
    async with on_scene((120, 34)) as session:
        await session.press("6")
        await session.until(lambda: session.frame.view.lens == "needs you")
        await compare(session, "needs-you")


@pytest.mark.parametrize(
    ("name", "task_id", "key", "title"),
    [
        ("unblock", 16, "u", "Unblock"),
        ("assign", 10, "a", "Assign"),
        ("status", 7, "s", "Status"),
        ("release", 10, "R", "Release"),
        ("delete", 12, "D", "Delete"),
        ("edit", 12, "e", "Edit"),
    ],
)
async def test_picture_of_a_steering_dialog(
    on_scene: Opened, name: str, task_id: int, key: str, title: str
) -> None:
    async with on_scene((100, 30)) as session:
        await select(session, task_id)
        await session.press(key)
        await session.until(lambda: title in session.text(), f"the dialog {title}")
        if name == "unblock":
            await session.press("space")
        await compare(session, name)


async def test_picture_of_the_help(on_scene: Opened) -> None:
    async with on_scene((100, 34)) as session:
        await session.press("?")
        await session.until(lambda: session.app.screen is not session.app.main)
        await compare(session, "help")


async def test_picture_of_a_conflict(on_scene: Opened, scene: Scene) -> None:
    async with on_scene((100, 30)) as session:
        await select(session, 10)
        await session.press("a")
        await session.until(lambda: "Assign" in session.text())
        await arrive(session, lambda: scene.change(10, 1, owner="fay"))
        for letter in "dee":
            await session.press(letter)
        await session.press("enter")
        await session.until(lambda: "heirs" in session.text().lower(), "the conflict")
        lenses = session.app.main.query_one(LensBar)
        await session.until(lambda: lenses.counts[Lens.STALE] == 0, "the counts behind it")
        await compare(session, "conflict")


async def test_picture_of_a_filter(on_scene: Opened) -> None:
    async with on_scene((120, 34)) as session:
        await session.press("slash")
        await session.pilot.press(*"is:blocked holds>=1 | owner:cy age>30m")
        await session.until(lambda: session.frame.view.query.endswith("30m"), "the filter")
        await compare(session, "filter")


async def test_picture_of_a_bulk_edit(on_scene: Opened) -> None:
    async with on_scene((120, 34)) as session:
        await select(session, 16)
        await session.press("at")
        await session.until(lambda: len(session.frame.marked) > 1, "marks on ann's tasks")
        await session.press("a")
        await session.until(lambda: "Assign" in session.text(), "the dialog")
        await session.press(*"bo")
        await compare(session, "bulk-assign")


async def test_picture_of_the_draft_tray(on_scene: Opened) -> None:
    async with on_scene((120, 34)) as session:
        await session.press("d")
        await select(session, 15)
        await session.press("u")
        await session.until(lambda: "Unblock" in session.text(), "the picker")
        await session.press("enter")
        await session.until(lambda: session.frame.draft_count == 1, "the first drafted edit")
        await select(session, 10)
        await session.press("R")
        await session.until(lambda: "Release" in session.text(), "the question")
        await session.press("y")
        await session.until(lambda: session.frame.draft_count == 2, "the second drafted edit")
        await session.press("X")
        await session.until(lambda: "raft" in session.text(), "the tray")
        await compare(session, "draft")


async def test_picture_of_receipts(on_scene: Opened, scene: Scene) -> None:
    async with on_scene((120, 34)) as session:
        await select(session, 15)
        await session.press("u")
        await session.until(lambda: "Unblock" in session.text(), "the picker")
        await session.press("enter")
        await session.until(lambda: len(session.frame.receipts) == 1, "the first receipt")
        await select(session, 14)
        await session.press("u")
        await session.until(lambda: "Unblock" in session.text(), "the picker again")
        await session.press("enter")
        await session.until(lambda: len(session.frame.receipts) == 2, "the second receipt")
        await arrive(session, lambda: scene.change(15, 0, status="in_progress"))
        await session.until(lambda: session.frame.receipts[-1].seen_at is not None, "a sign of bo")
        await session.press("U")
        await session.until(lambda: "Your edits" in session.text(), "the receipts")
        await compare(session, "receipts")


async def test_picture_of_the_views(on_scene: Opened) -> None:
    async with on_scene((100, 30)) as session:
        await session.press("V")
        await session.until(lambda: "phantoms" in session.text(), "the views")
        await compare(session, "views")


async def test_picture_of_why(on_scene: Opened) -> None:
    async with on_scene((100, 34)) as session:
        await select(session, 18)
        await session.press("w", "M")
        await session.until(lambda: "Cheapest way" in session.text(), "the way")
        await compare(session, "why")


async def test_picture_of_a_history(on_scene: Opened) -> None:
    """What agents did to #13: written down as it was seen, with the times that its record tells."""
    async with on_scene((100, 30)) as session:
        await select(session, 13)
        await session.press("H")
        await session.until(lambda: "2 entries" in session.text(), "the history")
        await compare(session, "history")


async def test_picture_of_several_systems(on_systems: Opened) -> None:
    async with on_systems((160, 48)) as session:
        await select(session, "crawl-shops", "queue:crawl")
        await compare(session, "systems-wide")


async def test_picture_of_a_team_with_locks_and_costs(on_systems: Opened) -> None:
    async with on_systems((120, 34), chosen="team:importer") as session:
        await select(session, "b2d1e0aa", "team:importer")
        await session.press("w")
        await session.until(lambda: "whose process is dead" in session.text(), "the lock")
        await compare(session, "team")


async def test_picture_of_ticks(on_systems: Opened) -> None:
    async with on_systems((100, 30), chosen="queue:crawl") as session:
        await select(session, "crawl-shops", "queue:crawl")
        await session.press("x")
        await session.until(lambda: "Tick" in session.text(), "the picker")
        await session.press("down", "space")
        await compare(session, "tick")


async def test_picture_of_open_checks_before_a_task_is_forced_done(on_systems: Opened) -> None:
    async with on_systems((80, 24), chosen="queue:crawl") as session:
        await select(session, "crawl-shops", "queue:crawl")
        await session.press("s")
        await session.until(lambda: "Status" in session.text(), "the picker")
        await session.press("d")
        await compare(session, "force")


async def test_picture_of_a_list_that_is_read_only_and_says_why(on_systems: Opened) -> None:
    async with on_systems((160, 48), chosen="session:ann:survey") as session:
        await select(session, 2, "session:ann:survey")
        await compare(session, "read-only")
