"""A colony with three tasks: 1 holds 2, 3 is free."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract import native
from tests.journal.colony import Colony


@pytest.fixture
def colony(tmp_path: Path) -> Colony:
    made = Colony(tmp_path)
    made.write(
        native.record(1, "Crawl targets", owner="ann", status="in_progress", blocks=[2]),
        native.record(2, "Build the index", blocked_by=[1]),
        native.record(3, "Fetch logos"),
    )
    return made
