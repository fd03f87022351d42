"""A small colony and an app that opens one dialog, for the tests of the dialogs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from store.model.snapshot import RootState, Snapshot, TaskList
from store.model.task import (
    Capabilities,
    ListKey,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
)
from tui.themes import DEFAULT_THEME, THEMES
from tui.view_state import Frame

NOW = 1_790_000_000.0
LIST = ListKey("hive", "/hive", TaskListId("colony:demo-colony"))
UNSET: Any = object()


def key(task_id: str) -> TaskKey:
    return TaskKey(LIST, TaskId(task_id))


def a_task(task_id: str, subject: str, status: str = "pending", **fields: Any) -> Task:
    minutes = fields.pop("silent", 8)
    blockers = tuple(TaskId(i) for i in fields.pop("blocked_by", "").split())
    return Task(
        key(task_id),
        subject,
        status=TaskStatus(status),
        native_status=status,
        updated_at=NOW - 60 * minutes,
        created_at=NOW - 3600,
        blocked_by=blockers,
        **fields,
    )


def mirrored(tasks: Mapping[TaskId, Task]) -> dict[TaskId, Task]:
    """The tasks with the other side of each edge written too, as a safe writer leaves them."""
    blocks: dict[TaskId, list[TaskId]] = {}
    for task in tasks.values():
        for blocker in task.blocked_by:
            blocks.setdefault(blocker, []).append(task.id)
    return {i: replace(task, blocks=tuple(blocks.get(i, ()))) for i, task in tasks.items()}


DEMO = (
    a_task("3", "Set up storage", "completed", owner="ann", silent=41),
    a_task("7", "Crawling target URLs", "in_progress", owner="ann", silent=12),
    a_task("9", "Extracting tables", "in_progress", owner="bo", silent=2),
    a_task("10", "Dedup leads in CRM", "in_progress", owner="cy", silent=41),
    a_task("12", "Build search index", owner="ann", blocked_by="3 7"),
    a_task("13", "Score companies", owner="bo"),
    a_task("14", "Draft outreach copy", owner="dee", blocked_by="9"),
    a_task("15", "Rank results", owner="bo", blocked_by="4 3"),
    a_task("16", "Write report", owner="ann", blocked_by="10 12"),
    a_task("17", "Fetch logos"),
    a_task("18", "Publish page", blocked_by="15 16"),
)


def a_frame(*tasks: Task, capabilities: Capabilities | None = None, **facts: Any) -> Frame:
    """A frame with one list of these tasks (the demo colony when none are given)."""
    by_id = mirrored({task.id: task for task in tasks or DEMO})
    about = TaskListInfo(LIST, "/hive/colonies/demo-colony/tasks")
    if capabilities is not None:
        about = replace(about, capabilities=capabilities)
    task_list = TaskList(about).with_tasks(by_id, frozenset(by_id))
    roots = (RootState("/hive", "argument", exists=True),)
    snapshot = Snapshot({LIST: task_list}, roots, scanned_at=NOW)
    return Frame(snapshot=snapshot, now=NOW, **facts)


class Host(App[None]):
    """Opens one dialog and keeps what it was closed with."""

    def __init__(self, dialog: Screen[Any]) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME
        self.dialog = dialog
        self.result: Any = UNSET

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self._note_result)

    def _note_result(self, result: Any) -> None:
        self.result = result


@asynccontextmanager
async def opened(
    dialog: Screen[Any], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """The dialog on the screen, settled."""
    host = Host(dialog)
    async with host.run_test(size=size, notifications=True, tooltips=True) as pilot:
        await pilot.pause()
        yield pilot


async def result_of(dialog: Screen[Any], *keys: str, size: tuple[int, int] = (80, 24)) -> Any:
    """What the dialog closes with after these keys; UNSET while it is still open."""
    async with opened(dialog, size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        host = pilot.app
        assert isinstance(host, Host)
        return host.result


def shown(pilot: Pilot[None]) -> str:
    """The text on the screen, row by row."""
    screen = pilot.app.screen
    rows = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in row) for row in rows)
