"""A running owner of a list: `node/owner.js`, spoken to in lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S
from tests.systems.claude_code.node_parts import start_node


class Owner:
    """Use as a context manager: ends the process."""

    def __init__(self, place: Path) -> None:
        """`place`: the list's directory, which has to be there."""
        self._process = start_node("owner.js", str(place))
        assert self.answer() == {"ready": True}

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


@contextmanager
def node_owner(place: Path) -> Iterator[Owner]:
    """The owner of the list in a directory, until the end of the block."""
    place.mkdir(parents=True, exist_ok=True)
    owner = Owner(place)
    try:
        yield owner
    finally:
        owner.end()
