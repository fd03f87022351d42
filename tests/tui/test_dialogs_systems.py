"""Ticks, attempts, force, priorities and the archive: keys make exactly the edit that is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.edits import (
    BatchResult,
    ClaimTask,
    Edit,
    EditBatch,
    EditFailure,
    Tick,
    UpdateTask,
)
from store.model.errors import ClaimRefused, StorageFailure
from store.model.execution import TickKind
from store.model.objections import objection
from store.model.task import Capabilities, ListKey, TaskId, TaskKey, TaskStatus, Verb
from tests.tui.colony import demo_list
from tests.tui.dialog_host import UNSET, opened, result_of, shown
from tests.tui.pane_host import frame_of
from tests.tui.systems import QUEUE, SESSION, SESSION_ALLOWS, TEAM, queue, session, several, team
from tui.screens.bulk_confirm import BulkArchiveScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.bulk_pickers import BulkStatusScreen
from tui.screens.bulk_priority import BulkPriorityScreen
from tui.screens.force import ForceScreen
from tui.screens.retries import RetriesScreen
from tui.screens.status import StatusScreen
from tui.screens.tick import TickScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)])
FRAME = frame_of(several())
CRAWL = TaskKey(QUEUE, TaskId("9f3c"))
LOCKED = TaskKey(TEAM, TaskId("aa03"))


def key(list_key: ListKey, task_id: str) -> TaskKey:
    return TaskKey(list_key, TaskId(task_id))


# Steps and checks


@SIZES
async def test_tick_shows_steps_and_checks_and_writes_what_was_changed(
    size: tuple[int, int],
) -> None:
    async with opened(TickScreen(FRAME, CRAWL), size) as pilot:
        text = shown(pilot)
        for words in ("[x]", "Fetch the seed pages", "[ ]", "No duplicate hosts", "required"):
            assert words in text
        assert "nothing changed yet" in text
        await pilot.press("down", "space")
        assert "ticks off Extract the tables" in shown(pilot)
        assert "1 required check stays open" in shown(pilot)
    keys = ("down", "space", "end", "up", "space", "home", "space", "enter")
    result = await result_of(TickScreen(FRAME, CRAWL, "me"), *keys, size=size)
    assert result == UpdateTask(
        CRAWL,
        ticks=(
            Tick(TickKind.STEP, "s1", is_done=False, by="me"),
            Tick(TickKind.STEP, "s2", is_done=True, by="me"),
            Tick(TickKind.CHECK, "dedup", is_done=True, by="me"),
        ),
    )
    assert objection(queue(), result) is None


async def test_tick_of_all_says_that_every_required_check_holds() -> None:
    async with opened(TickScreen(FRAME, CRAWL)) as pilot:
        await pilot.press("asterisk")
        assert "every required check holds then" in shown(pilot)


async def test_tick_without_a_change_writes_nothing() -> None:
    assert await result_of(TickScreen(FRAME, CRAWL), "enter") is UNSET
    assert await result_of(TickScreen(FRAME, CRAWL), "space", "space", "enter") is UNSET
    assert await result_of(TickScreen(FRAME, CRAWL), "space", "escape") is None


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (key(QUEUE, "77aa"), "#77aa has no steps or checks"),
        (LOCKED, "no steps or checks to tick off"),
        (key(SESSION, "2"), "takes no lock"),
    ],
)
async def test_tick_where_there_is_nothing_to_tick_says_so(task: TaskKey, words: str) -> None:
    async with opened(TickScreen(FRAME, task)) as pilot:
        assert words in shown(pilot)
        await pilot.press("space", "enter")
        assert words in shown(pilot)


# Attempts


@SIZES
async def test_attempts_limit_is_typed_and_written(size: tuple[int, int]) -> None:
    async with opened(RetriesScreen(FRAME, CRAWL), size) as pilot:
        assert "Tried 2 times" in shown(pilot)
        await pilot.press("backspace", "5")
        assert "limit 3 → 5" in shown(pilot)
        assert "3 more attempts" in shown(pilot)
        assert "host refused the connection" in shown(pilot)
    result = await result_of(RetriesScreen(FRAME, CRAWL), "backspace", "5", "enter", size=size)
    assert result == UpdateTask(CRAWL, most_attempts=5)


@pytest.mark.parametrize("typed", [[], ["backspace"], ["backspace", "x"], [*"99999"], ["minus"]])
async def test_attempts_limit_that_is_none_writes_nothing(typed: list[str]) -> None:
    assert await result_of(RetriesScreen(FRAME, CRAWL), *typed, "enter") is UNSET


async def test_attempts_that_nobody_counts_cannot_be_limited() -> None:
    async with opened(RetriesScreen(FRAME, key(QUEUE, "77aa"))) as pilot:
        assert "attempts of #77aa are not counted" in shown(pilot)


# Force


@SIZES
async def test_status_shows_the_open_checks_before_a_task_is_forced_done(
    size: tuple[int, int],
) -> None:
    async with opened(StatusScreen(FRAME, CRAWL), size) as pilot:
        await pilot.press("d")
        text = shown(pilot)
        assert "1 required check of #9f3c still open" in text
        assert "No duplicate hosts" in text
        await pilot.press("enter")
        assert "F forces it" in shown(pilot)  # Enter alone does nothing
        await pilot.press("F")
        assert "forced: Enter does it all the same" in shown(pilot)
    result = await result_of(StatusScreen(FRAME, CRAWL), "d", "F", "enter", size=size)
    assert isinstance(result, UpdateTask)
    assert (result.status, result.is_forced) == (TaskStatus.COMPLETED, True)
    assert await result_of(StatusScreen(FRAME, CRAWL), "d", "enter") is UNSET
    assert await result_of(StatusScreen(FRAME, CRAWL), "d", "F", "F", "enter") is UNSET


async def test_status_that_nothing_speaks_against_is_not_forced() -> None:
    result = await result_of(StatusScreen(FRAME, CRAWL), "f", "enter")
    assert isinstance(result, UpdateTask)
    assert (result.status, result.is_forced) == (TaskStatus.FAILED, False)


async def test_status_of_a_task_that_another_holds_names_him_and_asks_for_force() -> None:
    held = team()
    waiting = replace(held.tasks[LOCKED.id], status=TaskStatus.PENDING, native_status="pending")
    held = held.with_tasks({**held.tasks, LOCKED.id: waiting}, frozenset({LOCKED.id}))
    frame = frame_of(several(held))
    async with opened(StatusScreen(frame, LOCKED)) as pilot:
        await pilot.press("i")
        assert "locked by dee" in shown(pilot)
        assert "held by dee for 9m, not known to be alive" in shown(pilot)
    assert await result_of(StatusScreen(frame, LOCKED), "i", "enter") is UNSET
    result = await result_of(StatusScreen(frame, LOCKED), "i", "F", "enter")
    assert isinstance(result, UpdateTask)
    assert result.is_forced
    assert objection(held, result) is None


async def test_status_of_several_forces_only_where_something_can_be_overruled() -> None:
    keys = [CRAWL, key(QUEUE, "77aa")]
    async with opened(BulkStatusScreen(FRAME, keys)) as pilot:
        await pilot.press("d")
        assert "still open" in shown(pilot)
        await pilot.press("F")
        assert "forced: locks of others and open checks" in shown(pilot)
        assert "still open" not in shown(pilot)
    batch = await result_of(BulkStatusScreen(FRAME, keys), "d", "F", "enter")
    assert [edit.is_forced for edit in batch.edits] == [False, True]


async def test_status_letters_of_a_list_with_many_statuses_are_all_there() -> None:
    frame = frame_of(several(session(SESSION_ALLOWS)))
    result = await result_of(StatusScreen(frame, key(SESSION, "1")), "r", "enter")
    assert isinstance(result, UpdateTask)
    assert result.status is TaskStatus.ARCHIVED
    async with opened(StatusScreen(frame, key(SESSION, "2"))) as pilot:
        assert all(word in shown(pilot) for word in ("a  ✗ abandoned", "r  ✗ archived"))


@pytest.mark.parametrize(
    "edit",
    [
        UpdateTask(LOCKED, status=TaskStatus.IN_PROGRESS),
        ClaimTask(LOCKED, "ann"),
    ],
)
async def test_force_of_what_the_system_refused_asks_and_forces_the_same_edit(
    edit: UpdateTask | ClaimTask,
) -> None:
    error = ClaimRefused("locked", "#aa03 is locked by dee, who is alive", can_be_forced=True)
    async with opened(ForceScreen(FRAME, edit, error)) as pilot:
        assert "#aa03 is locked by dee, who is alive" in shown(pilot)
        assert "all the same?" in shown(pilot)
        await pilot.press("enter")
        assert "all the same?" in shown(pilot)  # Enter does not force
    assert await result_of(ForceScreen(FRAME, edit, error), "y") == replace(edit, is_forced=True)
    assert await result_of(ForceScreen(FRAME, edit, error), "n") is None


async def test_failures_that_can_be_forced_are_forced_together() -> None:
    edits: tuple[Edit, ...] = tuple(
        UpdateTask(key(TEAM, i), status=TaskStatus.IN_PROGRESS) for i in ("aa01", "aa03")
    )
    errors = (StorageFailure("/x", "disk full"), ClaimRefused("locked", "", can_be_forced=True))
    failures = tuple(EditFailure(e, why) for e, why in zip(edits, errors, strict=True))
    batch, result = EditBatch(edits, "start them"), BatchResult((), failures)
    async with opened(FailuresScreen(FRAME, batch, result)) as pilot:
        assert "F force 1" in shown(pilot)
    again = await result_of(FailuresScreen(FRAME, batch, result), "F")
    assert isinstance(edits[1], UpdateTask)
    assert again == replace(batch, edits=(replace(edits[1], is_forced=True),))
    in_draft = FailuresScreen(FRAME, batch, result, in_draft=True)
    assert await result_of(in_draft, "F") is UNSET


# Priorities


@SIZES
async def test_priority_of_several_moves_each_on_its_own_ladder(size: tuple[int, int]) -> None:
    keys = [key(TEAM, "aa01"), key(TEAM, "aa02"), key(TEAM, "aa03"), CRAWL, key(SESSION, "2")]
    async with opened(BulkPriorityScreen(FRAME, keys, 1), size) as pilot:
        text = shown(pilot)
        assert "Make 3 tasks one step more urgent?" in text
        for words in ("high → urgent", "low → medium", "10 → 11"):
            assert words in text
        assert "urgent is the most urgent" in text  # left out
        assert "takes no lock" in text
    batch = await result_of(BulkPriorityScreen(FRAME, keys, 1), "enter", size=size)
    assert batch.label == "raise 3 tasks in priority"
    assert {(e.key.id, e.priority, e.expected["priority"]) for e in batch.edits} == {
        ("aa01", "urgent", "high"),
        ("aa03", "medium", "low"),
        ("9f3c", "11", "10"),
    }


async def test_priority_of_several_goes_further_and_back_with_the_same_keys() -> None:
    keys = [LOCKED, CRAWL]
    batch = await result_of(BulkPriorityScreen(FRAME, keys, 1), "plus", "plus", "plus", "enter")
    assert {edit.key.id: edit.priority for edit in batch.edits} == {"aa03": "urgent", "9f3c": "14"}
    batch = await result_of(BulkPriorityScreen(FRAME, keys, 1), "minus", "minus", "enter")
    assert {edit.key.id: edit.priority for edit in batch.edits} == {"9f3c": "9"}
    assert batch.label == "lower 1 task in priority"
    assert await result_of(BulkPriorityScreen(FRAME, keys, 1), "minus", "enter") is UNSET


async def test_priority_of_several_in_a_list_that_has_none_says_why() -> None:
    plain = demo_list()
    refused = Capabilities({Verb.PRIORITY: "no ladder here"})
    plain = replace(plain, info=replace(plain.info, capabilities=refused))
    keys = [task.key for task in plain.tasks.values()]
    async with opened(BulkPriorityScreen(frame_of(several(plain)), keys, 1)) as pilot:
        assert "None of 21 marked tasks can be changed: no ladder here" in shown(pilot)


# The archive


@SIZES
async def test_archive_asks_and_archives_what_is_completed(size: tuple[int, int]) -> None:
    frame = frame_of(several(session(SESSION_ALLOWS)))
    done = [key(SESSION, "1")]
    async with opened(BulkArchiveScreen(frame, done), size) as pilot:
        assert "Archive 1 completed task?" in shown(pilot)
        await pilot.press("enter")
        assert "Archive 1 completed task?" in shown(pilot)
    batch = await result_of(BulkArchiveScreen(frame, done), "y", size=size)
    assert [(edit.key.id, edit.status) for edit in batch.edits] == [("1", TaskStatus.ARCHIVED)]
    assert await result_of(BulkArchiveScreen(frame, done), "n") is None
