"""Real processes killed between intent and outcome: undo tells by comparing what was made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import UpdateTask
from tests.contract import native
from tests.journal.colony import LIST, Colony

pytestmark = pytest.mark.processes

HERE = Path(__file__).parents[2]

_DIES = """
import os, signal, sys
from pathlib import Path
from store.journal import ledger
from store.model.edits import *
from store.model.task import *
from store.operating import Operator
from store.workspace import RootSpec, Workspace

root, state, when, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
workspace = Workspace([RootSpec(root, "test")])
workspace.scan()
(key,) = workspace.snapshot.lists
task = lambda number: TaskKey(key, TaskId(number))

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

operator = Operator(workspace, state=state)
operator.apply(UpdateTask(task("3"), owner="before"))
if when == "before":
    workspace.apply = workspace.apply_all = die
else:
    ledger.OpenStep.settle = die
edits = {
    "update": UpdateTask(task("3"), owner="dee", metadata_patch={"a": 1}),
    "edges": UpdateTask(task("2"), remove_blocked_by=(TaskId("1"),)),
    "delete": DeleteTask(task("1")),
    "create": CreateTask(key, "Brand new", blocked_by=(TaskId("3"),)),
    "claim": ClaimTask(task("4"), "dee"),
    "release": ReleaseTask(task("1")),
}
if what == "batch":
    two = (UpdateTask(task("3"), owner="dee"), DeleteTask(task("1")))
    operator.apply_all(EditBatch(two, "two"))
else:
    operator.apply(edits[what])
"""

KINDS = ("update", "edges", "delete", "create", "claim", "release", "batch")


def killed(colony: Colony, when: str, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DIES, str(colony.root), str(colony.state), when, what],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == -9, done.stderr


def stored(colony: Colony) -> dict[int, dict[str, Any]]:
    """What is in the list, without times."""
    paths = native.record_path(colony.root, LIST, 1).parent.glob("*.json")
    return {int(path.stem): colony.stored(int(path.stem)) for path in paths}


@pytest.mark.parametrize("what", KINDS)
def test_undo_after_a_kill_behind_the_commit_takes_the_edit_back(colony: Colony, what: str) -> None:
    colony.write(native.record(4, "Free to claim"))
    killed(colony, "after", what)
    made = stored(colony)
    operator = colony.operator()
    assert operator.undo().is_whole
    back = stored(colony)
    assert back != made
    assert operator.undo().is_whole, "the edit before the crash"
    first = stored(colony)
    assert first[3] == {**back[3], "owner": None}
    assert set(first) == {1, 2, 3, 4}
    assert (first[1]["blocks"], first[2]["blocked_by"]) == ([2], [1])
    assert first[1]["owner"] == "ann"
    assert first[3]["metadata"] == {}


@pytest.mark.parametrize("what", KINDS)
def test_undo_after_a_kill_before_the_commit_changes_nothing_and_says_so(
    colony: Colony, what: str
) -> None:
    colony.write(native.record(4, "Free to claim"))
    killed(colony, "before", what)
    there = stored(colony)
    operator = colony.operator()
    outcome = operator.undo()
    assert not outcome.is_made
    assert "the list shows nothing of that edit" in outcome.reasons[0]
    assert stored(colony) == there
    assert operator.undo().is_whole, "the edit before the crash is next"
    assert colony.stored(3)["owner"] is None


def test_history_after_a_kill_says_that_the_outcome_is_not_known(colony: Colony) -> None:
    killed(colony, "after", "update")
    (entry, *_) = colony.operator().history(colony.key(3))
    assert entry.made is None
    assert entry.what == "assign"


def test_undo_of_a_killed_edit_that_others_went_beyond_is_refused(colony: Colony) -> None:
    killed(colony, "after", "update")
    colony.write({**colony.stored(3), "metadata": {"a": 2}, "updated_at": 5.0})
    outcome = colony.operator().undo()
    assert not outcome.is_made
    assert colony.stored(3)["metadata"] == {"a": 2}


def test_apply_after_a_line_was_torn_by_a_kill_loses_that_line_alone(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="a"))
    (segment,) = colony.segments()
    torn = segment.read_bytes()
    segment.write_bytes(torn + torn[-100:-50])
    operator.apply(UpdateTask(colony.key(2), owner="b"))
    lines, damage = colony.edit_lines()
    assert len(lines) == 4
    assert damage.lines == 1
    assert operator.undo().is_whole
    assert operator.undo().is_whole
    assert (colony.stored(2)["owner"], colony.stored(3)["owner"]) == (None, None)
