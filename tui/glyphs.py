"""Signs that stand for states, amounts and ages: one cell each, no emoji, all with ASCII twins.

A state is never told by colour alone: the sign says it too, so it survives NO_COLOR and pictures.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from store.model.attention import DisplayState

_GLYPHS = {
    DisplayState.UNREADABLE: ("⌧", "%"),
    DisplayState.STALE: ("◷", "?"),
    DisplayState.FAILED: ("↯", "F"),
    DisplayState.ACTIVE: ("▸", ">"),
    DisplayState.PHANTOM: ("⌀", "0"),
    DisplayState.BLOCKED: ("⊘", "#"),
    DisplayState.READY: ("◦", "."),
    DisplayState.WAITING: ("⋯", "~"),
    DisplayState.DONE: ("✓", "x"),
    DisplayState.CLOSED: ("✗", "-"),
}

_ROLES = {
    DisplayState.UNREADABLE: "status-unreadable",
    DisplayState.STALE: "status-stale",
    DisplayState.FAILED: "status-failed",
    DisplayState.ACTIVE: "status-active",
    DisplayState.PHANTOM: "status-phantom",
    DisplayState.BLOCKED: "status-blocked",
    DisplayState.READY: "status-ready",
    DisplayState.WAITING: "status-waiting",
    DisplayState.DONE: "status-done",
    DisplayState.CLOSED: "status-done",
}

OWNER_HUES = 8


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs that are not states."""

    needs_you: str = "⚑"
    marked: str = "◉"
    """In the first column, so unlike every sign of a change."""
    critical: str = "┃"
    """In the first column too, where nothing more pressing stands there."""
    vanished: str = "◌"
    arrow: str = "→"
    above: str = "↑"
    ellipsis: str = "…"
    rule: str = "─"
    bar: str = "━"
    bar_rest: str = "─"
    steps: str = "▁▂▃▄▅▆▇"
    """Heights of a sparkline; the first is nothing, none fills its cell."""
    tree_last: str = "└"
    tree_fork: str = "├"
    tree_line: str = "│"
    times: str = "×"
    alike: str = "≈"
    lock: str = "⊡"
    """Before who holds a task."""
    live: str = "⌁"
    """A process was seen alive."""
    dead: str = "✗"
    member: str = "⋆"
    """Named as one of a team; nothing tells whether it lives."""


UNICODE_SIGNS = Signs()
ASCII_SIGNS = Signs(
    needs_you="!",
    marked="@",
    critical="|",
    vanished="_",
    arrow=">",
    above="^",
    ellipsis="~",
    rule="-",
    bar="=",
    bar_rest=".",
    steps="_.:-=+#",
    tree_last="`",
    tree_fork="+",
    tree_line="|",
    times="x",
    alike="=",
    lock="&",
    live="+",
    dead="-",
    member="*",
)


def signs(ascii: bool) -> Signs:
    """The set to draw with."""
    return ASCII_SIGNS if ascii else UNICODE_SIGNS


def glyph(state: DisplayState, ascii: bool = False) -> str:
    """The state's sign, one cell."""
    return _GLYPHS[state][ascii]


def style_role(state: DisplayState) -> str:
    """The theme variable that colours the state, without its `$`."""
    return _ROLES[state]


def owner_role(owner: str | None) -> str:
    """The theme variable for an owner's name: the same in every run; none is `muted`."""
    if not owner:
        return "muted"
    return f"owner-{(zlib.crc32(owner.encode('utf-8', 'replace')) >> 4) % OWNER_HUES}"


def age(seconds: float | None) -> str:
    """A duration in at most four cells: 40s, 12m, 2h, 3d, 9w, 2y; "-" where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    seconds = max(0.0, seconds)
    for unit, size, until in (("s", 1, 60), ("m", 60, 3600), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{int(seconds // size)}{unit}"
    days = int(seconds // 86_400)
    if days < 100:
        return f"{days}d"
    return f"{days // 7}w" if days < 700 else f"{min(days // 365, 999)}y"


def sparkline(values: Sequence[int], ascii: bool = False) -> str:
    """One sign for each value, the greatest at full height; nothing is told from little."""
    steps = signs(ascii).steps
    top = max(values, default=0)
    if top <= 0:
        return steps[0] * len(values)
    return "".join(
        steps[max(1, round(value / top * (len(steps) - 1)))] if value > 0 else steps[0]
        for value in values
    )


def bar(part: int, whole: int, cells: int) -> int:
    """How many of the cells are filled: all only when it is whole, none only when it is nothing."""
    if whole <= 0 or part <= 0 or cells <= 0:
        return 0
    if part >= whole:
        return cells
    return min(max(1, round(part / whole * cells)), max(1, cells - 1))
