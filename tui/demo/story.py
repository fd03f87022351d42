"""What happens in the demo, worked out from a seed alone: who does what, how long, what goes wrong.

The agents act it out through the real store, and yield to the operator wherever he steps in.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tui.demo.plans import THEMES, Step, Theme

PLANNER = "queen"
ABSENT = ("gus", "hal")
"""Agents that had work when they were last seen, and are gone."""

NAMES = (
    *("ann", "bo", "cy", "dee", "eli", "fay", "ida", "jo", "kim", "lee"),
    *("max", "ned", "oda", "pia", "quin", "ray", "sol", "tia", "uma", "vic"),
)
_MIN_S, _MAX_S = 7.0, 22.0
_GOES_SILENT = 0.12
_FOLLOWS_UP = 0.45
_CONTESTED = 0.18


@dataclass(frozen=True, slots=True)
class Part:
    """One task of the story. Times are story seconds: real ones at `--speed 1`."""

    key: str
    """Unique in the story, as in "0/crawl"; kept in the task's metadata as `step`."""
    plan: int
    list_id: str
    subject: str
    description: str
    active_form: str
    needs: tuple[str, ...]
    worker: str
    seconds: float
    ticks: int
    """How often its progress is written."""
    cost_usd: float
    tokens: int
    successor: str | None = None
    """Set: the worker goes silent half way, and the planner hands the task over to this one."""
    rival: str | None = None
    """Who also tries to claim it, too late."""
    follows: str | None = None
    """The key of the part whose end brings this one up; None: the planner creates it."""

    @property
    def silent_after(self) -> int | None:
        """Ticks after which the first worker writes no more."""
        return None if self.successor is None else max(1, self.ticks // 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner adds to a list at once."""

    number: int
    title: str
    list_id: str
    parts: tuple[Part, ...]
    bad_edge: tuple[str, str] | None
    """(task, blocker) that the planner also asks for, and that would close a cycle."""


class Story:
    """The endless sequence of plans that follows from a seed and a number of agents."""

    def __init__(self, seed: int, agents: int) -> None:
        self.seed = seed
        self.agents = agents
        self._plans: dict[int, Plan] = {}

    @cached_property
    def workers(self) -> tuple[str, ...]:
        """Who does the work. A planner that is alone does it all himself."""
        count = self.agents - 1
        if count == 0:
            return (PLANNER,)
        rounds = range(1, 2 + (count - 1) // len(NAMES))
        names = [n if turn == 1 else f"{n}{turn}" for turn in rounds for n in NAMES]
        return tuple(names[:count])

    @property
    def names(self) -> tuple[str, ...]:
        """Every agent, the planner first."""
        return tuple(dict.fromkeys((PLANNER, *self.workers)))

    def plan(self, number: int) -> Plan:
        """The plan of that number, from 0."""
        if number not in self._plans:
            self._plans[number] = self._write(number)
        return self._plans[number]

    def part(self, key: object) -> Part | None:
        """The part that a task's metadata names, None for tasks that are not of the story."""
        number, slash, _ = key.partition("/") if isinstance(key, str) else ("", "", "")
        if not (slash and number.isascii() and number.isdecimal() and len(number) < 7):
            return None
        return next((p for p in self.plan(int(number)).parts if p.key == key), None)

    def plans_for(self, tasks: int) -> list[Plan]:
        """The first plans, together at least so many tasks."""
        found: list[Plan] = []
        count = 0
        while count < tasks:
            found.append(self.plan(len(found)))
            count += len(found[-1].parts)
        return found

    def plans(self, count: int) -> list[Plan]:
        """The first so many plans."""
        return [self.plan(number) for number in range(count)]

    def _write(self, number: int) -> Plan:
        chance = random.Random(f"{self.seed}/{number}")
        theme = THEMES[number % len(THEMES)]
        topic = self._topic(theme, number // len(THEMES))
        parts = list(self._parts(theme, topic, number, chance))
        bad_edge = None
        if chance.random() < 0.5:
            bad_edge = (f"{number}/{theme.steps[0].key}", f"{number}/{theme.steps[-1].key}")
        return Plan(number, f"{theme.name}: {topic}", theme.list_id, tuple(parts), bad_edge)

    def _topic(self, theme: Theme, turn: int) -> str:
        topics = list(theme.topics)
        random.Random(f"{self.seed}/{theme.name}").shuffle(topics)
        again, place = divmod(turn, len(topics))
        return topics[place] + (f", round {again + 1}" if again else "")

    def _parts(
        self, theme: Theme, topic: str, number: int, chance: random.Random
    ) -> Iterator[Part]:
        deck = list(self.workers)
        chance.shuffle(deck)
        for place, step in enumerate(theme.steps):
            worker = deck[place % len(deck)]
            needs = tuple(f"{number}/{key}" for key in step.needs)
            texts = (step.subject.format(topic=topic), step.active_form, step.description)
            part = self._part(f"{number}/{step.key}", theme, number, texts, needs, chance, worker)
            yield part
            if step.follow_up and chance.random() < _FOLLOWS_UP:
                yield self._follow_up(step, part, theme, topic, number, chance)

    def _follow_up(
        self,
        step: Step,
        part: Part,
        theme: Theme,
        topic: str,
        number: int,
        chance: random.Random,
    ) -> Part:
        texts = ((step.follow_up or "").format(topic=topic), "Following up", "")
        key = f"{number}/{step.key}-again"
        worker = chance.choice(self.workers)
        return self._part(key, theme, number, texts, (part.key,), chance, worker, part.key)

    def _part(
        self,
        key: str,
        theme: Theme,
        number: int,
        texts: tuple[str, str, str],
        needs: tuple[str, ...],
        chance: random.Random,
        worker: str,
        follows: str | None = None,
    ) -> Part:
        seconds = round(chance.uniform(_MIN_S, _MAX_S), 1)
        others = [name for name in self.workers if name != worker]
        silent, contested = chance.random() < _GOES_SILENT, chance.random() < _CONTESTED
        successor, rival = (chance.choice(others), chance.choice(others)) if others else (None,) * 2
        tokens = chance.randrange(4_000, 60_000)
        return Part(
            key=key,
            plan=number,
            list_id=theme.list_id,
            subject=texts[0],
            description=texts[2],
            active_form=texts[1],
            needs=needs,
            worker=worker,
            seconds=seconds,
            ticks=max(2, round(seconds / 3)),
            cost_usd=round(tokens * 0.000018, 3),
            tokens=tokens,
            successor=successor if silent else None,
            rival=rival if contested else None,
            follows=follows,
        )
