"""`l`: how often a task may be tried from now on."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from store.model.edits import UpdateTask
from store.model.execution import Attempts
from store.model.task import Verb
from tui.glyphs import signs
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.fields import SafeInput
from tui.screens.steering_dialog import TaskDialog

MOST = 9999
"""The highest limit that can be typed."""


class RetriesScreen(TaskDialog):
    """A number; what was tried already counts. Enter applies."""

    VERB = Verb.RETRIES
    NAME = "Attempts"

    def find_refusal(self) -> str | None:
        if (refusal := super().find_refusal()) is not None:
            return refusal
        if self.target.execution is None or self.target.execution.attempts is None:
            return f"The attempts of {wording.id_text(self.key.id)} are not counted."
        return None

    @property
    def _attempts(self) -> Attempts:
        found = self.target.execution.attempts if self.target.execution else None
        return found or Attempts(0)

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")
        most = self._attempts.most
        yield SafeInput("" if most is None else str(most), placeholder="a number", id="limit")

    def start(self) -> None:
        number = self._attempts.number
        times = "once" if number == 1 else f"{number} times"
        asked = f"Tried {times}. It may be tried this often in all:"
        self.query_one("#question", Static).update(Content.styled(asked, "bold"))
        self.query_one(SafeInput).focus()
        self.show_effect()

    def edit(self) -> UpdateTask | None:
        typed = self.query_one(SafeInput).value.strip()
        if not (typed.isascii() and typed.isdecimal()) or int(typed[:9]) > MOST:
            return None
        wanted = int(typed)
        return None if wanted == self._attempts.most else UpdateTask(self.key, most_attempts=wanted)

    def effect(self) -> list[Content]:
        edit = self.edit()
        if edit is None or edit.most_attempts is None:
            said = f"changes nothing: type another whole number up to {MOST:,}"
            return [Content.styled(said, "$muted")]
        before = "no limit" if self._attempts.most is None else str(self._attempts.most)
        arrow = signs(self.frame.ascii).arrow
        left = max(0, edit.most_attempts - self._attempts.number)
        lines = [
            Content.assemble(("limit ", "$accent"), f"{before} {arrow} {edit.most_attempts}"),
            Content(f"{left} more attempt{'s' * (left != 1)} before it fails for good"),
        ]
        if self._attempts.last_error:
            error = one_line(self._attempts.last_error, 200)
            lines.append(Content.assemble(("last error ", "$muted"), error))
        return lines

    @on(Input.Changed)
    def _typed(self) -> None:
        self.show_effect()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_apply()
