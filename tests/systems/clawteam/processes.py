"""Starting owners and agents as processes of their own, which begin at a word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S
from tests.systems.clawteam.layout import TEAM

HERE = Path(__file__).parents[3]

Role = tuple[str, str, str, int]
"""Module (`owner` or `agent`), role, name, count."""


@contextmanager
def started(
    root: Path, roles: Sequence[Role], *, team: str = TEAM
) -> Iterator[list[subprocess.Popen[str]]]:
    """One process for each role, all ready to begin."""
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"tests.systems.clawteam.{module}",
                role,
                root,
                team,
                name,
                str(count),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )
        for module, role, name, count in roles
    ]
    try:
        for process in processes:
            expect(process, "ready")
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n", process.communicate()[1]


def say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def compete(root: Path, roles: Sequence[Role]) -> dict[str, dict[str, Any]]:
    """Run them all at once; what each says at its end, by name."""
    said: dict[str, dict[str, Any]] = {}
    with started(root, roles) as processes:
        for process in processes:
            say(process, "go")
        for process, (_, _, name, _) in zip(processes, roles, strict=True):
            out, errors = process.communicate(timeout=3 * PATIENCE_S)
            assert process.returncode == 0, errors
            said[name] = json.loads(out)
    return said
