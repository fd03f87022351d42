"""The lists with their counts, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState
from store.model.rollup import Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Verb
from tui.glyphs import bar, glyph, signs
from tui.view_state import Frame
from tui.widgets.drawing import Piece, figure, fitted, line, piece
from tui.widgets.pace import pace_of
from tui.widgets.pane import Row, RowsPane

ALL_LISTS = "all lists"

_COLUMNS = (
    ("needs", None, "bold $status-needs"),
    ("active", DisplayState.ACTIVE, "$status-active"),
    ("ready", DisplayState.READY, "$status-ready"),
    ("blocked", DisplayState.BLOCKED, "$status-blocked"),
    ("stale", DisplayState.STALE, "$status-stale"),
)
_BAR_FROM = 34  # cells from which there is room for a bar of what is done


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What one row says."""

    name: str
    note: str
    """Why the list is not as others: gone, read-only; empty where it is."""
    needs: int
    active: int
    ready: int
    blocked: int
    stale: int
    done: int
    total: int
    is_shown: bool
    """The table shows this list."""


class ListsPane(RowsPane[ListFacts]):
    """Each list with what needs you, what moves and how much is done; the first row is all."""

    HELP = """\
## Lists

Each list with its counts, the one that needs you most on top. The bar shows how much is done.

- **Enter** or a click shows only that list; **all lists** merges them again.
"""

    @dataclass
    class Picked(Message):
        """A list was picked; None means all of them."""

        list_key: ListKey | None

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[ListFacts]]:
        counted = pace_of(self.app).rollups(snapshot)
        names = Counter(task_list.info.name for task_list in snapshot.lists.values())
        rows = []
        for key, (task_list, rollup) in counted.items():
            name = task_list.info.name
            if names[name] > 1:
                name = f"{name} · {key.root.rstrip('/').rpartition('/')[2]}"
            shown = frame.view.list_key == key
            rows.append(Row(key, _facts(name, _note(task_list), rollup.total, frame, shown)))
        rows.sort(key=lambda row: _badness(row.facts))
        total = pace_of(self.app).total(snapshot, None)
        first = _facts(ALL_LISTS, "", total, frame, frame.view.list_key is None)
        return [Row(ALL_LISTS, first), *rows]

    def titles(self, frame: Frame) -> tuple[str, str]:
        lists = frame.snapshot.lists
        problems = sum(len(task_list.problems) for task_list in lists.values())
        below = f"{problems} problem{'s' * (problems != 1)}" if problems else ""
        return f"Lists · {len(lists)}", below

    def heading(self, cells: int) -> Content:
        titles = [
            fitted(_sign(state, self.ascii), self._figure_cells(), "", right=True)
            for _, state, _ in _COLUMNS
        ]
        done = fitted("done", self._done_cells(cells), right=True)
        return line(fitted("  list", self._name_cells(cells)), *titles, done)

    def draw(self, row: Row[ListFacts], cells: int) -> Content:
        facts = row.facts
        mark = piece(f"{glyph(DisplayState.ACTIVE, self.ascii) if facts.is_shown else ' '} ")
        name_cells = self._name_cells(cells) - 2
        style = "bold" if facts.is_shown else ""
        name = [fitted(facts.name, name_cells, style)]
        if facts.note:
            note = piece(f" {facts.note}", "$status-stale")
            name = [fitted(facts.name, name_cells - len(note[0]), style), note]
        figures = [
            figure(getattr(facts, column), self._figure_cells(), column_style)
            for column, _, column_style in _COLUMNS
        ]
        return line((mark[0], "$status-active"), *name, *figures, *self._done(facts, cells))

    def pick(self, row: Row[ListFacts]) -> None:
        self.post_message(self.Picked(row.key if isinstance(row.key, ListKey) else None))

    def _done(self, facts: ListFacts, cells: int) -> list[Piece]:
        room = self._done_cells(cells)
        if cells < _BAR_FROM:
            return [figure(facts.done, room, "$status-done")]
        number = max(4, len(str(facts.done)) + 1)
        length = room - number - 2
        filled = bar(facts.done, facts.total, length)
        drawn = signs(self.ascii)
        return [
            piece("  "),
            piece(drawn.bar * filled, "$spark"),
            piece(drawn.bar_rest * (length - filled), "$group-rule"),
            figure(facts.done, number, "$status-done"),
        ]

    def _figure_cells(self) -> int:
        most = max(
            (getattr(row.facts, name) for row in self.rows for name, _, _ in _COLUMNS), default=0
        )
        return 1 + min(5, len(str(most)))

    def _done_cells(self, cells: int) -> int:
        if cells < _BAR_FROM:
            return 1 + max(4, *(len(str(row.facts.done)) for row in self.rows), 0)
        return min(24, 11 + (cells - _BAR_FROM) // 4)

    def _name_cells(self, cells: int) -> int:
        taken = self._done_cells(cells) + len(_COLUMNS) * self._figure_cells()
        return max(2, cells - taken)


def _sign(state: DisplayState | None, ascii: bool) -> str:
    return signs(ascii).needs_you if state is None else glyph(state, ascii)


def _note(task_list: TaskList) -> str:
    if task_list.is_stale:
        return "gone"
    return "ro" if task_list.info.capabilities.refusal(Verb.EDIT) else ""


def _facts(name: str, note: str, rollup: Rollup, frame: Frame, is_shown: bool) -> ListFacts:
    stale = rollup.stale(frame.now, frame.stale_after_s)
    return ListFacts(
        name=name,
        note=note,
        needs=rollup.needs_you(frame.now, frame.stale_after_s),
        active=rollup.active - stale,
        ready=rollup.ready,
        blocked=rollup.blocked,
        stale=stale,
        done=rollup.done,
        total=rollup.total,
        is_shown=is_shown,
    )


def _badness(facts: ListFacts) -> tuple[int, int, int, str]:
    return -facts.needs, -facts.stale, -facts.blocked, facts.name
