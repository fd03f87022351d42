"""Harness 8, first half: what reaches the terminal when agents write hostile texts.

Every screen draws every payload in every field through a driver that keeps all bytes, and a
strict parser goes over them. It knows only the sequences that an app without anything writes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from textual.app import App
from textual.events import Key, MouseDown, MouseEvent, MouseUp
from textual.pilot import Pilot
from textual.screen import Screen

import tui.app
from store.model.edits import (
    BatchResult,
    CreateTask,
    DeleteTask,
    EditBatch,
    EditFailure,
    UpdateTask,
)
from store.model.errors import EditRefused, FieldConflict, LockHolder, LockTimeout, StaleEdit
from store.model.receipts import Receipt, ReceiptState
from store.model.snapshot import Snapshot
from store.model.task import TaskKey
from store.workspace import RootSpec, Workspace
from tests.contract import native
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.payloads import (
    ACTION,
    MARKS,
    NOW,
    PAYLOADS,
    edited,
    payload_frame,
    payload_snapshot,
)
from tests.faults.terminal_parser import Parser, capture, marks_in, sequences, take
from tui.app import ColonytopApp
from tui.cli.program import program
from tui.drafting import Draft
from tui.messages import EditFailed, SnapshotArrived, WatchFailed
from tui.screens.assign import AssignScreen
from tui.screens.bulk_confirm import BulkDeleteScreen, BulkReleaseScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.bulk_pickers import BulkAssignScreen, BulkStatusScreen, BulkUnblockScreen
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.create_task import CreateScreen
from tui.screens.delete import DeleteScreen
from tui.screens.draft import DraftScreen
from tui.screens.edit_task import EditScreen
from tui.screens.go_to import GoToScreen
from tui.screens.path_prompt import PathPrompt
from tui.screens.quit import QuitScreen
from tui.screens.receipts import ReceiptsScreen
from tui.screens.release import ReleaseScreen
from tui.screens.sort import SortScreen
from tui.screens.status import StatusScreen
from tui.screens.unblock import UnblockScreen
from tui.settings import Settings
from tui.view_state import Frame
from tui.workers import ColonyWorkers

SIZES = ((80, 24), (120, 40), (160, 50), (40, 12))
GROUPS = [list(PAYLOADS)[start : start + 4] for start in range(0, len(PAYLOADS), 4)]
SHARPEST = ("colour", "C1", "unbalanced", "action", "markup link")
"""Every dialog sees these in the fast form too."""
LOOKS: dict[str, dict[str, Any]] = {
    "dark": {"theme": "colonytop-dark"},
    "light": {"theme": "colonytop-light"},
    "ascii": {"ascii": True},
}


@dataclass(slots=True)
class Findings:
    """What went wrong, what was drawn, and by how many screens."""

    parser: Parser
    violations: list[str] = field(default_factory=list)
    drawn: set[tuple[str, str]] = field(default_factory=set)
    """(screen, mark): payloads that were seen on a screen."""
    cases: int = 0

    def look(self, app: App[Any], name: str) -> None:
        """Judge what an app has written, and what a click anywhere on it would do."""
        written = take(app)
        self.cases += 1
        self.parser.check(name, written)
        screen = name.partition(",")[0]
        self.drawn.update((screen, mark) for mark in marks_in(written, MARKS.values()))
        for strip in app.screen._compositor.render_strips(app.size):
            for segment in strip:
                style = segment.style
                if style and (style.link or "@click" in style.meta):
                    self.violations.append(f"{name}: a click on {segment.text[:40]!r} acts")
                    return


class NoThreads(ColonyWorkers):
    """Delivers nothing by itself: the harness posts the snapshots."""

    def start(self) -> None:
        pass


class Watched(ColonytopApp):
    """The app without files. It notes actions that only a task's text can have asked for."""

    CSS_PATH = str(Path(tui.app.__file__).parent / "screens" / "main.tcss")

    def __init__(self, place: Path, settings: Settings) -> None:
        def open_workspace() -> Workspace:
            return Workspace([RootSpec(place, "test")])

        super().__init__(open_workspace, settings, clock=lambda: NOW)
        self.threads = NoThreads(open_workspace, self.main.post_message)
        self.ran: list[str] = []
        capture(self)

    def action_pwn(self, *words: object) -> None:
        self.ran.append(f"pwn{words}")

    async def action_bell(self) -> None:
        self.ran.append("bell")


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The variables set for a while; a person's own colours do not count."""
    before = dict(os.environ)
    os.environ.pop("NO_COLOR", None)
    os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **variables})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(effort: Effort) -> Figure:
    with environment():
        found = asyncio.run(_run(effort))
    _check_command_line(found)
    violations = [*found.violations, *found.parser.finds]
    seen = {mark for _, mark in found.drawn}
    violations += [f"{name} was never seen" for name, mark in MARKS.items() if mark not in seen]
    detail = {
        "payloads": len(PAYLOADS),
        "screens": len({screen for screen, _ in found.drawn}),
        "pairs seen": len(found.drawn),
        "characters": found.parser.parsed,
    }
    return Figure("terminal text", found.cases, "drawings", violations, None, detail)


async def _run(effort: Effort) -> Findings:
    found = Findings(Parser(await known_sequences()))
    with scratch("terminal") as place:
        await _check_main(place, effort, found)
        await _check_dialogs(place, effort, found)
        await walk("clicks", place, (120, 40), _click_everywhere, found)
    return found


async def known_sequences() -> frozenset[str]:
    """What Textual writes for an app without anything."""
    app: App[None] = App()
    capture(app)
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        app.refresh()
        await pilot.pause()
        return sequences(take(app))


async def settle(pilot: Pilot[int]) -> None:
    """Until what was asked for is drawn. `Pilot.pause` alone would wait for an idle machine."""
    await pilot.pause(0)
    await pilot.pause(0)


Walk = Callable[[Watched, Pilot[int], str, Findings], Awaitable[None]]


async def walk(
    name: str, place: Path, size: tuple[int, int], way: Walk, found: Findings, **settings: Any
) -> None:
    """Open the app at a size and walk through it; a crash of the app is a find."""
    app = Watched(place, Settings(**settings))
    try:
        async with app.run_test(
            headless=False, size=size, notifications=True, tooltips=True
        ) as pilot:
            await way(app, pilot, name, found)
    except Exception as error:
        found.violations.append(f"{name} crashed: {type(error).__name__}: {error!s:.100}")
    if app.ran:
        found.violations.append(f"{name}: actions ran: {app.ran[:3]}")


# The main screen


async def _check_main(place: Path, effort: Effort, found: Findings) -> None:
    """All payloads at the usual size; the other sizes and looks share them in the fast form."""
    ways = [(size, look) for size in SIZES for look in LOOKS]
    if effort is Effort.FAST:
        ways = [pair for pair in ways if pair[0] == SIZES[0] or pair[1] == "dark"]
    for number, (size, look) in enumerate(ways):
        groups = GROUPS[number :: len(ways)] if effort is Effort.FAST and number else GROUPS
        way = partial(_walk_main, groups)
        await walk(f"main {size[0]}x{size[1]} {look}", place, size, way, found, **LOOKS[look])
    with environment(NO_COLOR="1"):
        groups = GROUPS[::5] if effort is Effort.FAST else GROUPS
        await walk("main without colour", place, SIZES[0], partial(_walk_main, groups), found)


async def _walk_main(
    groups: Sequence[list[str]], app: Watched, pilot: Pilot[int], name: str, found: Findings
) -> None:
    for group in groups:
        snapshot = payload_snapshot(group)
        await show(app, pilot, snapshot)
        for key in _one_of_each(snapshot):
            app.main.set_selected(key)
            await settle(pilot)
            found.look(app, f"{name}, {group}")
        await show(app, pilot, edited(snapshot))
        _complain(app, PAYLOADS[group[0]])
        await settle(pilot)
        found.look(app, f"{name}, {group} told")
        app.clear_notifications()


async def show(app: Watched, pilot: Pilot[int], snapshot: Snapshot) -> None:
    app.main.post_message(SnapshotArrived(snapshot, NOW))
    await settle(pilot)
    app.main.show_frame()
    await settle(pilot)


def _one_of_each(snapshot: Snapshot) -> list[TaskKey]:
    return [next(islice(found.tasks.values(), 2, None)).key for found in snapshot.lists.values()]


def _complain(app: Watched, text: str) -> None:
    """Errors that quote a text: in the status line and as notifications."""
    key = next(iter(app.main.frame.snapshot.lists.values())).tasks
    edit = UpdateTask(next(iter(key.values())).key, subject=text)
    app.main.post_message(EditFailed(edit, EditRefused(text)))
    app.main.post_message(WatchFailed(OSError(text)))


# Dialogs, palette, help


Maker = Callable[[Frame, TaskKey, str], Screen[Any]]


def _conflict(frame: Frame, key: TaskKey, text: str) -> ConflictScreen:
    edit = UpdateTask(key, subject=text, metadata_patch={text: text}, expected={"subject": text})
    moved = [
        FieldConflict("subject", text, text + "2", text),
        FieldConflict("metadata", {text: text}, {text: [text]}, {text: text}),
        FieldConflict(text, text, text, text),
    ]
    return ConflictScreen(frame, edit, StaleEdit(key.list.id, key.id, moved))


def _busy(frame: Frame, key: TaskKey, text: str) -> BusyScreen:
    error = LockTimeout(key.list.id, 3.0, LockHolder(1, text, 2.0))
    return BusyScreen(UpdateTask(key, subject=text, owner=text), error, frame)


def _keys(frame: Frame) -> list[TaskKey]:
    return [task.key for _, task in frame.snapshot.all_tasks()]


def _failures(frame: Frame, key: TaskKey, text: str) -> FailuresScreen:
    edit = UpdateTask(key, subject=text, owner=text)
    result = BatchResult((), (EditFailure(edit, EditRefused(text)),))
    return FailuresScreen(frame, EditBatch((edit,), text), result)


def _draft(frame: Frame, key: TaskKey, text: str) -> DraftScreen:
    edits = (
        UpdateTask(key, subject=text, owner=text, metadata_patch={text: text}),
        CreateTask(key.list, text, owner=text),
        DeleteTask(key),
    )
    return DraftScreen(frame, Draft(edits, text))


def _receipts(frame: Frame, key: TaskKey, text: str) -> ReceiptsScreen:
    seen = Receipt(key, text, text, NOW - 90, ReceiptState.SEEN, NOW - 60, text)
    return ReceiptsScreen(replace(frame, receipts=(Receipt(key, text, text, NOW), seen)))


DIALOGS: dict[str, tuple[Maker, Sequence[str]]] = {
    "unblock": (lambda f, k, _: UnblockScreen(f, k), ("asterisk", "down", "space")),
    "assign": (lambda f, k, _: AssignScreen(f, k), ("down", "minus")),
    "status": (lambda f, k, _: StatusScreen(f, k), ("d",)),
    "edit": (lambda f, k, _: EditScreen(f, k), ("tab", "tab", "tab", "right")),
    "create": (lambda f, k, _: CreateScreen(f, k.list), ("Q", "tab", "tab", "tab", "Q", "down")),
    "bulk unblock": (lambda f, _, __: BulkUnblockScreen(f, _keys(f)), ("asterisk", "down")),
    "bulk assign": (lambda f, _, __: BulkAssignScreen(f, _keys(f)), ("down",)),
    "bulk status": (lambda f, _, __: BulkStatusScreen(f, _keys(f)), ("d",)),
    "bulk release": (lambda f, _, __: BulkReleaseScreen(f, _keys(f)), ()),
    "bulk delete": (lambda f, _, __: BulkDeleteScreen(f, _keys(f)), ("pagedown",)),
    "failures": (_failures, ()),
    "draft": (_draft, ("down", "down")),
    "path": (lambda f, _, text: PathPrompt(f, text, text), ("Q",)),
    "receipts": (_receipts, ("down",)),
    "release": (lambda f, k, _: ReleaseScreen(f, k), ()),
    "delete": (lambda f, k, _: DeleteScreen(f, k), ()),
    "conflict": (_conflict, ("t", "space")),
    "busy": (_busy, ()),
    "go to": (lambda f, _, __: GoToScreen(f), ("Q", "down")),
    "sort": (lambda f, _, __: SortScreen(f), ("down",)),
    "quit": (lambda _, __, ___: QuitScreen(2), ()),
}


async def _check_dialogs(place: Path, effort: Effort, found: Findings) -> None:
    """Every dialog with every payload, in every look and at two sizes; the fast form with the
    sharpest and a share of the others.
    """
    ways = [(size, look) for size in SIZES[:2] for look in LOOKS]
    if effort is Effort.FAST:
        ways = ways[:1]
    for size, look in ways:
        way = partial(_walk_dialogs, effort)
        await walk(f"dialogs {size} {look}", place, size, way, found, **LOOKS[look])


async def _walk_dialogs(
    effort: Effort, app: Watched, pilot: Pilot[int], _: str, found: Findings
) -> None:
    for number, (payload, text) in enumerate(PAYLOADS.items()):
        frame, key = payload_frame(text)
        await show(app, pilot, frame.snapshot)
        take(app)
        for place, name in enumerate(DIALOGS):
            if effort is Effort.LONG or payload in SHARPEST or (number + place) % 12 == 0:
                await _walk_dialog(app, pilot, name, (frame, key, text), payload, found)
        if effort is Effort.LONG or payload in SHARPEST or number % 6 == 0:
            await _walk_palette(app, pilot, payload, found)


async def _walk_dialog(
    app: Watched,
    pilot: Pilot[int],
    name: str,
    subject: tuple[Frame, TaskKey, str],
    payload: str,
    found: Findings,
) -> None:
    make, keys = DIALOGS[name]
    app.push_screen(make(*subject))
    await settle(pilot)
    for key in keys:
        app.screen.post_message(_key_event(key))
    await settle(pilot)
    found.look(app, f"{name}, {payload}")
    app.pop_screen()
    await settle(pilot)


def _key_event(key: str) -> Key:
    return Key(key, key if len(key) == 1 else None)


async def _walk_palette(app: Watched, pilot: Pilot[int], payload: str, found: Findings) -> None:
    """The palette finds the tasks by their mark."""
    app.action_command_palette()
    await settle(pilot)
    for key in MARKS[payload][:3]:
        (app.screen.focused or app.screen).post_message(_key_event(key))
    await settle(pilot)
    found.look(app, f"palette, {payload}")
    app.pop_screen()
    await settle(pilot)


# Clicks


async def _click_everywhere(app: Watched, pilot: Pilot[int], name: str, found: Findings) -> None:
    """Press every cell of a row, across all panes, whose texts ask for actions."""
    frame, key = payload_frame(ACTION)
    await show(app, pilot, frame.snapshot)
    app.main.set_selected(key)
    await settle(pilot)
    rows = [y for y in range(app.size.height) if _row_holds(app, y, MARKS["action"])]
    if len(rows) < 3:
        found.violations.append(f"{name}: the text is on {len(rows)} rows only")
    for y in rows[1:2]:
        for x in range(app.size.width):
            for kind in (MouseDown, MouseUp):
                app.post_message(_press(kind, x, y))
            await settle(pilot)
            if len(app.screen_stack) > 1:
                app.pop_screen()
            found.cases += 1
    await settle(pilot)


def _press(kind: type[MouseEvent], x: int, y: int) -> MouseEvent:
    return kind(
        widget=None,
        x=x,
        y=y,
        delta_x=0,
        delta_y=0,
        button=1,
        shift=False,
        meta=False,
        ctrl=False,
        screen_x=x,
        screen_y=y,
    )


def _row_holds(app: App[Any], y: int, mark: str) -> bool:
    strips = app.screen._compositor.render_strips(app.size)
    return mark in "".join(segment.text for segment in strips[y])


# The command line


def _check_command_line(found: Findings) -> None:
    """What commands print for people: no sequences at all, only text and line ends."""
    parser = Parser(frozenset({"\n"}))
    with scratch("printed") as place:
        records = []
        for number, text in enumerate(PAYLOADS.values(), 1):
            words = text[:20_000].encode("utf-8", "replace").decode()
            records.append(
                native.record(number, words, owner=words, description=words, status=words)
                | {"metadata": {words: words}, "colour": words}
            )
        native.write_list(place, "colony:forge", *records)
        calls = [["lists"], ["ls", "colony:forge"], ["doctor"]]
        for record in records:
            calls += [["show", "colony:forge", str(record["id"])]]
        for call in calls:
            done = CliRunner().invoke(program, [*call, "--root", str(place)])
            found.cases += 1
            parser.check(f"colonytop {call[0]}", done.output)
            found.drawn.update((call[0], m) for m in marks_in(done.output, MARKS.values()))
            if done.exception is not None and not isinstance(done.exception, SystemExit):
                found.violations.append(f"colonytop {call[0]}: {done.exception!r:.100}")
    found.violations += parser.finds
    found.parser.parsed += parser.parsed
