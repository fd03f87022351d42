"""Planted bugs: each is put into a copy of the source, and its harness must notice.

A harness that misses one is broken. This is how we know that the others can fail.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.bugs import BUGS, Bug
from tests.faults.figure import Effort, Figure, scratch

_HERE = Path(__file__).parents[2]
_AT_ONCE = 2
_PATIENCE_S = 900
_QUICK = ("kills", "ids", "clocks", "histories", "port-traced")
"""Harnesses that take seconds: their bugs are tried in the ordinary tests."""


def run(effort: Effort) -> Figure:
    """Plant every bug, whatever the effort: one that is missed is as bad in either."""
    return plant(BUGS)


def quick_bugs() -> list[Bug]:
    """Those whose harness is quick."""
    return [bug for bug in BUGS if bug.harness in _QUICK]


def plant(bugs: tuple[Bug, ...] | list[Bug]) -> Figure:
    """Try bugs two at a time; a violation is a bug that nobody noticed."""
    with scratch("planted") as place, ThreadPoolExecutor(_AT_ONCE) as pool:
        places = [place / str(number) for number in range(len(bugs))]
        missed = [text for text in pool.map(_missed, bugs, places) if text]
    return Figure("planted", len(bugs), "bugs", missed)


def _missed(bug: Bug, place: Path) -> str | None:
    """None if the bug's harness notices it, else what happened instead."""
    for part in ("store", "tui", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(_HERE / part, place / part, ignore=ignored)
    path = place / bug.file
    text = path.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        return f"{bug.name}: its place in {bug.file} is not there any more, or not alone"
    path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    try:
        return _unnoticed(bug, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unnoticed(bug: Bug, place: Path) -> str | None:
    imported = _python(place, "-c", "import store.systems.hive.native, tui.app, tui.terminal")
    if imported.returncode:
        return f"{bug.name}: the program does not even start: {imported.stderr[-300:]}"
    try:
        tried = _python(place, "-m", "tests.faults", bug.harness)
    except subprocess.TimeoutExpired:
        return None  # a harness that never ends has noticed, in its way
    if tried.returncode == 0:
        return f"{bug.name}: {bug.harness} does not notice"
    return None  # it found a violation, or could not go on at all: without the bug it does


def _python(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
