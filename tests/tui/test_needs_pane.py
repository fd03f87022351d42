"""The queue pane: its rows, its cursor that stays on a need, and what it asks the screen to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.attention import NeedKind
from store.model.errors import LockHolder
from store.model.execution import Attempts, Execution
from store.model.receipts import Receipt
from store.model.snapshot import LockHold, Snapshot
from store.model.task import Capabilities, TaskId, TaskKey, TaskStatus
from tests.tui.colony import (
    ACTIVE,
    DEMO,
    NOW,
    PENDING,
    demo_list,
    demo_snapshot,
    hostile_snapshot,
    task,
    task_list,
)
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, show
from tui.view_state import Lens, ViewState
from tui.widgets.needs_pane import NeedsPane

VIEW = ViewState(lens=Lens.NEEDS_YOU)


def key(task_id: str) -> TaskKey:
    return TaskKey(DEMO, TaskId(task_id))


@pytest.mark.parametrize("size", [*SIZES, (51, 12)])
async def test_needs_pane_row_says_why_since_when_what_it_costs_and_the_key(
    size: tuple[int, int],
) -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), view=VIEW))
        await pilot.pause()
        lines = lines_of(pane)
        assert "Needs you · 4" in lines[0]
        assert lines[1].split()[1:] == ["#", "why", "since", "hold", "lost", "key", "│"]
        assert lines[2].split()[1:5] == ["◷", "10", "cy", "silent"]
        assert lines[2].split()[-5:-1] == ["41m", "2", "41m", "R"] or size[0] >= 84
        assert lines[3].split()[1:4] == ["⌀", "31", "#32"]
        assert all(len(line) == size[0] for line in lines)


async def test_needs_pane_wide_rows_name_the_list_and_the_answer() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=(140, 20)) as pilot:
        show([pane], frame_of(demo_snapshot(), view=VIEW))
        await pilot.pause()
        row = next(line for line in lines_of(pane) if "cy silent" in line)
        assert "demo-colony" in row
        assert "R release" in row
        assert any("u clean" in line for line in lines_of(pane))


async def test_needs_pane_cursor_tells_its_task_and_stays_with_it() -> None:
    pane = NeedsPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        frame = frame_of(Snapshot({DEMO: demo_list()}), view=VIEW)
        show([pane], frame)
        await pilot.pause()
        assert pane.selected == key("10")
        pane.focus()
        await pilot.press("down")
        assert pane.selected == key("31")
        worse = task(DEMO, 40, "Held by many", ACTIVE, "zoe", minutes=99)
        held = [task(DEMO, 41 + n, f"Waits {n}", PENDING, "eve", (40,)) for n in range(5)]
        grown = task_list(DEMO, *demo_list().tasks.values(), worse, *held)
        show([pane], replace(frame, snapshot=Snapshot({DEMO: grown})))
        await pilot.pause()
        assert pane.rows[0].facts.need.task == "40"
        assert pane.selected == key("31")
        told = [message.key for message in app.said_of(NeedsPane.Highlighted)]
        assert told == [key("10"), key("31")]


async def test_needs_pane_answered_need_gives_its_place_to_the_next() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), view=VIEW))
        await pilot.pause()
        second = pane.rows[1].facts.need.task
        tasks = demo_list().tasks
        freed = replace(tasks[TaskId("10")], updated_at=NOW)
        others = [one for one in tasks.values() if one.id != "10"]
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, *others, freed)}), view=VIEW))
        await pilot.pause()
        assert pane.selected == key(str(second))


async def test_needs_pane_enter_asks_for_the_answer_and_a_click_only_goes_there() -> None:
    pane = NeedsPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), view=VIEW))
        await pilot.pause()
        await pilot.click(pane, offset=(8, 3))
        assert pane.selected == key("31")
        assert app.said_of(NeedsPane.Answered) == []
        pane.focus()
        await pilot.press("enter")
        assert [m.need.kind for m in app.said_of(NeedsPane.Answered)] == [NeedKind.CYCLE]


async def test_needs_pane_lists_and_edits_have_rows_too() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=(160, 20)) as pilot:
        stuck = task_list(DEMO, task(DEMO, 1, "Held", PENDING, "ann", (9,)))
        held = {DEMO: LockHold(LockHolder(77, "agent", None), NOW - 95)}
        receipt = Receipt(key("1"), "owner → ann", "ann", NOW - 900)
        snapshot = replace(Snapshot({DEMO: stuck}), locks=held)
        show([pane], frame_of(snapshot, view=VIEW, receipts=(receipt,)))
        await pilot.pause()
        assert "Needs you · 4" in lines_of(pane)[0]
        shown = "\n".join(lines_of(pane))
        assert "its lock is never seen free, held by pid 77 (agent)" in shown
        assert "nothing can start: 1 blocked, 1 of them for ever, none ready" in shown
        assert "owner → ann: no sign that ann has seen it" in shown
        assert pane.selected is None
        assert pane.select(key("1"))
        assert pane.selected == key("1")


async def test_needs_pane_failed_task_says_its_error_and_how_it_is_retried_or_why_not() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=(160, 20)) as pilot:
        tried = Execution(attempts=Attempts(3, 3, "no oven"))
        gave_up = task(DEMO, 1, "Smelt it", TaskStatus.FAILED, execution=tried)
        stuck = task_list(DEMO, gave_up, task(DEMO, 2, "Next", PENDING, "ann", (1,)))
        show([pane], frame_of(Snapshot({DEMO: stuck}), view=VIEW))
        await pilot.pause()
        row = next(line for line in lines_of(pane) if "Smelt" in line)
        assert "↯" in row
        assert "Smelt it failed, attempt 3 of 3: no oven" in row
        assert row.split()[-6:-1] == ["8m", "1", "8m", "s", "retry"]
        info = replace(stuck.info, capabilities=Capabilities.read_only("nobody locks it"))
        show([pane], frame_of(Snapshot({DEMO: replace(stuck, info=info)}), view=VIEW))
        await pilot.pause()
        row = next(line for line in lines_of(pane) if "Smelt" in line)
        assert "it cannot be retried here: nobody locks it" in row
        assert row.split()[-3:-1] == ["↵", "open"]


async def test_needs_pane_silent_owner_in_a_read_only_list_leads_to_the_task_and_says_why() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=(160, 20)) as pilot:
        stuck = task_list(DEMO, task(DEMO, 1, "Left lying", ACTIVE, "cy", minutes=50))
        info = replace(stuck.info, capabilities=Capabilities.read_only("nobody locks it"))
        show([pane], frame_of(Snapshot({DEMO: replace(stuck, info=info)}), view=VIEW))
        await pilot.pause()
        row = next(line for line in lines_of(pane) if "Left lying" in line)
        assert "cy silent Left lying" in row
        assert "it cannot be released here: nobody locks it" in row
        assert row.split()[-3:-1] == ["↵", "open"]


async def test_needs_pane_owner_who_writes_elsewhere_is_told_as_evidence() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test(size=(160, 20)) as pilot:
        tasks = [
            task(DEMO, 1, "Left lying", ACTIVE, "cy", minutes=50),
            task(DEMO, 2, "Worked on", ACTIVE, "cy", minutes=3),
        ]
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, *tasks)}), view=VIEW))
        await pilot.pause()
        assert "cy silent (wrote elsewhere 3m ago) Left lying" in "\n".join(lines_of(pane))


async def test_needs_pane_search_hides_and_says_how_many() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test() as pilot:
        view = replace(VIEW, query="owner:cy")
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), view=view))
        await pilot.pause()
        assert [row.facts.need.task for row in pane.rows] == ["10"]
        assert "3 hidden by the search" in lines_of(pane)[-1]


async def test_needs_pane_nothing_to_do_says_so() -> None:
    pane = NeedsPane()
    async with PaneHost(pane).run_test() as pilot:
        calm = task_list(DEMO, task(DEMO, 1, "Alone", ACTIVE, "ann", minutes=1))
        show([pane], frame_of(Snapshot({DEMO: calm}), view=VIEW))
        await pilot.pause()
        assert "nothing needs you" in lines_of(pane)[2]
        pane.focus()
        await pilot.press("down", "enter")
        assert pane.selected is None


async def test_needs_pane_many_needs_are_drawn_only_where_they_are_seen() -> None:
    made: list[int] = []

    class Counting(NeedsPane):
        def facts_at(self, rows, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            made.append(1)
            return super().facts_at(rows, place)

    pane = Counting()
    async with PaneHost(pane).run_test(size=(80, 24)) as pilot:
        many = [task(DEMO, n, f"Task {n}", PENDING, "ann", (99_999,)) for n in range(1, 5000)]
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, *many)}), view=VIEW))
        await pilot.pause()
        pane.focus()
        made.clear()
        await pilot.press("end")
        assert pane.cursor == len(pane.rows) - 1
        assert len(made) < 500


async def test_needs_pane_hostile_texts_leave_only_text_in_ascii_too() -> None:
    for ascii_only in (False, True):
        pane = NeedsPane()
        async with PaneHost(pane).run_test(size=(100, 40)) as pilot:
            show([pane], frame_of(hostile_snapshot(), view=VIEW, ascii=ascii_only))
            await pilot.pause()
            shown = "\n".join(lines_of(pane))
            assert not set(shown) & {"\x1b", "\x9b", "\x07", "\u202e", "\u2066"}
            assert "Needs you" in shown
