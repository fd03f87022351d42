"""The port: links are not followed, plain files only, whole files in place, nothing left behind."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from store.files import fs
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import open_directory
from store.model.errors import StorageFailure


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_open_of_an_absent_directory_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_directory(tmp_path / "root", ("a", "b"))
    assert names(tmp_path) == []


def test_directories_are_made_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_directory(tmp_path / "root", ("a",), create=True) as made:
            assert made.mode() == 0o700
            made.create("file", b"x")
            assert made.file_mode("file") == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "root").stat().st_mode) == 0o700


@pytest.mark.parametrize("part", ["..", ".", "", "a/b", "a\0b"])
def test_part_that_is_no_single_component_is_refused(tmp_path: Path, part: str) -> None:
    with pytest.raises(StorageFailure, match="component"):
        open_directory(tmp_path, (part,), create=True)
    assert names(tmp_path) == []


@pytest.mark.parametrize("create", [False, True])
def test_link_below_the_root_is_not_followed(tmp_path: Path, create: bool) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "list").symlink_to(outside, target_is_directory=True)
    with pytest.raises(NotADirectoryError, match="link"):
        open_directory(root, ("list", "tasks"), create=create)
    assert names(outside) == []


def test_directory_swapped_for_a_link_does_not_redirect_a_write(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    with open_directory(inside) as directory:
        inside.rename(tmp_path / "moved")
        inside.symlink_to(outside, target_is_directory=True)
        directory.create("file", b"x")
    assert names(outside) == []
    assert names(tmp_path / "moved") == ["file"]


def test_create_never_overwrites_and_leaves_no_temporary(tmp_path: Path) -> None:
    with open_directory(tmp_path) as directory:
        directory.create("file", b"first")
        with pytest.raises(FileExistsError):
            directory.create("file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def test_replace_keeps_the_mode_and_makes_a_new_inode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    before = path.stat().st_ino
    twin = tmp_path / "twin"
    os.link(path, twin)
    with open_directory(tmp_path) as directory:
        directory.replace("file", b"new")
    assert (path.read_bytes(), twin.read_bytes()) == (b"new", b"old")
    assert (path.stat().st_mode & 0o777, path.stat().st_ino == before) == (0o640, False)
    assert names(tmp_path) == ["file", "twin"]


def test_staged_file_has_no_name_until_it_is_put_in_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with open_directory(tmp_path) as directory:
        before = directory.mtime_ns()
        staged = directory.stage(b"new", 0o640)
        if staged is None:
            pytest.skip("this file system has no nameless files")
        with staged:
            assert (names(tmp_path), directory.mtime_ns()) == (["file"], before)
            directory.replace_by(staged, "file")
        with directory.stage(b"never", 0o600) or pytest.fail("it had them a moment ago"):
            pass
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["file"]


def test_without_nameless_files_create_still_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fs, "_CAN_NAME", False)
    with open_directory(tmp_path) as directory:
        assert directory.stage(b"x", 0o600) is None
        directory.create("file", b"first")
        with pytest.raises(FileExistsError):
            directory.create("file", b"second")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"first"


@pytest.mark.parametrize("call", ["fsync", "rename", "write", "fchmod"])
def test_replace_that_fails_leaves_the_old_file_and_no_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_directory(tmp_path) as directory:
        monkeypatch.setattr(os, call, fail)
        with pytest.raises(StorageFailure, match="space"), storage_failures(directory):
            directory.replace("file", b"new")
        monkeypatch.undo()
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", ["fifo", "directory", "link", "loop", "device"])
def test_read_of_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        target = {"link": "/etc/hostname", "loop": "file", "device": "/dev/zero"}[kind]
        path.symlink_to(target)
    with open_directory(tmp_path) as directory, pytest.raises(UnreadableFile) as caught:
        directory.read("file")
    assert caught.value.path == str(path)
    assert caught.value.reason


def test_read_over_the_limit_is_refused_without_reading(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as out:
        out.truncate(1 << 30)
    with open_directory(tmp_path) as directory:
        with pytest.raises(UnreadableFile, match="over the limit"):
            directory.read("file")
        (tmp_path / "file").write_bytes(b"x" * 10)
        with pytest.raises(UnreadableFile, match="over the limit"):
            directory.read("file", limit=9)
        assert directory.read("file", limit=10).content == b"x" * 10


def test_revision_moves_with_every_replacement(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a")
    with open_directory(tmp_path) as directory:
        seen = {directory.read("file").revision}
        for content in (b"b", b"c", b"b"):
            directory.replace("file", content)
            seen.add(directory.read("file").revision)
    assert len(seen) == 4


def test_descriptors_are_not_inherited_and_are_closed(tmp_path: Path) -> None:
    with open_directory(tmp_path) as directory:
        descriptor = directory.fileno()
        lock = directory.open_lock(".lock")
        assert not os.get_inheritable(descriptor)
        assert not os.get_inheritable(lock)
        os.close(lock)
    assert directory.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_failure_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(StorageFailure) as caught, storage_failures(tmp_path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / "file"))
    assert caught.value.path == str(tmp_path / "file")
    assert "read-only" in str(caught.value)


def test_read_of_a_file_that_is_written_in_place_meanwhile_is_of_one_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer comes right after the file was looked at, and writes as much as stood there."""
    path = tmp_path / "1.json"
    path.write_bytes(b"old" * 10)
    os.utime(path, ns=(1, 1))
    read, writers = os.read, [b"new" * 10]

    def read_half_then_be_overtaken(descriptor: int, count: int) -> bytes:
        if not writers:
            return read(descriptor, count)
        half = read(descriptor, 15)
        path.write_bytes(writers.pop())
        return half + read(descriptor, count)

    monkeypatch.setattr("store.files.descriptors.os.read", read_half_then_be_overtaken)
    with open_directory(tmp_path) as directory:
        assert directory.read("1.json").content == b"new" * 10
