"""A directory of records → tasks: what is re-read, what is waited for, what is passed over."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files.content import FileContent
from store.files.fs import Directory, open_directory
from store.files.reading import READS, is_racy
from store.files.scanner import Moved, RecordFormat, Scanner
from store.model.task import ListKey, Revision, Task, TaskId, TaskKey, TaskListId
from store.systems.hive.discovery import is_ours
from store.systems.hive.record import id_of_file
from store.systems.records.record import read_task, unreadable_task
from tests.contract import native
from tests.patience import wait_until

KEY = ListKey("hive", "/root", TaskListId("colony:forge"))


def _key(name: str) -> TaskKey:
    return TaskKey(KEY, TaskId(str(id_of_file(name))))


def _parse(name: str, file: FileContent) -> Task:
    return read_task(_key(name), name, file.content, file.revision)


def _broken(name: str, reason: str, revision: Revision) -> Task:
    return unreadable_task(_key(name), name, reason, revision)


RECORDS = RecordFormat(lambda name: id_of_file(name) is not None, is_ours, _parse, _broken)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "tasks"
    found.mkdir()
    return found


@pytest.fixture
def tasks(path: Path) -> Iterator[Directory]:
    with open_directory(path) as directory:
        yield directory


@pytest.fixture
def scanner() -> Scanner:
    return Scanner(RECORDS)


def write(path: Path, number: int, subject: str = "Write the report") -> Path:
    target = path / f"{number:04d}.json"
    native.write_bytes(target, native_json(number, subject))
    return target


def native_json(number: int, subject: str) -> bytes:
    return f'{{"id": {number}, "subject": "{subject}"}}'.encode()


def grow_old(path: Path) -> None:
    """Wait until nothing under a directory could change again within the same clock tick."""
    newest = max(p.lstat().st_ctime_ns for p in [path, *path.iterdir()])
    while time.time_ns() < newest + 60_000_000:
        time.sleep(0.005)


def test_scan_of_unchanged_files_reads_none_and_keeps_the_objects(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    for number in range(1, 6):
        write(path, number)
    grow_old(path)
    scanner.scan(tasks)
    first, reads = dict(scanner.tasks), scanner.reads
    assert not scanner.scan(tasks)
    assert not scanner.scan_quickly(tasks)
    assert scanner.reads == reads
    assert all(scanner.tasks[name] is task for name, task in first.items())


@pytest.mark.parametrize("way", ["names", "quickly", "all"])
def test_scan_after_one_change_reads_one_file(
    path: Path, tasks: Directory, scanner: Scanner, way: str
) -> None:
    for number in range(1, 20):
        write(path, number)
    grow_old(path)
    scanner.scan(tasks)
    reads = scanner.reads
    write(path, 7, "Rewrite it")
    ways = {
        "names": lambda: scanner.scan_names(tasks, {"0007.json"}),
        "quickly": lambda: scanner.scan_quickly(tasks),
        "all": lambda: scanner.scan(tasks),
    }
    found: list[Moved] = []

    def has_moved() -> bool:  # a quick scan does not list again soon after a listing took long
        found.append(ways[way]())
        return bool(found[-1])

    wait_until(has_moved, "the change")
    assert list(found[-1].changed) == ["0007.json"]
    assert found[-1].changed["0007.json"].subject == "Rewrite it"
    assert scanner.reads == reads + 1


def test_scan_of_a_file_written_within_the_clock_tick_reads_it_again(
    path: Path, tasks: Directory, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions with the same revision: only reading again can tell them apart."""
    target = write(path, 1, "aaaa")
    monkeypatch.setattr(time, "time_ns", lambda: target.stat().st_ctime_ns)  # read as written
    scanner.scan(tasks)
    seen = scanner.tasks["0001.json"]
    target.write_bytes(native_json(1, "bbbb"))
    now = target.stat()
    forged = Revision(now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
    object.__setattr__(seen, "revision", forged)
    assert is_racy(forged, time.time_ns())
    scanner.scan(tasks)
    assert scanner.tasks["0001.json"].subject == "bbbb"


def test_scan_quickly_comes_round_to_every_file(
    path: Path, tasks: Directory, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An in-place write that no listing shows is found by the sweep."""
    for number in range(1, 11):
        write(path, number)
    grow_old(path)
    scanner.scan(tasks)
    (path / "0009.json").write_bytes(native_json(9, "In place"))
    later = time.monotonic() + 11
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert scanner.is_restless
    found = [scanner.scan_quickly(tasks, slice_of=2) for _ in range(5)]
    assert [list(moved.changed) for moved in found if moved] == [["0009.json"]]


def test_scan_after_a_removal_reports_it_gone(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    write(path, 1)
    write(path, 2).unlink()
    write(path, 3)
    scanner.scan(tasks)
    (path / "0003.json").unlink()
    assert scanner.scan_names(tasks, {"0003.json", "0001.json"}).gone == {"0003.json"}
    assert list(scanner.tasks) == ["0001.json"]


def test_scan_keeps_a_name_that_a_listing_missed(
    path: Path, tasks: Directory, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, 1)
    write(path, 2)
    scanner.scan(tasks)
    real = os.scandir

    class Forgetful:
        """What some file systems do while a directory is written: one name is left out."""

        def __init__(self, descriptor: int) -> None:
            self._entries = [e for e in real(descriptor) if e.name != "0002.json"]

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self._entries)

        def __exit__(self, *_: object) -> None:
            self._entries.clear()

    monkeypatch.setattr(os, "scandir", Forgetful)
    assert not scanner.scan(tasks).gone
    assert "0002.json" in scanner.tasks


def test_scan_of_what_is_no_plain_file_names_it_at_once_and_reads_nothing(
    path: Path, tasks: Directory, scanner: Scanner, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(native_json(3, "not ours to read"))
    os.mkfifo(path / "0001.json")
    (path / "0002.json").mkdir()
    (path / "0003.json").symlink_to(secret)
    (path / "0004.json").symlink_to("0004.json")
    (path / "0005.json").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        where = os.getcwd()  # noqa: PTH109
        os.chdir(path)
        try:
            server.bind("0006.json")
        finally:
            os.chdir(where)
    scanner.scan(tasks)
    assert scanner.is_settled
    assert sorted(scanner.tasks) == [f"{n:04d}.json" for n in range(1, 7)]
    assert not any(task.is_readable for task in scanner.tasks.values())
    assert "not ours" not in repr(scanner.tasks)
    reads = scanner.reads
    grow_old(path)
    scanner.scan(tasks)
    scanner.scan(tasks)
    assert scanner.reads <= reads + 6


def test_scan_of_a_sparse_giant_refuses_it_unread(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    with (path / "0001.json").open("wb") as giant:
        giant.truncate(1 << 30)
    scanner.scan(tasks)
    task = scanner.tasks["0001.json"]
    assert not task.is_readable
    assert "limit" in task.problems[0].text


def test_scan_counts_other_names_and_passes_over_temporaries(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    write(path, 1)
    odd = ["1.json", "00001.json", "-001.json", "0001.JSON", "١.json", "\x1b[31m.json", "notes.md"]
    for name in [*odd, ".0001.json.12.ab.ctmp", "0001.json.tmp", ".lock"]:
        (path / name).write_bytes(b"{}")
    (path / os.fsdecode(b"\xff.json")).write_bytes(b"{}")
    scanner.scan(tasks)
    assert list(scanner.tasks) == ["0001.json"]
    assert scanner.ignored == {*odd, "\udcff.json"}


def test_scan_of_a_torn_file_shows_the_last_good_version_until_it_is_whole(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    target = write(path, 1, "Whole")
    scanner.scan(tasks)
    target.write_bytes(b'{"id": 1, "subj')
    for _ in range(READS):
        assert not scanner.scan_names(tasks, {"0001.json"})
    assert not scanner.is_settled
    assert scanner.tasks["0001.json"].subject == "Whole"
    target.write_bytes(native_json(1, "Whole again"))
    moved = scanner.scan_names(tasks, ())
    assert moved.changed["0001.json"].subject == "Whole again"
    assert scanner.is_settled


def test_scan_of_a_file_that_stays_torn_makes_it_an_unreadable_task(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    target = write(path, 1)
    scanner.scan(tasks)
    target.write_bytes(b"")
    (path / "0002.json").write_bytes(b"[]")
    moved = Moved()
    start = time.monotonic()

    def both_are_told() -> bool:
        moved.changed.update(scanner.scan_names(tasks, {"0001.json", "0002.json"}).changed)
        return len(moved.changed) == 2

    wait_until(both_are_told, "the news of both")
    assert time.monotonic() - start >= 0.3
    assert moved.changed["0001.json"].problems[0].text == "empty file"
    assert scanner.tasks["0001.json"].id == "1"
    assert scanner.is_settled
    target.write_bytes(native_json(1, "Mended"))
    assert scanner.scan(tasks).changed["0001.json"].subject == "Mended"


def test_scan_with_a_limit_reads_low_ids_first_and_goes_on(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    for number in range(1, 8):
        write(path, number)
    assert sorted(scanner.scan(tasks, limit=3).changed) == ["0001.json", "0002.json", "0003.json"]
    assert scanner.is_partial
    assert len(scanner.go_on(tasks, limit=3).changed) == 3
    assert len(scanner.go_on(tasks).changed) == 1
    assert scanner.reads == 7


def test_scan_from_known_tasks_keeps_the_objects_that_still_hold(
    path: Path, tasks: Directory, scanner: Scanner
) -> None:
    write(path, 1)
    write(path, 2)
    scanner.scan(tasks)
    known = dict(scanner.tasks)
    write(path, 2, "Other")
    later = Scanner(RECORDS, known)
    assert list(later.scan(tasks).changed) == ["0002.json"]
    assert later.tasks["0001.json"] is known["0001.json"]


def test_clear_reports_every_record_gone(path: Path, tasks: Directory, scanner: Scanner) -> None:
    write(path, 1)
    scanner.scan(tasks)
    assert scanner.clear().gone == {"0001.json"}
    assert list(scanner.scan(tasks).changed) == ["0001.json"]
