"""Why a task is not ready, and what would make it so: one derivation for every place that tells.

Detail pane, command line and JSON show this and nothing else, so no two of them can disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from store.model.attention import (
    DEFAULT_STALE_AFTER_S,
    DisplayState,
    NeedKind,
    answer_refusal,
    answer_to,
    default_key,
    display_state,
    refused_text,
)
from store.model.cheapest import Way, above, cheapest_way
from store.model.cost import Cost, HeldAgents, Loads, cost_of, held_agents
from store.model.graph import id_order
from store.model.readiness import Reason, ReasonKind
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, Verb

MOST_ROOTS = 8
_KEPT_S = 10.0
_LOOKED_THROUGH = 500  # tasks above that are looked at for roots
_WALKED = 500  # held tasks of a root whose owners are asked

_IGNORES = "Hive's own claim does not count it, so an agent may take the task all the same"
_WAITS = "Hive's own claim counts it as open, and waits for ever"
_HIVE: Mapping[ReasonKind, str] = {
    ReasonKind.MISSING: _IGNORES,
    ReasonKind.DELETED: _IGNORES,
    ReasonKind.UNREADABLE: _IGNORES,
    ReasonKind.SELF: _IGNORES,
    ReasonKind.ARCHIVED: _WAITS,
    ReasonKind.CLOSED: _WAITS,
}
_KEEPS = "ClawTeam keeps it blocked until somebody completes a task of that id"
_PASSES = "Claude Code does not count it, so an agent may start the task all the same"
_BELIEFS: Mapping[str, Mapping[ReasonKind, str]] = {
    "hive": _HIVE,
    "hive_session": _HIVE,
    "clawteam": {
        ReasonKind.MISSING: _KEEPS,
        ReasonKind.DELETED: _KEEPS,
        ReasonKind.UNREADABLE: _KEEPS,
        ReasonKind.MARKED: "ClawTeam's agents pass it by for as long as it is stored so",
    },
    "claude_code": {
        ReasonKind.MISSING: _PASSES,
        ReasonKind.DELETED: _PASSES,
        ReasonKind.UNREADABLE: _PASSES,
    },
}
"""What the tool that owns the list makes of a blocker, where that is not what is said here."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason with what can be done about it."""

    reason: Reason
    state: DisplayState | None
    """How the blocker stands; None where it has no record."""
    since: float | None
    """Epoch seconds of the blocker's last write."""
    belief: str | None
    """What the agents' own store makes of it, where that differs."""
    verb: Verb | None
    """The edit that clears it; None: it has to be waited for, or looked at."""
    target: TaskId
    """The task that this edit is made to: this one, or the blocker."""
    refusal: str = ""
    """That what would clear it cannot be done in this list, and why."""

    @property
    def key(self) -> str | None:
        """The key of that edit, where no keymap moved it."""
        return None if self.verb is None else default_key(self.verb)


@dataclass(frozen=True, slots=True)
class RootBlocker:
    """What is at the root of it, with what it holds up and costs."""

    id: TaskId
    state: DisplayState
    owner: str | None
    since: float | None
    cost: Cost
    verb: Verb | None = None
    """The edit of this task that gets it moving again, where it failed."""
    refusal: str = ""
    """That it cannot be done in this list, and why."""

    @property
    def key(self) -> str | None:
        """The key of that edit, where no keymap moved it."""
        return None if self.verb is None else default_key(self.verb)


@dataclass(frozen=True, slots=True)
class Derivation:
    """The whole answer for one task."""

    task: Task
    ready: bool
    causes: tuple[Cause, ...]
    roots: tuple[RootBlocker, ...]
    """The root blockers above it that are not named as causes already, most held first."""
    more_roots: int
    is_critical: bool
    """It lies on the longest chain of open tasks of its list."""
    cost: Cost
    """What this task itself holds up and costs."""
    way: Way | None
    """The cheapest way to make it ready; None where no blocker keeps it."""


@dataclass(slots=True)
class Deriving:
    """Derives, and keeps what depends on the list alone while it stays the same."""

    _list: TaskList | None = None
    _agents: dict[TaskId, HeldAgents] = field(default_factory=dict)
    _way: tuple[TaskId, float, Way | None] = (TaskId(""), 0.0, None)

    def derive(
        self,
        task_list: TaskList,
        task: Task,
        loads: Loads,
        now: float,
        stale_after_s: float = DEFAULT_STALE_AFTER_S,
        critical: Collection[TaskId] = (),
    ) -> Derivation:
        """Why the task is not ready.

        Args:
            task_list: the list it is in.
            task: the task.
            loads: what every owner has, over all lists.
            now: epoch seconds.
            stale_after_s: seconds of silence after which work in progress is not counted.
            critical: the ids on the list's critical path.
        """
        if self._list is not task_list:
            self._list, self._agents, self._way = task_list, {}, (TaskId(""), 0.0, None)
        verdict = task_list.readiness(task)
        causes = tuple(_cause(task_list, task, r, now, stale_after_s) for r in verdict.reasons)
        found, _ = above(task_list.graph, task.id, _LOOKED_THROUGH)
        named = {cause.reason.task for cause in causes}
        ids = [i for i in found if i not in named and _is_root(task_list, i)]
        ids.sort(key=lambda i: (-task_list.graph.holds(i), id_order(i)))

        def cost(task_id: TaskId) -> Cost:
            held = self._agents.get(task_id)
            if held is None:
                held = self._agents[task_id] = held_agents(task_list, task_id, _WALKED)
            return cost_of(task_list, task_id, loads, now, stale_after_s, held)

        roots = [_root(task_list, i, cost(i), now, stale_after_s) for i in ids[:MOST_ROOTS]]
        roots.sort(key=lambda root: (-root.cost.holds, -root.cost.minutes, id_order(root.id)))
        return Derivation(
            task=task,
            ready=verdict.ready,
            causes=causes,
            roots=tuple(roots),
            more_roots=max(0, len(ids) - MOST_ROOTS),
            is_critical=task.id in critical,
            cost=cost(task.id),
            way=self._cheapest(task_list, task, now, stale_after_s),
        )

    def _cheapest(
        self, task_list: TaskList, task: Task, now: float, stale_after_s: float
    ) -> Way | None:
        """The way; while the list stays the same it only changes when somebody goes silent."""
        of, at, way = self._way
        if of != task.id or not 0 <= now - at < _KEPT_S:
            way = cheapest_way(task_list, task, now, stale_after_s)
            self._way = (task.id, now, way)
        return way


def belief_of(task_list: TaskList, kind: ReasonKind) -> str | None:
    """What the tool that owns the list makes of such a blocker, where that differs."""
    return _BELIEFS.get(task_list.key.system, {}).get(kind)


def _cause(
    task_list: TaskList, task: Task, reason: Reason, now: float, stale_after_s: float
) -> Cause:
    blocker = task_list.tasks.get(reason.task)
    state = display_state(task_list, blocker, now, stale_after_s) if blocker else None
    is_own = reason.task == task.id and reason.kind is not ReasonKind.SELF
    is_marked = reason.kind is ReasonKind.MARKED
    kind: NeedKind | None = None
    if is_marked:
        kind = NeedKind.MARKED
    elif state is DisplayState.FAILED:
        kind = NeedKind.FAILED
    elif reason.kind.is_phantom and not is_own:
        kind = NeedKind.PHANTOM
    elif state is DisplayState.STALE:
        kind = NeedKind.SILENT_OWNER
    verb, refusal = _answer(task_list, kind)
    target = task.id if verb is Verb.UNBLOCK else reason.task
    belief = None if is_own and not is_marked else belief_of(task_list, reason.kind)
    since = blocker.updated_at if blocker else None
    return Cause(reason, state, since, belief, verb, target, refusal)


def _answer(task_list: TaskList, kind: NeedKind | None) -> tuple[Verb | None, str]:
    """The edit that answers it, or that it cannot be made here and why."""
    refusal = answer_refusal(task_list, kind) if kind else None
    if kind is None or refusal is None:
        return (answer_to(kind) if kind else None), ""
    return None, refused_text(kind, refusal)


def _is_root(task_list: TaskList, task_id: TaskId) -> bool:
    graph = task_list.graph
    return task_id not in graph.unmet or task_id in graph.cycle_of


def _root(
    task_list: TaskList, task_id: TaskId, cost: Cost, now: float, stale_after_s: float
) -> RootBlocker:
    task = task_list.tasks.get(task_id)
    if task is None:
        return RootBlocker(task_id, DisplayState.PHANTOM, None, None, cost)
    state = display_state(task_list, task, now, stale_after_s)
    verb, refusal = _answer(task_list, NeedKind.FAILED if state is DisplayState.FAILED else None)
    return RootBlocker(task_id, state, task.owner, task.updated_at, cost, verb, refusal)
