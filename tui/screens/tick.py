"""`x`: tick off steps and checks of a task, or open them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from textual.content import Content

from store.model.attention import DisplayState
from store.model.edits import Edit, Tick, UpdateTask
from store.model.execution import Execution, TickKind
from store.model.task import TaskKey, Verb
from store.model.ticking import ticked
from tui.glyphs import signs
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.steering_dialog import TaskDialog
from tui.screens.ticking import Ticking
from tui.view_state import Frame

_NAMED = 8


class Tickable(NamedTuple):
    """A step or a check."""

    kind: TickKind
    key: str


class TickScreen(Ticking[Edit, Tickable], TaskDialog):
    """What is done is ticked; Enter writes what was changed."""

    VERB = Verb.TICK
    NAME = "Tick"
    DEED = "write"

    def __init__(self, frame: Frame, key: TaskKey, operator: str | None = None) -> None:
        """Args:
        operator: who is to be named as the one who did it, where the system has room for it.
        """
        self._operator = operator
        super().__init__(frame, key)

    def find_refusal(self) -> str | None:
        if (refusal := super().find_refusal()) is not None:
            return refusal
        if not self._execution.steps and not self._execution.checks:
            return f"{wording.id_text(self.key.id)} has no steps or checks to tick off."
        return None

    @property
    def _execution(self) -> Execution:
        return self.target.execution or Execution()

    def start(self) -> None:
        steps, checks = self._execution.steps, self._execution.checks
        self._titles = {Tickable(TickKind.STEP, s.id): s.title or s.id for s in steps}
        self._titles |= {Tickable(TickKind.CHECK, c.key): c.text or c.key for c in checks}
        self._notes = {Tickable(TickKind.STEP, s.id): s.native_status for s in steps}
        self._notes |= {
            Tickable(TickKind.CHECK, c.key): "required" if c.is_required else "optional"
            for c in checks
        }
        done = {Tickable(TickKind.STEP, s.id) for s in steps if s.is_done}
        done |= {Tickable(TickKind.CHECK, c.key) for c in checks if not c.is_open}
        self._done = frozenset(done)
        self.offer(list(self._titles), done)

    def edit(self) -> UpdateTask | None:
        ticks = tuple(
            Tick(key.kind, key.key, key in self.ticked, self._operator)
            for key in self._titles
            if (key in self.ticked) != (key in self._done)
        )
        return UpdateTask(self.key, ticks=ticks) if ticks else None

    def effect(self) -> list[Content]:
        edit = self.edit()
        if edit is None:
            said = "nothing changed yet: Space ticks a row off, or opens it again"
            return [Content.styled(said, "$muted")]
        return [*self._changes(edit), *self._left_open(edit)]

    def _changes(self, edit: UpdateTask) -> Iterator[Content]:
        for words, is_done in (("ticks off", True), ("opens again", False)):
            wanted = [tick for tick in edit.ticks if tick.is_done is is_done]
            if not wanted:
                continue
            titles = [self._titles[Tickable(tick.kind, tick.key)] for tick in wanted[:_NAMED]]
            more = f" and {len(wanted) - _NAMED} more" if len(wanted) > _NAMED else ""
            named = one_line("; ".join(titles) + more, 300)
            yield Content.assemble((f"{words} ", "$accent"), named)

    def _left_open(self, edit: UpdateTask) -> Iterator[Content]:
        """What has to hold yet before the task is done."""
        after = ticked(self._execution, edit.ticks, None, None)
        if after is None or not after.checks:
            return
        left = len(after.open_checks)
        if left:
            text = f"{left} required check{'s' * (left != 1)} stay{'s' * (left == 1)} open"
            yield Content.styled(text, "$warning")
        else:
            yield Content.styled("every required check holds then", "$muted")

    def row(self, key: Tickable) -> Content:
        is_done = key in self.ticked
        state = DisplayState.DONE if is_done else DisplayState.READY
        is_changed = (key in self._done) != is_done
        arrow = signs(self.frame.ascii).arrow if is_changed else " "
        return Content.assemble(
            self.box(key),
            f" {arrow} ",
            wording.state_glyph(self.frame, state),
            (f" {key.kind.value:<6}", "$muted"),
            wording.column(self._titles[key], self.columns - 32),
            ("  " + wording.column(self._notes[key], 12), "$muted"),
        )
