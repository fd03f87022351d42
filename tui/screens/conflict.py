"""A task was changed by somebody else: yours, theirs and the original, chosen field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from store.model.edits import KEEP, DeleteTask, Edit, ReleaseTask, UpdateTask
from store.model.errors import FieldConflict, StaleEdit
from store.model.foresight import foresee
from store.model.snapshot import TaskList
from tui.safe_text import one_line
from tui.screens import effect_text, wording
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.view_state import Frame

ConflictedEdit = UpdateTask | DeleteTask | ReleaseTask

# What an update leaves out when theirs is kept.
_DROPPED: dict[str, dict[str, Any]] = {
    "subject": {"subject": None},
    "description": {"description": None},
    "active_form": {"active_form": None},
    "owner": {"owner": KEEP},
    "status": {"status": None},
    "priority": {"priority": None},
    "metadata": {"metadata_patch": {}},
    "blocked_by": {"add_blocked_by": (), "remove_blocked_by": ()},
    "blocks": {"add_blocks": (), "remove_blocks": ()},
}


class ConflictScreen(Dialog[Edit | None]):
    """Each row is one field that moved: `y` keeps yours, `t` theirs; Esc keeps all of theirs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "keep('yours')", "yours", show=False),
        Binding("t", "keep('theirs')", "theirs", show=False),
        Binding("space", "flip", "other", show=False),
        Binding("left", "keep('yours')", "yours", show=False),
        Binding("right", "keep('theirs')", "theirs", show=False),
    ]

    def __init__(self, frame: Frame, edit: ConflictedEdit, error: StaleEdit) -> None:
        super().__init__(frame)
        self._edit = edit
        self._conflicts = error.conflicts
        # What takes the task away as a whole is kept only on purpose.
        self._is_whole = not isinstance(edit, UpdateTask)
        self._is_mine = [not self._is_whole] * len(error.conflicts)

    @property
    def heading(self) -> str:
        key = self._edit.key
        task_list = self.frame.snapshot.lists.get(key.list)
        task = task_list.tasks.get(key.id) if task_list else None
        subject = f" {one_line(task.subject, 200)}" if task else ""
        name = task_list.info.name if task_list else key.list.id
        target = f"{wording.id_text(key.id)}{subject}"
        return wording.separator(self.frame).join(["Changed meanwhile", name, target])

    @property
    def keys(self) -> list[KeyButton]:
        return [
            KeyButton("y", "yours", "keep('yours')"),
            KeyButton("t", "theirs", "keep('theirs')"),
            KeyButton("Enter", "write", "apply"),
            KeyButton("Esc", "drop the edit", "close"),
        ]

    def compose_body(self) -> Iterable[Widget]:
        yield Static(
            Content.styled(
                "Somebody else wrote to it while you decided. Nothing is written yet.",
                "$muted",
            ),
            id="note",
        )
        yield Static(self._header(), id="columns")
        yield ChoiceList()
        yield Static(id="effect")

    def on_mount(self) -> None:
        self._show_rows()
        self.query_one(ChoiceList).focus()

    def action_keep(self, whose: str) -> None:
        """Choose for the highlighted field, and go to the next one."""
        choices = self.query_one(ChoiceList)
        if choices.highlighted is None:
            return
        place = choices.highlighted
        self._choose(place, whose == "yours")
        choices.highlighted = min(place + 1, len(self._conflicts) - 1)

    def action_flip(self) -> None:
        """The other choice for the highlighted field."""
        place = self.query_one(ChoiceList).highlighted
        if place is not None:
            self._choose(place, not self._is_mine[place])

    def _choose(self, place: int, is_mine: bool) -> None:
        """A delete or a release is one choice; an update is chosen field by field."""
        if self._is_whole:
            self._is_mine = [is_mine] * len(self._conflicts)
        else:
            self._is_mine[place] = is_mine
        self._show_rows()

    def action_apply(self) -> None:
        """Close with the edit that is left, to be made on what they wrote."""
        self.dismiss(self.edit())

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_apply()

    @on(ChoiceList.Clicked)
    def _clicked(self) -> None:
        self.action_flip()

    def edit(self) -> Edit | None:
        """The edit for the store, expecting theirs now; None where nothing of it is left."""
        if isinstance(self._edit, UpdateTask):
            return self._update(self._edit)
        if not all(self._is_mine):
            return None
        if isinstance(self._edit, ReleaseTask):
            owners = [c.theirs for c in self._conflicts if c.field == "owner"]
            return replace(self._edit, expected_owner=owners[0]) if owners else self._edit
        seen = {c.field: c.theirs for c in self._conflicts}
        return replace(self._edit, expected={**self._edit.expected, **seen})

    def _update(self, edit: UpdateTask) -> UpdateTask | None:
        expected = dict(edit.expected)
        for conflict, is_mine in zip(self._conflicts, self._is_mine, strict=True):
            if is_mine:
                expected[conflict.field] = conflict.theirs
            else:
                expected.pop(conflict.field, None)
                edit = replace(edit, **_without(edit, conflict.field))
        if replace(edit, expected={}) == UpdateTask(edit.key):
            return None
        return replace(edit, expected=expected)

    def _header(self) -> Content:
        wide = self._cell_width + 1
        titles = [f"{title:<{wide}}" for title in ("original", "theirs now", "yours")]
        return Content.styled(f"{'field':<14}{''.join(titles)}keep", "$muted")

    def _show_rows(self) -> None:
        choices = self.query_one(ChoiceList)
        place = choices.highlighted or 0
        choices.show(
            (str(i), self._row(conflict, mine))
            for i, (conflict, mine) in enumerate(zip(self._conflicts, self._is_mine, strict=True))
        )
        choices.highlighted = place if self._conflicts else None
        self.query_one("#effect", Static).update(Content("\n").join(self._effect()))

    def _row(self, conflict: FieldConflict, is_mine: bool) -> Content:
        yours = "delete it" if isinstance(self._edit, DeleteTask) else None
        if isinstance(self._edit, ReleaseTask):
            yours = "release it"
        chosen, other = "bold $accent", "$muted"
        return Content.assemble(
            wording.column(conflict.field, 13) + " ",
            (self._cell(conflict.original), "$muted"),
            (self._cell(conflict.theirs), other if is_mine else chosen),
            (self._cell(conflict.yours, yours), chosen if is_mine else other),
            ("yours" if is_mine else "theirs", "bold"),
        )

    @property
    def _cell_width(self) -> int:
        return (self.columns - 14 - len("theirs")) // 3 - 1

    def _cell(self, value: Any, words: str | None = None) -> str:
        return wording.column(words or wording.value_text(value), self._cell_width) + " "

    def _effect(self) -> list[Content]:
        edit = self.edit()
        if edit is None:
            return [Content.styled("nothing of yours is left: theirs stays", "$muted")]
        task_list = self.frame.snapshot.lists.get(edit.list) or TaskList(
            wording.unknown_list(edit.list)
        )
        lines = effect_text.effect_lines(self.frame, foresee(task_list, edit, with_critical=True))
        whose = Content("Enter writes yours over theirs where you chose it, under the lock.")
        return [whose, *lines]


def _without(edit: UpdateTask, field: str) -> dict[str, Any]:
    """The fields of the edit with which it leaves one field of the task as it is."""
    kind, _, key = field.partition(".")
    if kind == "metadata" and key:
        patch = {name: value for name, value in edit.metadata_patch.items() if name != key}
        return {"metadata_patch": patch}
    return _DROPPED.get(field, {})
