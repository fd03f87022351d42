"""Runners that are killed, and what the next one makes of what they left: nothing runs twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial

import pytest

from store.running.run_record import RunRecord, RunState
from store.running.runner import StepKind
from store.running.settings import OnUnknown
from tests.patience import PATIENCE_S, wait_until
from tests.running.submitter import DIED
from tests.running.workshop import Workshop

pytestmark = pytest.mark.processes


def worker(workshop: Workshop, record: RunRecord) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.running.worker", str(workshop.path), record.id]
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)


def has_gone_on(
    workshop: Workshop, record: RunRecord, runner: subprocess.Popen[bytes], wanted: int
) -> bool:
    """So many steps are logged, or the runner has ended."""
    return len(workshop.steps(record)) >= wanted or runner.poll() is not None


def pids(workshop: Workshop, record: RunRecord) -> list[int]:
    """The shells of all executions."""
    place = workshop.runs().place_of(record.id) / "executions"
    return [int(path.read_text()) for path in place.glob("*/begun/pid")]


def edges(workshop: Workshop, record: RunRecord) -> list[list[int]]:
    """What each task waits on, by places: ids that a dead maker had chosen are given to nobody."""
    tasks = workshop.tasks(record)
    places = {task_id: place for place, task_id in enumerate(tasks)}
    return [[places[blocker] for blocker in task.blocked_by] for task in tasks.values()]


@pytest.mark.parametrize("renames", [0, 1, 2, 3, 4, 5, 7, 99])
def test_plan_is_wholly_there_or_not_at_all_when_who_submits_it_dies(
    workshop: Workshop, renames: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.running.submitter", str(workshop.path), str(renames)],
        check=False,
    )
    assert ended.returncode == (0 if renames == 99 else DIED)
    runs = workshop.runs()
    recent = runs.list_recent_tasks()
    if not recent:  # not even its record: nobody was told of a run
        assert not workshop.root.exists()
        return
    record = runs.record(recent[0]["id"])
    whole = [[], [], [0, 1], [2], [2]]
    assert edges(workshop, record) in ([], whole)
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    assert edges(workshop, record) == whole
    assert sorted(workshop.begun()) == sorted(workshop.tasks(record))


def test_commands_that_outlive_their_runner_are_adopted_and_not_begun_again(
    workshop: Workshop,
) -> None:
    record = workshop.submit()
    workshop.hold()
    runner = worker(workshop, record)
    workshop.wait_begun("1", "2")
    kill(runner)
    resumed = workshop.in_background(record.id)
    wait_until(lambda: len(workshop.told) == 2, "the adoption of both")
    assert {kind for kind, _ in workshop.kinds()} == {StepKind.ADOPTED}
    workshop.let_go()
    assert resumed.result().state is RunState.COMPLETED
    assert Counter(workshop.begun()) == Counter("12345")
    assert Counter(line["subtask_id"] for line in workshop.ledger()) == Counter("12345")
    assert workshop.task(record, 1).metadata["compound"]["result"] == "did 1"


def test_commands_that_ended_while_nobody_looked_are_settled_by_the_next_runner(
    workshop: Workshop,
) -> None:
    record = workshop.submit()
    workshop.hold()
    workshop.fail(2)
    runner = worker(workshop, record)
    workshop.wait_begun("1", "2")
    kill(runner)
    workshop.let_go()
    place = workshop.runs().place_of(record.id) / "executions"
    wait_until(lambda: len(list(place.glob("*/begun/code"))) == 2, "the ends of both")
    assert workshop.statuses(record)[:2] == ["executing", "executing"]
    workshop.carry_out(record.id)
    assert workshop.begun().count("1") == workshop.begun().count("2") == 1
    assert workshop.statuses(record)[:2] == ["completed", "failed"]


def test_command_killed_together_with_its_runner_is_reported_and_not_begun_again(
    workshop: Workshop,
) -> None:
    record = workshop.submit()
    workshop.hold()
    runner = worker(workshop, record)
    workshop.wait_begun("1", "2")
    kill(runner)
    for pid in pids(workshop, record):
        os.killpg(pid, signal.SIGKILL)
    workshop.let_go()
    assert workshop.carry_out(record.id).state is RunState.PARTIAL
    assert Counter(workshop.begun()) == Counter("12")
    assert workshop.statuses(record)[:2] == ["failed", "failed"]
    assert {line["outcome"] for line in workshop.ledger()} == {"unknown"}
    assert "nobody knows" in str(workshop.task(record, 1).active_form)


def test_command_of_unknown_outcome_is_run_again_where_the_policy_says_so(
    workshop: Workshop,
) -> None:
    record = workshop.submit("- a", on_unknown=OnUnknown.RETRY)
    workshop.hold()
    runner = worker(workshop, record)
    workshop.wait_begun("1")
    kill(runner)
    for pid in pids(workshop, record):
        os.killpg(pid, signal.SIGKILL)
    workshop.let_go()
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    assert workshop.begun() == ["1", "1"]
    assert [line["outcome"] for line in workshop.ledger()] == ["unknown", "completed"]


def test_command_that_may_not_have_begun_before_a_power_cut_is_of_unknown_outcome(
    workshop: Workshop,
) -> None:
    """After one nobody can tell by the directory: what was made there may be lost."""
    record = workshop.submit("- a")
    workshop.hold()
    runner = worker(workshop, record)
    workshop.wait_begun("1")
    kill(runner)
    (pid,) = pids(workshop, record)
    os.killpg(pid, signal.SIGKILL)
    place = workshop.runs().place_of(record.id)
    shutil.rmtree(place / "executions")
    (log,) = place.glob("executions-*.jsonl")
    steps = [{**step, "boot": "an earlier one"} for step in workshop.steps(record)]
    log.write_text("".join(json.dumps(step) + "\n" for step in steps))
    assert workshop.carry_out(record.id).state is RunState.PARTIAL
    assert workshop.begun() == ["1"]
    assert [line["outcome"] for line in workshop.ledger()] == ["unknown"]


def test_adopted_command_is_stopped_when_an_operator_took_its_subtask_over(
    workshop: Workshop,
) -> None:
    record = workshop.submit("- a")
    workshop.hold()
    runner = worker(workshop, record)
    workshop.wait_begun("1")
    kill(runner)
    workshop.store().update_task(record.list_id, 1, owner="sam")
    assert workshop.carry_out(record.id).state is RunState.PARTIAL
    assert [line["outcome"] for line in workshop.ledger()] == ["cancelled"]
    assert workshop.ended() == []


@pytest.mark.parametrize("seed", range(3))
def test_run_killed_again_and_again_at_any_moment_runs_nothing_twice_and_its_ledger_adds_up(
    workshop: Workshop, seed: int
) -> None:
    """Only the runner is killed, as a terminal's or a supervisor's would be; its commands go on."""
    chance = random.Random(seed)
    record = workshop.submit()
    for _ in range(6):
        runner = worker(workshop, record)
        seen = len(workshop.steps(record))
        wanted = seen + chance.randrange(1, 5)
        wait_until(partial(has_gone_on, workshop, record, runner, wanted), "a step")
        time.sleep(chance.random() * 0.02)  # anywhere between two steps
        kill(runner)
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    assert Counter(workshop.begun()) == Counter("12345")
    lines = workshop.ledger()
    assert Counter(line["subtask_id"] for line in lines) == Counter("12345")
    assert len({line["execution"] for line in lines}) == 5
    progress = workshop.runs().get_task_progress(record.id)
    assert progress is not None
    assert progress["total_cost"] == pytest.approx(sum(line["cost_usd"] for line in lines))


def test_two_runners_started_at_once_run_nothing_twice(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.hold()
    both = [worker(workshop, record) for _ in range(2)]
    workshop.wait_begun("1", "2")
    wait_until(lambda: any(process.poll() is not None for process in both), "the refusal of one")
    workshop.let_go()
    codes = sorted(process.wait(PATIENCE_S) for process in both)
    assert codes == [0, 1]
    assert Counter(workshop.begun()) == Counter("12345")
