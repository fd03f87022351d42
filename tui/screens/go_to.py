"""`'`: go to a task by its id, or by words of its subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList

from store.model.listing import matching_tasks
from store.model.snapshot import TaskList
from store.model.task import Task, TaskKey
from tui.screens import wording
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.screens.fields import SafeInput
from tui.view_state import Frame

_SHOWN = 8


class GoToScreen(Dialog[TaskKey | None]):
    """Matches as you type, the list at hand first; Enter goes to the highlighted one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
    ]

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._found: list[tuple[TaskList, Task]] = []

    @property
    def heading(self) -> str:
        return "Go to"

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "go", "apply"), *super().keys]

    def compose_body(self) -> Iterable[Widget]:
        yield SafeInput(placeholder="id, or words of the subject", id="word")
        yield ChoiceList()

    def on_mount(self) -> None:
        self.query_one(SafeInput).focus()
        self._match("")

    def action_move(self, step: int) -> None:
        """Move the highlight while the cursor stays in the word."""
        choices = self.query_one(ChoiceList)
        (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._match(event.value)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def action_apply(self) -> None:
        """Close with the highlighted task."""
        place = self.query_one(ChoiceList).highlighted
        if place is not None and self._found:
            self.dismiss(self._found[place][1].key)

    def _match(self, word: str) -> None:
        self._found = list(self._search(word))[:_SHOWN]
        self.query_one(ChoiceList).show(
            (str(place), self._row(task_list, task))
            for place, (task_list, task) in enumerate(self._found)
        )

    def _search(self, word: str) -> Iterator[tuple[TaskList, Task]]:
        """Exact ids of all lists before anything that only begins with the word."""
        found = [
            (task_list, task)
            for task_list in self._lists()
            for task in matching_tasks(task_list.tasks.values(), word, _SHOWN)
        ]
        wanted = word.strip().lstrip("#").casefold()
        yield from sorted(found, key=lambda pair: pair[1].id.casefold() != wanted)

    def _lists(self) -> list[TaskList]:
        selected = self.frame.selected
        here = self.frame.view.list_key or (selected.list if selected else None)
        return sorted(self.frame.snapshot.lists.values(), key=lambda found: found.key != here)

    def _row(self, task_list: TaskList, task: Task) -> Content:
        where = ""
        if len(self.frame.snapshot.lists) > 1:
            where = f"  {wording.column(task_list.info.name, 20).rstrip()}"
        return Content.assemble(wording.named(self.frame, task_list, task), (where, "$muted"))
