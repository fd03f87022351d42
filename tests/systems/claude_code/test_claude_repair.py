"""Mending Claude Code's lists."""

from __future__ import annotations

import os

from store.model.repairs import RepairKind
from tests.systems.claude_code.a_list import Scene, put, raw


def kinds(scene: Scene, *, dry_run: bool) -> list[RepairKind]:
    return [one.kind for one in scene.system.repair(scene.key, dry_run=dry_run).repairs]


def test_sound_list_needs_no_repair(scene: Scene) -> None:
    put(scene.place, 1, blocks=["2"])
    put(scene.place, 2, blockedBy=["1"])
    assert kinds(scene, dry_run=True) == kinds(scene, dry_run=False) == []


def test_edges_that_do_not_agree_are_mended_on_the_side_that_lacks_them(scene: Scene) -> None:
    put(scene.place, 1, blocks=["3"])
    put(scene.place, 2, blockedBy=["1", "2", "4"])
    put(scene.place, 3)
    put(scene.place, 5, blockedBy=["77"])
    before = {number: raw(scene.place, number) for number in (1, 2, 3, 5)}
    wanted = [
        RepairKind.MIRROR_EDGE,
        RepairKind.MIRROR_EDGE,
        RepairKind.DROP_SELF_EDGE,
        RepairKind.DROP_DANGLING,
    ]
    assert kinds(scene, dry_run=True) == wanted
    assert {number: raw(scene.place, number) for number in before} == before
    assert kinds(scene, dry_run=False) == wanted
    assert raw(scene.place, 1)["blocks"] == ["3", "2"]
    assert raw(scene.place, 2)["blockedBy"] == ["1"]
    assert raw(scene.place, 3)["blockedBy"] == ["1"]
    assert raw(scene.place, 5)["blockedBy"] == ["77"], "an id that was never given away"
    assert kinds(scene, dry_run=False) == []


def test_edge_that_would_close_a_cycle_is_left_and_told(scene: Scene) -> None:
    put(scene.place, 1, blocks=["2"], blockedBy=["2"])
    put(scene.place, 2, blocks=["1"])
    report = scene.system.repair(scene.key, dry_run=False)
    assert [one.kind for one in report.repairs] == [RepairKind.LEAVE]
    assert "cycle" in report.repairs[0].text
    assert raw(scene.place, 2)["blockedBy"] == []


def test_what_crashes_left_behind_is_removed_and_what_is_in_use_is_not(scene: Scene) -> None:
    put(scene.place, 1)
    (scene.place / ".highwatermark").write_text("x")
    old = [scene.place / "1.json.lock", scene.place / ".1.json.lock.7.0011aabb.ctmp"]
    for path in old:
        path.mkdir()
    old.append(scene.place / ".1.json.7.0011aabb.ctmp")
    old[-1].touch()
    for path in old:
        os.utime(path, (1, 1))
    young = scene.place / ".1.json.8.0011aabb.ctmp"
    young.touch()
    wanted = [*[RepairKind.REMOVE_LEFTOVER] * 3, RepairKind.SET_MARK]
    assert kinds(scene, dry_run=True) == wanted
    assert all(path.exists() for path in old)
    assert kinds(scene, dry_run=False) == wanted
    assert not any(path.exists() for path in old)
    assert young.exists()
    assert (scene.place / ".highwatermark").read_text() == "1"
    assert scene.names() == [young.name, ".highwatermark", ".lock", "1.json"]
