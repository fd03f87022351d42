"""Runs in a temporary place, whose commands a test holds and lets go."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.model.task import Task, TaskId
from store.running.compound import CompoundRuns
from store.running.ledger import SpendLedger
from store.running.planners import parse_plan
from store.running.run_record import RunRecord
from store.running.runner import Step, StepKind
from store.running.settings import RunSettings
from store.systems.hive.native import NativeStore
from tests.patience import PATIENCE_S, wait_until

THREE_WAVES = """
# Forge the sword
## Ore
- Dig the ore
- Wash it
## Steel
- Smelt it
## End
- Polish
- Sharpen
"""
COMMAND = """
echo "$COLONYTOP_TASK $COLONYTOP_MODEL $COLONYTOP_ATTEMPT" >> "$0/begun"
while [ -e "$0/hold" ] || [ -e "$0/hold.$COLONYTOP_TASK" ]; do sleep 0.01; done
echo "did $COLONYTOP_TASK"
[ ! -e "$0/fail.$COLONYTOP_TASK" ] || { echo "cannot" >&2; exit 3; }
echo "$COLONYTOP_TASK" >> "$0/ended"
"""
"""Notes that it began, waits while a file `hold` or `hold.TASK` is there, and fails if `fail.TASK`
is. The directory of these is the shell's own name.
"""


@dataclass
class Workshop:
    """A root, a state directory, and what commands leave behind."""

    path: Path
    told: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.path / "marks").mkdir(parents=True, exist_ok=True)

    @property
    def marks(self) -> Path:
        return self.path / "marks"

    @property
    def root(self) -> Path:
        return self.path / "hive"

    @property
    def state(self) -> Path:
        return self.path / "state"

    def command(self) -> tuple[str, ...]:
        return ("sh", "-c", COMMAND, str(self.marks))

    def runs(self, **settings: Any) -> CompoundRuns:
        """Runs whose command is ours."""
        chosen = {"command": self.command(), **settings}
        return CompoundRuns(self.root, state=self.state, settings=RunSettings(**chosen))

    def submit(self, text: str = THREE_WAVES, **settings: Any) -> RunRecord:
        return self.runs(**settings).submit(parse_plan(text, "plan"))

    def carry_out(self, run_id: str, stop: threading.Event | None = None) -> RunRecord:
        return self.runs().carry_out(run_id, stop=stop, tell=self.told.append)

    def in_background(self, run_id: str) -> Background:
        return Background(self, run_id)

    def hold(self, name: str = "") -> None:
        (self.marks / f"hold{name}").touch()

    def let_go(self, name: str = "") -> None:
        (self.marks / f"hold{name}").unlink()

    def fail(self, task: int) -> None:
        (self.marks / f"fail.{task}").touch()

    def mend(self, task: int) -> None:
        (self.marks / f"fail.{task}").unlink()

    def begun(self) -> list[str]:
        """The task of each command that began, in order."""
        return [line.split()[0] for line in self._lines("begun")]

    def models(self) -> dict[str, str]:
        """The model that each task last ran with."""
        return {line.split()[0]: line.split()[1] for line in self._lines("begun")}

    def ended(self) -> list[str]:
        return self._lines("ended")

    def tasks(self, record: RunRecord) -> Mapping[TaskId, Task]:
        return self.runs().load_list(record).tasks

    def task(self, record: RunRecord, number: int) -> Task:
        return self.tasks(record)[TaskId(str(number))]

    def statuses(self, record: RunRecord) -> list[str]:
        progress = self.runs().get_task_progress(record.id)
        assert progress is not None
        return [subtask["status"] for subtask in progress["subtasks"]]

    def store(self) -> NativeStore:
        return NativeStore(self.root)

    def ledger(self) -> list[Mapping[str, Any]]:
        """Its lines, oldest first."""
        lines = list(SpendLedger(self.state).lines())
        assert None not in lines
        return [line for line in reversed(lines) if line is not None]

    def steps(self, record: RunRecord) -> list[dict[str, Any]]:
        """The log of a run's executions."""
        paths = sorted(self.runs().place_of(record.id).glob("executions-*.jsonl"))
        whole = [line for path in paths for line in path.read_text().split("\n")[:-1]]
        return [json.loads(line) for line in whole]

    def kinds(self) -> list[tuple[StepKind, str]]:
        return [(step.kind, step.task) for step in self.told]

    def wait_begun(self, *tasks: str) -> None:
        wait_until(lambda: set(tasks) <= set(self.begun()), f"the commands of {tasks}")

    def _lines(self, name: str) -> list[str]:
        path = self.marks / name
        return path.read_text().splitlines() if path.exists() else []


class Background:
    """A run that is carried out in a thread."""

    def __init__(self, workshop: Workshop, run_id: str) -> None:
        self.stop = threading.Event()
        self._found: list[RunRecord] = []
        self._error: BaseException | None = None

        def work() -> None:
            try:
                self._found.append(workshop.carry_out(run_id, self.stop))
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def result(self) -> RunRecord:
        """Wait for its end."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._found[0]
