"""The rows of the queue of needs: made when they are looked at, and how one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from textual.content import Content

from store.model.attention import DisplayState, Need, NeedKind
from store.model.cost import Cost, minutes_text
from store.model.list_needs import NeedName, Place
from store.model.needs import NeedQueue
from store.model.task import Verb
from tui.glyphs import glyph, owner_role, signs, style_role
from tui.safe_text import one_line
from tui.view_state import Frame
from tui.widgets.drawing import Piece, cells_of, cut, fitted, line, piece, spread
from tui.widgets.pane import Row

_NAMED = 64  # cells from which there is room for the list
_WIDE = 84  # cells from which there is room for the word beside the key
_ENTER = ("↵", "Ent")  # in Unicode, in ASCII
_WORDS = {Verb.UNBLOCK: "clean", Verb.RELEASE: "release", Verb.ASSIGN: "assign", Verb.STATUS: "set"}
_STATES = {
    NeedKind.NOTHING_STARTS: DisplayState.BLOCKED,
    NeedKind.LOCK_HELD: DisplayState.BLOCKED,
    NeedKind.UNREADABLE: DisplayState.UNREADABLE,
    NeedKind.CYCLE: DisplayState.PHANTOM,
    NeedKind.PHANTOM: DisplayState.PHANTOM,
    NeedKind.MARKED: DisplayState.PHANTOM,
    NeedKind.FAILED: DisplayState.FAILED,
    NeedKind.SILENT_OWNER: DisplayState.STALE,
    NeedKind.UNOWNED_ROOT: DisplayState.READY,
}


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """What one row says."""

    need: Need
    subject: str = ""
    owner: str | None = None
    elsewhere: str = ""
    """How long ago the owner of a silent record wrote to another one; "" where they did not."""
    age: str = ""
    cost: Cost | None = None
    list_name: str = ""


FactsAt = Callable[["NeedRows", Place], "NeedFacts"]
"""What the row of a place says at the moment of the rows."""


class NeedRows(Sequence[Row[NeedFacts]]):
    """The rows of a queue, each made when it is looked at."""

    def __init__(
        self, facts_at: FactsAt, frame: Frame, queue: NeedQueue, places: Sequence[Place]
    ) -> None:
        self.frame = frame
        self.queue = queue
        self.places = places
        self._facts_at = facts_at
        self._index: dict[NeedName, int] | None = None

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Row[NeedFacts]: ...

    @overload
    def __getitem__(self, index: slice) -> NeedRows: ...

    def __getitem__(self, index: int | slice) -> Row[NeedFacts] | NeedRows:
        if isinstance(index, slice):
            return NeedRows(self._facts_at, self.frame, self.queue, self.places[index])
        place = self.places[index]
        return Row(place.name, self._facts_at(self, place))

    def __iter__(self) -> Iterator[Row[NeedFacts]]:
        return (self[index] for index in range(len(self)))

    def index_of(self, name: NeedName) -> int | None:
        """Where a need stands; None when it is gone."""
        if self._index is None:
            self._index = {place.name: at for at, place in enumerate(self.places)}
        return self._index.get(name)


@dataclass(frozen=True, slots=True)
class Widths:
    """Cells of the columns: the reason takes what the others leave."""

    id: int
    why: int
    list: int
    since: int
    hold: int
    lost: int
    key: int
    has_word: bool

    @classmethod
    def of(cls, cells: int, *, named: bool) -> Widths:
        wide = cells >= _WIDE
        id_cells = 8 if wide else 4
        list_cells = (16 if wide else 13 if cells >= _NAMED else 0) if named else 0
        since, hold, lost = 6, 5, 6
        key = 9 if wide else 3
        rest = 2 + id_cells + 1 + list_cells + since + hold + lost + 1 + key
        return cls(id_cells, max(4, cells - rest), list_cells, since, hold, lost, key, wide)


def heading(widths: Widths) -> Content:
    """The titles of the columns."""
    name = [fitted("list", widths.list)] if widths.list else []
    return line(
        fitted("", 2),
        fitted("#", widths.id, right=True),
        piece(" "),
        fitted("why", widths.why),
        *name,
        fitted("since", widths.since, right=True),
        fitted("hold", widths.hold, right=True),
        fitted("lost", widths.lost, right=True),
        piece(" "),
        fitted("key", widths.key),
    )


def draw_need(facts: NeedFacts, widths: Widths, frame: Frame) -> Content:
    """One row."""
    need, ascii = facts.need, frame.ascii
    state = _STATES.get(need.kind)
    role = f"${style_role(state)}" if state else "$status-needs"
    sign = glyph(state, ascii) if state else signs(ascii).needs_you
    name = [fitted(facts.list_name, widths.list, "$muted")] if widths.list else []
    lost = int(facts.cost.minutes) if facts.cost else 0
    start = line(
        piece(f"{sign} ", role),
        fitted("" if need.task is None else need.task, widths.id, "bold", right=True),
        piece(" "),
    )
    end = line(
        *name,
        fitted(facts.age, widths.since, "$muted", right=True),
        fitted(str(need.holds) if need.holds else "", widths.hold, "$status-root", right=True),
        fitted(minutes_text(lost) + "m" if lost else "", widths.lost, "$status-stale", right=True),
        piece(" "),
        *_key(need, widths, frame),
    )
    named = not widths.list
    return start + spread(_why(facts, named=named), [], widths.why - 1) + line(piece(" ")) + end


def _why(facts: NeedFacts, *, named: bool) -> list[Piece]:
    """The reason; `named`: it has to say which list a need of a whole list is about."""
    need = facts.need
    if need.kind is NeedKind.SILENT_OWNER:
        owner = (one_line(facts.owner or "nobody", 16), f"${owner_role(facts.owner)}")
        wrote = f" (wrote elsewhere {facts.elsewhere} ago)" if facts.elsewhere else ""
        end = [piece(f" {need.text}")] if need.refusal else []
        return [owner, piece(f" silent{wrote} "), piece(facts.subject, "$muted"), *end]
    if need.task is None and facts.list_name and named:
        return [piece(f"{facts.list_name}: ", "bold"), piece(need.text)]
    if need.kind is NeedKind.FAILED or (need.refusal and need.kind is NeedKind.UNOWNED_ROOT):
        return [piece(f"{facts.subject} ", "$muted"), piece(need.text)]
    if need.kind in (NeedKind.UNOWNED_ROOT, NeedKind.UNREADABLE, NeedKind.UNSEEN_EDIT):
        return [piece(f"{need.text} "), piece(facts.subject, "$muted")]
    return [piece(need.text)]


def _key(need: Need, widths: Widths, frame: Frame) -> list[Piece]:
    verb = None if frame.read_only else need.verb
    key = _ENTER[frame.ascii] if verb is None else frame.key_now(need.key)
    shown = cut([piece(key, "bold $border")], widths.key)
    if widths.has_word:
        word = "open" if verb is None else _WORDS[verb]
        shown.append(
            piece(f" {'retry' if verb and need.kind is NeedKind.FAILED else word}", "$muted")
        )
    return [*shown, piece(" " * max(0, widths.key - cells_of(shown)))]
