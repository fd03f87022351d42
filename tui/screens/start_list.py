"""`c` where there is no list yet: the first task, and the list that it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from store.model.edits import CreateTask
from store.model.task import ListKey, TaskListId
from tui.screens.create_task import CreateScreen
from tui.screens.fields import SafeInput
from tui.screens.form import Field, FieldErrors
from tui.screens.steering_dialog import READ_ONLY
from tui.view_state import Frame

KINDS = ("colony", "session", "unscoped")
_BEGUN = "colony:"


class StartListScreen(CreateScreen):
    """The form of a new task with one more field: which list."""

    NAME = "New list"

    def __init__(self, frame: Frame, system: str, root: str) -> None:
        """Args:
        system: which system the list will belong to.
        root: where it is started.
        """
        super().__init__(frame, ListKey(system, root, TaskListId("")))

    def find_refusal(self) -> str | None:
        return READ_ONLY if self.frame.read_only else None

    @property
    def heading(self) -> str:
        return self.NAME

    def fields(self) -> Iterable[Field]:
        yield Field("list", SafeInput(_BEGUN, id="list", placeholder="colony:NAME"))
        yield from super().fields()

    def errors(self) -> FieldErrors:
        kind, _, name = self._list_id().partition(":")
        if kind in KINDS and name:
            return super().errors()
        return {"list": "colony:NAME, session:AGENT:SESSION or unscoped:AGENT", **super().errors()}

    def draft(self) -> CreateTask:
        key = self.task_list.key._replace(id=TaskListId(self._list_id()))
        return replace(super().draft(), list=key, starts_list=True)

    def _list_id(self) -> str:
        return self.line("list").value.strip()
