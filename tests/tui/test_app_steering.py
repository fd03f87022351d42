"""Steering on a real root: what the keys write, what stands in the way, and what is asked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widget import Widget

from store.model.task import TaskId, TaskKey
from tests.tui.conftest import Colony, OpenSession, Session
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.quit import QuitScreen
from tui.screens.release import ReleaseScreen
from tui.screens.start_list import StartListScreen
from tui.screens.unblock import UnblockScreen
from tui.settings import Settings
from tui.view_state import ChangeSign
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_line import SHOWN_S


async def test_unblock_key_removes_both_sides_on_disk_and_says_so(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/2") as session:
        await session.until_selected(2)
        await session.press("u")
        await session.until(lambda: isinstance(session.app.screen, UnblockScreen))
        await session.press("enter")
        await session.until(lambda: colony.read(2)["blocked_by"] == [])
        assert colony.read(1)["blocks"] == []
        await session.until(lambda: "unblocked: -1" in session.text().splitlines()[-2])
        await session.until(lambda: not session.task(2).blocked_by, "seen by the watch")


async def test_assign_key_writes_the_owner_and_the_activity_says_you_once(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40), goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("a", *"zoe", "enter")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        await session.until(lambda: session.task(6).owner == "zoe")
        lines = [
            line for line in session.text().split("Activity")[-1].splitlines()[:-2] if "#6" in line
        ]
        assert len(lines) == 1
        assert "you" in lines[0]
        assert "owner → zoe" in lines[0]


async def test_own_edit_marks_its_row_as_saved_until_a_snapshot_shows_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("s", "i", "enter")
        key = session.frame.selected
        await session.until(lambda: colony.read(6)["status"] == "in_progress")
        await session.until(lambda: key in session.frame.marks)
        assert session.frame.marks[key].sign in (ChangeSign.SAVED, ChangeSign.CHANGED)
        await session.until(lambda: session.task(6).native_status == "in_progress")
        await session.until(lambda: key not in session.frame.marks, "the mark ends")


async def test_release_key_asks_and_y_gives_the_task_back(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("R")
        await session.until(lambda: isinstance(session.app.screen, ReleaseScreen))
        assert colony.read(1)["owner"] == "ann"
        await session.press("y")
        await session.until(lambda: colony.read(1)["owner"] is None)
        assert colony.read(1)["status"] == "pending"


async def test_delete_key_removes_the_file_and_the_edges_to_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/2") as session:
        await session.until_selected(2)
        await session.press("D", "y")
        await session.until(lambda: not (colony.tasks / "0002.json").exists())
        assert colony.read(3)["blocked_by"] == []
        await session.until(lambda: session.task(2) is None)
        assert session.frame.selected.id != "2"
        await session.until(lambda: "#2 deleted" in session.text().splitlines()[-2])
        assert "no longer in its list" not in session.text()


async def test_task_that_another_removes_is_told_as_no_longer_there(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        (colony.tasks / "0006.json").unlink()
        await session.until(lambda: "no longer in its list" in session.text().splitlines()[-2])


async def test_create_key_where_there_is_no_list_starts_one_with_its_first_task(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        shutil.rmtree(colony.root / "colonies")
        await session.until(lambda: not session.frame.snapshot.lists, "the list is gone")
        await session.until(lambda: session.frame.selected is None)
        await session.until(lambda: "; c starts one, or:" in session.text())
        await session.press("c")
        await session.until(lambda: isinstance(session.app.screen, StartListScreen))
        await session.press(*"alpha", "tab", *"Begin", "ctrl+s")
        await session.until(lambda: bool(session.frame.snapshot.count()), "seen by the watch")
        await session.until(lambda: "Begin" in session.text())
    assert (colony.root / "colonies" / "alpha" / "tasks" / "tasks" / "0001.json").exists()


async def test_create_key_makes_the_task_and_selects_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("c", *"Check the licence", "ctrl+s")
        await session.until(lambda: (colony.tasks / "0008.json").exists())
        assert colony.read(8)["subject"] == "Check the licence"
        await session.until_selected(8)


async def test_edit_on_stale_sight_asks_and_writes_the_choice(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("a", *"zoe")
        colony.write(6, owner="dee")
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, ConflictScreen))
        assert colony.read(6)["owner"] == "dee"
        await session.press("enter")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")


async def test_busy_lock_names_its_holder_keeps_the_edit_and_retries_it(
    colony: Colony, open_session: OpenSession
) -> None:
    options = {"size": (120, 40), "lock_timeout_s": 0.5, "goto": "demo/6"}
    async with open_session(colony, **options) as session:
        await session.until_selected(6)
        with colony.held_by_another_process() as pid:
            await session.press("a", *"zoe", "enter")
            await session.until(lambda: isinstance(session.app.screen, BusyScreen))
            await session.until(lambda: str(pid) in session.text())
            await session.press("escape")
            await session.until(lambda: "retry 1 edit" in session.text().splitlines()[-1])
            assert colony.read(6)["owner"] is None
        await session.press("W")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        await session.until(lambda: "retry" not in session.text().splitlines()[-1])


async def test_edit_that_waits_for_a_lock_says_so_for_as_long_as_it_waits(
    colony: Colony, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHOWN_S, "info", 0.05)
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        with colony.held_by_another_process():
            await session.press("a", *"zoe", "enter")
            await session.until(lambda: "#6: writing" in session.text().splitlines()[-2])
            await session.press("y")
            assert session.app.clipboard == "demo/6"
            await session.until(lambda: "#6: writing" in session.text().splitlines()[-2])
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        await session.until(lambda: "writing" not in session.text().splitlines()[-2])


async def test_busy_list_does_not_hold_up_an_edit_of_another(
    colony: Colony, open_session: OpenSession
) -> None:
    other = Colony(colony.root, "other")
    other.write(1, "Another list's task")
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        with colony.held_by_another_process():
            await session.press("a", *"zoe", "enter")
            key = next(k for k in session.frame.snapshot.lists if k.id == "colony:other")
            session.app.main.go_to(next(iter(session.frame.snapshot.lists[key].tasks.values())).key)
            await session.until(lambda: session.frame.selected.list == key)
            await session.press("a", *"kim", "enter")
            await session.until(lambda: other.read(1)["owner"] == "kim")
            assert colony.read(6)["owner"] is None
        await session.until(lambda: colony.read(6)["owner"] == "zoe")


async def test_question_that_comes_while_a_dialog_is_open_waits_for_its_end(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        with colony.held_by_another_process():
            await session.press("a", *"zoe", "enter", "R")
            await session.until(lambda: isinstance(session.app.screen, ReleaseScreen))
            colony.write_unlocked(6, owner="dee")
        await session.until(lambda: not session.app.threads.pending)
        assert isinstance(session.app.screen, ReleaseScreen)
        await session.press("escape")
        await session.until(lambda: isinstance(session.app.screen, ConflictScreen))
        await session.press("escape")


async def test_rows_stay_in_place_while_a_dialog_is_open(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("s")
        rows = len(session.app.main.table.projection)
        colony.write(8, "Arrives meanwhile")
        await session.until(lambda: session.task(8))
        assert len(session.app.main.table.projection) == rows
        await session.press("escape")
        await session.until(lambda: len(session.app.main.table.projection) > rows)


async def test_refused_edit_says_why_and_writes_nothing(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("s", "i")
        (colony.tasks / "0006.json").unlink()
        await session.press("enter")
        await session.until(lambda: "not changed" in session.text())
        assert not (colony.tasks / "0006.json").exists()


async def test_read_only_session_has_no_steering_keys_and_says_so(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(160, 48), read_only=True) as session:
        before = {path: path.read_bytes() for path in colony.tasks.iterdir()}
        await session.press("u", "a", "s", "c", "R", "D")
        assert not session.app.main.has_dialog
        assert not {"unblock", "assign", "new"} & set(session.app.screen.query_one(KeyBar).words)
        assert "READ-ONLY" in session.text().splitlines()[0]
        await session.press("question_mark")
        await session.until(lambda: session.app.main.has_dialog)
        assert "Pick the edges to cut." not in session.text()
        assert before == {path: path.read_bytes() for path in colony.tasks.iterdir()}


async def test_priority_keys_say_why_where_the_list_has_none(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        before = colony.read(6)
        await session.press("plus")
        await session.until(lambda: "have no priority" in session.text())
        await session.press("minus")
        assert not session.app.main.has_dialog
        assert colony.read(6) == before


async def test_quit_with_nothing_waiting_ends_at_once(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("q")
        assert session.app.return_value == 0


async def test_quit_while_an_edit_waits_asks_and_n_stays(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        with colony.held_by_another_process():
            await session.press("a", *"zoe", "enter", "q")
            await session.until(lambda: isinstance(session.app.screen, QuitScreen))
            await session.until(lambda: "1 edit waits" in session.text())
            await session.press("n")
            await session.until(lambda: not session.app.main.has_dialog)
        await session.until(lambda: colony.read(6)["owner"] == "zoe")


async def test_quit_while_an_edit_waits_ends_by_itself_once_the_edit_is_made(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        with colony.held_by_another_process():
            await session.press("a", *"zoe", "enter", "q")
            await session.until(lambda: isinstance(session.app.screen, QuitScreen))
        await session.until(lambda: session.app.return_value == 0)
        assert colony.read(6)["owner"] == "zoe"


async def test_copy_key_puts_one_safe_line_on_the_clipboard(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("y")
        assert session.app.clipboard == "demo/6"
        await session.until(lambda: "copied demo/6" in session.text())


async def test_copy_key_on_a_hostile_id_copies_it_cleaned(
    colony: Colony, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_session(colony) as session:
        evil = TaskKey(session.frame.selected.list, TaskId("6\x1b]52;c;aGk=\x07\nrm -rf"))
        monkeypatch.setattr(session.app.main, "frame", replace(session.frame, selected=evil))
        session.app.main.action_copy_id()
        assert session.app.clipboard.startswith("demo/6")
        assert session.app.clipboard.isprintable()


async def test_picture_key_writes_an_svg_and_its_text_where_the_settings_say(
    colony: Colony, open_session: OpenSession, tmp_path: Path
) -> None:
    settings = Settings(pictures=tmp_path)
    async with open_session(colony, settings=settings) as session:
        await session.press("ctrl+s")
        await session.until(lambda: len(list(tmp_path.glob("colonytop-*"))) == 2)
        await session.until(lambda: "picture saved" in session.text())
        svg, text = sorted(tmp_path.glob("colonytop-*"))  # noqa: ASYNC240  a few files
        assert (svg.name, text.name) == (f"{svg.stem}.svg", f"{svg.stem}.txt")
        assert "Crawl" in svg.read_text(encoding="utf-8")
        lines = text.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 24
        assert any("Crawl target pages" in line for line in lines)


async def test_own_edit_appears_under_the_operators_name_of_the_settings(
    colony: Colony, open_session: OpenSession
) -> None:
    settings = Settings(operator="kim")
    async with open_session(colony, settings=settings, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("a", *"zoe", "enter")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        activity = session.app.screen.query_one("#activity")
        await session.until(lambda: any(" kim " in line for line in _lines(session, activity)))


def _lines(session: Session, pane: Widget) -> list[str]:
    return session.text().splitlines()[pane.region.y : pane.region.bottom]
