"""The rows of the blockers pane: a task's chain up to its roots, and the tree under a root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from store.model.attention import DisplayState, display_state
from store.model.graph import TaskGraph
from store.model.readiness import fault_text
from store.model.snapshot import Snapshot, TaskList
from store.model.task import TaskId, TaskKey
from tui.glyphs import age, signs
from tui.view_state import Frame
from tui.widgets.pane import Row

MOST_CHILDREN = 12
MOST_IN_CHAIN = 12
DEPTH = 4  # levels under a root


@dataclass(frozen=True, slots=True)
class BlockerFacts:
    """What one row says about one task, or a title between two parts (`state` None)."""

    title: str = ""
    id: str = ""
    state: DisplayState | None = None
    lines: str = ""
    """The tree's lines before the sign, in Unicode."""
    text: str = ""
    """Subject, or why this root never clears by itself."""
    short: str = ""
    """The same where there is little room."""
    is_root: bool = False
    holds: int = 0
    lost: int = 0
    """Agent-minutes that it has cost so far."""
    owner: str | None = None
    age: str = ""
    list_name: str = ""
    is_selected: bool = False


def chain_rows(frame: Frame, snapshot: Snapshot) -> Iterator[Row[BlockerFacts]]:
    """The selected task's unmet blockers up to the roots, nearest first."""
    key = frame.selected
    task_list = snapshot.lists.get(key.list) if key else None
    if key is None or task_list is None or key.id not in task_list.graph.unmet:
        return
    yield Row(None, BlockerFacts(title=f"#{key.id} waits on"))
    unmet = task_list.graph.unmet
    stack = [(blocker, 0) for blocker in reversed(unmet[key.id][:MOST_CHILDREN])]
    seen = {key.id}
    shown = 0
    while stack:
        task_id, depth = stack.pop()
        if task_id in seen:
            continue
        seen.add(task_id)
        if shown == MOST_IN_CHAIN:
            yield Row(None, BlockerFacts(title="and more"))
            return
        shown += 1
        facts = _facts_of(frame, task_list, task_id, lines="  " * min(depth, DEPTH) + "↑ ")
        yield Row((TaskKey(key.list, task_id), "chain"), facts)
        above = unmet.get(task_id, ())[:MOST_CHILDREN]
        stack.extend((blocker, depth + 1) for blocker in reversed(above))


def tree_rows(
    frame: Frame, task_list: TaskList, root: TaskId, lost: int, *, named: bool
) -> Iterator[Row[BlockerFacts]]:
    """A root and what waits on it, each task once, to a limited depth."""
    name = task_list.info.name if named else ""
    key = task_list.key
    facts = replace(_facts_of(frame, task_list, root, list_name=name), lost=lost)
    yield Row((TaskKey(key, root), root), facts)
    graph = task_list.graph
    seen = {root, *graph.cycle_of.get(root, ())}
    first = _waiting_on(graph, root, seen)
    stack = [(child, "", place == len(first) - 1) for place, child in enumerate(first)][::-1]
    while stack:
        task_id, before, is_last = stack.pop()
        if task_id in seen:
            continue
        seen.add(task_id)
        lines = before + ("└" if is_last else "├")
        yield Row((TaskKey(key, task_id), root), _facts_of(frame, task_list, task_id, lines=lines))
        if (len(lines) + 1) // 2 < DEPTH:
            below = _waiting_on(graph, task_id, seen)
            step = before + ("  " if is_last else "│ ")
            children = [(i, step, place == len(below) - 1) for place, i in enumerate(below)]
            stack.extend(reversed(children))


def _waiting_on(graph: TaskGraph, task_id: TaskId, seen: set[TaskId]) -> list[TaskId]:
    found = []
    for dependent in graph.dependents.get(task_id, ()):
        if dependent not in seen and task_id in graph.unmet.get(dependent, ()):
            found.append(dependent)
            if len(found) == MOST_CHILDREN:
                break
    return found


def _facts_of(
    frame: Frame, task_list: TaskList, task_id: TaskId, *, lines: str = "", list_name: str = ""
) -> BlockerFacts:
    task = task_list.tasks.get(task_id)
    graph = task_list.graph
    holds = graph.holds(task_id)
    is_root = not lines or (lines.endswith("↑ ") and task_id not in graph.unmet)
    selected = frame.selected == TaskKey(task_list.key, task_id)
    cycle = graph.cycle_of.get(task_id)
    if task is None:
        state, text, short = DisplayState.PHANTOM, "not in the list", "missing"
    else:
        state = display_state(task_list, task, frame.now, frame.stale_after_s)
        text = short = task.subject
    if cycle and not lines:
        return _cycle_facts(frame, task_id, cycle, holds)
    if state is DisplayState.UNREADABLE and task is not None:
        text, short = fault_text(task), "unreadable"
    elif state is DisplayState.CLOSED and task is not None:
        short = task.native_status
        state, text = DisplayState.PHANTOM, f"{short}, never frees what waits on it"
    never_clears = task is None or state in (DisplayState.UNREADABLE, DisplayState.PHANTOM)
    written = None if task is None else task.updated_at
    old = "" if never_clears else age(None if written is None else frame.now - written)
    return BlockerFacts(
        id=task_id,
        state=state,
        lines=lines,
        text=text,
        short=short,
        is_root=is_root,
        holds=holds,
        owner=None if task is None else task.owner,
        age=old,
        list_name=list_name,
        is_selected=selected,
    )


def _cycle_facts(
    frame: Frame, task_id: TaskId, cycle: Sequence[TaskId], holds: int
) -> BlockerFacts:
    arrow = f" {signs(frame.ascii).arrow} "
    members = [f"#{i}" for i in cycle[:6]] + ["…"] * (len(cycle) > 6)
    return BlockerFacts(
        id=task_id,
        state=DisplayState.PHANTOM,
        text=f"cycle {arrow.join([*members, f'#{cycle[0]}'])}",
        short="cycle",
        is_root=True,
        holds=holds,
    )
