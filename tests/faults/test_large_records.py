"""C6: large texts are shown cut, with how much is missing; what is over the caps as unreadable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from store.files.codec import MAX_VALUES
from store.model.errors import UnreadableTask
from store.model.snapshot import Snapshot
from store.model.task import TaskId, TaskKey
from store.systems.hive.native import NativeStore
from tests.contract import native
from tests.tui.colony import DEMO, task, task_list
from tests.tui.pane_host import PaneHost, frame_of, screen_lines, show
from tui.cli.program import program
from tui.widgets.detail_pane import DetailPane

LIST = "colony:large"
LARGE = 900_000


def said(root: Path, *words: str) -> str:
    done = CliRunner().invoke(program, [*words, "--root", str(root)])
    assert done.exit_code == 0, done.output
    return done.output


def test_large_texts_are_cut_on_the_command_line_and_whole_in_json(tmp_path: Path) -> None:
    whole = native.record(1, "S" * LARGE)
    lengthy = native.record(2, description="a line\n" * (LARGE // 7))
    native.write_list(tmp_path, LIST, whole, lengthy)
    shown = said(tmp_path, "ls", LIST)
    assert len(shown) < 5_000
    assert "…" in shown
    described = said(tmp_path, "show", LIST, "2")
    assert len(described) < 100_000
    assert "more lines" in described or "more characters" in described
    assert len(said(tmp_path, "show", LIST, "1", "--json")) > LARGE
    edited = NativeStore(tmp_path).update_task(LIST, 1, status="in_progress").record
    assert edited is not None
    assert edited.subject == "S" * LARGE  # an edit of another field cuts nothing


async def test_large_description_is_cut_on_the_screen_and_says_so() -> None:
    large = task(DEMO, 1, "Large", description="x" * LARGE)
    pane = DetailPane()
    async with PaneHost(pane).run_test(size=(100, 60)) as pilot:
        key = TaskKey(DEMO, TaskId("1"))
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, large)}), key))
        await pilot.pause()
        pane.focus()
        await pilot.press("end")
        await pilot.pause()
        shown = "\n".join(screen_lines(pane.app))
    assert "more characters" in shown


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"description": "x" * (1 << 20)}, "over the limit of 1048576"),
        ({"metadata": {f"k{n}": 1 for n in range(MAX_VALUES)}}, f"over {MAX_VALUES:,} values"),
    ],
)
def test_record_over_a_cap_is_shown_as_unreadable_and_never_edited(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    native.write_list(tmp_path, LIST, native.record(1), native.record(2, **fields))
    before = native.record_path(tmp_path, LIST, 2).read_bytes()
    assert reason in said(tmp_path, "show", LIST, "2")
    with pytest.raises(UnreadableTask, match=reason):
        NativeStore(tmp_path).update_task(LIST, 2, subject="Smaller")
    assert native.record_path(tmp_path, LIST, 2).read_bytes() == before
