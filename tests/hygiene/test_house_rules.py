"""The house's rules that no linter knows: sizes, words, and what stands at the top."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
MAX_LINES = 300
MAX_FUNCTION_LINES = 50
BANNED_WORDS = re.compile(
    r"(?:^|_)(board|card|item|entity|entities|manager|helper|helpers|util|utils|data|info|handle)"
    r"(?:_|$)"
)
UNFINISHED = re.compile("TO" "DO|FIX" "ME|XX" "X|HA" "CK")  # fmt: skip
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "screenshots",
    "store",
    "tests",
    "tui",
}
REQUIRED = TOP_LEVEL - {"LICENSE"}


def tracked() -> list[str]:
    """Paths that are committed or about to be; the file system's where there is no repository."""
    done = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=HERE, check=False
    )
    if done.returncode == 0 and done.stdout:
        return [path for path in done.stdout.splitlines() if (HERE / path).exists()]
    return [str(p.relative_to(HERE)) for p in HERE.rglob("*") if p.is_file()]


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((HERE / package).rglob("*.py"))


def named(paths: Iterator[Path]) -> list[tuple[str, Path]]:
    return [(path.relative_to(HERE).as_posix(), path) for path in paths]


PRODUCT = named(modules("store", "tui"))
ALL = PRODUCT + named(modules("tests"))


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 10
    assert len(ALL) > len(PRODUCT)


@pytest.mark.parametrize("path", [p for _, p in PRODUCT], ids=[name for name, _ in PRODUCT])
def test_module_is_of_a_size_to_read_at_one_sitting(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= MAX_LINES, f"{len(lines)} lines"
    tree = ast.parse(path.read_text())
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_module_names_use_the_fields_words() -> None:
    stems = [name for name, path in ALL if BANNED_WORDS.search(path.stem)]
    assert stems == []


def test_names_defined_in_the_product_use_the_fields_words() -> None:
    found = []
    for name, path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()
                if BANNED_WORDS.search(snake) and node.name not in _GIVEN_NAMES:
                    found.append(f"{name}:{node.lineno} {node.name}")
    assert found == []


_GIVEN_NAMES = {
    "TaskListInfo",  # the model's own name for what is known of a list
    "handle_exit",  # asked for by Textual
    "handle_key",
    "handle_bindings_clash",
}


def test_nothing_says_that_it_is_unfinished() -> None:
    found = [
        f"{name}:{number}"
        for name, path in ALL
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_top_of_the_repository_holds_what_the_plan_names() -> None:
    top = {path.partition("/")[0] for path in tracked()}
    assert top <= TOP_LEVEL, f"unexpected: {sorted(top - TOP_LEVEL)}"
    assert top >= REQUIRED, f"missing: {sorted(REQUIRED - top)}"


def test_tracked_files_hold_no_debris() -> None:
    debris = re.compile(r"(\.pyc|\.tmp|\.orig|\.rej|\.swp|~|\.new\.svg)$|__pycache__|\.DS_Store")
    assert [path for path in tracked() if debris.search(path)] == []


def test_tests_are_not_empty_of_assertions() -> None:
    """A test function asserts, expects a raise, or hands over to a function that does."""
    silent = []
    for name, path in named(modules("tests")):
        if not path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith(
                "test_"
            ):
                body = ast.dump(node)
                if "Assert(" not in body and not re.search(
                    "raises|assert_|check|expect|until|compare", body
                ):
                    silent.append(f"{name}:{node.lineno} {node.name}")
    assert silent == []


def test_private_places_of_a_developer_are_not_named() -> None:
    """No absolute home path of whoever wrote a file."""
    place = re.compile(r"/(?:home|Users)/(?!x/)[a-z][a-z0-9_-]+/")
    kinds = (".py", ".md", ".toml", ".tcss", ".yml")
    texts = [p for p in tracked() if p.endswith(kinds) and not p.startswith("tests/")]
    found = [p for p in texts if place.search((HERE / p).read_text())]
    assert found == []
