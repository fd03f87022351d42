"""The derivation why a task is not ready, as lines: the same in the detail pane and in a shell.

The texts quote the records, so whoever shows them brings them through the safe-text door.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from store.model.attention import DisplayState
from store.model.cheapest import Step, StepKind, Way
from store.model.cost import Cost, cost_text
from store.model.derivation import Cause, Derivation, RootBlocker
from store.model.task import TaskId
from tui.glyphs import age

MOST_CAUSES = 40
MOST_STEPS = 12


class LineKind(StrEnum):
    """What a line is, for whoever draws it."""

    TITLE = "title"
    CAUSE = "cause"
    """A reason, or a root of it; `state` says how its task stands."""
    PHANTOM = "phantom"
    """A reason that waiting will never clear."""
    NOTE = "note"
    """Belongs to the line before it."""
    STEP = "step"


class WhyLine(NamedTuple):
    """One line of the derivation."""

    kind: LineKind
    text: str
    state: DisplayState | None = None
    key: str | None = None
    """The key that does something about it, where no keymap moved it."""
    on: TaskId | None = None
    """The task on which that key does it, where that is not the one that is asked about."""


def why_lines(derivation: Derivation, now: float) -> list[WhyLine]:
    """Verdict, reasons, roots and the cheapest way, at a moment (epoch seconds)."""
    if derivation.task.is_closed:
        return []
    return [*_verdict(derivation, now), *_roots(derivation, now), *_way(derivation, now)]


def _verdict(derivation: Derivation, now: float) -> Iterator[WhyLine]:
    if derivation.ready:
        yield WhyLine(LineKind.TITLE, "Ready to start")
        return
    yield WhyLine(LineKind.TITLE, "Why not ready")
    refusals: set[str] = set()
    for cause in derivation.causes[:MOST_CAUSES]:
        yield from _cause(derivation.task.id, cause, now)
        yield from _refusal(cause.refusal, refusals)
    if (more := len(derivation.causes) - MOST_CAUSES) > 0:
        yield WhyLine(LineKind.NOTE, f"… {more} more")


def _refusal(refusal: str, said: set[str]) -> Iterator[WhyLine]:
    """Why no key does something about it, once for all of which the same is to be said."""
    if refusal and refusal not in said:
        said.add(refusal)
        yield WhyLine(LineKind.NOTE, refusal)


def _cause(task_id: TaskId, cause: Cause, now: float) -> Iterator[WhyLine]:
    reason = cause.reason
    phantom = reason.kind.is_phantom
    text = f"{reason.kind.value}: {reason.text}" if phantom else reason.text
    if cause.state is DisplayState.STALE:
        text += f", silent {_since(cause.since, now)}"
    kind = LineKind.PHANTOM if phantom else LineKind.CAUSE
    on = cause.target if cause.key and cause.target != task_id else None
    yield WhyLine(kind, text, cause.state, cause.key, on)
    if cause.belief:
        yield WhyLine(LineKind.NOTE, cause.belief)


def _roots(derivation: Derivation, now: float) -> Iterator[WhyLine]:
    if not derivation.roots:
        return
    yield WhyLine(LineKind.TITLE, "At the root of it")
    refusals: set[str] = set()
    for root in derivation.roots:
        text = f"#{root.id} {_root_text(root, now)}"
        yield WhyLine(LineKind.CAUSE, text, root.state, root.key, root.id if root.key else None)
        yield from _refusal(root.refusal, refusals)
    if derivation.more_roots:
        yield WhyLine(LineKind.NOTE, f"… {derivation.more_roots} more")


def _root_text(root: RootBlocker, now: float) -> str:
    parts = ["failed"] if root.state is DisplayState.FAILED else []
    if root.since is not None:
        owner = root.owner or "nobody"
        parts.append(f"{owner}, last write {_since(root.since, now)} ago")
    parts.append(costs(root.cost))
    return " · ".join(parts)


def _way(derivation: Derivation, now: float) -> Iterator[WhyLine]:
    way = derivation.way
    if way is None:
        return
    yield WhyLine(LineKind.TITLE, f"Cheapest way to free #{derivation.task.id} · {way_price(way)}")
    for number, step in enumerate(way.steps[:MOST_STEPS], 1):
        yield WhyLine(LineKind.STEP, f"{number} {step_text(step, now)}")
    if (more := len(way.steps) - MOST_STEPS) > 0:
        yield WhyLine(LineKind.NOTE, f"… {more} more")
    if not way.is_whole:
        yield WhyLine(LineKind.NOTE, "more is above it than was weighed")


def way_price(way: Way) -> str:
    """As in "free", "price 35"."""
    return f"price {way.price}" if way.price else "free"


def step_text(step: Step, now: float) -> str:
    """One step with its price."""
    silent = f" {_since(step.since, now)}" if step.kind is StepKind.RELEASE else ""
    price = f"price {step.price}" if step.price else "free"
    return f"{step.text}{silent} · {price}"


def costs(cost: Cost) -> str:
    """What it holds up and costs, with those who lose time."""
    who = f" ({', '.join(cost.agents[:4])})" if cost.agents and int(cost.minutes) else ""
    return cost_text(cost) + who


def _since(at: float | None, now: float) -> str:
    return age(None if at is None else now - at)
