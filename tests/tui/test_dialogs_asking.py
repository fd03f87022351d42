"""Release, delete, conflict, busy, sort and go to: what each key decides, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from store.model.edits import DeleteTask, ReleaseTask, UpdateTask
from store.model.errors import FieldConflict, LockHolder, LockTimeout, StaleEdit
from store.model.task import TaskId, TaskStatus
from tests.tui.dialog_host import LIST, UNSET, a_frame, a_task, key, opened, result_of, shown
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.delete import DeleteScreen
from tui.screens.go_to import GoToScreen
from tui.screens.release import ReleaseScreen
from tui.screens.sort import SortScreen
from tui.view_state import SortKey

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@SIZES
async def test_delete_shows_the_cascade_and_only_y_confirms(size: tuple[int, int]) -> None:
    async with opened(DeleteScreen(a_frame(), key("7")), size) as pilot:
        text = shown(pilot)
        assert "Delete · demo-colony · #7 Crawling target URLs" in text
        assert "#12 loses its edge to it" in text
        assert "#12 Build search index becomes ready" in text
        assert "ann loses it" in text
    assert await result_of(DeleteScreen(a_frame(), key("7")), "enter", "D", "d") is UNSET
    seen = {"subject": "Crawling target URLs", "status": "in_progress", "owner": "ann"}
    assert await result_of(DeleteScreen(a_frame(), key("7")), "y") == DeleteTask(
        key("7"), expected=seen
    )


async def test_delete_of_a_task_without_edges_says_that_no_other_is_touched() -> None:
    async with opened(DeleteScreen(a_frame(), key("17"))) as pilot:
        assert "no other task is touched" in shown(pilot)


@SIZES
async def test_release_names_who_loses_it_and_how_long_it_is_silent(
    size: tuple[int, int],
) -> None:
    async with opened(ReleaseScreen(a_frame(), key("10")), size) as pilot:
        assert "Take #10 back from cy, silent for 41m?" in shown(pilot)
        assert "cy loses it" in shown(pilot)
    assert await result_of(ReleaseScreen(a_frame(), key("10")), "enter", "R") is UNSET
    assert await result_of(ReleaseScreen(a_frame(), key("10")), "y") == ReleaseTask(
        key("10"), expected_owner="cy"
    )


async def test_delete_with_more_effect_than_fits_shows_all_of_it_page_by_page() -> None:
    waiting = [a_task(str(n), f"Waits {n}", blocked_by="1") for n in range(2, 22)]
    async with opened(DeleteScreen(a_frame(a_task("1", "Root"), *waiting), key("1"))) as pilot:
        seen = shown(pilot)
        assert "PgUp/PgDn for the rest" in seen
        assert "#21 Waits 21 becomes ready" not in seen
        for _ in range(8):
            await pilot.press("pagedown")
            seen += shown(pilot)
        for number in range(2, 22):
            assert f"#{number} Waits {number} becomes ready" in seen
        last = shown(pilot)
        await pilot.press("pagedown")
        assert shown(pilot) == last
        await pilot.press(*["pageup"] * 9)
        assert "1-7 of " in shown(pilot)
        await pilot.press("escape")


@pytest.mark.parametrize(("task_id", "why"), [("3", "#3: completed"), ("17", "#17: no owner")])
async def test_release_of_what_nobody_holds_says_so(task_id: str, why: str) -> None:
    async with opened(ReleaseScreen(a_frame(), key(task_id))) as pilot:
        await pilot.press("y")
        assert why in shown(pilot)
        assert "nothing to release" in shown(pilot)


@pytest.mark.parametrize("screen", [DeleteScreen, ReleaseScreen])
@pytest.mark.parametrize("answer", ["n", "escape"])
async def test_question_answered_no_closes_with_nothing(
    screen: type[DeleteScreen] | type[ReleaseScreen], answer: str
) -> None:
    assert await result_of(screen(a_frame(), key("10")), answer) is None


UPDATE = UpdateTask(
    key("12"),
    subject="Build the index",
    owner="bo",
    status=TaskStatus.IN_PROGRESS,
    expected={"subject": "Build search index", "owner": "ann", "status": "pending"},
)
STALE = StaleEdit(
    LIST.id,
    "12",
    [
        FieldConflict("subject", "Build search index", "Build fast index", "Build the index"),
        FieldConflict("owner", "ann", None, "bo"),
    ],
)


@SIZES
async def test_conflict_shows_original_theirs_and_yours_of_each_field(
    size: tuple[int, int],
) -> None:
    async with opened(ConflictScreen(a_frame(), UPDATE, STALE), size) as pilot:
        text = shown(pilot)
        assert "Changed meanwhile · demo-colony · #12" in text
        row = next(line for line in text.splitlines() if " owner " in line)
        assert row.split()[1:-1] == ["owner", "ann", "-", "bo", "yours"]


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        (
            [],
            UpdateTask(
                key("12"),
                subject="Build the index",
                owner="bo",
                status=TaskStatus.IN_PROGRESS,
                expected={"subject": "Build fast index", "owner": None, "status": "pending"},
            ),
        ),
        (
            ["t"],
            UpdateTask(
                key("12"),
                owner="bo",
                status=TaskStatus.IN_PROGRESS,
                expected={"owner": None, "status": "pending"},
            ),
        ),
        (
            ["down", "space"],
            UpdateTask(
                key("12"),
                subject="Build the index",
                status=TaskStatus.IN_PROGRESS,
                expected={"subject": "Build fast index", "status": "pending"},
            ),
        ),
        (
            ["t", "t"],
            UpdateTask(key("12"), status=TaskStatus.IN_PROGRESS, expected={"status": "pending"}),
        ),
    ],
)
async def test_conflict_chosen_fields_go_back_expecting_what_is_there_now(
    keys: list[str], result: UpdateTask
) -> None:
    assert await result_of(ConflictScreen(a_frame(), UPDATE, STALE), *keys, "enter") == result


async def test_conflict_all_theirs_or_escape_leaves_nothing_to_write() -> None:
    owner = UpdateTask(key("12"), owner="bo", expected={"owner": "ann"})
    stale = StaleEdit(LIST.id, "12", [FieldConflict("owner", "ann", "cy", "bo")])
    async with opened(ConflictScreen(a_frame(), owner, stale)) as pilot:
        await pilot.press("t")
        assert "nothing of yours is left" in shown(pilot)
    assert await result_of(ConflictScreen(a_frame(), owner, stale), "t", "enter") is None
    assert await result_of(ConflictScreen(a_frame(), owner, stale), "escape") is None


async def test_conflict_of_metadata_keeps_or_drops_the_whole_patch() -> None:
    edit = UpdateTask(key("12"), metadata_patch={"a": 1}, expected={"metadata": {}})
    stale = StaleEdit(LIST.id, "12", [FieldConflict("metadata", {}, {"b": 2}, {"a": 1})])
    kept = await result_of(ConflictScreen(a_frame(), edit, stale), "enter")
    assert kept == UpdateTask(key("12"), metadata_patch={"a": 1}, expected={"metadata": {"b": 2}})
    assert await result_of(ConflictScreen(a_frame(), edit, stale), "t", "enter") is None


async def test_conflict_of_a_metadata_key_names_it_and_drops_that_key_alone() -> None:
    edit = UpdateTask(
        key("12"),
        metadata_patch={"a": 1, "b": 2},
        expected={"metadata.a": 0, "metadata.b": None},
    )
    stale = StaleEdit(LIST.id, "12", [FieldConflict("metadata.a", 0, 7, 1)])
    async with opened(ConflictScreen(a_frame(), edit, stale)) as pilot:
        row = next(line for line in shown(pilot).splitlines() if "metadata.a" in line)
        assert row.split()[1:-1] == ["metadata.a", "0", "7", "1", "yours"]
    kept = await result_of(ConflictScreen(a_frame(), edit, stale), "enter")
    assert kept == replace(edit, expected={"metadata.a": 7, "metadata.b": None})
    left = await result_of(ConflictScreen(a_frame(), edit, stale), "t", "enter")
    assert left == UpdateTask(key("12"), metadata_patch={"b": 2}, expected={"metadata.b": None})


async def test_conflict_of_a_delete_is_dropped_unless_y_is_pressed() -> None:
    edit = DeleteTask(key("12"), expected={"owner": "ann", "status": "pending"})
    moved = [
        FieldConflict("owner", "ann", "bo", None),
        FieldConflict("status", "pending", "in_progress", None),
    ]
    stale = StaleEdit(LIST.id, "12", moved)
    assert await result_of(ConflictScreen(a_frame(), edit, stale), "enter") is None
    again = await result_of(ConflictScreen(a_frame(), edit, stale), "y", "enter")
    assert again == DeleteTask(key("12"), expected={"owner": "bo", "status": "in_progress"})


async def test_conflict_of_a_release_is_retried_from_the_new_owner_only_on_y() -> None:
    edit = ReleaseTask(key("10"), expected_owner="cy")
    stale = StaleEdit(LIST.id, "10", [FieldConflict("owner", "cy", "bo", None)])
    assert await result_of(ConflictScreen(a_frame(), edit, stale), "enter") is None
    again = await result_of(ConflictScreen(a_frame(), edit, stale), "y", "enter")
    assert again == ReleaseTask(key("10"), expected_owner="bo")


async def test_conflict_of_a_task_that_vanished_still_opens() -> None:
    edit = UpdateTask(key("99"), owner="bo", expected={"owner": None})
    stale = StaleEdit(LIST.id, "99", [FieldConflict("owner", None, "cy", "bo")])
    assert await result_of(ConflictScreen(a_frame(), edit, stale), "escape") is None


def busy(holder: LockHolder) -> BusyScreen:
    return BusyScreen(UPDATE, LockTimeout(LIST.id, 10.0, holder), a_frame())


async def test_busy_names_the_holder_as_uncertain_and_what_is_kept() -> None:
    async with opened(busy(LockHolder(4211, "python agent.py", 62.0))) as pilot:
        text = shown(pilot)
        assert "stayed busy for 10.0 s" in text
        assert "Held by pid 4211 (python agent.py), for 1m" in text
        assert "certain" in text
        assert "#12 " in text
        assert "owner → bo" in text
    async with opened(busy(LockHolder(None, None, None))) as pilot:
        assert "Who holds it is not known" in shown(pilot)


@pytest.mark.parametrize(("answer", "again"), [("enter", True), ("r", True), ("escape", False)])
async def test_busy_is_retried_or_kept(answer: str, again: bool) -> None:
    assert await result_of(busy(LockHolder(1, None, None)), answer) is again


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [(["h"], SortKey.HOLDS), (["down", "enter"], SortKey.ID), (["escape"], None)],
)
async def test_sort_is_chosen_by_letter_or_arrows(keys: list[str], chosen: SortKey | None) -> None:
    assert await result_of(SortScreen(a_frame()), *keys) is chosen


@pytest.mark.parametrize(
    ("keys", "task_id"),
    [
        (["1", "6", "enter"], "16"),
        (["#", "7", "enter"], "7"),
        (["r", "a", "n", "k", "enter"], "15"),
        (["1", "down", "enter"], "12"),
    ],
)
async def test_go_to_finds_by_id_then_by_words(keys: list[str], task_id: str) -> None:
    assert await result_of(GoToScreen(a_frame()), *keys) == key(task_id)


async def test_go_to_without_a_match_stays_open_and_escape_closes() -> None:
    assert await result_of(GoToScreen(a_frame()), "z", "z", "enter") is UNSET
    assert await result_of(GoToScreen(a_frame()), "z", "escape") is None


async def test_title_names_the_target_even_where_it_cannot_be_read() -> None:
    from store.model.task import Problem, ProblemKind

    broken: Any = (Problem(ProblemKind.UNREADABLE, "not JSON", TaskId("1")),)
    async with opened(DeleteScreen(a_frame(a_task("1", "?", problems=broken)), key("1"))) as pilot:
        assert "Delete · demo-colony · #1" in shown(pilot)
        assert "cannot be read: not JSON" in shown(pilot)
        await pilot.press("y")
    assert pilot.app.result is UNSET  # type: ignore[attr-defined]


async def test_release_of_failed_work_that_is_nobodys_gives_it_back() -> None:
    """A runner leaves a failed subtask to nobody; given back, it is tried again."""
    task = a_task("1", "Smelt the ore", "in_progress")
    failed = replace(task, status=TaskStatus.FAILED)
    edit = await result_of(ReleaseScreen(a_frame(failed), key("1")), "y")
    assert edit == ReleaseTask(key("1"), expected_owner=None)
