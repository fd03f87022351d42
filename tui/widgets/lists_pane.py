"""The lists with their counts, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState
from store.model.listing import all_problems
from store.model.rollup import Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Verb
from tui.glyphs import bar, glyph, signs
from tui.safe_text import one_line, width
from tui.view_state import Frame
from tui.widgets.drawing import Piece, cells_of, figure, fitted, line, piece
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
_BAR = (6, 18)  # least and most cells of the bar, with the gap before it
_NAME = 28
_SHORT_NAME = 13  # what a narrow pane gives to a name before it gives anything to the bar
_ROOMY = 44  # cells from which the figures stand apart


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


@dataclass(frozen=True, slots=True)
class _Widths:
    name: int
    figures: tuple[int, ...]
    bar: int
    done: int


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

    _problems: Mapping[ListKey, tuple[TaskList, int]] = {}

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[ListFacts]]:
        counted = pace_of(self.app).rollups(snapshot)
        needs = pace_of(self.app).needs(frame, snapshot).counts
        names = Counter(task_list.info.name for task_list in snapshot.lists.values())
        rows = []
        for key, (task_list, rollup) in counted.items():
            name = task_list.info.name
            if names[name] > 1:
                name = f"{name} · {key.root.rstrip('/').rpartition('/')[2]}"
            shown = frame.view.list_key == key
            count = needs.get(key, 0)
            facts = _facts(name, _note(task_list), rollup.total, count, frame, shown)
            rows.append(Row(key, facts))
        rows.sort(key=lambda row: _badness(row.facts))
        total = pace_of(self.app).total(snapshot, None)
        is_all = frame.view.list_key is None
        first = _facts(ALL_LISTS, "", total, sum(needs.values()), frame, is_all)
        return [Row(ALL_LISTS, first), *rows]

    def titles(self, frame: Frame) -> tuple[str, str]:
        lists = frame.snapshot.lists
        problems = self._count_problems(frame.snapshot)
        below = f"{problems} problem{'s' * (problems != 1)}" if problems else ""
        return f"Lists · {len(lists)}", below

    def _count_problems(self, snapshot: Snapshot) -> int:
        """As `lists` and `doctor` count them; anew only for the lists that moved."""
        known = self._problems
        self._problems = {
            key: found
            if (found := known.get(key)) and found[0] is task_list
            else (task_list, len(all_problems(task_list)))
            for key, task_list in snapshot.lists.items()
        }
        of_roots = sum(
            len(root.problems) + (root.problem is not None and not root.exists)
            for root in snapshot.roots
        )
        return of_roots + sum(count for _, count in self._problems.values())

    def heading(self, cells: int) -> Content:
        widths = self._widths(cells)
        titles = [
            fitted(_sign(state, self.ascii), number, right=True)
            for (_, state, _), number in zip(_COLUMNS, widths.figures, strict=True)
        ]
        done = fitted("done", widths.bar + widths.done, right=True)
        return line(fitted("  list", widths.name), *titles, done)

    def draw(self, row: Row[ListFacts], cells: int) -> Content:
        facts, widths = row.facts, self._widths(cells)
        mark = glyph(DisplayState.ACTIVE, self.ascii) if facts.is_shown else " "
        room = max(0, widths.name - 2)
        note = [piece(f" {facts.note}", "$status-stale")] if facts.note else []
        room -= cells_of(note)
        figures = [
            figure(getattr(facts, column), number, style)
            for (column, _, style), number in zip(_COLUMNS, widths.figures, strict=True)
        ]
        return line(
            piece(f"{mark} ", "$status-active"),
            fitted(facts.name, room, "bold" if facts.is_shown else ""),
            *note,
            *figures,
            *self._bar(facts, widths.bar),
            figure(facts.done, widths.done, "$status-done"),
        )

    def pick(self, row: Row[ListFacts]) -> None:
        self.post_message(self.Picked(row.key if isinstance(row.key, ListKey) else None))

    def _bar(self, facts: ListFacts, cells: int) -> list[Piece]:
        if not cells:
            return []
        drawn, length = signs(self.ascii), cells - 2
        filled = bar(facts.done, facts.total, length)
        rest = drawn.bar_rest * (length - filled)
        return [piece("  "), piece(drawn.bar * filled, "$spark"), piece(rest, "$group-rule")]

    def _widths(self, cells: int) -> _Widths:
        """The name first; what it leaves over is the bar's."""
        rows = [row.facts for row in self.rows]
        apart = 2 if cells >= _ROOMY else 1
        figures = tuple(
            apart + min(5, len(str(max((getattr(facts, name) for facts in rows), default=0))))
            for name, _, _ in _COLUMNS
        )
        done = 1 + max(4, len(str(max((facts.done for facts in rows), default=0))))
        longest = max((width(one_line(f.name, 64)) + len(f.note) + 1 for f in rows), default=0)
        room = cells - sum(figures) - done
        spare = room - 2 - min(longest, _NAME if cells >= _ROOMY else _SHORT_NAME)
        filled = min(_BAR[1], spare) if spare >= _BAR[0] else 0
        return _Widths(max(2, room - filled), figures, filled, done)


def _sign(state: DisplayState | None, ascii: bool) -> str:
    return signs(ascii).needs_you if state is None else glyph(state, ascii)


def _note(task_list: TaskList) -> str:
    if task_list.is_stale:
        return "gone"
    return "ro" if task_list.info.capabilities.refusal(Verb.EDIT) else ""


def _facts(
    name: str, note: str, rollup: Rollup, needs: int, frame: Frame, is_shown: bool
) -> ListFacts:
    stale = rollup.stale(frame.now, frame.stale_after_s)
    return ListFacts(
        name=name,
        note=note,
        needs=needs,
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
