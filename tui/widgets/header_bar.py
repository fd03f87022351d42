"""The top row: where we are, the counts, whether what is shown is fresh, the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from store.model.attention import DisplayState
from store.model.rollup import Rollup
from store.model.snapshot import WatchMode
from tui.glyphs import age, glyph, signs, style_role
from tui.kinds import badge
from tui.safe_text import join, one_line
from tui.view_state import EMPTY_FRAME, Frame
from tui.widgets.drawing import Piece, cells_of, clock, cut, in_ascii, piece, spread
from tui.widgets.pace import LEAST_INTERVAL_S, pace_of

LATE_AFTER_S = 5.0
"""Seconds without a finished scan after which the header warns."""

_NAME = "colonytop"
_LEAST_PLACE = 7  # cells in which a list's name still says something
_SPACIOUS = 120  # cells from which there is room for paths and air


class HeaderBar(Widget):
    """One row. It says how old the view is, and warns when it is late: a viewer must not be
    silently stale."""

    DEFAULT_CSS = """
    HeaderBar {
        height: 1;
        width: 1fr;
        background: $panel;
        color: $foreground;
        text-wrap: nowrap;
    }
    """
    ALLOW_SELECT = False

    frame: reactive[Frame] = reactive(EMPTY_FRAME)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._again: Timer | None = None

    def render(self) -> Content:
        return in_ascii(self._line(), self.frame.ascii)

    def _line(self) -> Content:
        frame, cells = self.frame, self.size.width
        snapshot, is_newest = pace_of(self.app).take(frame.snapshot)
        if not is_newest and self._again is None:
            self._again = self.set_timer(LEAST_INTERVAL_S, self._render_later)
        total = pace_of(self.app).total(snapshot, frame.view.list_key)
        end = [*_mode(frame), *_fresh(frame), piece(f"  {clock(frame.now)} ", "$muted")]
        name = [piece(f" {_NAME} ", "bold $primary")]
        roomy = cells >= _SPACIOUS
        needs = len(pace_of(self.app).needs(frame, snapshot))
        counts = _counts(frame, total, needs, roomy=roomy)
        room = cells - cells_of([*name, *counts, *end]) - len("   ")
        for place in _places(frame, room, roomy=roomy):
            start = [*name, *place, piece("  "), *counts]
            if cells_of(start) + cells_of(end) < cells:
                return spread(start, end, cells)
        end = [*_fresh(frame), piece(" "), *_mode(frame)[:1]]
        return spread(cut([*name, piece(" "), *counts], cells - cells_of(end)), end, cells)

    def _render_later(self) -> None:
        self._again = None
        self.refresh()


def _places(frame: Frame, room: int, *, roomy: bool) -> Iterator[list[Piece]]:
    """Where we are, at length and ever shorter; at last cut to the room, if that says anything."""
    yield _place(frame, roomy=roomy)
    yield _place(frame, roomy=False)
    yield _place(frame, roomy=False, with_badge=False)
    if room >= _LEAST_PLACE:
        yield cut(_place(frame, roomy=False, with_badge=False)[:1], room)
    yield []


def _place(frame: Frame, *, roomy: bool, with_badge: bool = True) -> list[Piece]:
    lists, only = frame.snapshot.lists, frame.view.list_key
    shown = lists.get(only) if only else None
    if shown is None and len(lists) == 1:
        shown = next(iter(lists.values()))
    count = f"{len(lists)} list{'s' * (len(lists) != 1)}"
    if shown is not None:
        parts = [piece(f" {shown.info.name}", "bold")]
        if with_badge and (badged := badge(frame.snapshot, shown.key)):
            parts.append((join(one_line(" "), badged), "$muted"))
        if len(lists) > 1:
            parts.append(piece(f" of {count}", "$muted"))
    else:
        away = len(frame.put_away)
        none = f"{away} list{'s' * (away != 1)} put away" if away else "no lists yet"
        parts = [piece(f" {count if lists else none}", "bold")]
    roots = frame.snapshot.roots
    if roomy and roots:
        more = f" and {len(roots) - 1} more" if len(roots) > 1 else ""
        parts.append(piece(f"  {_from_home(roots[0].path)}{more}", "$muted"))
    return parts


def _from_home(path: str) -> str:
    """The path as people write it, with "~" for their home."""
    home = str(Path.home())
    return f"~{path.removeprefix(home)}" if path == home or path.startswith(f"{home}/") else path


def _counts(frame: Frame, total: Rollup, needs: int, *, roomy: bool) -> list[Piece]:
    stale = total.stale(frame.now, frame.stale_after_s)
    states = (
        (DisplayState.ACTIVE, total.active - stale),
        (DisplayState.READY, total.ready),
        (DisplayState.BLOCKED, total.blocked),
        (DisplayState.STALE, stale),
        (DisplayState.DONE, total.done),
    )
    gap, air = ("   ", " ") if roomy else (" ", "")
    needs_style = "bold reverse $status-needs" if needs else "$muted"
    edge = " " if needs else ""
    flag = signs(frame.ascii).needs_you
    pieces = [piece(f"{edge}{flag}{air}{needs}{edge}", needs_style)]
    for state, count in states:
        style = f"${style_role(state)}" if count else "$muted"
        pieces.append(piece(f"{gap}{glyph(state, frame.ascii)}{air}{count}", style))
    return pieces


def _mode(frame: Frame) -> Sequence[Piece]:
    if frame.is_drafting or frame.draft_count:
        return [piece(f" DRAFT {frame.draft_count:,} ", "bold reverse $accent"), piece("  ")]
    if frame.read_only:
        return [piece(" READ-ONLY ", "bold reverse $status-stale"), piece("  ")]
    if frame.edits_unlocked:
        return [piece(" UNLOCKED ", "bold reverse $status-stale"), piece("  ")]
    return []


def _fresh(frame: Frame) -> list[Piece]:
    """How old the view is. Late comes first: a frozen view of a dead watch is still late."""
    seconds = frame.scan_age_s
    if seconds is not None and seconds > LATE_AFTER_S:
        return [piece(f" LATE {age(seconds)} ", "bold reverse $status-unreadable")]
    if frame.paused:
        count = frame.unseen_changes
        news = f" +{count} change{'s' * (count != 1)}" if count else ""
        return [piece(f" paused{news} ", "bold reverse $status-stale")]
    if seconds is None or not frame.snapshot.is_complete:
        tasks = frame.snapshot.count()
        return [piece(f"loading {tasks:,}" if tasks else "loading", "$status-stale")]
    modes = {root.mode for root in frame.snapshot.roots}
    shown = f"{seconds:.1f}s"
    if WatchMode.EVENTS in modes or not modes:
        return [piece(f"live {shown}", "$success")]
    if WatchMode.POLLING in modes:
        return [piece(f"polling {shown}", "$status-stale")]
    if WatchMode.WAITING in modes:
        return [piece("waiting for the root", "$status-stale")]
    return [piece(f"scanned {shown}", "$muted")]
