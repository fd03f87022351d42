"""Append-only files of lines: what was appended comes back, from either end, whatever fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files import logs
from store.files.fs import Directory, open_directory
from store.files.logs import LineLog, Reading, SoleHolder
from store.files.waiting import Patience
from store.model.errors import LockTimeout, StorageFailure

LINES = st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\n", b" ")))


def a_log(segment_bytes: int = 200, segments: int = 1_000) -> LineLog:
    return LineLog("edits", segment_bytes=segment_bytes, segments=segments)


def append(log: LineLog, directory: Directory, *lines: bytes) -> None:
    with log.locked(directory, Patience(5)):
        content = b"".join(line + b"\n" for line in lines)
        log.append(directory, content, header=b"head\n", sync=True)


@given(LINES, st.integers(1, 50))
def test_lines_come_back_from_the_end_and_from_a_position(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], block: int
) -> None:
    log, place = a_log(), tmp_path_factory.mktemp("log")
    with open_directory(place) as directory, mock.patch.object(logs, "_BLOCK", block):
        position, followed = log.position(directory), list[bytes]()
        for line in lines:
            append(log, directory, line)
            found, position = log.lines_from(directory, position, 1 << 20)
            followed += found
        back = [line for line in log.lines_back(directory) if line != b"head"]
        assert back == lines[::-1]
        assert [line for line in followed if line != b"head"] == lines


def test_lines_from_gets_past_a_line_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    log = a_log()
    with open_directory(tmp_path) as directory:
        append(log, directory, b"x" * 150)
        append(log, directory, b"next")
        position, found = (1, 0), list[bytes]()
        for _ in range(5):
            lines, position = log.lines_from(directory, position, 20)
            found += lines
        assert found == [b"head", b"x" * 150, b"next"]


def test_lines_from_gets_past_what_is_no_line_at_all(tmp_path: Path) -> None:
    log = a_log()
    with open_directory(tmp_path) as directory, mock.patch.object(logs, "MAX_LINE", 100):
        (tmp_path / "edits-00000001.jsonl").write_bytes(b"x" * 150 + b"\nnext\n")
        position, found = (1, 0), list[bytes]()
        for _ in range(3):
            lines, position = log.lines_from(directory, position, 20)
            found += lines
        assert found[-1] == b"next"


def test_append_that_lasts_finds_the_name_of_its_segment_synced(tmp_path: Path) -> None:
    log, synced = a_log(), list[int]()
    with open_directory(tmp_path) as directory, log.locked(directory, Patience(5)):
        with mock.patch.object(Directory, "sync", lambda which: synced.append(which.fileno())):
            log.append(directory, b"one\n", header=b"head\n", sync=False)
            log.append(directory, b"two\n", header=b"head\n", sync=True)
        assert synced == [directory.fileno()]


def test_lines_from_never_hands_out_half_a_line(tmp_path: Path) -> None:
    log = a_log()
    with open_directory(tmp_path) as directory:
        append(log, directory, b"one")
        segment = tmp_path / "edits-00000001.jsonl"
        segment.write_bytes(segment.read_bytes() + b"tw")
        found, position = log.lines_from(directory, (1, 0), 1 << 20)
        assert found == [b"head", b"one"]
        segment.write_bytes(segment.read_bytes() + b"o\n")
        assert log.lines_from(directory, position, 1 << 20)[0] == [b"two"]


def test_lines_over_the_limit_are_passed_over(tmp_path: Path) -> None:
    log = a_log(1 << 20)
    with (
        open_directory(tmp_path) as directory,
        mock.patch.object(logs, "MAX_LINE", 1_000),
        mock.patch.object(logs, "_BLOCK", 64),
    ):
        append(log, directory, b"first", b"x" * 5_000, b"last")
        assert list(log.lines_back(directory)) == [b"last", b"first", b"head"]


def test_append_that_runs_out_of_space_adds_nothing(tmp_path: Path) -> None:
    log = a_log()

    def half(descriptor: int, content: bytes) -> None:
        os.write(descriptor, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_directory(tmp_path) as directory:
        append(log, directory, b"one")
        before = (tmp_path / "edits-00000001.jsonl").read_bytes()
        with mock.patch.object(logs, "write_all", half), pytest.raises(StorageFailure):
            append(log, directory, b"two")
        assert (tmp_path / "edits-00000001.jsonl").read_bytes() == before
        append(log, directory, b"three")
        assert list(log.lines_back(directory))[:2] == [b"three", b"one"]


def test_append_keeps_so_many_segments_and_no_other_file_goes(tmp_path: Path) -> None:
    log = a_log(20, segments=3)
    for name in ("edits-1.jsonl", "edits-00000001.jsonl.bak", "seen-00000001.jsonl", "notes"):
        (tmp_path / name).write_text("mine")
    with open_directory(tmp_path) as directory:
        for number in range(10):
            append(log, directory, b"line %d" % number + b"x" * 20)
        reading = Reading()
        kept = [line for line in log.lines_back(directory, reading) if line != b"head"]
    assert [line.rstrip(b"x") for line in kept] == [b"line 9", b"line 8", b"line 7"]
    assert len([p for p in tmp_path.iterdir() if p.read_text() == "mine"]) == 4


def test_locked_while_another_holds_it_gives_up_in_time(tmp_path: Path) -> None:
    log = a_log()
    with (
        open_directory(tmp_path) as directory,
        log.locked(directory, Patience(5)),
        pytest.raises(LockTimeout),
        log.locked(directory, Patience(0.05)),
    ):
        raise AssertionError("two hold it")


def test_sole_holder_is_one_until_it_lets_go(tmp_path: Path) -> None:
    first, second = SoleHolder(), SoleHolder()
    with open_directory(tmp_path) as directory:
        take: Callable[[SoleHolder], bool] = lambda holder: holder.take(directory, ".one")  # noqa: E731
        assert take(first)
        assert take(first), "it has it already"
        assert not take(second)
        first.release()
        assert take(second)
        second.release()
