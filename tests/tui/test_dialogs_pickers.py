"""Unblock, assign and status: the keys make exactly the edit, and its effect is on the screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Static

from store.model.edits import UpdateTask
from store.model.snapshot import EMPTY_SNAPSHOT
from store.model.task import Capabilities, TaskId, TaskStatus, Verb
from tests.tui.dialog_host import DEMO, UNSET, a_frame, a_task, key, opened, result_of, shown
from tui.screens.assign import AssignScreen
from tui.screens.status import StatusScreen
from tui.screens.unblock import UnblockScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@SIZES
async def test_unblock_single_open_blocker_is_ticked_and_removed(size: tuple[int, int]) -> None:
    dialog = UnblockScreen(a_frame(), key("12"))
    async with opened(dialog, size) as pilot:
        text = shown(pilot)
        assert "Unblock · demo-colony · #12 Build search index" in text
        assert "[x] ▸ #7" in text
        assert "[ ] ✓ #3" in text
        assert "#12 Build search index becomes ready, ann can start it" in text
    result = await result_of(UnblockScreen(a_frame(), key("12")), "enter", size=size)
    assert result == UpdateTask(key("12"), remove_blocked_by=(TaskId("7"),))


async def test_unblock_phantom_is_marked_preselected_and_removed() -> None:
    async with opened(UnblockScreen(a_frame(), key("15"))) as pilot:
        assert "[x] ⌀ #4" in shown(pilot)
        assert "is not in the list" in shown(pilot)
    result = await result_of(UnblockScreen(a_frame(), key("15")), "enter")
    assert result == UpdateTask(key("15"), remove_blocked_by=(TaskId("4"),))


async def test_unblock_several_open_blockers_waits_for_a_choice() -> None:
    async with opened(UnblockScreen(a_frame(), key("16"))) as pilot:
        await pilot.press("enter")
        assert pilot.app.screen is not pilot.app.screen_stack[0]
        assert "nothing ticked" in shown(pilot)
        await pilot.press("space")
        assert "#16 still waits on #12" in shown(pilot)
        await pilot.press("asterisk")
        assert "#16 Write report becomes ready" in shown(pilot)
    result = await result_of(UnblockScreen(a_frame(), key("16")), "down", "space", "enter")
    assert result == UpdateTask(key("16"), remove_blocked_by=(TaskId("12"),))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (a_task("1", "itself", blocked_by="1"), "is this very task"),
        (a_task("1", "in a ring", blocked_by="2"), "waits on this task in turn"),
        (a_task("1", "ended", blocked_by="3"), "ended without being completed"),
    ],
)
async def test_unblock_edge_that_never_clears_says_why(other: object, words: str) -> None:
    ring = a_task("2", "two", blocked_by="1")
    closed = a_task("3", "three", "cancelled")
    frame = a_frame(other, ring, closed)  # type: ignore[arg-type]
    async with opened(UnblockScreen(frame, key("1"))) as pilot:
        assert words in shown(pilot)
        assert "[x] ⌀" in shown(pilot)


async def test_unblock_task_without_blockers_offers_what_it_blocks() -> None:
    async with opened(UnblockScreen(a_frame(), key("7"))) as pilot:
        assert "#7 has no blockers. These wait on it" in shown(pilot)
        assert "[ ] ⊘ #12" in shown(pilot)
    result = await result_of(UnblockScreen(a_frame(), key("7")), "space", "enter")
    assert result == UpdateTask(key("7"), remove_blocks=(TaskId("12"),))


async def test_unblock_task_without_edges_says_so_and_applies_nothing() -> None:
    async with opened(UnblockScreen(a_frame(), key("13"))) as pilot:
        await pilot.press("enter", "space", "asterisk", "enter")
        assert "There is no edge to remove" in shown(pilot)


async def test_unblock_click_ticks_the_row() -> None:
    async with opened(UnblockScreen(a_frame(), key("16"))) as pilot:
        await pilot.click("#choices", offset=(10, 1))
        await pilot.pause()
        assert "[x] ⊘ #12" in shown(pilot)


@SIZES
async def test_assign_owner_by_arrows_names_who_loses_and_who_gets_it(
    size: tuple[int, int],
) -> None:
    async with opened(AssignScreen(a_frame(), key("10")), size) as pilot:
        await pilot.press("down")
        assert "Assign · demo-colony · #10 Dedup leads in CRM" in shown(pilot)
        assert "cy loses it, bo gets it" in shown(pilot)
    result = await result_of(AssignScreen(a_frame(), key("10")), "down", "enter", size=size)
    assert result == UpdateTask(key("10"), owner="bo", expected={"owner": "cy"})


async def test_assign_shows_the_load_of_each_owner() -> None:
    async with opened(AssignScreen(a_frame(), key("17"))) as pilot:
        row = next(row for row in shown(pilot).splitlines() if " bo " in row)
    assert row.split()[1:-1] == ["bo", "1", "1", "1", "-", "2m"]


@pytest.mark.parametrize(
    ("keys", "owner"),
    [
        (["minus"], None),
        (["d", "e"], "dee"),
        (["z", "o", "e"], "zoe"),
        (["e", "up", "down", "down"], "e"),
    ],
)
async def test_assign_typed_name_picks_nobody_a_match_or_a_new_owner(
    keys: list[str], owner: str | None
) -> None:
    result = await result_of(AssignScreen(a_frame(), key("10")), *keys, "enter")
    assert result == UpdateTask(key("10"), owner=owner, expected={"owner": "cy"})


async def test_assign_to_the_same_owner_says_so_and_stays_open() -> None:
    async with opened(AssignScreen(a_frame(), key("10"))) as pilot:
        await pilot.press("c", "y", "enter")
        assert "cy has it already" in shown(pilot)


async def test_assign_click_shows_the_effect_before_anything_is_applied() -> None:
    async with opened(AssignScreen(a_frame(), key("10"))) as pilot:
        await pilot.click("#choices", offset=(4, 3))
        await pilot.pause()
        assert "cy loses it, dee gets it" in shown(pilot)


@SIZES
async def test_status_letter_shows_what_becomes_ready_and_enter_applies(
    size: tuple[int, int],
) -> None:
    async with opened(StatusScreen(a_frame(), key("7")), size) as pilot:
        await pilot.press("d")
        assert "#12 Build search index becomes ready" in shown(pilot)
    result = await result_of(StatusScreen(a_frame(), key("7")), "d", "enter", size=size)
    seen = {"status": "in_progress"}
    assert result == UpdateTask(key("7"), status=TaskStatus.COMPLETED, expected=seen)


async def test_status_reopening_says_who_becomes_blocked() -> None:
    plan = (a_task("1", "Base", "completed"), a_task("2", "Next", blocked_by="1"))
    async with opened(StatusScreen(a_frame(*plan), key("1"))) as pilot:
        await pilot.press("p")
        assert "#2 Next becomes blocked" in shown(pilot)


async def test_status_bare_letter_writes_nothing() -> None:
    assert await result_of(StatusScreen(a_frame(), key("7")), "p", "i", "d") is UNSET


async def test_status_that_it_has_already_changes_nothing() -> None:
    async with opened(StatusScreen(a_frame(), key("7"))) as pilot:
        await pilot.press("i", "enter")
        assert "changes nothing" in shown(pilot)


async def test_status_cancelled_is_offered_only_where_the_list_has_it() -> None:
    assert await result_of(StatusScreen(a_frame(), key("13")), "p", "x", "enter") is UNSET
    more = Capabilities(statuses=(TaskStatus.PENDING, TaskStatus.CANCELLED))
    frame = a_frame(capabilities=more)
    result = await result_of(StatusScreen(frame, key("13")), "x", "enter")
    assert result == UpdateTask(
        key("13"), status=TaskStatus.CANCELLED, expected={"status": "pending"}
    )


@pytest.mark.parametrize("screen", [UnblockScreen, AssignScreen, StatusScreen])
async def test_picker_of_a_refused_verb_says_the_sentence_and_only_closes(
    screen: type[UnblockScreen] | type[AssignScreen] | type[StatusScreen],
) -> None:
    frame = a_frame(capabilities=Capabilities.read_only("this layout has no lock to share"))
    async with opened(screen(frame, key("12"))) as pilot:
        await pilot.press("enter", "space", "asterisk", "d", "enter")
        assert "this layout has no lock to share" in shown(pilot)
        assert not pilot.app.screen.query("#effect")
    assert await result_of(screen(frame, key("12")), "enter", "escape") is None


@pytest.mark.parametrize("screen", [UnblockScreen, AssignScreen, StatusScreen])
async def test_picker_read_only_or_target_gone_says_so(
    screen: type[UnblockScreen] | type[AssignScreen] | type[StatusScreen],
) -> None:
    async with opened(screen(a_frame(read_only=True), key("12"))) as pilot:
        assert "read-only" in shown(pilot)
    async with opened(screen(a_frame(), key("99"))) as pilot:
        assert "#99 is no longer in the list" in shown(pilot)
    async with opened(screen(replace(a_frame(), snapshot=EMPTY_SNAPSHOT), key("12"))) as pilot:
        assert "The list is no longer there" in shown(pilot)


async def test_picker_in_ascii_draws_signs_and_frame_in_ascii() -> None:
    async with opened(UnblockScreen(a_frame(ascii=True), key("16"))) as pilot:
        await pilot.press("asterisk")
        assert shown(pilot).isascii()


async def test_click_on_a_key_does_what_the_key_does() -> None:
    dialog = UnblockScreen(a_frame(), key("12"))
    async with opened(dialog) as pilot:
        remove = next(k for k in dialog.query(".key-button") if "remove" in str(k.render()))
        assert isinstance(remove, Static)
        await pilot.click(remove)
        await pilot.pause()
        assert pilot.app.result == UpdateTask(  # type: ignore[attr-defined]
            key("12"), remove_blocked_by=(TaskId("7"),)
        )


async def test_refusal_of_another_verb_does_not_close_the_picker() -> None:
    frame = a_frame(*DEMO, capabilities=Capabilities({Verb.DELETE: "never deleted here"}))
    assert await result_of(UnblockScreen(frame, key("12")), "enter") is not UNSET


async def test_picker_says_how_the_longest_chain_of_open_tasks_would_move() -> None:
    async with opened(StatusScreen(a_frame(), key("7"))) as pilot:
        await pilot.press("d")
        assert "critical path 4 → 3 tasks  #" in shown(pilot)
    async with opened(AssignScreen(a_frame(), key("10"))) as pilot:
        assert "critical path" not in shown(pilot), "an owner is no edge"
