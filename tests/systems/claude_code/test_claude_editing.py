"""Edits of Claude Code's lists: which files are written, in which order, under which locks."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.files.exchange import replace_seen
from store.model.edits import (
    BatchRefused,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    CycleRefused,
    EditRefused,
    InvalidField,
    ListGone,
    LockTimeout,
    StaleEdit,
    StorageFailure,
    TaskNotFound,
    UnreadableTask,
)
from store.model.task import ListKey, TaskId, TaskListId, TaskStatus
from store.systems.claude_code import committing
from tests.patience import PATIENCE_S, wait_until
from tests.systems.claude_code.a_list import Scene, put, raw, record


@contextmanager
def held(place: Path, target: str) -> Iterator[None]:
    """The lock of a file, held by somebody else who will not be thought dead."""
    lock = place / f"{target}.lock"
    lock.mkdir()
    later = time.time() + PATIENCE_S
    os.utime(lock, (later, later))
    try:
        yield
    finally:
        lock.rmdir()


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    came: list[object] = []

    def run() -> None:
        try:
            came.append(work())
        except BaseException as error:
            came.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


@pytest.fixture
def umask() -> Iterator[int]:
    """Another one than usual while the test runs."""
    before = os.umask(0o026)
    yield 0o026
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_first_record_has_the_mode_that_the_umask_leaves_and_keeps_its_own(
    scene: Scene, umask: int
) -> None:
    scene.system.apply(CreateTask(scene.key, "Forge"))
    first = scene.place / "1.json"
    assert mode(first) == 0o666 & ~umask
    first.chmod(0o604)
    scene.system.apply(UpdateTask(scene.of(1), subject="Other"))
    assert mode(first) == 0o604


def test_new_and_restored_records_have_the_mode_of_a_neighbour(scene: Scene, umask: int) -> None:
    put(scene.place, 1).chmod(0o600)
    put(scene.place, 2).chmod(0o644)
    scene.system.apply(CreateTask(scene.key, "Forge"))
    assert mode(scene.place / "3.json") == 0o644
    before = scene.task(1)
    gone = scene.system.apply(DeleteTask(scene.of(1)))
    scene.system.apply(RestoreTask(before, gone.originals[TaskId("1")]))
    assert mode(scene.place / "1.json") == 0o644


def test_created_task_has_all_that_its_owner_asks_for_and_the_next_number(scene: Scene) -> None:
    put(scene.place, 3)
    (scene.place / ".highwatermark").write_text("11")
    made = scene.system.apply(
        CreateTask(scene.key, "Forge", owner="ann", blocked_by=(TaskId("3"),))
    )
    assert made.task is not None
    assert made.task.id == "12"
    assert raw(scene.place, 12) == {
        "id": "12",
        "subject": "Forge",
        "description": "",
        "activeForm": "Forge",
        "owner": "ann",
        "status": "pending",
        "blocks": [],
        "blockedBy": ["3"],
    }
    assert raw(scene.place, 3)["blocks"] == ["12"]
    assert (scene.place / ".highwatermark").read_text() == "11"
    assert scene.names() == [".highwatermark", ".lock", "12.json", "3.json"]


def test_first_task_of_a_list_that_is_started_makes_its_directory(scene: Scene) -> None:
    key = ListKey("claude_code", str(scene.root), TaskListId("claude:new"))
    with pytest.raises(ListGone):
        scene.system.apply(CreateTask(key, "one"))
    made = scene.system.apply(CreateTask(key, "one", starts_list=True))
    assert made.task is not None
    assert made.task.key.id == "1"
    assert raw(scene.root / "tasks" / "new", 1)["subject"] == "one"


def test_number_that_somebody_else_takes_meanwhile_is_not_overwritten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = committing.encoded

    def late(*arguments: object) -> object:
        if not (scene.place / "1.json").exists():
            put(scene.place, 1, subject="theirs")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("store.systems.claude_code.editing.encoded", late)
    made = scene.system.apply(CreateTask(scene.key, "ours"))
    assert made.task is not None
    assert made.task.id == "2"
    assert raw(scene.place, 1)["subject"] == "theirs"
    assert raw(scene.place, 2)["subject"] == "ours"


def test_deleted_task_leaves_the_mark_and_no_edge_and_can_come_back_as_it_was(
    scene: Scene,
) -> None:
    put(scene.place, 1, blocks=["2"])
    text = '{"id": "2", "x": 1.0, "subject": "s", "description": "", "status": "pending",\n'
    text += ' "blocks": ["3"], "blockedBy": ["1"]}'
    (scene.place / "2.json").write_text(text)
    put(scene.place, 3, blockedBy=["2"])
    gone = scene.system.apply(DeleteTask(scene.of(2)))
    assert gone.task is None
    assert set(gone.stripped) == {"1", "3"}
    assert gone.originals == {TaskId("2"): text}
    assert (scene.place / ".highwatermark").read_text() == "3"
    assert raw(scene.place, 1)["blocks"] == []
    assert raw(scene.place, 3)["blockedBy"] == []
    before = gone.before[TaskId("2")]
    assert before is not None
    scene.system.apply(RestoreTask(before, gone.originals[TaskId("2")]))
    back = raw(scene.place, 2)
    assert list(back)[:2] == ["id", "x"]
    assert (back["blocks"], back["blockedBy"]) == (["3"], ["1"])
    assert raw(scene.place, 1)["blocks"] == ["2"]
    assert raw(scene.place, 3)["blockedBy"] == ["2"]
    assert scene.names() == [".highwatermark", ".lock", "1.json", "2.json", "3.json"]


def test_deleted_numbers_never_come_back(scene: Scene) -> None:
    ids = []
    for _ in range(3):
        made = scene.system.apply(CreateTask(scene.key, "x"))
        assert made.task is not None
        ids.append(int(made.task.id))
        scene.system.apply(DeleteTask(made.task.key))
    assert ids == [1, 2, 3]


def test_numbers_of_what_is_no_plain_file_are_not_given_away(scene: Scene) -> None:
    (scene.place / "7.json").mkdir()
    (scene.place / "8.json").symlink_to(scene.place / "nowhere")
    made = scene.system.apply(CreateTask(scene.key, "x"))
    assert made.task is not None
    assert made.task.id == "9"
    with pytest.raises(UnreadableTask):
        scene.system.apply(UpdateTask(scene.of(7), owner="ann"))


def test_edges_are_written_on_both_sides_and_removed_from_both(scene: Scene) -> None:
    put(scene.place, 1)
    put(scene.place, 2)
    scene.system.apply(UpdateTask(scene.of(2), add_blocked_by=(TaskId("1"),)))
    assert (raw(scene.place, 1)["blocks"], raw(scene.place, 2)["blockedBy"]) == (["2"], ["1"])
    with pytest.raises(CycleRefused):
        scene.system.apply(UpdateTask(scene.of(1), add_blocked_by=(TaskId("2"),)))
    scene.system.apply(UpdateTask(scene.of(1), remove_blocks=(TaskId("2"),)))
    assert (raw(scene.place, 1)["blocks"], raw(scene.place, 2)["blockedBy"]) == ([], [])


def test_claim_needs_a_free_task_and_blockers_that_are_done(scene: Scene) -> None:
    put(scene.place, 1, blocks=["2"])
    put(scene.place, 2, blockedBy=["1"])
    with pytest.raises(ClaimRefused, match="cannot start yet"):
        scene.system.apply(ClaimTask(scene.of(2), "ann"))
    scene.system.apply(UpdateTask(scene.of(1), status=TaskStatus.COMPLETED))
    made = scene.system.apply(ClaimTask(scene.of(2), "ann"))
    assert made.task is not None
    assert (made.task.owner, made.task.status) == ("ann", TaskStatus.PENDING)
    with pytest.raises(ClaimRefused, match="already owned"):
        scene.system.apply(ClaimTask(scene.of(2), "bob"))
    scene.system.apply(ReleaseTask(scene.of(2), "ann"))
    assert "owner" not in raw(scene.place, 2)


def test_stale_edit_and_missing_and_unreadable_tasks_are_refused_and_stay(scene: Scene) -> None:
    put(scene.place, 1, owner="bob")
    (scene.place / "2.json").write_text("{ half")
    before = {name: (scene.place / name).read_bytes() for name in ("1.json", "2.json")}
    refused: list[tuple[Edit, type[Exception]]] = [
        (UpdateTask(scene.of(1), owner="ann", expected={"owner": None}), StaleEdit),
        (UpdateTask(scene.of(2), owner="ann"), UnreadableTask),
        (UpdateTask(scene.of(9), owner="ann"), TaskNotFound),
        (UpdateTask(scene.of(1), priority="high"), EditRefused),
        (UpdateTask(scene.of(1), subject="half \ud800 of a pair"), InvalidField),
    ]
    for edit, error in refused:
        with pytest.raises(error):
            scene.system.apply(edit)
    assert {name: (scene.place / name).read_bytes() for name in before} == before
    assert scene.names() == [".lock", "1.json", "2.json"]


def test_batch_is_made_as_a_whole_or_names_what_it_left_out(scene: Scene) -> None:
    put(scene.place, 1)
    put(scene.place, 2)
    edits: list[Edit] = [
        UpdateTask(scene.of(1), owner="ann"),
        UpdateTask(scene.of(9), owner="ann"),
        CreateTask(scene.key, "new", blocked_by=(TaskId("2"),)),
    ]
    with pytest.raises(BatchRefused):
        scene.system.apply_all(edits, all_or_none=True)
    assert raw(scene.place, 1) == record(1)
    made = scene.system.apply_all(edits, all_or_none=False)
    assert [result.task.id for result in made.results if result.task] == ["1", "3"]
    assert [type(failure.error) for failure in made.failures] == [TaskNotFound]
    assert raw(scene.place, 2)["blocks"] == ["3"]


def test_edit_of_one_task_waits_for_that_tasks_lock_only(scene: Scene) -> None:
    put(scene.place, 1)
    put(scene.place, 2)
    with held(scene.place, "2.json"), held(scene.place, ".lock"):
        scene.system.apply(UpdateTask(scene.of(1), owner="ann"))
        thread, came = in_thread(lambda: scene.system.apply(UpdateTask(scene.of(2), owner="ann")))
        put(scene.place, 2, subject="theirs")
        assert came == []
    thread.join(PATIENCE_S)
    assert [type(one) for one in came] == [EditResult]
    assert (raw(scene.place, 2)["subject"], raw(scene.place, 2)["owner"]) == ("theirs", "ann")


@pytest.mark.parametrize("target", [".lock", "1.json"])
def test_change_of_several_tasks_needs_the_lists_lock_and_those_of_the_tasks(
    tmp_path: Path, target: str
) -> None:
    scene = Scene(tmp_path / "claude", lock_timeout_s=0.05)
    put(scene.place, 1)
    put(scene.place, 2)
    edge = UpdateTask(scene.of(2), add_blocked_by=(TaskId("1"),))
    with held(scene.place, target):
        with pytest.raises(LockTimeout):
            scene.system.apply(edge)
        assert raw(scene.place, 2)["blockedBy"] == []
        assert list(scene.system.lock_holders([scene.key])) == [scene.key]
    assert scene.system.lock_holders([scene.key]) == {}
    scene.system.apply(edge)
    assert raw(scene.place, 2)["blockedBy"] == ["1"]


def test_create_under_the_lists_lock_waits_for_it(scene: Scene) -> None:
    with held(scene.place, ".lock"):
        thread, came = in_thread(lambda: scene.system.apply(CreateTask(scene.key, "ours")))
        put(scene.place, 1, subject="theirs")
        assert came == []
    thread.join(PATIENCE_S)
    assert [raw(scene.place, 1)["subject"], raw(scene.place, 2)["subject"]] == ["theirs", "ours"]


def test_neighbour_who_flocks_the_lock_file_is_kept_out_but_stops_nobody(scene: Scene) -> None:
    descriptor = os.open(scene.place / ".lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        scene.system.apply(CreateTask(scene.key, "while it holds it"))
    finally:
        os.close(descriptor)
    assert raw(scene.place, 1)["subject"] == "while it holds it"


def test_task_that_is_deleted_while_its_edit_waits_does_not_come_back(scene: Scene) -> None:
    put(scene.place, 1)
    with held(scene.place, "1.json"):
        thread, came = in_thread(lambda: scene.system.apply(UpdateTask(scene.of(1), owner="ann")))
        (scene.place / "1.json").unlink()
    thread.join(PATIENCE_S)
    assert [type(one) for one in came] == [TaskNotFound]
    wait_until(lambda: scene.names() == [".lock"], "an empty list")


def test_writer_without_a_lock_who_comes_in_between_is_not_overwritten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scene.place, 1)
    whole, turns = committing.encoded, []

    def late(*arguments: object) -> object:
        turns.append(1)
        if len(turns) == 1:
            put(scene.place, 1, subject="theirs, without a lock")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("store.systems.claude_code.editing.encoded", late)
    scene.system.apply(UpdateTask(scene.of(1), owner="ann"))
    assert len(turns) == 2
    assert raw(scene.place, 1) == record(1, subject="theirs, without a lock", owner="ann")


def test_change_that_fails_half_way_is_taken_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scene.place, 1)
    put(scene.place, 2)
    before = {name: (scene.place / name).read_bytes() for name in scene.names()}
    calls: list[int] = []

    def full(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 1:  # the second file: after the new one was made
            raise OSError(28, "No space left on device")
        return replace_seen(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("store.systems.claude_code.committing.replace_seen", full)
    edit = CreateTask(scene.key, "new", blocked_by=(TaskId("1"), TaskId("2")))
    with pytest.raises(StorageFailure, match="No space"):
        scene.system.apply(edit)
    assert {name: (scene.place / name).read_bytes() for name in scene.names()} == before


def test_directory_that_was_moved_away_gets_no_edit(scene: Scene) -> None:
    put(scene.place, 1)
    scene.load()
    moved = scene.place.rename(scene.root / "elsewhere")
    with pytest.raises(ListGone):
        scene.system.apply(UpdateTask(scene.of(1), owner="ann"))
    assert raw(moved, 1) == record(1)


def test_link_in_a_tasks_place_is_neither_read_nor_written(scene: Scene, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(put(tmp_path, 1).read_text())
    (scene.place / "1.json").symlink_to(secret)
    before = secret.read_text()
    assert not scene.task(1).is_readable
    with pytest.raises((UnreadableTask, TaskNotFound)):
        scene.system.apply(UpdateTask(scene.of(1), owner="ann"))
    assert secret.read_text() == before
    assert (scene.place / "1.json").is_symlink()


@pytest.mark.parametrize("list_id", ["claude:../x", "claude:a/b", "claude:", "team:x"])
def test_list_id_that_leads_elsewhere_is_refused(scene: Scene, list_id: str) -> None:
    key = ListKey("claude_code", str(scene.root), TaskListId(list_id))
    with pytest.raises(ValueError, match="list id"):
        scene.system.apply(CreateTask(key, "x", starts_list=True))
    assert sorted(path.name for path in scene.root.iterdir()) == ["tasks"]
