"""An execution's directory: a command begins there at most once, whoever asks."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.files.executions import SCRIPT, SHELL, ExecutionPlace

pytestmark = pytest.mark.processes


def begin(place: ExecutionPlace, *command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([SHELL, "-c", SCRIPT, "x", str(place.path), *command], check=False)


def test_command_leaves_its_number_and_exit_code(tmp_path: Path) -> None:
    place = ExecutionPlace(tmp_path, "a")
    place.prepare("words")
    assert (place.process(), place.exit_code()) == (None, None)
    assert begin(place, "sh", "-c", "exit 7").returncode == 7
    assert place.exit_code() == 7
    told = place.process()
    assert told is not None
    assert told[0] > 0


def test_command_is_begun_once_by_however_many_at_once(tmp_path: Path) -> None:
    place = ExecutionPlace(tmp_path, "a")
    place.prepare("words")
    count = tmp_path / "count"
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: begin(place, "sh", "-c", f"echo x >> {count}"), range(8)))
    assert count.read_text() == "x\n"
    assert sorted(one.returncode for one in done) == [0] + [125] * 7


def test_command_that_was_forbidden_never_begins(tmp_path: Path) -> None:
    place = ExecutionPlace(tmp_path, "a")
    assert place.forbid()
    place.prepare("words")
    assert begin(place, "touch", str(tmp_path / "made")).returncode == 125
    assert not (tmp_path / "made").exists()
    assert not place.forbid()


def test_streams_give_the_text_and_keep_what_is_said(tmp_path: Path) -> None:
    place = ExecutionPlace(tmp_path, "a")
    place.prepare("one\ntwo é")
    given, out, errors = place.streams()
    subprocess.run(["sh", "-c", "cat; echo bad >&2"], stdin=given, stdout=out, stderr=errors,
                   check=True)  # fmt: skip
    for descriptor in (given, out, errors):
        os.close(descriptor)
    assert place.output(1000) == "one\ntwo é\n"
    assert place.output(3) == "one"
    assert place.errors(3) == "ad\n"


def test_exit_code_that_is_no_number_is_none(tmp_path: Path) -> None:
    place = ExecutionPlace(tmp_path, "a")
    place.forbid()
    for content in (b"", b"x", b"-1", b"9" * 100, b"\xff"):
        (place.path / "begun" / "code").write_bytes(content)
        assert place.exit_code() is None
