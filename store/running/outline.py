"""An outline as a plan, without any model. Pure.

    # Forge the sword                      what the whole is for
    ## Ore                                 phases: each waits for all of the phase before
    - Dig the ore                          1
    - Wash it (after 1; tier 1)            2, which says itself what it waits on, and its tier
      Twice, with cold water.              lines further in belong to the description
    ## Steel
    - Smelt it (opus)                      3, which waits for 1 and 2
      - Build the oven                     4, without which 3 is not begun

Subtasks are counted from 1 in the order of their lines. In the parentheses at the end of a line
stand, in any order and divided by semicolons: `after 1, 2` (or `after none`), and `tier 2` or the
name of a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from store.running.errors import InvalidPlan
from store.running.plan import Plan, PlannedSubtask, checked
from store.running.tiers import Tier, tier_of

_POINT = re.compile(r"(?P<indent>\s*)(?:[-*+]|\d{1,4}[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)")
_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<text>\S.*?)\s*#*")
_SAID = re.compile(r"\s*\((?P<said>[^()]*)\)\s*")
_AFTER = re.compile(r"after\s+(?P<places>none|#?\d+(?:\s*(?:,|and)\s*#?\d+)*)", re.IGNORECASE)


@dataclass(slots=True)
class _Point:
    indent: int
    lines: list[str]
    after: list[int] | None
    """From 0; None: it does not say."""
    tier: Tier | None
    tier_hint: str | None
    phase: int
    children: list[int] = field(default_factory=list)


def looks_like_outline(text: str) -> bool:
    """Whether a text has two list points or more, so that it is a plan and no plain prompt."""
    return sum(1 for line in text.splitlines() if _POINT.fullmatch(line)) >= 2


def parse_outline(text: str, source: str = "outline") -> Plan:
    """The plan that an outline describes.

    Raises:
        InvalidPlan: it has no list points, or they wait on each other in a circle.
    """
    title, introduction, points = _read(text)
    if not points:
        raise InvalidPlan(source, "no subtasks: a line of one begins with '- '")
    subtasks = tuple(_subtask(place, points) for place in range(len(points)))
    prompt = title or " ".join(introduction) or points[0].lines[0]
    return checked(Plan(prompt, subtasks, "\n".join(introduction) or None), source)


def _read(text: str) -> tuple[str, list[str], list[_Point]]:
    title, introduction, points, phase = "", list[str](), list[_Point](), 0
    above: list[int] = []
    for line in text.expandtabs(4).splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            if not title and not points and len(heading["level"]) == 1:
                title = heading["text"]
            else:
                phase += 1
            above = []
        elif (point := _POINT.fullmatch(line)) is not None:
            above = _add(points, above, _point(len(point["indent"]), point["text"], phase))
        elif points and above and line.strip():
            points[above[-1]].lines.append(line.strip())
        elif line.strip() and not points:
            introduction.append(line.strip())
    return title, introduction, points


def _add(points: list[_Point], above: list[int], point: _Point) -> list[int]:
    """Put a point below the last one that is less far in; the points that are above the next."""
    kept = [place for place in above if points[place].indent < point.indent]
    if kept:
        points[kept[-1]].children.append(len(points))
    points.append(point)
    return [*kept, len(points) - 1]


def _point(indent: int, text: str, phase: int) -> _Point:
    after: list[int] | None = None
    tier: Tier | None = None
    hint: str | None = None
    end = len(text)
    while (said := _last_said(text[:end])) is not None:
        found = _understood(said["said"])
        if found is None:
            break
        after = found[0] if found[0] is not None else after
        tier, hint = (found[1], found[2]) if found[1] is not None else (tier, hint)
        end = said.start()
    return _Point(indent, [text[:end].strip() or text], after, tier, hint, phase)


def _last_said(text: str) -> re.Match[str] | None:
    """The parentheses at the end of a line."""
    start = text.rfind("(")
    return None if start <= 0 else _SAID.fullmatch(text, len(text[:start].rstrip()))


def _understood(said: str) -> tuple[list[int] | None, Tier | None, str | None] | None:
    """What parentheses say of order and tier; None: they are part of the text."""
    after: list[int] | None = None
    tier: Tier | None = None
    hint: str | None = None
    for part in said.split(";"):
        word = part.strip()
        if (order := _AFTER.fullmatch(word)) is not None:
            after = [int(number) - 1 for number in re.findall(r"\d+", order["places"])]
            continue
        bare = word.lower().removeprefix("tier").strip()
        is_told = word.lower().startswith("tier") or not bare.isdecimal()
        found = tier_of(bare) if is_told else None
        if found is None:
            return None
        tier, hint = found, word
    return after, tier, hint


def _subtask(place: int, points: list[_Point]) -> PlannedSubtask:
    point = points[place]
    after = point.after
    if after is None:
        before = [other.phase for other in points if other.phase < point.phase]
        last = max(before, default=-1)
        after = [i for i, other in enumerate(points) if other.phase == last]
    depends_on = tuple(dict.fromkeys((*after, *point.children)))
    tier = point.tier or Tier.SONNET
    return PlannedSubtask("\n".join(point.lines), depends_on, tier, point.tier_hint)
