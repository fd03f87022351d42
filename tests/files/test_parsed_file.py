"""A small file beside the tasks: read again when it moved, and only then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files.codec import Unparsable
from store.files.fs import Directory, open_directory
from store.files.parsed_file import ParsedFile

LONG_AGO = 1_000_000_000


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with open_directory(tmp_path) as opened:
        yield opened


class Counted:
    """A file whose parsings are counted."""

    def __init__(self) -> None:
        self.parsed = 0
        self.file = ParsedFile("x", self._parse, limit=8)

    @property
    def state(self) -> tuple[str | None, str | None]:
        return self.file.value, self.file.fault

    def _parse(self, content: bytes) -> str:
        self.parsed += 1
        if content == b"bad":
            raise Unparsable("not good")
        return content.decode()


def test_file_is_parsed_again_when_it_moves_and_not_else(
    tmp_path: Path, directory: Directory
) -> None:
    counted = Counted()
    (tmp_path / "x").write_bytes(b"one")
    counted.file.look(directory)
    assert counted.file.value == "one"
    (tmp_path / "x").write_bytes(b"two")
    counted.file.look(directory)
    assert counted.file.value == "two"


def test_file_that_rests_is_not_read_again(
    tmp_path: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted()
    (tmp_path / "x").write_bytes(b"one")
    # as if the clock had gone on: what is old cannot change without being seen
    monkeypatch.setattr("time.time_ns", lambda: (tmp_path / "x").stat().st_ctime_ns + 10**10)
    for _ in range(3):
        counted.file.look(directory)
    assert (counted.parsed, counted.file.value) == (1, "one")


def test_file_written_twice_within_a_tick_is_not_mistaken(
    tmp_path: Path, directory: Directory
) -> None:
    counted = Counted()
    for text in ("one", "two", "six"):
        descriptor = os.open(tmp_path / "x", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(descriptor, text.encode())
        os.close(descriptor)
        os.utime(tmp_path / "x", (LONG_AGO, LONG_AGO))
        counted.file.look(directory)
        assert counted.file.value == text


@pytest.mark.parametrize(
    ("content", "fault"), [(b"bad", "not good"), (b"far too long", "over the limit")]
)
def test_file_that_cannot_be_used_says_why_and_recovers(
    tmp_path: Path, directory: Directory, content: bytes, fault: str
) -> None:
    counted = Counted()
    (tmp_path / "x").write_bytes(content)
    counted.file.look(directory)
    value, said = counted.state
    assert value is None
    assert said is not None
    assert fault in said
    (tmp_path / "x").write_bytes(b"good")
    counted.file.look(directory)
    assert counted.state == ("good", None)


def test_file_that_goes_is_forgotten(tmp_path: Path, directory: Directory) -> None:
    counted = Counted()
    (tmp_path / "x").write_bytes(b"one")
    counted.file.look(directory)
    (tmp_path / "x").unlink()
    counted.file.look(directory)
    assert (counted.file.value, counted.file.fault) == (None, None)
    (tmp_path / "x").write_bytes(b"one")
    counted.file.look(directory)
    counted.file.look(None)
    assert counted.file.value is None
