"""The activity pane: newest first, readable changes, a view that stays where it was scrolled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from store.model.snapshot import Change, ChangeKind, Snapshot, diff
from store.model.task import Problem, ProblemKind, Task, TaskId, TaskKey
from tests.tui.colony import ACTIVE, DEMO, DONE, NOW, demo_list, demo_snapshot, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, screen_lines, show
from tui.widgets.activity_pane import MOST_LINES, ActivityPane


def changes_of(**changed: Task | None) -> list[Change]:
    """What differs when the demo's tasks are replaced (`t9=…`), or removed (None)."""
    before = demo_list()
    tasks = dict(before.tasks)
    for name, now in changed.items():
        task_id = TaskId(name[1:])
        tasks.pop(task_id, None)
        if now is not None:
            tasks[task_id] = now
    after = task_list(DEMO, *tasks.values())
    return diff(Snapshot({DEMO: before}), Snapshot({DEMO: after}, scanned_at=NOW))


def moved(number: int, at: float = NOW) -> Change:
    key = TaskId(str(number))
    return Change(ChangeKind.CHANGED, DEMO, key, "status", "pending", "in_progress", at, "bo", "S")


def demo_task(task_id: str) -> Task:
    return demo_list().tasks[TaskId(task_id)]


@pytest.mark.parametrize("size", [*SIZES, (80, 5)])
async def test_activity_pane_one_line_tells_who_what_and_from_whom(size: tuple[int, int]) -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame_of(demo_snapshot()))
        done = replace(demo_task("9"), status=DONE, native_status="completed", updated_at=NOW - 1)
        pane.add(changes_of(t9=done), "derived")
        await pilot.pause()
        first = lines_of(pane)[1]
        words = first.strip(" │").split()
        named = "#9" if size[0] >= 100 else "demo-co…/#9"
        assert words[1:6] == ["bo", named, "in_progress", "→", "✓"]
        assert f"completed  Extract{'ing tables' if size[0] >= 100 else ''}" in first
        assert words[-1] == "agent?"
        assert ("demo-colony" in first) == (size[0] >= 100)


async def test_activity_pane_says_every_kind_of_change_in_words() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=(110, 30)) as pilot:
        broken = Problem(ProblemKind.UNREADABLE, "not JSON", TaskId("17"))
        renamed = replace(demo_task("13"), subject="Score leads", owner="ann", updated_at=NOW)
        edges = replace(demo_task("16"), blocked_by=(TaskId("10"), TaskId("9")), updated_at=NOW)
        meta = replace(demo_task("7"), metadata={"cost": 1, "note": "x"}, updated_at=NOW)
        found = changes_of(
            t13=renamed,
            t16=edges,
            t7=meta,
            t14=None,
            t17=replace(demo_task("17"), problems=(broken,)),
            t40=replace(demo_task("9"), key=TaskKey(DEMO, TaskId("40")), subject="Summarise"),
        )
        pane.add(found, "derived")
        await pilot.pause()
        text = "\n".join(screen_lines(pane.app))
        assert "renamed, was Score companies" in text
        assert "owner bo → ann" in text
        assert "blocked by +9 -12" in text
        assert "metadata +note -tokens -tools ~cost" in text
        assert "vanished Draft outreach copy" in text
        assert "unreadable not JSON" in text
        assert "+ created Summarise" in text


@pytest.mark.parametrize(
    ("changed", "who"),
    [
        ({"t9": {"status": DONE, "native_status": "completed"}}, "bo"),
        ({"t9": {"metadata": {"note": "x"}}}, "bo"),
        ({"t9": {"active_form": "Extracting more"}}, "bo"),
        ({"t9": {"description": "More"}}, "bo"),
        ({"t9": {"owner": "ann"}}, "?"),
        ({"t9": {"status": DONE, "native_status": "completed", "owner": "ann"}}, "?"),
        ({"t9": {"owner": None, "status": DONE, "native_status": "completed"}}, "?"),
        ({"t17": {"description": "More"}}, "?"),
        ({"t9": None}, "?"),
        ({"t40": {"key": TaskKey(DEMO, TaskId("40"))}}, "?"),
    ],
)
async def test_activity_pane_observed_change_names_its_owner_only_where_that_is_likely(
    changed: dict[str, dict[str, Any] | None], who: str
) -> None:
    name, fields = next(iter(changed.items()))
    pane = ActivityPane()
    near = demo_task("17" if name == "t17" else "9")
    now = None if fields is None else replace(near, updated_at=NOW, **fields)
    async with PaneHost(pane).run_test(size=(110, 10)) as pilot:
        pane.add(changes_of(**{name: now}), "derived")
        await pilot.pause()
        lines = [line for line in lines_of(pane) if f"#{name[1:]} " in line]
        assert lines
        assert lines[0].strip(" │").split()[1] == who
        assert lines[0].strip(" │").split()[-1] == ("derived" if who == "?" else "agent?")


async def test_activity_pane_list_that_came_or_went_names_nobody() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=(110, 10)) as pilot:
        pane.add(diff(Snapshot(), Snapshot({DEMO: task_list(DEMO)}, scanned_at=NOW)), "derived")
        pane.add(diff(Snapshot({DEMO: task_list(DEMO)}), Snapshot(scanned_at=NOW)), "derived")
        await pilot.pause()
        assert [row.facts.who for row in pane.rows] == ["?", "?"]
        assert "list vanished" in lines_of(pane)[1]


async def test_activity_pane_newest_is_on_top() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test() as pilot:
        pane.add([moved(1, NOW), moved(2, NOW - 30)], "derived")
        pane.add_line("saved", at=NOW, key=TaskKey(DEMO, TaskId("3")))
        await pilot.pause()
        assert [row.facts.key.id for row in pane.rows if row.facts.key] == ["3", "1", "2"]
        assert "you" in lines_of(pane)[1]


async def test_activity_pane_scrolled_away_view_stays_and_counts_what_is_new() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=(80, 12)) as pilot:
        pane.add([moved(n, NOW + n) for n in range(50)], "derived")
        pane.focus()
        await pilot.press("pagedown", "pagedown", "pagedown")
        await pilot.pause()
        before = [line[:-4] for line in lines_of(pane)[1:-1]]
        pane.add([moved(n, NOW + n) for n in (60, 61, 62)], "derived")
        await pilot.pause()
        after = lines_of(pane)
        assert [line[:-4] for line in after[1:-1]] == before
        assert "3 new" in after[-1]
        await pilot.press("home")
        await pilot.pause()
        assert "new" not in lines_of(pane)[-1]
        assert "#62" in lines_of(pane)[1]


async def test_activity_pane_flood_keeps_a_bounded_number_of_lines() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test() as pilot:
        pane.add([moved(n, NOW + n) for n in range(10_000)], "derived")
        await pilot.pause()
        assert len(pane.rows) == MOST_LINES
        assert "#9999" in lines_of(pane)[1]


async def test_activity_pane_enter_picks_the_task() -> None:
    pane = ActivityPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        pane.add([moved(7)], "derived")
        pane.focus()
        await pilot.press("enter")
        picked = [m.key for m in app.said_of(ActivityPane.Picked)]
        assert picked == [TaskKey(DEMO, TaskId("7"))]


async def test_activity_pane_several_fields_at_once_are_one_line() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=(110, 10)) as pilot:
        claimed = replace(
            demo_task("17"), status=ACTIVE, native_status="in_progress", owner="ann", updated_at=NOW
        )
        pane.add(changes_of(t17=claimed), "derived")
        await pilot.pause()
        assert len(pane.rows) == 1
        assert "pending → ▸ in_progress · owner - → ann" in lines_of(pane)[1]


async def test_activity_pane_merged_lists_in_a_narrow_pane_prefix_the_id_with_the_list() -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test(size=(80, 24)) as pilot:
        show([pane], frame_of(demo_snapshot()))
        pane.add([moved(7)], "derived")
        await pilot.pause()
        assert " demo-co…/#7 " in lines_of(pane)[1]
        show([pane], frame_of(Snapshot({DEMO: demo_list()})))
        await pilot.pause()
        assert "demo-co" not in lines_of(pane)[1]


@pytest.mark.parametrize(("operator", "shown"), [({}, "you"), ({"operator": "kim"}, "kim")])
async def test_activity_pane_own_edits_appear_under_the_operators_name(
    operator: dict[str, Any], shown: str
) -> None:
    pane = ActivityPane()
    async with PaneHost(pane).run_test() as pilot:
        pane.add_line("owner → zoe", at=NOW, key=TaskKey(DEMO, TaskId("3")), **operator)
        await pilot.pause()
        assert lines_of(pane)[1].strip(" │").split()[1:3] == [shown, "#3"]
