"""What must hold of a list after a crash: before recovery, after it, and after a second one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from store.model.errors import ColonytopError
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskListId
from store.systems.hive.loading import ListLoader
from store.systems.hive.native import NativeStore
from tests.faults.model import LIST, Facts, Operation, State, create, facts_of, look

Tree = Mapping[str, bytes | None]
"""Paths relative to a root → content, None for a directory. Parents come before children."""

_TASK = re.compile(r"[0-9]{4,15}\.json")
_LIST_DIRECTORY = Path("colonies", "crash", "tasks")
_AT_HOME = frozenset({"tasks", "meta.json", ".highwatermark", ".lock"})
"""Names that may stand in a list's directory when nothing is pending."""


def list_directory(root: Path) -> Path:
    return root / _LIST_DIRECTORY


def task_file(root: Path, number: int) -> Path:
    return list_directory(root) / "tasks" / f"{number:04d}.json"


def read_tree(root: Path) -> Tree:
    """Everything below a root."""
    tree: dict[str, bytes | None] = {}
    _read_into(tree, root, "")
    return tree


def _read_into(tree: dict[str, bytes | None], directory: Path, prefix: str) -> None:
    with os.scandir(directory) as found:
        for entry in sorted(found, key=lambda e: e.name):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                tree[prefix + entry.name] = None
                _read_into(tree, path, f"{prefix}{entry.name}/")
            else:
                tree[prefix + entry.name] = path.read_bytes()


def write_tree(root: Path, tree: Tree) -> None:
    """Put a tree below a root, which may be there but must be empty."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)


@dataclass(frozen=True, slots=True)
class Seen:
    """A list as a reader of the plain layout finds it."""

    state: State
    broken: list[str] = field(default_factory=list)


def read_plainly(root: Path) -> Seen:
    """What somebody who knows nothing but `tasks/NNNN.json` sees."""
    tasks: dict[int, Facts] = {}
    broken = []
    directory = list_directory(root) / "tasks"
    for path in sorted(directory.glob("*.json")) if directory.is_dir() else []:
        if not _TASK.fullmatch(path.name):
            continue
        try:
            record = json.loads(path.read_bytes())
            tasks[int(path.stem)] = facts_of(record)
            if record["id"] != int(path.stem):
                broken.append(f"{path.name} says id {record['id']}")
        except (ValueError, KeyError, TypeError) as error:
            broken.append(f"{path.name} does not parse: {error}")
    return Seen(State(tasks, max(tasks, default=0)), broken)


def read_by_store(root: Path) -> State:
    """What the store's own readers see, without the lock."""
    records = NativeStore(root).list_tasks(LIST, include_internal=True)
    tasks = {record.id: facts_of(record.model_dump(mode="json")) for record in records}
    return State(tasks, max(tasks, default=0))


def read_by_scan(root: Path) -> State:
    """What the program's screen shows: the list as its scanner finds it."""
    if not list_directory(root).is_dir():
        return State({})
    tasks = {int(number): facts_of_task(t) for number, t in load_list(root).tasks.items()}
    return State(tasks, max(tasks, default=0))


def load_list(root: Path) -> TaskList:
    """The list as a scanner that has just started finds it."""
    key = ListKey("hive", str(root), TaskListId(LIST))
    return ListLoader(key, root, _LIST_DIRECTORY.parts).load(None)


def facts_of_task(task: Task) -> Facts:
    """The facts of a task as the scanner gives it."""
    named = {
        "subject": task.subject,
        "owner": task.owner,
        "status": task.native_status,
        "blocks": [int(i) for i in task.blocks],
        "blocked_by": [int(i) for i in task.blocked_by],
        "description": task.description,
        "active_form": task.active_form,
        "metadata": task.metadata,
    }
    return facts_of({**named, **task.extra})


def read_one_by_one(root: Path, ids: Iterable[int]) -> State:
    """What the store answers when it is asked for each of these tasks."""
    store = NativeStore(root)
    found = {number: store.get_task(LIST, number) for number in ids}
    tasks = {i: facts_of(r.model_dump(mode="json")) for i, r in found.items() if r is not None}
    return State(tasks, max(tasks, default=0))


def judge(root: Path, allowed: Sequence[State], recoverer: Operation) -> list[str]:
    """Recover a list as it stands after a crash, and say what is wrong with it.

    Args:
        root: changed by this.
        allowed: how the list may be: as acknowledged, or with the operation in flight.
        recoverer: the next operation, of a process that has just started.
    """
    wrong = _before_recovery(root, allowed)
    floor = max([*(s.highest for s in allowed[:1]), read_plainly(root).state.highest])
    try:
        answer = recoverer.run(NativeStore(root))
        made = getattr(answer, "id", None) if recoverer.name == "create" else None
        wrong += _after_recovery(root, allowed, recoverer, made)
        if made is not None and made <= floor:
            wrong.append(f"id {made} was given away again, {floor} was seen")
        wrong += _after_second(root, max(floor, made or 0))
    except (ColonytopError, OSError) as error:
        wrong.append(f"recovery by {recoverer} fails: {type(error).__name__}: {error}")
    return wrong


def _before_recovery(root: Path, allowed: Sequence[State]) -> list[str]:
    """A crashed list is still fit to be read: whole files, nothing between, no early start."""
    tree, plain = read_tree(root), read_plainly(root)
    wrong = [f"before recovery {text}" for text in plain.broken]
    seen = read_by_store(root)
    if all(seen.tasks != state.tasks for state in allowed):
        wrong.append(f"readers see what never was: {seen.differences(allowed[-1])}")
    ids = sorted({number for state in allowed for number in state.tasks})
    for way, other in (("scan", read_by_scan(root)), ("get", read_one_by_one(root, ids))):
        if other.tasks != seen.tasks:
            wrong.append(f"{way} and list differ: {other.differences(seen)}")
    for number, task in plain.state.tasks.items():
        if task.waits_for_nothing(plain.state.tasks) and not any(
            number in state.tasks and state.tasks[number].waits_for_nothing(state.tasks)
            for state in allowed
        ):
            wrong.append(f"#{number} looks ready to start before recovery")
    return wrong if read_tree(root) == tree else [*wrong, "reading writes"]


def _after_recovery(
    root: Path, allowed: Sequence[State], recoverer: Operation, made: int | None
) -> list[str]:
    plain = read_plainly(root)
    wrong = list(plain.broken)
    state = plain.state if made is None else plain.state.less(made)
    expected = [s if made is not None else recoverer.apply(s) for s in allowed]
    if all(state.tasks != one.tasks for one in expected):
        text = state.differences(expected[0])
        wrong.append(f"neither before nor after: {text}")
    wrong += plain.state.one_sided()
    return wrong + debris(root)


def _after_second(root: Path, floor: int) -> list[str]:
    """Another recovery finds nothing to do, and the next id is fresh."""
    before = read_tree(root)
    look().run(NativeStore(root))
    wrong = [] if read_tree(root) == before else ["a second recovery changes something"]
    made = getattr(create("last").run(NativeStore(root)), "id", 0)
    if made <= floor:
        wrong.append(f"id {made} was given away again, {floor} was seen")
    return wrong + debris(root)


def debris(root: Path) -> list[str]:
    """What no list holds when nothing is pending."""
    directory = list_directory(root)
    if not directory.is_dir():
        return []
    names = [path.name for path in directory.iterdir() if path.name not in _AT_HOME]
    tasks = directory / "tasks"
    if tasks.is_dir():
        names += [path.name for path in tasks.iterdir() if not _TASK.fullmatch(path.name)]
    return [f"left behind: {name}" for name in sorted(names)]
