"""`doctor`: what is wrong, and what would repair it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Colony, record


def test_doctor_of_a_sound_root_finds_nothing(alpha: Colony) -> None:
    answer = alpha.call("doctor", "--json", "--strict")
    assert answer.code == 0
    document = answer.json
    assert list(document) == ["version", "roots", "lists", "problems", "ok"]
    assert document["ok"] is True
    assert document["roots"] == [
        {"path": str(alpha.root), "source": "--root", "exists": True, "problem": None}
    ]
    assert document["lists"] == [
        {
            "list": "colony:alpha",
            "root": str(alpha.root),
            "system": "hive",
            "path": str(alpha.root / "colonies" / "alpha" / "tasks"),
            "tasks": 5,
            "problems": 0,
        }
    ]
    assert "no problems are found" in alpha.call("doctor").out


def test_doctor_names_each_problem_and_its_repair(colony: Colony) -> None:
    directory = colony.write(
        "colony:alpha",
        record(1, blocks=[2]),
        record(2),
        record(3, blocked_by=[9]),
        record(4, blocked_by=[5], blocks=[5]),
        record(5, blocked_by=[4], blocks=[4]),
        record(6, blocked_by=[6], blocks=[6]),
        record(7),
        record(8, status="resting"),
    )
    colony.path("colony:alpha", 7).write_text("{")
    (directory / ".highwatermark").unlink()
    answer = colony.call("doctor", "--json")
    assert answer.code == 0
    problems = answer.json["problems"]
    assert {p["kind"] for p in problems} == {
        *("half_edge", "dangling_edge", "cycle", "self_edge", "unreadable", "unknown_status"),
        "lost_mark",
    }
    for problem in problems:
        assert problem["repair"]
        assert problem["list"] == "colony:alpha"
        assert problem["root"] == str(colony.root)
    assert colony.call("doctor", "--strict").code == 1
    out = colony.call("doctor").out
    for problem in problems:
        assert problem["text"] in out
        assert problem["repair"] in out


def test_doctor_says_that_a_root_is_not_there(tmp_path: Path) -> None:
    missing = Colony(tmp_path / "nowhere")
    document = missing.call("doctor", "--json").json
    assert document["roots"][0]["exists"] is False
    assert "not there yet" in missing.call("doctor").out
    assert not missing.root.exists()


def test_doctor_changes_nothing(alpha: Colony) -> None:
    def contents() -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in alpha.root.rglob("*") if p.is_file()}

    before = contents()
    assert alpha.call("doctor").code == 0
    assert contents() == before
