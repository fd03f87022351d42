"""Whether the port is the only way to the disk, and whether its injected errors are honest.

The kernel's own view, by strace: a workload changes nothing below the root that the recorder did
not write down, nor the other way round; and an `fsync` that the kernel makes fail has the same end
as one that the port makes fail. Run as a program, this is the workload.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from store.model.errors import ColonytopError
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.port import Recorder, When, counting, fail, inject, kill_self, swapped
from tests.faults.sample_list import LIST, OPERATIONS, contents, make_sample
from tests.faults.strace_lines import TRACED, Change, changes_of

HONEST = {Effort.FAST: ("link",), Effort.LONG: tuple(OPERATIONS)}

_HERE = Path(__file__).parents[2]
_PROBE = ("-e", "trace=fsync", "true")


def run(effort: Effort) -> Figure:
    """Trace the workload, and some single operations with a failing `fsync`."""
    reason = why_not()
    if reason is not None:
        return Figure("port_traced", 0, "system calls", not_run=reason)
    violations: list[str] = []
    with scratch("traced") as place:
        root, traced, recorded = place / "root", place / "traced", place / "recorded"
        crashed = _start([], "crash", root)
        if crashed.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the crash to recover from did not happen: {crashed.stderr}")
        there = {str(path.relative_to(root)) for path in root.rglob("*")}
        options = ["strace", "-f", "-y", "-o", str(traced), "-e", f"trace={TRACED}"]
        _checked(_start(options, "work", root, recorded))
        seen = changes_of(traced.read_text().splitlines(), root)
        noted = [Change(*row) for row in json.loads(recorded.read_text())]
        violations += differences(seen, noted, there)
        samples = 0
        for operation in HONEST[effort]:
            tried, wrong = _honest(place, operation)
            samples += tried
            violations += wrong
    detail = {"recorded": len(noted), "honest": samples}
    return Figure("port_traced", len(seen), "system calls", violations, detail=detail)


def why_not() -> str | None:
    """Why nothing can be traced here."""
    strace = shutil.which("strace")
    if strace is None:
        return "there is no strace"
    done = subprocess.run([strace, *_PROBE], capture_output=True, text=True, check=False)
    if done.returncode:
        return "strace may not trace here: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    return None


def differences(seen: list[Change], noted: list[Change], there: Collection[str]) -> list[str]:
    """Changes that only the kernel saw, and changes that only the recorder tells of.

    Args:
        seen: by the kernel, which cannot tell an open that made a file from one that did not.
        noted: by the recorder.
        there: paths below the root that were there before.
    """
    kernel, port = Counter(seen), Counter(noted)
    for change in [change for change in kernel if change.kind == "open or create"]:
        created = Change("create", change.path)
        if port[created] or change.path in there:
            kernel[created] += min(port[created], kernel[change])
            del kernel[change]
    unseen = [f"the port did not record {change}" for change in (kernel - port).elements()]
    return unseen + [f"the kernel did not see {change}" for change in (port - kernel).elements()]


def _honest(place: Path, operation: str) -> tuple[int, list[str]]:
    """Let the kernel and the port fail each `fsync` of one operation in turn."""
    with counting(("fsync",)) as injection:
        OPERATIONS[operation](make_sample(place / f"count {operation}"))
    with counting(("fsync",)) as before:
        make_sample(place / f"before {operation}")
    first, last = len(before.calls) + 1, len(injection.calls)
    wrong = []
    for number in range(1, last - first + 2):
        kernel_root = place / f"kernel {operation} {number}"
        port_root = place / f"port {operation} {number}"
        make_sample(kernel_root)
        make_sample(port_root)
        option = f"inject=fsync:error=EIO:when={number}"
        options = ["strace", "-f", "-o", os.devnull, "-e", "trace=fsync", "-e", option]
        told = json.loads(_checked(_start(options, "operate", kernel_root, operation)))
        store = NativeStore(port_root)
        with inject(number, When.BEFORE, fail(errno.EIO), kinds=("fsync",)):
            mine = _outcome(store, operation)
        if told != mine:
            wrong.append(f"{operation}, fsync {number}: by the kernel {told}, by the port {mine}")
    return last - first + 1, wrong


def _start(wrapper: list[str], part: str, *told: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.faults.port_traced", part, *map(str, told)]
    return subprocess.run(
        [*wrapper, *command], capture_output=True, text=True, cwd=_HERE, check=False
    )


def _checked(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        raise RuntimeError(f"the workload failed:\n{done.stderr[-2000:]}")
    return done.stdout


# what is traced


class _Noting(Recorder):
    """The recorder, and changes of mode, which it leaves out."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.modes = 0

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        self.modes += kind == "fchmod"
        return super().call(kind, real, args, named)

    def changes(self) -> list[Change]:
        pathless = ("write", "sync")
        found = [Change("fchmod")] * self.modes
        for step in self.recording.steps:
            path = "" if step.kind in pathless else step.path
            found.append(Change(step.kind, "" if step.kind == "link" else path, step.target))
        return found


def crash(root: str) -> None:
    """Die in the middle of a delete."""
    store = make_sample(Path(root))
    with counting() as injection:
        make_sample(Path(f"{root} to count")).delete_task(LIST, 1)
    with counting() as before:
        make_sample(Path(f"{root} to compare"))
    calls = len(injection.calls) - len(before.calls)
    with inject(calls * 3 // 4, When.AFTER, kill_self):
        store.delete_task(LIST, 1)


def work(root: str, recorded: str) -> None:
    """Recover from the crash, and make every operation."""
    port = _Noting(Path(root))
    with swapped(port):
        store = NativeStore(Path(root))
        for _ in range(4):
            store.create_task(LIST, "after the crash")
        for operation in OPERATIONS.values():
            try:
                operation(store)
            except ColonytopError:
                continue  # the crash took away what it needs
        make_sample(Path(root) / "below")
    rows = [tuple(change) for change in port.changes()]
    Path(recorded).write_text(json.dumps(rows))


def operate(root: str, operation: str) -> None:
    """One operation, which is made to fail from outside."""
    sys.stdout.write(json.dumps(_outcome(NativeStore(Path(root)), operation)))


def _outcome(store: NativeStore, operation: str) -> list[str]:
    said = "success"
    try:
        OPERATIONS[operation](store)
    except ColonytopError as error:
        said = error.kind
    return [said, str(contents(store.root))]


if __name__ == "__main__":
    parts: dict[str, Callable[..., None]] = {"crash": crash, "work": work, "operate": operate}
    parts[sys.argv[1]](*sys.argv[2:])
