"""The detail pane: everything about the selected task, and nothing that it does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.counting import roll_up
from store.model.derivation import Deriving
from store.model.receipts import Receipt, ReceiptState
from store.model.snapshot import Snapshot
from store.model.task import Capabilities, Problem, ProblemKind, TaskId, TaskKey
from tests.tui.colony import ACTIVE, DEMO, NOW, PENDING, demo_list, task, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, screen_lines, show
from tui.view_state import Frame
from tui.why_text import why_lines
from tui.widgets.detail_pane import DetailPane


def demo_frame(task_id: str) -> Frame:
    return frame_of(Snapshot({DEMO: demo_list()}), TaskKey(DEMO, TaskId(task_id)))


async def shown(frame: Frame, size: tuple[int, int] = (100, 60)) -> str:
    pane = DetailPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame)
        await pilot.pause()
        return "\n".join(line.strip(" │").rstrip() for line in screen_lines(pane.app))


@pytest.mark.parametrize("size", SIZES)
async def test_detail_pane_blocked_task_says_why_and_what_follows(size: tuple[int, int]) -> None:
    text = await shown(demo_frame("12"), size)
    assert "#12 Build search index" in text
    assert "⊘ blocked · owner ann · wave 2" in text
    assert "Why not ready" in text
    assert "#7 Crawling target URLs: in_progress, owned by ann" in text
    assert "#16 still waits on #10" in text


async def test_detail_pane_root_says_what_becomes_ready() -> None:
    text = await shown(demo_frame("7"))
    assert "→ #12 becomes ready" in text
    assert "holds 3 open tasks in all" in text
    assert "Fetch every seed domain" in text
    assert 'tools         ["fetch", "parse"]' in text
    assert "cost          0.42" in text


async def test_detail_pane_edges_show_states_and_missing_ends() -> None:
    one = task_list(
        DEMO,
        task(DEMO, 1, "First", owner="ann"),
        task(DEMO, 2, "Second", PENDING, "bo", (1, 99), blocks=(TaskId("1"),)),
    )
    text = await shown(frame_of(Snapshot({DEMO: one}), TaskKey(DEMO, TaskId("2"))))
    assert "Blocked by · 2" in text
    assert "◦ #1 First  ann" in text
    assert "⌀ #99 not in the list" in text
    assert "Blocks · 1" in text


async def test_detail_pane_problem_shows_its_way_out_and_unknown_fields() -> None:
    problem = Problem(
        ProblemKind.HALF_EDGE, "#2 does not list it", TaskId("1"), "/p/0001.json", "doctor --repair"
    )
    broken = task(DEMO, 1, "Odd", problems=(problem,), extra={"estimate": {"hours": 3}})
    frame = frame_of(Snapshot({DEMO: task_list(DEMO, broken)}), TaskKey(DEMO, TaskId("1")))
    text = await shown(frame)
    assert "#2 does not list it" in text
    assert "way out: doctor --repair" in text
    assert "/p/0001.json" in text
    assert 'estimate      {"hours": 3}' in text


async def test_detail_pane_tells_roots_the_cheapest_way_and_the_critical_path() -> None:
    text = await shown(demo_frame("18"), (120, 60))
    assert "on the critical path" in text
    assert "At the root of it" in text
    assert "#7 ann, last write 12m ago · holds 3" in text
    assert "Cheapest way to free #18 · price 105" in text
    assert "1 clean #4 from #15: archived, never clears · free" in text
    assert "2 release #10: cy has it in progress and is silent 41m · price 10" in text


async def test_detail_pane_phantom_says_what_the_owning_tool_makes_of_it_and_the_key() -> None:
    text = await shown(demo_frame("15"), (140, 60))
    assert "archived: #4 is archived, which never frees what waits on it  press u" in text
    assert "Hive's own claim counts it as open, and waits for ever" in text


async def test_detail_pane_words_are_those_of_the_command_line() -> None:
    frame = demo_frame("18")
    task_list = frame.snapshot.lists[DEMO]
    loads = roll_up(task_list).owners
    task = task_list.tasks[TaskId("18")]
    said = why_lines(Deriving().derive(task_list, task, loads, frame.now), frame.now)
    text = await shown(frame, (160, 60))
    assert len(said) > 8
    assert [line.text for line in said if line.text not in text] == []


async def test_detail_pane_own_edits_show_whether_they_were_seen() -> None:
    key = TaskKey(DEMO, TaskId("12"))
    receipt = Receipt(key, "owner → ann", "ann", NOW - 120)
    seen = Receipt(
        key, "subject", "bo", NOW - 300, ReceiptState.SEEN, NOW - 60, "wrote #9 (status)"
    )
    text = await shown(replace(demo_frame("12"), receipts=(receipt, seen)))
    assert "→ owner → ann: ann has not seen it for 2m" in text
    assert "✓ subject: seen by bo 1m ago (inferred: wrote #9 (status))" in text


async def test_detail_pane_needs_you_names_the_key() -> None:
    assert (
        "needs you: in progress, silent, holds 2, 41 agent-min lost (cy)  press R"
        in await shown(demo_frame("10"))
    )


async def test_detail_pane_answer_to_a_blocker_names_it_and_a_refused_one_says_why_once() -> None:
    plan = task_list(
        DEMO,
        task(DEMO, 1, "Silent", ACTIVE, "cy", minutes=90),
        task(DEMO, 2, "Silent too", ACTIVE, "cy", minutes=90),
        task(DEMO, 3, "Next", PENDING, "ann", (1, 2, 99)),
        task(DEMO, 4, "Last", PENDING, "ann", (3,)),
    )
    waiting, silent = TaskKey(DEMO, TaskId("3")), TaskKey(DEMO, TaskId("1"))
    text = await shown(frame_of(Snapshot({DEMO: plan}), waiting), (120, 60))
    assert "on #1: R" in text
    assert "on #2: R" in text
    assert "press u" in text
    assert "press R" not in text
    info = replace(plan.info, capabilities=Capabilities.read_only("nobody locks it"))
    locked = Snapshot({DEMO: replace(plan, info=info)})
    text = await shown(frame_of(locked, waiting), (120, 60))
    assert text.count("cannot be released here: nobody locks it") == 1
    assert "cannot be unblocked here: nobody locks it" in text
    assert "on #" not in text
    assert "press" not in text
    text = await shown(frame_of(locked, silent), (120, 60))
    assert "it cannot be released here: nobody locks it" in text
    assert "press" not in text


async def test_detail_pane_nothing_selected_or_gone_says_so() -> None:
    assert "No task is selected." in await shown(frame_of(Snapshot()))
    assert "no longer there" in await shown(demo_frame("777"))


async def test_detail_pane_clock_alone_does_not_touch_the_description() -> None:
    pane = DetailPane()
    async with PaneHost(pane).run_test(size=(80, 60)) as pilot:
        frame = demo_frame("7")
        show([pane], frame)
        await pilot.pause()
        body = pane.query_one("#detail-body").visual  # type: ignore[attr-defined]
        show([pane], replace(frame, now=NOW + 60))
        await pilot.pause()
        assert pane.query_one("#detail-body").visual is body  # type: ignore[attr-defined]
        assert "(13m)" in "\n".join(screen_lines(pane.app))


async def test_detail_pane_long_description_scrolls_and_a_new_task_starts_on_top() -> None:
    pane = DetailPane()
    long = task(DEMO, 1, "Long", description="line\n" * 5000)
    one = task_list(DEMO, long, task(DEMO, 2, "Short"))
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(Snapshot({DEMO: one}), long.key))
        pane.focus()
        await pilot.press("end")
        await pilot.pause()
        assert "more lines" in "\n".join(screen_lines(pane.app))
        show([pane], frame_of(Snapshot({DEMO: one}), TaskKey(DEMO, TaskId("2"))))
        await pilot.pause()
        assert "#2 Short" in screen_lines(pane.app)[1]


async def test_detail_pane_metadata_too_deep_is_said_not_raised() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    one = task_list(DEMO, task(DEMO, 1, "Deep", metadata={"deep": deep}))
    text = await shown(frame_of(Snapshot({DEMO: one}), TaskKey(DEMO, TaskId("1"))))
    assert "nested too deeply" in text
    while deep:  # freed level by level: the interpreter's own recursion is limited too
        deep = deep.pop()  # type: ignore[assignment]


async def test_detail_pane_wrapped_reason_begins_under_its_own_words() -> None:
    pane = DetailPane()
    async with PaneHost(pane).run_test(size=(40, 24)) as pilot:
        long = "Crawl " + "very many target pages " * 4
        waits = task(DEMO, 2, "Build", blocked_by=(1,))
        lists = {DEMO: task_list(DEMO, task(DEMO, 1, long, owner="ann"), waits)}
        show([pane], frame_of(Snapshot(lists), TaskKey(DEMO, TaskId("2"))))
        await pilot.pause()
        lines = [row[2:] for row in lines_of(pane)]
        first = next(n for n, row in enumerate(lines) if row.startswith("Blocked by")) + 1
        assert lines[first].startswith("  ◦ #1 Crawl")
        assert lines[first + 1].startswith("    ")
        assert lines[first + 1][4] != " "


async def test_detail_pane_read_only_needs_you_names_no_key() -> None:
    text = await shown(replace(demo_frame("10"), read_only=True))
    assert "needs you: in progress, silent, holds 2, 41 agent-min lost (cy)" in text
    assert "press" not in text
