"""What happened, newest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from textual.content import Content
from textual.message import Message

from store.model.history import Entry
from store.model.list_events import Recorded
from store.model.receipts import Receipt, ReceiptState
from store.model.snapshot import Change, Snapshot
from store.model.task import TaskKey
from tui.glyphs import owner_role
from tui.safe_text import one_line
from tui.view_state import Frame
from tui.widgets.activity_text import (
    UNKNOWN,
    Activity,
    activities,
    entry_activity,
    recorded_activity,
)
from tui.widgets.drawing import Piece, cells_of, clock, cut, fitted, piece, spread
from tui.widgets.pane import Row, RowsPane

MOST_LINES = 2000
_SEVERITIES = {"info": "", "warn": "$status-stale", "error": "$status-unreadable"}
_ORIGINS = {"you": "bold $border", "derived": "$muted", "agent?": "$muted"}
_RECEIPTS = {
    ReceiptState.WRITTEN: "not seen yet",
    ReceiptState.SEEN: "seen?",
    ReceiptState.ACTED: "acted on?",
}
_SAME_EDIT_S = 1.0  # between the moments that a receipt and a line of one edit have
_LIST_FROM = 100  # cells from which a line names its list at its end
_PREFIX_FROM = 66  # cells from which it does so before the id
_PREFIX_CELLS = 14


class ActivityPane(RowsPane[Activity]):
    """What changed. It stays where you scrolled to and says how much is new above."""

    HELP = """\
## Activity

What changed, newest first: the time that the record itself tells, who, the task, and old → new.
**you** is what was done here, under your own name where the settings or `--operator` give one.
**operator** and **command** are edits that others made through colonytop, by the name they gave.
**logged** is an event that the list's own system keeps. **agent?** is inferred: the record was
written in fields that its owner writes, so the name is the owner's; a record does not say who
wrote it. **derived** is what was seen on the disk and nothing tells who did it: **?**. Behind an
edit of yours stands whether the owner has seen it or acted on it, inferred from their next write.
When you have scrolled away the border counts what is new.

- **Enter** or a click selects the task; **Home** goes back to the newest line.
"""

    @dataclass
    class Picked(Message):
        """A line was picked: its task."""

        key: TaskKey

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: deque[Row[Activity]] = deque(maxlen=MOST_LINES)
        self._number = 0
        self._new = 0
        self._named_lists = False
        self._receipts: tuple[Receipt, ...] = ()

    def add(self, changes: Sequence[Change], origin: str) -> None:
        """Show changes: `origin` is "you" for what was done here,
        "derived" for what was seen on the disk. The later ones of the list are newer."""
        self._take(activities(changes[-MOST_LINES:], origin, ascii=self.ascii))

    def add_entries(self, entries: Sequence[Entry]) -> None:
        """Show edits that others made through colonytop, the later ones newer."""
        shown = [entry_activity(entry, ascii=self.ascii) for entry in entries[-MOST_LINES:]]
        self._take([activity for activity in shown if activity.pieces])

    def add_recorded(self, recorded: Sequence[Recorded]) -> None:
        """Show what the systems of lists have recorded themselves, the later ones newer."""
        self._take([recorded_activity(one) for one in recorded[-MOST_LINES:]])

    def add_line(
        self,
        text: str,
        *,
        at: float,
        key: TaskKey | None = None,
        origin: str = "you",
        severity: str = "info",
        operator: str = "you",
    ) -> None:
        """Show a sentence, such as what became of the edit of the operator of that name."""
        shown = (one_line(text), _SEVERITIES.get(severity, ""))
        where = key.list if key else None
        who = one_line(operator if origin == "you" else "-", 64)
        self._take([Activity(at, who, key, where, (shown,), origin)])

    @property
    def key_at_cursor(self) -> TaskKey | None:
        """The task of the line under the cursor."""
        return self.rows[self.cursor].facts.key if self.rows else None

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[Activity]]:
        # The lines say more, or less.
        if self._is_merged != self._named_lists or frame.receipts != self._receipts:
            self._named_lists, self._receipts = self._is_merged, frame.receipts
            self.refresh()
        return self.rows

    def titles(self, frame: Frame) -> tuple[str, str]:
        return "Activity", f"{self._new} new" if self._new else ""

    def draw(self, row: Row[Activity], cells: int) -> Content:
        activity = row.facts
        who_cells = 7 if cells < _LIST_FROM else 12
        is_you = activity.origin == "you"
        owner = None if activity.who == UNKNOWN else activity.who
        who_style = "bold $border" if is_you else f"${owner_role(owner)}"
        left = [
            piece(f"{clock(activity.at)} ", "$muted"),
            fitted(activity.who, who_cells, who_style),
            piece(" "),
            *self._named_task(activity, cells),
            piece(" "),
            *activity.pieces,
        ]
        right = self._seen(activity) if is_you and cells >= _PREFIX_FROM else []
        if cells >= _LIST_FROM and activity.list and self._is_merged:
            right.append(piece(f" {self._list_name(activity)}", "$muted"))
        if cells >= 50:
            right.append(fitted(activity.origin, 8, _ORIGINS.get(activity.origin, ""), right=True))
        return spread(left, right, cells)

    def pick(self, row: Row[Activity]) -> None:
        if row.facts.key is not None:
            self.post_message(self.Picked(row.facts.key))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(new_value) == 0 and self._new:
            self._new = 0
            self._show_titles()

    def _take(self, found: Sequence[Activity]) -> None:
        if not found:
            return
        for activity in found:
            self._number += 1
            self._lines.appendleft(Row(self._number, activity))
        away = self.scroll_offset.y
        if not self.has_focus and not away:
            self._cursor_key = None
            self.cursor = 0
        self.show_rows(list(islice(self._lines, MOST_LINES)))
        if away:
            self._new += len(found)
            self.scroll_to(y=away + len(found), animate=False, immediate=True, force=True)
        self._show_titles()

    def _seen(self, activity: Activity) -> list[Piece]:
        """What is known of who should see an edit of ours."""
        label = activity.pieces[0][0] if activity.pieces else ""
        return [
            piece(f" {said}", "$status-stale" if receipt.is_unseen else "$muted")
            for receipt in self.frame.receipts
            if receipt.key == activity.key
            and abs(receipt.at - activity.at) <= _SAME_EDIT_S
            and one_line(receipt.label) == label
            and (said := f"{receipt.owner}: {_RECEIPTS[receipt.state]}")
        ]

    @property
    def _is_merged(self) -> bool:
        """The same id may mean several tasks."""
        return len(self.frame.snapshot.lists) > 1

    def _named_task(self, activity: Activity, cells: int) -> list[Piece]:
        """The id; where lists are merged and the line does not end with its name, `list/#id`."""
        task = f"#{activity.key.id}" if activity.key else ""
        if cells >= _LIST_FROM:
            return [fitted(task, 6, "bold")]
        if not self._is_merged or cells < _PREFIX_FROM:
            return [fitted(task, 5, "bold")]
        name = cut([piece(f"{self._list_name(activity)}", "$muted")], _PREFIX_CELLS - 6)
        used = [*name, piece("/" if task else "", "$muted")]
        return [*used, fitted(task, _PREFIX_CELLS - cells_of(used), "bold")]

    def _list_name(self, activity: Activity) -> str:
        known = self.frame.snapshot.lists.get(activity.list) if activity.list else None
        if known is not None:
            return known.info.name
        return str(activity.list.id) if activity.list else ""
