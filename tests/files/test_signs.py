"""Signs of lists: found by names alone, led to by directories, matched by paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.files.signs import directories_along, has_sign, may_be_list, may_be_sign

SIGNS = ("colonies/*/data/queue.db", "tasks/*/task-*.json", "bare/?*")


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    "name", ["colonies/forge/data/queue.db", "tasks/red/task-1.json", "bare/anything", "bare/.lock"]
)
def test_has_sign_of_each_form(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name)
    assert has_sign(tmp_path, SIGNS)


@pytest.mark.parametrize(
    "name",
    [
        "colonies/forge/queue.db",
        "colonies/queue.db",
        "tasks/task-1.json",
        "tasks/red/job-1.json",
        "other/bare/anything",
    ],
)
def test_has_sign_is_false_for_what_only_looks_alike(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name)
    (tmp_path / "bare").mkdir(exist_ok=True)
    assert not has_sign(tmp_path, SIGNS)


def test_has_sign_of_a_root_that_is_not_there_is_false(tmp_path: Path) -> None:
    assert not has_sign(tmp_path / "gone", SIGNS)
    touch(tmp_path, "file")
    assert not has_sign(tmp_path / "file", SIGNS)


def test_directories_along_are_those_in_which_a_sign_could_come(tmp_path: Path) -> None:
    touch(tmp_path, "colonies/forge/notes.txt", "colonies/mill/data/notes.txt", "other/x")
    (tmp_path / "colonies" / "link").symlink_to(tmp_path / "other")
    found = {path.relative_to(tmp_path).as_posix() for path in directories_along(tmp_path, SIGNS)}
    assert found == {".", "colonies", "colonies/forge", "colonies/mill", "colonies/mill/data"}
    assert directories_along(tmp_path / "gone", SIGNS) == []


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("colonies", True),
        ("colonies/forge", True),
        ("colonies/forge/data/queue.db", True),
        ("colonies/forge/data/queue.db-wal", False),
        ("colonies/forge/log.txt", False),
        ("tasks/red/task-9.json", True),
        ("tasks/red/task-9.json/below", True),
        ("tasks/red/.task-9.tmp", False),
        ("notes", False),
        ("..", True),
        (".", True),
        ("../elsewhere", False),
    ],
)
def test_may_be_sign_of_paths_on_the_way(name: str, may: bool) -> None:
    root = Path("/somewhere/root")
    path = {"..": root.parent, ".": root, "../elsewhere": root.parent / "elsewhere"}.get(
        name, root / name
    )
    assert may_be_sign(root, path, SIGNS) is may


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/r/colonies/forge", True),
        ("/r/colonies/forge/data", True),
        ("/r/colonies/forge/data/queue.db", True),
        ("/r/tasks/red", True),
        ("/r/colonies", False),
        ("/r", False),
        ("/", False),
    ],
)
def test_may_be_list_of_paths_that_end_as_signs_do(path: str, may: bool) -> None:
    assert may_be_list(Path(path), SIGNS) is may
