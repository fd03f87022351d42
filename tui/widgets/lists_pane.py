"""The lists with their counts, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState
from store.model.counting import RunningRollups
from store.model.listing import all_problems
from store.model.rollup import ListRollup, merge
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey
from tui.glyphs import bar, glyph, signs
from tui.kinds import badge, badge_cells
from tui.safe_text import one_line, width
from tui.view_state import Frame
from tui.widgets.drawing import Piece, cells_of, cut, figure, fitted, line, piece
from tui.widgets.lists_rows import (
    ListFacts,
    ListWords,
    badness,
    list_facts,
    note_of,
    words_about,
)
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
_LEAST_NAME = 3  # what stays of a name beside what tells it from another of the same
_ROOMY = 44  # cells from which the figures stand apart
_BADGED = 34  # cells from which there is room for badges


@dataclass(frozen=True, slots=True)
class _Widths:
    name: int
    badge: int
    figures: tuple[int, ...]
    bar: int
    done: int


AnyRow = Row[ListFacts | ListWords]


class ListsPane(RowsPane[ListFacts | ListWords]):
    """Each list with what needs you, what moves and how much is done; the first row is all."""

    HELP = """\
## Lists

Each list with its counts, the one that needs you most on top. The bar shows how much is done. The
list that is shown alone tells its goal, why it is read-only, and what else there is to know of it.
Lists that were put away as a whole stand at the end and count nowhere.

- **Enter** or a click shows only that list; **all lists** merges them again.
"""

    @dataclass
    class Picked(Message):
        """A list was picked; None means all of them."""

        list_key: ListKey | None

    _problems: Mapping[ListKey, tuple[TaskList, int]] = {}
    _badge_cells = 0

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._away_counts = RunningRollups()
        self._away: Mapping[ListKey, tuple[TaskList, ListRollup]] = {}
        self._away_of: Mapping[ListKey, TaskList] = {}

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[AnyRow]:
        away = self._put_away(frame)
        counted = {**pace_of(self.app).rollups(snapshot), **away}
        needs = pace_of(self.app).needs(frame, snapshot).counts
        names = Counter(task_list.info.name for task_list, _ in counted.values())
        named = Counter((key.system, one.info.name) for key, (one, _) in counted.items())
        self._badge_cells = badge_cells(snapshot)
        used: list[tuple[ListKey, ListFacts]] = []
        kept: list[tuple[ListKey, ListFacts]] = []
        for key, (task_list, rollup) in counted.items():
            name = task_list.info.name
            badged = badge(snapshot, key) if self._badge_cells else ""
            place = key.root.rstrip("/").rpartition("/")[2] if names[name] > 1 else ""
            facts = list_facts(
                f"{name} · {place}" if place else name,
                note_of(task_list),
                rollup.total,
                needs.get(key, 0) if key not in away else 0,
                frame,
                is_shown=frame.view.list_key == key,
                badge=badged,
            )
            if place:
                is_alike = named[key.system, name] > 1 or not badged
                facts = replace(facts, own_name=name, place=place if is_alike else "")
            (kept if key in away else used).append((key, facts))
        first: AnyRow = Row(ALL_LISTS, self._all(frame, snapshot, used))
        rows = [first, *self._with_words(frame, used)]
        if kept:
            rows.append(Row(None, ListWords(f"put away · {len(kept)}")))
        return [*rows, *self._with_words(frame, kept)]

    @property
    def counted(self) -> dict[Hashable, ListFacts]:
        """The figures of each row that has some, from top to bottom."""
        return {row.key: row.facts for row in self.rows if isinstance(row.facts, ListFacts)}

    def _put_away(self, frame: Frame) -> Mapping[ListKey, tuple[TaskList, ListRollup]]:
        """What was put away, counted once."""
        if frame.put_away is not self._away_of:
            self._away_of = frame.put_away
            self._away = self._away_counts.of(Snapshot(frame.put_away))
        return self._away

    def _all(
        self, frame: Frame, snapshot: Snapshot, used: Sequence[tuple[ListKey, ListFacts]]
    ) -> ListFacts:
        only = frame.view.list_key
        total = pace_of(self.app).total(snapshot, None)
        if only in frame.put_away:  # it is in the snapshot now, and counts nowhere still
            counted = pace_of(self.app).rollups(snapshot)
            total = merge(counted[key][1].total for key, _ in used)
        needs = sum(facts.needs for _, facts in used)
        return list_facts(ALL_LISTS, "", total, needs, frame, is_shown=only is None, badge="")

    def _with_words(self, frame: Frame, lists: Sequence[tuple[ListKey, ListFacts]]) -> list[AnyRow]:
        """The lists, worst first; under the one that is shown alone, what there is to know."""
        rows: list[AnyRow] = []
        for key, facts in sorted(lists, key=lambda pair: badness(pair[1])):
            rows.append(Row(key, facts))
            found = frame.snapshot.lists.get(key)
            if facts.is_shown and found is not None:
                words = words_about(frame, found.info, self.cells)
                rows += [Row(None, one) for one in words]
        return rows

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
        system = fitted(" sys" if widths.badge else "", widths.badge)
        return line(fitted("  list", widths.name), system, *titles, done)

    def draw(self, row: AnyRow, cells: int) -> Content:
        facts, widths = row.facts, self._widths(cells)
        if isinstance(facts, ListWords):
            return line(fitted(f"  {facts.text}", cells, facts.style))
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
            *_name(facts, room, is_badged=widths.badge > 0),
            *note,
            fitted(f" {facts.badge}" if widths.badge else "", widths.badge, "$muted"),
            *figures,
            *self._bar(facts, widths.bar),
            figure(facts.done, widths.done, "$status-done"),
        )

    def pick(self, row: AnyRow) -> None:
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
        rows = list(self.counted.values())
        apart = 2 if cells >= _ROOMY else 1
        figures = tuple(
            apart + min(5, len(str(max((getattr(facts, name) for facts in rows), default=0))))
            for name, _, _ in _COLUMNS
        )
        done = 1 + max(4, len(str(max((facts.done for facts in rows), default=0))))
        longest = max((width(one_line(f.name, 64)) + len(f.note) + 1 for f in rows), default=0)
        room = cells - sum(figures) - done
        badged = self._badge_cells + 1 if self._badge_cells and cells >= _BADGED else 0
        room -= badged
        spare = room - 2 - min(longest, _NAME if cells >= _ROOMY else _SHORT_NAME)
        filled = min(_BAR[1], spare) if spare >= _BAR[0] else 0
        return _Widths(max(2, room - filled), badged, figures, filled, done)


def _name(facts: ListFacts, cells: int, *, is_badged: bool) -> list[Piece]:
    """The name; of two that are the same, what tells them apart is cut last."""
    style = "bold" if facts.is_shown else ""
    if not facts.own_name or width(one_line(facts.name)) <= cells:
        return [fitted(facts.name, cells, style)]
    apart = facts.place or ("" if is_badged else facts.badge)
    if not apart:
        return [fitted(facts.own_name, cells, style)]
    end = cut([piece(f" {apart}", "$muted")], cells - _LEAST_NAME)
    return [fitted(facts.own_name, cells - cells_of(end), style), *end]


def _sign(state: DisplayState | None, ascii: bool) -> str:
    return signs(ascii).needs_you if state is None else glyph(state, ascii)
