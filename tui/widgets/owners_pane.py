"""Who has what: each owner's load, last write and the last hour's writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState
from store.model.lookalikes import lookalikes
from store.model.rollup import Rollup, histogram
from store.model.snapshot import Snapshot
from tui.glyphs import age, glyph, owner_role, signs, sparkline
from tui.safe_text import one_line, width
from tui.spending import usd_text
from tui.view_state import Frame
from tui.widgets.crew import NOTHING_KNOWN, Crew, CrewFacts
from tui.widgets.drawing import Piece, figure, fitted, line, piece
from tui.widgets.pace import pace_of
from tui.widgets.pane import Row, RowsPane

UNASSIGNED = "-"
MOST_OWNERS = 1000  # rows; who comes after these has nothing open

_COLUMNS = (
    ("active", DisplayState.ACTIVE, "bold $status-active"),
    ("ready", DisplayState.READY, "$status-ready"),
    ("blocked", DisplayState.BLOCKED, "$status-blocked"),
    ("stale", DisplayState.STALE, "$status-stale"),
    ("done", DisplayState.DONE, "$status-done"),
)
_SPARK = (4, 30)  # least and most cells of a sparkline
_NAME = (4, 24)
_READABLE = 8  # cells of a name from which costs may stand beside it
_ROOMY = 44  # cells from which the figures stand apart


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """What one row says. `owner` None: nobody."""

    owner: str | None
    active: int
    ready: int
    blocked: int
    stale: int
    done: int
    age: str
    """Since the last write to any of the owner's records."""
    writes: tuple[int, ...]
    """Per minute over the last hour, oldest first."""
    crew: CrewFacts = NOTHING_KNOWN
    looks_alike: bool = False
    """Another owner's name looks like this one's."""


@dataclass(frozen=True, slots=True)
class _Widths:
    sign: int
    name: int
    figures: tuple[int, ...]
    age: int
    cost: int
    gap: int
    spark: int


_NO_TASKS = Rollup()
_NO_WRITES = (0,) * 60
_Hour = tuple[Rollup, int, tuple[int, ...]]
"""A rollup, the minute it was looked at in, its writes per minute in the hour before."""


class OwnersPane(RowsPane[OwnerFacts]):
    """Each owner with load, last write and a sparkline of the last hour; `-` is nobody."""

    HELP = """\
## Owners

Tasks of each owner: in progress, ready, blocked, stale and done; when one of their records was
last written; and their writes over the last 60 minutes. Silent owners come first, `-` is nobody.
A `≈` marks owners who are not the same and whose names look alike. Where a list's system names its
agents, those without tasks are here too, with what they cost (`~`: an estimate); `⌁` was seen
alive and `✗` is dead, in the colour that the team gives.

- **Enter** or a click shows exactly that owner's tasks; again shows everybody's.
"""

    @dataclass
    class Picked(Message):
        """An owner was picked; None means the tasks of nobody."""

        owner: str | None

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._hours: dict[str | None, _Hour] = {}
        self._named: tuple[str, ...] = ()
        self._alike: frozenset[str] = frozenset()
        self._crew = Crew()
        self._told = (False, 0)
        """Whether anything is told of anybody's life, and the cells of the longest cost."""

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[OwnerFacts]]:
        owners = pace_of(self.app).owners(snapshot, frame.view.list_key)
        minute = int(frame.now // 60)
        hours = {owner: self._hour(owner, rollup, minute) for owner, rollup in owners.items()}
        self._hours = hours
        crew = self._crew.of(snapshot, frame.view.list_key)
        found = [
            _facts(owner, rollup, frame, hours[owner][2], crew.get(owner or "", NOTHING_KNOWN))
            for owner, rollup in owners.items()
        ]
        found += [
            _facts(name, _NO_TASKS, frame, _NO_WRITES, facts)
            for name, facts in crew.items()
            if name not in owners
        ]
        found.sort(key=_order)
        del found[MOST_OWNERS:]
        known = [facts.crew for facts in found if facts.crew is not NOTHING_KNOWN]
        self._told = (
            any(crew.is_live is not None or crew.colour for crew in known),
            max((len(usd_text(crew.spent)) for crew in known), default=0),
        )
        alike = self._lookalikes(tuple(facts.owner for facts in found if facts.owner is not None))
        marked = (replace(f, looks_alike=True) if f.owner in alike else f for f in found)
        return [Row((facts.owner,), facts) for facts in marked]

    def _lookalikes(self, named: tuple[str, ...]) -> frozenset[str]:
        if named != self._named:
            self._named = named
            self._alike = lookalikes({name: one_line(name) for name in named})
        return self._alike

    def _hour(self, owner: str | None, rollup: Rollup, minute: int) -> _Hour:
        known = self._hours.get(owner)
        if known is not None and known[0] is rollup and known[1] == minute:
            return known
        return rollup, minute, histogram(rollup.writes, minute * 60.0)

    def titles(self, frame: Frame) -> tuple[str, str]:
        named = sum(1 for row in self.rows if row.facts.owner is not None)
        stale = sum(1 for row in self.rows if row.facts.stale)
        return f"Owners · {named}", f"{stale} silent" if stale else ""

    def heading(self, cells: int) -> Content:
        widths = self._widths(cells)
        figures = [
            fitted(glyph(state, self.ascii), number, right=True)
            for (_, state, _), number in zip(_COLUMNS, widths.figures, strict=True)
        ]
        title = "last hour" if widths.spark >= 9 else "1h"
        spark = (
            [fitted(" " * widths.gap + title, widths.gap + widths.spark)] if widths.spark else []
        )
        last = fitted("age", widths.age, right=True)
        cost = fitted("cost" if widths.cost else "", widths.cost, right=True)
        return line(fitted("owner", widths.sign + widths.name), *figures, last, cost, *spark)

    def draw(self, row: Row[OwnerFacts], cells: int) -> Content:
        facts, widths = row.facts, self._widths(cells)
        name = UNASSIGNED if facts.owner is None else facts.owner
        figures = [
            figure(getattr(facts, column), number, style)
            for (column, _, style), number in zip(_COLUMNS, widths.figures, strict=True)
        ]
        age_style = "$status-stale" if facts.stale else "$muted"
        spark = []
        if widths.spark:
            values = _buckets(facts.writes, widths.spark)
            spark = [piece(" " * widths.gap), *_drawn(values, self.ascii)]
        mark = f" {signs(self.ascii).alike}" if facts.looks_alike else ""
        room = max(1, widths.name - len(mark))
        cost = usd_text(facts.crew.spent)
        return line(
            *self._life(facts, widths.sign),
            fitted(name, room, f"${owner_role(facts.owner)}"),
            fitted(mark, widths.name - room, "$status-needs"),
            *figures,
            fitted(facts.age, widths.age, age_style, right=True),
            fitted(cost if widths.cost else "", widths.cost, "$muted", right=True),
            *spark,
        )

    def _life(self, facts: OwnerFacts, cells: int) -> list[Piece]:
        """Whether the agent was seen alive, in the colour that its team gives it."""
        if not cells:
            return []
        drawn, crew = signs(self.ascii), facts.crew
        sign = {True: drawn.live, False: drawn.dead, None: drawn.member if crew.colour else ""}
        style = crew.colour or ("$status-unreadable" if crew.is_live is False else "$muted")
        return [fitted(sign[crew.is_live], cells, style)]

    def pick(self, row: Row[OwnerFacts]) -> None:
        self.post_message(self.Picked(row.facts.owner))

    def _widths(self, cells: int) -> _Widths:
        apart = 2 if cells >= _ROOMY else 1
        figures = tuple(
            apart
            + min(4, len(str(max((getattr(row.facts, name) for row in self.rows), default=0))))
            for name, _, _ in _COLUMNS
        )
        ages = apart + max((len(row.facts.age) for row in self.rows), default=3)
        ages = max(ages, 3 + apart)
        longest = max((width(one_line(row.facts.owner or "-", 64)) for row in self.rows), default=4)
        sign, cost = self._crew_cells(apart)
        room = cells - ages - sum(figures) - sign - cost
        if cost and room < min(longest, _READABLE):
            room, cost = room + cost, 0  # who it is comes before what it cost
        name = max(_NAME[0], min(max(longest, 5), _NAME[1], room))
        spark = min(_SPARK[1], room - name - apart)
        if spark < _SPARK[0]:
            return _Widths(sign, max(1, room), figures, ages, cost, 0, 0)
        name = min(_NAME[1], room - apart - spark)
        return _Widths(sign, name, figures, ages, cost, apart, spark)

    def _crew_cells(self, apart: int) -> tuple[int, int]:
        """Cells for the signs of life and for the costs; none where no system tells them."""
        has_life, costs = self._told
        return 2 if has_life else 0, costs + apart if costs else 0


def _facts(
    owner: str | None, rollup: Rollup, frame: Frame, writes: tuple[int, ...], crew: CrewFacts
) -> OwnerFacts:
    stale = rollup.stale(frame.now, frame.stale_after_s)
    written = rollup.last_write
    return OwnerFacts(
        owner=owner,
        active=rollup.active - stale,
        ready=rollup.ready,
        blocked=rollup.blocked,
        stale=stale,
        done=rollup.done,
        age=age(None if written is None else frame.now - written),
        writes=writes,
        crew=crew,
    )


def _order(facts: OwnerFacts) -> tuple[bool, bool, bool, str]:
    """Silent owners first, then who has open tasks; by name, so that rows stay where they are."""
    is_idle = not (facts.active or facts.ready or facts.blocked)
    return facts.owner is None, not facts.stale, is_idle and not facts.stale, facts.owner or ""


def _drawn(values: Sequence[int], ascii: bool) -> list[Piece]:
    """The sparkline; minutes without a write recede."""
    shown = zip(values, sparkline(values, ascii), strict=True)
    return [
        piece("".join(sign for _, sign in run), "$spark" if wrote else "$group-rule")
        for wrote, run in groupby(shown, key=lambda one: one[0] > 0)
    ]


def _buckets(writes: Sequence[int], cells: int) -> list[int]:
    """The hour in so many parts."""
    parts = [0] * cells
    for place, count in enumerate(writes):
        parts[place * cells // len(writes)] += count
    return parts
