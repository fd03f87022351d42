"""The filter grammar: what each term keeps, what is refused and where, its logic's laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.attention import DisplayState, display_state
from store.model.query import (
    EMPTY_QUERY,
    Moment,
    QueryError,
    matches,
    owner_query,
    parse,
    quoted,
)
from store.model.query_flags import FLAGS
from store.model.query_syntax import FIELDS
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus
from tests.model.colony import NOW, any_tasks, task, task_list

META = {"cost": 0.75, "kind": "Research", "tags": ["a", "b"], "deep": {"x": 3}, "ok": True}


def repr_start(value: object) -> str:
    return repr(value)[:8]


def one(owner: str | None = "ann", status: TaskStatus = TaskStatus.PENDING, **fields: Any) -> Task:
    facts = {"metadata": META, "created_at": NOW - 7200, **fields}
    return task(12, subject="Build the Index: phase-2", status=status, owner=owner, **facts)


def keeps(query: str, asked: Task | None = None) -> bool:
    asked = asked or one()
    return matches(parse(query), task_list([asked]), asked, Moment(NOW))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "build INDEX",
        "#12",
        "owner:ann",
        "owner:an*",
        "owner:*n",
        "owner:bo,ann",
        "owner=ann",
        "OWNER:ann",
        "status:pend",
        "status:done,pending",
        "status:ready",
        'status:"pending"',
        "list:demo",
        "list:de*",
        "list:*emo",
        "list:colony:demo",
        '"the index"',
        "index:",
        "phase-2",
        "-",
        "-zebra",
        "-owner:bo",
        "-#13",
        "-status:completed build",
        "index owner:ann -owner:-",
        "zebra | index",
        "zebra|index",
        "zebra owner:bo | index owner:ann | nothing",
        '-"zebra | index" index',
        "age>1m",
        "age>=120s",
        "age<2.5m",
        "changed<5m",
        "created>1h",
        "created:>1h",
        "wave:1",
        "wave:3,1",
        "holds>=0",
        "holds=0",
        "waits<1",
        "meta.cost",
        "meta.cost>0.5",
        "meta.cost:.75",
        "meta.kind:research",
        "meta.kind:res*",
        "meta.tags:b",
        "meta.deep.x:3",
        "meta.deep.x<4",
        "meta.ok:true",
        "-meta.cost>1",
        "is:ready",
        "is:open",
        "is:done,ready",
        "-is:critical",
    ],
)
def test_query_that_fits_keeps_the_task(query: str) -> None:
    assert keeps(query)


@pytest.mark.parametrize(
    "query",
    [
        "zebra",
        "#1",
        "owner:an",
        "owner:Ann",
        "owner:-",
        "owner:bo",
        "owner:a*z",
        'owner:"an*"',
        "status:in_progress",
        'status:"pend"',
        "list:other",
        'list:"de"',
        '"index the"',
        "-build",
        "-owner:ann",
        "-owner:an*",
        "-#12",
        "build -status:pending",
        "zebra | index owner:bo",
        "zebra | -index",
        "age>2m",
        "age<120s",
        "changed<1m",
        "created<1h",
        "wave:2",
        "wave>1",
        "holds>=2",
        "waits>0",
        "meta.price",
        "meta.cost>1",
        "meta.kind>1",
        "meta.kind:search",
        "meta.tags:c",
        "meta.deep:3",
        "meta.deep.y:3",
        "is:blocked",
        "is:root",
        "is:marked",
        "-is:ready",
    ],
)
def test_query_that_does_not_fit_drops_the_task(query: str) -> None:
    assert not keeps(query)


@pytest.mark.parametrize(
    ("query", "position", "told"),
    [
        ("is:", 2, "after is: comes"),
        ("build owner:", 11, "a name"),
        ("-owner:,", 7, "a name"),
        ("wave:one", 5, "takes a number"),
        ("holds>=", 6, "a number"),
        ("holds>=2,x", 9, "takes a number"),
        ("holds>1,2", 8, "one value"),
        ("age>10", 4, "in s, m, h, d or w"),
        ("age:10m", 0, "is compared"),
        ("-age:10m", 1, "is compared"),
        ("a age>soon", 6, "in s, m, h, d or w"),
        ("is:ready,lost", 9, "takes one of"),
        ("is>ready", 0, "cannot be compared"),
        ("owner>=ann", 0, "cannot be compared"),
        ("onwer:ann", 0, "there is no field 'onwer'"),
        ("x -cost>3", 3, "there is no field 'cost'"),
        ("meta.", 0, "comes a key"),
        ("meta.cost>", 9, "a value"),
        ("meta.cost>much", 10, "takes a number"),
        ("| a", 0, "before |"),
        ("a |", 2, "after |"),
        ("a || b", 3, "before |"),
    ],
)
def test_query_that_is_wrong_names_the_place_and_what_would_do(
    query: str, position: int, told: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.position == position
    assert told in str(caught.value)
    assert caught.value.details() == {"position": position}


@pytest.mark.parametrize("text", ["fix: it", "http://x/y", "12:30", "a->b", "x>y", "::a", ">3"])
def test_query_words_with_signs_in_them_are_words(text: str) -> None:
    assert keeps(text, task(1, subject=f"so {text} there"))
    assert not keeps(text)


def test_query_for_nobody_keeps_only_tasks_without_an_owner() -> None:
    assert keeps("owner:-", one(None))
    assert not keeps("owner:-", one("-"))
    assert keeps('owner:"-"', one("-"))
    assert not keeps("-owner:-", one(None))


def test_query_with_a_space_in_quotes_is_one_name() -> None:
    assert keeps('owner:"Ann Lee"', one("Ann Lee"))
    assert not keeps('owner:"Ann Lee"', one("Ann"))
    assert keeps('owner:"Ann Lee', one("Ann Lee")), "the closing quote is still to come"


def test_query_time_without_a_moment_holds_neither_way() -> None:
    silent = one(updated_at=None)
    assert not keeps("age>0", silent)
    assert not keeps("age<1h", silent)
    assert keeps("-age<1h", silent)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, "nan", [], {}, None], ids=repr_start
)
def test_query_metadata_of_any_kind_is_compared_without_an_error(value: Any) -> None:
    asked = one(metadata={"x": value}, updated_at=value if isinstance(value, float) else None)
    for query in ("meta.x>1", "meta.x:1", "meta.x", "age>1m", "-meta.x<=0", "meta.x:null"):
        assert keeps(query, asked) in (True, False)


def test_query_flags_of_a_small_plan() -> None:
    plan = task_list(
        [
            task(1, owner=None),
            task(2, 1),
            task(3, 2),
            task(4, 99),
            task(5, 6),
            task(6, 5),
            task(7, status=TaskStatus.IN_PROGRESS, updated_at=NOW - 9000),
            task(8, status=TaskStatus.COMPLETED),
            task(9, status=TaskStatus.CANCELLED),
        ]
    )
    found = {
        flag: "".join(i for i, t in plan.tasks.items() if matches(q, plan, t, Moment(NOW)))
        for flag in FLAGS
        for q in [parse(f"is:{flag}")]
    }
    assert found == {
        "ready": "1",
        "active": "",
        "blocked": "23456",
        "stale": "7",
        "needs": "14567",
        "root": "15",
        "critical": "123",
        "phantom": "456",
        "cycle": "56",
        "marked": "",
        "open": "1234567",
        "done": "8",
        "closed": "9",
        "archived": "",
        "locked": "",
        "waiting": "",
        "failed": "",
        "unreadable": "",
    }


def test_query_is_marked_asks_the_moment() -> None:
    marked = Moment(NOW, frozenset({one().key}))
    assert matches(parse("is:marked"), task_list([one()]), one(), marked)


Truth = Callable[[TaskList, Task], bool]


def state(whole: TaskList, asked: Task) -> DisplayState:
    return display_state(whole, asked, NOW)


ATOMS: dict[str, Truth] = {
    "crawl": lambda whole, t: "crawl" in f"{t.subject} {t.id} {t.owner or ''}".lower(),
    '"crawl ag"': lambda whole, t: "crawl ag" in t.subject.lower(),
    "owner:ann,Bo": lambda whole, t: t.owner in ("ann", "Bo"),
    "owner:-": lambda whole, t: not t.owner,
    "status:comp,blocked": lambda whole, t: (
        t.status.value in ("completed", "blocked") or state(whole, t) is DisplayState.BLOCKED
    ),
    "wave>1": lambda whole, t: not t.is_closed and whole.graph.wave(t.id) > 1,
    "holds>=1": lambda whole, t: whole.graph.holds(t.id) >= 1,
    "waits:0,2": lambda whole, t: len(whole.graph.unmet.get(t.id, ())) in (0, 2),
    "age>1h": lambda whole, t: t.updated_at is not None and NOW - t.updated_at > 3600,
    "changed<1m": lambda whole, t: t.updated_at is not None and NOW - t.updated_at < 60,
    "meta._internal": lambda whole, t: "_internal" in t.metadata,
    "is:ready": lambda whole, t: whole.is_ready(t),
    "is:root": lambda whole, t: t.id in whole.graph.roots(),
    "is:phantom,stale": lambda whole, t: (
        state(whole, t) in (DisplayState.PHANTOM, DisplayState.STALE)
    ),
}


@given(
    any_tasks(),
    st.lists(
        st.lists(st.tuples(st.booleans(), st.sampled_from(sorted(ATOMS))), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    ),
)
def test_query_negation_and_or_agree_with_an_evaluation_by_hand(
    tasks: dict[TaskId, Task], alternatives: list[list[tuple[bool, str]]]
) -> None:
    text = " | ".join(" ".join("-" * no + atom for no, atom in terms) for terms in alternatives)
    query, whole = parse(text), task_list(tasks.values())
    for asked in whole.tasks.values():
        expected = any(
            all(ATOMS[atom](whole, asked) is not no for no, atom in terms) for terms in alternatives
        )
        assert matches(query, whole, asked, Moment(NOW)) is expected, (text, asked)


signs = [f"{name}{sign}" for name in FIELDS for sign in (":", ">", "<=", ":<")]
others = [
    "-",
    "|",
    '"',
    "\\",
    ",",
    "*",
    "#",
    "10m",
    "2",
    "1e9",
    "ann",
    "ready",
    " ",
    "\n",
    "é",
    "٣",
]
pieces = st.sampled_from([*signs, *others, "meta.", "meta.a:"])


def refusal(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as error:
        return error
    return None


@given(st.text(max_size=60) | st.lists(pieces, max_size=12).map("".join))
def test_query_of_any_text_is_understood_or_refused_at_a_place_inside(text: str) -> None:
    error = refusal(text)
    if error is not None:
        assert 0 <= error.position < len(text)
        assert str(error)
    else:
        assert keeps(text) in (True, False)
        assert parse(text).narrows(EMPTY_QUERY)


@given(any_tasks(), st.lists(st.sampled_from(["c", "cr", "crawl", "craw", *ATOMS]), max_size=3))
def test_query_that_narrows_keeps_nothing_that_the_older_drops(
    tasks: dict[TaskId, Task], terms: list[str]
) -> None:
    whole = task_list(tasks.values())
    texts = [" ".join(terms[:place]) for place in range(len(terms) + 1)]
    queries = [parse(text) for text in (*texts, *("-" + text for text in texts[1:]))]
    for newer in queries:
        for older in queries:
            if newer.narrows(older):
                kept = [t for t in whole.tasks.values() if matches(newer, whole, t, Moment(NOW))]
                assert all(matches(older, whole, t, Moment(NOW)) for t in kept)


@pytest.mark.parametrize(
    ("newer", "older"), [("crawl", "cra"), ("crawl ann", "ann"), ("is:ready x", "is:ready")]
)
def test_query_typed_on_narrows(newer: str, older: str) -> None:
    assert parse(newer).narrows(parse(older))
    assert not parse(older).narrows(parse(newer))


@pytest.mark.parametrize(("newer", "older"), [("#12", "#1"), ("-ab", "-a"), ("a | b", "a")])
def test_query_typed_on_that_may_widen_does_not_narrow(newer: str, older: str) -> None:
    assert not parse(newer).narrows(parse(older))


@pytest.mark.parametrize(
    "text", ['"' * 5000, "-" * 5000, "a|" * 2500 + "a", "owner:" + "," * 5000 + "x", "*" * 5000]
)
def test_query_of_great_length_is_read_in_one_pass(text: str) -> None:
    assert keeps(text) in (True, False)


def test_query_many_stars_against_a_long_name_ends() -> None:
    asked = one("a" * 5000)
    assert not keeps("owner:" + "*a" * 500 + "*b", asked)
    assert keeps("owner:" + "*a" * 500 + "*", asked)


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_owner_query_of_any_name_keeps_that_owner_and_no_other(name: str, other: str) -> None:
    query = owner_query(name)
    assert keeps(query, one(name))
    assert keeps(query, one(other)) is (other == name)
    assert not keeps(query, one(None))


@given(st.text(max_size=20))
def test_quoted_value_of_a_list_is_read_as_it_was(name: str) -> None:
    (term,) = parse(f"list:{quoted(name)}").alternatives[0]
    assert [value.text for value in term.values] == [name]


def test_query_about_time_tells_when_it_flips() -> None:
    query = parse("age>10m created<1d")
    asked = one(updated_at=NOW, created_at=NOW - 50)
    assert sorted(query.flips_after(asked, NOW)) == [NOW + 600, NOW - 50 + 86_400]
    assert list(query.flips_after(asked, NOW + 600)) == [NOW - 50 + 86_400]
