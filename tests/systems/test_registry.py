"""All systems together: what is said of each, what is imported when, and whose lists are whose."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from store.roots import RootSpec, choose_roots
from store.systems.registry import ROOMS, default_roots, open_systems, systems_of_id
from store.systems.room import Room
from store.workspace import Workspace
from tests.contract import native

rooms = pytest.mark.parametrize("room", ROOMS, ids=[room.name for room in ROOMS])


@rooms
def test_room_says_what_it_is_under_its_own_name(room: Room) -> None:
    assert room.facts.name == room.name
    assert room.signs
    system = room.open({"lock_timeout_s": 1.0})
    assert (system.name, system.facts) == (room.name, room.facts)


@rooms
def test_usual_root_of_a_room_names_who_said_so(room: Room, tmp_path: Path) -> None:
    found = {name: (path, source) for name, path, source in default_roots({})}
    path, source = found[room.name]
    assert path.is_absolute()
    assert source
    names = {name: str(tmp_path) for name in ("HIVE_HOME", "CLAUDE_CONFIG_DIR")}
    named = {name: path for name, path, _ in default_roots(names)}
    assert named["hive"] == named["claude_code"] == tmp_path


def test_badges_and_names_tell_systems_apart() -> None:
    assert len({room.name for room in ROOMS}) == len(ROOMS)
    assert len({room.facts.badge for room in ROOMS}) == len(ROOMS)
    assert len({room.facts.title for room in ROOMS}) == len(ROOMS)


def test_every_room_is_in_the_contract_that_keeps_them_apart() -> None:
    configured = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    contracts = configured["tool"]["importlinter"]["contracts"]
    (apart,) = [each["modules"] for each in contracts if each["type"] == "independence"]
    assert sorted(apart) == sorted(f"store.systems.{room.name}" for room in ROOMS)


def test_systems_of_id_are_those_with_such_lists() -> None:
    assert systems_of_id("team:red") == ["clawteam"]
    assert systems_of_id("colony:forge")[0] == "hive"
    assert systems_of_id("nothing") == []


def test_nothing_is_imported_before_a_root_shows_a_sign(tmp_path: Path) -> None:
    """In a process of its own: this one has imported everything already."""
    native.write_list(tmp_path / "hive", "colony:forge", native.record(1))
    (tmp_path / "claude").mkdir()
    script = """
import sys
from store.workspace import Workspace, choose_roots
snapshot = Workspace(choose_roots([])).scan()
print([key.id for key in snapshot.lists])
print(sorted(name for name in sys.modules if name.endswith(".adapter")), "sqlite3" in sys.modules)
"""
    places = {"HIVE_HOME": tmp_path / "hive", "CLAUDE_CONFIG_DIR": tmp_path / "claude"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **{name: str(path) for name, path in places.items()}},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    lists, adapters = done.stdout.splitlines()
    assert lists == "['colony:forge']"
    assert adapters == "['store.systems.hive.adapter'] False"


def test_usual_roots_that_are_not_there_are_named_only_where_nothing_is_found(
    tmp_path: Path, hive_root: Path
) -> None:
    environ = {"HIVE_HOME": str(hive_root), "HOME": str(tmp_path)}
    workspace = Workspace(choose_roots([], environ))
    nothing = workspace.scan()
    assert len(nothing.roots) == len(workspace.roots) > 1
    assert not any(root.exists for root in nothing.roots)
    assert nothing.root_for_new is not None
    assert nothing.root_for_new.path == str(hive_root)
    native.write_list(hive_root, "colony:forge", native.record(1))
    assert workspace.has_new_root()
    found = workspace.scan()
    assert [root.path for root in found.roots] == [str(hive_root)]
    assert not workspace.has_new_root()
    assert set(found.systems) == {"hive"}


def test_usual_root_without_lists_is_not_told_beside_those_that_have_some(
    tmp_path: Path, hive_root: Path
) -> None:
    claude = tmp_path / "claude"
    (claude / "projects").mkdir(parents=True)
    native.write_list(hive_root, "colony:forge", native.record(1))
    environ = {"HIVE_HOME": str(hive_root), "CLAUDE_CONFIG_DIR": str(claude)}
    workspace = Workspace(choose_roots([], environ))
    assert [root.path for root in workspace.scan().roots] == [str(hive_root)]
    assert claude in workspace.watch_paths()


def test_place_with_many_directories_and_no_list_is_watched_at_its_top(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"run-{number}").mkdir()
    for system in open_systems():
        assert len(system.watch_paths(tmp_path)) <= 500
        assert tmp_path in system.watch_paths(tmp_path)


def test_root_that_was_named_is_told_though_it_is_not_there(tmp_path: Path) -> None:
    snapshot = Workspace([RootSpec(tmp_path / "gone", "argument")]).scan()
    assert [root.path for root in snapshot.roots] == [str(tmp_path / "gone")]


def test_open_systems_stay_closed_until_they_are_asked_for(tmp_path: Path) -> None:
    systems = open_systems()
    assert not any(system.is_open for system in systems)
    for system in systems:
        assert list(system.discover(tmp_path)) == []
        assert list(system.problems(tmp_path)) == []
        assert system.list_above(tmp_path) is None
        assert tmp_path in system.watch_paths(tmp_path)
        assert dict(system.lock_holders([])) == {}
    assert not any(system.is_open for system in systems)
