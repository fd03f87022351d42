"""Receipts: who is to see an edit, and which writes are evidence that they did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    UpdateTask,
)
from store.model.receipts import (
    MAX_RECEIPTS,
    Receipt,
    ReceiptState,
    added,
    describe,
    observe,
    receipts_of,
    unseen,
)
from store.model.snapshot import Change, ChangeKind
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId

LIST = ListKey("hive", "/hive", TaskListId("colony:demo"))
OTHER = LIST._replace(id=TaskListId("colony:other"))
KEY = TaskKey(LIST, TaskId("7"))
WRITTEN = Receipt(KEY, "unblocked: -4", "ann", 100.0)


def a_change(
    task: str = "9",
    field: str | None = "status",
    *,
    owner: str | None = "ann",
    at: float = 110.0,
    kind: ChangeKind = ChangeKind.CHANGED,
    where: ListKey = LIST,
    new: object = "completed",
) -> Change:
    return Change(kind, where, TaskId(task), field, "pending", new, at, owner)


def a_result(edit: Edit, was: str | None, now: str | None, *, gone: bool = False) -> EditResult:
    task = Task(KEY, "Crawl", owner=now)
    before = {KEY.id: Task(KEY, "Crawl", owner=was)}
    return EditResult(edit, None if gone else task, ("owner",), before=before)


@pytest.mark.parametrize(
    ("edit", "was", "now", "owners"),
    [
        (UpdateTask(KEY, owner="bo"), "ann", "bo", ["ann", "bo"]),
        (UpdateTask(KEY, subject="New"), "ann", "ann", ["ann"]),
        (UpdateTask(KEY, subject="New"), None, None, []),
        (ReleaseTask(KEY, "ann"), "ann", None, ["ann"]),
        (ClaimTask(KEY, "bo"), None, "bo", []),
        (CreateTask(LIST, "Crawl", owner="bo"), None, "bo", ["bo"]),
    ],
)
def test_receipts_of_an_edit_are_for_who_has_the_task_and_who_had_it(
    edit: Edit, was: str | None, now: str | None, owners: list[str]
) -> None:
    made = receipts_of(a_result(edit, was, now), "label", 100.0)
    assert [receipt.owner for receipt in made] == owners
    assert all(receipt.key == KEY and receipt.is_unseen for receipt in made)


def test_receipts_of_a_delete_are_for_its_owner_and_of_no_change_for_nobody() -> None:
    made = receipts_of(a_result(DeleteTask(KEY), "ann", None, gone=True), "deleted", 100.0)
    assert [receipt.owner for receipt in made] == ["ann"]
    nothing = replace(a_result(UpdateTask(KEY), "ann", "ann"), changed=())
    assert receipts_of(nothing, "label", 100.0) == ()


def test_owners_next_write_elsewhere_is_seen_and_to_the_task_itself_acted_on() -> None:
    (seen,) = observe([WRITTEN], [a_change("9")])
    assert seen.state is ReceiptState.SEEN
    assert (seen.seen_at, seen.evidence) == (110.0, "wrote #9 (status)")
    (acted,) = observe([seen], [a_change("7", at=120.0)])
    assert acted.state is ReceiptState.ACTED
    assert acted.evidence == "wrote #7 (status)"
    assert observe([acted], [a_change("9", at=130.0)]) == (acted,)


@pytest.mark.parametrize(
    "change",
    [
        a_change(owner="bo"),
        a_change(owner=None),
        a_change(at=99.0),
        a_change(where=OTHER),
        a_change(field="blocked_by"),
        a_change(field="blocks"),
        a_change(field="owner", new=None),
        a_change(field=None, kind=ChangeKind.CREATED),
        a_change(field=None, kind=ChangeKind.VANISHED),
        a_change(field=None, kind=ChangeKind.UNREADABLE),
        Change(ChangeKind.LIST_APPEARED, LIST, None, None, None, "demo", 110.0),
    ],
)
def test_what_is_no_write_of_the_owner_is_no_evidence(change: Change) -> None:
    assert observe([WRITTEN], [change]) == (WRITTEN,)


def test_a_claim_is_the_write_of_its_new_owner() -> None:
    (seen,) = observe([WRITTEN], [a_change(field="owner", owner="ann", new="ann")])
    assert seen.state is ReceiptState.SEEN


def test_seen_stays_with_the_first_evidence() -> None:
    (first,) = observe([WRITTEN], [a_change("9"), a_change("11", at=111.0)])
    assert first.evidence == "wrote #9 (status)"


def test_unseen_are_those_that_wait_long_enough() -> None:
    young, nobodys = replace(WRITTEN, at=190.0), replace(WRITTEN, owner=None)
    seen = replace(WRITTEN, state=ReceiptState.SEEN)
    assert list(unseen([WRITTEN, young, nobodys, seen], 200.0, 60.0)) == [WRITTEN]
    assert list(unseen([WRITTEN, young], 200.0)) == [WRITTEN, young]


def test_added_takes_the_place_of_an_older_one_for_the_same_task_and_owner() -> None:
    newer = replace(WRITTEN, label="owner → bo", at=120.0)
    other = replace(WRITTEN, owner="bo")
    assert added([WRITTEN, other], [newer]) == (other, newer)


def test_added_beyond_the_limit_drops_what_is_seen_before_what_is_not() -> None:
    def of(number: int, state: ReceiptState) -> Receipt:
        return Receipt(TaskKey(LIST, TaskId(str(number))), "x", "ann", float(number), state)

    seen = [of(n, ReceiptState.SEEN) for n in range(400, 400 + 10)]
    waiting = [of(n, ReceiptState.WRITTEN) for n in range(MAX_RECEIPTS)]
    kept = added([*waiting[:400], *seen], waiting[410:])
    assert len(kept) == MAX_RECEIPTS
    kept = added(kept, [of(1000 + n, ReceiptState.WRITTEN) for n in range(20)])
    assert not any(r.state is ReceiptState.SEEN for r in kept)
    assert len(kept) == MAX_RECEIPTS
    assert kept[-1].key.id == "1019"


def test_describe_says_that_it_is_inferred_and_from_what() -> None:
    (seen,) = observe([WRITTEN], [a_change("9")])
    assert describe(WRITTEN, "2m") == "ann has not seen it for 2m"
    assert describe(seen, "1m") == "seen by ann 1m ago (inferred: wrote #9 (status))"
    assert "nobody" in describe(replace(WRITTEN, owner=None), "1m")


changes = st.builds(
    a_change,
    st.sampled_from(["7", "9"]),
    st.sampled_from(["status", "blocks", "owner", "metadata"]),
    owner=st.sampled_from(["ann", "bo", None]),
    at=st.floats(90.0, 200.0),
    new=st.sampled_from(["ann", "bo", None]),
)


@given(st.lists(changes))
def test_receipts_only_ever_go_on_whatever_is_observed(seen: list[Change]) -> None:
    order = list(ReceiptState)
    state: tuple[Receipt, ...] = (WRITTEN, replace(WRITTEN, owner="bo"))
    for change in seen:
        after = observe(state, [change])
        for old, new in zip(state, after, strict=True):
            assert order.index(new.state) >= order.index(old.state)
            assert (new.seen_at is None) == (new.state is ReceiptState.WRITTEN)
            assert new.seen_at is None or new.seen_at >= new.at
        state = after
