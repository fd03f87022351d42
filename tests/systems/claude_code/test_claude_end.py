"""Before an edit lets Claude Code delete a list, whoever makes it is told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from store.model.edits import DeleteTask, Edit, UpdateTask
from store.model.foresight import foresee, foresee_all
from store.model.snapshot import Snapshot
from store.model.task import TaskStatus
from tests.systems.claude_code.a_list import Scene, put, raw
from tui.cli.program import program
from tui.screens.effect_text import effect_lines
from tui.view_state import Frame

SAID = "deletes all of them"
NARROWEST = 72
"""Cells of a line in a picker of a terminal with 80 columns, its indent counted."""


def done(scene: Scene, number: int) -> Edit:
    return UpdateTask(scene.of(number), status=TaskStatus.COMPLETED)


def test_edit_that_completes_the_last_open_task_is_warned_of_and_others_are_not(
    scene: Scene,
) -> None:
    put(scene.place, 1, status="completed")
    put(scene.place, 2)
    put(scene.place, 3)
    shown = scene.settle()
    assert foresee(shown, done(scene, 2)).warning is None
    assert foresee_all(shown, [done(scene, 2)]).warning is None
    both = foresee_all(shown, [done(scene, 2), done(scene, 3)]).warning
    assert both is not None
    assert SAID in both
    put(scene.place, 3, status="completed")
    shown = scene.settle()
    assert foresee(shown, done(scene, 2)).warning == both
    assert foresee(shown, UpdateTask(scene.of(2), subject="x")).warning is None
    assert foresee(shown, UpdateTask(scene.of(1), subject="x")).warning is None
    assert foresee(shown, DeleteTask(scene.of(2))).warning is None


def test_picker_shows_the_warning(scene: Scene) -> None:
    put(scene.place, 1)
    shown = scene.settle()
    frame = Frame(Snapshot({scene.key: shown}))
    lines = [line.plain for line in effect_lines(frame, foresee(shown, done(scene, 1)))]
    assert any(SAID in line for line in lines)
    assert all(len(line) <= NARROWEST for line in lines if SAID in line)


def test_command_warns_before_it_completes_the_last_open_task(scene: Scene) -> None:
    for number in (1, 2):
        put(scene.place, number)
    for number, is_last in ((1, False), (2, True)):
        words = ["--root", str(scene.root), "done", "plan", str(number)]
        answer = CliRunner().invoke(program, words)
        assert answer.exit_code == 0, answer.output
        assert (SAID in answer.stderr) is is_last
        assert SAID not in answer.stdout
        assert raw(scene.place, number)["status"] == "completed"


@pytest.mark.parametrize("form", ["text", "json"])
def test_dry_run_prints_the_warning_and_leaves_the_task(scene: Scene, form: str) -> None:
    put(scene.place, 1)
    words = ["--root", str(scene.root), "done", "plan", "1", "--dry-run"]
    answer = CliRunner().invoke(program, [*words, "--json"] if form == "json" else words)
    assert answer.exit_code == 0, answer.output
    if form == "json":
        assert SAID in json.loads(answer.stdout)["effects"]["warning"]
    else:
        assert f"{SAID} about 5 s later" in answer.stdout
    assert raw(scene.place, 1)["status"] == "pending"
