"""The demo with real agents: it tells its story, and it ends all that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import ReleaseTask, UpdateTask
from store.model.readiness import ReasonKind
from store.model.snapshot import Snapshot
from store.model.task import TaskKey
from store.workspace import RootSpec, Workspace
from tests.patience import PATIENCE_S, wait_until
from tui.demo.colony import DemoColony, DemoOptions, DemoRefused
from tui.demo.plans import LISTS
from tui.demo.story import ABSENT, Story

pytestmark = pytest.mark.processes

GONE = (ReasonKind.MISSING, ReasonKind.DELETED)


def _crew_processes(root: Path) -> list[int]:
    """Every process of a demo: the crew and its agents have its root in their command."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if os.fsencode(root) in words and b"tui.demo.crew" in words and state != "Z":
            found.append(int(place.name))
    return found


def _look(root: Path) -> Snapshot:
    return Workspace([RootSpec(root, "test")]).scan()


@pytest.fixture
def colony() -> Iterator[DemoColony]:
    """A fast demo of four agents, its stage set."""
    with DemoColony(DemoOptions(agents=4, tasks=25, seed=3, speed=30.0)) as running:
        running.wait_until_ready()
        yield running


def test_demo_first_screen_has_trouble_to_look_at(colony: DemoColony) -> None:
    snapshot = _look(colony.root)
    assert {key.id for key in snapshot.lists} == set(LISTS)
    tasks = list(snapshot.all_tasks())
    assert any(task.owner in ABSENT for _, task in tasks)
    reasons = [r for found, task in tasks for r in found.readiness(task).reasons]
    assert any(reason.kind in GONE for reason in reasons)
    problems = [problem for found in snapshot.lists.values() for problem in found.problems]
    assert {problem.kind for problem in problems} == {"dangling_edge"}


def _keys(snapshot: Snapshot, *, done: bool) -> set[TaskKey]:
    """All tasks, or those that are done."""
    return {task.key for _, task in snapshot.all_tasks() if task.status.is_closed or not done}


def test_demo_agents_are_processes_that_work_and_plan(colony: DemoColony) -> None:
    assert len(_crew_processes(colony.root)) == 1 + colony.options.agents
    before = _look(colony.root)
    made: set[TaskKey] = set()
    finished: set[TaskKey] = set()

    def has_moved() -> bool:  # what is done is cleared away again, so it is gathered here
        now = _look(colony.root)
        made.update(_keys(now, done=False) - _keys(before, done=False))
        finished.update(_keys(now, done=True) - _keys(before, done=True))
        # One more for each agent: who is ended right after a write has not counted it yet.
        return len(finished) >= 3 + colony.options.agents and bool(made)

    wait_until(has_moved)
    agents = colony.end_agents()
    assert [agent["name"] for agent in agents] == list(Story(3, 4).names)
    assert len({agent["pid"] for agent in agents}) == 4
    assert not any(agent.get("died") for agent in agents)
    assert sum(agent["completed"] for agent in agents) >= 3
    assert agents[0]["created"] >= 1
    assert colony.trouble() == ""


def test_demo_yields_to_the_operator(colony: DemoColony) -> None:
    """Each edit that the first screen invites to is taken up by an agent."""
    workspace = Workspace([RootSpec(colony.root, "test")])
    tasks = list(workspace.scan().all_tasks())
    left = next(task for _, task in tasks if task.owner in ABSENT)
    found, phantom = next(
        (found, task)
        for found, task in tasks
        if any(r.kind in GONE for r in found.readiness(task).reasons)
    )
    missing = tuple(i for i in phantom.blocked_by if i not in found.tasks)
    workspace.apply(ReleaseTask(left.key, expected_owner=left.owner))
    workspace.apply(UpdateTask(phantom.key, remove_blocked_by=missing))

    def both_are_done() -> bool:
        snapshot = workspace.scan()
        now = (snapshot.task(left.key), snapshot.task(phantom.key))
        return all(task is not None and task.status.is_closed for task in now)

    wait_until(both_are_done)


def test_demo_close_leaves_no_process_and_no_root(colony: DemoColony) -> None:
    root = colony.root
    assert _crew_processes(root)
    colony.close()
    assert _crew_processes(root) == []
    assert not root.exists()
    colony.close()


def test_demo_crew_killed_agents_end_by_themselves(colony: DemoColony) -> None:
    crew = min(_crew_processes(colony.root))
    os.kill(crew, signal.SIGKILL)
    wait_until(lambda: _crew_processes(colony.root) == [])
    assert not colony.is_running()
    colony.close()
    assert not colony.root.exists()


def test_demo_keep_refuses_a_directory_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DemoRefused, match="not empty"), DemoColony(DemoOptions(keep=tmp_path)):
        pass
    assert (tmp_path / "mine.txt").read_text() == "precious"


# The parent of the killed-parent test: enters a demo and tells where, then waits to be killed.
_PARENT = """
import sys, signal
from tui.cli.demo import signals_end_the_demo
from tui.demo.colony import DemoColony, DemoOptions
with signals_end_the_demo(), DemoColony(DemoOptions(agents=3, tasks=10, speed=5.0)) as colony:
    colony.wait_until_ready()
    print(colony.root, flush=True)
    while True:
        signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_demo_ended_by_a_signal_leaves_nothing(number: signal.Signals) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, env=environ, text=True
    ) as parent:
        assert parent.stdout is not None
        root = Path(parent.stdout.readline().strip())
        assert root.is_dir()
        assert len(_crew_processes(root)) == 4
        parent.send_signal(number)
        parent.wait(PATIENCE_S)
    wait_until(lambda: not root.exists() and _crew_processes(root) == [])


def _headless(*words: str) -> tuple[dict[str, Any], str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "tui.cli", "demo", *words, "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, env=environ, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found, done.stderr


def test_headless_same_seed_comes_to_the_same_story(tmp_path: Path) -> None:
    """Plans, edges and who finishes what do not depend on the clock or on who was faster."""
    words = ("--agents", "4", "--tasks", "60", "--seed", "3", "--speed", "60", "--headless", "3")
    stories = []
    for name in ("first", "second"):
        summary, complaints = _headless(*words, "--keep", str(tmp_path / name))
        assert complaints == ""
        assert summary["root"] == str(tmp_path / name)
        assert summary["totals"]["completed"] > 0
        assert summary["totals"]["refused"] == 0
        stories.append(_story_of(tmp_path / name))
    first, second = stories
    both = first.keys() & second.keys()
    assert both  # old work is deleted, sooner in the faster run
    told = {first[step][0] for step in both}
    for step in both:
        subject, needs, owner = first[step]
        other_subject, other_needs, other_owner = second[step]
        assert subject == other_subject
        assert told.intersection(needs) == told.intersection(other_needs)
        assert owner is None or other_owner is None or owner == other_owner


Told = dict[str, tuple[str, list[str], str | None]]


def _story_of(root: Path) -> Told:
    """step → (subject, subjects of its blockers, who completed it)."""
    told: Told = {}
    for task_list, task in _look(root).all_tasks():
        needs = [task_list.tasks[i].subject for i in task.blocked_by if i in task_list.tasks]
        owner = task.owner if task.status.is_closed else None
        told[str(task.metadata["step"])] = (task.subject, sorted(needs), owner)
    return told
