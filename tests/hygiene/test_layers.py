"""Who may know whom: the contracts of import-linter, and what really gets loaded."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.contract import native
from tests.patience import PATIENCE_S

HERE = Path(__file__).parents[2]


def loaded_after(code: str) -> set[str]:
    """The top-level modules in a fresh process after it has run `code`."""
    script = (
        f"import sys\n{code}\n"
        "print('loaded:', ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    return set(line.split()[1:])


def test_import_contracts_all_kept() -> None:
    scripts = Path(sysconfig.get_path("scripts"))
    lint = shutil.which("lint-imports", path=str(scripts))
    assert lint is not None, f"import-linter is not installed in {scripts}: it is in the extra dev"
    done = subprocess.run(
        [lint, "--no-cache"],
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_contracts_cover_both_packages_and_the_store_is_headless() -> None:
    linter = tomllib.loads((HERE / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert set(linter["root_packages"]) == {"store", "tui"}
    forbidden = [c for c in linter["contracts"] if c.get("source_modules") == ["store"]]
    assert {"tui", "textual", "rich", "click"} <= set(forbidden[0]["forbidden_modules"])


@pytest.mark.parametrize(
    "module", ["store", "store.workspace", "store.watch", "store.systems.hive.adapter"]
)
def test_store_brings_no_terminal_library(module: str) -> None:
    assert not {"tui", "textual", "rich", "click"} & loaded_after(f"import {module}")


def loaded_by_command(arguments: str) -> set[str]:
    argv = ["colonytop", *arguments.split()]
    return loaded_after(
        f"sys.argv = {argv!r}\n"
        "from tui.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended.code"
    )


@pytest.mark.parametrize(
    "arguments", ["--help", "ls --help", "watch --help", "demo --help", "lists --json --root {}"]
)
def test_help_and_json_bring_no_terminal_library(arguments: str, tmp_path: Path) -> None:
    assert not {"textual", "rich"} & loaded_by_command(arguments.format(tmp_path))


@pytest.mark.parametrize(
    "arguments", ["lists", "ls {}", "show {} 1", "why {} 1", "add {} New", "done {} 1", "doctor"]
)
def test_command_that_prints_text_brings_no_textual(arguments: str, tmp_path: Path) -> None:
    native.write_list(tmp_path, "colony:forge", native.record(1))
    said = f"{arguments} --root {tmp_path}".replace("{}", "colony:forge")
    assert "textual" not in loaded_by_command(said)


def test_model_does_no_input_or_output() -> None:
    """Beyond the contract: the model imports only pure parts of the library and opens nothing."""
    pure = {"__future__", "bisect", "collections", "dataclasses", "enum", "functools", "heapq"}
    pure |= {"itertools", "json", "math", "operator", "re", "string", "types", "typing"}
    pure |= {"difflib", "unicodedata", "store"}
    for path in sorted((HERE / "store" / "model").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("open", "print", "input", "exec"), path
            assert {name.partition(".")[0] for name in names} <= pure, path
