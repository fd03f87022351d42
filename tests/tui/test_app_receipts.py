"""Receipts on a real root: an edit waits until its owner writes, and says how that is known."""

from __future__ import annotations

import pytest

from store.model.receipts import ReceiptState
from tests.tui.conftest import Colony, OpenSession, Session
from tui.screens.receipts import ReceiptsScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def states(session: Session) -> list[tuple[str | None, ReceiptState]]:
    return [(receipt.owner, receipt.state) for receipt in session.frame.receipts]


@SIZES
async def test_edit_is_unseen_until_its_owner_writes_and_then_acted_on(
    colony: Colony, open_session: OpenSession, size: tuple[int, int]
) -> None:
    async with open_session(colony, size=size, goto="demo/4") as session:
        await session.until_selected(4)
        await session.press("u", "enter")
        await session.until(lambda: colony.read(4)["blocked_by"] == [])
        await session.until(lambda: states(session) == [("bo", ReceiptState.WRITTEN)])
        await session.press("U")
        await session.until(lambda: isinstance(session.app.screen, ReceiptsScreen))
        assert "Your edits · 1 not seen" in session.text()
        assert "bo has not seen it for" in session.text()
        await session.press("escape")
        colony.write(2, status="in_progress")
        await session.until(lambda: states(session) == [("bo", ReceiptState.SEEN)])
        colony.write(4, status="in_progress")
        await session.until(lambda: states(session) == [("bo", ReceiptState.ACTED)])
        await session.press("U")
        await session.until(lambda: "all seen" in session.text())
        assert "acted on by bo" in session.text()
        assert "inferred: wrote" in session.text()


@SIZES
async def test_activity_says_behind_an_edit_how_far_it_has_come(
    colony: Colony, open_session: OpenSession, size: tuple[int, int]
) -> None:
    async with open_session(colony, size=size, goto="demo/4") as session:
        await session.until_selected(4)
        await session.press("u", "enter")
        await session.until(lambda: "bo: not seen yet" in session.text())
        colony.write(2, status="in_progress")
        await session.until(lambda: "bo: seen?" in session.text())
        colony.write(4, status="in_progress")
        await session.until(lambda: "bo: acted on?" in session.text())


async def test_write_of_somebody_else_is_no_sign_that_the_owner_saw_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/4") as session:
        await session.until_selected(4)
        await session.press("u", "enter")
        await session.until(lambda: states(session) == [("bo", ReceiptState.WRITTEN)])
        colony.write(1, subject="Crawl more pages")
        await session.until(lambda: session.task(1).subject == "Crawl more pages")
        assert states(session) == [("bo", ReceiptState.WRITTEN)]


async def test_enter_in_the_receipts_goes_to_the_task(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/4") as session:
        await session.until_selected(4)
        await session.press("u", "enter")
        await session.until(lambda: states(session))
        await session.press("g")
        await session.until(lambda: session.frame.selected.id != "4")
        await session.press("U", "enter")
        await session.until_selected(4)


async def test_without_any_edit_the_receipts_say_so(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("U", "enter", "j")
        await session.until(lambda: "No edit of yours since the start" in session.text())
        await session.press("escape")
        await session.until(lambda: len(session.app.screen_stack) == 1)
