"""Copies of files as they were before an edit: private, bounded, never twice the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.files import backups
from store.files.backups import MOST_OF_ONE, Backups, directory_name

PARTS = ("/home/ann/.hive", "colonies", "forge", "workers", "s1")


def copies(place: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(place.rglob("*.tasks.json"))]


def test_keep_makes_private_copies_and_keeps_the_last_ones(tmp_path: Path) -> None:
    kept = Backups(tmp_path / "backups")
    for number in range(MOST_OF_ONE + 3):
        place = kept.keep(PARTS, "tasks.json", b"%d" % number)
    assert copies(tmp_path) == [b"%d" % number for number in range(3, MOST_OF_ONE + 3)]
    assert place.parent == tmp_path / "backups"
    for path in [kept.place, place, *place.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0


def test_keep_of_what_was_kept_last_makes_no_copy(tmp_path: Path) -> None:
    kept = Backups(tmp_path)
    for _ in range(3):
        kept.keep(PARTS, "tasks.json", b"same")
    assert copies(tmp_path) == [b"same"]


def test_keep_removes_the_oldest_where_all_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "MOST_BYTES", 250)
    monkeypatch.setattr(backups, "_SWEEP_EVERY", 2)
    kept = Backups(tmp_path)
    for number in range(6):
        kept.keep((*PARTS, str(number % 2)), "tasks.json", b"%d" % number * 100)
    kept.keep((*PARTS, "last"), "tasks.json", b"x")
    left = copies(tmp_path)
    assert b"4" * 100 in left  # the last copy of each file stays
    assert b"5" * 100 in left
    assert b"0" * 100 not in left
    assert sum(map(len, left)) <= 250 + 201


@pytest.mark.parametrize(
    "parts",
    [PARTS, ("..", "..", "etc"), ("/" * 400,), ("ä\udcff",), ("a" * 300, "b")],
)
def test_directory_name_is_one_component_that_leads_nowhere_else(parts: tuple[str, ...]) -> None:
    name = directory_name(parts)
    assert "/" not in name
    assert name not in ("", ".", "..")
    assert len(name.encode()) <= 255


def test_directory_names_of_different_files_differ() -> None:
    names = {directory_name((*PARTS, "x" * 300, str(number))) for number in range(50)}
    assert len(names) == 50
    assert directory_name(("a", "b")) != directory_name(("a%2Fb",))
