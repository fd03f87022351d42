"""`R` and `D` on several marked tasks: the whole effect; only `y` confirms."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.edits import DeleteTask, ReleaseTask, UpdateTask
from store.model.task import Task, TaskStatus, Verb
from tui import edit_making
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.bulk import BulkDialog, tasks_text
from tui.screens.dialog import KeyButton

_NAMED_OWNERS = 3


class _BulkConfirm(BulkDialog):
    """A question; `y` does it, `n` and Esc do not."""

    EFFECT_ROWS: ClassVar[tuple[int, int]] = (11, 12)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "apply", "yes", show=False),
        Binding("n", "close", "no", show=False),
    ]

    @property
    def edit_keys(self) -> list[KeyButton]:
        name = self.NAME.lower()
        return [KeyButton("y", f"{name} them", "apply"), KeyButton("n", "leave them", "close")]

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        super().start()
        self.query_one("#question", Static).update(Content.styled(self.question(), "bold"))
        self.show_effect()

    @abstractmethod
    def question(self) -> str:
        """What is asked."""

    def deed(self) -> str:
        owners = {target.task.owner for target in self.targets}
        return f"of {wording.owner_text(owners.pop())}" if len(owners) == 1 else ""


class BulkReleaseScreen(_BulkConfirm):
    """Says who loses how many."""

    VERB = Verb.RELEASE
    NAME = "Release"
    STEP = "release"

    def objection(self, task: Task) -> str | None:
        return edit_making.release_objection(task)

    def edit_of(self, task: Task) -> ReleaseTask:
        return edit_making.release(task)

    def question(self) -> str:
        counts = Counter(target.task.owner for target in self.targets)
        if len(self.targets) == 1:
            whose = wording.owner_text(self.targets[0].task.owner)
            return f"Take 1 task back from {whose}? It becomes pending, without an owner."
        named = [
            f"{wording.owner_text(owner)} ({count:,})"
            for owner, count in counts.most_common(_NAMED_OWNERS)
        ]
        more = len(counts) - len(named)
        rest = f" and {more:,} more" if more else ""
        whose = one_line(", ".join(named) + rest, 200)
        count = tasks_text(len(self.targets))
        return f"Take {count} back from {whose}? They become pending, without an owner."


class BulkArchiveScreen(_BulkConfirm):
    """`K`: all that is completed is put away; says who would wait on it for ever."""

    VERB = Verb.STATUS
    NAME = "Archive"
    STEP = "archive"

    def objection(self, task: Task) -> str | None:
        return None if task.status.frees_dependents else "not completed"

    def edit_of(self, task: Task) -> UpdateTask | None:
        return edit_making.set_status(task, TaskStatus.ARCHIVED)

    def deed(self) -> str:
        return "that are completed"

    def question(self) -> str:
        return f"Archive {tasks_text(len(self.targets), 'completed ')}?"


class BulkDeleteScreen(_BulkConfirm):
    """Says what the cascade takes."""

    VERB = Verb.DELETE
    NAME = "Delete"
    STEP = "delete"

    def objection(self, task: Task) -> str | None:
        return None

    def edit_of(self, task: Task) -> DeleteTask:
        return edit_making.delete(task)

    def question(self) -> str:
        return f"Delete {tasks_text(len(self.targets))}, and the edges to them?"
