"""`X`: the draft tray. What was collected, the diff by task, and all of it as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.worker import WorkType

from store.choosing import find_key
from store.model.edits import CreateTask, Edit
from store.model.errors import ColonytopError
from store.model.foresight import BatchForesight, TaskShift, foresee_all
from store.model.snapshot import TaskList
from store.model.task import ListKey
from tui.draft_files import load_draft, save_draft
from tui.drafting import Draft
from tui.edit_text import deed, target_name
from tui.safe_text import one_line
from tui.screens import effect_text, wording
from tui.screens.dialog import ChoiceList, DecisionDialog, KeyButton
from tui.screens.path_prompt import PathPrompt
from tui.view_state import Frame

DEFAULT_NAME = "colonytop-draft.json"


@dataclass(frozen=True, slots=True)
class TrayDecision:
    """What the tray was left with."""

    draft: Draft
    is_to_be_made: bool


class DraftScreen(DecisionDialog[TrayDecision]):
    """Each row is one edit; below it what it changes, and what all of them do together."""

    EFFECT_ROWS: ClassVar[tuple[int, int]] = (8, 12)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete", "remove", "take out", show=False),
        Binding("y", "apply", "make all", show=False),
        Binding("s", "save", "save", show=False),
        Binding("l", "load", "load", show=False),
    ]

    def __init__(self, frame: Frame, draft: Draft) -> None:
        super().__init__(frame)
        self._draft = draft
        self._path = DEFAULT_NAME
        self._replaceable: str | None = None
        """The path that was refused because a file is there; the same again replaces it."""
        self._said: Content | None = None
        self._foresights: Mapping[ListKey, BatchForesight] = {}

    @property
    def heading(self) -> str:
        count = len(self._draft.edits)
        edits = f"{count:,} edit{'' if count == 1 else 's'}, none written"
        label = [self._draft.label] if self._draft.label else []
        return wording.separator(self.frame).join(["Draft", edits, *label])

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [
            KeyButton("y", "write all", "apply"),
            KeyButton("x", "take out", "remove"),
            KeyButton("s", "save", "save"),
            KeyButton("l", "load", "load"),
        ]

    def compose_choice(self) -> Iterable[Widget]:
        yield ChoiceList()

    def start(self) -> None:
        self._show_rows()
        self.query_one(ChoiceList).focus()

    def edit(self) -> TrayDecision | None:
        return TrayDecision(self._draft, is_to_be_made=True) if self._draft.edits else None

    def action_close(self) -> None:
        """Keep the draft as it is now."""
        self.dismiss(TrayDecision(self._draft, is_to_be_made=False))

    def action_remove(self) -> None:
        """Take the highlighted edit out of the draft."""
        place = self.query_one(ChoiceList).highlighted
        if place is not None:
            self._draft = self._draft.without(place)
            self._show_rows()

    def action_save(self) -> None:
        """Ask where to, and write the draft there."""
        if self._draft.edits:
            self._ask_path("Save the draft as", self._save)

    def action_load(self) -> None:
        """Ask for a file, and add what it holds."""
        self._ask_path("Load a draft from", self._load)

    def warnings(self) -> list[Content]:
        return [self._said] if self._said is not None else []

    def effect(self) -> list[Content]:
        place = self.query_one(ChoiceList).highlighted
        if place is None:
            return [Content.styled("d collects edits here instead of writing them", "$muted")]
        lines = self._diff_lines(self._draft.edits[place])
        together = []
        for key, foresight in self._foresights.items():
            if len(self._foresights) > 1:
                together.append(Content.styled(one_line(self._list(key).info.name, 60), "bold"))
            together += effect_text.foresight_lines(self.frame, foresight)
        if together:
            lines += [Content.styled("all of them together:", "$muted"), *together]
        return lines

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.show_effect()

    def _ask_path(self, title: str, then: Callable[[Path], Coroutine[Any, Any, None]]) -> None:
        def chosen(path: str | None) -> None:
            if path is not None:
                self._path = path
                work: WorkType[None] = partial(then, Path(path).expanduser())
                self.run_worker(work)

        self.app.push_screen(PathPrompt(self.frame, title, self._path), chosen)

    async def _save(self, path: Path) -> None:
        batch = replace(self._draft.batch(), label=self._draft.label)
        may_replace = self._replaceable == str(path)
        self._replaceable = None
        try:
            await asyncio.to_thread(save_draft, path, batch, may_replace=may_replace)
        except FileExistsError:
            self._replaceable = str(path)
            self._say(f"{path} is there already; s and Enter again replace it", "$warning")
        except (ColonytopError, OSError) as error:
            self._say(f"not saved: {_reason(error)}", "$error")
        else:
            self._say(f"saved: {path}", "$success")

    async def _load(self, path: Path) -> None:
        only = self.frame.snapshot.root_for_new
        root = only.path if only is not None else None
        try:
            known = partial(find_key, self.frame.snapshot.lists)
            batch = await asyncio.to_thread(load_draft, path, root=root, known=known)
        except (ColonytopError, OSError) as error:
            self._say(f"not loaded: {_reason(error)}", "$error")
            return
        self._draft = self._draft.added(batch.edits, batch.label)
        count = len(batch.edits)
        self._say(f"{count:,} edit{'' if count == 1 else 's'} loaded from {path}", "$success")
        self._show_rows()

    def _say(self, text: str, style: str) -> None:
        self._said = Content.styled(one_line(text, 300), style)
        self.show_effect()

    def _show_rows(self) -> None:
        self._foresights = {
            key: foresee_all(self._list(key), [e for e in self._draft.edits if e.list == key])
            for key in self._draft.batch().lists
        }
        refused = {id(f.edit) for seen in self._foresights.values() for f in seen.refused}
        choices = self.query_one(ChoiceList)
        place = choices.highlighted or 0
        edits = self._draft.edits
        choices.show(
            (str(n), self._row(edit, is_refused=id(edit) in refused))
            for n, edit in enumerate(edits)
        )
        choices.highlighted = min(place, len(edits) - 1) if edits else None
        self.query_one("#dialog").border_title = Content(one_line(self.heading, 300))
        self.show_effect()

    def _row(self, edit: Edit, *, is_refused: bool) -> Content:
        where = ""
        if len(self.frame.snapshot.lists) > 1:
            where = wording.column(self._list(edit.list).info.name, 14) + " "
        name = wording.column("new" if isinstance(edit, CreateTask) else target_name(edit), 7)
        task = None if isinstance(edit, CreateTask) else self.frame.snapshot.task(edit.key)
        cells = (self.columns - len(where) - 12) // 2
        subject = wording.column(task.subject if task else "", cells if task else 0)
        return Content.assemble(
            ("! " if is_refused else "  ", "bold $error"),
            (where, "$muted"),
            (f"{name} ", "bold"),
            (deed(edit), "$error" if is_refused else ""),
            (f"  {subject}", "$muted"),
        )

    def _diff_lines(self, edit: Edit) -> list[Content]:
        """What the whole draft changes of the highlighted edit's task, field by field."""
        foresight = self._foresights[edit.list]
        for failure in foresight.refused:
            if failure.edit is edit:
                return [wording.error_line(f"would be refused: {failure.error}")]
        if isinstance(edit, CreateTask):
            return [Content.assemble(("new  ", "$accent"), one_line(edit.subject, 200))]
        shift = next((s for s in foresight.targets if s.id == edit.key.id), None)
        return self._shift_lines(shift) if shift else []

    def _shift_lines(self, shift: TaskShift) -> list[Content]:
        task = shift.before or shift.after
        name = wording.named(self.frame, self._list(task.key.list), task) if task else Content("")
        if shift.after is None:
            return [Content.assemble(name, ("  is deleted", "bold $error"))]
        if shift.before is None:
            return [Content.assemble(name, ("  comes back", "bold"))]
        return [name, *(effect_text.shift_line(self.frame, each) for each in shift.shifts)]

    def _list(self, key: ListKey) -> TaskList:
        return self.frame.snapshot.lists.get(key) or TaskList(wording.unknown_list(key))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
