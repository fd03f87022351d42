"""The calls that users of compound runs know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import store
from store.running import compound
from store.running.compound import CompoundRuns
from store.running.errors import InvalidPlan, RunNotFound
from store.running.planners import CommandPlanner, OutlinePlanner, parse_plan
from store.running.run_record import RunState
from store.running.settings import RunSettings
from tests.patience import PATIENCE_S
from tests.running.workshop import THREE_WAVES, Workshop


@pytest.fixture
def runs(workshop: Workshop) -> CompoundRuns:
    return CompoundRuns(
        workshop.root,
        state=workshop.state,
        planner=OutlinePlanner(),
        settings=RunSettings(workshop.command()),
    )


def test_submitted_task_is_planned_at_once_and_carried_out_in_the_background(
    workshop: Workshop, runs: CompoundRuns
) -> None:
    workshop.hold()
    made = runs.submit_compound_task(THREE_WAVES)
    assert set(made) == {"id", "status", "subtask_count"}
    assert (made["status"], made["subtask_count"]) == ("planned", 5)
    workshop.wait_begun("1", "2")
    progress = runs.get_task_progress(made["id"])
    assert progress is not None
    assert progress["status"] == "executing"
    assert [one["status"] for one in progress["subtasks"]] == ["executing"] * 2 + ["pending"] * 3
    workshop.let_go()
    assert runs.wait(made["id"], PATIENCE_S)
    progress = runs.get_task_progress(made["id"])
    assert progress is not None
    assert progress["status"] == "completed"
    assert progress["prompt"] == THREE_WAVES
    assert [one["depends_on"] for one in progress["subtasks"]] == [[], [], [0, 1], [2], [2]]
    first = progress["subtasks"][0]
    assert set(first) >= {
        "id", "index", "description", "tier_hint", "tier_assigned", "model", "depends_on",
        "status", "result", "cost", "started_at", "completed_at",
    }  # fmt: skip
    assert (first["index"], first["result"], first["model"]) == (0, "did 1", "sonnet")
    assert first["started_at"] < first["completed_at"]


def test_recent_tasks_are_listed_newest_first_with_their_counts(
    workshop: Workshop, runs: CompoundRuns
) -> None:
    ids = []
    for prompt in ("- a\n- b", "Write " + "much " * 50):
        made = runs.submit_compound_task(prompt)
        assert runs.wait(made["id"], PATIENCE_S)
        ids.append(made["id"])
    recent = runs.list_recent_tasks()
    assert {one["id"] for one in recent} == set(ids)
    assert recent == sorted(recent, key=lambda one: one["id"], reverse=True)
    by_id = {one["id"]: one for one in recent}
    assert (by_id[ids[0]]["subtask_count"], by_id[ids[0]]["completed_count"]) == (2, 2)
    assert len(by_id[ids[1]]["prompt"]) == 100
    assert set(recent[0]) == {
        "id", "prompt", "status", "subtask_count", "completed_count", "total_cost", "created_at",
        "completed_at",
    }  # fmt: skip
    assert len(runs.list_recent_tasks(1)) == 1
    assert runs.list_recent_tasks(0) == []


def test_progress_is_a_copy(runs: CompoundRuns) -> None:
    made = runs.submit_compound_task("- a")
    assert runs.wait(made["id"], PATIENCE_S)
    progress = runs.get_task_progress(made["id"])
    assert progress is not None
    progress["subtasks"].clear()
    again = runs.get_task_progress(made["id"])
    assert again is not None
    assert len(again["subtasks"]) == 1


def test_token_reaches_the_commands_and_is_written_nowhere(workshop: Workshop) -> None:
    command = ("sh", "-c", 'echo "${#ANTHROPIC_AUTH_TOKEN} signs"')
    runs = CompoundRuns(
        workshop.root, state=workshop.state, planner=OutlinePlanner(), settings=RunSettings(command)
    )
    made = runs.submit_compound_task("- a", auth_token="s3cret-t0ken")
    assert runs.wait(made["id"], PATIENCE_S)
    progress = runs.get_task_progress(made["id"])
    assert progress is not None
    assert progress["subtasks"][0]["result"] == "12 signs"
    written = [path for path in workshop.path.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert [path for path in written if b"s3cret" in path.read_bytes()] == []


def test_run_id_that_names_no_run_is_not_found(workshop: Workshop, runs: CompoundRuns) -> None:
    assert runs.wait(runs.submit_compound_task("Smelt")["id"], PATIENCE_S)
    for run_id in ("", ".", "..", "../..", "/", "a/b", "a\0b", "x" * 300, "\ud800"):
        assert runs.get_task_progress(run_id) is None
        with pytest.raises(RunNotFound):
            runs.carry_out(run_id)


def test_plan_that_is_none_makes_nothing(workshop: Workshop) -> None:
    runs = CompoundRuns(
        workshop.root, state=workshop.state, planner=CommandPlanner(("sh", "-c", "echo nonsense"))
    )
    with pytest.raises(InvalidPlan):
        runs.submit_compound_task("Forge")
    assert runs.list_recent_tasks() == []
    assert not workshop.root.exists()


def test_list_made_when_its_maker_died_is_carried_out_as_it_is_by_then(
    workshop: Workshop, runs: CompoundRuns
) -> None:
    """Its record does not say yet that it stands; what an operator took away stays away."""
    record = runs.submit(parse_plan(THREE_WAVES, "plan"))
    native = workshop.store()
    native.delete_task(record.list_id, 5)
    native.update_task(record.list_id, 4, remove_blocked_by=[3])
    files = workshop.runs()._files(record.id)
    files.save(replace(record, state=RunState.PLANNING, planned_at=None))
    assert runs.carry_out(record.id).state is RunState.COMPLETED
    begun = workshop.begun()
    assert sorted(begun) == ["1", "2", "3", "4"]
    assert {"1", "2"} <= set(begun[: begun.index("3")])


def test_list_of_a_run_tells_what_it_is_for_and_what_it_cost(
    workshop: Workshop, runs: CompoundRuns
) -> None:
    made = runs.submit_compound_task(THREE_WAVES)
    assert runs.wait(made["id"], PATIENCE_S)
    shown = runs.load_list(runs.record(made["id"]))
    assert shown.info.goal == "Forge the sword"
    assert shown.info.spent is not None
    assert shown.info.spent.is_estimated
    total = sum(float(str(line["cost_usd"])) for line in workshop.ledger())
    assert shown.info.spent.usd == pytest.approx(total)
    assert [member.name for member in shown.info.members] == ["sonnet"]
    first = next(iter(shown.tasks.values()))
    assert first.execution is not None
    assert (first.execution.tier, first.execution.result) == ("2", "did 1")


def test_calls_are_exported_with_the_usual_places(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compound._usual.cache_clear()
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("COLONYTOP_PLANNER", "outline")
    monkeypatch.setenv("COLONYTOP_EXEC", "cat")
    try:
        made = store.submit_compound_task("- a\n- b (after 1)")
        assert compound._usual().wait(made["id"], PATIENCE_S)
        progress = store.get_task_progress(made["id"])
        assert progress is not None
        assert [one["result"] for one in progress["subtasks"]] == ["a", "b"]
        assert [one["id"] for one in store.list_recent_tasks()] == [made["id"]]
    finally:
        compound._usual.cache_clear()
