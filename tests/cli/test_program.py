"""The program as a whole: real processes, exit codes, what is imported, what opens the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.conftest import Colony, record
from tests.patience import PATIENCE_S
from tui.cli.program import COMMANDS, program

# What a command must not import, and the probe that tells which of them it did.
_HEAVY = ("textual", "rich.console", "watchfiles", "pydantic", "asyncio", "tui.app")
_PROBE = """
import sys
sys.argv[0] = "colonytop"
from tui.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
heavy = [name for name in {heavy!r} if name in sys.modules]
print(heavy, file=sys.stderr)
sys.exit(code)
"""


def _run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "tui.cli", *words]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environ,
        cwd=cwd,
        check=False,
    )


def _imported(*words: str) -> list[str]:
    """The heavy modules that a call has imported."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", _PROBE.format(heavy=_HEAVY), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stderr.splitlines()[-1].replace("'", '"'))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("words", [("--help",), ("ls", "--help"), ("claim", "--help")])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert _imported(*words) == []


@pytest.mark.parametrize(
    "words",
    [
        ("lists",),
        ("ls", "alpha", "--json"),
        ("ls", "--filter", "is:open age<1d", "--sort", "owner"),
        ("show", "alpha", "5"),
        ("why", "alpha", "3"),
        ("add", "alpha", "x"),
        ("assign", "alpha", "2", "cy"),
        ("block", "alpha", "2", "--by", "5"),
        ("unblock", "alpha", "3"),
        ("claim", "alpha", "--next", "--owner", "cy"),
        ("done", "alpha", "2"),
        ("rm", "alpha", "4"),
        ("doctor",),
    ],
)
def test_command_imports_no_textual(alpha: Colony, words: tuple[str, ...]) -> None:
    found = _imported(*words, "--root", str(alpha.root))
    assert not {"textual", "tui.app", "watchfiles"} & set(found)


def test_help_lists_every_command() -> None:
    out = CliRunner().invoke(program, ["--help"]).stdout
    for name, (_, text) in COMMANDS.items():
        assert f"  {name} " in out
        assert text in out


def test_each_command_is_where_the_table_says() -> None:
    context = program.make_context("colonytop", ["lists"])
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert {"json", "root"} <= {p.name for p in command.params}


def test_real_process_exit_codes(alpha: Colony) -> None:
    root = str(alpha.root)
    done = _run("ls", "alpha", "--root", root, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["tasks"]) == 5
    refused = _run("show", "alpha", "99", "--root", root, "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["kind"] == "task_not_found"
    assert refused.stderr.startswith("colonytop: no task #99")
    assert "Traceback" not in refused.stderr
    assert _run("ls", "--root", root, "--filter", "is:").returncode == 2


def test_without_a_terminal_the_app_says_so_and_exits_with_2(alpha: Colony) -> None:
    done = _run(str(alpha.root))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("colonytop: no screen: stdin is not a terminal; ")
    assert done.stdout == ""


@pytest.mark.pty
def test_dumb_terminal_is_refused_in_one_line(alpha: Colony) -> None:
    primary, secondary = os.openpty()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tui.cli", str(alpha.root)],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            timeout=PATIENCE_S,
            env=environ,
            check=False,
        )
        said = os.read(primary, 4096).decode()
    finally:
        os.close(primary)
        os.close(secondary)
    assert done.returncode == 2
    (line,) = said.splitlines()
    assert line.startswith("colonytop: no screen: TERM=dumb cannot draw a screen; ")


def test_root_named_like_a_command_is_given_with_a_path(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    assert "terminal" in _run("./lists", cwd=tmp_path).stderr
    assert _run("lists", "--root", "lists", "--json", cwd=tmp_path).stdout == '{"lists": []}\n'


def test_mistyped_command_does_not_open_the_app(tmp_path: Path) -> None:
    done = _run("lsit", cwd=tmp_path)
    assert done.returncode == 2
    assert "'lsit' is no command and no directory" in done.stderr


def test_options_of_the_screen_are_refused_for_a_command(alpha: Colony) -> None:
    done = _run("--theme", "x", "lists", "--root", str(alpha.root))
    assert done.returncode == 2
    assert "--theme" in done.stderr


def test_root_comes_from_the_environment(alpha: Colony, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_HOME", str(alpha.root))
    document = json.loads(_run("doctor", "--json").stdout)
    assert [(r["path"], r["source"]) for r in document["roots"]] == [
        (str(alpha.root), "$HIVE_HOME")
    ]


def test_reader_that_leaves_early_is_no_error(alpha: Colony) -> None:
    alpha.write("colony:beta", *[{"id": i, "subject": "x" * 500} for i in range(1, 400)])
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    words = ["-m", "tui.cli", "ls", "beta", "--json", "--root", str(alpha.root)]
    with subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(PATIENCE_S) == 0


def test_version_is_printed() -> None:
    done = _run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("colonytop")


@pytest.mark.processes
def test_claim_next_by_several_processes_at_once_gives_each_another(colony: Colony) -> None:
    colony.write("colony:alpha", *[record(i) for i in range(1, 5)])
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    words = ["claim", "alpha", "--next", "--json", "--root", str(colony.root)]
    names = ["ann", "bo", "cy", "dee", "eli"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tui.cli", *words, "--owner", name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            text=True,
        )
        for name in names
    ]
    answers = [json.loads(process.communicate(timeout=PATIENCE_S)[0]) for process in running]
    won = {a["task"]["id"]: a["task"]["owner"] for a in answers if "task" in a}
    assert won == {i: colony.stored("colony:alpha", i)["owner"] for i in range(1, 5)}
    assert [a["error"]["reason"] for a in answers if "error" in a] == ["nothing_ready"]
    assert sorted(process.returncode for process in running) == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_says_what_each_option_is_for(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []
