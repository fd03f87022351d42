"""The draft tray: rows, the diff by task, what each key decides, and files by their path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from store.model.edits import CreateTask, DeleteTask, UpdateTask
from store.model.task import TaskId
from tests.tui.dialog_host import LIST, UNSET, a_frame, key, opened, result_of, shown
from tui.draft_files import load_draft
from tui.drafting import Draft
from tui.screens.draft import DraftScreen, TrayDecision

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
TO_BO = UpdateTask(key("7"), owner="bo", expected={"owner": "ann"})
CUT = UpdateTask(key("15"), remove_blocked_by=(TaskId("4"),))
DRAFT = Draft((TO_BO, CUT, DeleteTask(key("10")), CreateTask(LIST, "Check the licence")))


async def until(pilot: Pilot[Any], text: str) -> None:
    """Wait until the screen says something; a worker thread answers in its own time."""
    for _ in range(2_000):
        if text in shown(pilot):
            return
        await pilot.pause(0.005)
    raise AssertionError(f"{text!r} did not come:\n{shown(pilot)}")


@SIZES
async def test_tray_shows_each_edit_its_diff_and_what_all_do_together(
    size: tuple[int, int],
) -> None:
    async with opened(DraftScreen(a_frame(), DRAFT), size) as pilot:
        text = shown(pilot)
        assert "Draft · 4 edits, none written" in text
        assert "owner → bo" in text
        assert "created: Check the licence" in text
        assert "owner ann → bo" in text, "the diff of the highlighted one"
        assert "all of them together" in text
        assert "#15 Rank results becomes ready" in text
        await pilot.press("down", "down")
        assert "#10 Dedup leads in CRM  is deleted" in shown(pilot)


async def test_tray_marks_an_edit_that_would_be_refused_and_says_why() -> None:
    stale = UpdateTask(key("7"), owner="zed", expected={"owner": "ann"})
    async with opened(DraftScreen(a_frame(), Draft((TO_BO, stale)))) as pilot:
        assert "! #7" in shown(pilot)
        await pilot.press("down")
        assert "would be refused: #7 in colony:demo-colony changed" in shown(pilot)


async def test_tray_y_hands_over_the_whole_draft_and_escape_keeps_it() -> None:
    assert await result_of(DraftScreen(a_frame(), DRAFT), "y") == TrayDecision(DRAFT, True)
    assert await result_of(DraftScreen(a_frame(), DRAFT), "escape") == TrayDecision(DRAFT, False)
    assert await result_of(DraftScreen(a_frame(), DRAFT), "enter") is UNSET


async def test_tray_x_takes_out_the_highlighted_edit() -> None:
    decided = await result_of(DraftScreen(a_frame(), DRAFT), "down", "x", "escape")
    assert decided.draft.edits == (TO_BO, *DRAFT.edits[2:])


async def test_empty_tray_makes_nothing_and_says_how_to_fill_it() -> None:
    async with opened(DraftScreen(a_frame(), Draft())) as pilot:
        await pilot.press("y", "x", "s")
        assert "d collects edits here" in shown(pilot)
        assert pilot.app.result is UNSET  # type: ignore[attr-defined]
    assert await result_of(DraftScreen(a_frame(), Draft((CUT,))), "x", "escape") == TrayDecision(
        Draft(), False
    )


async def test_tray_saves_where_it_is_told_and_replaces_only_when_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "colonytop-draft.json"
    async with opened(DraftScreen(a_frame(), DRAFT), (120, 40)) as pilot:
        await pilot.press("s", "enter")
        await until(pilot, "saved: colonytop-draft.json")
        assert load_draft(path, root=None).edits == DRAFT.edits
        await pilot.press("x", "s", "enter")
        await until(pilot, "is there already")
        assert load_draft(path, root=None).edits == DRAFT.edits
        await pilot.press("s", "enter")
        await until(pilot, "saved: ")
        assert load_draft(path, root=None).edits == DRAFT.edits[1:]


async def test_tray_loads_more_edits_and_says_what_is_wrong_with_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(DraftScreen(a_frame(), DRAFT), (120, 40)) as pilot:
        await pilot.press("l", "enter")
        await until(pilot, "not loaded: No such file")
        (tmp_path / "colonytop-draft.json").write_text("{}")
        await pilot.press("l", "enter")
        await until(pilot, "not loaded: colonytop-draft.json")
        (tmp_path / "colonytop-draft.json").unlink()
        await pilot.press("s", "enter")
        await until(pilot, "saved")
        await pilot.press("l", "enter")
        await until(pilot, "4 edits loaded")
        assert "Draft · 8 edits" in shown(pilot)


async def test_tray_in_ascii_draws_ascii() -> None:
    async with opened(DraftScreen(a_frame(ascii=True), DRAFT)) as pilot:
        assert shown(pilot).isascii()
