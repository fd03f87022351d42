"""What ClawTeam keeps of a team beside its tasks: members, goal, agents started, costs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.fs import Directory, open_directory
from store.files.parsed_file import ParsedFile
from store.model.execution import Member, Spent
from store.model.task import Problem, ProblemKind
from store.systems.clawteam.costs import Costs
from store.systems.clawteam.liveness import Liveness
from store.systems.clawteam.places import CONFIG, COSTS, TEAMS
from store.systems.clawteam.spawned import REGISTRY, parse_registry
from store.systems.clawteam.times import epoch_of

_LARGE = 1 << 20


@dataclass(frozen=True, slots=True)
class TeamConfig:
    """A team's configuration, as far as it is shown."""

    description: str
    created_at: float | None
    members: tuple[tuple[str, str | None], ...]
    """Name and kind of each."""
    budget_usd: float | None


def parse_config(content: bytes) -> TeamConfig:
    """A team's `config.json`.

    Raises:
        Unparsable: it is no JSON object, or its members are no list.
    """
    raw = parse_object(content)
    members = raw.get("members", [])
    if not isinstance(members, list):
        raise Unparsable("members: not a list")
    description, created = raw.get("description", ""), raw.get("createdAt", raw.get("created_at"))
    budget = raw.get("budgetCents", raw.get("budget_cents", 0))
    return TeamConfig(
        description if isinstance(description, str) else "",
        epoch_of(created) if isinstance(created, str) else None,
        tuple(_members(members)),
        budget / 100.0 if type(budget) in (int, float) and budget > 0 else None,
    )


def is_config(content: bytes) -> bool:
    """Whether a `config.json` is one of ClawTeam's, and not of another tool with teams."""
    try:
        raw = parse_object(content)
    except Unparsable:
        return False
    return isinstance(raw.get("createdAt", raw.get("created_at")), str) and "members" in raw


def _members(found: list[Any]) -> Iterator[tuple[str, str | None]]:
    for one in found:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            kind = one.get("agentType", one.get("agent_type"))
            yield one["name"], kind if isinstance(kind, str) and kind else None


@dataclass(frozen=True, slots=True)
class TeamState:
    """One look at everything beside the tasks."""

    goal: str | None
    created_at: float | None
    members: tuple[Member, ...]
    spent: Spent | None
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


class TeamReader:
    """Looks at one team again and again, at the price of a few `stat`s. Thread-safe."""

    def __init__(self, root: Path, team: str) -> None:
        self._root = root
        self._team = team
        self._liveness = Liveness()
        self._lock = threading.Lock()
        self._config = ParsedFile(CONFIG, parse_config)
        self._registry = ParsedFile(REGISTRY, parse_registry, _LARGE)
        self._costs = Costs()

    def alive(self, names: Iterable[str], *, is_fresh: bool = False) -> dict[str, bool | None]:
        """Who of them is alive; None: nothing tells. May ask tmux: never call it in a lock.

        Args:
            names: who is asked about.
            is_fresh: look at the registry and at each of them now.
        """
        asked = set(names)
        if not asked:
            return {}
        with self._lock:
            if is_fresh:
                with _opened(self._root, TEAMS, self._team) as directory:
                    self._registry.look(directory)
            return self._liveness.look(self._registry.value, asked, is_fresh=is_fresh)

    def look(self) -> TeamState:
        """Everything, as it is now."""
        with self._lock:
            return self._look()

    def _look(self) -> TeamState:
        with _opened(self._root, TEAMS, self._team) as directory:
            self._config.look(directory)
            self._registry.look(directory)
        with _opened(self._root, COSTS, self._team) as directory:
            self._costs.look(directory)
        config = self._config.value
        return TeamState(
            (config.description if config else None) or None,
            config.created_at if config else None,
            self._members(config),
            self._costs.total,
            tuple(self._notes(config)),
            tuple(self._problems()),
        )

    def _members(self, config: TeamConfig | None) -> tuple[Member, ...]:
        kinds = dict(config.members) if config else {}
        registry = self._registry.value or {}
        names = [*dict.fromkeys((*kinds, *registry, *self._costs.by_agent))]
        alive = self._liveness.look(registry, names)
        spent = self._costs.by_agent
        return tuple(Member(n, kinds.get(n), None, alive[n], spent.get(n)) for n in names)

    def _notes(self, config: TeamConfig | None) -> Iterator[str]:
        if config is not None and config.budget_usd is not None:
            total = self._costs.total
            used = total.usd if total and total.usd else 0.0
            yield f"${used:,.2f} of a budget of ${config.budget_usd:,.2f} is spent"
        if self._costs.unreadable:
            yield f"{self._costs.unreadable} cost reports cannot be read and are not counted"

    def _problems(self) -> Iterator[Problem]:
        for file, name, loss in (
            (self._config, CONFIG, "members and goal are not known"),
            (self._registry, REGISTRY, "nobody can tell which agents are alive"),
        ):
            if file.fault is not None:
                path = str(self._root / TEAMS / self._team / name)
                text = f"{name} of the team cannot be used: {file.fault}; {loss}"
                repair = f"mend or move {name}; the tasks are not affected"
                yield Problem(ProblemKind.BAD_META, text, path=path, repair=repair)


@contextmanager
def _opened(root: Path, *parts: str) -> Iterator[Directory | None]:
    try:
        directory = open_directory(root, parts)
    except OSError:
        yield None
        return
    with directory:
        yield directory
