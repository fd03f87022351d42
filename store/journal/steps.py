"""Which step is next to undo or redo, found from the journal's newest lines backwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from store.journal.lines import EditLine, Line, SeenLine, VerdictLine
from store.model.history import Actor, Direction

DONE = {Direction.UNDO: "undone", Direction.REDO: "redone"}
KEPT, PASSED = "kept", "passed"

_UNDONE = DONE[Direction.UNDO]
_STILL_THERE = (None, DONE[Direction.REDO])


@dataclass(frozen=True, slots=True)
class Target:
    """The step that an undo or redo is about, and the lines whose inverses do it."""

    step: str
    at: float
    """Epoch seconds of its last line that was needed."""
    label: str
    lines: tuple[EditLine, ...]
    """One for each edit, in order: its outcome, or its intent where there is none."""
    is_open: bool = True
    """False: it was taken back, or passed over, already."""


@dataclass(slots=True)
class _Gathered:
    """Lines of one step, met from the last one backwards."""

    count: int
    lines: dict[int, EditLine] = field(default_factory=dict)

    def add(self, line: EditLine) -> None:
        self.lines.setdefault(line.number, line)  # the outcome stands after the intent

    @property
    def is_whole(self) -> bool:
        return len(self.lines) >= self.count

    @property
    def is_refused(self) -> bool:
        """Nothing of it was made."""
        return self.is_whole and all(line.made is False for line in self.lines.values())


class _Reader:
    """What the lines so far say of each step."""

    def __init__(self) -> None:
        self.steps: dict[str, _Gathered] = {}
        self.states: dict[str, str] = {}
        """Of a step: the last thing that was done to it."""
        self.last_act: dict[str, str] = {}
        """Of a step: the last step that undid or redid it."""
        self._idle: set[str] = set()

    def take(self, line: Line) -> bool:
        """Read one line; False: it is no line of a step of its own."""
        if isinstance(line, VerdictLine):
            if line.state == KEPT:
                self._idle.add(line.step)
            else:
                self._note(line.act.of, line.state, line.step)
            return False
        if not isinstance(line, EditLine):
            return False
        self.steps.setdefault(line.step, _Gathered(line.count)).add(line)
        if line.act is None:
            return True
        if line.step not in self._idle:  # a crash came before the verdict
            self._note(line.act.of, DONE[line.act.direction], line.step)
        return False

    def target(self, step: str, source: str) -> Target:
        lines = tuple(line for _, line in sorted(self.steps[source].lines.items()))
        at, label = max(line.at for line in lines), lines[0].label
        is_open = self.states.get(step) in _STILL_THERE
        return Target(step, at, label, lines, is_open)

    def _note(self, step: str, state: str, by: str) -> None:
        if step not in self.states:
            self.states[step] = state
            self.last_act[step] = by


def find_undo(lines: Iterable[Line], actor: Actor) -> Target | None:
    """The actor's newest step that made something and still stands.

    Args:
        lines: the newest first; no more are taken than are needed.
        actor: whose steps count.
    """
    reader, candidates = _Reader(), dict[str, None]()

    def found(*, is_all: bool = False) -> Target | None:
        for step in list(candidates):
            if reader.states.get(step) not in _STILL_THERE or reader.steps[step].is_refused:
                del candidates[step]
                continue
            source = reader.last_act.get(step, step)
            gathered = reader.steps.get(source)
            if gathered is not None and (gathered.is_whole or is_all):
                return reader.target(step, source)
            return None
        return None

    for line in lines:
        if reader.take(line) and isinstance(line, EditLine) and line.actor == actor:
            candidates.setdefault(line.step)
        if target := found():
            return target
    return found(is_all=True)


def find_redo(lines: Iterable[Line], actor: Actor) -> Target | None:
    """What the actor took back last and has not made again; nothing, once there is a newer step."""
    reader = _Reader()
    undone: tuple[str, str] | None = None
    for line in lines:
        act = None if isinstance(line, SeenLine) else line.act
        is_first = act is not None and act.of not in reader.states
        is_own = reader.take(line)
        if not isinstance(line, (EditLine, VerdictLine)) or line.actor != actor:
            continue
        if undone is None and is_own and _is_news(line, reader):
            return None
        if undone is None and act and is_first and reader.states.get(act.of) == _UNDONE:
            undone = act.of, reader.last_act[act.of]
        if undone and (gathered := reader.steps.get(undone[1])) and gathered.is_whole:
            return reader.target(*undone)
    return reader.target(*undone) if undone and undone[1] in reader.steps else None


def find_step(lines: Iterable[Line], step: str) -> Target | None:
    """That step, whoever made it and whatever has become of it."""
    reader = _Reader()
    for line in lines:
        reader.take(line)
        if (gathered := reader.steps.get(step)) and gathered.is_whole:
            break
    if step not in reader.steps:
        return None
    source = reader.last_act.get(step, step)
    is_redone = reader.states.get(step) == DONE[Direction.REDO] and source in reader.steps
    return reader.target(step, source if is_redone else step)


def _is_news(line: EditLine | VerdictLine, reader: _Reader) -> bool:
    """A step of its own that made something, or may have."""
    return (
        isinstance(line, EditLine) and reader.steps[line.step].lines[line.number].made is not False
    )
