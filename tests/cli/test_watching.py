"""`watch`: one line per change, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store.model.snapshot import Change, ChangeKind
from store.model.task import ListKey, TaskId, TaskListId
from tests.cli.conftest import Colony, record
from tests.patience import PATIENCE_S
from tui.cli.watching import sentence

pytestmark = pytest.mark.processes

KEY = ListKey("hive", "/root", TaskListId("colony:alpha"))


@contextmanager
def _watching(colony: Colony, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A real `watch` that has looked once; killed at the end if it still runs."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "tui.cli", "watch", *words, "--root", str(colony.root)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        try:
            assert process.stderr.readline().startswith("watching ")
            yield process
        finally:
            process.kill()


def _change(process: subprocess.Popen[str], field: str | None) -> dict[str, Any]:
    """The next change of that field; None is a task or list that came or went."""
    assert process.stdout is not None
    while True:
        found = json.loads(process.stdout.readline())
        assert isinstance(found, dict)
        if found["field"] == field:
            return found


def test_watch_json_prints_one_line_per_change(alpha: Colony) -> None:
    with _watching(alpha, "--json") as process:
        assert alpha.call("assign", "alpha", "2", "dee").code == 0
        change = _change(process, "owner")
        assert list(change) == ["list", "id", "field", "old", "new", "time", "kind"]
        assert change["time"] == alpha.stored("colony:alpha", 2)["updated_at"]
        change.pop("time")
        assert change == {
            "list": "colony:alpha",
            "id": 2,
            "field": "owner",
            "old": None,
            "new": "dee",
            "kind": "changed",
        }
        assert alpha.call("block", "alpha", "2", "--by", "5").code == 0
        edge = _change(process, "blocked_by")
        assert (edge["id"], edge["old"], edge["new"]) == (2, [1], [1, 5])
        assert alpha.call("add", "alpha", "New work").code == 0
        created = _change(process, None)
        assert (created["id"], created["kind"], created["new"]) == (6, "created", "New work")
        assert alpha.call("rm", "alpha", "6").code == 0
        gone = _change(process, None)
        assert (gone["id"], gone["kind"], gone["old"]) == (6, "vanished", "New work")


def test_watch_of_one_list_is_silent_about_others(alpha: Colony) -> None:
    alpha.write("colony:beta", record(1))
    with _watching(alpha, "beta", "--json") as process:
        assert alpha.call("assign", "alpha", "2", "dee").code == 0
        assert alpha.call("assign", "beta", "1", "bo").code == 0
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["list"], first["new"]) == ("colony:beta", "bo")


def test_watch_waits_for_a_list_that_is_not_there_yet(alpha: Colony) -> None:
    with _watching(alpha, "colony:beta", "--json") as process:
        alpha.write("colony:beta", record(1, "First"))
        appeared = _change(process, None)
        assert (appeared["kind"], appeared["list"]) == ("list_appeared", "colony:beta")


def test_watch_plain_prints_a_safe_sentence(alpha: Colony) -> None:
    with _watching(alpha, "--plain") as process:
        assert alpha.call("assign", "alpha", "2", "\x1b[31mdee").code == 0
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "colony:alpha #2 Crawl targets: owner nobody → " in line
        assert "dee" in line
        assert "\x1b" not in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_cleanly_on_a_signal(alpha: Colony, number: signal.Signals) -> None:
    with _watching(alpha, "--json") as process:
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_watch_ends_cleanly_when_its_reader_leaves(alpha: Colony) -> None:
    with _watching(alpha, "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert alpha.call("assign", "alpha", "2", "dee").code == 0
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("kind", "field", "old", "new", "said"),
    [
        (ChangeKind.CHANGED, "status", "pending", "completed", "status pending → completed"),
        (ChangeKind.CHANGED, "owner", "ann", None, "owner ann → nobody"),
        (ChangeKind.CHANGED, "blocked_by", ("1", "2"), ("2", "3"), "blocked by +#3 -#1"),
        (ChangeKind.CHANGED, "blocked_by", ("1", "2"), ("2", "1"), "blocked by reordered"),
        (ChangeKind.CHANGED, "active_form", None, "Doing", "active form none → Doing"),
        (ChangeKind.CHANGED, "metadata", {"a": 1, "b": 2}, {"a": 5}, "metadata a 5, b removed"),
        (ChangeKind.CHANGED, "description", "x", "y", "description changed"),
        (ChangeKind.CREATED, None, None, "Crawl", "created"),
        (ChangeKind.VANISHED, None, "Crawl", None, "no longer there"),
        (ChangeKind.UNREADABLE, None, "Crawl", "empty file", "cannot be read: empty file"),
    ],
)
def test_sentence_says_what_changed(
    kind: ChangeKind, field: str | None, old: object, new: object, said: str
) -> None:
    change = Change(kind, KEY, TaskId("7"), field, old, new, 0.0, "ann", "Crawl")
    assert sentence(change) == f"colony:alpha #7 Crawl: {said}"


def test_sentence_of_a_list() -> None:
    appeared = Change(ChangeKind.LIST_APPEARED, KEY, None, None, None, "alpha", 0.0)
    assert sentence(appeared) == "list colony:alpha appeared"
    vanished = Change(ChangeKind.LIST_VANISHED, KEY, None, None, "alpha", None, 0.0)
    assert sentence(vanished) == "list colony:alpha vanished"
