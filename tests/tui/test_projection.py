"""Rows from snapshots: the definition of their order, and that patching keeps to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.attention import DisplayState, display_state, need
from store.model.execution import Execution
from store.model.graph import id_order
from store.model.priorities import urgency
from store.model.query import Moment, QueryError, matches, parse
from store.model.snapshot import TaskList
from store.model.task import Capabilities, ListKey, Task, TaskId, TaskKey, TaskStatus
from tests.model.colony import (
    DEMO,
    NOW,
    OTHER,
    any_change,
    any_task,
    any_tasks,
    changed,
    edited,
    snapshot,
    task,
    task_list,
)
from tui.projection import Projection, Projector, project
from tui.slots import changed_ids
from tui.view_state import Frame, Grouping, Lens, SortKey, ViewState

LAST = 10**6
KEYS = [TaskKey(key, TaskId(i)) for key in (DEMO, OTHER) for i in ("1", "2", "3", "99")]
ENDED = (DisplayState.DONE, DisplayState.CLOSED)


def naive_rows(frame: Frame) -> list[Any]:
    """All rows, a group's key for its heading, by the words of the definition."""
    view = frame.view
    shown = [
        (whole, one)
        for whole, one in frame.snapshot.all_tasks()
        if not one.is_internal and view.list_key in (None, whole.key)
        if in_lens(frame, whole, one) and is_found(frame, whole, one)
    ]
    groups = {one.key: group_of(frame, whole, one) for whole, one in shown}
    shown.sort(key=lambda pair: (id_order(pair[1].id), pair[1].key.list))
    shown.sort(key=lambda pair: sort_value(frame, *pair))
    if view.grouping is Grouping.FLAT:
        keys: list[Any] = [one.key for _, one in shown]
        return keys[::-1] if view.descending else keys
    rows: list[Any] = []
    for group in sorted(set(groups.values())):
        inside = [one.key for _, one in shown if groups[one.key] == group]
        rows += [group, *(inside[::-1] if view.descending else inside)]
    return rows


def group_of(frame: Frame, whole: TaskList, one: Task) -> Any:
    match frame.view.grouping:
        case Grouping.OWNER:
            return (not one.owner, (one.owner or "").casefold(), one.owner or "")
        case Grouping.LIST:
            return (one.key.list.id, one.key.list.root, one.key.list.system)
        case Grouping.STATUS:
            return list(DisplayState).index(state_of(frame, whole, one))
        case Grouping.GROUP:
            group = one.execution.group if one.execution else None
            return (not group, group or "")
    return wave_of(frame, whole, one)


def wave_of(frame: Frame, whole: TaskList, one: Task) -> int:
    return LAST if state_of(frame, whole, one) in ENDED else whole.graph.wave(one.id)


def is_found(frame: Frame, whole: TaskList, one: Task) -> bool:
    return matches(parse(frame.view.query), whole, one, Moment(frame.now, frame.marked))


def state_of(frame: Frame, whole: TaskList, one: Task) -> DisplayState:
    return display_state(whole, one, frame.now, frame.stale_after_s)


def in_lens(frame: Frame, whole: TaskList, one: Task) -> bool:
    lens = frame.view.lens
    if lens is Lens.NEEDS_YOU:
        return need(whole, one, frame.now, frame.stale_after_s) is not None
    state = state_of(frame, whole, one)
    states = {
        Lens.ALL: set(DisplayState),
        Lens.READY: {DisplayState.READY},
        Lens.ACTIVE: {DisplayState.ACTIVE},
        Lens.BLOCKED: {DisplayState.BLOCKED, DisplayState.PHANTOM},
        Lens.STALE: {DisplayState.STALE},
    }
    return state in states[lens]


def sort_value(frame: Frame, whole: TaskList, one: Task) -> Any:
    match frame.view.sort:
        case SortKey.WAVE if frame.view.grouping is not Grouping.WAVE:
            return (wave_of(frame, whole, one), -whole.graph.holds(one.id))
        case SortKey.WAVE | SortKey.HOLDS:
            return -whole.graph.holds(one.id)
        case SortKey.ID:
            return 0
        case SortKey.STATUS:
            return list(DisplayState).index(state_of(frame, whole, one))
        case SortKey.OWNER:
            return (not one.owner, (one.owner or "").casefold())
        case SortKey.AGE:
            return (one.updated_at is None, -(one.updated_at or 0))
        case SortKey.SUBJECT:
            return one.subject.casefold()
        case SortKey.PRIORITY:
            steps = urgency(whole.info.capabilities, one.priority)
            return (steps is None, -(steps or 0))
        case SortKey.LIST:
            return (one.key.list.id, one.key.list.root)


def rows_of(projection: Projection) -> list[Any]:
    rows: list[Any] = []
    for row in range(len(projection)):
        group, key = projection.group_at(row), projection.key_at(row)
        assert (group is None) != (key is None)
        if group is not None:
            rows.append(LAST if group.is_closed else group.key)
        elif key is not None:
            rows.append(key)
    return rows


def assert_right(projection: Projection, frame: Frame) -> None:
    assert rows_of(projection) == naive_rows(frame)
    for row in range(len(projection)):
        if (key := projection.key_at(row)) is not None:
            assert projection.row_of(key) == row
    assert projection.key_at(-1) is None
    assert projection.key_at(len(projection)) is None
    assert_counts(projection, frame)


def assert_counts(projection: Projection, frame: Frame) -> None:
    inside = [
        (whole, one)
        for whole, one in frame.snapshot.all_tasks()
        if not one.is_internal and frame.view.list_key in (None, whole.key)
    ]
    for lens in Lens:
        seen = replace(frame, view=replace(frame.view, lens=lens))
        expected = sum(in_lens(seen, whole, one) for whole, one in inside)
        assert projection.counts[lens] == expected, lens
    assert projection.states == Counter(state_of(frame, *pair) for pair in inside)
    assert projection.hidden == len(inside) - projection.shown
    for group in projection.groups:
        rows = range(group.row + 1, group.row + 1 + group.size)
        keys = [key for row in rows if (key := projection.key_at(row))]
        states = Counter(projection.facts(key).state for key in keys)
        assert states == group.by_state


QUERIES = [
    *["", "", "crawl", "c", "craw", "ANN c", "#3", "ärger", "1", "nothing", "-c", "1 | write"],
    *["owner:ann", "status:stale,done", "list:demo", "is:ready", "is:needs", "is:cycle"],
    *["age>30m", "-age>5m c", "changed<10m", "changed<10m age>=5s", "age<=0", "is:stale | age<1m"],
    *["holds>=1", "waits:1", "waits>1", "wave:2", "wave>1 c", "is:root", "-is:root is:open"],
    *["is:critical", "is:critical c", "-is:critical", "is:marked", "-is:marked", "is:phantom"],
]
views = st.builds(
    ViewState,
    lens=st.sampled_from([*Lens, Lens.ALL, Lens.ALL]),
    query=st.sampled_from(QUERIES),
    sort=st.sampled_from(SortKey),
    descending=st.booleans(),
    grouping=st.sampled_from(Grouping),
    list_key=st.sampled_from([None, None, DEMO, OTHER]),
)


@given(any_tasks(), any_tasks(OTHER), views)
def test_project_any_colony_and_view_agrees_with_definition(
    demo: dict[TaskId, Task], other: dict[TaskId, Task], view: ViewState
) -> None:
    lists = (task_list(demo.values()), task_list(other.values(), OTHER))
    frame = Frame(snapshot=snapshot(*lists), view=view, now=NOW)
    assert_right(project(frame), frame)


@st.composite
def histories(draw: st.DrawFn) -> list[Frame]:
    """Frames as a session sees them: edits, views and clocks move, lists come and go."""
    lists = {
        DEMO: task_list(draw(any_tasks()).values()),
        OTHER: task_list(draw(any_tasks(OTHER)).values(), OTHER),
    }
    frame = Frame(snapshot=snapshot(*lists.values()), view=draw(views), now=NOW)
    frames = [frame]
    for number in range(draw(st.integers(1, 7))):
        step = draw(st.sampled_from(["edit", "edit", "both", "clock", "back", "view", "list"]))
        if step in ("edit", "both"):
            key = draw(st.sampled_from(sorted(lists)))
            lists[key] = edited(lists[key], draw(any_change(key)))
        if step == "list":
            key = draw(st.sampled_from([DEMO, OTHER]))
            if lists.pop(key, None) is None:
                lists[key] = task_list(draw(any_tasks(key)).values(), key)
        if not lists:
            lists[DEMO] = task_list([])
        view = draw(views) if step in ("view", "both") else frame.view
        elapsed = {
            "clock": draw(st.sampled_from([0.0005, 1.0, 5.0, 485.0, 2000.0])),
            "back": -3000.0,
        }.get(step, 0)
        shown = snapshot(*lists.values(), number=number + 2)
        marked = draw(st.none() | st.frozensets(st.sampled_from(KEYS), max_size=3))
        chosen = frame.marked if marked is None else marked
        frame = Frame(snapshot=shown, view=view, now=frame.now + elapsed, marked=chosen)
        frames.append(frame)
    return frames


@given(histories())
def test_project_any_history_patched_rows_equal_rows_from_scratch(frames: list[Frame]) -> None:
    projector = Projector()
    made = [(projector.project(frame), frame) for frame in frames]
    for projection, frame in made:  # after the last one: earlier projections must have stayed
        assert_right(projection, frame)


@given(
    any_tasks(),
    st.sampled_from([query for query in QUERIES if ":" in query or ">" in query or "<" in query]),
    st.lists(
        st.sampled_from([0.0005, 1.0, 5.0, 480.0, 485.0, 2000.0])
        | st.frozensets(st.sampled_from(KEYS), max_size=3)
        | any_change(),
        max_size=5,
    ),
)
def test_project_one_query_while_all_else_moves_patched_rows_equal_rows_from_scratch(
    tasks: dict[TaskId, Task], query: str, steps: list[Any]
) -> None:
    """Time passes, marks move, tasks change far from the rows that it shows or hides."""
    current, projector = task_list(tasks.values()), Projector()
    frame = Frame(snapshot=snapshot(current), view=ViewState(query=query), now=NOW)
    assert_right(projector.project(frame), frame)
    for step in steps:
        if isinstance(step, float):
            frame = replace(frame, now=frame.now + step)
        elif isinstance(step, frozenset):
            frame = replace(frame, marked=step)
        else:
            current = edited(current, step)
            frame = replace(frame, snapshot=snapshot(current))
        assert_right(projector.project(frame), frame)


@given(st.lists(any_task("5"), min_size=1, max_size=5), views)
def test_project_frames_left_out_catches_up(states: list[Task], view: ViewState) -> None:
    """A paused view misses snapshots; the next one it sees must still come out right."""
    projector = Projector()
    current = task_list([task(i, *([i - 1] if i > 1 else [])) for i in range(1, 9)])
    projector.project(Frame(snapshot=snapshot(current), view=view, now=NOW))
    for state in states:
        current = edited(current, {state.id: state})
    frame = Frame(snapshot=snapshot(current), view=view, now=NOW)
    assert_right(projector.project(frame), frame)


def shown_ids(projection: Projection) -> list[str]:
    return [str(row.id) for row in rows_of(projection) if isinstance(row, TaskKey)]


def at(*tasks: Task, **choices: Any) -> Frame:
    return Frame(snapshot=snapshot(task_list(tasks)), view=ViewState(**choices), now=NOW)


def test_project_waves_head_their_groups_and_closed_comes_last() -> None:
    done = task(4, status=TaskStatus.COMPLETED)
    tasks = [task(1), task(2, 1), task(3, 3), done, task(5, status=TaskStatus.CANCELLED)]
    projection = project(at(*tasks))
    titles = [group.title for group in projection.groups]
    assert titles == ["in a cycle: never", "wave 1", "wave 2", "1 done · 1 closed"]
    assert shown_ids(projection) == ["3", "1", "2", "4", "5"]


def test_project_in_wave_what_holds_most_comes_first() -> None:
    projection = project(at(task(1), task(2), task(3, 2), task(4, 2)))
    assert shown_ids(projection) == ["2", "1", "3", "4"]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        (SortKey.ID, ["2", "9", "10"]),
        (SortKey.SUBJECT, ["10", "9", "2"]),
        (SortKey.OWNER, ["2", "10", "9"]),
        (SortKey.AGE, ["9", "2", "10"]),
    ],
)
def test_project_flat_sorts_by_the_field(sort: SortKey, ids: Sequence[str]) -> None:
    tasks = [
        task(2, subject="Zebra", owner="ann", updated_at=NOW - 50),
        task(9, subject="mole", owner=None, updated_at=NOW - 5),
        task(10, subject="Ant", owner="Bo", updated_at=None),
    ]
    flat = at(*tasks, sort=sort, grouping=Grouping.FLAT)
    assert shown_ids(project(flat)) == ids
    turned = replace(flat, view=replace(flat.view, descending=True))
    assert shown_ids(project(turned)) == ids[::-1]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["1", "12", "112"]),
        ("#12", ["12", "112"]),
        ("12", ["12", "112"]),
        ("ANN", ["1"]),
        ("crawl ann", ["1"]),
        ("crawl bo", []),
        ("straße", ["12"]),
        ("  ", ["1", "12", "112"]),
    ],
)
def test_project_query_all_words_in_id_subject_owner(query: str, ids: list[str]) -> None:
    tasks = [
        task(1, subject="Crawl it", owner="ann"),
        task(12, subject="STRASSE", owner="bo"),
        task(112, subject="After #12 is done"),
    ]
    assert shown_ids(project(at(*tasks, query=query, sort=SortKey.ID))) == ids


def test_project_stale_moment_moves_counts_without_new_snapshot() -> None:
    one = task(1, status=TaskStatus.IN_PROGRESS, updated_at=NOW)
    frame = at(one)
    projector = Projector()
    assert projector.project(frame).counts[Lens.STALE] == 0
    assert projector.project(replace(frame, now=NOW + 1799.9)).counts[Lens.STALE] == 0
    assert projector.project(replace(frame, now=NOW + 1800)).counts[Lens.STALE] == 1


def test_project_write_before_the_moment_puts_it_off() -> None:
    whole = task_list([task(1, status=TaskStatus.IN_PROGRESS, updated_at=NOW)])
    projector = Projector()
    projector.project(Frame(snapshot=snapshot(whole), now=NOW))
    later = snapshot(changed(whole, 1, updated_at=NOW + 1000))
    for now, stale in ((NOW + 1000, 0), (NOW + 1800, 0), (NOW + 2799, 0), (NOW + 2800, 1)):
        counts = projector.project(Frame(snapshot=later, now=now)).counts
        assert counts[Lens.STALE] == stale, now


def test_project_same_frame_again_keeps_the_very_rows() -> None:
    projector = Projector()
    frame = at(task(1), task(2, 1))
    first, second = projector.project(frame), projector.project(replace(frame, now=NOW + 1))
    assert second._visible is first._visible


def test_project_many_replaced_tasks_are_forgotten() -> None:
    projector = Projector()
    current = task_list([task(1)])
    view = ViewState(query="task")
    for number in range(3):
        ids = range(number * 700, number * 700 + 700)
        gone: dict[TaskId, Task | None] = dict.fromkeys(current.tasks)
        current = edited(current, {**gone, **{TaskId(str(i)): task(i) for i in ids}})
        frame = Frame(snapshot=snapshot(current), view=view, now=NOW)
        projection = projector.project(frame)
        assert projection.shown == projection.total == 700
    assert rows_of(projection) == naive_rows(frame)
    assert len(projector._slots.keys) < 2 * 700 + 1024 + 700


def test_step_and_nearest_skip_headings() -> None:
    projection = project(at(task(1), task(2), task(3, 1)))
    keys = [key for key in rows_of(projection) if isinstance(key, TaskKey)]
    assert projection.nearest(0) == keys[0]
    assert projection.nearest(99) == keys[-1]
    row = projection.row_of(keys[1])
    assert row is not None
    assert projection.step(row, 1) == keys[2]
    assert projection.step(row, -5) == keys[0]
    assert projection.step(row, 5) == keys[2]
    assert Projection().step(0, 1) is None
    assert Projection().nearest(0) is None


def test_project_ids_with_one_start_name_it_up_to_the_separator() -> None:
    assert project(at(task("crawl-01"), task("crawl-02"))).id_prefix == "crawl-"
    assert project(at(task("12"), task("13"))).id_prefix == ""


def test_project_deep_chain_shares_the_last_group() -> None:
    chain = [task(1), *(task(i, i - 1) for i in range(2, 1200))]
    projection = project(at(*chain))
    assert len(projection.groups) == 999
    assert projection.groups[-1].title == "wave 999 and later"
    assert shown_ids(projection) == [str(i) for i in range(1, 1200)]


@given(any_tasks(), st.lists(any_change(), max_size=3))
def test_changed_ids_any_edits_names_exactly_what_differs(
    tasks: dict[TaskId, Task], changes: list[dict[TaskId, Task | None]]
) -> None:
    first = last = task_list(tasks.values())
    for change in changes:
        last = edited(last, change)
    ids = {*first.tasks, *last.tasks}
    differ = sorted(i for i in ids if first.tasks.get(i) is not last.tasks.get(i))
    assert sorted(changed_ids(first.tasks, last.tasks)) == differ


def test_project_search_in_an_empty_list_finds_what_appears() -> None:
    projector = Projector()
    searched = ViewState(query="task")
    empty = task_list([])
    projector.project(Frame(snapshot=snapshot(empty), view=searched, now=NOW))
    filled = edited(empty, {TaskId("1"): task(1), TaskId("2"): task(2, subject="Other")})
    found = projector.project(Frame(snapshot=snapshot(filled), view=searched, now=NOW))
    assert shown_ids(found) == ["1"]


def test_project_nothing_at_all_has_no_rows() -> None:
    projection = project(Frame())
    assert len(projection) == 0
    assert projection.key_at(0) is None
    assert projection.counts[Lens.ALL] == 0


def test_project_query_about_time_rows_come_and_go_as_the_clock_ticks() -> None:
    projector = Projector()
    frame = at(task(1, updated_at=NOW), task(2, updated_at=NOW - 290), query="changed<5m")
    assert shown_ids(projector.project(frame)) == ["1", "2"]
    for elapsed, ids in ((9.9995, ["1", "2"]), (10, ["1"]), (299, ["1"]), (300, [])):
        assert shown_ids(projector.project(replace(frame, now=NOW + elapsed))) == ids, elapsed


def test_project_query_about_time_a_write_starts_it_anew() -> None:
    projector = Projector()
    whole = task_list([task(1, updated_at=NOW), task(2, updated_at=NOW)])
    view = ViewState(query="age>5m")
    assert shown_ids(projector.project(Frame(snapshot=snapshot(whole), view=view, now=NOW))) == []
    later = snapshot(changed(whole, 1, updated_at=NOW + 200))
    for elapsed, ids in ((200, []), (301, ["2"]), (500, ["2"]), (501, ["1", "2"])):
        frame = Frame(snapshot=later, view=view, now=NOW + elapsed)
        assert sorted(shown_ids(projector.project(frame))) == ids, elapsed


def test_project_query_about_the_critical_path_follows_a_change_elsewhere() -> None:
    projector = Projector()
    short = task_list([task(1), task(2, 1), task(3), task(4, 3), task(5, 4)])
    view = ViewState(query="is:critical", sort=SortKey.ID)
    first = projector.project(Frame(snapshot=snapshot(short), view=view, now=NOW))
    assert shown_ids(first) == ["3", "4", "5"]
    longer = edited(short, {TaskId("6"): task(6, 2), TaskId("7"): task(7, 6)})
    second = projector.project(Frame(snapshot=snapshot(longer), view=view, now=NOW))
    assert shown_ids(second) == ["1", "2", "6", "7"]


def test_project_query_about_waits_counts_a_blocker_that_is_done() -> None:
    projector = Projector()
    whole = task_list([task(1), task(2), task(3), task(4, 1, 2, 3)])
    view = ViewState(query="waits>2")
    assert shown_ids(projector.project(Frame(snapshot=snapshot(whole), view=view))) == ["4"]
    done = changed(whole, 1, status=TaskStatus.COMPLETED)
    assert shown_ids(projector.project(Frame(snapshot=snapshot(done), view=view))) == []


def test_project_query_about_marks_follows_them() -> None:
    projector = Projector()
    frame = at(task(1), task(2), query="is:marked")
    assert shown_ids(projector.project(frame)) == []
    marked = frozenset({KEYS[1]})
    assert shown_ids(projector.project(replace(frame, marked=marked))) == ["2"]
    assert shown_ids(projector.project(frame)) == []


def test_project_query_that_was_never_parsed_is_refused() -> None:
    with pytest.raises(QueryError):
        project(at(task(1), query="is:nothing"))


@pytest.mark.parametrize(
    ("grouping", "titles"),
    [
        (Grouping.OWNER, ["ann", "Bo", "nobody"]),
        (Grouping.LIST, ["demo", "other"]),
        (Grouping.STATUS, ["active", "ready", "done"]),
        (Grouping.FLAT, []),
    ],
)
def test_project_groups_by_the_field(grouping: Grouping, titles: list[str]) -> None:
    mine = [task(1, owner="Bo"), task(2, owner="ann", status=TaskStatus.COMPLETED), task(3)]
    theirs = [task(1, at=OTHER, owner="ann", status=TaskStatus.IN_PROGRESS)]
    lists = (task_list(mine), task_list(theirs, OTHER))
    view = ViewState(grouping=grouping)
    projection = project(Frame(snapshot=snapshot(*lists), view=view, now=NOW))
    assert [group.title for group in projection.groups] == titles


def test_project_groups_by_what_the_system_puts_together() -> None:
    tasks = [task(1), task(2, execution=Execution(group="web"))]
    projection = project(at(*tasks, grouping=Grouping.GROUP))
    assert [group.title for group in projection.groups] == ["web", "no group"]


def test_project_sorts_by_each_lists_own_ladder() -> None:
    words = Capabilities(priorities=("low", "medium", "high", "urgent"))
    mine = task_list([task(1, priority="low"), task(2, priority="urgent"), task(3)])
    mine = replace(mine, info=replace(mine.info, capabilities=words))
    theirs = task_list([task(4, at=OTHER, priority="1"), task(5, at=OTHER, priority="x")], OTHER)
    view = ViewState(sort=SortKey.PRIORITY, grouping=Grouping.FLAT)
    frame = Frame(snapshot=snapshot(mine, theirs), view=view, now=NOW)
    assert shown_ids(project(frame)) == ["2", "4", "1", "3", "5"]


def test_project_sorts_again_when_a_list_has_another_ladder() -> None:
    found = task_list([task(1, priority="low"), task(2, priority="high")])
    view = ViewState(sort=SortKey.PRIORITY, grouping=Grouping.FLAT)
    projector = Projector()
    for ladder, ids in ((("low", "high"), ["2", "1"]), (("high", "low"), ["1", "2"])):
        allowed = Capabilities(priorities=ladder)
        found = replace(found, info=replace(found.info, capabilities=allowed))
        projection = projector.project(Frame(snapshot=snapshot(found), view=view, now=NOW))
        assert shown_ids(projection) == ids
        assert [projection.row_of(projection.key_at(row)) for row in (0, 1)] == [0, 1]  # type: ignore[arg-type]


def test_project_lists_of_one_name_are_told_apart_by_their_root() -> None:
    elsewhere = ListKey("hive", "/elsewhere", DEMO.id)
    lists = (task_list([task(1)]), task_list([task(1, at=elsewhere)], elsewhere))
    view = ViewState(grouping=Grouping.LIST)
    projection = project(Frame(snapshot=snapshot(*lists), view=view, now=NOW))
    assert [group.title for group in projection.groups] == ["demo in /elsewhere", "demo in /root"]
