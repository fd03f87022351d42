"""Readers without the lock see a change of several records wholly or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from store.files import overlay
from store.files.fs import Directory
from store.model.errors import CommittedPending
from store.model.snapshot import TaskList
from store.model.task import TaskId
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from tests.systems.pending_change import LIST, break_off, list_directory, make_list, task_file

Edges = dict[int, tuple[list[int], list[int]]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "root"
    place.mkdir(mode=0o700)
    return place


@pytest.fixture
def store(root: Path) -> NativeStore:
    made = make_list(root, 6)
    made.update_task(LIST, 3, add_blocked_by=[2])
    return made


CHANGES: dict[str, tuple[Callable[[NativeStore], object], Edges]] = {
    "link": (
        lambda s: s.update_task(LIST, 4, add_blocked_by=[1]),
        {1: ([4], []), 2: ([3], []), 3: ([], [2]), 4: ([], [1]), 5: ([], []), 6: ([], [])},
    ),
    "unlink": (
        lambda s: s.update_task(LIST, 3, remove_blocked_by=[2]),
        {n: ([], []) for n in range(1, 7)},
    ),
    "delete": (lambda s: s.delete_task(LIST, 2), {n: ([], []) for n in (1, 3, 4, 5, 6)}),
    "batch": (
        lambda s: s.create_tasks_batch(LIST, [{"subject": "x"}, {"subject": "y"}]),
        {2: ([3], []), 3: ([], [2])} | {n: ([], []) for n in (1, 4, 5, 6, 7, 8)},
    ),
    "reset": (lambda s: s.reset(LIST), {}),
}


def listed(root: Path) -> Edges:
    """As an own store reads it."""
    records = NativeStore(root).list_tasks(LIST)
    return {r.id: (r.blocks, r.blocked_by) for r in records}


def shown(task_list: TaskList) -> Edges:
    return {
        int(i): (list(map(int, task.blocks)), list(map(int, task.blocked_by)))
        for i, task in task_list.tasks.items()
    }


class Scans:
    """A list scanned again and again."""

    def __init__(self, root: Path) -> None:
        self._system = HiveSystem()
        (self._key,) = self._system.discover(root)
        self.last = self._system.load(self._key)

    def look(self, changed: Iterable[Path] | None = None, *, quick: bool = False) -> TaskList:
        paths = None if changed is None else list(changed)
        self.last = self._system.load(self._key, self.last, changed=paths, quick=quick)
        return self.last


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_change_left_unfinished_is_there_wholly_for_every_reader(
    root: Path, store: NativeStore, name: str, after: int
) -> None:
    change, expected = CHANGES[name]
    scans = Scans(root)
    if after >= 2 and name in ("link", "unlink", "delete", "batch"):
        change(store)
    else:
        break_off(partial(change, store), after=after)
    assert listed(root) == expected
    assert shown(scans.look(quick=True)) == expected
    assert shown(Scans(root).last) == expected
    for number in range(1, 9):
        found = NativeStore(root).get_task(LIST, number)
        assert (found.blocks, found.blocked_by) == expected[number] if found else True
        assert (found is not None) == (number in expected)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("left", [True, False], ids=["unfinished", "finished"])
def test_hint_of_one_file_shows_the_whole_change(
    root: Path, store: NativeStore, name: str, left: bool
) -> None:
    change, expected = CHANGES[name]
    scans = Scans(root)
    before = {n: task_file(root, n).stat().st_ino for n in range(1, 7)}
    if left:
        break_off(partial(change, store), after=0)
        touched = [n for n in range(1, 9) if (n in before) != (n in expected) or n in (1, 2, 3, 4)]
    else:
        change(store)
        touched = [n for n in range(1, 9) if _inode(root, n) != before.get(n)]
    for number in touched:
        assert shown(Scans(root).last) == expected
        hinted = shown(scans.look([task_file(root, number)]))
        assert hinted == expected


def _inode(root: Path, number: int) -> int | None:
    path = task_file(root, number)
    return path.stat().st_ino if path.exists() else None


def test_finished_change_is_still_shown_after_the_next_holder(
    root: Path, store: NativeStore
) -> None:
    change, expected = CHANGES["link"]
    scans = Scans(root)
    break_off(partial(change, store), after=0)
    scans.look([task_file(root, 4)])
    NativeStore(root).update_task(LIST, 6, subject="next")
    assert not (list_directory(root) / ".txn").exists()
    assert shown(scans.look([task_file(root, 6)])) == expected
    assert shown(scans.look()) == expected
    assert scans.last.tasks[TaskId("6")].subject == "next"


def test_pending_change_is_not_put_over_what_somebody_else_wrote_since(
    root: Path, store: NativeStore
) -> None:
    break_off(partial(CHANGES["link"][0], store), after=0)
    record = json.loads(task_file(root, 1).read_bytes())
    record["subject"] = "theirs"
    task_file(root, 1).write_text(json.dumps(record))
    found = NativeStore(root).get_task(LIST, 1)
    assert found is not None
    assert found.subject == "theirs"


def test_pending_error_carries_the_answer(root: Path, store: NativeStore) -> None:
    error = break_off(lambda: store.create_task(LIST, "made", blocked_by=[1]), after=0)
    assert isinstance(error, CommittedPending)
    assert error.result.subject == "made"
    assert error.result == NativeStore(root).get_task(LIST, error.result.id)


@contextmanager
def busy(act: Callable[[int], object]) -> Iterator[None]:
    """Somebody writes between any two moments that a reader takes."""
    looks = 0

    def moved(directory: Directory, tasks: Directory) -> overlay.Moment:
        nonlocal looks
        looks += 1
        act(looks)
        return real(directory, tasks)

    real = overlay.moment
    with (
        mock.patch("store.systems.hive.steady.moment", moved),
        mock.patch("store.files.consistent.moment", moved),
    ):
        yield


def test_list_that_never_stands_still_is_read_under_its_shared_lock(
    root: Path, store: NativeStore
) -> None:
    scans = Scans(root)
    with busy(lambda n: store.update_task(LIST, 5, subject=f"now {n}")):
        assert [r.subject for r in NativeStore(root).list_tasks(LIST) if r.id == 5] != ["task 5"]
        assert not scans.look().is_stale
    assert scans.last.tasks[TaskId("5")].subject.startswith("now")


def test_list_that_neither_stands_still_nor_can_be_locked_is_shown_as_it_was(
    root: Path, store: NativeStore
) -> None:
    scans = Scans(root)
    before = shown(scans.last)

    def link_or_unlink(turn: int) -> None:
        side = "add_blocked_by" if turn % 2 else "remove_blocked_by"
        store.update_task(LIST, 4, **{side: [1]})  # type: ignore[arg-type]

    no_lock = mock.patch.object(Directory, "open_plain", return_value=None)
    with busy(link_or_unlink), no_lock:
        stale = scans.look()
    assert stale.is_stale
    assert shown(stale) == before
    assert not scans._system.is_settled(scans._key)
    assert not scans.look([]).is_stale
    assert shown(scans.last) == listed(root)


def test_reading_a_quiet_list_opens_nothing_twice(
    root: Path, store: NativeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = os.open

    def noted(path: str, *arguments: int, **options: int) -> int:
        opened.append(str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", noted)
    NativeStore(root).list_tasks(LIST)
    names = [name for name in opened if name.endswith(".json") and name[0] == "0"]
    assert sorted(names) == [f"{n:04d}.json" for n in range(1, 7)]
    assert ".lock" not in opened
