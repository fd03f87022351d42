"""Replacing a file only if it is the one seen, beside others who replace it too."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files import exchange
from store.files.exchange import SeenFile, replace_seen, see
from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.files.leases import is_awaited, lease, release
from tests.patience import PATIENCE_S, wait_until

NAME = "tasks.json"
LIMIT = 1 << 20

_READER = "import sys; print(open(sys.argv[1]).read(), end='', flush=True)"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / NAME).write_bytes(b"first")
    (tmp_path / NAME).chmod(0o640)
    return tmp_path


@pytest.fixture
def directory(place: Path) -> Iterator[Directory]:
    with open_directory(place) as opened:
        yield opened


def written_by_owner(place: Path, content: bytes) -> None:
    """The owner's way: a temporary of its own, and a rename."""
    temporary = place / ".tasks.json.owner.tmp"
    temporary.write_bytes(content)
    temporary.replace(place / NAME)


def put(seen: SeenFile, content: bytes, *, exchanging: bool = True) -> bool:
    placed = replace_seen(seen, content, exchanging=exchanging)
    if placed is None:
        return False
    with placed:
        return placed.is_current()


@pytest.mark.parametrize("exchanging", [True, False])
def test_replace_of_the_version_seen_takes_its_place_and_leaves_nothing(
    place: Path, directory: Directory, exchanging: bool
) -> None:
    with see(directory, NAME, LIMIT) as seen:
        assert seen.content == b"first"
        assert put(seen, b"second", exchanging=exchanging)
        assert not seen.is_current()
    assert (place / NAME).read_bytes() == b"second"
    assert (place / NAME).stat().st_mode & 0o777 == 0o640
    assert [path.name for path in place.iterdir()] == [NAME]


@pytest.mark.parametrize("exchanging", [True, False])
def test_replace_after_the_owner_wrote_leaves_the_owners_version(
    place: Path, directory: Directory, exchanging: bool
) -> None:
    with see(directory, NAME, LIMIT) as seen:
        written_by_owner(place, b"owner")
        assert not put(seen, b"second", exchanging=exchanging)
    assert (place / NAME).read_bytes() == b"owner"
    assert [path.name for path in place.iterdir()] == [NAME]


def test_replace_of_a_file_that_went_away_makes_none(place: Path, directory: Directory) -> None:
    with see(directory, NAME, LIMIT) as seen:
        (place / NAME).unlink()
        assert not put(seen, b"second")
    assert list(place.iterdir()) == []


def test_replace_puts_back_what_the_owner_wrote_at_the_last_moment(
    place: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner is faster by one system call, twice in a row."""
    real, versions = exchange._exchange, [b"owner 1", b"owner 2"]

    def late(opened: Directory, one: str, other: str) -> None:
        if versions:
            written_by_owner(place, versions.pop(0))
        real(opened, one, other)

    monkeypatch.setattr(exchange, "_exchange", late)
    with see(directory, NAME, LIMIT) as seen:
        assert not put(seen, b"second")
    assert versions == []
    assert (place / NAME).read_bytes() == b"owner 2"
    assert [path.name for path in place.iterdir()] == [NAME]


def test_reader_of_a_version_that_is_put_back_finds_the_owners(
    place: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened ours in between waits, and must never build on it."""
    real = exchange._exchange
    readers: list[subprocess.Popen[str]] = []

    def late(opened: Directory, one: str, other: str) -> None:
        if not readers:
            written_by_owner(place, b"owner")
            real(opened, one, other)  # ours stands there now, and the owner's came out
            readers.append(started_reader(place))
            wait_until(lambda: somebody_waits(place), "a reader that waits")
        else:
            real(opened, one, other)

    monkeypatch.setattr(exchange, "_exchange", late)
    if not leases_work(place):
        pytest.skip("this file system has no leases")
    with see(directory, NAME, LIMIT) as seen:
        assert not put(seen, b"second")
    assert finished(readers[0]) == "owner"
    assert (place / NAME).read_bytes() == b"owner"


def test_reader_that_is_held_off_finds_what_was_put_in(place: Path, directory: Directory) -> None:
    if not leases_work(place):
        pytest.skip("this file system has no leases")
    with see(directory, NAME, LIMIT, holding_off=True) as seen:
        assert seen.holds_off
        reader = started_reader(place)
        assert seen.wait_for_turn(PATIENCE_S)
        assert reader.poll() is None
        placed = replace_seen(seen, b"second")
        assert placed is not None
        with placed:
            pass
    assert finished(reader) == "second"


def test_reader_that_is_held_off_in_vain_finds_what_stood_there(
    place: Path, directory: Directory
) -> None:
    if not leases_work(place):
        pytest.skip("this file system has no leases")
    with see(directory, NAME, LIMIT, holding_off=True) as seen:
        reader = started_reader(place)
        assert seen.wait_for_turn(PATIENCE_S)
    assert finished(reader) == "first"


def test_waiting_for_a_turn_ends_when_the_owner_replaces_the_file(
    place: Path, directory: Directory
) -> None:
    with see(directory, NAME, LIMIT, holding_off=True) as seen:
        owner = threading.Thread(target=written_by_owner, args=(place, b"owner"))
        owner.start()
        assert not seen.wait_for_turn(PATIENCE_S)
        owner.join()


def test_lease_that_nobody_waits_for_is_not_awaited(place: Path) -> None:
    descriptor = os.open(place / NAME, os.O_RDWR)
    try:
        if not lease(descriptor):
            pytest.skip("this file system has no leases")
        assert not is_awaited(descriptor)
        release(descriptor)
        assert (place / NAME).read_bytes() == b"first"
    finally:
        os.close(descriptor)


def test_seeing_a_link_or_too_much_is_refused(place: Path, directory: Directory) -> None:
    (place / "link").symlink_to(NAME)
    with pytest.raises(UnreadableFile, match="link"):
        see(directory, "link", LIMIT)
    with pytest.raises(UnreadableFile, match="over the limit"):
        see(directory, NAME, 3)
    with pytest.raises(FileNotFoundError):
        see(directory, "absent", LIMIT)


def leases_work(place: Path) -> bool:
    descriptor = os.open(place / NAME, os.O_RDWR)
    try:
        return lease(descriptor)
    finally:
        os.close(descriptor)


def started_reader(place: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _READER, str(place / NAME)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def somebody_waits(place: Path) -> bool:
    """Whether the lease of the file that stands there now is to end because of a reader."""
    inode = f":{(place / NAME).stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("LEASE" in line and "BREAKING" in line and inode in line for line in lines)


def finished(reader: subprocess.Popen[str]) -> str:
    said, _ = reader.communicate(timeout=PATIENCE_S)
    return said
