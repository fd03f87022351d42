"""The header: counts, and the truth about how fresh the view is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from store.model.snapshot import RootState, Snapshot, WatchMode
from tests.tui.colony import DEMO, ROOT, demo_snapshot
from tests.tui.pane_host import SIZES, PaneHost, frame_of, screen_lines, show
from tui.view_state import ViewState
from tui.widgets.header_bar import HeaderBar


async def header(size: tuple[int, int] = (80, 24), **fields: Any) -> str:
    bar = HeaderBar()
    snapshot = fields.pop("snapshot", demo_snapshot())
    async with PaneHost(bar).run_test(size=size) as pilot:
        show([bar], frame_of(snapshot, **fields))
        await pilot.pause()
        return screen_lines(bar.app)[0]


@pytest.mark.parametrize("size", [*SIZES, (40, 24), (20, 5)])
async def test_header_bar_any_width_fills_one_row_exactly(size: tuple[int, int]) -> None:
    line = await header(size, read_only=True)
    assert len(line) == size[0]
    assert "live" in line


async def test_header_bar_counts_every_list_or_the_chosen_one() -> None:
    assert "⚑5  ▸3 ◦3 ⊘9 ◷1 ✓16" in await header()
    one = await header(view=ViewState(list_key=DEMO))
    assert "demo-colony of 3 lists" in one
    assert "⚑4  ▸2 ◦2 ⊘7 ◷1 ✓8" in one
    assert ROOT in await header((160, 48))


async def test_header_bar_fresh_late_paused_and_read_only_say_so() -> None:
    assert "live 0.2s" in await header()
    assert "LATE 12s" in await header(scan_age_s=12.0)
    assert "LATE 12s" in await header(scan_age_s=12.0, paused=True)
    assert "paused +14 changes" in await header(paused=True, unseen_changes=14)
    assert "READ-ONLY" in await header(read_only=True)
    assert "UNLOCKED" in await header(edits_unlocked=True)
    assert "UNLOCKED" not in await header(edits_unlocked=True, read_only=True)
    assert "loading" in await header(scan_age_s=None)


async def test_header_bar_watch_mode_is_told() -> None:
    for mode, word in ((WatchMode.POLLING, "polling 0.2s"), (WatchMode.WAITING, "waiting for")):
        roots = (RootState(ROOT, "default", True, mode),)
        snapshot = replace(demo_snapshot(), roots=roots)
        assert word in await header(snapshot=snapshot)


async def test_header_bar_without_lists_and_in_ascii() -> None:
    assert "no lists yet" in await header(snapshot=Snapshot())
    away = await header(snapshot=Snapshot(), put_away=demo_snapshot().lists)
    assert "3 lists put away" in away
    assert "no lists yet" not in away
    line = await header(ascii=True)
    assert line.isascii()
    assert "!5  >3 .3 #9 ?1 x16" in line
