"""`H`: what has happened to a task, newest first, and what an undo could not take back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from store.model.history import Entry, Move, StepOutcome
from store.model.task import Task, TaskKey
from tui.edit_text import refusal_text, target_name
from tui.safe_text import one_line
from tui.screens import wording
from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.step_text import step_sentence
from tui.view_state import Frame
from tui.widgets.activity_text import entry_activity
from tui.widgets.drawing import cut, fitted, in_ascii, line, piece, spread, stamp

_MOST_MOVES = 8


class EntriesDialog(Dialog[None]):
    """Rows of the journal; below them the whole of the highlighted one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "down", show=False),
        Binding("k", "move(-1)", "up", show=False),
    ]

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._entries: Sequence[Entry] = ()

    def compose_body(self) -> Iterable[Widget]:
        yield Static(self._note(), id="note")
        yield ChoiceList()
        yield Static(id="effect")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).focus()

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("j k", "older, newer", "move(1)"), *super().keys]

    def show_entries(self, entries: Sequence[Entry], note: str) -> None:
        """Replace the rows."""
        self._entries = entries
        self.query_one("#note", Static).update(self._drawn(Content.styled(one_line(note, 400))))
        rows = ((str(place), self._row(entry)) for place, entry in enumerate(entries))
        self.query_one(ChoiceList).show(rows)
        self.query_one("#effect").display = bool(entries)

    def action_move(self, step: int) -> None:
        choices = self.query_one(ChoiceList)
        (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._entries):
            whole = Content("\n").join(self._whole(self._entries[event.option_index]))
            self.query_one("#effect", Static).update(self._drawn(whole))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_close()

    def _note(self) -> Content:
        return Content.styled("reading the journal …", "$muted")

    def _drawn(self, content: Content) -> Content:
        return in_ascii(content, self.frame.ascii)

    def _row(self, entry: Entry) -> Content:
        activity = entry_activity(entry, ascii=self.frame.ascii)
        left = [
            piece(f"{stamp(entry.at, self.frame.now)} ", "$muted"),
            fitted(activity.who, 10, "bold"),
            piece(" "),
            *activity.pieces,
        ]
        right = [fitted(activity.origin, 9, "$muted", right=True)]
        return spread(left, right, self.columns)

    def _whole(self, entry: Entry) -> list[Content]:
        """Every field that moved, and the last record of what is gone."""
        room = self.columns - 2
        facts = [stamp(entry.at, self.frame.now), entry.origin.value, entry.label]
        if entry.step is not None:
            facts.append(f"step {entry.step}")
        rows = [line(*cut([piece(" · ".join(f for f in facts if f), "$muted")], room))]
        moves = list(chain.from_iterable(_by_key(move) for move in entry.moves))
        for move in moves[:_MOST_MOVES]:
            old, new = wording.value_text(move.old, 200), wording.value_text(move.new, 200)
            name = move.field.replace("_", " ") or entry.what
            told = [piece(f"{name}: ", "$muted"), piece(f"{old} → ", "$muted"), piece(str(new))]
            rows.append(line(*cut(told, room)))
        if len(moves) > _MOST_MOVES:
            rows.append(line(piece(f"and {len(moves) - _MOST_MOVES} fields more", "$muted")))
        if entry.said:
            rows.append(line(*cut([piece(entry.said, "$status-unreadable")], room)))
        return rows + (list(_last_record(entry.last, room)) if entry.last else [])


class HistoryScreen(EntriesDialog):
    """The history of one task, also of one that is gone."""

    def __init__(self, frame: Frame, key: TaskKey) -> None:
        super().__init__(frame)
        self.key = key

    @property
    def heading(self) -> str:
        task = self.frame.snapshot.task(self.key)
        parts = ["History", wording.id_text(self.key.id)]
        parts.append(task.subject if task else "no longer in its list")
        return wording.separator(self.frame).join(parts)

    def show(self, entries: Sequence[Entry], *, is_cut: bool = False, problem: str = "") -> None:
        """The journal has been read."""
        if problem:
            self.show_entries(entries, f"the journal cannot be read: {problem}")
        elif entries:
            more = ", and older ones that `colonytop history` tells" if is_cut else ""
            self.show_entries(entries, f"{_count(len(entries))}, newest first{more}")
        else:
            text = "The journal has nothing of it: changes are written down while colonytop runs."
            self.show_entries((), text)


class RefusedStepScreen(EntriesDialog):
    """What an undo or redo could not do, why, and what has happened since."""

    def __init__(self, frame: Frame, outcome: StepOutcome) -> None:
        super().__init__(frame)
        self._outcome = outcome

    @property
    def heading(self) -> str:
        return f"Not all could be {'taken back' if self._outcome.direction == 'undo' else 'made'}"

    def on_mount(self) -> None:
        super().on_mount()
        refused = self._outcome.result.failures
        said = [str(step_sentence(self._outcome))]
        if len(refused) > 1:
            said += [
                f"{target_name(f.edit)}: {refusal_text(f.error)}" for f in refused[:_MOST_MOVES]
            ]
        since = self._outcome.since
        said.append("Since then:" if since else "The journal knows of nothing since then.")
        self.show_entries(since, "")
        note = Content("\n").join(Content(one_line(text, 400)) for text in said)
        self.query_one("#note", Static).update(self._drawn(note))


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def _by_key(move: Move) -> Iterable[Move]:
    """A mapping's move key by key, those that are the same left out; any other move as it is."""
    old, new = move.old or {}, move.new or {}
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)) or old == new:
        return [move]
    moved = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [Move(f"{move.field}.{key}", old.get(key), new.get(key)) for key in moved]


def _last_record(task: Task, room: int) -> Iterable[Content]:
    """A task that is gone, as it was last."""
    facts = [f"last seen: {task.native_status}", f"owner {task.owner or 'nobody'}"]
    if task.blocked_by:
        facts.append("blocked by " + wording.ids_text(task.blocked_by))
    yield line(*cut([piece(" · ".join(facts))], room))
    for text in task.description.split("\n")[:3]:
        if text.strip():
            yield line(*cut([piece(text, "$muted")], room))
