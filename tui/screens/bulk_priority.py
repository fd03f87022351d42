"""`+` and `-` on several marked tasks: each on the ladder of its own list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.edits import UpdateTask
from store.model.task import Capabilities, Task, TaskKey, Verb
from tui import edit_making
from tui.glyphs import signs
from tui.safe_text import one_line
from tui.screens.bulk import BulkDialog, tasks_text
from tui.screens.dialog import KeyButton
from tui.view_state import Frame

_MOST_MOVES = 6


class BulkPriorityScreen(BulkDialog):
    """`+` and `-` again go further; Enter applies."""

    VERB = Verb.PRIORITY
    NAME = "Priority"
    STEP = "shift"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "shift(1)", "more urgent", show=False),
        Binding("minus", "shift(-1)", "less urgent", show=False),
        Binding("enter", "apply", "apply", show=False),
    ]

    def __init__(self, frame: Frame, keys: Iterable[TaskKey], steps: int) -> None:
        """Args:
        steps: how many steps more urgent; below 0 less.
        """
        self._steps = self._first = steps
        super().__init__(frame, keys)

    @property
    def step(self) -> str:
        return "raise" if self._steps > 0 else "lower"

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [
            KeyButton("+", "more urgent", "shift(1)"),
            KeyButton("-", "less urgent", "shift(-1)"),
            *super().edit_keys,
        ]

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        super().start()
        self._show()

    def action_shift(self, steps: int) -> None:
        """One step further, or one back."""
        self._steps += steps
        self._show()

    def objection(self, task: Task) -> str | None:
        return edit_making.priority_objection(self._allowed(task), task, self._first)

    def edit_of(self, task: Task) -> UpdateTask | None:
        """As far as its ladder reaches, if that is not so far."""
        allowed = self._allowed(task)
        direction = 1 if self._steps > 0 else -1
        for steps in range(abs(self._steps), 0, -1):
            if edit := edit_making.shift_priority(allowed, task, direction * steps):
                return edit
        return None

    def deed(self) -> str:
        count = abs(self._steps)
        return "in priority" + (f" by {count} steps" if count > 1 else "")

    def effect(self) -> list[Content]:
        """What becomes of which priority, before the tasks."""
        moves = Counter(
            (target.task.priority, edit.priority)
            for target in self.targets
            if (edit := self.edit_of(target.task)) is not None
        )
        arrow = signs(self.frame.ascii).arrow
        lines = [
            Content.assemble(
                one_line(f"{old or '-'} {arrow} {new}", 80), (f"  {tasks_text(count)}", "$muted")
            )
            for (old, new), count in moves.most_common(_MOST_MOVES)
        ]
        return [*lines, *super().effect()]

    def _show(self) -> None:
        count = tasks_text(len(self.targets))
        steps = abs(self._steps)
        far = "one step" if steps == 1 else f"{steps} steps"
        asked = f"Make {count} {far} {'more' if self._steps > 0 else 'less'} urgent?"
        if not steps:
            asked = "Leave their priorities as they are?"
        self.query_one("#question", Static).update(Content.styled(asked, "bold"))
        self.show_effect()

    def _allowed(self, task: Task) -> Capabilities:
        return self.frame.snapshot.lists[task.key.list].info.capabilities
