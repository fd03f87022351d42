"""Histories of real processes at one list, each judged by the search of `linearizability`.

Run as a program it is one of these processes: it reads jobs from stdin, a JSON object a line, and
answers each with the calls that it made.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.model.errors import StaleEdit
from store.systems.hive.claims import ClaimAlreadyOwned, ClaimNotFound, ClaimResult, plan_claim
from store.systems.hive.native import NativeStore
from store.systems.hive.opened import open_list
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.linearizability import Call, Row, State, is_linearizable, overlapping, reduced

PROCESSES = 4
CALLS = 6
TASKS = 3
COUNTS = {Effort.FAST: 150, Effort.LONG: 1200}

_HERE = Path(__file__).parents[2]
_LIST = "colony:history"
_HEAD_START_NS = 2_000_000
_STATUSES = ("pending", "in_progress", "completed")
_NAMES = ("claim", "claim", "claim", "release", "release", "transition", "create", "read")


def run(effort: Effort, seed: int = 4) -> Figure:
    """Record histories of claim, release, transition, create and read, and judge each."""
    violations: list[str] = []
    pairs = calls = 0
    for number, history in enumerate(recorded(COUNTS[effort], seed)):
        calls += len(history)
        pairs += overlapping(history)
        violations += judged(f"history {seed}-{number}", history)
    detail = {"calls": calls, "overlapping pairs": pairs}
    return Figure("linearizability", COUNTS[effort], "histories", violations, detail=detail)


def judged(name: str, history: list[Call]) -> list[str]:
    """What is wrong with a history: the shortest part of it that cannot be explained."""
    if is_linearizable(history, first_state()):
        return []
    kept = reduced(history, first_state())
    return [f"{name} is not linearizable: " + "; ".join(map(str, kept))]


def first_state() -> State:
    return State((Row(None, "pending"),) * TASKS)


def recorded(count: int, seed: int, *, unlocked: bool = False) -> Iterator[list[Call]]:
    """Histories, each of a fresh list.

    Args:
        count: how many.
        seed: of what the processes do; when they do it is up to the machine.
        unlocked: claim without the lock, to see whether that is found.
    """
    with scratch("histories") as root, _workers() as workers:
        for number in range(count):
            place = root / str(number)
            NativeStore(place).create_tasks_batch(_LIST, [{"subject": "one of some"}] * TASKS)
            yield _record(workers, place, seed * 1_000_003 + number, unlocked)


def _record(
    workers: list[subprocess.Popen[str]], root: Path, seed: int, unlocked: bool
) -> list[Call]:
    start = time.monotonic_ns() + _HEAD_START_NS
    for process, worker in enumerate(workers):
        job = {"root": str(root), "seed": seed, "process": process, "start": start}
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(job | {"unlocked": unlocked}) + "\n")
        worker.stdin.flush()
    history: list[Call] = []
    for process, worker in enumerate(workers):
        assert worker.stdout is not None
        line = worker.stdout.readline()
        if not line:
            raise RuntimeError(f"process {process} ended with {worker.wait()}")
        for name, arguments, started, ended, answer in json.loads(line):
            moments = started - start, ended - start
            history.append(Call(process, name, tuple(arguments), *moments, tuple(answer)))
    return history


@contextmanager
def _workers() -> Iterator[list[subprocess.Popen[str]]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.histories"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_HERE,
        )
        for _ in range(PROCESSES)
    ]
    try:
        yield started
    finally:
        for worker in started:
            worker.communicate()


# one of the processes


def _work() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        sys.stdout.write(json.dumps(_made(job)) + "\n")
        sys.stdout.flush()


def _made(job: dict[str, Any]) -> list[tuple[Any, ...]]:
    chance = random.Random(f"{job['seed']} {job['process']}")
    store = NativeStore(Path(job["root"]), lock_timeout_s=60.0)
    name = f"agent {job['process']}"
    made = []
    while time.monotonic_ns() < job["start"]:
        os.sched_yield()
    for _ in range(CALLS):
        call, arguments = _drawn(chance, name)
        started = time.monotonic_ns()
        answer = _answer(store, call, arguments, unlocked=job["unlocked"])
        made.append((call, arguments, started, time.monotonic_ns(), answer))
    return made


def _drawn(chance: random.Random, name: str) -> tuple[str, tuple[Any, ...]]:
    call = chance.choice(_NAMES)
    task_id = chance.randint(1, TASKS)
    if call in ("claim", "release"):
        return call, (task_id, name)
    if call == "transition":
        return call, (task_id, *chance.sample(_STATUSES, 2))
    return call, () if call == "create" else (task_id,)


def _answer(
    store: NativeStore, call: str, arguments: tuple[Any, ...], *, unlocked: bool
) -> tuple[Any, ...]:
    try:
        if call == "claim":
            claim = unlocked_claim if unlocked else NativeStore.claim_task
            claimed = claim(store, _LIST, *arguments)
            owner = (claimed.by,) if isinstance(claimed, ClaimAlreadyOwned) else ()
            return claimed.kind, *owner
        if call == "release":
            released = store.release_task(_LIST, *arguments)
            return ("not_found",) if released is None else ("ok",)
        if call == "transition":
            task_id, expected, status = arguments
            updated = store.update_task(
                _LIST, task_id, status=status, expected={"status": expected}
            )
            return ("not_found",) if updated.record is None else ("ok",)
        if call == "create":
            return "made", store.create_task(_LIST, "made meanwhile").id
        found = store.get_task(_LIST, *arguments)
        return ("not_found",) if found is None else ("row", found.owner, str(found.status))
    except StaleEdit as error:
        return "stale", next(iter(error.actual.values()))


def unlocked_claim(store: NativeStore, list_id: str, task_id: int, claimant: str) -> ClaimResult:
    """A claim as it would be without the lock: looked at, then written, whatever came between."""
    with open_list(store.root, list_id, ("colonies", "history", "tasks")) as opened:
        if opened is None:
            return ClaimNotFound()
        planned = plan_claim(opened, task_id, claimant)
        os.sched_yield()
        for write in planned.writes:
            if write.content is not None:
                _write_beside_the_store(Path(write.directory.path_of(write.name)), write.content)
        return planned.result


def _write_beside_the_store(path: Path, content: bytes) -> None:
    """By a name of its own: who holds the lock clears the store's temporaries away."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


if __name__ == "__main__":
    _work()
