"""The owners pane: load, silence and the last hour of each owner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.colony import DEMO, NOW, demo_snapshot, task, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, show
from tui.glyphs import signs
from tui.view_state import ViewState
from tui.widgets.owners_pane import OwnersPane


@pytest.mark.parametrize("size", [*SIZES, (27, 9)])
async def test_owners_pane_silent_owner_first_nobody_last(size: tuple[int, int]) -> None:
    pane = OwnersPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        owners = [row.facts.owner for row in pane.rows]
        assert owners == ["cy", "ann", "bo", "dee", "eve", "queen", None]
        lines = lines_of(pane)
        assert "41m" in lines[2]
        assert all(len(line) == size[0] for line in lines)


async def test_owners_pane_narrow_pane_keeps_figures_age_and_sparkline() -> None:
    pane = OwnersPane()
    async with PaneHost(pane).run_test(size=(29, 9)) as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        heading, cy, ann = lines_of(pane)[1:4]
        assert heading[1:-2].split()[:7] == ["owner", "▸", "◦", "⊘", "◷", "✓", "age"]
        assert cy[1:].split()[:7] == ["cy", "·", "·", "·", "1", "1", "41m"]
        assert ann[1:].split()[:6] == ["ann", "1", "·", "2", "·", "3"]
        assert "▇" in cy


async def test_owners_pane_one_list_counts_only_its_tasks() -> None:
    pane = OwnersPane()
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(demo_snapshot(), view=ViewState(list_key=DEMO)))
        await pilot.pause()
        facts = {row.facts.owner: row.facts for row in pane.rows}
        assert (facts["bo"].active, facts["bo"].done) == (1, 3)
        assert "eve" not in facts


async def test_owners_pane_age_ticks_with_the_clock_alone() -> None:
    pane = OwnersPane()
    async with PaneHost(pane).run_test() as pilot:
        frame = frame_of(demo_snapshot())
        show([pane], frame)
        await pilot.pause()
        show([pane], replace(frame, now=NOW + 120))
        await pilot.pause()
        assert next(row.facts.age for row in pane.rows if row.facts.owner == "cy") == "43m"
        assert pane.rows[0].facts.writes != ()


async def test_owners_pane_enter_picks_the_owner_and_nobody() -> None:
    pane = OwnersPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        show([pane], frame_of(demo_snapshot()))
        pane.focus()
        await pilot.press("enter", "end", "enter")
        assert [m.owner for m in app.said_of(OwnersPane.Picked)] == ["cy", None]


@pytest.mark.parametrize("ascii", [False, True])
async def test_owners_pane_names_that_look_alike_are_marked_and_kept_apart(ascii: bool) -> None:
    names = ("ann", "\u0430nn", "bo")
    tasks = [task(DEMO, number, "Work", owner=name) for number, name in enumerate(names, 1)]
    snapshot = replace(demo_snapshot(), lists={DEMO: task_list(DEMO, *tasks)})
    pane = OwnersPane()
    async with PaneHost(pane).run_test(size=(60, 9)) as pilot:
        show([pane], frame_of(snapshot, ascii=ascii))
        await pilot.pause()
        assert {row.facts.owner for row in pane.rows} == set(names)
        marked = [text for text in lines_of(pane) if f" {signs(ascii).alike} " in text]
        assert len(marked) == 2
        assert not any("bo " in text for text in marked)
