"""A process that works on lists as the agents of one system do, at the pace of the demo."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store.model.errors import ClaimRefused, ColonytopError, LockTimeout
from tui.demo.agent import Dropped

IDLE_S = 1.5
"""Story seconds between two turns."""
_MIN_PAUSE_S = 0.02  # real seconds, however fast the story runs


@dataclass
class Worked:
    """What a writer has done, for the summary."""

    name: str
    system: str
    pid: int = 0
    edits: int = 0
    completed: int = 0
    claims_lost: int = 0
    conflicts: int = 0
    """Tasks that somebody else changed under the writer's hands; it made way."""
    lock_timeouts: int = 0
    refused: int = 0
    """Other edits that were not accepted."""
    complaint: str = ""
    """The last of those."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how a system's story is played."""

    root: Path
    """The root of its lists."""
    state: Path
    """Where colonytop's own records of this demo are."""
    seed: int
    speed: float

    def chance(self, name: str) -> random.Random:
        """Throws that follow from the seed and a name alone."""
        return random.Random(f"{self.seed}/{name}")


class Writer(ABC):
    """The loop of one writer. Its system's calls block, so they are made in a thread."""

    system: str

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        self.setting = setting
        self.tally = Worked(name, self.system)
        self.chance = setting.chance(f"{self.system}/{name}")

    @abstractmethod
    def turn(self) -> Iterator[float]:
        """Do the next thing. Yields the story seconds to wait before it goes on.

        Raises:
            Dropped: somebody took the task away; the writer goes on with something else.
        """

    async def run(self) -> None:
        """Until cancelled. What is refused is counted and survived."""
        await self.pause(self.chance.uniform(0.0, 2.0))
        while True:
            turn = self.turn()
            while (wait_s := await asyncio.to_thread(self._go_on, turn)) is not None:
                await self.pause(wait_s)
            await self.pause(IDLE_S * self.chance.uniform(0.7, 1.3))

    async def pause(self, story_s: float) -> None:
        await asyncio.sleep(max(_MIN_PAUSE_S, story_s / self.setting.speed))

    def count(self, *, completed: bool = False) -> None:
        """One more edit that stands."""
        self.tally.edits += 1
        self.tally.completed += completed

    def _go_on(self, turn: Iterator[float]) -> float | None:
        try:
            return next(turn, None)
        except Dropped:
            self.tally.conflicts += 1
        except ClaimRefused:
            self.tally.claims_lost += 1
        except LockTimeout:
            self.tally.lock_timeouts += 1
        except (ColonytopError, OSError) as error:
            self.tally.refused += 1
            self.tally.complaint = f"{type(error).__name__}: {error}"
        return None
