"""An operator's jobs: each is done with the keys of its script, and they are few enough."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from store.model.task import TaskId
from store.workspace import RootSpec, Workspace
from tests.jobs.job import Job, Outcome, do
from tests.jobs.jobs import JOB_BY_NAME, JOBS
from tests.jobs.scene import UNREADABLE, Scene
from tests.jobs.stage import Stage
from tests.jobs.table import markdown_rows, terminal_rows

HERE = Path(__file__).parents[2]
PROMISED = {
    "free-what-holds-most": 3,
    "hand-over-of-a-silent-agent": 6,
    "why-not-ready": 2,
    "undo-of-a-bulk-edit": 1,
    "what-changed-lately": 2,
}
"""The most keys that the jobs which matter most may ever cost."""


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
async def test_job_is_done_with_its_keys(job: Job, tmp_path: Path) -> None:
    outcome = await do(job, tmp_path)
    assert outcome.is_good, f"{outcome.verdict}\n{outcome.screen}"
    assert outcome.pressed == len(job.keys) <= job.most


def test_jobs_are_at_least_twenty_each_with_a_name_and_a_question_of_its_own() -> None:
    assert len(JOB_BY_NAME) == len(JOBS) >= 20
    assert len({(job.question, job.selected) for job in JOBS}) == len(JOBS)


@pytest.mark.parametrize(("name", "most"), PROMISED.items())
def test_job_that_matters_most_may_not_cost_more_than_was_promised(name: str, most: int) -> None:
    assert JOB_BY_NAME[name].most <= most


def test_job_of_too_many_keys_is_no_success() -> None:
    job = JOB_BY_NAME["what-needs-me"]
    assert Outcome(job, 1).is_good
    assert Outcome(job, 2).verdict == "2 keys, 1 allowed"


async def test_job_whose_keys_do_not_do_it_fails_with_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose_patience(stage: Stage) -> None:
        monkeypatch.setattr("tests.tui.conftest.PATIENCE_S", 0.2)

    job = replace(JOB_BY_NAME["release-one"], steps=("R", "n"), before=lose_patience)
    outcome = await do(job, tmp_path)
    assert outcome.verdict == "not done"
    assert "Import the supplier" in outcome.screen


async def test_job_that_only_looks_and_writes_all_the_same_fails(tmp_path: Path) -> None:
    job = replace(JOB_BY_NAME["release-one"], writes=False)
    assert (await do(job, tmp_path)).verdict == "it has written to a task"


async def test_job_that_is_done_before_it_begins_fails(tmp_path: Path) -> None:
    job = replace(JOB_BY_NAME["release-one"], is_done=lambda stage: True)
    assert (await do(job, tmp_path)).verdict == "done before any key was pressed"


def test_scene_has_what_the_jobs_are_about(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "root")
    workspace = Workspace([RootSpec(scene.root, "test")])
    leads, shards = workspace.find_list("leads"), workspace.find_list("shards")
    assert max(leads.graph.held, key=lambda i: leads.graph.held[i]) == "7"
    assert leads.graph.cycle_of.keys() == {"31", "32"}
    assert TaskId("4") not in leads.tasks
    (problem,) = shards.tasks[TaskId(str(UNREADABLE))].problems
    assert "not JSON" in problem.text


def test_terminal_table_names_what_went_wrong() -> None:
    jobs = JOBS[:2]
    lines = terminal_rows([Outcome(jobs[0], 3), Outcome(jobs[1], 6, "not done")])
    assert lines[0].split() == ["job", "from", "keys", "pressed", "allowed", "result"]
    assert lines[1].endswith("3        3  done")
    assert lines[2].endswith("6        6  not done")


def test_readme_shows_the_table_of_the_jobs() -> None:
    table, page = "\n".join(markdown_rows(JOBS)), (HERE / "README.md").read_text(encoding="utf-8")
    assert table in page, "put in what `python -m tests.jobs --markdown` prints"
    assert f"does these {len(JOBS)} jobs" in page


@pytest.mark.processes
def test_program_does_a_job_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs", "what-can-start"],
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "What can start right now?  launch  2" in done.stdout
    assert "1 of 1 jobs done" in done.stdout
