"""Dialogs on several marked tasks: who is left out, the whole effect, and the batch they make."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from textual.content import Content

from store.model.edits import (
    BatchResult,
    DeleteTask,
    EditBatch,
    EditFailure,
    EditResult,
    ReleaseTask,
    UpdateTask,
)
from store.model.errors import EditRefused, LockHolder, LockTimeout
from store.model.task import Capabilities, TaskId, TaskKey, TaskStatus, Verb
from tests.tui.dialog_host import LIST, UNSET, a_frame, a_task, key, opened, result_of, shown
from tui.screens.bulk_confirm import BulkDeleteScreen, BulkReleaseScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.bulk_pickers import BulkAssignScreen, BulkStatusScreen, BulkUnblockScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
BULK = (
    BulkAssignScreen,
    BulkDeleteScreen,
    BulkReleaseScreen,
    BulkStatusScreen,
    BulkUnblockScreen,
)


def keys(*ids: str) -> list[TaskKey]:
    return [key(task_id) for task_id in ids]


@SIZES
async def test_bulk_release_shows_who_loses_what_and_only_y_makes_one_batch(
    size: tuple[int, int],
) -> None:
    marked = keys("10", "7", "12")
    async with opened(BulkReleaseScreen(a_frame(), marked), size) as pilot:
        text = shown(pilot)
        assert "Release · demo-colony · 3 marked tasks" in text
        assert "Take 3 tasks back from ann (2), cy (1)?" in text
        assert "#10 Dedup leads in CRM becomes ready" in text
        assert "ann loses 2: #7 #12" in text
    assert await result_of(BulkReleaseScreen(a_frame(), marked), "enter", "R") is UNSET
    assert await result_of(BulkReleaseScreen(a_frame(), marked), "y", size=size) == EditBatch(
        (
            ReleaseTask(key("7"), "ann"),
            ReleaseTask(key("10"), "cy"),
            ReleaseTask(key("12"), "ann"),
        ),
        "release 3 tasks",
    )


async def test_bulk_release_of_one_owner_names_him_in_the_label() -> None:
    batch = await result_of(BulkReleaseScreen(a_frame(), keys("7", "12")), "y")
    assert batch.label == "release 2 tasks of ann"


async def test_bulk_dialog_names_what_it_leaves_out_and_why() -> None:
    dialog = BulkReleaseScreen(a_frame(), keys("7", "3", "17", "99"))
    async with opened(dialog) as pilot:
        text = shown(pilot)
        assert "left out #3: completed: nothing to release" in text
        assert "left out #17: no owner and not in progress" in text
        assert "left out #99: no longer there" in text
        await pilot.press("y")
        await pilot.pause()
        assert pilot.app.result.edits == (ReleaseTask(key("7"), "ann"),)  # type: ignore[attr-defined]


@SIZES
async def test_bulk_delete_shows_the_cascade_of_all_and_the_longest_chain(
    size: tuple[int, int],
) -> None:
    marked = keys("7", "9", "16")
    async with opened(BulkDeleteScreen(a_frame(), marked), size) as pilot:
        text = shown(pilot)
        assert "#12 Build search index becomes ready, ann can start it" in text
        assert "#12 #14 #18 lose their edges to them" in text
        assert "critical path 4 → " in text
    assert await result_of(BulkDeleteScreen(a_frame(), marked), "enter", "D") is UNSET
    batch = await result_of(BulkDeleteScreen(a_frame(), marked), "y", size=size)
    assert [type(edit) for edit in batch.edits] == [DeleteTask] * 3
    assert batch.edits[0].expected["subject"] == "Crawling target URLs"


async def test_bulk_effect_lists_every_task_that_is_written_page_by_page() -> None:
    tasks = [a_task(str(n), f"Step {n}", owner="ann") for n in range(1, 41)]
    marked = [task.key for task in tasks]
    async with opened(BulkReleaseScreen(a_frame(*tasks), marked)) as pilot:
        seen = shown(pilot)
        for _ in range(20):
            await pilot.press("pagedown")
            seen += shown(pilot)
    for number in range(1, 41):
        assert f"#{number} Step {number}  ann" in seen


async def test_bulk_effect_of_very_many_is_worked_out_before_anything_is_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = [a_task(str(n), f"Step {n}", owner="ann") for n in range(1, 302)]
    dialog = BulkReleaseScreen(a_frame(*tasks), [task.key for task in tasks])
    may_go_on, work = threading.Event(), dialog._effect_of

    def held(batch: EditBatch) -> list[Content]:
        assert may_go_on.wait(30.0)
        return work(batch)

    monkeypatch.setattr(dialog, "_effect_of", held)
    async with opened(dialog) as pilot:
        await pilot.press("y")
        assert pilot.app.result is UNSET  # type: ignore[attr-defined]
        may_go_on.set()
        for _ in range(2_000):
            if "ann loses 301" in shown(pilot):
                break
            assert "working out what 301 tasks would change" in shown(pilot)
            await pilot.pause(0.005)
        assert "ann loses 301" in shown(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert len(pilot.app.result.edits) == 301  # type: ignore[attr-defined]


async def test_bulk_effect_of_very_many_follows_the_choice_as_it_is_typed() -> None:
    tasks = [a_task(str(n), f"Step {n}", owner="ann") for n in range(1, 302)]
    async with opened(BulkAssignScreen(a_frame(*tasks), [t.key for t in tasks])) as pilot:
        await pilot.press("b", "o", "b")
        for _ in range(2_000):
            if "bob gets 301" in shown(pilot):
                break
            await pilot.pause(0.005)
        assert "bob gets 301" in shown(pilot)
        assert "bo gets" not in shown(pilot)


@SIZES
async def test_bulk_assign_says_who_loses_and_gets_and_expects_what_was_seen(
    size: tuple[int, int],
) -> None:
    marked = keys("7", "10", "13", "3")
    async with opened(BulkAssignScreen(a_frame(), marked), size) as pilot:
        await pilot.press("b", "o")
        text = shown(pilot)
        assert "bo gets 2: #7 #10" in text
        assert "1 task is so already" in text
        assert "left out #3: completed: its owner stays" in text
    batch = await result_of(BulkAssignScreen(a_frame(), marked), "b", "o", "enter", size=size)
    assert batch == EditBatch(
        (
            UpdateTask(key("7"), owner="bo", expected={"owner": "ann"}),
            UpdateTask(key("10"), owner="bo", expected={"owner": "cy"}),
        ),
        "assign 2 tasks to bo",
    )


async def test_bulk_assign_of_one_owners_tasks_offers_another_first() -> None:
    batch = await result_of(BulkAssignScreen(a_frame(), keys("7", "12", "16")), "enter")
    assert {edit.owner for edit in batch.edits} == {"bo"}


async def test_bulk_assign_to_nobody_and_where_all_is_so_already() -> None:
    batch = await result_of(BulkAssignScreen(a_frame(), keys("7", "10")), "minus", "enter")
    assert batch.label == "assign 2 tasks to nobody"
    again = BulkAssignScreen(a_frame(), keys("17", "18"))
    async with opened(again) as pilot:
        await pilot.press("minus", "enter")
        assert "changes nothing" in shown(pilot)


@SIZES
async def test_bulk_status_shows_what_all_of_it_frees_and_leaves_out_what_is_so(
    size: tuple[int, int],
) -> None:
    marked = keys("7", "10", "3")
    async with opened(BulkStatusScreen(a_frame(), marked), size) as pilot:
        await pilot.press("d")
        text = shown(pilot)
        assert "#12 Build search index becomes ready" in text
        assert "1 task is so already" in text
    batch = await result_of(BulkStatusScreen(a_frame(), marked), "d", "enter", size=size)
    assert batch == EditBatch(
        tuple(
            UpdateTask(key(i), status=TaskStatus.COMPLETED, expected={"status": "in_progress"})
            for i in ("7", "10")
        ),
        "set 2 tasks to completed",
    )
    assert await result_of(BulkStatusScreen(a_frame(), marked), "p", "i", "d") is UNSET


@SIZES
async def test_bulk_unblock_ticks_what_never_clears_and_cuts_only_what_is_ticked(
    size: tuple[int, int],
) -> None:
    marked = keys("12", "15", "16", "13")
    async with opened(BulkUnblockScreen(a_frame(), marked), size) as pilot:
        text = shown(pilot)
        assert "[x] ⌀ #4" in text
        assert "[ ] ▸ #7" in text
        assert "left out #13: no blockers" in text
        assert "#15 Rank results becomes ready" in text
    batch = await result_of(BulkUnblockScreen(a_frame(), marked), "enter", size=size)
    assert batch.edits == (UpdateTask(key("15"), remove_blocked_by=(TaskId("4"),)),)
    batch = await result_of(BulkUnblockScreen(a_frame(), marked), "asterisk", "enter")
    assert {edit.key.id: set(edit.remove_blocked_by) for edit in batch.edits} == {
        "12": {"3", "7"},
        "15": {"4", "3"},
        "16": {"10", "12"},
    }


async def test_bulk_unblock_with_nothing_ticked_says_so_and_stays() -> None:
    dialog = BulkUnblockScreen(a_frame(), keys("12", "16"))
    async with opened(dialog) as pilot:
        await pilot.press("asterisk", "asterisk", "enter")
        assert "nothing ticked" in shown(pilot)
        await pilot.press("space")
        assert "nothing ticked" not in shown(pilot)


@pytest.mark.parametrize("screen", BULK)
async def test_bulk_dialog_read_only_or_with_nothing_to_do_says_so_and_only_closes(
    screen: type[BulkAssignScreen],
) -> None:
    async with opened(screen(a_frame(read_only=True), keys("7", "12"))) as pilot:
        assert "read-only" in shown(pilot)
    sentence = "this layout has no lock to share"
    frame = a_frame(capabilities=Capabilities.read_only(sentence))
    async with opened(screen(frame, keys("7", "12", "15"))) as pilot:
        await pilot.press("y", "enter", "space", "asterisk", "d", "enter")
        said = " ".join(shown(pilot).replace("│", " ").split())
        assert f"None of 3 marked tasks can be changed: {sentence}." in said
    assert await result_of(screen(frame, keys("7")), "y", "enter", "escape") is None


async def test_bulk_dialog_over_a_list_that_refuses_the_verb_leaves_its_tasks_out() -> None:
    frame = a_frame()
    other = replace(frame.snapshot.lists[LIST])
    far = LIST._replace(root="/else")
    info = replace(
        other.info, key=far, capabilities=Capabilities({Verb.RELEASE: "never released here"})
    )
    tasks = {i: replace(t, key=TaskKey(far, i)) for i, t in other.tasks.items()}
    lists = {**frame.snapshot.lists, far: replace(other, info=info, tasks=tasks)}
    frame = replace(frame, snapshot=replace(frame.snapshot, lists=lists))
    marked = [key("7"), TaskKey(far, TaskId("7"))]
    async with opened(BulkReleaseScreen(frame, marked)) as pilot:
        assert "never released here" in shown(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert pilot.app.result.edits == (ReleaseTask(key("7"), "ann"),)  # type: ignore[attr-defined]


def a_failed_batch() -> tuple[EditBatch, BatchResult]:
    made, kept_out, refused = (ReleaseTask(key(i), "ann") for i in ("7", "12", "16"))
    busy = LockTimeout("demo", 3.0, LockHolder(1, "agent", 2.0))
    failures = (EditFailure(kept_out, busy), EditFailure(refused, EditRefused("not now")))
    batch = EditBatch((made, kept_out, refused), "release 3 tasks of ann")
    return batch, BatchResult((EditResult(made, None),), failures)


@SIZES
async def test_failures_are_listed_one_by_one_and_r_takes_those_a_lock_kept_out(
    size: tuple[int, int],
) -> None:
    batch, result = a_failed_batch()
    async with opened(FailuresScreen(a_frame(), batch, result), size) as pilot:
        text = shown(pilot)
        assert "release 3 tasks of ann: 1 done, 2 not" in text
        assert "#12" in text
        assert "Build search index" in text
        await pilot.press("down")
        assert "not now" in shown(pilot)
    again = await result_of(FailuresScreen(a_frame(), batch, result), "r", size=size)
    assert again == replace(batch, edits=(batch.edits[1],))
    assert await result_of(FailuresScreen(a_frame(), batch, result), "escape") is None


async def test_failures_without_a_busy_lock_offer_no_other_try() -> None:
    batch, result = a_failed_batch()
    result = replace(result, failures=result.failures[1:])
    async with opened(FailuresScreen(a_frame(), batch, result)) as pilot:
        await pilot.press("r")
        assert "again" not in shown(pilot)
        assert pilot.app.result is UNSET  # type: ignore[attr-defined]


@pytest.mark.parametrize("screen", BULK)
async def test_bulk_dialog_in_ascii_draws_ascii(screen: type[BulkAssignScreen]) -> None:
    async with opened(screen(a_frame(ascii=True), keys("7", "12", "15", "99"))) as pilot:
        assert shown(pilot).isascii()
