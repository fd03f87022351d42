"""What a job is, and doing it: the keys of the script on the real app, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.jobs.stage import Stage, staged


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is typed; each character is a key."""

    text: str


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else does before the next key. Presses none."""

    happens: Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the operator waits to read before the next key. Presses none."""

    text: str


Step = str | Typed | Meanwhile | Seen


@dataclass(frozen=True, slots=True)
class Job:
    """Something an operator wants, the keys that do it, and how to tell that it is done."""

    name: str
    question: str
    """As an operator would put it."""
    steps: tuple[Step, ...]
    most: int
    """Keys that it may cost."""
    is_done: Callable[[Stage], bool]
    """Looks at the disk for what is written, at the drawn screen for what is found out."""
    selected: str = ""
    """`LIST/ID` that is selected when the job begins; empty: right after launch."""
    before: Callable[[Stage], Awaitable[None]] | None = None
    """What has happened before."""
    after: Callable[[Stage], Awaitable[None]] | None = None
    """What others do once the keys are pressed, before it is judged."""
    writes: bool = False
    """It changes tasks; any other job must leave every file as it was."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key, typed characters one by one."""
        found: list[str] = []
        for step in self.steps:
            if isinstance(step, Typed):
                found += step.text
            elif isinstance(step, str):
                found.append(step)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job."""

    job: Job
    pressed: int
    problem: str = ""
    """Why it is not done; empty where it is."""
    screen: str = ""
    """What was drawn when it failed."""

    @property
    def verdict(self) -> str:
        """`done`, or what is wrong, in words."""
        if self.problem:
            return self.problem
        if self.pressed > self.job.most:
            return f"{self.pressed} keys, {self.job.most} allowed"
        return "done"

    @property
    def is_good(self) -> bool:
        return self.verdict == "done"


async def do(job: Job, place: Path) -> Outcome:
    """Do a job in an empty directory of its own."""
    async with staged(place, selected=job.selected) as stage:
        try:
            await _play(job, stage)
        except AssertionError as error:
            problem = (str(error).splitlines() or ["failed"])[0]
            return Outcome(job, stage.pressed, problem, stage.screen)
        return Outcome(job, stage.pressed)


async def do_somewhere(job: Job) -> Outcome:
    """The same in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="colonytop-job-") as place:
        return await do(job, Path(place))


async def _play(job: Job, stage: Stage) -> None:
    """Raises:
    AssertionError: what did not come about.
    """
    if job.before is not None:
        await job.before(stage)
    assert not job.is_done(stage), "done before any key was pressed"
    written = stage.files()
    for step in job.steps:
        await _take(step, stage)
    await stage.settled()
    if not job.writes:
        assert stage.files() == written, "it has written to a task"
    if job.after is not None:
        await job.after(stage)
    await stage.until(lambda: job.is_done(stage), "not done")


async def _take(step: Step, stage: Stage) -> None:
    if isinstance(step, Typed):
        await stage.press(*step.text)
    elif isinstance(step, Meanwhile):
        await step.happens(stage)
    elif isinstance(step, Seen):
        await stage.until(lambda: step.text in stage.screen, f"{step.text!r} is not shown")
    else:
        await stage.press(step)
