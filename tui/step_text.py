"""What an undo or a redo came to, in words."""

from __future__ import annotations

from store.model.edits import CreateTask
from store.model.history import Direction, StepOutcome
from tui.edit_text import deed, refusal_text, sentence
from tui.safe_text import SafeText, one_line

_DONE = {Direction.UNDO: "undone", Direction.REDO: "made again"}


def step_name(outcome: StepOutcome) -> SafeText:
    """What the step is called: its label, else what its edit does."""
    if outcome.label:
        return one_line(outcome.label, 200)
    edits = outcome.edits
    if len(edits) == 1:
        is_new = isinstance(edits[0], CreateTask)
        return deed(edits[0]) if is_new else sentence(edits[0])
    return one_line(f"{len(edits)} edits" if edits else "")


def step_sentence(outcome: StepOutcome) -> SafeText:
    """`undone: release 4 tasks of cy`, or why not."""
    name, done = step_name(outcome), _DONE[outcome.direction]
    if outcome.is_whole:
        return one_line(f"{done}: {name}", 240)
    reasons = [str(reason) for reason in outcome.reasons]
    reasons += [str(refusal_text(failure.error)) for failure in outcome.result.failures]
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    why = reasons[0] + more if reasons else ""
    if outcome.is_made:
        return one_line(f"{done} in part: {name}; not {why}", 400)
    if outcome.step is None:
        return one_line(why, 400)
    return one_line(f"not {done}: {name}: {why}", 400)
