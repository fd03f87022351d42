"""A list with a change that is committed and broken off before its files are in place."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from store.model.errors import CommittedPending
from store.systems.hive.native import NativeStore

LIST = "colony:alpha"


def list_directory(root: Path) -> Path:
    return root / "colonies" / "alpha" / "tasks"


def task_file(root: Path, number: int) -> Path:
    return list_directory(root) / "tasks" / f"{number:04d}.json"


def make_list(root: Path, count: int) -> NativeStore:
    """Tasks 1 to `count`, without edges."""
    store = NativeStore(root)
    store.create_tasks_batch(LIST, [{"subject": f"task {n}"} for n in range(1, count + 1)])
    return store


def break_off(change: Callable[[], object], *, after: int) -> CommittedPending:
    """Make a change and fail once so many of its files are in place."""
    rename, count = os.rename, 0

    def called(source: Any, target: Any, **options: Any) -> None:
        nonlocal count
        if count > after:
            raise OSError(errno.EIO, "Input/output error")
        count += target == ".txn" or count > 0
        rename(source, target, **options)

    with mock.patch.object(os, "rename", called), pytest.raises(CommittedPending) as caught:
        change()
    return caught.value
