"""Some edits of a batch were not made: which, why, and another try for those that may go now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from store.model.edits import BatchResult, CreateTask, EditBatch, EditFailure
from store.model.errors import LockTimeout
from tui.edit_making import forced
from tui.edit_text import batch_sentence, deed, refusal_text, target_name
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.view_state import Frame


class FailuresScreen(Dialog[EditBatch | None]):
    """One row for each edit that was not made; `r` closes with those that may go now,
    `F` with those that can be forced, forced.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "try again", show=False),
        Binding("F", "force", "force", show=False),
    ]

    def __init__(
        self, frame: Frame, batch: EditBatch, result: BatchResult, *, in_draft: bool = False
    ) -> None:
        """Args:
        frame: what is known of the disk now.
        batch: what was asked for.
        result: what came of it.
        in_draft: what was not made is in the draft again.
        """
        super().__init__(frame)
        self._batch = batch
        self._result = result
        self._in_draft = in_draft
        busy = (f.edit for f in result.failures if isinstance(f.error, LockTimeout))
        self._kept_out = () if in_draft else tuple(busy)
        overruled = (forced(f.edit) for f in result.failures if f.error.can_be_forced)
        self._forced = () if in_draft else tuple(edit for edit in overruled if edit is not None)

    @property
    def heading(self) -> str:
        return f"Not made{wording.separator(self.frame)}{self._batch.label}"

    @property
    def keys(self) -> list[KeyButton]:
        again = [KeyButton("r", f"try {len(self._kept_out)} again", "retry")]
        force = [KeyButton("F", f"force {len(self._forced)}", "force")]
        return [
            *(again if self._kept_out else []),
            *(force if self._forced else []),
            *super().keys,
        ]

    def compose_body(self) -> Iterable[Widget]:
        said = batch_sentence(self._batch, self._result)
        yield Static(Content.styled(said, "bold"), id="question")
        where = "in the draft again" if self._in_draft else "still marked"
        yield Static(Content.styled(f"Not made: as it was, and {where}.", "$muted"), id="note")
        yield ChoiceList()
        yield Static(id="reason")

    def on_mount(self) -> None:
        rows = enumerate(self._result.failures)
        self.query_one(ChoiceList).show((str(n), self._row(failure)) for n, failure in rows)
        self.query_one(ChoiceList).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return {"retry": bool(self._kept_out), "force": bool(self._forced)}.get(action, True)

    def action_retry(self) -> None:
        """Close with a batch of what a busy lock kept out."""
        self.dismiss(replace(self._batch, edits=self._kept_out))

    def action_force(self) -> None:
        """Close with a batch that overrules what can be overruled."""
        self.dismiss(replace(self._batch, edits=self._forced))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The whole reason of the highlighted row."""
        failure = self._result.failures[event.option_index]
        text = one_line(f"{deed(failure.edit)}: {refusal_text(failure.error)}", 400)
        self.query_one("#reason", Static).update(Content.styled(text, "$error"))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_close()

    def _row(self, failure: EditFailure) -> Content:
        edit = failure.edit
        task = None if isinstance(edit, CreateTask) else self.frame.snapshot.task(edit.key)
        name = wording.column(target_name(edit), 8)
        subject = wording.column(task.subject if task else "-", (self.columns - 12) // 2)
        return Content.assemble((f"{name} ", "bold"), subject, "  ", refusal_text(failure.error))
