"""What every test gets: a home of its own, and hypothesis without a clock or a lottery."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from store import TaskStore

for _name in [name for name in os.environ if name.startswith("TEXTUAL")]:
    del os.environ[_name]  # Textual reads them when it is imported: themes, frames, animations

_OWN_PLACES = (
    "BLACKBOARD_ROOT",
    "CLAUDE_CONFIG_DIR",
    "CLAWTEAM_DATA_DIR",
    "HIVE_HOME",
    "HIVE_TASK_LIST_ID",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
)

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "search", deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the lists, settings or state of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in _OWN_PLACES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hive_root(tmp_path: Path) -> Path:
    """Where a root would be. It is not there yet: the first write makes it."""
    return tmp_path / "hive"


@pytest.fixture
def tasks(hive_root: Path) -> TaskStore:
    """A store over a root of this test's own."""
    from store import TaskStore  # here, so that tests of the model alone do not load it

    return TaskStore(hive_root=hive_root)
