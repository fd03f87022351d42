"""A native root written by hand, and the app on it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual._context import visible_screen_stack
from textual.pilot import Pilot

from tests.patience import PATIENCE_S
from tui.settings import Settings

if TYPE_CHECKING:
    from tui.app import ColonytopApp


_HOLD_LOCK = """
import fcntl, sys
with open(sys.argv[1], "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


class Colony:
    """One native list on disk, written as any other tool would: under its lock, by replacing."""

    def __init__(self, root: Path, name: str = "demo") -> None:
        self.root = root
        self.path = root / "colonies" / name / "tasks"
        self.tasks = self.path / "tasks"
        self.tasks.mkdir(parents=True)
        self.lock_path = self.path / ".lock"
        self.lock_path.touch()
        self._replace(
            self.path / "meta.json",
            {
                "task_list_id": f"colony:{name}",
                "role": "template",
                "creator_agent_id": "queen",
                "created_at": time.time() - 3600,
                "last_seen_session_ids": [],
                "schema_version": 1,
            },
        )

    def write(self, number: int, subject: str = "", **fields: Any) -> None:
        """Write a whole task; fields that are not named keep what they were."""
        with self._locked():
            self.write_unlocked(number, subject, **fields)

    def write_unlocked(self, number: int, subject: str = "", **fields: Any) -> None:
        """The same by a tool that takes no lock."""
        path = self.tasks / f"{number:04}.json"
        now = time.time()
        record = {
            "id": number,
            "subject": subject or f"Task {number}",
            "description": "",
            "active_form": None,
            "owner": None,
            "status": "pending",
            "blocks": [],
            "blocked_by": [],
            "metadata": {},
            "created_at": now,
        }
        if path.exists():
            record = json.loads(path.read_text(encoding="utf-8"))
            record["subject"] = subject or record["subject"]
        record = {**record, "updated_at": now, **fields}
        self._replace(path, record)
        (self.path / ".highwatermark").write_text(str(max(number, self._mark())))

    def block(self, number: int, *, by: int) -> None:
        """Both sides of an edge."""
        self.write(by, blocks=[*self.read(by)["blocks"], number])
        self.write(number, blocked_by=[*self.read(number)["blocked_by"], by])

    def read(self, number: int) -> dict[str, Any]:
        found = json.loads((self.tasks / f"{number:04}.json").read_text(encoding="utf-8"))
        assert isinstance(found, dict)
        return found

    @contextmanager
    def held_by_another_process(self) -> Iterator[int]:
        """The list's lock, held by a process of its own; the value is its id."""
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD_LOCK, str(self.lock_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == b"held\n"
            yield holder.pid
        finally:
            holder.stdin.close()
            holder.wait(PATIENCE_S)
            holder.stdout.close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.lock_path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _mark(self) -> int:
        path = self.path / ".highwatermark"
        return int(path.read_text()) if path.exists() else 0

    def _replace(self, path: Path, record: dict[str, Any]) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(record, indent=2), encoding="utf-8")
        temporary.replace(path)


class Session:
    """The app under a pilot, and waiting for what it shows."""

    def __init__(self, app: ColonytopApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def frame(self) -> Any:
        return self.app.main.frame

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; fail with words when it does not come to hold."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, what or "it did not come to hold"
            await self.pilot.pause()
            await asyncio.sleep(0.01)

    async def until_selected(self, number: int) -> None:
        await self.until(
            lambda: self.frame.selected and self.frame.selected.id == str(number),
            f"#{number} selected",
        )

    def task(self, number: int) -> Any:
        """The task as the panes see it, None if it is not there."""
        found = [t for _, t in self.frame.snapshot.all_tasks() if t.id == str(number)]
        return found[0] if found else None

    def text(self) -> str:
        """What is on the screen, as plain lines; empty before the first layout."""
        # A dialog keeps what it was first painted with, so it must find the screens behind it.
        visible_screen_stack.set(self.app._background_screens)
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


@pytest.fixture
def colony(tmp_path: Path) -> Colony:
    """Seven tasks: 1 in progress holds 2 and 3; 4 waits on a task that is gone; 5 is done."""
    made = Colony(tmp_path / "root")
    made.write(1, "Crawl target pages", owner="ann", status="in_progress")
    made.write(2, "Build search index", owner="bo")
    made.write(3, "Write report")
    made.write(4, "Rank results", owner="bo", blocked_by=[99])
    made.write(5, "Set up storage", owner="cy", status="completed")
    made.write(6, "Fetch logos")
    made.write(7, "Score companies", owner="ann")
    made.block(2, by=1)
    made.block(3, by=2)
    return made


OpenSession = Callable[..., Any]


@pytest.fixture
def open_session() -> OpenSession:
    """Open the app on colonies at a size; ends with the app's threads gone."""

    @asynccontextmanager
    async def opened(
        *colonies: Colony,
        size: tuple[int, int] = (80, 24),
        settings: Settings | None = None,
        lock_timeout_s: float = PATIENCE_S,
        **options: Any,
    ) -> AsyncIterator[Session]:
        # Imported here: most tests of this directory need no app.
        from store.workspace import RootSpec, Workspace
        from tui.app import ColonytopApp

        roots = [RootSpec(root, "test") for root in dict.fromkeys(c.root for c in colonies)]
        read_only = bool(options.get("read_only"))
        workspace = Workspace(roots, read_only=read_only, lock_timeout_s=lock_timeout_s)
        app = ColonytopApp(lambda: workspace, settings or Settings(), **options)
        async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
            session = Session(app, pilot)
            await session.until(lambda: app.main.intake.latest.count(), "the first snapshot")
            await session.until(lambda: app.main.frame.selected, "a selected task")
            yield session
        assert app.threads.stop(PATIENCE_S)

    return opened
