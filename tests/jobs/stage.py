"""The real app on the scene, for one job: keys are counted, and what came of them is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, chdir
from pathlib import Path
from typing import Any

from textual.widget import Widget

from store.model.task import Task, TaskId
from store.workspace import RootSpec, Workspace
from tests.jobs.scene import Scene
from tests.tui.conftest import Colony, Session
from tui.app import ColonytopApp
from tui.saved_views import SavedViews
from tui.settings import Settings

PATIENCE_S = 15.0
SIZE = (80, 24)
"""The smallest terminal on which all panes are shown."""


_FRAME = "│╭╮╰╯ ▁▂▃▄▅▆▇█"
"""What stands at the edges of a pane: its border and its scroll bar."""


class Stage:
    """What a job can see: the drawn screen, and the disk as a store of its own reads it."""

    def __init__(self, scene: Scene, session: Session, place: Path) -> None:
        self.scene = scene
        self.session = session
        self.place = place
        """The program's working directory; nothing but the job's own files is in it."""
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        """Press keys as the operator does: each is counted."""
        self.pressed += len(keys)
        await self.session.press(*keys)

    async def prepare(self, *keys: str, told: str) -> None:
        """Press keys that belong to what has happened before, and wait until it is told so."""
        await self.session.press(*keys)
        await self.until(lambda: told in self.status, f"{told!r} is told")
        await self.settled()

    async def settled(self) -> None:
        """No edit is on its way to the disk."""
        await self.session.pilot.pause()
        await self.until(lambda: not self.session.app.threads.pending, "all edits written")
        await self.session.pilot.pause()

    async def agent_writes(self, colony: Colony, number: int, **fields: Any) -> None:
        """Somebody else writes to a task, and the screen has heard of it."""
        intake = self.session.app.main.intake
        before = intake.latest.number
        colony.write(number, **fields)
        await self.session.until(lambda: intake.latest.number > before, "the write is noticed")
        await self.session.pilot.pause()

    def stored(self, name: str, number: int) -> Task | None:
        """The task of the list of that name as it is on the disk now."""
        found = Workspace([RootSpec(self.scene.root, "job")]).find_list(name)
        return found.tasks.get(TaskId(str(number)))

    def tasks(self, name: str, *numbers: int) -> list[Task]:
        """The same for several that have to be there."""
        found = Workspace([RootSpec(self.scene.root, "job")]).find_list(name)
        return [found.tasks[TaskId(str(number))] for number in numbers]

    @property
    def screen(self) -> str:
        """What is drawn on the terminal, dialogs and all."""
        return self.session.text()

    def pane(self, selector: str) -> str:
        """What is drawn of one pane of the main screen with its border; empty while hidden."""
        found = list(self.session.app.main.query(selector))
        return self._drawn(found[0]) if found and found[0].display else ""

    @property
    def dialog(self) -> str:
        """What is drawn of the dialog on top; empty while none is open."""
        found = list(self.session.app.screen.query("#dialog"))
        return self._drawn(found[0]) if found else ""

    @property
    def rows(self) -> list[str]:
        """The rows of tasks that are drawn, in order, without headings and titles."""
        lines = self.pane("#tasks").splitlines()[2:-1]
        cells = [line.strip(_FRAME) for line in lines]
        return [line for line in cells if line and not line.endswith("─")]

    @property
    def status(self) -> str:
        """The line that tells what is selected and what was done."""
        return self.pane("#status")

    def files(self) -> str:
        """A digest of all task files: the same as long as nobody has written."""
        digest = hashlib.sha256()
        for path in sorted(self.scene.root.rglob("*.json")):
            digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    async def until(self, holds: Callable[[], object], what: str) -> None:
        await self.session.until(holds, what)

    def _drawn(self, widget: Widget) -> str:
        region = widget.region
        lines = self.screen.splitlines()[region.y : region.bottom]
        return "\n".join(line[region.x : region.right] for line in lines)


def words(drawn: str) -> str:
    """What a pane says, in one line: without its border, wherever it breaks its lines."""
    lines = (line.strip(_FRAME) for line in drawn.splitlines())
    return " ".join(" ".join(lines).split())


@asynccontextmanager
async def staged(place: Path, *, selected: str = "") -> AsyncIterator[Stage]:
    """The scene in a directory of its own, and the app on it.

    Args:
        selected: `LIST/ID` of the task that is selected before the job begins; else the first.
    """
    scene = Scene(place / "root")
    work = place / "work"
    work.mkdir()
    workspace = Workspace([RootSpec(scene.root, "job")], lock_timeout_s=PATIENCE_S)
    app = ColonytopApp(
        lambda: workspace,
        Settings(),
        goto=selected or None,
        saved_views=SavedViews(place / "views.json"),
    )
    with chdir(work):
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            session = Session(app, pilot)
            await _opened(session, selected)
            yield Stage(scene, session, work)
        assert app.threads.stop(PATIENCE_S), "a thread of the app did not end"


async def _opened(session: Session, selected: str) -> None:
    main = session.app.main
    await session.until(lambda: main.intake.latest.is_complete, "the first snapshot")
    await session.until(lambda: len(main.intake.latest.lists) == 3, "all lists")
    await session.until(lambda: list(main.query("#activity")), "all panes")
    await session.until(lambda: session.frame.selected, "a selected task")
    if selected:
        task_id = selected.rpartition("/")[2]
        await session.until_selected(int(task_id))
    await session.pilot.pause()
