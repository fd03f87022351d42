"""What holds after a power cut of a list whose writers synced nothing (`Durability.PROCESS`).

Acknowledged changes may be lost there, and the content of a file whose name is on the disk: that
is what the level says. But nothing is made up and nothing is hidden: a record reads as some
version that it really had or is shown as unreadable and kept, what waits on such a one stays
blocked, and the list can be used and mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from store.files import reading
from store.model.errors import ColonytopError
from store.model.snapshot import TaskList
from store.model.task import Task
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from store.systems.hive.record import id_of_file
from tests.faults.invariants import (
    Tree,
    debris,
    facts_of_task,
    list_directory,
    load_list,
    read_plainly,
    read_tree,
    task_file,
)
from tests.faults.model import LIST, Facts, Operation, State, create


def judge_damage(root: Path, states: Sequence[State], recoverer: Operation) -> list[str]:
    """Look at a list as the power cut left it, use it, mend it; say what is wrong with that.

    Args:
        root: changed by this.
        states: the list after each operation so far, and after the one in flight.
        recoverer: the next operation, of a process that has just started.
    """
    if not list_directory(root).is_dir():
        return []
    before = read_tree(root)
    try:
        loaded = _load(root)
        wrong = [f"before recovery {text}" for text in _wrong_in(root, loaded, states)]
        if read_tree(root) != before:
            wrong.append("reading writes")
        _try(recoverer, root)
        spoilt = _unreadable_files(root)
        wrong += _mended(root)
        wrong += [
            f"{path} could not be read, and was changed"
            for path, content in spoilt.items()
            if (root / path).read_bytes() != content
        ]
        return [*wrong, *_fresh_id(root)]
    except Exception as error:
        return [f"untyped {type(error).__name__}: {error}"]


def _load(root: Path) -> TaskList:
    """What the screen shows once it has waited long enough for files that look half written."""
    with mock.patch.dict(reading.__dict__, READS=0, NEW_PATIENCE_S=0.0):
        return load_list(root)


def _try(operation: Operation, root: Path) -> None:
    """It is done, or refused in words: another error is the caller's to report."""
    try:
        operation.run(NativeStore(root))
    except ColonytopError as error:
        if not str(error):
            raise AssertionError("refused without a word") from error


def _wrong_in(root: Path, loaded: TaskList, states: Sequence[State]) -> Iterator[str]:
    versions: dict[int, set[Facts]] = {}
    for state in states:
        for number, facts in state.tasks.items():
            versions.setdefault(number, set()).add(facts)
    for task in loaded.tasks.values():
        if not task.is_readable:
            if not task.problems:
                yield f"#{task.id} is unreadable without a word"
        elif facts_of_task(task) not in versions.get(int(task.id), ()):
            yield f"#{task.id} reads as it never was: {facts_of_task(task)}"
        if loaded.is_ready(task) and not _is_free(task, loaded):
            yield f"#{task.id} looks ready to start"
    listed = {record.id for record in NativeStore(root).list_tasks(LIST, include_internal=True)}
    shown = {int(task.id) for task in loaded.tasks.values() if task.is_readable}
    if listed != shown:
        yield f"the store lists {sorted(listed)}, the screen shows {sorted(shown)}"


def _is_free(task: Task, loaded: TaskList) -> bool:
    blockers = [loaded.tasks.get(number) for number in task.blocked_by]
    return all(
        blocker is not None and blocker.is_readable and blocker.status.value == "completed"
        for blocker in blockers
    )


def _mended(root: Path) -> Iterator[str]:
    """The operator runs `doctor --repair`: afterwards the readable records agree."""
    system = HiveSystem()
    for key in system.discover(root):
        system.repair(key, dry_run=False)
        if any(not one.text for one in system.repair(key, dry_run=True).repairs):
            yield "mended without a word"
    yield from (f"after mending {text}" for text in debris(root) if ".txn.aside-" not in text)
    loaded = _load(root)
    for task in loaded.tasks.values():
        for number in (*task.blocked_by, *task.blocks) if task.is_readable else ():
            other = loaded.tasks.get(number)
            if other is None:
                # An id above the mark may still come: mending leaves it, and it blocks.
                if _is_told_by_mark(root, int(number)):
                    yield f"after mending #{task.id} has an edge to #{number}, which is gone"
            elif other.is_readable and task.id not in (*other.blocks, *other.blocked_by):
                yield f"after mending #{task.id} has an edge that #{number} does not know"


def _is_told_by_mark(root: Path, number: int) -> bool:
    mark = list_directory(root) / ".highwatermark"
    text = mark.read_text(encoding="ascii") if mark.is_file() else ""
    return text.isdecimal() and number <= int(text)


def _unreadable_files(root: Path) -> Tree:
    loaded, tree = _load(root), read_tree(root)
    broken = [int(task.id) for task in loaded.tasks.values() if not task.is_readable]
    paths = [str(task_file(root, number).relative_to(root)) for number in broken]
    return {path: tree[path] for path in paths if path in tree}


def _fresh_id(root: Path) -> Iterator[str]:
    tasks = list_directory(root) / "tasks"
    names = [id_of_file(path.name) or 0 for path in tasks.iterdir()] if tasks.is_dir() else []
    made = create("after all").run(NativeStore(root))
    number = getattr(made, "id", 0)
    if number <= max(names, default=0):
        yield f"id {number} was given away again"
    if number not in read_plainly(root).state.tasks:
        yield f"#{number} was acknowledged and is not there"
