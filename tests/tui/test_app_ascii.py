"""Where ASCII is asked for, nothing else reaches the screen, whatever lies on it."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Colony, OpenSession
from tui.settings import Settings

ASCII = Settings(ascii=True)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("w",),
        ("t", "L"),
        ("G", "tab", "M"),
        ("question_mark",),
        ("tab", "question_mark"),
        ("slash", *"zzz"),
        ("6",),
        ("colon", *"task"),
        ("u",),
        ("a",),
        ("s",),
        ("e",),
        ("c",),
        ("R",),
        ("D",),
        ("o",),
        ("apostrophe",),
    ],
    ids=lambda keys: "-".join(keys) or "start",
)
async def test_screen_with_ascii_asked_for_holds_nothing_else(
    colony: Colony, open_session: OpenSession, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    for number in range(8, 60):
        colony.write(number, f"One of many {number}", owner=f"agent-{number}")
    other = Colony(colony.root, "other")
    other.write(1, "Another list's task", description="word " * 400, metadata={"a": 1})
    async with open_session(colony, other, settings=ASCII, size=size, goto="demo/2") as session:
        await session.until_selected(2)
        await session.press(*keys)
        await session.pilot.pause()
        colony.write(6, owner="dee", status="in_progress")
        await session.until(lambda: session.app.main.intake.latest is not None)
        await session.pilot.pause()
        strange = {sign for sign in session.text() if not sign.isascii()}
        assert strange == set(), session.text()


async def test_notification_with_ascii_asked_for_holds_nothing_else(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, settings=ASCII) as session:
        session.app.notify("the list is busy", severity="error", markup=False)
        await session.until(lambda: "the list is busy" in session.text())
        assert session.text().isascii()
