"""Marks and bulk edits on a real root: what is marked, what is written, and what stays marked."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Colony, OpenSession, Session
from tui.marking import keys_shown
from tui.screens.bulk_confirm import BulkReleaseScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.bulk_pickers import BulkAssignScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def marked(session: Session) -> set[str]:
    return {key.id for key in session.frame.marked}


def status_row(session: Session) -> str:
    return session.text().splitlines()[-2]


@SIZES
async def test_space_marks_and_goes_on_and_the_status_line_counts(
    colony: Colony, open_session: OpenSession, size: tuple[int, int]
) -> None:
    async with open_session(colony, size=size, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("space")
        await session.until(lambda: marked(session) == {"6"})
        assert session.frame.selected.id != "6"
        assert "1 marked" in status_row(session)
        await session.press("escape")
        await session.until(lambda: not marked(session))
        assert "marked" not in status_row(session)


async def test_range_follows_the_cursor_until_v_ends_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("g", "v", "j", "j")
        await session.until(lambda: len(marked(session)) == 3)
        await session.press("k")
        await session.until(lambda: len(marked(session)) == 2)
        rows = keys_shown(session.app.main.table.projection)
        await session.press("v", "j", "j")
        await session.until(lambda: session.frame.selected.id == rows[3].id)
        assert len(marked(session)) == 2


async def test_marks_survive_a_filter_and_a_lens_and_all_shown_adds_to_them(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("space", "3")
        await session.until(lambda: session.frame.selected.id == "1")
        assert marked(session) == {"6"}
        await session.press("*")
        await session.until(lambda: marked(session) == {"6", "1"})
        await session.press("*")
        await session.until(lambda: marked(session) == {"6"})


async def test_open_tasks_of_a_silent_owner_go_to_another_in_one_batch(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40), goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("@", "a")
        await session.until(lambda: isinstance(session.app.screen, BulkAssignScreen))
        await session.press("b", "o", "enter")
        await session.until(lambda: colony.read(1)["owner"] == "bo")
        await session.until(lambda: colony.read(7)["owner"] == "bo")
        await session.until(lambda: "assign 2 tasks to bo: done" in status_row(session))
        assert not marked(session)
        lines = session.text().split("Activity")[-1]
        assert lines.count("owner → bo") == 2


async def test_bulk_release_asks_once_and_takes_all_back(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("*", "R")
        await session.until(lambda: isinstance(session.app.screen, BulkReleaseScreen))
        assert colony.read(1)["owner"] == "ann"
        await session.press("y")
        for number in (1, 2, 4, 7):
            await session.until(lambda n=number: colony.read(n)["owner"] is None)
        assert colony.read(5)["owner"] == "cy", "what is completed is left out"
        await session.until(lambda: marked(session) == {"3", "5", "6"})


async def test_what_is_refused_is_listed_and_stays_marked(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40), goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("@", "a")
        await session.until(lambda: isinstance(session.app.screen, BulkAssignScreen))
        colony.write(7, owner="dee")
        await session.press("b", "o", "enter")
        await session.until(lambda: isinstance(session.app.screen, FailuresScreen))
        assert "1 done, 1 not" in session.text()
        assert colony.read(7)["owner"] == "dee"
        await session.press("escape")
        await session.until(lambda: marked(session) == {"7"})


async def test_lock_that_stays_busy_is_told_and_r_tries_again(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40), goto="demo/1") as session:
        await session.until_selected(1)
        with colony.held_by_another_process():
            await session.press("@", "a", "b", "o", "enter")
            await session.until(lambda: isinstance(session.app.screen, FailuresScreen))
            assert colony.read(1)["owner"] == "ann"
        await session.press("r")
        await session.until(lambda: colony.read(1)["owner"] == colony.read(7)["owner"] == "bo")


async def test_marked_task_that_another_deletes_is_no_longer_marked(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("space")
        await session.until(lambda: marked(session) == {"6"})
        (colony.tasks / "0006.json").unlink()
        await session.until(lambda: not marked(session))


async def test_read_only_session_has_no_marks(colony: Colony, open_session: OpenSession) -> None:
    async with open_session(colony, read_only=True) as session:
        await session.press("space", "*", "v", "j", "@")
        await session.press("j")
        assert not marked(session)


async def test_last_bulk_edit_is_undone_by_one_key(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/1") as session:
        await session.until_selected(1)
        before = {number: colony.read(number) for number in range(1, 8)}
        await session.press("@", "D", "y")
        await session.until(lambda: not (colony.tasks / "0001.json").exists())
        await session.until(lambda: not (colony.tasks / "0007.json").exists())
        await session.until(lambda: "delete 2 tasks of ann: done" in status_row(session))
        await session.press("z")
        await session.until(lambda: (colony.tasks / "0001.json").exists())
        await session.until(lambda: (colony.tasks / "0007.json").exists())
        for number, record in before.items():
            again = colony.read(number)
            for field in ("subject", "owner", "status", "blocks", "blocked_by"):
                assert again[field] == record[field], (number, field)


async def test_tasks_of_a_silent_owner_go_to_another_within_six_keys(
    colony: Colony, open_session: OpenSession
) -> None:
    colony.write(1, owner="ann", status="in_progress", updated_at=1.0)
    async with open_session(colony) as session:
        await session.press("5")
        await session.until_selected(1)
        await session.press("@", "a", "enter")
        await session.until(lambda: colony.read(1)["owner"] == colony.read(7)["owner"] == "bo")
