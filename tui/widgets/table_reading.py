"""The table's projector, and the thread that makes rows of many new tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from store.collector import collector_paused
from tui.projection import Projector
from tui.view_state import Frame

MANY = 20_000
"""From so many new tasks on a thread makes the rows, so that the keys stay live meanwhile."""


class RowReader:
    """Holds the projector, which only one thread at a time may use."""

    def __init__(self, many: int = MANY) -> None:
        self.projector = Projector()
        self.is_busy = False
        """A thread makes rows; until it is done the projector is not to be used."""
        self._many = many

    def is_for_a_thread(self, frame: Frame) -> bool:
        """Whether projecting this frame would hold up the keys."""
        return self.projector.unseen(frame.snapshot) >= self._many

    def begin(self, frame: Frame) -> Awaitable[None]:
        """Project a frame in a thread; frames after it cost what has changed since."""
        self.is_busy = True
        return self._read(frame)

    async def _read(self, frame: Frame) -> None:
        projector = Projector()

        def project() -> None:
            with collector_paused():
                projector.project(frame)

        try:
            await asyncio.to_thread(project)
            self.projector = projector
        finally:
            self.is_busy = False
