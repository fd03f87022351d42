"""What the marking keys do on the main screen."""

from __future__ import annotations

from collections.abc import Iterable

from store.model.task import TaskKey
from tui.marking import Marks, keys_shown, open_tasks_like
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen
from tui.widgets.status_line import StatusLine
from tui.widgets.task_table import TaskTable

_ACTIONS = frozenset({"mark_task", "mark_range", "mark_shown", "mark_owner"})


class MarkActions(ColonyScreen):
    """Actions of the keys that mark tasks, by the names that `tui.commands` binds."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Marks are there to be steered together, which read-only sessions do not."""
        if action in _ACTIONS and self.read_only:
            return False
        return super().check_action(action, parameters)

    def set_selected(self, key: TaskKey | None) -> None:
        """A range that is being drawn follows the cursor."""
        super().set_selected(key)
        if key is not None and self.marks.anchor is not None:
            self.set_marks(self.marks.drawn_to(key, self._rows.projection))

    def action_mark_task(self) -> None:
        """Mark or unmark the selected task, and go on to the next."""
        if (key := self.frame.selected) is not None:
            self.set_marks(self.marks.toggled(key))
            if self._rows.display:  # else another pane has the cursor, and keeps it
                self._rows.move_by(1)

    def action_mark_range(self) -> None:
        """Begin to draw a range at the cursor, or end it."""
        key = self.frame.selected
        if self.marks.anchor is not None:
            self.set_marks(self.marks.end_range())
            self.clear_said()
            self._tell_count()
        elif key is not None:
            self.set_marks(self.marks.begin_range(key))
            self.say(one_line("range: move the cursor; v ends it, Esc takes all marks away"))

    def action_mark_shown(self) -> None:
        """Mark all that the view shows; unmark it where all is marked."""
        self._toggle_all(keys_shown(self._rows.projection))

    def action_mark_owner(self) -> None:
        """Mark all open tasks that the owner of the selected task has in its list."""
        snapshot, key = self.intake.latest, self.frame.selected
        task = snapshot.task(key) if key else None
        if task is not None:
            self._toggle_all(open_tasks_like(snapshot.lists[task.key.list], task))

    def clear_marks(self) -> bool:
        """Take all marks away; False if there were none."""
        had_any = bool(self.marks.keys)
        if had_any:
            if self.marks.anchor is not None:
                self.clear_said()  # what was said of the range
            self.set_marks(Marks())
        return had_any

    def clear_said(self) -> None:
        """What was said no longer holds."""
        self.query_one(StatusLine).clear_message()

    def _toggle_all(self, keys: Iterable[TaskKey]) -> None:
        self.set_marks(self.marks.toggled_all(keys))
        self._tell_count()

    def _tell_count(self) -> None:
        count = len(self.marks.keys)
        if not count:  # else the status line says how many there are
            self.say(one_line("nothing is marked"))

    @property
    def _rows(self) -> TaskTable:
        return self.query_one("#tasks", TaskTable)
