"""The benchmarks themselves: honest statistics, an honest rival, and each one runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import lists
from tests.benchmarks.claims import NAMES
from tests.benchmarks.figures import (
    at_least,
    at_most,
    interleave,
    median,
    number,
    paired_ratio,
    quantile,
)
from tests.benchmarks.naive import NaiveStore, PatientStore
from tests.benchmarks.startup import EMPTY
from tests.benchmarks.terminal import HERE, Terminal
from tests.contract import native
from tests.patience import PATIENCE_S


def run(*arguments: str, timeout_s: float = 3 * PATIENCE_S) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_quantile_takes_the_nearest_rank() -> None:
    samples = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert (median(samples), quantile(samples, 0.99), quantile([7.0], 0.99)) == (3.0, 5.0, 7.0)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_number_keeps_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_aim_says_met_and_not_met() -> None:
    assert at_least(300).verdict(301).endswith("×  met")
    assert at_least(300).verdict(299).endswith("NOT MET")
    assert at_most(10, " ms").verdict(10).endswith("ms  met")


def test_paired_ratio_does_not_depend_on_slow_moments_that_hit_both() -> None:
    quiet = [3.0, 1.0, 3.0, 1.0, 6.0, 2.0]
    slow = [3.0, 1.0, 300.0, 100.0, 60.0, 20.0, 3.0, 1.0, 0.3, 0.1]
    assert paired_ratio(quiet) == pytest.approx(3.0)
    assert paired_ratio(slow) == pytest.approx(3.0)
    assert paired_ratio([1.0, 2.0] * 3) == pytest.approx(0.5)


def test_interleave_keeps_the_two_apart_whichever_ran_first() -> None:
    order: list[str] = []

    def one() -> float:
        order.append("one")
        return 1.0

    def two() -> float:
        order.append("two")
        return 2.0

    assert interleave(one, two, 3) == [1.0, 2.0] * 3
    assert order == ["one", "two", "two", "one", "one", "two"]


@pytest.mark.parametrize("kind", [NaiveStore, PatientStore])
def test_naive_store_writes_the_layout_and_never_reuses_an_id(
    tmp_path: Path, kind: type[NaiveStore]
) -> None:
    lists.populate(tmp_path, 20)
    store = kind(lists.directory_of(tmp_path))
    made = store.create("New")
    assert made.id == 21
    assert tuple(native.read_record(tmp_path, lists.LIST_ID, 21)) == native.RECORD_FIELDS
    assert store.delete(21)
    assert store.create("Newer").id == 22
    assert not store.claim(2, "ann")
    assert store.claim(1, "ann")
    assert not store.claim(1, "bob")
    assert store.delete(1)
    assert store.claim(2, "ann")
    assert [record.id for record in store.list()] == [*range(2, 21), 22]


def test_populated_list_is_whole_and_symmetric(tmp_path: Path) -> None:
    lists.populate(tmp_path, 40)
    files = sorted((lists.directory_of(tmp_path) / "tasks").iterdir())
    found = {whole["id"]: whole for whole in (json.loads(f.read_bytes()) for f in files)}
    forward = {(n, m) for n, whole in found.items() for m in whole["blocks"]}
    assert forward == {(m, n) for n, whole in found.items() for m in whole["blocked_by"]}
    assert forward
    assert list(found) == list(range(1, 41))


@pytest.mark.pty
def test_terminal_notes_when_bytes_came() -> None:
    with Terminal([sys.executable, "-c", "print('first'); input(); print('second')"]) as terminal:
        first = terminal.wait_for(b"first")
        terminal.write(b"\n")
        assert terminal.wait_for(b"second", terminal.place_after(b"first")) > first
        with pytest.raises(TimeoutError, match="never"):
            terminal.wait_for(b"never", timeout_s=0.2)


@pytest.mark.pty
def test_empty_app_paints_and_stops() -> None:
    with Terminal(EMPTY) as terminal:
        assert terminal.wait_for(b"EMPTY-APP") > terminal.started
    assert terminal.process.returncode is not None


@pytest.mark.processes
def test_store_benchmark_prints_each_operation_warm_and_cold() -> None:
    out = run("store", "--tasks", "100", "--runs", "3")
    rows = [line.split() for line in out.splitlines() if line.split()[1:2] == ["100"]]
    names = ("create", "update", "claim", "delete", "list")
    ways = ("warm", "cold", "async", "no")
    assert [(row[0], row[2]) for row in rows] == [(name, way) for name in names for way in ways]
    assert all(row[-1].endswith("×") for row in rows)
    assert "cores" in out.splitlines()[0]


@pytest.mark.processes
def test_claims_benchmark_prints_each_store() -> None:
    out = run("claims", "--quick", "--runs", "1")
    names = [line[: len("naive, blocking flock")].strip() for line in out.splitlines()[-5:]]
    assert names == list(NAMES.values())


def test_unknown_benchmark_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "speed"],
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert "speed" in done.stderr
