"""Each row of the public store's table: what a call gives back and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import (
    TaskListMeta,
    TaskListRole,
    TaskRecord,
    TaskStatus,
    TaskStore,
    task_list_path,
)
from tests.contract import native

LIST = "colony:forge"


async def test_ensure_task_list_called_twice_keeps_the_first_meta(tasks: TaskStore) -> None:
    first = await tasks.ensure_task_list(LIST, role=TaskListRole.TEMPLATE, creator_agent_id="queen")
    again = await tasks.ensure_task_list(LIST, role=TaskListRole.SESSION, creator_agent_id="drone")
    assert isinstance(first, TaskListMeta)
    assert (again.role, again.creator_agent_id) == (TaskListRole.TEMPLATE, "queen")
    assert again.created_at == first.created_at
    assert again.task_list_id == LIST


async def test_ensure_task_list_with_twelve_sessions_keeps_the_last_ten(tasks: TaskStore) -> None:
    for number in range(12):
        meta = await tasks.ensure_task_list(
            LIST, role=TaskListRole.TEMPLATE, session_id=f"s{number}"
        )
    assert meta.last_seen_session_ids == [f"s{number}" for number in range(2, 12)]
    assert await tasks.get_meta(LIST) == meta


async def test_ensure_task_list_with_a_session_seen_before_does_not_repeat_it(
    tasks: TaskStore,
) -> None:
    for session in ("a", "b", "a"):
        meta = await tasks.ensure_task_list(LIST, role=TaskListRole.TEMPLATE, session_id=session)
    assert sorted(meta.last_seen_session_ids) == ["a", "b"]


async def test_list_exists_by_meta_alone_or_by_a_task_alone(
    tasks: TaskStore, hive_root: Path
) -> None:
    assert not await tasks.list_exists(LIST)
    await tasks.ensure_task_list(LIST, role=TaskListRole.TEMPLATE)
    assert await tasks.list_exists(LIST)
    native.write_list(hive_root, "colony:bare", native.record(1))
    assert await tasks.list_exists("colony:bare")
    assert await tasks.get_meta("colony:bare") is None


async def test_create_task_on_a_fresh_list_gives_the_whole_record(tasks: TaskStore) -> None:
    created = await tasks.create_task(
        LIST,
        "Forge the key",
        description="of iron",
        active_form="Forging the key",
        owner="smith",
        metadata={"tier": 2},
    )
    assert isinstance(created, TaskRecord)
    assert created.id == 1
    assert created.status == TaskStatus.PENDING
    assert (created.subject, created.description) == ("Forge the key", "of iron")
    assert (created.active_form, created.owner) == ("Forging the key", "smith")
    assert created.metadata == {"tier": 2}
    assert (created.blocks, created.blocked_by) == ([], [])
    assert await tasks.get_task(LIST, 1) == created


@pytest.mark.parametrize(
    ("list_id", "role"),
    [
        ("colony:forge", TaskListRole.TEMPLATE),
        ("session:queen:s1", TaskListRole.SESSION),
        ("unscoped:drone", TaskListRole.SESSION),
    ],
)
async def test_create_task_without_meta_writes_it_with_the_role_of_the_prefix(
    tasks: TaskStore, list_id: str, role: TaskListRole
) -> None:
    await tasks.create_task(list_id, "First")
    meta = await tasks.get_meta(list_id)
    assert meta is not None
    assert (meta.task_list_id, meta.role) == (list_id, role)


async def test_create_task_with_blockers_writes_both_sides(
    tasks: TaskStore, hive_root: Path
) -> None:
    for subject in ("Mine", "Smelt"):
        await tasks.create_task(LIST, subject)
    created = await tasks.create_task(LIST, "Forge", blocked_by=[1, 2])
    assert created.blocked_by == [1, 2]
    assert [native.read_record(hive_root, LIST, n)["blocks"] for n in (1, 2)] == [[3], [3]]


async def test_create_tasks_batch_gives_contiguous_ids_in_order(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Before")
    made = await tasks.create_tasks_batch(
        LIST,
        [
            {"subject": "A", "owner": "ann"},
            {"subject": "B", "metadata": {"k": 1}},
            {"subject": "C"},
        ],
    )
    assert [(r.id, r.subject) for r in made] == [(2, "A"), (3, "B"), (4, "C")]
    assert (made[0].owner, made[1].metadata) == ("ann", {"k": 1})
    assert await tasks.list_tasks(LIST) == [await tasks.get_task(LIST, 1), *made]


@pytest.mark.parametrize("bad", [{"subject": "  \t"}, {"subject": ""}, {"description": "none"}])
async def test_create_tasks_batch_with_a_bad_subject_names_it_and_writes_nothing(
    tasks: TaskStore, bad: dict[str, str]
) -> None:
    await tasks.create_task(LIST, "Before")
    with pytest.raises(ValueError, match=r"specs\[1\]\.subject"):
        await tasks.create_tasks_batch(LIST, [{"subject": "A"}, bad, {"subject": "C"}])
    assert [r.id for r in await tasks.list_tasks(LIST)] == [1]


async def test_list_tasks_is_ordered_by_number_past_the_padding(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in (10000, 2, 9999, 1)])
    assert [r.id for r in await tasks.list_tasks(LIST)] == [1, 2, 9999, 10000]


async def test_list_tasks_hides_internal_ones_until_asked(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Seen")
    await tasks.create_task(LIST, "Hidden", metadata={"_internal": True})
    assert [r.subject for r in await tasks.list_tasks(LIST)] == ["Seen"]
    both = await tasks.list_tasks(LIST, include_internal=True)
    assert [r.subject for r in both] == ["Seen", "Hidden"]


async def test_get_task_that_is_missing_gives_none(tasks: TaskStore) -> None:
    assert await tasks.get_task(LIST, 1) is None
    await tasks.create_task(LIST, "Only")
    assert await tasks.get_task(LIST, 2) is None


async def test_update_task_names_exactly_the_fields_that_changed(tasks: TaskStore) -> None:
    before = await tasks.create_task(LIST, "Forge", owner="smith")
    after, changed = await tasks.update_task(
        LIST, 1, subject="Forge", owner="ann", status=TaskStatus.IN_PROGRESS
    )
    assert after is not None
    assert set(changed) == {"owner", "status"}
    assert (after.owner, after.status) == ("ann", TaskStatus.IN_PROGRESS)
    assert before.updated_at is not None
    assert after.updated_at is not None
    assert after.updated_at >= before.updated_at
    assert after.created_at == before.created_at


async def test_update_task_with_the_values_it_has_lists_nothing(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Forge", owner="smith")
    _, changed = await tasks.update_task(LIST, 1, subject="Forge", owner="smith")
    assert changed == []


async def test_update_task_owner_none_clears_and_absent_leaves(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Forge", owner="smith")
    kept, _ = await tasks.update_task(LIST, 1, description="hot")
    assert kept is not None
    assert kept.owner == "smith"
    cleared, changed = await tasks.update_task(LIST, 1, owner=None)
    assert cleared is not None
    assert (cleared.owner, changed) == (None, ["owner"])


async def test_update_task_metadata_patch_merges_and_none_deletes(tasks: TaskStore) -> None:
    await tasks.create_task(LIST, "Forge", metadata={"a": 1, "b": 2})
    after, changed = await tasks.update_task(LIST, 1, metadata_patch={"b": None, "c": 3})
    assert after is not None
    assert after.metadata == {"a": 1, "c": 3}
    assert changed == ["metadata"]


async def test_update_task_that_is_missing_gives_none_and_no_list(
    tasks: TaskStore, hive_root: Path
) -> None:
    assert await tasks.update_task("colony:typo", 7, subject="x") == (None, [])
    assert not await tasks.list_exists("colony:typo")
    assert not native.list_directory(hive_root, "colony:typo").exists()


async def test_delete_task_strips_edges_and_never_gives_the_id_again(tasks: TaskStore) -> None:
    for subject in ("A", "B", "C"):
        await tasks.create_task(LIST, subject)
    await tasks.update_task(LIST, 3, add_blocked_by=[2], add_blocks=[1])
    assert await tasks.delete_task(LIST, 3) == (True, [1, 2])
    assert await tasks.get_task(LIST, 3) is None
    left = await tasks.list_tasks(LIST)
    assert [(r.blocks, r.blocked_by) for r in left] == [([], []), ([], [])]
    assert (await tasks.create_task(LIST, "D")).id == 4
    assert await tasks.delete_task(LIST, 3) == (False, [])


async def test_reset_task_list_removes_tasks_and_keeps_the_mark(tasks: TaskStore) -> None:
    for subject in ("A", "B", "C"):
        await tasks.create_task(LIST, subject)
    await tasks.reset_task_list(LIST)
    assert await tasks.list_tasks(LIST) == []
    assert await tasks.get_meta(LIST) is not None
    assert (await tasks.create_task(LIST, "D")).id == 4


async def test_store_without_an_argument_uses_hive_home_then_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "env"))
    await TaskStore().create_task(LIST, "By environment")
    assert native.record_path(tmp_path / "env", LIST, 1).is_file()
    assert task_list_path(LIST) == native.list_directory(tmp_path / "env", LIST)
    monkeypatch.delenv("HIVE_HOME")
    await TaskStore().create_task(LIST, "By home")
    assert native.record_path(Path.home() / ".hive", LIST, 1).is_file()
