"""What other programs may leave in a list: unreadable, misnamed and foreign things in the way."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from store import TaskStore, UnreadableTask
from store.model.errors import ColonytopError
from store.model.task import ProblemKind
from store.systems.hive.adapter import HiveSystem
from tests.contract import native
from tests.contract.system_contract import settled

LIST = "colony:forge"

SPOILT = {
    "empty": b"",
    "cut": b'{"id": 2, "subj',
    "nul": b"\0" * 300,
    "array": b"[1]",
    "latin1": b'{"id": 2, "subject": "caf\xe9"}',
    "no subject": b'{"id": 2}',
    "text id": b'{"id": "2", "subject": "x"}',
    "edge text": b'{"id": 2, "subject": "x", "blocks": "1"}',
    "bool id": b'{"id": true, "subject": "x"}',
    "deep": b'{"id": 2, "subject": "x", "metadata": {"a": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}",
    "infinite": b'{"id": 2, "subject": "x", "created_at": Infinity}',
}


def load(root: Path) -> list[tuple[str, bool, str]]:
    """The list as panes see it: id, readable, all problem texts."""
    system = HiveSystem()
    (key,) = [k for k in system.discover(root) if k.id == LIST]
    return [
        (t.id, t.is_readable, " ".join(p.text for p in t.problems))
        for t in settled(system, key).tasks.values()
    ]


@pytest.mark.parametrize("content", SPOILT.values(), ids=SPOILT.keys())
async def test_unreadable_record_keeps_its_id_and_its_bytes(
    tasks: TaskStore, hive_root: Path, content: bytes
) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in (1, 2)])
    path = native.record_path(hive_root, LIST, 2)
    path.write_bytes(content)
    (native.list_directory(hive_root, LIST) / ".highwatermark").unlink()
    with pytest.raises(UnreadableTask) as caught:
        await tasks.update_task(LIST, 2, subject="Overwritten")
    assert caught.value.reason
    assert (await tasks.create_task(LIST, "Next")).id == 3
    assert path.read_bytes() == content
    shown = load(hive_root)
    assert [(number, readable) for number, readable, _ in shown] == [
        ("1", True),
        ("2", False),
        ("3", True),
    ]
    assert shown[1][2]


async def test_unreadable_record_is_no_obstacle_to_edits_of_the_others(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in (1, 2, 3)])
    spoilt = native.record_path(hive_root, LIST, 2)
    spoilt.write_bytes(b"{")
    after, changed = await tasks.update_task(LIST, 3, add_blocked_by=[1], subject="Edited")
    assert after is not None
    assert set(changed) == {"subject", "blocked_by"}
    assert await tasks.delete_task(LIST, 1) == (True, [3])
    assert spoilt.read_bytes() == b"{"


async def test_edge_to_an_unreadable_record_is_refused_and_writes_nothing(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in (1, 2)])
    native.record_path(hive_root, LIST, 2).write_bytes(b"{")
    before = native.contents(hive_root)
    with pytest.raises(UnreadableTask):
        await tasks.update_task(LIST, 1, subject="Half", add_blocks=[2])
    assert native.contents(hive_root) == before


async def test_file_name_that_disagrees_with_the_id_inside_is_a_problem_not_a_second_task(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1, "One"), native.record(2, "Two"))
    path = native.record_path(hive_root, LIST, 1)
    path.write_text(json.dumps(native.record(2, "Says two"), indent=2))
    second = native.record_path(hive_root, LIST, 2).read_bytes()
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    loaded = settled(system, key)
    assert list(loaded.tasks) == ["1", "2"]
    kinds = [problem.kind for task in loaded.tasks.values() for problem in task.problems]
    assert kinds == [ProblemKind.ID_MISMATCH]
    ids = [r.id for r in await tasks.list_tasks(LIST)]
    assert ids == sorted(set(ids))
    after, _ = await tasks.update_task(LIST, 2, subject="Two, edited")
    assert after is not None
    assert after.subject == "Two, edited"
    assert native.record_path(hive_root, LIST, 2).read_bytes() != second
    assert json.loads(path.read_text())["subject"] == "Says two"


def _symlink(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(native.record(1, "Secret of another directory")))
    path.symlink_to(secret)


def _device(path: Path, tmp_path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path, tmp_path: Path) -> None:
    path.symlink_to(path)


def _fifo(path: Path, tmp_path: Path) -> None:
    os.mkfifo(path)


def _directory(path: Path, tmp_path: Path) -> None:
    path.mkdir()
    (path / "inner").write_text("kept")


def _sparse(path: Path, tmp_path: Path) -> None:
    with path.open("wb") as out:
        out.truncate(1 << 30)


def _socket(path: Path, tmp_path: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(path.parent)  # the name of a socket must be short
        try:
            listener.bind(path.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize(
    "plant",
    [_symlink, _device, _loop, _fifo, _directory, _sparse, _socket],
    ids=lambda f: f.__name__,
)
async def test_what_is_no_plain_file_holds_nobody_up_and_keeps_its_id(
    tasks: TaskStore, hive_root: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    native.write_list(hive_root, LIST, native.record(2))
    path = native.record_path(hive_root, LIST, 1)
    plant(path, tmp_path)
    before = path.lstat()
    shown = load(hive_root)
    listed = await tasks.list_tasks(LIST)
    with pytest.raises(UnreadableTask):
        await tasks.update_task(LIST, 1, subject="Through the link")
    claim = await tasks.claim_task_with_busy_check(LIST, 2, "ann")
    assert [(number, readable) for number, readable, _ in shown] == [("1", False), ("2", True)]
    assert "Secret" not in repr((shown, listed))
    assert claim.kind == "ok"
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert (await tasks.create_task(LIST, "Next")).id == 3


@pytest.mark.parametrize("name", [".lock", "meta.json", ".highwatermark"])
async def test_symlink_at_a_lists_own_file_never_changes_its_target(
    tasks: TaskStore, hive_root: Path, tmp_path: Path, name: str
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    planted = native.list_directory(hive_root, LIST) / name
    planted.unlink(missing_ok=True)
    planted.symlink_to(victim)
    with suppress(ColonytopError, OSError):  # refused or done: both are well
        await tasks.create_task(LIST, "Next")
    assert victim.read_bytes() == b"precious"


async def test_symlink_at_the_temp_name_of_other_tools_is_not_followed(
    tasks: TaskStore, hive_root: Path, tmp_path: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path = native.record_path(hive_root, LIST, 1)
    path.with_name(path.name + ".tmp").symlink_to(victim)
    await tasks.update_task(LIST, 1, subject="Edited")
    assert victim.read_bytes() == b"precious"
    assert not path.is_symlink()


async def test_names_that_are_not_tasks_are_counted_not_read(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    directory = native.list_directory(hive_root, LIST) / "tasks"
    for name in ("1.json", "00002.json", "٠٠٠٣.json", "0004.JSON", "-005.json", "0006.json.tmp"):
        (directory / name).write_text(json.dumps(native.record(7)))
    assert [r.id for r in await tasks.list_tasks(LIST)] == [1]
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    assert system.load(key).ignored >= 5
    assert (await tasks.create_task(LIST, "Next")).id == 2


READS: dict[str, Callable[[TaskStore, str], Awaitable[object]]] = {
    "list_exists": lambda store, name: store.list_exists(name),
    "get_meta": lambda store, name: store.get_meta(name),
    "get_task": lambda store, name: store.get_task(name, 1),
    "list_tasks": lambda store, name: store.list_tasks(name, include_internal=True),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_reading_creates_and_touches_nothing(
    tasks: TaskStore, hive_root: Path, read: Callable[[TaskStore, str], Awaitable[object]]
) -> None:
    await read(tasks, LIST)
    assert native.tree(hive_root) == {}
    native.write_list(hive_root, LIST, native.record(1))
    (native.list_directory(hive_root, "colony:empty") / "tasks").mkdir(parents=True)
    before = native.tree(hive_root)
    for name in (LIST, "colony:empty", "colony:absent", "session:a:b", "elsewhere"):
        await read(tasks, name)
    assert native.tree(hive_root) == before
