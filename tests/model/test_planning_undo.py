"""Plans by any rules: taken back they leave what was; cut short they start nothing too early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.model.edits import (
    KEEP,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    Tick,
    UpdateTask,
)
from store.model.execution import TaskLock, TickKind
from store.model.inverse import inverse_of_all
from store.model.planning import plan_edits
from store.model.snapshot import TaskList
from store.model.task import Capabilities, Task, TaskId, TaskStatus
from tests.model.colony import DEMO, NOW, task
from tests.model.ruled import QUEUE, TEAM, WORK, a_list, after, blocked, key, next_id, timeless

ANY = Capabilities()
SYSTEMS = {"native": ANY, "team": TEAM, "queue": QUEUE}
NAMES = st.sampled_from([None, "ann", "bo"])
IDS = st.integers(1, 5).map(str).map(TaskId)


@st.composite
def tasks(draw: st.DrawFn, allowed: Capabilities) -> list[Task]:
    """Tasks as the system itself leaves them: each waits on earlier ones."""
    found: list[Task] = []
    rules = allowed.rules
    for number in range(1, 6):
        owner = draw(NAMES)
        status: TaskStatus = draw(
            st.sampled_from([s for s in allowed.statuses if s != TaskStatus.BLOCKED])
        )
        named = draw(st.sets(st.sampled_from(range(1, number)), max_size=2)) if number > 1 else ()
        ups = [str(i) for i in sorted(named) if rules.has_edges]
        if rules.frees_on_completion:
            ups = [i for i in ups if not found[int(i) - 1].status.frees_dependents]
        if ups and rules.stores_blocked and status is TaskStatus.PENDING:
            status = TaskStatus.BLOCKED
        make = blocked if status is TaskStatus.BLOCKED else task
        fields: dict[str, Any] = {"owner": owner, "native_status": rules.word_of(status)}
        if status is not TaskStatus.BLOCKED:
            fields["status"] = status
        if allowed is QUEUE:
            fields["execution"] = WORK
        if rules.locks_tasks and owner and status.is_active:
            fields["lock"] = TaskLock(owner, NOW - 60, is_live=draw(st.sampled_from([None, False])))
        found.append(make(number, *ups, **fields))
        for i in ups if rules.mirrors_edges else ():
            far = found[int(i) - 1]
            found[int(i) - 1] = replace(far, blocks=(*far.blocks, TaskId(str(number))))
    return found


@st.composite
def edits(draw: st.DrawFn, allowed: Capabilities) -> Edit:
    kind = draw(st.sampled_from(["status", "status", "edges", "claim", "release", "beside", "end"]))
    task_id, far, name = draw(IDS), draw(st.lists(IDS, max_size=2, unique=True)), draw(NAMES)
    force = draw(st.booleans())
    if kind == "status":
        status = draw(st.sampled_from(allowed.statuses))
        owner = draw(NAMES | st.just(KEEP))
        return UpdateTask(key(task_id), status=status, owner=owner, is_forced=force)
    if kind == "edges":
        near, away = tuple(far[:1]), tuple(far[1:])
        if draw(st.booleans()):
            return UpdateTask(key(task_id), add_blocked_by=near, remove_blocked_by=away)
        return UpdateTask(key(task_id), add_blocks=near, remove_blocks=away)
    if kind == "claim":
        return ClaimTask(key(task_id), name or "cy", force)
    if kind == "release":
        return ReleaseTask(key(task_id))
    if kind == "end":
        return DeleteTask(key(task_id)) if force else CreateTask(DEMO, "New", blocked_by=tuple(far))
    ticks = (Tick(TickKind.STEP, "s2"), Tick(TickKind.CHECK, "lint", by="op"))
    limit = draw(st.sampled_from([None, 5]))
    return UpdateTask(key(task_id), ticks=ticks[: draw(st.integers(0, 2))], most_attempts=limit)


CASES = st.sampled_from(sorted(SYSTEMS)).flatmap(
    lambda name: st.tuples(
        st.just(SYSTEMS[name]),
        tasks(SYSTEMS[name]),
        st.lists(edits(SYSTEMS[name]), min_size=1, max_size=4),
    )
)
Case = tuple[Capabilities, list[Task], list[Edit]]


def compared(found: TaskList, of: Callable[[Task], Task] = timeless) -> dict[TaskId, Task]:
    return {i: of(one) for i, one in found.tasks.items()}


@settings(max_examples=300)
@given(CASES)
def test_inverse_of_a_plan_leaves_every_task_as_it_was(case: Case) -> None:
    allowed, found, made = case
    before = a_list(allowed, *found)
    plan = plan_edits(before, made, all_or_none=False, new_id=next_id, now=NOW)
    then = after(before, [step.edit for step in plan.steps])
    results = plan.result_with(then.tasks).results
    left = after(then, inverse_of_all(results), NOW + 1)
    assert compared(left) == compared(before)


@settings(max_examples=100)
@given(CASES)
def test_inverse_of_an_inverse_makes_the_edit_again(case: Case) -> None:
    allowed, found, made = case
    before = a_list(allowed, *found)
    plan = plan_edits(before, made[:1], all_or_none=False, new_id=next_id, now=NOW)
    if isinstance(made[0], CreateTask) or not plan.steps:
        return
    then = after(before, [made[0]])
    undone = plan_edits(
        then,
        inverse_of_all(plan.result_with(then.tasks).results),
        all_or_none=True,
        new_id=next_id,
        now=NOW,
    )
    back = after(then, [step.edit for step in undone.steps])
    again = after(back, inverse_of_all(undone.result_with(back.tasks).results))
    assert compared(again) == compared(then)


@settings(max_examples=200)
@given(CASES)
def test_a_plan_cut_short_anywhere_starts_nothing_too_early(case: Case) -> None:
    allowed, found, made = case
    before = a_list(allowed, *found)
    plan = plan_edits(before, made, all_or_none=False, new_id=next_id, now=NOW)
    edits_made = [step.edit for step in plan.steps]
    states = [after(before, edits_made[:count]) for count in range(len(edits_made) + 1)]
    may_start = {one.id for at in states for one in at.tasks.values() if at.is_ready(one)}
    state, end = before, states[-1]
    for task_id, left in plan.written.items():
        written = {i: one for i, one in state.tasks.items() if i != task_id}
        if left is not None:
            written[task_id] = left
        state = state.with_tasks(written, frozenset({task_id}))
        assert {one.id for one in state.tasks.values() if state.is_ready(one)} <= may_start
    assert compared(state) == compared(end)
