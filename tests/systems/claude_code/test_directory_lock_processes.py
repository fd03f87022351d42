"""The directory lock between processes, ours and those of the real proper-lockfile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from store.files.directory_lock import STALE_S, directory_lock
from store.files.fs import open_directory
from store.files.waiting import Patience
from store.model.errors import LockTimeout
from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S, wait_until
from tests.systems.claude_code.node_parts import need_node, start_node

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

HERE = Path(__file__).parents[3]


def start_python(*arguments: str) -> subprocess.Popen[str]:
    with no_signal_ignored():
        return subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )


def start_contender(kind: str, target: Path) -> subprocess.Popen[str]:
    if kind == "n":
        return start_node("contender.js", str(target))
    return start_python("-m", "tests.systems.claude_code.contender", str(target))


def tell(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


@contextmanager
def running(processes: Sequence[subprocess.Popen[str]]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait(PATIENCE_S)
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                with suppress(BrokenPipeError):
                    stream.close()


def finish(process: subprocess.Popen[str]) -> None:
    """Close its input, and wait until it has ended by itself."""
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE_S) == 0


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file with a counter beside it."""
    file = tmp_path / "list" / "1.json"
    file.parent.mkdir()
    file.write_text("{}")
    Path(f"{file}.count").write_text("0")
    return file


def lock_of(target: Path) -> Path:
    return target.with_name(target.name + ".lock")


def count(target: Path) -> int:
    return int(Path(f"{target}.count").read_text())


def is_fresh(target: Path) -> bool:
    return time.time() - lock_of(target).stat().st_mtime < STALE_S / 2


def age(lock: Path, seconds: float) -> None:
    """Make a lock as old as it would be after so long."""
    then = time.time() - seconds
    os.utime(lock, (then, then))


@pytest.mark.parametrize("kinds", ["np", "nnpp"])
def test_node_and_python_writers_together_lose_no_increment_and_never_meet(
    target: Path, kinds: str
) -> None:
    need_node()
    writers = [start_contender(kind, target) for kind in kinds]
    with running(writers):
        assert [hear(writer) for writer in writers] == ["ready"] * len(writers)
        for writer in writers:
            tell(writer, "turn 200 30 0")
        said = {hear(writer) for writer in writers for _ in range(200)}
    assert said == {"wrote"}
    assert count(target) == 200 * len(kinds)
    left = sorted(path.name for path in target.parent.iterdir())
    assert left == ["1.json", "1.json.count"]


@pytest.mark.parametrize("kinds", ["pp", "np", "pppp"])
def test_stale_lock_that_several_find_at_once_has_one_holder(target: Path, kinds: str) -> None:
    """Node's own way of taking over has gaps: one we have to notice before we write, in another
    it finds its directory gone, says so and holds nothing.
    """
    usual = {"wrote", "busy"}
    if "n" in kinds:
        need_node()
        usual |= {"lost", "failed ENOENT"}
    lock, written = lock_of(target), 0
    contenders = [start_contender(kind, target) for kind in kinds]
    with running(contenders):
        assert [hear(one) for one in contenders] == ["ready"] * len(contenders)
        for _ in range(60):
            lock.mkdir()
            age(lock, 2 * STALE_S)
            for contender in contenders:
                tell(contender, "turn 1 0 5")
            said = [hear(one) for one in contenders]
            assert set(said) <= usual
            written += said.count("wrote")
            assert count(target) == written, "two were inside at once"
            target.with_name(target.name + ".inside").unlink(missing_ok=True)
            if "n" in kinds:  # what Node gave up in the midst stays until it is stale
                with suppress(FileNotFoundError):
                    lock.rmdir()
            assert not lock.exists()
    assert written >= (60 if "n" not in kinds else 1)


_HOLDER = """
import select, sys
from pathlib import Path
from store.files import held_locks
from store.files.directory_lock import directory_lock
from store.files.fs import open_directory
from store.files.waiting import Patience
held_locks.BEAT_S, held_locks._LOOK_S = float(sys.argv[2]), float(sys.argv[2]) / 2
target = Path(sys.argv[1])
with open_directory(target.parent) as d, directory_lock(d, target.name, "x", Patience(60)) as held:
    print("held", flush=True)
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        pass  # a handler runs between two steps, not in one that began just before the signal
    print("ours" if held.is_ours() else "lost", flush=True)
print("released", flush=True)
"""


def start_holder(kind: str, target: Path) -> subprocess.Popen[str]:
    if kind == "n":
        return start_node("holder.js", str(target), "0")
    return start_python("-c", _HOLDER, str(target), "3")


def acquire(target: Path, timeout_s: float) -> None:
    with (
        open_directory(target.parent) as directory,
        directory_lock(directory, target.name, "the list", Patience(timeout_s)) as held,
    ):
        held.verify()


@pytest.mark.parametrize("holder_kind", ["n", "p"])
def test_killed_holder_keeps_others_out_until_its_lock_is_stale(
    target: Path, holder_kind: str
) -> None:
    need_node()
    holder = start_holder(holder_kind, target)
    with running([holder]):
        assert hear(holder) == "held"
        holder.send_signal(signal.SIGKILL)
        holder.wait(PATIENCE_S)
    assert lock_of(target).is_dir()
    with pytest.raises(LockTimeout):
        acquire(target, 0.0)
    refused = start_node("holder.js", str(target), "0")
    with running([refused]):
        assert hear(refused) == "ELOCKED"
    age(lock_of(target), STALE_S + 1)
    if holder_kind == "n":
        acquire(target, PATIENCE_S)
    else:
        taker = start_node("holder.js", str(target), "0")
        with running([taker]):
            assert hear(taker) == "held"
            finish(taker)
    assert not lock_of(target).exists()


def test_next_writer_gets_the_lock_of_a_killed_one_by_waiting_alone(target: Path) -> None:
    holder = start_holder("p", target)
    with running([holder]):
        assert hear(holder) == "held"
        holder.send_signal(signal.SIGKILL)
        holder.wait(PATIENCE_S)
    died = lock_of(target).stat().st_mtime
    acquire(target, PATIENCE_S)
    assert time.time() - died >= STALE_S, "nobody may take it before it is stale"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ended_holder_gives_its_lock_back(target: Path, number: signal.Signals) -> None:
    holder = start_holder("p", target)
    with running([holder]):
        assert hear(holder) == "held"
        assert lock_of(target).is_dir()
        holder.send_signal(number)
        assert holder.wait(PATIENCE_S) == -number
    assert not lock_of(target).exists()
    acquire(target, 0.0)


def test_lock_that_is_held_for_long_stays_fresh_and_node_stays_out(target: Path) -> None:
    need_node()
    holder = start_python("-c", _HOLDER, str(target), "0.5")
    with running([holder]):
        assert hear(holder) == "held"
        for _ in range(2):
            age(lock_of(target), STALE_S - 1)  # as if it had not been refreshed for long
            wait_until(lambda: is_fresh(target), "a heartbeat")
            other = start_node("holder.js", str(target), "0")
            with running([other]):
                assert hear(other) == "ELOCKED"
        assert holder.stdin is not None
        holder.stdin.close()
        assert [hear(holder), hear(holder)] == ["ours", "released"]
    assert not lock_of(target).exists()


def test_holder_that_was_robbed_notices_and_leaves_the_robbers_lock(target: Path) -> None:
    need_node()
    holder = start_holder("p", target)
    with ExitStack() as stack:
        stack.enter_context(running([holder]))
        assert hear(holder) == "held"
        holder.send_signal(signal.SIGSTOP)
        age(lock_of(target), STALE_S + 1)  # as if it had slept for long
        robber = start_node("holder.js", str(target), "0")
        stack.enter_context(running([robber]))
        assert hear(robber) == "held"
        holder.send_signal(signal.SIGCONT)
        assert holder.stdin is not None
        holder.stdin.close()
        assert [hear(holder), hear(holder)] == ["lost", "released"]
        assert lock_of(target).is_dir()
        assert robber.stdin is not None
        robber.stdin.close()
        assert hear(robber) == "released"


_FORKER = """
import os, sys
from pathlib import Path
from store.files.directory_lock import directory_lock
from store.files.fs import open_directory
from store.files.waiting import Patience
target = Path(sys.argv[1])
with open_directory(target.parent) as d, directory_lock(d, target.name, "x", Patience(60)):
    child = os.fork()
    if child == 0:
        sys.exit(0)
    os.waitpid(child, 0)
    print("held" if (target.parent / "1.json.lock").is_dir() else "gone", flush=True)
"""


def test_forked_child_that_ends_does_not_give_back_the_lock_of_its_parent(target: Path) -> None:
    forker = start_python("-c", _FORKER, str(target))
    with running([forker]):
        assert hear(forker) == "held"
        assert forker.wait(PATIENCE_S) == 0
    assert not lock_of(target).exists()
