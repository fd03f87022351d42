"""What needs the operator, as a queue: reason, since when, what it costs, the key that answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from store.model.attention import Need, NeedKind
from store.model.list_needs import NeedName, Place
from store.model.needs import EMPTY_QUEUE, NeedQueue
from store.model.query import EMPTY_QUERY, Moment, Query, matches
from store.model.snapshot import Snapshot
from store.model.task import TaskKey
from tui.filtering import query_of
from tui.glyphs import age
from tui.view_state import Frame
from tui.widgets.costs import Costs
from tui.widgets.drawing import line, piece
from tui.widgets.lines import Line
from tui.widgets.needs_rows import NeedFacts, NeedRows, Widths, draw_need, heading
from tui.widgets.pace import pace_of
from tui.widgets.pane import Row, RowsPane


class NeedsPane(RowsPane[NeedFacts]):
    """The queue of what needs the operator. The need under the cursor selects its task."""

    HELP = """\
## Needs you

What only a person gets moving again, what holds most on top: a silent owner, work that
failed, unowned work that others wait on, an edge that never clears, a cycle, a list where nothing
can start, a file that cannot be read, an edit that nobody has seen, a lock that is never free.

- **Enter** answers it: it opens the picker that the last column names, on that task. Nothing is
  written before you confirm. A need of a whole list leads to the task that holds most of it.
- **Hold** is how many open tasks wait on it. **Lost** is agent-minutes, the least that the records
  prove: of each agent that owns something that waits, while it has nothing else to do, since its
  last write; and of a silent owner without other work.
"""
    DEFAULT_CSS = """
    NeedsPane { border-title-color: $muted; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor is on another need; None: of a whole list, or there is none."""

        key: TaskKey | None

    @dataclass
    class Answered(Message):
        """The operator wants to answer a need."""

        need: Need

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.queue: NeedQueue = EMPTY_QUEUE
        self._told: NeedName | None = None
        self._costs = Costs()
        self._narrowed: tuple[object, ...] = ()
        self._found: Sequence[Place] = ()
        self._query = EMPTY_QUERY
        self._moment = Moment()

    @property
    def selected(self) -> TaskKey | None:
        """The task of the need under the cursor."""
        place = self._place_under_cursor()
        return place.key if place is not None and place.key.id else None

    @property
    def need(self) -> Need | None:
        """The need under the cursor, as it was when the rows were made."""
        place = self._place_under_cursor()
        return self.queue.need(place) if place is not None else None

    def select(self, key: TaskKey) -> bool:
        """Put the cursor on the need of a task; False where it has none in sight."""
        rows = self.rows
        index = rows.index_of((key, "")) if isinstance(rows, NeedRows) else None
        if index is not None:
            self._set_cursor(index, 1)
        return index is not None

    def build(self, frame: Frame, snapshot: Snapshot) -> NeedRows:
        self.queue = pace_of(self.app).needs(frame, snapshot)
        return NeedRows(self.facts_at, frame, self.queue, self._searched(frame))

    def show_rows(self, rows: Sequence[Row[NeedFacts]]) -> None:
        is_first = not len(self.rows)
        super().show_rows(rows)
        if is_first and len(rows):
            self._hold(0)
        self._tell()

    def line(self, y: int, cells: int) -> Line:
        if y == self._heading_rows and not self.rows:
            return Line.of(line(piece("nothing needs you", "$muted")), "")
        return super().line(y, cells)

    def rearrange(self) -> None:
        if self.display:  # nobody sees it: nothing to make
            super().rearrange()

    def on_show(self) -> None:
        self.rearrange()

    def titles(self, frame: Frame) -> tuple[str, str]:
        shown, all_of_them = len(self.rows), len(self.queue)
        hidden = f"{all_of_them - shown} hidden by the search" if shown < all_of_them else ""
        return f"Needs you · {all_of_them}", hidden

    def heading(self, cells: int) -> Content:
        return heading(self._widths(cells))

    def draw(self, row: Row[NeedFacts], cells: int) -> Content:
        return draw_need(row.facts, self._widths(cells), self.frame)

    def pick(self, row: Row[NeedFacts]) -> None:
        self.post_message(self.Answered(row.facts.need))

    def answer_click(self, times: int) -> None:
        """One click goes there, a second one answers: an answer opens a picker."""
        if times > 1:
            self.action_pick()

    def facts_at(self, rows: NeedRows, place: Place) -> NeedFacts:
        """What a row says at its moment."""
        frame, queue = rows.frame, rows.queue
        need = queue.need(place)
        task_list = queue.snapshot.lists[need.list]
        task = task_list.tasks.get(place.key.id)
        named = len(queue.snapshot.lists) > 1
        loads = pace_of(self.app).owners(queue.snapshot, None)
        return NeedFacts(
            need,
            subject=task.subject if task else "",
            owner=task.owner if task else None,
            elsewhere=self._elsewhere(frame, queue.snapshot, need, task.owner if task else None),
            age=age(None if need.since is None else frame.now - need.since),
            cost=self._costs.of(place.key, frame, queue.snapshot, loads) if task else None,
            list_name=task_list.info.name if named else "",
        )

    def _widths(self, cells: int) -> Widths:
        """The list is named only where there are several."""
        return Widths.of(cells, named=len(self.queue.snapshot.lists) > 1)

    def _elsewhere(self, frame: Frame, snapshot: Snapshot, need: Need, owner: str | None) -> str:
        """Evidence that the owner of a silent record is alive all the same."""
        if need.kind is not NeedKind.SILENT_OWNER or owner is None:
            return ""
        load = pace_of(self.app).owners(snapshot, None).get(owner)
        wrote = load.last_write if load else None
        if wrote is None or frame.now - wrote >= frame.stale_after_s:
            return ""
        return age(frame.now - wrote)

    def _searched(self, frame: Frame) -> Sequence[Place]:
        """The places that the search lets through."""
        places = self.queue.places
        query = self._query = query_of(frame.view, self._query)
        if query.test is None:
            return places
        parts = (places, query, frame.marked, int(frame.now))
        before = self._narrowed
        if not before or before[0] is not places or parts[1:] != before[1:]:
            self._narrowed = parts
            self._moment.now, self._moment.marked = frame.now, frame.marked
            self._found = [place for place in places if self._matches(frame, query, place)]
        return self._found

    def _matches(self, frame: Frame, query: Query, place: Place) -> bool:
        task_list = self.queue.snapshot.lists[place.key.list]
        task = task_list.tasks.get(place.key.id)
        return task is not None and matches(
            query, task_list, task, self._moment, frame.stale_after_s
        )

    # The cursor

    def _place_under_cursor(self) -> Place | None:
        rows = self.rows
        if isinstance(rows, NeedRows) and 0 <= self.cursor < len(rows):
            return rows.places[self.cursor]
        return None

    def _place_of(self, key: object) -> int:
        rows = self.rows
        if isinstance(rows, NeedRows) and isinstance(key, tuple) and len(key) == 2:
            index = rows.index_of(key)
            if index is not None:
                return index
            self._hold(self.cursor)
        return max(0, min(self.cursor, len(rows) - 1))

    def _hold(self, index: int) -> None:
        """Keep the cursor on the need that stands there now."""
        rows = self.rows
        if isinstance(rows, NeedRows) and len(rows):
            self._cursor_key = rows.places[max(0, min(index, len(rows) - 1))].name

    def _set_cursor(self, index: int, direction: int) -> None:
        super()._set_cursor(index, direction)
        self._tell()

    def _tell(self) -> None:
        place = self._place_under_cursor()
        name = place.name if place is not None else None
        if name != self._told:
            self._told = name
            self.post_message(self.Highlighted(self.selected))
