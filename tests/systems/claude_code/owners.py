"""A running owner of a list, `node/owner.js` or `owner.py`, spoken to in lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S
from tests.systems.claude_code.node_parts import Missing, node_modules, start_node

HERE = Path(__file__).parents[3]


class Owner:
    """One owner's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self.answer()["ready"]

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Have one command done, and wait for what came of it."""
        self.tell(do, **fields)
        return self.answer()

    def tell(self, do: str, **fields: Any) -> None:
        """Have one command begun."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next answer.

        Raises:
            AssertionError: the process has ended.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the owner has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


Owning = Callable[[Path], AbstractContextManager[Owner]]
"""The directory of a list → its running owner, until the end of the block."""


@contextmanager
def node_owner(place: Path) -> Iterator[Owner]:
    """The owner with the real lock library."""
    with _running(place, start_node("owner.js", str(place))) as owner:
        yield owner


@contextmanager
def python_owner(place: Path) -> Iterator[Owner]:
    """The owner as Python."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.systems.claude_code.owner", str(place)],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with _running(place, process) as owner:
        yield owner


@contextmanager
def _running(place: Path, process: subprocess.Popen[str]) -> Iterator[Owner]:
    place.mkdir(parents=True, exist_ok=True)
    owner = Owner(process)
    try:
        yield owner
    finally:
        owner.end()


def best_owner() -> tuple[str, Owning]:
    """The one with the real library where that can be had, and what it is called."""
    try:
        node_modules()
    except Missing as error:
        return f"an owner in Python ({error})", python_owner
    return "an owner in Node with proper-lockfile", node_owner
