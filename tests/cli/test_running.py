"""`run` and `ledger`, called as a person or a script calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S, wait_until
from tests.running.workshop import COMMAND, THREE_WAVES, Workshop

pytestmark = pytest.mark.processes


class Terminal:
    """A directory with a plan in it, and the program started there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.workshop = Workshop(path)
        (path / "plan.md").write_text(THREE_WAVES)
        self.exec = f"sh -c '{COMMAND}' {self.workshop.marks}"
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HIVE_HOME": str(self.workshop.root),
            "XDG_STATE_HOME": str(path / "xdg"),
        }
        for name in ("COLONYTOP_EXEC", "COLONYTOP_PLANNER"):
            self.environ.pop(name, None)

    def start(self, *words: str) -> subprocess.Popen[str]:
        with no_signal_ignored():
            return subprocess.Popen(
                [sys.executable, "-m", "tui.cli", *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environ,
                cwd=self.path,
                text=True,
            )

    def call(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, err

    def run_id(self, out: str) -> str:
        return out.split()[1].rstrip(":")

    def ledger(self) -> dict[str, Any]:
        code, out, _ = self.call("ledger", "--by", "list", "--json")
        assert code == 0
        found = json.loads(out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def lines(out: str, word: str) -> list[str]:
    return [line for line in out.splitlines() if f" {word}" in line]


def test_run_of_an_outline_tells_each_step_and_exits_zero(terminal: Terminal) -> None:
    code, out, err = terminal.call("run", "plan.md", "--exec", terminal.exec)
    assert (code, err) == (0, "")
    first, *steps, last = out.splitlines()
    assert "5 subtasks, list session:compound:" in first
    assert len([line for line in steps if " started with " in line]) == 5
    assert len([line for line in steps if " completed after " in line]) == 5
    assert steps[-1].startswith("[5/5]")
    assert "completed: 5 completed, ~$" in last  # the command tells no costs


def test_run_whose_subtask_fails_exits_one_and_says_how_to_go_on(terminal: Terminal) -> None:
    terminal.workshop.fail(3)
    code, out, _ = terminal.call("run", "plan.md", "--exec", terminal.exec)
    assert code == 1
    assert "#3 failed after" in out
    assert "exit code 3: cannot" in out
    assert "partial: 2 completed, 1 failed, 2 skipped" in out
    assert f"colonytop run --resume {terminal.run_id(out)}" in out


def test_run_that_failed_goes_on_after_release_and_resume(terminal: Terminal) -> None:
    terminal.workshop.fail(3)
    _, out, _ = terminal.call("run", "plan.md", "--exec", terminal.exec)
    run_id = terminal.run_id(out)
    terminal.workshop.mend(3)
    code, _, err = terminal.call("release", f"session:compound:{run_id}", "3")
    assert (code, err) == (0, "")
    code, out, _ = terminal.call("run", "--resume", run_id)
    assert code == 0
    assert "completed: 5 completed" in out
    assert Counter(terminal.workshop.begun()) == Counter("123345")


def test_run_killed_in_the_middle_is_resumed_without_a_subtask_run_twice(
    terminal: Terminal,
) -> None:
    workshop = terminal.workshop
    workshop.hold(".3")
    process = terminal.start("run", "plan.md", "--exec", terminal.exec)
    workshop.wait_begun("1", "2", "3")
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate(timeout=PATIENCE_S)
    workshop.let_go(".3")
    code, resumed, _ = terminal.call("run", "--resume", terminal.run_id(out))
    assert code == 0
    assert "[2/5] #3 adopted" in resumed
    assert "[5/5] #5 completed" in resumed or "[5/5] #4 completed" in resumed
    assert Counter(workshop.begun()) == Counter("12345")
    total = terminal.ledger()["total"]
    assert (total["executions"], total["succeeded"]) == (5, 5)
    found = terminal.ledger()["groups"]
    assert [group["list"] for group in found] == [f"session:compound:{terminal.run_id(out)}"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_stopped_by_a_signal_ends_its_commands_and_exits_by_its_number(
    terminal: Terminal, number: signal.Signals
) -> None:
    workshop = terminal.workshop
    workshop.hold()
    process = terminal.start("run", "plan.md", "--exec", terminal.exec)
    workshop.wait_begun("1", "2")
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    assert len(lines(out, "cancelled after")) == 2
    workshop.let_go()
    code, _, _ = terminal.call("run", "--resume", terminal.run_id(out))
    assert code == 0
    assert Counter(workshop.ended()) == Counter("12345")


def test_run_whose_reader_goes_away_goes_on_to_its_end(terminal: Terminal) -> None:
    workshop = terminal.workshop
    workshop.hold()
    process = terminal.start("run", "plan.md", "--exec", terminal.exec)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    workshop.wait_begun("1", "2")
    process.stdout.close()
    workshop.let_go()
    assert process.wait(PATIENCE_S) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
    assert Counter(workshop.ended()) == Counter("12345")


def test_run_as_json_prints_a_line_for_each_step(terminal: Terminal) -> None:
    code, out, _ = terminal.call("run", "plan.md", "--exec", terminal.exec, "--json")
    assert code == 0
    first, *steps, last = [json.loads(line) for line in out.splitlines()]
    assert first["subtasks"] == 5
    ended = [step for step in steps if step["step"] == "completed"]
    assert sorted(step["task"] for step in ended) == [1, 2, 3, 4, 5]
    assert {step["result"] for step in ended} == {f"did {n}" for n in range(1, 6)}
    assert last["status"] == "completed"
    assert last["counts"] == {"completed": 5}
    assert last["is_estimated"] is True


def test_prompt_is_planned_by_a_command(terminal: Terminal) -> None:
    planner = terminal.path / "planner"
    plan = {"reasoning": "so", "subtasks": [
        {"description": "Dig", "tier": 1}, {"description": "Smelt", "depends_on": [0], "tier": 3},
    ]}  # fmt: skip
    planner.write_text(f"#!/bin/sh\ncat > asked\necho 'Here it is:'\necho '{json.dumps(plan)}'\n")
    planner.chmod(0o700)
    words: Sequence[str] = ("-p", "Forge the sword", "--planner", str(planner))
    code, out, err = terminal.call("run", *words, "--exec", terminal.exec)
    assert (code, err) == (0, "")
    assert "#2 completed" in out
    assert terminal.workshop.models() == {"1": "haiku", "2": "opus"}
    assert (terminal.path / "asked").read_text().endswith("Forge the sword")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run"], 2, "give one of"),
        (["run", "plan.md", "-p", "x"], 2, "give one of"),
        (["run", "--resume", "x", "--workers", "2"], 2, "no other options"),
        (["run", "nothing.md"], 1, "nothing.md"),
        (["run", "--resume", "20200101-000000-abcdef"], 1, "is on record"),
        (["run", "plan.md", "--workers", "0"], 2, "workers"),
        (["run", "plan.md", "--workers", "257"], 2, "workers"),
        (["run", "plan.md", "--timeout", "0"], 2, "timeout"),
        (["run", "plan.md", "--attempts", "0"], 2, "attempts"),
        (["run", "plan.md", "--exec", "'"], 1, "command"),
        (["run", "-p", "x", "--planner", "/nowhere/at-all"], 1, "cannot be started"),
        (["run", "-p", "x", "--planner", "sh -c 'echo no plan'"], 1, "not JSON"),
        (["run", "circle.md"], 1, "in a circle: 1 → 2 → 1"),
    ],
)
def test_run_that_cannot_be_says_why_and_makes_no_list(
    terminal: Terminal, words: list[str], code: int, said: str
) -> None:
    (terminal.path / "circle.md").write_text("- a (after 2)\n- b (after 1)\n")
    found, _, err = terminal.call(*words)
    assert found == code
    assert said in err
    assert not terminal.workshop.root.exists()


def test_ledger_without_executions_says_so_and_tells_by_day_and_model(terminal: Terminal) -> None:
    assert terminal.call("ledger") == (0, "nothing was executed yet\n", "")
    terminal.call("run", "plan.md", "--exec", terminal.exec)
    wait_until(lambda: len(terminal.workshop.ended()) == 5)
    code, out, _ = terminal.call("ledger", "--by", "day")
    assert code == 0
    titles, day, total = out.splitlines()
    assert titles.split()[0] == "day"
    assert day.split()[0].startswith("20")
    assert total.split()[:3] == ["total", "5", "5"]
    assert "~$" in total
    _, out, _ = terminal.call("ledger", "--by", "model", "--json")
    assert [group["model"] for group in json.loads(out)["groups"]] == ["sonnet"]
