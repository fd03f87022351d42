"""Several real processes at one list: ids stay unique, nothing is lost, one wins each claim."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store.systems.hive.adapter import HiveSystem
from tests.contract import native
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

LIST = "colony:forge"
HERE = Path(__file__).parents[2]


@contextmanager
def contenders(
    root: Path, roles: Sequence[tuple[str, str, int]]
) -> Iterator[list[subprocess.Popen[str]]]:
    """Start one process per `(role, name, count)`; all are ready before any starts its work."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.contract.contender", role, root, LIST, name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )
        for role, name, count in roles
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def compete(root: Path, roles: Sequence[tuple[str, str, int]]) -> dict[str, dict[str, Any]]:
    """Run them all at once; what each says at its end, by name."""
    said: dict[str, dict[str, Any]] = {}
    with contenders(root, roles) as processes:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process, (_, name, _) in zip(processes, roles, strict=True):
            out, errors = process.communicate(timeout=3 * PATIENCE_S)
            assert process.returncode == 0, errors
            said[name] = json.loads(out)
    return said


def test_creators_in_four_processes_never_share_an_id(hive_root: Path) -> None:
    said = compete(hive_root, [("create", f"p{n}", 40) for n in range(4)])
    ids = [number for result in said.values() for number in result["ids"]]
    assert sorted(ids) == list(range(1, len(ids) + 1))
    for name, result in said.items():
        owners = {native.read_record(hive_root, LIST, n)["owner"] for n in result["ids"]}
        assert owners == {name}
    mark = native.list_directory(hive_root, LIST) / ".highwatermark"
    assert mark.read_text() == str(len(ids))


def test_updaters_in_four_processes_lose_no_update(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    compete(hive_root, [("update", f"p{n}", 50) for n in range(4)])
    metadata = native.read_record(hive_root, LIST, 1)["metadata"]
    assert metadata == {f"p{n}-{i}": i for n in range(4) for i in range(50)}


def test_claimers_in_four_processes_have_one_winner_per_task(
    hive_root: Path,
) -> None:
    count = 60
    native.write_list(hive_root, LIST, *[native.record(n) for n in range(1, count + 1)])
    said = compete(hive_root, [("claim", f"p{n}", count) for n in range(4)])
    winners = Counter(number for result in said.values() for number in result["won"])
    assert winners == Counter(range(1, count + 1))
    for result in said.values():
        assert len(result["won"]) + len(result["lost"]) == count
        for number, why in result["lost"].items():
            assert (
                why == f"already_owned {native.read_record(hive_root, LIST, int(number))['owner']}"
            )


def test_edge_writers_in_three_processes_keep_both_sides_and_no_cycle(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in range(1, 8)])
    compete(hive_root, [("edges", "x" * n, 40) for n in (1, 2, 4)])
    found = {n: native.read_record(hive_root, LIST, n) for n in range(1, 8)}
    forward = {(n, m) for n, whole in found.items() for m in whole["blocks"]}
    backward = {(m, n) for n, whole in found.items() for m in whole["blocked_by"]}
    assert forward == backward
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    assert not system.load(key).graph.cycle_of


def test_naive_foreign_writer_beside_three_of_ours_loses_nothing_and_is_not_starved(
    hive_root: Path,
) -> None:
    native.write_list(hive_root, LIST, native.record(1, "Shared"))
    ours = [("create", "p0", 60), ("create", "p1", 60), ("update", "p2", 120)]
    said = compete(hive_root, [*ours, ("foreign", "naive", 25)])
    ids = [number for result in said.values() for number in result.get("ids", [])]
    assert len(ids) == len(set(ids))
    for name, result in said.items():
        for number in result.get("ids", []):
            assert native.read_record(hive_root, LIST, number)["owner"] == name
    metadata = native.read_record(hive_root, LIST, 1)["metadata"]
    assert metadata == {f"p2-{i}": i for i in range(120)} | {f"naive-{i}": i for i in range(25)}


def test_reader_beside_writers_sees_only_whole_records(hive_root: Path) -> None:
    """Every file that bears a task's name is complete at every moment, and none flickers out."""
    native.write_list(hive_root, LIST, *[native.record(n) for n in range(1, 4)])
    directory = native.list_directory(hive_root, LIST) / "tasks"
    stop = threading.Event()
    torn: list[str] = []
    reads = 0

    def watch() -> None:
        nonlocal reads
        while not stop.is_set():
            names = [path.name for path in directory.iterdir()]
            torn.extend(f"{n:04d}.json is gone" for n in (1, 2, 3) if f"{n:04d}.json" not in names)
            for name in names:
                if re.fullmatch(r"\d{4,}\.json", name):
                    try:
                        whole = json.loads((directory / name).read_bytes())
                        assert whole["id"] == int(name[:-5])
                    except (ValueError, KeyError, AssertionError, FileNotFoundError) as error:
                        torn.append(f"{name}: {error!r}")
                    reads += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        compete(hive_root, [("update", "p0", 60), ("update", "p1", 60), ("create", "p2", 30)])
    finally:
        stop.set()
        watcher.join(PATIENCE_S)
    assert torn == []
    assert reads > 0


def test_processes_with_batches_lose_no_edit_and_never_half_a_batch(hive_root: Path) -> None:
    counter = {"count": 0}
    native.write_list(
        hive_root, LIST, native.record(1, metadata=counter), native.record(2, metadata=counter)
    )
    said = compete(hive_root, [("batch", f"p{number}", 6) for number in range(3)])
    made = [task_id for one in said.values() for task_id in one["made"]]
    assert len(made) == len(set(made)) == 18
    one, two = (native.read_record(hive_root, LIST, number) for number in (1, 2))
    assert one["metadata"] == two["metadata"] == {"count": 18}
    assert sorted(one["blocks"]) == sorted(map(int, made)) == list(range(3, 21))
