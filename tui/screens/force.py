"""What speaks against an edit and can be overruled: locks of others, required checks left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.attention import DisplayState
from store.model.edits import ClaimTask, Edit, UpdateTask
from store.model.errors import ColonytopError
from store.model.objections import objection
from store.model.snapshot import TaskList
from store.model.task import Task, Verb
from store.model.ticking import ChecksOpen
from tui import edit_making
from tui.edit_text import refusal_text, sentence
from tui.glyphs import signs
from tui.lock_text import lock_words
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import KeyButton
from tui.screens.steering_dialog import TaskDialog
from tui.view_state import Frame

_MOST_CHECKS = 20


def forceable(task_list: TaskList, edit: Edit | None) -> ColonytopError | None:
    """What would refuse the edit and can be overruled; None: nothing does."""
    found = None if edit is None else objection(task_list, edit)
    return found if found is not None and found.can_be_forced else None


def may_need_force(task: Task) -> bool:
    """Something stands in the task that an edit of it may have to overrule."""
    is_held = task.lock is not None and task.lock.is_live is not False
    return is_held or bool(task.execution and task.execution.open_checks)


def objection_lines(frame: Frame, task: Task, error: ColonytopError) -> Iterator[Content]:
    """The refusal, and what it is about: who holds the lock, which checks are open."""
    if not isinstance(error, ChecksOpen):
        yield wording.error_line(refusal_text(error))
        if task.lock is not None:
            held = one_line(lock_words(task.lock, frame.now), 200)
            yield Content.assemble((f"  {signs(frame.ascii).lock} ", "$warning"), held)
        return
    checks = task.execution.open_checks if task.execution else ()
    count = f"{len(checks)} required check{'s' * (len(checks) != 1)}"
    yield wording.error_line(f"{count} of {wording.id_text(task.id)} still open:")
    sign = wording.state_glyph(frame, DisplayState.READY)
    for check in checks[:_MOST_CHECKS]:
        yield Content.assemble("  ", sign, " ", one_line(check.text or check.key, 200))


class ForceScreen(TaskDialog):
    """The system refused an edit that can be forced: `y` forces it, `n` and Esc leave it."""

    NAME = "Refused"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "apply", "force", show=False),
        Binding("n", "close", "leave", show=False),
    ]

    def __init__(self, frame: Frame, edit: ClaimTask | UpdateTask, error: ColonytopError) -> None:
        self._refused = edit
        self._error = error
        super().__init__(frame, edit.key)

    @property
    def verb(self) -> Verb:
        return self._refused.verb

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("y", "force it", "apply"), KeyButton("n", "leave it", "close")]

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="question")

    def start(self) -> None:
        asked = one_line(f"{sentence(self._refused)}, all the same?", 200)
        self.query_one("#question", Static).update(Content.styled(asked, "bold"))
        self.show_effect()

    def edit(self) -> Edit | None:
        return edit_making.forced(self._refused)

    def warnings(self) -> list[Content]:
        return list(objection_lines(self.frame, self.target, self._error))
