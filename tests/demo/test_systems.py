"""The demo of all systems: real writers beside each other, which yield to the operator and end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from store.model.edits import ReleaseTask, Tick, UpdateTask
from store.model.errors import StaleEdit
from store.model.execution import TickKind
from store.model.snapshot import Snapshot, TaskList
from store.model.task import Task, TaskKey, TaskStatus
from store.roots import RootSpec
from store.workspace import Workspace
from tests.patience import PATIENCE_S, wait_until
from tui.demo.colony import DemoColony, DemoOptions
from tui.demo.summary import summarize
from tui.demo.systems.cast import NAMES, PARTS, chosen, root_of

pytestmark = pytest.mark.processes

WRITERS = sum(len(part.writers) for part in PARTS)
REPOSITORY = Path(__file__).parents[2]


def _processes(root: Path) -> list[int]:
    """Every process that has the demo's directory in its command: the crew, agents, commands."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes()
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if os.fsencode(root) in command and state != "Z":
            found.append(int(place.name))
    return found


def _workspace(colony: DemoColony) -> Workspace:
    roots = [RootSpec(root, "test") for root in colony.roots]
    return Workspace(roots, edit_unlocked=True)


@pytest.fixture
def colony() -> Iterator[DemoColony]:
    """A fast demo of all systems, its stage set."""
    options = DemoOptions(agents=2, tasks=25, seed=3, speed=20.0, systems=NAMES)
    with DemoColony(options) as running:
        running.wait_until_ready()
        yield running


def _list_of(snapshot: Snapshot, system: str) -> TaskList:
    """The list of that system; of compound runs, which are native lists, under their own root."""
    for key, task_list in snapshot.lists.items():
        if key.system == system:
            return task_list
    raise AssertionError(f"no list of {system}")


def _wait_until_it(workspace: Workspace, key: TaskKey, holds: Callable[[Task], bool]) -> None:
    def is_so() -> bool:
        task = workspace.scan().task(key)
        return task is not None and holds(task)

    wait_until(is_so, f"{key}")


def test_all_systems_are_written_without_a_complaint(colony: DemoColony) -> None:
    workspace = _workspace(colony)
    before = {key: dict(found.tasks) for key, found in workspace.scan().lists.items()}

    def all_have_moved() -> bool:
        lists = workspace.scan().lists
        return all(dict(lists[key].tasks) != tasks for key, tasks in before.items())

    wait_until(all_have_moved, "an edit in every list")
    agents = colony.end_agents()
    assert colony.trouble() == ""
    snapshot = workspace.scan()
    for system in summarize(snapshot, agents, colony.options.seed)["systems"]:
        complaints = [agent["complaint"] for agent in agents if agent.get("complaint")]
        assert system["errors"] == 0, (system, complaints)
        assert system["system"] == "hive" or system["edits"] > 0
    assert {key.system for key in snapshot.lists} == set(NAMES) - {"compound"}
    for key, task_list in snapshot.lists.items():
        assert task_list.tasks or key.system == "hive"  # whose planner clears away what is done
        assert all(task.is_readable for task in task_list.tasks.values())
        # what the stories want: edges to tasks that are gone, and the lock of somebody dead
        wanted = {"hive": {"dangling_edge"}, "clawteam": {"stale_lock"}}
        assert {problem.kind for problem in task_list.problems} <= wanted.get(key.system, set())


def test_some_systems_headless_tells_of_each(tmp_path: Path) -> None:
    words = ("--systems", "progress,clawteam", "--speed", "20", "--headless", "1", "--json")
    kept = tmp_path / "kept"
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "demo", *words, "--keep", str(kept)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    summary = json.loads(done.stdout)
    assert [system["system"] for system in summary["systems"]] == ["clawteam", "progress"]
    assert [system["errors"] for system in summary["systems"]] == [0, 0]
    assert {each["list"] for each in summary["lists"]} == {"team:harbor", "queue:invoices"}
    assert _processes(kept) == []


def test_clawteam_lock_of_the_dead_is_released_and_the_work_goes_on(colony: DemoColony) -> None:
    workspace = _workspace(colony)
    team = _list_of(workspace.scan(), "clawteam")
    stale = next(task for task in team.tasks.values() if task.owner == "gus")
    assert stale.lock is not None
    assert stale.lock.is_live is False
    workspace.apply(ReleaseTask(stale.key, expected_owner="gus"))
    _wait_until_it(workspace, stale.key, lambda task: task.status is TaskStatus.COMPLETED)


@pytest.mark.parametrize(("system", "owner"), [("claude_code", "drifter"), ("hive_session", "hal")])
def test_work_left_behind_is_released_and_taken_up(
    colony: DemoColony, system: str, owner: str
) -> None:
    workspace = _workspace(colony)
    found = _list_of(workspace.scan(), system)
    left = next(task for task in found.tasks.values() if task.owner == owner)
    # A document without a lock may be written again, the work taken up, before the edit is sure to
    # stand: then it is tried once more, and told that the task is somebody else's by now.
    with suppress(StaleEdit):
        workspace.apply(ReleaseTask(left.key, expected_owner=owner))

    def is_done() -> bool:  # and perhaps cleared away already
        task = workspace.scan().task(left.key)
        return task is None or task.status in (TaskStatus.COMPLETED, TaskStatus.ARCHIVED)

    wait_until(is_done, "the end of what was left behind")


def test_queue_what_failed_is_tried_again_and_what_is_approved_is_done(colony: DemoColony) -> None:
    workspace = _workspace(colony)
    queue = _list_of(workspace.scan(), "progress")
    failed = next(task for task in queue.tasks.values() if task.status is TaskStatus.FAILED)
    workspace.apply(UpdateTask(failed.key, status=TaskStatus.PENDING))
    _wait_until_it(workspace, failed.key, lambda task: task.status is TaskStatus.COMPLETED)
    asks = next(task for task in queue.tasks.values() if _asks_for_approval(task))
    if asks.status is not TaskStatus.COMPLETED:
        tick = Tick(TickKind.CHECK, "approval")
        workspace.apply(UpdateTask(asks.key, ticks=(tick,)))
    _wait_until_it(workspace, asks.key, lambda task: task.status is TaskStatus.COMPLETED)


def _asks_for_approval(task: Task) -> bool:
    checks = task.execution.checks if task.execution else ()
    return any(check.key == "approval" for check in checks)


def test_blackboard_brief_that_failed_is_tried_again(colony: DemoColony) -> None:
    workspace = _workspace(colony)
    run = _list_of(workspace.scan(), "blackboard")
    failed = next(task for task in run.tasks.values() if task.status is TaskStatus.FAILED)
    workspace.apply(UpdateTask(failed.key, status=TaskStatus.PENDING))
    _wait_until_it(workspace, failed.key, lambda task: task.status is TaskStatus.COMPLETED)
    assert failed.parent is not None
    parent = TaskKey(failed.key.list, failed.parent)
    _wait_until_it(workspace, parent, lambda task: task.status is TaskStatus.COMPLETED)


def test_compound_subtask_that_failed_is_given_back_and_the_run_ends_well(
    colony: DemoColony,
) -> None:
    root = root_of(colony.root, "compound", NAMES)
    workspace = Workspace([RootSpec(root, "test")])

    def failed() -> list[Task]:
        tasks = (task for _, task in workspace.scan().all_tasks())
        return [task for task in tasks if task.status is TaskStatus.FAILED]

    wait_until(failed, "a subtask that fails")
    (task,) = failed()
    workspace.apply(ReleaseTask(task.key))
    _wait_until_it(workspace, task.key, lambda task: task.status is TaskStatus.COMPLETED)


# The parent of the killed-demo test: enters a demo and tells where, then waits to be killed.
_PARENT = """
import signal
from tui.demo.colony import DemoColony, DemoOptions
from tui.demo.systems.cast import NAMES
with DemoColony(DemoOptions(agents=1, tasks=25, speed=0.5, systems=NAMES)) as colony:
    colony.wait_until_ready()
    print(colony.root, flush=True)
    while True:
        signal.pause()
"""


def test_all_systems_demo_killed_leaves_no_process_and_no_directory() -> None:
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, env=environ, text=True
    ) as parent:
        assert parent.stdout is not None
        root = Path(parent.stdout.readline().strip())
        # the crew, its agents, and a command of the run
        wait_until(lambda: len(_processes(root)) > 2 + WRITERS, "a command of the run")
        parent.kill()
        parent.wait(PATIENCE_S)
    wait_until(lambda: not root.exists() and _processes(root) == [], "the end of all")


def test_all_systems_crew_killed_ends_the_writers_and_their_commands() -> None:
    slow = DemoOptions(agents=1, tasks=25, speed=0.5, systems=NAMES)  # commands run for long
    with DemoColony(slow) as colony:
        colony.wait_until_ready()
        wait_until(lambda: len(_processes(colony.root)) > 2 + WRITERS, "a command of the run")
        os.kill(min(_processes(colony.root)), signal.SIGKILL)
        wait_until(lambda: _processes(colony.root) == [], "the end of all processes")
    assert not colony.root.exists()


def test_systems_are_chosen_by_name_in_the_usual_order() -> None:
    assert chosen("all") == NAMES
    assert chosen("progress, hive") == ("hive", "progress")
    with pytest.raises(ValueError, match="hives"):
        chosen("hives,progress")


def test_native_lists_alone_have_the_whole_directory(tmp_path: Path) -> None:
    assert root_of(tmp_path, "hive", ("hive",)) == tmp_path
    roots = {root_of(tmp_path, name, NAMES) for name in NAMES}
    assert len(roots) == len(NAMES)
    assert tmp_path not in roots
