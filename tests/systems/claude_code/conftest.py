"""A list of Claude Code under a root of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.systems.claude_code.a_list import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "claude")
