"""Real limits instead of injected ones: a full disk, a read-only one, no descriptors left.

The full disk is a file system of 1 MiB in memory, mounted in a mount namespace of its own, so no
privileges are needed where user namespaces are allowed. Run as a program, this is what runs there.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

from store.files.closing import settle
from store.files.spare import SPARE_NAME
from store.model.errors import ColonytopError, StorageFailure
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.invariants import read_tree, write_tree
from tests.faults.kills import survives
from tests.faults.port import When, inject, kill_self
from tests.faults.sample_list import (
    LIST,
    OPERATIONS,
    Contents,
    contents,
    make_sample,
    open_descriptors,
    wrong_shape,
)

_HERE = Path(__file__).parents[2]
_NOBODY = 65534
_COMMITTED = "committed_pending"
_MOUNT = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
_SPARE_DESCRIPTORS = range(12)
_BALLAST = 1 << 16
"""Bytes that are given back in the end."""

_FILE_SIZES = (0, 20, 100, 200, 250)

Tally = dict[str, int]


def run(effort: Effort) -> Figure:
    """Every operation at each limit."""
    violations: list[str] = []
    detail: Tally = {"refused": 0, "succeeded": 0, "killed": 0}
    missing: list[str] = []
    with scratch("full-disk") as place:
        for part in ("limits", "read-only", "full"):
            directory = place / part
            directory.mkdir()
            done = _elsewhere(part, directory, effort)
            if "Traceback" in done.stderr:
                raise RuntimeError(f"{part}: {done.stderr}")
            if done.returncode:
                missing.append(f"{part}: {done.stderr.strip().splitlines()[-1:]}")
                continue
            found = json.loads(done.stdout)
            violations += [f"{part}: {wrong}" for wrong in found.pop("violations")]
            for name, number in found.items():
                detail[name] = detail.get(name, 0) + number
    not_run = "; ".join(missing) or None
    return Figure("full_disk", sum(detail.values()), "operations", violations, not_run, detail)


def _elsewhere(part: str, directory: Path, effort: Effort) -> subprocess.CompletedProcess[str]:
    """Run a part in a process of its own, in a mount of its own if it needs one."""
    command = [sys.executable, "-m", "tests.faults.full_disk", part, str(directory), effort.value]
    if part == "full":
        unshare = shutil.which("unshare") or "unshare"
        command = [unshare, "-rm", "sh", "-c", _MOUNT, "mount", str(directory), *command]
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=_HERE, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


class Judge:
    """Tries operations and keeps what was wrong about them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.violations: list[str] = []
        self.tally: Tally = {"refused": 0, "succeeded": 0, "killed": 0}

    def try_operation(self, name: str, store: NativeStore, said: str) -> ColonytopError | None:
        """One operation: a clear error and the list as before, or success."""
        before, opened = contents(self.root), open_descriptors()
        error = None
        try:
            OPERATIONS[name](store)
            self.tally["succeeded"] += 1
        except ColonytopError as caught:
            error = caught
            self.tally["refused"] += 1
            if caught.kind != _COMMITTED and contents(self.root) != before:
                self.violations.append(f"{name}: {caught}, yet the list changed")
            if isinstance(caught, StorageFailure) and said not in str(caught).lower():
                self.violations.append(f"{name}: {caught!s:.200} does not say {said!r}")
        except Exception as caught:
            self.violations.append(f"{name}: untyped {caught!r}")
        if open_descriptors() != opened:
            self.violations.append(f"{name}: descriptors stay open")
        return error


# what runs elsewhere


def full(directory: Path, effort: Effort) -> Judge:
    """Fill the disk with tasks, then to the last byte: reading and deleting go on."""
    judge = Judge(directory / "root")
    store = make_sample(judge.root)
    ballast = directory / "ballast"
    ballast.write_bytes(bytes(_BALLAST))
    made = _fill_with_tasks(judge, store)
    _fill_up(directory)
    for name in OPERATIONS:
        if name not in ("delete", "reset"):
            judge.try_operation(name, NativeStore(judge.root), "free some space")
    _delete_and_die(judge)
    _delete(judge, store, [3])  # it has edges, and there is room set aside
    (judge.root / SPARE_NAME).unlink(missing_ok=True)
    _fill_up(directory)
    before = contents(judge.root)
    with suppress(StorageFailure):
        store.delete_task(LIST, 1)
        judge.violations.append("what has edges was deleted without any room")
    if contents(judge.root) != before:
        judge.violations.append("a delete that was refused changed the list")
    _delete(judge, store, made[:: -max(len(made) // 20, 1)])  # these have no edges
    _delete(judge, store, [4, 1])  # and made some room
    ballast.unlink()
    for name in ("create", "batch", "status", "claim", "reset"):
        refused = judge.try_operation(name, store, "")
        if isinstance(refused, StorageFailure):
            judge.violations.append(f"{name} once there is space again: {refused}")
    judge.violations += wrong_shape(judge.root)
    return judge


def _fill_up(directory: Path) -> None:
    settle()  # a replaced file that is let go beside the call would make room again afterwards
    with (directory / "filler").open("ab", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 512):
            pass


def _delete(judge: Judge, store: NativeStore, task_ids: Sequence[int]) -> None:
    for task_id in task_ids:
        try:
            store.delete_task(LIST, task_id)
            judge.tally["succeeded"] += 1
        except ColonytopError as error:
            judge.violations.append(f"delete of #{task_id} on a full disk: {error}")
    left = contents(judge.root).rows
    judge.violations += [
        f"#{task_id} was deleted and is there" for task_id in task_ids if task_id in left
    ]


def _delete_and_die(judge: Judge) -> None:
    """A delete with edges that is killed at any of its calls is there wholly or not at all."""
    tree, before = read_tree(judge.root), contents(judge.root)
    seen: list[Contents] = []
    for number in count(1):
        has_ended = survives(partial(_die_deleting, judge.root, number))
        seen.append(contents(judge.root))
        shutil.rmtree(judge.root)
        write_tree(judge.root, tree)
        judge.tally["succeeded" if has_ended else "killed"] += 1
        if has_ended:
            break
    after = seen[-1]
    if 1 in after.rows or before not in seen or after not in seen[:-1]:
        judge.violations.append(f"killed deletes never showed both {before} and {after}")
    judge.violations += [
        f"a killed delete left {one}" for one in seen if one not in (before, after)
    ]


def _die_deleting(root: Path, number: int) -> None:
    with inject(number, When.AFTER, kill_self):
        NativeStore(root).delete_task(LIST, 1)


def _fill_with_tasks(judge: Judge, store: NativeStore) -> list[int]:
    made: list[int] = []
    while len(made) < 1000:
        try:
            made.append(store.create_task(LIST, "one more", description="x" * 2000).id)
            judge.tally["succeeded"] += 1
        except StorageFailure as error:
            judge.tally["refused"] += 1
            if "free some space" not in str(error):
                judge.violations.append(f"a full disk is called {error}")
            break
    there = contents(judge.root).rows
    if len(made) >= 1000 or len(made) < 20 or any(task_id not in there for task_id in made):
        judge.violations.append(f"made {len(made)} tasks, {len(there)} are there")
    return made


def read_only(directory: Path, effort: Effort) -> Judge:
    """A list that may only be read: it is read, and nothing is changed or made."""
    judge = Judge(directory / "root")
    make_sample(judge.root)
    places = [path for path in judge.root.rglob("*") if path.is_dir()]
    for place in [judge.root, *places]:
        place.chmod(0o555)
    for path in (path for path in judge.root.rglob("*") if path.is_file()):
        path.chmod(0o444)
    for parent in (directory, directory.parent):
        parent.chmod(0o755)
    _become_nobody()
    before = sorted(judge.root.rglob("*"))
    for name in OPERATIONS:
        if judge.try_operation(name, NativeStore(judge.root), "") is None:
            judge.violations.append(f"{name}: a list that may only be read was changed")
    if not 0 < _shown(judge.root) == len(contents(judge.root).rows):
        judge.violations.append("reading does not work")
    if sorted(judge.root.rglob("*")) != before:
        judge.violations.append("something was made by looking")
    return judge


def _become_nobody() -> None:
    """To root nothing is read-only."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def _shown(root: Path) -> int:
    system = HiveSystem()
    (key,) = system.discover(root)
    return len(system.load(key).tasks)


def limits(directory: Path, effort: Effort) -> Judge:
    """Too few descriptors, and a limit on the size of files."""
    judge = Judge(directory / "root")
    _at_each_limit(
        judge, "too many open files", _SPARE_DESCRIPTORS, resource.RLIMIT_NOFILE, open_descriptors
    )
    _at_each_limit(judge, "", _FILE_SIZES, resource.RLIMIT_FSIZE, lambda: 0)
    return judge


def _at_each_limit(
    judge: Judge, said: str, above: range | tuple[int, ...], kind: int, base: Callable[[], int]
) -> None:
    for name in OPERATIONS:
        for more in above:
            shutil.rmtree(judge.root, ignore_errors=True)
            store = make_sample(judge.root)
            before = contents(judge.root)
            with _limited(kind, base() + more):
                error = _outcome(name, store)
            after = contents(judge.root)
            judge.tally["refused" if error else "succeeded"] += 1
            refused = error is not None and getattr(error, "kind", "") != _COMMITTED
            if error is not None and not isinstance(error, ColonytopError):
                judge.violations.append(f"{name} with {more}: untyped {error!r}")
            if refused and (after != before or said not in str(error).lower()):
                judge.violations.append(f"{name} with {more}: {error!r}, {before} → {after}")
            if not refused and after == before:
                judge.violations.append(f"{name} with {more}: nothing happened")
            store.create_task(LIST, "next")
            judge.violations += wrong_shape(judge.root)


def _outcome(name: str, store: NativeStore) -> Exception | None:
    try:
        OPERATIONS[name](store)
    except Exception as error:
        return error
    return None


@contextmanager
def _limited(kind: int, soft: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


PARTS = {"full": full, "read-only": read_only, "limits": limits}


def main() -> None:
    part, directory, effort = sys.argv[1:]
    judge = PARTS[part](Path(directory), Effort(effort))
    found = {**judge.tally, "violations": judge.violations[:50]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
