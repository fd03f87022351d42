"""Many new tasks are made into rows and counts by a thread before a frame shows them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from store.collector import collector_paused
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot
from tui.projection import Projector
from tui.screens.colony import ColonyScreen
from tui.view_state import Frame
from tui.widgets.pace import Ahead, count_ahead, pace_of
from tui.widgets.task_table import TaskTable


class ReadAhead(ColonyScreen):
    """Keeps showing the state before until the next one is ready, so that keys stay live."""

    MANY: ClassVar[int] = 20_000
    """New tasks from which that is worth it; fewer are shown within a few frames' time."""

    _shown = EMPTY_SNAPSHOT
    _is_reading = False

    def snapshot_to_show(self) -> Snapshot:
        latest = super().snapshot_to_show()
        if latest is self._shown or self._is_reading:
            return self._shown
        if _new_tasks(self._shown, latest) < self.MANY:
            self._shown = latest
        else:
            self._is_reading = True
            self.run_worker(self._read(latest), group="read ahead")
        return self._shown

    async def _read(self, snapshot: Snapshot) -> None:
        frame = replace(self.frame, snapshot=snapshot, view=self._view, now=self.clock())
        try:
            projector, ahead = await asyncio.to_thread(_prepare, frame)
        finally:
            self._is_reading = False
        if not self.is_attached:
            return
        self.query_one(TaskTable).adopt(projector)
        pace_of(self.app).adopt(ahead)
        self._shown = snapshot
        self.show_frame()
        self.go_to_wanted()


def _prepare(frame: Frame) -> tuple[Projector, Ahead]:
    projector = Projector()
    with collector_paused():
        projector.project(frame)
        return projector, count_ahead(frame)


def _new_tasks(before: Snapshot, after: Snapshot) -> int:
    """Tasks of lists that come, or that come to be many times as long."""
    known = {key: len(one.tasks) for key, one in before.lists.items()}
    grown = (len(one.tasks) - known.get(key, 0) for key, one in after.lists.items())
    return sum(size for size in grown if size > 0)
