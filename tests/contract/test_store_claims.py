"""Claiming and releasing one task: who may, who may not, and what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store import (
    ClaimAlreadyCompleted,
    ClaimAlreadyOwned,
    ClaimBlocked,
    ClaimNotFound,
    ClaimOk,
    StaleEdit,
    TaskStatus,
    TaskStore,
)
from tests.contract import native

LIST = "session:queen:s1"


async def test_claim_of_a_free_task_sets_the_owner_and_leaves_the_status(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Free")
    result = await tasks.claim_task_with_busy_check(LIST, 1, "ann")
    assert isinstance(result, ClaimOk)
    assert result.kind == "ok"
    assert (result.record.owner, result.record.status) == ("ann", TaskStatus.PENDING)
    assert await tasks.get_task(LIST, 1) == result.record


async def test_claim_again_by_the_same_owner_is_ok(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Mine", owner="ann")
    result = await tasks.claim_task_with_busy_check(LIST, 1, "ann")
    assert result.kind == "ok"


async def test_claim_of_a_missing_task_says_not_found_and_makes_no_list(
    tasks: TaskStore, hive_root: Path
) -> None:
    result = await tasks.claim_task_with_busy_check("colony:typo", 1, "ann")
    assert isinstance(result, ClaimNotFound)
    assert result.kind == "not_found"
    assert not native.list_directory(hive_root, "colony:typo").exists()


async def test_claim_of_an_owned_task_names_the_owner(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Taken", owner="bob")
    result = await tasks.claim_task_with_busy_check(LIST, 1, "ann")
    assert isinstance(result, ClaimAlreadyOwned)
    assert (result.kind, result.by) == ("already_owned", "bob")
    kept = await tasks.get_task(LIST, 1)
    assert kept is not None
    assert kept.owner == "bob"


async def test_claim_of_a_completed_task_says_so_whoever_owns_it(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Done", owner="bob")
    await tasks.update_task(LIST, 1, status=TaskStatus.COMPLETED)
    result = await tasks.claim_task_with_busy_check(LIST, 1, "ann")
    assert isinstance(result, ClaimAlreadyCompleted)
    assert result.kind == "already_completed"


async def test_claim_of_a_blocked_task_names_open_blockers_until_they_complete(
    tasks: TaskStore,
) -> None:
    for subject in ("A", "B"):
        await tasks.create_task(LIST, subject)
    await tasks.create_task(LIST, "C", blocked_by=[1, 2])
    await tasks.update_task(LIST, 1, status=TaskStatus.COMPLETED)
    result = await tasks.claim_task_with_busy_check(LIST, 3, "ann")
    assert isinstance(result, ClaimBlocked)
    assert (result.kind, result.by) == ("blocked", [2])
    await tasks.update_task(LIST, 2, status=TaskStatus.COMPLETED)
    assert (await tasks.claim_task_with_busy_check(LIST, 3, "ann")).kind == "ok"


@pytest.mark.parametrize("content", [b"", b'{"id": 1, "subj', b"\x00" * 200, b"[1, 2]"])
async def test_claim_blocked_by_an_unreadable_record_is_refused(
    tasks: TaskStore, hive_root: Path, content: bytes
) -> None:
    await tasks.create_task(LIST, "Blocker")
    await tasks.create_task(LIST, "Waits", blocked_by=[1])
    native.record_path(hive_root, LIST, 1).write_bytes(content)
    result = await tasks.claim_task_with_busy_check(LIST, 2, "ann")
    assert isinstance(result, ClaimBlocked)
    assert result.by == [1]


async def test_claim_blocked_by_a_missing_record_is_refused(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(5, blocked_by=[3]))
    result = await tasks.claim_task_with_busy_check(LIST, 5, "ann")
    assert isinstance(result, ClaimBlocked)
    assert result.by == [3]


async def test_claim_by_twenty_coroutines_has_one_winner(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Wanted")
    names = [f"agent-{n}" for n in range(20)]
    results = await asyncio.gather(
        *(tasks.claim_task_with_busy_check(LIST, 1, name) for name in names)
    )
    winners = [r.record.owner for r in results if isinstance(r, ClaimOk)]
    losers = {r.by for r in results if isinstance(r, ClaimAlreadyOwned)}
    assert len(winners) == 1
    assert losers == set(winners)
    assert len(results) == 20


async def test_release_clears_the_owner_and_sets_pending(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Held", owner="ann")
    await tasks.update_task(LIST, 1, status=TaskStatus.IN_PROGRESS)
    released = await tasks.release_task(LIST, 1)
    assert released is not None
    assert (released.owner, released.status) == (None, TaskStatus.PENDING)
    assert await tasks.get_task(LIST, 1) == released


async def test_release_with_another_owner_now_is_refused_and_writes_nothing(
    tasks: TaskStore, hive_root: Path
) -> None:
    await tasks.create_task(LIST, "Held", owner="bob")
    before = native.tree(hive_root)
    with pytest.raises(StaleEdit) as caught:
        await tasks.release_task(LIST, 1, expected_owner="ann")
    assert (caught.value.expected, caught.value.actual) == ({"owner": "ann"}, {"owner": "bob"})
    assert native.tree(hive_root) == before


async def test_update_with_stale_expectations_carries_both_and_writes_nothing(
    tasks: TaskStore, hive_root: Path
) -> None:
    await tasks.create_task(LIST, "Now", owner="bob")
    before = native.tree(hive_root)
    with pytest.raises(StaleEdit) as caught:
        await tasks.update_task(
            LIST, 1, owner="ann", expected={"owner": None, "status": "pending", "subject": "Then"}
        )
    assert caught.value.expected == {"owner": None, "subject": "Then"}
    assert caught.value.actual == {"owner": "bob", "subject": "Now"}
    assert caught.value.task_id == "1"
    assert caught.value.list_id == LIST
    assert native.tree(hive_root) == before


async def test_update_with_expectations_that_hold_is_written(tasks: TaskStore) -> None:
    created = await tasks.create_task(LIST, "Now", owner="bob")
    after, changed = await tasks.update_task(
        LIST,
        1,
        owner="ann",
        expected={"owner": "bob", "status": created.status, "updated_at": created.updated_at},
    )
    assert after is not None
    assert (after.owner, changed) == ("ann", ["owner"])


async def test_update_expecting_metadata_keys_ignores_the_keys_it_does_not_touch(
    tasks: TaskStore,
) -> None:
    await tasks.create_task(LIST, "Now", metadata={"progress": 1, "cost": 2})
    await tasks.update_task(LIST, 1, metadata_patch={"progress": 9})
    updated, _ = await tasks.update_task(
        LIST,
        1,
        metadata_patch={"cost": 3, "note": "x"},
        expected={"metadata.cost": 2, "metadata.note": None},
    )
    assert updated is not None
    assert updated.metadata == {"progress": 9, "cost": 3, "note": "x"}


async def test_update_with_a_stale_metadata_key_names_it_with_both_values_and_writes_nothing(
    tasks: TaskStore, hive_root: Path
) -> None:
    await tasks.create_task(LIST, "Now", metadata={"cost": 2, "note": "theirs"})
    before = native.tree(hive_root)
    with pytest.raises(StaleEdit) as caught:
        await tasks.update_task(
            LIST,
            1,
            metadata_patch={"cost": None, "note": "mine"},
            expected={"metadata.cost": 1, "metadata.note": None},
        )
    found = [(c.field, c.original, c.theirs, c.yours) for c in caught.value.conflicts]
    assert found == [("metadata.cost", 1, 2, None), ("metadata.note", None, "theirs", "mine")]
    assert native.tree(hive_root) == before
