"""A process that ends in the midst of a change of two files: what stands then, and what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.model.edits import UpdateTask
from store.model.errors import LockTimeout
from store.model.repairs import RepairKind
from store.model.task import TaskId
from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S
from tests.systems.claude_code.a_list import Scene, put, raw

pytestmark = pytest.mark.processes

HERE = Path(__file__).parents[3]

_EDITOR = """
import os, sys
from pathlib import Path
from store.model.edits import UpdateTask
from store.model.task import TaskId, TaskKey
from store.systems.claude_code import committing
from store.systems.claude_code.adapter import ClaudeCodeSystem
number, at = int(sys.argv[2]), int(sys.argv[3])
whole, calls = committing.replace_seen, []
def ending(*arguments):
    calls.append(1)
    if len(calls) == at:
        os.kill(os.getpid(), number)
    return whole(*arguments)
committing.replace_seen = ending
system = ClaudeCodeSystem()
(key,) = system.discover(Path(sys.argv[1]))
system.apply(UpdateTask(TaskKey(key, TaskId("2")), add_blocked_by=(TaskId("1"),)))
"""


def end_in_the_midst(scene: Scene, number: signal.Signals, at: int) -> None:
    """Have another process write an edge, and end it before its first or second file."""
    put(scene.place, 1)
    put(scene.place, 2)
    with no_signal_ignored():
        done = subprocess.run(
            [sys.executable, "-c", _EDITOR, str(scene.root), str(int(number)), str(at)],
            cwd=HERE,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("at", [1, 2])
def test_signal_in_the_midst_of_a_change_lets_it_be_finished_and_leaves_no_lock(
    scene: Scene, number: signal.Signals, at: int
) -> None:
    end_in_the_midst(scene, number, at)
    assert raw(scene.place, 2)["blockedBy"] == ["1"]
    assert raw(scene.place, 1)["blocks"] == ["2"]
    assert scene.names() == [".lock", "1.json", "2.json"]


def test_kill_between_the_two_files_leaves_a_task_blocked_and_never_freed(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "claude", lock_timeout_s=0.0)
    end_in_the_midst(scene, signal.SIGKILL, 2)
    assert raw(scene.place, 2)["blockedBy"] == ["1"]
    assert raw(scene.place, 1)["blocks"] == []
    left = [".lock.lock", "1.json.lock", "2.json.lock"]
    assert [name for name in scene.names() if name.endswith(".lock")][1:] == left
    with pytest.raises(LockTimeout):
        scene.system.apply(UpdateTask(scene.of(2), owner="ann"))
    for name in left:
        os.utime(scene.place / name, (1, 1))  # ten seconds later
    scene.system.apply(UpdateTask(scene.of(2), owner="ann"))
    report = scene.system.repair(scene.key, dry_run=False)
    assert RepairKind.MIRROR_EDGE in {repair.kind for repair in report.repairs}
    assert raw(scene.place, 1)["blocks"] == ["2"]
    assert scene.names() == [".lock", "1.json", "2.json"]
    assert scene.task(2).blocked_by == (TaskId("1"),)


def test_kill_before_the_first_file_leaves_every_task_as_it_was(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "claude")
    end_in_the_midst(scene, signal.SIGKILL, 1)
    assert raw(scene.place, 2)["blockedBy"] == []
    assert raw(scene.place, 1)["blocks"] == []
    assert [task.subject for task in scene.settle().tasks.values()] == ["task 1", "task 2"]
