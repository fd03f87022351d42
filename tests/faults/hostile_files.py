"""Harness 6: hostile files before every reader.

Each thing of the corpus lies in a list of its own beside two good tasks; grown texts lie by the
hundred in a few lists. All readers go over all of them while the store's `os` is watched.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from textual.pilot import Pilot

from store.files.transaction import Durability
from store.model.errors import ColonytopError
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskId, TaskKey
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from store.workspace import RootSpec, Workspace
from tests.contract import native
from tests.faults import terminal_oracle
from tests.faults.corpus import MIB, Hostile, NotAllowed, corpus
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.json_grammar import Grammar
from tests.faults.port import Port
from tests.faults.terminal_parser import Parser
from tests.patience import PATIENCE_S
from tui.cli.program import program

BUDGET_S = 0.05
"""For one look of one reader, of the processor's time: others may use the machine meanwhile."""
LOOKS = 4
"""The machine is shared: a look over the budget is taken again before it counts."""
SEEDS = {Effort.FAST: (20, 30), Effort.LONG: (300, 100)}
"""Lists of grown texts, and texts in each."""


@dataclass(slots=True)
class Findings:
    """What went wrong, and how much was looked at."""

    violations: list[str] = field(default_factory=list)
    looks: int = 0
    slowest_s: float = 0.0
    slowest: str = ""

    def add(self, text: str) -> None:
        if len(self.violations) < 50:
            self.violations.append(text)


class Watched(Port):
    """Notes what the store opens and makes: nothing may lie outside, and reading makes nothing."""

    def __init__(self, root: Path) -> None:
        self.outside: list[str] = []
        self.made: list[str] = []
        self.opened = 0
        self._root = os.path.realpath(root)

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        result = real(*args, **named)
        if kind in ("open", "create", "nameless"):
            self.opened += 1
            place = str(Path(f"/proc/self/fd/{result}").readlink())
            if place != self._root and not place.startswith(f"{self._root}/"):
                self.outside.append(place)
        if kind not in ("open", "read", "stat", "fstat", "listdir", "scandir", "close"):
            self.made.append(f"{kind} {args[0]!r:.80}")
        return result


class Growing(Port):
    """Between two reads of a file somebody adds to it."""

    def __init__(self, path: Path) -> None:
        self.bytes_read = 0
        self._path = path

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if kind == "read":
            with self._path.open("ab") as out:
                out.write(b" " * (64 << 10))
        result = real(*args, **named)
        if kind == "read":
            self.bytes_read += len(result)
        return result


@contextmanager
def seen_by_the_store(port: Port) -> Iterator[None]:
    """Every module of the store that has the name `os` sees the port instead."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("store.") and module.__dict__.get("os") is os
    ]
    for module in modules:
        module.__dict__["os"] = port
    try:
        yield
    finally:
        for module in modules:
            module.__dict__["os"] = os


class Colony:
    """The root with a list for each hostile thing, and what lies outside of it."""

    def __init__(self, place: Path) -> None:
        self.root = place / "root"
        self.outside = place / "outside"
        self.lists: dict[str, Hostile] = {}
        self.not_run: list[str] = []

    def plant(self, hostile: Hostile) -> None:
        list_id = f"colony:case-{len(self.lists)}"
        native.write_list(self.root, list_id, native.record(1), native.record(3, blocked_by=[2]))
        outside = self.outside / f"case-{len(self.lists)}"
        outside.mkdir(parents=True)
        try:
            hostile.plant(native.list_directory(self.root, list_id), outside)
        except NotAllowed as error:
            self.not_run.append(str(error))
        self.lists[list_id] = hostile


def run(effort: Effort) -> Figure:
    found = Findings()
    lists, texts = SEEDS[effort]
    with scratch("hostile") as place:
        colony = Colony(place)
        for hostile in corpus():
            colony.plant(hostile)
        check_readers(colony, found)
        check_command_line(colony, found)
        asyncio.run(check_screen(colony, effort, found))
        check_writers(colony, found)
        grown = check_grown(place / "grown", lists, texts, found)
        check_growing(place / "growing", found)
    detail = {
        "corpus": len(colony.lists),
        "grown": grown,
        "looks": found.looks,
        "slowest_ms": round(found.slowest_s * 1000),
    }
    not_run = "; ".join(sorted(set(colony.not_run))) or None
    count = len(colony.lists) + grown + 1
    return Figure("hostile files", count, "files", found.violations, not_run, detail)


# Readers


def check_readers(colony: Colony, found: Findings) -> None:
    """Every reader over every list of the corpus: quick, harmless, and the good tasks shown."""
    before, beside = native.tree(colony.root), native.contents(colony.outside)
    watched = Watched(colony.root)
    with seen_by_the_store(watched):
        system = HiveSystem()
        keys = {str(key.id): key for key in system.discover(colony.root)}
        store = NativeStore(colony.root)
        for list_id, hostile in colony.lists.items():
            if list_id not in keys:
                found.add(f"{hostile}: its list is not found")
                continue
            try:
                loaded = _settled(system, keys[list_id], str(hostile), found)
            except ColonytopError as error:
                if hostile.case != "B10":  # its tasks lie outside: refusing all of it is right
                    found.add(f"{hostile}: load: {error}")
            else:
                _judge(hostile, loaded, found)
            _read_by_store(store, list_id, hostile, found)
    if native.tree(colony.root) != before:
        found.add("reading moved something under the root")
    if native.contents(colony.outside) != beside:
        found.add("reading changed something outside of the root")
    found.violations += [f"read outside: {place}" for place in watched.outside[:5]]
    found.violations += [f"reading made: {made}" for made in watched.made[:5]]
    if watched.opened < len(colony.lists):
        found.add(f"the watch saw only {watched.opened} opens")


def _settled(system: HiveSystem, key: ListKey, name: str, found: Findings) -> TaskList:
    """Load until nothing is half written; each look by itself must be quick."""
    loaded: TaskList = _timed(f"{name}: load", lambda: system.load(key), found)
    latest = [loaded]
    deadline = time.monotonic() + PATIENCE_S
    while not system.is_settled(key):
        if time.monotonic() > deadline:
            found.add(f"{name}: never settles")
            break
        loaded = _timed(f"{name}: load again", lambda: _again(system, key, latest), found)
    return loaded


def _again(system: HiveSystem, key: ListKey, latest: list[TaskList]) -> TaskList:
    latest[0] = system.load(key, latest[0])
    return latest[0]


def _timed(name: str, look: Callable[[], Any], found: Findings) -> Any:
    """One look of one reader; the best of a few counts."""
    busy_s = waited_s = float("inf")
    result: Any = None
    for _ in range(LOOKS):
        began, busy = time.monotonic(), time.thread_time()
        result = look()
        busy_s = min(busy_s, time.thread_time() - busy)
        waited_s = min(waited_s, time.monotonic() - began)
        if busy_s <= BUDGET_S and waited_s <= PATIENCE_S:
            break
    found.looks += 1
    if busy_s > found.slowest_s:
        found.slowest_s, found.slowest = busy_s, name
    if busy_s > BUDGET_S:
        found.add(f"{name} takes {busy_s * 1000:.0f} ms")
    if waited_s > PATIENCE_S:
        found.add(f"{name} waits for {waited_s:.1f} s")
    return result


def _judge(hostile: Hostile, loaded: TaskList, found: Findings) -> None:
    good = [loaded.tasks.get(TaskId(number)) for number in ("1", "3")]
    if not all(task is not None and task.is_readable for task in good):
        found.add(f"{hostile}: the good tasks of its list are not shown")
    task = loaded.tasks.get(TaskId("2"))
    if hostile.readable is not None:
        shown = task is not None and task.is_readable
        if task is None or shown is not hostile.readable:
            found.add(f"{hostile}: shown as {'readable' if shown else 'unreadable or not at all'}")
        elif not shown and not task.problems:
            found.add(f"{hostile}: unreadable without a word")
        elif not shown and loaded.is_ready(loaded.tasks[TaskId("3")]):
            found.add(f"{hostile}: what waits on it is called ready")
    if hostile.case == "B5" and not loaded.ignored and b".tmp" not in hostile.name.encode():
        found.add(f"{hostile}: the name is not counted")
    if "A secret" in repr(loaded.tasks):
        found.add(f"{hostile}: shows a file outside")


def _read_by_store(store: NativeStore, list_id: str, hostile: Hostile, found: Findings) -> None:
    looks: dict[str, Callable[[], Any]] = {
        "list_tasks": lambda: store.list_tasks(list_id, include_internal=True),
        "get_task": lambda: store.get_task(list_id, 2),
        "meta": lambda: store.meta(list_id),
        "exists": lambda: store.exists(list_id),
    }
    for name, look in looks.items():
        result = _attempted(f"{hostile}: {name}", look, found)
        if name == "list_tasks" and hostile.case != "B10" and result is not None:
            ids = {record.id for record in result}
            if not {1, 3} <= ids:
                found.add(f"{hostile}: list_tasks gives only {sorted(ids)}")
        if "A secret" in repr(result):
            found.add(f"{hostile}: {name} reads a file outside")


def _attempted(name: str, look: Callable[[], Any], found: Findings) -> Any:
    """A look that may be refused, but only by an error of our own."""

    def attempt() -> Any:
        with suppress(ColonytopError):
            return look()
        return None

    try:
        return _timed(name, attempt, found)
    except Exception as error:
        found.add(f"{name}: {type(error).__name__}: {error!s:.100}")
        return None


# The command line and the screen


def check_command_line(colony: Colony, found: Findings) -> None:
    """Every command that reads gives its JSON, and makes nothing."""
    before = native.tree(colony.root)
    shown = [f"ls {list_id}" for list_id in list(colony.lists)[::16]]
    for call in ("doctor", "lists", *shown):
        words = [*call.split(), "--json", "--root", str(colony.root)]
        done = CliRunner().invoke(program, words)
        found.looks += 1
        if done.exit_code not in (0, 1) or not _is_json(done.stdout):
            found.add(f"colonytop {call}: code {done.exit_code}, {done.exception!r:.100}")
        elif call == "lists" and len(json.loads(done.stdout)["lists"]) < len(colony.lists) - 1:
            found.add("colonytop lists: lists are missing")
    if native.tree(colony.root) != before:
        found.add("the command line moved something under the root")


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=lambda name: int(name))
    except ValueError:
        return False
    return True


async def check_screen(colony: Colony, effort: Effort, found: Findings) -> None:
    """Walk the screen over the hostile lists: drawn as text, and nothing crashes."""
    seen = terminal_oracle.Findings(Parser(await terminal_oracle.known_sequences()))
    keys: list[TaskKey] = []
    snapshot = Workspace([RootSpec(colony.root, "test")]).scan()
    for task_list in list(snapshot.lists.values())[:: 4 if effort is Effort.FAST else 1]:
        keys += [task.key for task in task_list.tasks.values() if task.id == "2"]

    async def walk(app: terminal_oracle.Watched, pilot: Pilot[int], name: str, _: Any) -> None:
        await terminal_oracle.show(app, pilot, snapshot)
        for key in keys:
            app.main.set_selected(key)
            await terminal_oracle.settle(pilot)
            seen.look(app, f"{name}, {colony.lists[str(key.list.id)]}")

    place, size = colony.outside, (120, 40)
    with terminal_oracle.environment():
        await terminal_oracle.walk("screen of hostile files", place, size, walk, seen)
    found.looks += seen.cases
    found.violations += [*seen.violations, *seen.parser.finds]
    if seen.cases < len(keys) or not keys:
        found.add(f"the screen showed only {seen.cases} of {len(keys)} tasks")


# Writers


def check_writers(colony: Colony, found: Findings) -> None:
    """Editing beside and on a hostile thing: refused or done, and nothing outside is touched."""
    beside = native.contents(colony.outside)
    modes = {path: path.stat().st_mode for path in colony.outside.rglob("*") if path.is_file()}
    store = NativeStore(colony.root, lock_timeout_s=0.5, durability=Durability.PROCESS)
    watched = Watched(colony.root)
    with seen_by_the_store(watched):
        for list_id, hostile in colony.lists.items():
            _write_to(store, list_id, hostile, found)
    if native.contents(colony.outside) != beside:
        found.add("a write changed something outside of the root")
    if modes != {path: path.stat().st_mode for path in modes}:
        found.add("a write changed the mode of something outside of the root")
    elsewhere = [place for place in watched.outside if not place.startswith(("/dev/", "/proc/"))]
    found.violations += [f"a write opened {place}" for place in elsewhere[:5]]


def _write_to(store: NativeStore, list_id: str, hostile: Hostile, found: Findings) -> None:
    path = native.record_path(store.root, list_id, 2)
    spoilt = path.read_bytes() if _is_small_file(path) and hostile.readable is False else None
    edits: dict[str, Callable[[], Any]] = {
        "update beside": lambda: store.update_task(list_id, 1, subject="Edited"),
        "update": lambda: store.update_task(list_id, 2, active_form="Editing"),
        "claim": lambda: store.claim_task(list_id, 3, "ann"),
        "create": lambda: store.create_task(list_id, "Next"),
    }
    for name, edit in edits.items():
        began = time.perf_counter()
        try:
            result = edit()
        except ColonytopError:
            result = None
        except Exception as error:
            found.add(f"{hostile}: {name}: {type(error).__name__}: {error!s:.100}")
            continue
        finally:
            if time.perf_counter() - began > PATIENCE_S:
                found.add(f"{hostile}: {name} takes {time.perf_counter() - began:.1f} s")
        if name == "claim" and hostile.readable is False and getattr(result, "kind", "") == "ok":
            found.add(f"{hostile}: what waits on an unreadable task can be claimed")
        if name == "create" and result is not None and result.id < 4:
            found.add(f"{hostile}: create gave the id {result.id} again")
    if spoilt is not None and path.read_bytes() != spoilt:
        found.add(f"{hostile}: a file that could not be read was overwritten")


def _is_small_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= MIB


# Grown texts


def check_grown(place: Path, lists: int, texts: int, found: Findings) -> int:
    """Texts of the grammar as records: every one is shown, and none in another's place."""
    for number in range(lists):
        list_id = f"colony:grown-{number}"
        native.write_list(place, list_id, native.record(1))
        tasks = native.list_directory(place, list_id) / "tasks"
        for offset, text in enumerate(Grammar(number).texts(texts)):
            (tasks / f"{offset + 2:04d}.json").write_bytes(text)
    before = native.tree(place)
    system, store = HiveSystem(), NativeStore(place)
    watched = Watched(place)
    with seen_by_the_store(watched):
        for key in system.discover(place):
            _check_grown_list(system, store, key, texts, found)
    if native.tree(place) != before or watched.made or watched.outside:
        found.add("reading grown texts made or moved something")
    return lists * texts


def _check_grown_list(
    system: HiveSystem, store: NativeStore, key: ListKey, texts: int, found: Findings
) -> None:
    name = str(key.id)
    loaded = _settled(system, key, name, found)
    if list(loaded.tasks) != [str(number) for number in range(1, texts + 2)]:
        found.add(f"{name}: shows other tasks than there are files")
    listed = {record.id for record in store.list_tasks(name, include_internal=True)}
    for task in loaded.tasks.values():
        if task.is_readable and not task.problems and int(task.id) not in listed:
            found.add(f"{name} #{task.id}: the screen shows it, the store does not")
        if not task.is_readable and int(task.id) in listed:
            found.add(f"{name} #{task.id}: the store lists it, the screen calls it unreadable")
        _check_verdict(f"{name} #{task.id}", store, name, int(task.id), task.is_readable, found)
    with suppress(TypeError, ValueError):
        json.dumps([task.metadata for task in loaded.tasks.values()])


def _check_verdict(
    name: str, store: NativeStore, list_id: str, number: int, shown: bool, found: Findings
) -> None:
    """Both readers judge a file alike, and what is readable is so after an edit too."""
    try:
        record = store.get_task(list_id, number)
    except ColonytopError:
        record = None
    except Exception as error:
        found.add(f"{name}: get_task: {type(error).__name__}: {error!s:.100}")
        return
    if record is not None and not shown:
        found.add(f"{name}: the store reads it, the screen calls it unreadable")


def check_growing(place: Path, found: Findings) -> None:
    """B2: a file that grows as fast as it is read is given up at the cap."""
    native.write_list(place, "colony:growing", native.record(1), native.record(2))
    system = HiveSystem()
    (key,) = system.discover(place)
    path = native.record_path(place, "colony:growing", 2)
    path.write_bytes(path.read_bytes() + b" " * (MIB // 2))
    growing = Growing(path)
    with seen_by_the_store(growing):
        loaded = system.load(key)
    if growing.bytes_read > 3 * MIB:
        found.add(f"B2 growing file: {growing.bytes_read} bytes were read")
    if TaskId("1") not in loaded.tasks:
        found.add("B2 growing file: its neighbour is not shown")
