"""What the rows of the lists pane say: counts of a list, and words about the one shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.content import Content

from store.model.rollup import Rollup
from store.model.snapshot import TaskList
from store.model.task import ProblemKind, TaskListInfo, Verb
from tui.spending import spent_text
from tui.view_state import Frame
from tui.widgets.drawing import piece, stamp

_MOST_NOTES = 8
_MOST_LINES = 6  # of one sentence
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What the row of one list says."""

    name: str
    note: str
    """Why the list is not as others: gone, bad, read-only; empty where it is."""
    needs: int
    active: int
    ready: int
    blocked: int
    stale: int
    done: int
    total: int
    is_shown: bool
    """The table shows this list."""
    badge: str = ""
    """Its system, where there are several."""
    own_name: str = ""
    """Where another list is called the same, the name that both have."""
    place: str = ""
    """What tells it apart from that one, unless its badge does."""


@dataclass(frozen=True, slots=True)
class ListWords:
    """A row of words; it cannot be picked."""

    text: str
    style: str = "$muted"


def list_facts(
    name: str, note: str, rollup: Rollup, needs: int, frame: Frame, *, is_shown: bool, badge: str
) -> ListFacts:
    """The figures at the moment of a frame."""
    stale = rollup.stale(frame.now, frame.stale_after_s)
    return ListFacts(
        name=name,
        note=note,
        needs=needs,
        active=rollup.active - stale,
        ready=rollup.ready,
        blocked=rollup.blocked,
        stale=stale,
        done=rollup.done,
        total=rollup.total,
        is_shown=is_shown,
        badge=badge,
    )


def note_of(task_list: TaskList) -> str:
    """One word for a list that is not as others."""
    if task_list.is_stale:
        return "gone" if any(p.kind is ProblemKind.GONE for p in task_list.problems) else "bad"
    return "ro" if task_list.info.capabilities.refusal(Verb.EDIT) else ""


def badness(facts: ListFacts) -> tuple[int, int, int, str]:
    """Worst first, then by name."""
    return -facts.needs, -facts.stale, -facts.blocked, facts.name


def words_about(frame: Frame, about: TaskListInfo, cells: int) -> list[ListWords]:
    """Goal, why it is read-only, notes, when it was put away: each in as many rows as it takes."""
    rows = []
    for text, style in _sentences(frame, about):
        wrapped = Content(piece(text[:_LONGEST])[0]).wrap(max(8, cells - 2))
        rows += [ListWords(one.plain, style) for one in wrapped[:_MOST_LINES]]
    return rows


def _sentences(frame: Frame, about: TaskListInfo) -> Iterator[tuple[str, str]]:
    if about.goal:
        yield f"goal: {about.goal}", ""
    if refusal := about.capabilities.refusal(Verb.EDIT):
        yield f"read-only: {refusal}", "$status-stale"
    if about.archived_at is not None:
        yield f"put away {stamp(about.archived_at, frame.now)}", "$muted"
    if cost := spent_text(about.spent):
        yield f"spent {cost}", "$muted"
    for note in about.notes[:_MOST_NOTES]:
        yield note, "$muted"
