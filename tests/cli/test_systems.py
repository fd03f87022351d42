"""`systems`, and lists of several systems on one command line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from store.systems.registry import ROOMS
from tests.contract import native
from tui.cli.program import program


def team_task(task_id: str, subject: str, **fields: Any) -> dict[str, Any]:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return {
        "id": task_id,
        "subject": subject,
        "description": "",
        "status": "pending",
        "priority": "medium",
        "owner": "",
        "lockedBy": "",
        "lockedAt": "",
        "blocks": [],
        "blockedBy": [],
        "startedAt": "",
        "createdAt": now,
        "updatedAt": now,
        "metadata": {},
    } | fields


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A native list and a team of the same short name, each in its usual place."""
    hive, claw = tmp_path / "hive", tmp_path / "claw"
    native.write_list(hive, "colony:forge", native.record(1, "Smelt"))
    team = claw / "tasks" / "forge"
    team.mkdir(parents=True)
    (team / ".tasks.lock").touch()
    for task_id in ("00000007", "00000012"):
        text = json.dumps(team_task(task_id, f"Task {task_id}"), indent=2)
        (team / f"task-{task_id}.json").write_text(text)
    monkeypatch.setenv("HIVE_HOME", str(hive))
    monkeypatch.setenv("CLAWTEAM_DATA_DIR", str(claw))
    return tmp_path


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(program, words)
    return result.exit_code, result.stdout, result.stderr


def test_systems_tells_each_with_its_lists_and_places(several: Path) -> None:
    code, out, _ = call("systems", "--json")
    assert code == 0
    found = {each["name"]: each for each in json.loads(out)["systems"]}
    assert list(found) == [room.name for room in ROOMS]
    assert [each["list"] for each in found["hive"]["lists"]] == ["colony:forge"]
    (team,) = found["clawteam"]["lists"]
    assert (team["list"], team["tasks"], team["read_only"]) == ("team:forge", 2, None)
    assert found["clawteam"]["roots"] == [
        {"path": str(several / "claw"), "source": "$CLAWTEAM_DATA_DIR", "exists": True}
    ]
    assert found["claude_code"]["roots"][0]["exists"] is False


def test_systems_in_words_says_all_that_the_facts_say(several: Path) -> None:
    code, out, _ = call("systems")
    assert code == 0
    said = " ".join(out.split())
    for room in ROOMS:
        for phrase in room.facts:
            assert " ".join(phrase.split()) in said
    assert "lists 1: team:forge" in said


def test_system_option_leaves_only_its_lists(several: Path) -> None:
    _, out, _ = call("lists", "--system", "clawteam", "--json")
    assert [each["list"] for each in json.loads(out)["lists"]] == ["team:forge"]
    _, out, _ = call("--system", "hive", "lists", "--json")
    assert [each["list"] for each in json.loads(out)["lists"]] == ["colony:forge"]
    code, _, err = call("lists", "--system", "nonesuch")
    assert code == 2
    assert "clawteam" in err


def test_name_that_two_systems_use_is_told_apart_by_the_system(several: Path) -> None:
    code, _, err = call("ls", "forge")
    assert code == 1
    assert "colony:forge" in err
    assert "team:forge" in err
    for name in ("clawteam/forge", "clawteam/team:forge", "team:forge"):
        code, out, _ = call("ls", name, "--json")
        assert code == 0
        assert len(json.loads(out)["tasks"]) == 2


def test_lists_and_tasks_of_several_systems_are_told_apart(several: Path) -> None:
    _, out, _ = call("lists")
    title, *rows = [line.split() for line in out.splitlines()]
    assert title[:2] == ["LIST", "SYSTEM"]
    assert [row[:2] for row in rows] == [["colony:forge", "hive"], ["team:forge", "clawteam"]]
    _, out, _ = call("ls")
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"colony:forge", "team:forge"}
    _, out, _ = call("lists", "--json")
    assert [each["read_only"] for each in json.loads(out)["lists"]] == [None, None]


def test_ids_of_one_list_are_all_numbers_or_all_texts_in_json(several: Path) -> None:
    place = several / "claw" / "tasks" / "forge"
    text = json.dumps(team_task("12345678", "Polish", blockedBy=["00000012"]))
    (place / "task-12345678.json").write_text(text)
    _, out, _ = call("ls", "team:forge", "--json")
    tasks = {task["id"]: task for task in json.loads(out)["tasks"]}
    assert set(tasks) == {"00000007", "00000012", "12345678"}
    assert tasks["12345678"]["blocked_by"] == ["00000012"]
    _, out, _ = call("why", "team:forge", "12345678", "--json")
    assert [reason["task"] for reason in json.loads(out)["reasons"]] == ["00000012"]
    _, out, _ = call("update", "team:forge", "12345678", "--subject", "Melt", "--dry-run", "--json")
    assert [each["task"] for each in json.loads(out)["effects"]["targets"]] == ["12345678"]
    code, out, _ = call("update", "team:forge", "#12345678", "--subject", "Melt", "--json")
    assert (code, json.loads(out)["task"]["id"]) == (0, "12345678")
    _, out, _ = call("history", "team:forge", "--json")
    assert {entry["id"] for entry in json.loads(out)["entries"]} == {"12345678"}
    _, out, _ = call("ls", "colony:forge", "--json")
    assert [task["id"] for task in json.loads(out)["tasks"]] == [1]


def test_id_that_is_not_a_plain_number_is_taken_as_it_is_written(several: Path) -> None:
    code, out, _ = call("show", "team:forge", "00000012", "--json")
    assert code == 0
    assert json.loads(out)["task"]["id"] == "00000012"
    code, out, _ = call("show", "colony:forge", "#0001", "--json")
    assert json.loads(out)["task"]["id"] == 1
    code, _, err = call("done", "team:forge", "00000012")
    assert (code, err) == (0, "")
    path = several / "claw" / "tasks" / "forge" / "task-00000012.json"
    assert json.loads(path.read_text())["status"] == "completed"


def test_doctor_tells_of_all_systems(several: Path) -> None:
    code, out, _ = call("doctor", "--json")
    assert code == 0
    report = json.loads(out)
    assert {each["system"] for each in report["lists"]} == {"hive", "clawteam"}
    assert [root["path"] for root in report["roots"]] == [
        str(several / "hive"),
        str(several / "claw"),
    ]
    code, _, _ = call("doctor", "--repair", "--dry-run")
    assert code == 0


def test_history_of_a_team_is_found_after_the_team_is_gone(several: Path) -> None:
    assert call("update", "team:forge", "00000007", "--subject", "Melt")[0] == 0
    team = several / "claw" / "tasks" / "forge"
    for path in team.iterdir():
        path.unlink()
    team.rmdir()
    for name in ("team:forge", "clawteam/team:forge"):
        code, out, _ = call("history", name, "--json")
        assert code == 0
        assert [entry["what"] for entry in json.loads(out)["entries"]]


def test_undo_takes_an_edit_of_another_system_back(several: Path) -> None:
    assert call("update", "team:forge", "00000007", "--subject", "Melt")[0] == 0
    assert call("undo")[0] == 0
    path = several / "claw" / "tasks" / "forge" / "task-00000007.json"
    assert json.loads(path.read_text())["subject"] == "Task 00000007"


def test_new_list_goes_where_native_lists_are(several: Path) -> None:
    code, _, err = call("add", "colony:mill", "Grind", "--new-list")
    assert (code, err) == (0, "")
    assert native.read_record(several / "hive", "colony:mill", 1)["subject"] == "Grind"


def test_root_on_the_command_line_is_tried_by_every_system(several: Path) -> None:
    _, out, _ = call("lists", "--json", "--root", str(several / "claw"))
    assert [each["list"] for each in json.loads(out)["lists"]] == ["team:forge"]
    one = several / "claw" / "tasks" / "forge"
    _, out, _ = call("lists", "--json", "--root", str(one))
    assert [(each["list"], each["root"]) for each in json.loads(out)["lists"]] == [
        ("team:forge", str(several / "claw"))
    ]
