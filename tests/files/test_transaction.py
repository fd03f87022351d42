"""One change of several files: in order, whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.files.fs import Directory, open_directory
from store.files.transaction import Write, commit, stage


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    (tmp_path / "a").write_bytes(b"a1")
    (tmp_path / "b").write_bytes(b"b1")
    (tmp_path / "b").chmod(0o640)
    with open_directory(tmp_path) as opened:
        yield opened


def contents(directory: Directory) -> dict[str, bytes]:
    return {name: directory.read(name).content for name in sorted(directory.names())}


def change(directory: Directory) -> list[Write]:
    return [
        Write(directory, "new", None, b"n1"),
        Write(directory, "a", b"a1", b"a2"),
        Write(directory, "b", b"b1", None),
    ]


BEFORE = {"a": b"a1", "b": b"b1"}


def test_commit_makes_every_write_and_names_what_to_sync(directory: Directory) -> None:
    assert commit(change(directory)) == [directory]
    assert contents(directory) == {"a": b"a2", "new": b"n1"}


def test_commit_without_sync_has_nothing_to_sync(directory: Directory) -> None:
    assert commit(change(directory), sync=False) == []
    assert contents(directory) == {"a": b"a2", "new": b"n1"}


def _failing_at(number: int, call: Callable[..., None]) -> Callable[..., None]:
    count = 0

    def called(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(errno.EIO, "Input/output error")
        call(*arguments, **options)

    return called


@pytest.mark.parametrize(
    ("call", "number"), [("link", 1), ("rename", 1), ("unlink", 2), ("fsync", 1), ("fsync", 2)]
)
def test_commit_that_fails_takes_back_the_steps_before(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, _failing_at(number, getattr(os, call)))
        with pytest.raises(OSError, match="Input/output"):
            commit(change(directory))
    assert contents(directory) == BEFORE


def test_commit_interrupted_after_a_rename_takes_it_back(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename
    interrupts = [KeyboardInterrupt()]

    def interrupted(*arguments: object, **options: object) -> None:
        rename(*arguments, **options)  # type: ignore[arg-type]
        if interrupts:
            raise interrupts.pop()

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            commit(change(directory))
    assert contents(directory) == BEFORE


def test_create_on_a_taken_name_leaves_the_other_file_and_takes_back_the_rest(
    directory: Directory,
) -> None:
    writes = [Write(directory, "b", b"b1", b"b2"), Write(directory, "a", None, b"a1")]
    with pytest.raises(FileExistsError):
        commit(writes)
    assert contents(directory) == BEFORE


def test_what_somebody_else_wrote_meanwhile_is_not_taken_back(
    directory: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def foreign(*arguments: object, **options: object) -> None:
        (tmp_path / "a").write_bytes(b"theirs")
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", foreign)
        with pytest.raises(OSError, match="Input/output"):
            commit([Write(directory, "a", b"a1", b"a2"), Write(directory, "new", None, b"n")])
    assert contents(directory) == BEFORE | {"a": b"theirs"}


def test_way_back_that_fails_is_named_in_the_error(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename
    count = 0

    def worsening(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        rename(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", worsening)
        with pytest.raises(OSError, match="space") as caught:
            commit([Write(directory, "a", b"a1", b"a2"), Write(directory, "b", b"b1", b"b2")])
    assert any("could not be restored" in note for note in caught.value.__notes__)


def test_directory_that_comes_first_is_synced_before_the_next_is_touched(
    directory: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is safe before the file goes whose id it keeps."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "t").write_bytes(b"t1")
    steps: list[str] = []
    sync = Directory.sync

    def noted(self: Directory) -> None:
        steps.append(f"sync with t {'there' if (tmp_path / 'tasks' / 't').exists() else 'gone'}")
        sync(self)

    monkeypatch.setattr(Directory, "sync", noted)
    with directory.subdirectory("tasks") as tasks:
        left = commit([Write(directory, "mark", None, b"9"), Write(tasks, "t", b"t1", None)])
        assert left == [tasks]
    assert steps == ["sync with t there"]


def test_staged_replacement_is_put_in_place_with_the_old_mode(directory: Directory) -> None:
    write = Write(directory, "b", b"b1", b"b2")
    staged = stage(write)
    if staged is None:
        pytest.skip("this file system has no nameless files")
    with staged:
        assert contents(directory) == BEFORE
        assert commit([write], staged=staged) == [directory]
    assert contents(directory) == BEFORE | {"b": b"b2"}
    assert directory.file_mode("b") == 0o640
