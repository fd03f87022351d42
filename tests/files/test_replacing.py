"""Several files put in place one after another, and put back when one cannot be."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files.fs import Directory, open_directory
from store.files.replacing import Replacement, replace_all
from store.model.errors import ListGone, StorageFailure


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with open_directory(tmp_path) as opened:
        yield opened


def contents(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


def nothing() -> None:
    """What is done when all files are on disk."""


def test_files_are_replaced_in_order_with_their_modes(tmp_path: Path, directory: Directory) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o640)
    seen: list[dict[str, bytes]] = []
    replace_all(
        directory,
        [Replacement("a", b"new", b"old"), Replacement("b", b"fresh", None)],
        lambda: seen.append({n: c for n, c in contents(tmp_path).items() if n[0] != "."}),
    )
    assert seen == [{"a": b"old"}], "nothing is renamed before all is on disk"
    assert contents(tmp_path) == {"a": b"new", "b": b"fresh"}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_nothing_to_replace_changes_nothing(tmp_path: Path, directory: Directory) -> None:
    replace_all(directory, [], nothing)
    assert contents(tmp_path) == {}


def test_refusal_before_the_first_rename_leaves_nothing_behind(
    tmp_path: Path, directory: Directory
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def refuse() -> None:
        raise ListGone("x", "y")

    with pytest.raises(ListGone):
        replace_all(directory, [Replacement("a", b"new", b"old")], refuse)
    assert contents(tmp_path) == {"a": b"old"}


def test_name_that_is_taken_puts_the_others_back(tmp_path: Path, directory: Directory) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "c").write_bytes(b"theirs")
    files = [
        Replacement("a", b"new", b"old"),
        Replacement("b", b"fresh", None),
        Replacement("c", b"mine", None),
    ]
    with pytest.raises(FileExistsError) as caught:
        replace_all(directory, files, nothing)
    assert caught.value.errno == errno.EEXIST
    assert contents(tmp_path) == {"a": b"old", "c": b"theirs"}


def test_rename_that_fails_puts_the_others_back(tmp_path: Path, directory: Directory) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "d").mkdir()
    files = [Replacement("a", b"new", b"old"), Replacement("d", b"file", b"")]
    with pytest.raises(IsADirectoryError):
        replace_all(directory, files, nothing)
    assert contents(tmp_path) == {"a": b"old"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write in any directory")
def test_directory_that_may_not_be_written_is_left_as_it_is(
    tmp_path: Path, directory: Directory
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            replace_all(directory, [Replacement("a", b"new", b"old")], nothing)
    finally:
        tmp_path.chmod(0o700)
    assert contents(tmp_path) == {"a": b"old"}


def test_what_cannot_be_put_back_is_named(tmp_path: Path) -> None:
    """The second rename fails, and the name of the first has meanwhile become a directory."""

    class Hindered(Directory):
        """A directory in which somebody is at work."""

        def move(self, name: str, target: Directory, target_name: str) -> None:
            if target_name == "b":
                (tmp_path / "a").unlink()
                (tmp_path / "a").mkdir()
                raise OSError(errno.EIO, "bad sector", target_name)
            super().move(name, target, target_name)

    (tmp_path / "a").write_bytes(b"old")
    files = [Replacement("a", b"new", b"old"), Replacement("b", b"new", None)]
    with (
        Hindered(os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY), tmp_path) as directory,
        pytest.raises(StorageFailure, match="not put back: a"),
    ):
        replace_all(directory, files, nothing)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
