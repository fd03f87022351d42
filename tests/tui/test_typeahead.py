"""Keys that come in one burst each reach what the one before them has opened."""

from __future__ import annotations

from textual import events

from tests.tui.conftest import Colony, OpenSession, Session


def type_at_once(session: Session, *keys: str) -> None:
    """What the driver does with one read from the terminal: all events before any is answered."""
    for key in keys:
        session.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_keys_in_one_burst_reach_the_dialog_that_the_first_of_them_opens(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        type_at_once(session, "a", *"zoe", "enter", "s", "i", "enter")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        await session.until(lambda: colony.read(6)["status"] == "in_progress")
        assert colony.read(6)["subject"] == "Fetch logos"


async def test_burst_that_ticks_an_edge_and_confirms_cuts_exactly_that_edge(
    colony: Colony, open_session: OpenSession
) -> None:
    colony.block(2, by=6)
    async with open_session(colony, goto="demo/2") as session:
        await session.until_selected(2)
        await session.until(lambda: len(session.task(2).blocked_by) == 2)
        type_at_once(session, "u", "space", "enter", "j")
        await session.until(lambda: len(colony.read(2)["blocked_by"]) == 1)
        assert not session.app.main.has_dialog


async def test_burst_of_moves_loses_no_key_and_keeps_their_order(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("g", "j", "j", "j", "k", "j")
        wanted = session.frame.selected
        await session.press("G")
        assert session.frame.selected != wanted
        type_at_once(session, *"gjjjkj", "o", "s", "o", "w")
        await session.until(
            lambda: session.frame.selected == wanted and not session.app.main.has_dialog
        )


async def test_key_after_one_whose_pane_has_gone_is_still_given(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("o")
        choices = session.app.focused
        assert choices is not None
        session.app.post_message(events.Key("j", "j"))
        choices.remove()
        session.app.post_message(events.Key("escape", None))
        await session.until(lambda: not session.app.main.has_dialog)
        type_at_once(session, "p")
        await session.until(lambda: session.frame.paused)
