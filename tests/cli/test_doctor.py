"""`doctor`: what is wrong, and what would repair it."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.model.errors import CommittedPending
from store.workspace import Workspace
from tests.cli.conftest import Colony, record
from tui.settings import default_path


def test_doctor_of_a_sound_root_finds_nothing(alpha: Colony) -> None:
    answer = alpha.call("doctor", "--json", "--strict")
    assert answer.code == 0
    document = answer.json
    assert list(document) == ["version", "roots", "lists", "problems", "ok", "settings"]
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


def _write_settings(text: str) -> Path:
    path = default_path()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_doctor_names_a_rule_that_is_not_understood(alpha: Colony) -> None:
    path = _write_settings(
        '[[notify]]\nwhen = "cycle"\nhow = ["bell"]\n'
        '[[notify]]\nwhen = "onwer:ann"\nhow = ["bell"]\n'
    )
    answer = alpha.call("doctor", "--strict", "--json")
    assert answer.code == 1
    assert answer.json["ok"] is False
    (problem,) = answer.json["settings"]["problems"]
    assert problem.startswith(f"{path}: notify[2].when: there is no field 'onwer'")
    assert "mend or remove" in problem
    assert "notify[2].when" in alpha.call("doctor").out


def test_doctor_names_a_hook_that_is_not_there(alpha: Colony) -> None:
    path = _write_settings(
        '[[notify]]\nneed = "cycle"\nhow = ["hook"]\nhook = ["no-such-notifier", "x"]\n'
    )
    found = alpha.call("doctor", "--json").json["settings"]
    assert (found["path"], found["exists"], found["notify_rules"]) == (str(path), True, 1)
    assert "notify[1].hook: there is no command 'no-such-notifier'" in found["problems"][0]
    shown = alpha.call("doctor").out
    assert "1 notification rule\n" in shown
    assert "no problems are found" not in shown


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


@pytest.mark.parametrize("place", ["colonies/a/data/progress.db", "runs/r/blackboard.db"])
def test_doctor_names_the_database_that_cannot_be_read(tmp_path: Path, place: str) -> None:
    database = tmp_path / place
    database.parent.mkdir(parents=True)
    database.write_text("no database\n" * 20)
    found = Colony(tmp_path).call("doctor", "--json").json
    (problem,) = found["problems"]
    assert (problem["kind"], problem["path"]) == ("unreadable", str(database))
    (listed,) = found["lists"]
    assert listed["path"] == str(database)
    assert f"file    {database}" in Colony(tmp_path).call("doctor").out


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


def test_doctor_names_each_directory_that_is_passed_over(alpha: Colony, tmp_path: Path) -> None:
    colonies = alpha.root / "colonies"
    for name in (".hidden", "100%", "bell\x07", "plain-and-empty", ".git"):
        (colonies / name).mkdir()
    for name in (".hidden", "100%"):
        (colonies / name / "tasks" / "tasks").mkdir(parents=True)
        (colonies / name / "tasks" / "tasks" / "0001.json").write_text("{}")
    elsewhere = Colony(tmp_path / "elsewhere")
    elsewhere.write("colony:beta", record(1))
    (colonies / "linked").symlink_to(elsewhere.root / "colonies" / "beta")
    (colonies / "notes.txt").write_text("not a list")
    (colonies / "notes").symlink_to(colonies / "notes.txt")
    answer = alpha.call("doctor", "--json")
    told = {Path(p["path"]).name: (p["text"], p["repair"]) for p in answer.json["problems"]}
    assert set(told) == {".hidden", "100%", "bell\x07", "linked"}
    assert told["linked"][0].endswith("it is a link, and links below a root are not followed")
    assert "%2E" in told[".hidden"][1]
    assert all(p["kind"] == "skipped_directory" for p in answer.json["problems"])
    assert alpha.call("doctor", "--strict").code == 1
    out = alpha.call("doctor").out
    lists = alpha.call("lists")
    assert lists.code == 0
    for text, repair in told.values():
        assert text in out
        assert repair in out
        assert f"colonytop: {alpha.root}: {text}" in lists.err


def test_root_that_is_a_file_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("x")
    lists = Colony(file).call("lists", "--json")
    assert (lists.code, lists.json) == (0, {"lists": []})
    assert lists.err == f"colonytop: {file}: not a directory\n"
    assert f"root  {file}  (--root): not a directory\n" in Colony(file).call("doctor").out
    assert Colony(file).call("doctor", "--strict").code == 1


def _half_edge(colony: Colony) -> None:
    colony.write("colony:alpha", record(1, blocks=[2]), record(2), record(3, blocked_by=[9]))


def test_doctor_says_first_what_it_would_mend_and_then_mends_it(colony: Colony) -> None:
    _half_edge(colony)
    answer = colony.call("doctor", "--repair")
    assert answer.code == 0
    lines = answer.out.splitlines()
    would = lines.index(
        "colony:alpha  would mirror_edge: #2 waits on #1, which says that it blocks it"
    )
    assert would < lines.index(
        "colony:alpha  mirror_edge: #2 waits on #1, which says that it blocks it"
    )
    assert colony.stored("colony:alpha", 2)["blocked_by"] == [1]
    # 9 was never given away: it may still come
    assert colony.stored("colony:alpha", 3)["blocked_by"] == [9]
    assert "half_edge" not in answer.out
    assert "nothing to mend" not in answer.out


def test_doctor_dry_run_writes_nothing(colony: Colony) -> None:
    _half_edge(colony)
    before = {p: p.read_bytes() for p in colony.root.rglob("*") if p.is_file()}
    answer = colony.call("doctor", "--repair", "--dry-run", "--json")
    assert answer.json["dry_run"] is True
    assert [(r["kind"], r["task"], r["made"]) for r in answer.json["repairs"]] == [
        ("mirror_edge", 2, False),
        ("leave", 3, False),
    ]
    assert {p: p.read_bytes() for p in colony.root.rglob("*") if p.is_file()} == before


def test_doctor_repair_as_json_tells_what_was_made_and_what_is_left(colony: Colony) -> None:
    _half_edge(colony)
    document = colony.call("doctor", "--repair", "--json").json
    assert [(r["kind"], r["made"]) for r in document["repairs"]] == [
        ("mirror_edge", True),
        ("leave", False),
    ]
    assert [p["kind"] for p in document["problems"]] == ["dangling_edge"]


def test_doctor_repair_of_a_sound_root_finds_nothing(alpha: Colony) -> None:
    answer = alpha.call("doctor", "--repair")
    assert answer.code == 0
    assert answer.out.startswith("nothing to mend")


def test_doctor_repair_of_a_list_whose_lock_is_no_file_says_so(colony: Colony) -> None:
    _half_edge(colony)
    (colony.root / "colonies" / "alpha" / "tasks" / ".lock").mkdir()
    answer = colony.call("doctor", "--repair")
    assert answer.code == 1
    assert "failed" in answer.out
    assert colony.stored("colony:alpha", 2)["blocked_by"] == []


def test_doctor_dry_run_without_repair_is_a_usage_error(alpha: Colony) -> None:
    assert alpha.call("doctor", "--dry-run").code == 2


def test_edit_that_is_saved_and_pending_is_no_failure(
    alpha: Colony, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pending(*_: object) -> None:
        raise CommittedPending("/the/list", "Input/output error", "00c0ffee")

    monkeypatch.setattr(Workspace, "apply", pending)
    answer = alpha.call("rm", "alpha", "5", "--json")
    assert answer.code == 0
    assert answer.json["saved"] is True
    assert answer.json["pending"]["txid"] == "00c0ffee"
    assert "the next writer in this list finishes" in answer.err
