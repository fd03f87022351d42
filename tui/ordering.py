"""Where a task's row stands: its group, its place by the chosen sort, and ties by id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from store.model.attention import DisplayState, display_state, needs_operator
from store.model.graph import id_order
from store.model.priorities import urgency
from store.model.snapshot import TaskList
from store.model.task import Capabilities, ListKey, Task, TaskKey
from tui.view_state import Grouping, Lens, SortKey, ViewState

CYCLE_GROUP = 0
LAST_WAVE = 999
"""Waves from here on share one group: a chain of 100,000 tasks is not 100,000 headings."""
CLOSED_GROUP = 1000

STATES = tuple(DisplayState)
_RANK = {state: rank for rank, state in enumerate(STATES)}
_LONGEST_KEY = 256
_NO_OWNER = "\U0010ffff"
_NEVER_WRITTEN = _UNKNOWN = float("inf")

LENS_STATES = {
    Lens.ALL: frozenset(STATES),
    Lens.READY: frozenset({DisplayState.READY}),
    Lens.ACTIVE: frozenset({DisplayState.ACTIVE}),
    Lens.BLOCKED: frozenset({DisplayState.BLOCKED, DisplayState.PHANTOM}),
    Lens.STALE: frozenset({DisplayState.STALE}),
    Lens.NEEDS_YOU: frozenset[DisplayState](),
}

Allowed = Callable[[ListKey], Capabilities]
"""What a list allows, its ladder of priorities among it."""
IdKey = tuple[tuple[int, int, str], ListKey]


class Facts(NamedTuple):
    """What a row's place depends on beside the task itself."""

    state: DisplayState
    group: int
    holds: int
    needs_you: bool
    code: int
    """Group and state in one number: `group * len(STATES) + rank of the state`."""

    @property
    def rank(self) -> int:
        """The state's number in STATES, worst news first."""
        return self.code % len(STATES)


_DONE, _CLOSED = DisplayState.DONE, DisplayState.CLOSED
_MANY = 10_000  # different facts that are kept to be shared
_shared: dict[tuple[int, int, bool], Facts] = {}


def facts_of(task_list: TaskList, task: Task, now: float, stale_after_s: float) -> Facts:
    """Judge one task at a moment (epoch seconds)."""
    state = display_state(task_list, task, now, stale_after_s)
    graph, task_id = task_list.graph, task.key.id
    holds = graph.held.get(task_id, 0)
    if state is _DONE or state is _CLOSED:
        group = CLOSED_GROUP
    else:
        group = graph.waves.get(task_id, 1)
        if group > LAST_WAVE:
            group = LAST_WAVE
    needs_you = needs_operator(state, task, holds)
    code = group * len(STATES) + _RANK[state]
    # Most of 100,000 tasks share their facts with many others; making each its own takes longer.
    facts = _shared.get((code, holds, needs_you))
    if facts is None:
        if len(_shared) >= _MANY:
            _shared.clear()
        facts = Facts(state, group, holds, needs_you, code)
        _shared[code, holds, needs_you] = facts
    return facts


def in_lens(lens: Lens, facts: Facts) -> bool:
    return facts.needs_you if lens is Lens.NEEDS_YOU else facts.state in LENS_STATES[lens]


def is_grouped(view: ViewState) -> bool:
    return view.grouping is not Grouping.FLAT


def group_key(view: ViewState) -> Callable[[Task, Facts], Any]:
    """What the group of a task is known by and ordered by, as a function."""
    return _GROUPS[view.grouping]


def group_code(view: ViewState) -> Callable[[Task, Facts], Any]:
    """Group and state in one value, to count by."""
    if view.grouping is Grouping.WAVE:
        return _code
    key = group_key(view)
    return lambda task, facts: (key(task, facts), facts.rank)


def parts_of(code: Any) -> tuple[Any, DisplayState]:
    """The group's key and the state that a code stands for."""
    key, rank = divmod(code, len(STATES)) if isinstance(code, int) else code
    return key, STATES[rank]


def id_key(key: TaskKey) -> IdKey:
    """Order by id, over all lists; no two tasks have the same."""
    return (id_order(key.id), key.list)


def sort_key(view: ViewState, allowed: Allowed) -> Callable[[Task, Facts], Any]:
    """The task's place within its group, ascending, as a function."""
    if view.sort is SortKey.PRIORITY:
        return _by_priority(allowed)
    if view.sort is SortKey.WAVE and view.grouping is not Grouping.WAVE:
        return _by_wave
    return _SORTS[view.sort]


def place_of(
    view: ViewState, task_list: TaskList, task: Task, facts: Facts
) -> tuple[Any, Any, IdKey]:
    """The whole order of rows, `descending` left out: group, sort key, id."""
    sort = sort_key(view, lambda _: task_list.info.capabilities)
    return (group_key(view)(task, facts), sort(task, facts), id_key(task.key))


def order_choice(view: ViewState) -> tuple[object, ...]:
    """What decides on the order, beside the tasks."""
    return (view.sort, view.grouping)


def filter_choice(view: ViewState) -> tuple[object, ...]:
    """What filters beside the query."""
    return (view.lens, view.list_key)


def _code(task: Task, facts: Facts) -> int:
    return facts.code


def _in_wave(task: Task, facts: Facts) -> int:
    return facts.group


def _in_one(task: Task, facts: Facts) -> int:
    return 0


def _in_owner(task: Task, facts: Facts) -> tuple[bool, str, str]:
    """By name in any case; tasks of nobody come last."""
    owner = task.owner or ""
    return (not owner, owner.casefold(), owner)


def _in_list(task: Task, facts: Facts) -> tuple[str, str, str]:
    system, root, list_id = task.key.list
    return (list_id, root, system)


def _in_group(task: Task, facts: Facts) -> tuple[bool, str]:
    """What its system puts it in; tasks of none come last."""
    group = task.execution.group if task.execution else None
    return (not group, group or "")


def _by_wave(task: Task, facts: Facts) -> int:
    return (facts.group << 40) - facts.holds


def _by_priority(allowed: Allowed) -> Callable[[Task, Facts], float]:
    """The most urgent first, by the ladder of each list; tasks without a priority come last."""
    known: dict[tuple[ListKey, str], float] = {}

    def place(task: Task, facts: Facts) -> float:
        if task.priority is None:
            return _UNKNOWN
        found = known.get((task.key.list, task.priority))
        if found is None:
            steps = urgency(allowed(task.key.list), task.priority)
            found = known[task.key.list, task.priority] = _UNKNOWN if steps is None else -steps
        return found

    return place


def _by_holds(task: Task, facts: Facts) -> int:
    """What holds most comes first."""
    return -facts.holds


def _by_id(task: Task, facts: Facts) -> int:
    return 0


def _by_status(task: Task, facts: Facts) -> int:
    return facts.code % len(STATES)


def _by_owner(task: Task, facts: Facts) -> str:
    """Unowned tasks come last."""
    return task.owner.casefold() if task.owner else _NO_OWNER


def _by_age(task: Task, facts: Facts) -> float:
    """The youngest write comes first, records without a time last."""
    written = task.updated_at
    return _NEVER_WRITTEN if written is None or written != written else -written


def _by_subject(task: Task, facts: Facts) -> str:
    """The start of the subject: what a row can show, not a megabyte."""
    return task.subject[:_LONGEST_KEY].casefold()


def _by_list(task: Task, facts: Facts) -> tuple[str, str]:
    return (task.key.list.id, task.key.list.root)


_GROUPS: dict[Grouping, Callable[[Task, Facts], Any]] = {
    Grouping.WAVE: _in_wave,
    Grouping.OWNER: _in_owner,
    Grouping.LIST: _in_list,
    Grouping.STATUS: lambda task, facts: facts.rank,
    Grouping.GROUP: _in_group,
    Grouping.FLAT: _in_one,
}
_SORTS: dict[SortKey, Callable[[Task, Facts], Any]] = {
    SortKey.WAVE: _by_holds,
    SortKey.ID: _by_id,
    SortKey.STATUS: _by_status,
    SortKey.OWNER: _by_owner,
    SortKey.AGE: _by_age,
    SortKey.HOLDS: _by_holds,
    SortKey.SUBJECT: _by_subject,
    SortKey.LIST: _by_list,
}
