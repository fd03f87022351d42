"""Runs with real commands: their order, what failure leads to, and how an operator steers them."""

from __future__ import annotations

import shutil
import threading

import pytest

from store.model.errors import ListGone
from store.model.task import TaskId, TaskStatus
from store.running.errors import RunBusy, RunNotFound
from store.running.planners import parse_plan
from store.running.run_record import RunState
from store.running.runner import StepKind
from store.running.settings import OnFailure
from tests.patience import wait_until
from tests.running.workshop import Workshop


def test_plan_of_three_waves_is_carried_out_wave_after_wave(workshop: Workshop) -> None:
    record = workshop.submit()
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    begun = workshop.begun()
    assert (set(begun[:2]), begun[2], set(begun[3:])) == ({"1", "2"}, "3", {"4", "5"})
    assert workshop.statuses(record) == ["completed"] * 5
    ended = {task: place for place, (kind, task) in enumerate(workshop.kinds())
             if kind is StepKind.COMPLETED}  # fmt: skip
    begins = {task: place for place, (kind, task) in enumerate(workshop.kinds())
              if kind is StepKind.STARTED}  # fmt: skip
    assert max(ended["1"], ended["2"]) < begins["3"]
    assert ended["3"] < min(begins["4"], begins["5"])


def test_ledger_has_one_line_for_each_execution_and_adds_up(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.carry_out(record.id)
    lines = workshop.ledger()
    assert sorted(line["subtask_id"] for line in lines) == ["1", "2", "3", "4", "5"]
    assert {line["compound_task_id"] for line in lines} == {record.id}
    assert all(line["success"] and line["is_estimated"] for line in lines)
    progress = workshop.runs().get_task_progress(record.id)
    assert progress is not None
    assert progress["total_cost"] == pytest.approx(sum(line["cost_usd"] for line in lines))


def test_cost_of_a_run_keeps_that_of_subtasks_that_were_deleted(workshop: Workshop) -> None:
    record, other = workshop.submit("- a\n- b"), workshop.submit("- c")
    for one in (record, other):
        workshop.carry_out(one.id)
    runs = workshop.runs()
    spent = sum(
        line["cost_usd"] for line in workshop.ledger() if line["compound_task_id"] == record.id
    )
    workshop.store().delete_task(record.list_id, 1)
    progress = runs.get_task_progress(record.id)
    assert progress is not None
    (left,) = progress["subtasks"]
    assert 0 < left["cost"] < progress["total_cost"] == pytest.approx(spent)
    costs = {told["id"]: told["total_cost"] for told in runs.list_recent_tasks()}
    assert costs[record.id] == pytest.approx(spent)
    assert runs.total_of(record.id).executions == 2


def test_no_more_commands_run_at_once_than_there_are_workers(workshop: Workshop) -> None:
    record = workshop.submit("- a\n- b\n- c\n- d\n- e", workers=2)
    workshop.hold()
    run = workshop.in_background(record.id)
    wait_until(lambda: len(workshop.begun()) == 2)
    active = [t for t in workshop.tasks(record).values() if t.status is TaskStatus.IN_PROGRESS]
    assert len(active) == 2
    workshop.let_go()
    assert run.result().state is RunState.COMPLETED
    running = most = 0
    for kind, _ in workshop.kinds():
        running += 1 if kind is StepKind.STARTED else -1
        most = max(most, running)
    assert most == 2


def test_command_is_given_the_description_and_the_model_of_its_tier(workshop: Workshop) -> None:
    runs = workshop.runs(command=("sh", "-c", "cat; echo $0 $COLONYTOP_TIER", "{model}/{tier}"))
    record = runs.submit(parse_plan("- Dig (tier 1)\n  deep\n- Think (opus)", "plan"))
    runs.carry_out(record.id)
    first, second = workshop.tasks(record).values()
    assert first.metadata["compound"]["result"] == "Dig\ndeep\nhaiku/1 1"
    assert second.metadata["compound"]["result"] == "Think\nopus/3 3"


def test_failed_subtask_keeps_what_waits_on_it_from_ever_running(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.fail(2)
    assert workshop.carry_out(record.id).state is RunState.PARTIAL
    assert set(workshop.begun()) == {"1", "2"}
    assert workshop.statuses(record) == ["completed", "failed", "skipped", "skipped", "skipped"]
    failed = workshop.task(record, 2)
    assert failed.owner is None
    assert failed.active_form == "failed: exit code 3: cannot"
    (line,) = [line for line in workshop.ledger() if not line["success"]]
    assert (line["subtask_id"], line["error"]) == ("2", "exit code 3: cannot")
    assert line["cost_usd"] > 0


def test_failure_is_handed_on_where_the_policy_says_so(workshop: Workshop) -> None:
    record = workshop.submit(on_failure=OnFailure.FAIL)
    workshop.fail(2)
    workshop.carry_out(record.id)
    assert workshop.statuses(record) == ["completed", "failed", "failed", "failed", "failed"]
    assert workshop.task(record, 3).active_form == "failed: #2 failed, on which it waits"
    assert len(workshop.ledger()) == 2
    workshop.mend(2)
    workshop.store().release_task(record.list_id, 2)
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    assert workshop.statuses(record) == ["completed"] * 5
    assert workshop.begun().count("1") == 1


def test_failed_subtask_that_is_released_is_tried_again_and_the_rest_goes_on(
    workshop: Workshop,
) -> None:
    record = workshop.submit()
    workshop.fail(3)
    workshop.carry_out(record.id)
    workshop.mend(3)
    workshop.store().release_task(record.list_id, 3)
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    assert sorted(workshop.begun()) == ["1", "2", "3", "3", "4", "5"]
    execution = workshop.runs().load_list(record).tasks[TaskId("3")].metadata["compound"]
    assert (execution["attempts"], "error" in execution) == (2, False)


def test_retry_while_the_run_goes_on_is_taken_up_by_it(workshop: Workshop) -> None:
    record = workshop.submit("- a\n- b")
    workshop.fail(1)
    workshop.hold(".2")
    run = workshop.in_background(record.id)
    wait_until(lambda: (StepKind.FAILED, "1") in workshop.kinds())
    workshop.mend(1)
    workshop.store().release_task(record.list_id, 1)
    wait_until(lambda: (StepKind.COMPLETED, "1") in workshop.kinds())
    workshop.let_go(".2")
    assert run.result().state is RunState.COMPLETED


def test_subtask_is_tried_as_often_as_was_asked_for(workshop: Workshop) -> None:
    record = workshop.submit("- a", attempts=3)
    workshop.fail(1)
    workshop.carry_out(record.id)
    assert workshop.begun() == ["1", "1", "1"]
    kinds = [kind for kind, _ in workshop.kinds() if kind is not StepKind.STARTED]
    assert kinds == [StepKind.AGAIN, StepKind.AGAIN, StepKind.FAILED]
    assert [line["attempt"] for line in workshop.ledger()] == [1, 2, 3]


def test_command_that_takes_too_long_is_ended_with_all_that_it_started(workshop: Workshop) -> None:
    record = workshop.submit("- a", timeout_s=0.2)
    workshop.hold()
    workshop.carry_out(record.id)
    assert workshop.statuses(record) == ["failed"]
    (line,) = workshop.ledger()
    assert (line["outcome"], line["error"]) == ("timed_out", "took over 0.2 s")


def test_command_that_is_not_there_fails_its_subtask(workshop: Workshop) -> None:
    record = workshop.submit("- a", command=("/nowhere/at-all",))
    workshop.carry_out(record.id)
    (line,) = workshop.ledger()
    assert str(line["error"]).startswith("exit code 127")


@pytest.mark.parametrize("act", ["delete", "take over", "complete"])
def test_subtask_that_an_operator_takes_out_of_our_hands_is_stopped_and_left_alone(
    workshop: Workshop, act: str
) -> None:
    record = workshop.submit("- a\n- b")
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    store = workshop.store()
    if act == "delete":
        store.delete_task(record.list_id, 1)
    elif act == "take over":
        store.update_task(record.list_id, 1, owner="sam")
    else:
        store.update_task(record.list_id, 1, status="completed")
    wait_until(lambda: (StepKind.CANCELLED, "1") in workshop.kinds(), "the end of the command")
    workshop.let_go()
    record = run.result()
    assert workshop.begun().count("1") == 1
    outcomes = {line["subtask_id"]: line["outcome"] for line in workshop.ledger()}
    assert outcomes == {"1": "cancelled", "2": "completed"}
    if act == "take over":
        assert workshop.task(record, 1).owner == "sam"
        assert record.state is RunState.PARTIAL
    else:
        assert record.state is RunState.COMPLETED


def test_running_subtask_that_is_released_is_stopped_and_begun_anew(workshop: Workshop) -> None:
    record = workshop.submit("- a")
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1")
    workshop.store().release_task(record.list_id, 1)
    wait_until(lambda: len(workshop.begun()) == 2, "the second begin")
    workshop.let_go()
    assert run.result().state is RunState.COMPLETED
    assert [line["outcome"] for line in workshop.ledger()] == ["cancelled", "completed"]


def test_waiting_subtask_is_reassigned_to_another_model(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    workshop.store().update_task(record.list_id, 3, owner="opus")
    workshop.let_go()
    run.result()
    assert workshop.models()["3"] == "opus"
    assert workshop.models()["4"] == "sonnet"


def test_edge_that_is_cut_lets_a_subtask_begin(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    workshop.store().update_task(record.list_id, 5, remove_blocked_by=[3])
    workshop.wait_begun("5")
    assert "3" not in workshop.begun()
    workshop.let_go()
    assert run.result().state is RunState.COMPLETED


def test_subtask_that_is_added_while_it_runs_is_carried_out_too(workshop: Workshop) -> None:
    record = workshop.submit("- a")
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1")
    workshop.store().create_task(record.list_id, "One more")
    workshop.wait_begun("2")
    workshop.let_go()
    assert run.result().state is RunState.COMPLETED
    assert workshop.models()["2"] == "sonnet"


def test_run_that_is_stopped_ends_its_commands_and_is_resumed(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    run.stop.set()
    assert run.result().state is RunState.PARTIAL
    assert workshop.ended() == []
    assert workshop.statuses(record) == ["pending"] * 5
    workshop.let_go()
    assert workshop.carry_out(record.id).state is RunState.COMPLETED
    outcomes = sorted(line["outcome"] for line in workshop.ledger())
    assert outcomes == ["cancelled"] * 2 + ["completed"] * 5


def test_run_is_carried_out_by_one_runner_at_a_time(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    with pytest.raises(RunBusy):
        workshop.carry_out(record.id)
    workshop.let_go()
    assert run.result().state is RunState.COMPLETED
    assert len(workshop.begun()) == 5


def test_run_whose_list_is_removed_ends_with_an_error_and_stops_its_commands(
    workshop: Workshop,
) -> None:
    record = workshop.submit()
    workshop.hold()
    run = workshop.in_background(record.id)
    workshop.wait_begun("1", "2")
    shutil.rmtree(workshop.root / "agents")
    with pytest.raises(ListGone):
        run.result()
    assert [line["outcome"] for line in workshop.ledger()] == ["cancelled", "cancelled"]


def test_run_of_which_there_is_no_record_is_not_found(workshop: Workshop) -> None:
    with pytest.raises(RunNotFound):
        workshop.carry_out("20200101-000000-abcdef")
    assert workshop.runs().get_task_progress("nothing") is None
    assert not (workshop.state / "compound").exists()


def test_run_that_is_complete_runs_nothing_when_it_is_resumed(workshop: Workshop) -> None:
    record = workshop.submit()
    workshop.carry_out(record.id)
    assert workshop.carry_out(record.id, threading.Event()).state is RunState.COMPLETED
    assert len(workshop.begun()) == 5
    assert len(workshop.ledger()) == 5
