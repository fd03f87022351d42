"""`c`: add a task to a list, with its blockers, and say whether it is ready at once."""

from __future__ import annotations

from collections.abc import Iterable

from store.model.edits import CreateTask
from store.model.foresight import foresee
from store.model.listing import parse_ids
from store.model.task import Verb
from tui.screens import effect_text
from tui.screens.fields import SafeInput, SafeTextArea
from tui.screens.form import Field, FieldErrors, Form


class CreateScreen(Form):
    """Subject, description, owner and blockers of a new task."""

    VERB = Verb.CREATE
    NAME = "New task"

    def fields(self) -> Iterable[Field]:
        yield Field("subject", SafeInput(id="subject", placeholder="what is to be done"))
        yield Field(
            "description",
            SafeTextArea(id="description", placeholder="whatever the owner has to know"),
        )
        yield Field("owner", SafeInput(id="owner", placeholder="nobody"))
        yield Field("blocked by", SafeInput(id="blocked_by", placeholder="ids, as 7, 12"))

    def errors(self) -> FieldErrors:
        found = FieldErrors()
        if not self.line("subject").value.strip():
            found["subject"] = "is required"
        if (problem := effect_text.edge_problem(foresee(self.task_list, self.draft()))) is not None:
            found["blocked by"] = problem
        return found

    def action_apply(self) -> None:
        if not self.errors():
            self.dismiss(self.draft())

    def draft(self) -> CreateTask:
        return CreateTask(
            self.task_list.key,
            subject=self.line("subject").value.strip(),
            description=self.area("description").text,
            owner=self.line("owner").value.strip() or None,
            blocked_by=parse_ids(self.line("blocked_by").value),
        )
