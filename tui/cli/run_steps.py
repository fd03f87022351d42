"""What `run` prints: a line for each step of a run, and at its end what it came to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.running.compound import CompoundRuns
    from store.running.run_record import RunRecord
    from store.running.runner import Step


@dataclass
class Teller:
    """Prints a run's steps."""

    record: RunRecord
    as_json: bool
    done: set[str] = field(default_factory=set)
    """Subtasks that are completed; of a run that goes on also those of before."""

    def begin(self) -> None:
        with self._to_whoever_listens():
            self._begin()

    def tell(self, step: Step) -> None:
        if step.kind.value == "completed":
            self.done.add(step.task)
        with self._to_whoever_listens():
            self._tell(step)

    def end(self, record: RunRecord, runs: CompoundRuns) -> None:
        with self._to_whoever_listens():
            self._end(record, runs)

    @contextmanager
    def _to_whoever_listens(self) -> Iterator[None]:
        from tui.cli.program import silence_stdout

        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()  # the run goes on all the same

    def _begin(self) -> None:
        from tui.cli.output import print_json, print_line

        record = self.record
        count = len(record.plan.subtasks)
        if self.as_json:
            print_json({"run": record.id, "list": record.list_id, "subtasks": count})
        else:
            some = f"{count} subtask{'' if count == 1 else 's'}"
            print_line(f"run {record.id}: {some}, list {record.list_id}")

    def _tell(self, step: Step) -> None:
        from tui.cli.output import print_json, print_line
        from tui.cli.spending import money

        outcome = step.outcome
        if self.as_json:
            print_json(_step_values(self.record, step))
        else:
            count = f"[{len(self.done)}/{len(self.record.plan.subtasks)}]"
            text = f"{count} #{step.task} {step.kind.value}"
            if outcome is None:
                text += f" with {step.model}"
            else:
                text += f" after {step.seconds:.1f} s, {money(outcome.spent)}"
            why = f": {outcome.error}" if outcome is not None and outcome.error else ""
            print_line(f"{text}: {step.subject}{why}")

    def _end(self, record: RunRecord, runs: CompoundRuns) -> None:
        from store.model.execution import Spent
        from store.running.progress import progress
        from tui.cli.output import print_json, print_line
        from tui.cli.spending import money

        task_list = runs.load_list(record)
        total = runs.total_of(record.id)
        found = progress(record, task_list, total.usd)
        counts: dict[str, int] = {}
        for subtask in found["subtasks"]:
            counts[subtask["status"]] = counts.get(subtask["status"], 0) + 1
        spent = Spent(total.usd, is_estimated=total.estimated_usd > 0)
        if self.as_json:
            values = {
                "status": record.state.value,
                "counts": counts,
                "total_cost": total.usd,
                "is_estimated": spent.is_estimated,
            }
            print_json({"run": record.id, **values})
            return
        said = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        print_line(f"run {record.id} {record.state.value}: {said or 'no subtasks'}, {money(spent)}")
        if record.state.value != "completed":
            print_line(f"its commands' outputs: {runs.place_of(record.id)}")
            print_line(f"to go on: colonytop run --resume {record.id}")


def _step_values(record: RunRecord, step: Step) -> dict[str, Any]:
    from store.running.facts import FACTS
    from tui.cli.shapes import native_id

    values: dict[str, Any] = {
        "run": record.id,
        "step": step.kind.value,
        "task": native_id(step.task, FACTS.name),
        "subject": step.subject,
        "model": step.model,
        "attempt": step.attempt,
        "seconds": round(step.seconds, 3),
    }
    if step.outcome is not None:
        spent = step.outcome.spent
        values |= {
            "outcome": step.outcome.ending.value,
            "result": step.outcome.result,
            "error": step.outcome.error,
            "cost_usd": spent.usd,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "is_estimated": spent.is_estimated,
        }
    return values
