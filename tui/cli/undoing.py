"""`undo` and `redo`: take back the last step of the command line, and make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.acting import operator_on, operator_option
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.model.history import StepOutcome

_REFUSED = {"undo": "not_undone", "redo": "not_redone"}


@click.command()
@click.option("--step", metavar="STEP", help="That step, whoever made it; see `history`.")
@operator_option
@common_options
@pass_invocation
def undo(invocation: Invocation, step: str | None, operator: str | None) -> None:
    """Take back the last edit, or batch of edits, that was made on the command line.

    What others have changed since is not touched: such an edit is refused, with what is there
    now, and the next undo is about the step before. Exit code 1 if nothing was taken back.
    """
    print_outcome(invocation, operator_on(invocation.workspace(), operator).undo(step=step))


@click.command()
@operator_option
@common_options
@pass_invocation
def redo(invocation: Invocation, operator: str | None) -> None:
    """Make again what `undo` took back last, as long as nothing else was edited since."""
    print_outcome(invocation, operator_on(invocation.workspace(), operator).redo())


def print_outcome(invocation: Invocation, outcome: StepOutcome) -> None:
    """What was written, what was refused, and why; exits with 1 if nothing was written."""
    from tui.cli.output import print_json, print_line
    from tui.step_text import step_sentence

    if invocation.as_json:
        print_json(outcome_record(outcome))
        if not outcome.is_made:
            print_line(f"colonytop: {step_sentence(outcome)}", to_stderr=True)
    else:
        print_line(str(step_sentence(outcome)), to_stderr=not outcome.is_made)
        for text in refusals(outcome):
            print_line(f"  {text}", to_stderr=True)
    if not outcome.is_made:
        raise click.exceptions.Exit(1)


def refusals(outcome: StepOutcome) -> list[str]:
    """One sentence for each edit that was refused, and for what has happened since."""
    from tui.cli.history import entry_sentence
    from tui.edit_text import deed, refusal_text, target_name

    failures = outcome.result.failures
    said = [f"{target_name(f.edit)} {deed(f.edit)}: {refusal_text(f.error)}" for f in failures]
    said += [f"since then: {entry_sentence(entry)}" for entry in outcome.since]
    return said


def outcome_record(outcome: StepOutcome) -> dict[str, Any]:
    """The outcome as the document that `--json` prints."""
    from store.model.edits import CreateTask
    from tui.cli.history import entry_record
    from tui.cli.shapes import native_id
    from tui.edit_text import deed
    from tui.step_text import step_name, step_sentence

    record: dict[str, Any] = {
        str(outcome.direction): str(step_name(outcome)) if outcome.step else None,
        "step": outcome.step,
        "made": [
            {
                "list": result.edit.list.id,
                "id": None
                if isinstance(result.edit, CreateTask)
                else native_id(result.edit.key.id, result.edit.list.system),
                "did": str(deed(result.edit, result)),
            }
            for result in outcome.result.results
        ],
        "refused": [
            {
                "list": failure.edit.list.id,
                "id": None
                if isinstance(failure.edit, CreateTask)
                else native_id(failure.edit.key.id, failure.edit.list.system),
                "error": {
                    **failure.error.details(),
                    "kind": failure.error.kind,
                    "message": str(failure.error),
                },
            }
            for failure in outcome.result.failures
        ],
        "reasons": list(outcome.reasons),
        "since": [entry_record(entry) for entry in outcome.since],
    }
    if not outcome.is_made:
        message = str(step_sentence(outcome))
        record["error"] = {"kind": _REFUSED[outcome.direction.value], "message": message}
    return record
