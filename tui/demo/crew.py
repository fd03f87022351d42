"""The process that starts the agents and ends them, whatever becomes of the demo itself.

It is run as `python -m tui.demo.crew`. Its standard input is a pipe from the demo: the line "end"
asks it to end the agents and report, and the end of the pipe, which comes also when the demo is
killed, to end everything and remove what it was told to remove. Its standard output carries one
JSON line when the stage is set, {"ready": root}, and one at the end, {"agents": [tally]}.

The agents are forked, each a process of its own, after everything that they need is imported. They
watch the same pipe and their parent, so they end within a moment even if this process is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import select
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

from tui.demo.agent import Agent, Tally
from tui.demo.planner import Planner
from tui.demo.stage import set_stage
from tui.demo.story import PLANNER, Story
from tui.demo.systems.cast import NATIVE, STATE, chosen, parts_of, root_of
from tui.demo.systems.writer import Setting, Worked

WATCH_S = 0.2
"""Between two looks at the parent and the pipe."""
GRACE_S = 3.0
"""For an agent to end by itself; then it is killed."""
_PIPE = 0


class Actor(Protocol):
    """What an agent's process runs."""

    @property
    def tally(self) -> Tally | Worked: ...
    async def run(self) -> None: ...


class Role(NamedTuple):
    """An agent before it has a process."""

    name: str
    system: str
    make: Callable[[], Actor]
    """Called in the agent's own process."""


@dataclass
class Running:
    """An agent's process and the pipe on which it leaves its tally."""

    role: Role
    pid: int
    report: int


class Crew:
    """All the agents of one demo."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self._roles = tuple(roles)
        self._running: list[Running] = []
        self._tallies: list[dict[str, object]] = []

    def start(self) -> None:
        """Fork one process for each agent."""
        crew = os.getpid()  # asked before the fork: a child may first run when this is gone
        for role in self._roles:
            report, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(report)
                _be_agent(role, crew, write)
            os.close(write)
            self._running.append(Running(role, pid, report))

    def end(self) -> None:
        """End all agents and collect their tallies. Returns when no process is left."""
        for agent in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(agent.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S + 0.5
        for agent in self._running:
            self._tallies.append(_collect(agent, deadline))
            with contextlib.suppress(ProcessLookupError):
                os.kill(agent.pid, signal.SIGKILL)
            os.waitpid(agent.pid, 0)
            os.close(agent.report)
        self._running.clear()

    def tallies(self) -> list[dict[str, object]]:
        """What each agent did; only its name for one that died."""
        return self._tallies


def _collect(agent: Running, deadline: float) -> dict[str, object]:
    """The agent's last words, if they come before the deadline (monotonic seconds)."""
    parts: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([agent.report], [], [], left)[0]:
            break
        part = os.read(agent.report, 65536)
        if not part:
            break
        parts.append(part)
    try:
        said = json.loads(b"".join(parts))
    except ValueError:
        said = None
    told = said if isinstance(said, dict) else {"name": agent.role.name, "died": True}
    return {**told, "system": agent.role.system}


def _be_agent(role: Role, crew: int, report: int) -> NoReturn:
    """The whole life of an agent's process; never returns into the crew's code."""
    code = 1
    try:
        _name_process(f"agent {role.name}")
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        agent = role.make()
        agent.tally.pid = os.getpid()
        asyncio.run(_live(agent, crew))
        os.write(report, json.dumps(asdict(agent.tally)).encode())
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


async def _live(agent: Actor, crew: int) -> None:
    """Run the agent until it is told to end, or nobody is left to tell it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    work = asyncio.create_task(agent.run())
    watch = asyncio.create_task(_until_alone(crew))
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait({work, watch, ending}, return_when=asyncio.FIRST_COMPLETED)
    # A thread of the store may still wait for a lock; the end does not wait for it.
    cut = threading.Timer(GRACE_S, os._exit, (1,))
    cut.daemon = True
    cut.start()
    crashed = work.done()
    for task in (work, watch, ending):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    if crashed:
        raise RuntimeError("the agent's loop ended by itself")


async def _until_alone(parent: int) -> None:
    """Until the crew's process or the demo behind the pipe is gone."""
    poll = select.poll()
    poll.register(_PIPE, 0)  # a hang-up is always reported
    while True:
        if os.getppid() != parent or poll.poll(0):
            return
        await asyncio.sleep(WATCH_S)


def _name_process(name: str) -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15])


def wait_for_order(stopped: threading.Event) -> str:
    """The next line of the demo; empty when the demo is gone or a signal came."""
    line = b""
    while not stopped.is_set():
        if select.select([_PIPE], [], [], WATCH_S)[0]:
            sign = os.read(_PIPE, 1)
            if sign in (b"", b"\n"):
                return line.decode("ascii", "replace")
            line += sign
    return ""


def say(document: dict[str, object]) -> None:
    """One JSON line to the demo, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(document).encode() + b"\n")


def set_stages(options: argparse.Namespace) -> list[Role]:
    """Make all the lists; who is to work on them."""
    systems = chosen(options.systems)
    roles = []
    if NATIVE in systems:
        roles += _native(options, root_of(options.root, NATIVE, systems))
    for part in parts_of(systems):
        root = root_of(options.root, part.system, systems)
        state = options.root / STATE / "colonytop"
        setting = Setting(root, state, options.seed, options.speed)
        part.set_stage(setting)
        for name in part.writers:
            roles.append(Role(name, part.system, partial(part.writer, name, setting)))
    return roles


def _native(options: argparse.Namespace, root: Path) -> list[Role]:
    """The native lists' stage and agents."""
    story = Story(options.seed, options.agents)
    root.mkdir(exist_ok=True)
    next_plan = asyncio.run(set_stage(root, story, options.tasks, time.time()))

    def make(name: str) -> Agent:
        if name != PLANNER:
            return Agent(name, story, root, options.speed)
        return Planner(name, story, root, options.speed, wanted=options.tasks, next_plan=next_plan)

    return [Role(name, NATIVE, partial(make, name)) for name in story.names]


def run_crew(options: argparse.Namespace) -> None:
    """Set the stage, run the agents until told to end, leave nothing behind."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    os.umask(0o077)
    crew: Crew | None = None
    try:
        crew = Crew(set_stages(options))
        crew.start()
        say({"ready": str(options.root)})
        order = wait_for_order(stopped)
        crew.end()
        say({"agents": crew.tallies()})
        if order == "end":
            wait_for_order(stopped)
    finally:
        if crew is not None:
            crew.end()
        if options.remove is not None:
            shutil.rmtree(options.remove, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tui.demo.crew")
    parser.add_argument("root", type=Path)
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--systems", default=NATIVE)
    parser.add_argument("--remove", type=Path, help="Directory to delete at the end.")
    run_crew(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
