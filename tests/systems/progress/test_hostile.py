"""Databases that are not what they should be: shown as far as they go, never made worse."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.failures import UnreadableFile
from store.model.edits import CreateTask, ReleaseTask, UpdateTask
from store.model.errors import ColonytopError, EditRefused, InvalidField
from store.model.snapshot import TaskList
from store.model.task import ListKey, ProblemKind, TaskId, TaskKey, TaskListId, TaskStatus, Verb
from store.roots import RootSpec
from store.systems.progress.adapter import ProgressSystem
from store.systems.progress.record import joined_goal, metadata_of, payload_of, split_goal
from store.systems.progress.rows import (
    CHECK_COLUMNS,
    STEP_COLUMNS,
    TASK_COLUMNS,
    TEXT_LIMIT,
)
from store.workspace import Workspace
from tests.contract.hooks import settled
from tests.systems.progress import layout

GOOD = layout.SCHEMA


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "hive"


@pytest.fixture
def system() -> ProgressSystem:
    return ProgressSystem()


def made(root: Path, schema: str = GOOD) -> tuple[Path, ListKey]:
    path = layout.make(layout.database(root), schema)
    return path, ListKey("progress", str(root), TaskListId("queue:forge"))


def at(key: ListKey, task_id: str) -> TaskKey:
    return TaskKey(key, TaskId(task_id))


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return [repr(line) for line in connection.execute("SELECT * FROM tasks ORDER BY rowid")]


# other schemas


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE mine (value);",
        "CREATE TABLE tasks (id, goal);",
        "CREATE TABLE tasks (id, goal, status, claim_token);",
        GOOD.replace("claim_token", "claim_ticket"),
        "CREATE VIEW tasks AS SELECT 1 AS id, 2 AS goal, 3 AS status, 4 AS claim_token;"
        "CREATE TABLE sop_checklist (key);",
        "",
    ],
)
def test_database_that_is_no_queue_is_shown_empty_with_the_reason_and_never_edited(
    system: ProgressSystem, root: Path, schema: str
) -> None:
    path, key = made(root, schema)
    loaded = settled(system, key)
    assert loaded.tasks == {}
    (problem,) = loaded.problems
    assert (problem.kind, problem.path) == (ProblemKind.UNREADABLE, str(path))
    assert "not a progress queue" in problem.text
    assert loaded.info.capabilities.refusal(Verb.CREATE) == problem.text
    content = path.read_bytes()
    with pytest.raises(EditRefused):
        system.apply(CreateTask(key, "x"))
    with pytest.raises(EditRefused):
        system.repair(key, dry_run=False)
    assert path.read_bytes() == content


def test_queue_of_a_later_version_is_shown_and_not_edited(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root, GOOD.replace("user_version = 1", "user_version = 7"))
    layout.put_task(path, "t-1", goal="Dig")
    loaded = settled(system, key)
    assert loaded.tasks[TaskId("t-1")].subject == "Dig"
    assert "version 7" in (loaded.info.capabilities.refusal(Verb.STATUS) or "")
    with pytest.raises(EditRefused, match="version 7"):
        system.apply(ReleaseTask(at(key, "t-1")))


def test_queue_without_some_columns_and_tables_is_shown_and_not_edited(
    system: ProgressSystem, root: Path
) -> None:
    schema = (
        "CREATE TABLE tasks (id TEXT, goal TEXT, status TEXT, claim_token TEXT);"
        "CREATE TABLE sop_checklist (task_id, key, description);"
    )
    path, key = made(root, schema)
    layout.run(path, "INSERT INTO tasks VALUES ('t-1', 'Dig', 'pending', NULL)")
    layout.run(path, "INSERT INTO sop_checklist VALUES ('t-1', 'k', 'Safe')")
    loaded = settled(system, key)
    task = loaded.tasks[TaskId("t-1")]
    assert (task.subject, task.status, task.priority) == ("Dig", TaskStatus.PENDING, None)
    assert task.execution is not None
    assert [check.text for check in task.execution.checks] == ["Safe"]
    with pytest.raises(EditRefused, match=r"tasks\.seq"):
        system.apply(UpdateTask(at(key, "t-1"), priority="1"))


def test_foreign_columns_are_shown_and_kept(system: ProgressSystem, root: Path) -> None:
    path, key = made(root)
    layout.run(path, 'ALTER TABLE tasks ADD COLUMN "odd ""name" TEXT')
    layout.run(path, "ALTER TABLE tasks ADD COLUMN blob BLOB")
    layout.put_task(path, "t-1", blob=b"\x00\xff")
    layout.run(path, 'UPDATE tasks SET "odd ""name" = ?', "x" * 10_000)
    task = settled(system, key).tasks[TaskId("t-1")]
    assert task.extra["blob"] == "2 bytes"
    assert set(task.extra['odd "name']) == {"x"}
    system.apply(UpdateTask(task.key, subject="Dig", priority="3", status=TaskStatus.FAILED))
    assert layout.run(path, 'SELECT length("odd ""name"), blob FROM tasks') == [
        (10_000, b"\x00\xff")
    ]


def test_other_status_texts_are_shown_as_they_are_and_survive_other_edits(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root)
    for number, status in enumerate(("DONE", "blocked", "", "half\ndone", "completed")):
        layout.put_task(path, f"t-{number}", status=status)
    loaded = settled(system, key)
    assert {task.status for task in loaded.tasks.values()} == {TaskStatus.UNKNOWN}
    words = [task.native_status for task in loaded.tasks.values()]
    assert words == ["DONE", "blocked", "", "half\ndone", "completed"]
    for task in loaded.tasks.values():
        assert [problem.kind for problem in task.problems] == [ProblemKind.UNKNOWN_STATUS]
        assert not loaded.is_ready(task)
        system.apply(UpdateTask(task.key, priority="2"))
    assert [row[0] for row in layout.run(path, "SELECT status FROM tasks ORDER BY id")] == words
    requeued = system.apply(UpdateTask(at(key, "t-0"), status=TaskStatus.PENDING))
    assert layout.row_of(path, "t-0")["status"] == "pending"
    assert requeued.changed[0] == "status"


# odd values

LOOSE = f"""
CREATE TABLE tasks ({", ".join(TASK_COLUMNS)});
CREATE TABLE steps ({", ".join(("id", *(n for n in STEP_COLUMNS if n != "id")))});
CREATE TABLE sop_checklist (id, {", ".join(CHECK_COLUMNS)});
PRAGMA user_version = 1;
"""
"""The same columns, which take anything."""

VALUES = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.sampled_from(
        ["pending", "claimed", "in_progress", "done", "2026-04-15 10:00:00", "\x1b[2J"]
    ),
)


@given(values=st.lists(VALUES, min_size=35, max_size=35))
def test_any_values_in_any_column_are_shown_and_edits_keep_what_they_do_not_name(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any]
) -> None:
    root = tmp_path_factory.mktemp("root")
    path, key = made(root, LOOSE)
    with closing(sqlite3.connect(path)) as connection, connection:
        marks = ", ".join("?" * 17)
        connection.execute(f"INSERT INTO tasks VALUES ('t-1', {marks})", values[:17])
        connection.execute(f"INSERT INTO tasks VALUES (NULL, {marks})", values[:17])
        connection.execute(
            "INSERT INTO steps VALUES (?, 't-1', ?, ?, ?, ?, ?, ?, ?, ?)", values[17:26]
        )
        connection.execute(
            "INSERT INTO sop_checklist VALUES (?, 't-1', ?, ?, ?, ?, ?, ?)", values[26:33]
        )
    system = ProgressSystem()
    loaded = system.load(key)
    assert tuple(loaded.tasks) == ("t-1",)
    assert [problem.kind for problem in loaded.problems] == [ProblemKind.ID_MISMATCH]
    before = dump(path)
    system.apply(UpdateTask(at(key, "t-1"), most_attempts=77))
    after = dump(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        (most,) = connection.execute("SELECT max_retries FROM tasks WHERE id = 't-1'").fetchone()
        connection.execute(
            "UPDATE tasks SET max_retries = ?, updated_at = ? WHERE id = 't-1'",
            (values[13], values[11]),
        )
    assert most == 77
    assert after[1] == before[1]
    assert dump(path) == before


def test_ids_that_stand_there_twice_are_told_and_not_edited(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root, GOOD.replace("id TEXT PRIMARY KEY, seq", "id TEXT, seq"))
    for goal in ("one", "two"):
        layout.put_task(path, "t-1", goal=goal)
    loaded = settled(system, key)
    assert len(loaded.tasks) == 1
    assert "more than once" in loaded.problems[0].text
    before = dump(path)
    with pytest.raises(ColonytopError):
        system.apply(UpdateTask(at(key, "t-1"), priority="1"))
    assert dump(path) == before


def test_huge_texts_are_cut_for_showing_and_never_written_back(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root)
    huge = "x" * 3_000_000
    layout.put_task(path, "t-1", goal=huge, payload='{"a": "' + huge + '"}', last_error=huge)
    layout.put_step(path, "t-1", 1, huge, evidence=huge)
    loaded = settled(system, key)
    task = loaded.tasks[TaskId("t-1")]
    assert len(task.subject) <= TEXT_LIMIT + 1
    assert [problem.kind for problem in task.problems] == [ProblemKind.CUT_TEXT]
    assert task.is_readable
    for edit in (
        UpdateTask(task.key, subject="short"),
        UpdateTask(task.key, description="more"),
        UpdateTask(task.key, metadata_patch={"b": 1}),
    ):
        with pytest.raises(InvalidField):
            system.apply(edit)
    system.apply(UpdateTask(task.key, status=TaskStatus.FAILED, priority="1"))
    row = layout.row_of(path, "t-1")
    assert (row["goal"], row["last_error"], row["status"]) == (huge, huge, "failed")
    assert layout.run(path, "SELECT evidence FROM steps") == [(huge,)]


def test_text_that_is_not_utf_8_is_shown_and_never_written_back(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root)
    layout.put_task(path, "t-1")
    layout.run(path, "UPDATE tasks SET goal = CAST(x'61ff0a62' AS TEXT)")
    task = settled(system, key).tasks[TaskId("t-1")]
    assert (task.subject, task.description) == ("a\ufffd", "b")
    with pytest.raises(InvalidField):
        system.apply(UpdateTask(task.key, subject="c"))
    system.apply(UpdateTask(task.key, priority="1"))
    assert layout.run(path, "SELECT hex(goal) FROM tasks") == [("61FF0A62",)]


def test_triggers_that_swallow_or_refuse_an_edit_are_told(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root)
    layout.put_task(path, "t-1")
    for action in ("RAISE(IGNORE)", "RAISE(ABORT, 'not you')", "RAISE(ROLLBACK, 'not you')"):
        layout.run(path, f"CREATE TRIGGER guard BEFORE UPDATE ON tasks BEGIN SELECT {action}; END")
        before = dump(path)
        with pytest.raises(ColonytopError):
            system.apply(UpdateTask(at(key, "t-1"), priority="1"))
        assert dump(path) == before
        layout.run(path, "DROP TRIGGER guard")


@pytest.mark.parametrize("event", ["INSERT", "UPDATE"])
def test_trigger_that_takes_tasks_away_is_told_and_undone(
    system: ProgressSystem, root: Path, event: str
) -> None:
    path, key = made(root)
    layout.put_task(path, "t-1")
    layout.run(path, f"CREATE TRIGGER away AFTER {event} ON tasks BEGIN DELETE FROM tasks; END")
    before = dump(path)
    edit = CreateTask(key, "x") if event == "INSERT" else UpdateTask(at(key, "t-1"), priority="1")
    with pytest.raises(EditRefused, match="trigger"):
        system.apply(edit)
    assert dump(path) == before


def test_columns_that_must_not_be_null_refuse_a_new_task(
    system: ProgressSystem, root: Path
) -> None:
    path, key = made(root, GOOD.replace("source TEXT", "source TEXT, mine TEXT NOT NULL"))
    with pytest.raises(EditRefused, match="mine"):
        system.apply(CreateTask(key, "x"))
    assert dump(path) == []


def test_database_in_utf_16_is_read_and_written(system: ProgressSystem, root: Path) -> None:
    path, key = made(root, "PRAGMA encoding = 'UTF-16';" + GOOD)
    layout.put_task(path, "t-1", goal="größe 🜚")
    assert settled(system, key).tasks[TaskId("t-1")].subject == "größe 🜚"
    system.apply(UpdateTask(at(key, "t-1"), subject="klein 🜛"))
    assert layout.row_of(path, "t-1")["goal"] == "klein 🜛"


# damage


def test_damaged_database_is_shown_as_it_last_was_and_its_bytes_stay(root: Path) -> None:
    path, key = made(root)
    for number in range(40):
        layout.put_task(path, f"t-{number}", goal="x" * 2000)
    workspace = Workspace([RootSpec(root, "test")], systems=[ProgressSystem()])
    good = workspace.scan().lists[key]
    whole = path.read_bytes()
    damaged = whole[:4096] + b"\xa5" * (len(whole) - 4096)
    path.write_bytes(damaged)
    shown = workspace.scan().lists[key]
    assert shown.is_stale
    assert shown.tasks == good.tasks
    assert ProblemKind.UNREADABLE in [problem.kind for problem in shown.problems]
    again = workspace.scan().lists[key]
    assert again is shown
    with pytest.raises(ColonytopError):
        workspace.apply(UpdateTask(at(key, "t-1"), priority="1"))
    assert path.read_bytes() == damaged
    path.write_bytes(whole)
    mended = workspace.scan().lists[key]
    assert not mended.is_stale
    assert mended.tasks == good.tasks


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"hello" * 5000])
def test_file_that_is_no_database_is_told_and_left_alone(
    system: ProgressSystem, root: Path, content: bytes
) -> None:
    path, key = made(root)
    path.write_bytes(content)
    shown: TaskList | None = None
    with suppress(UnreadableFile):
        shown = settled(system, key)
    assert shown is None or shown.problems
    workspace = Workspace([RootSpec(root, "test")], systems=[system])
    assert workspace.scan().lists[key].problems
    with pytest.raises(ColonytopError):
        system.apply(CreateTask(key, "x"))
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# goals and payloads


@given(st.text(), st.text(min_size=1), st.text())
def test_goal_joined_from_its_own_parts_is_the_same(goal: str, subject: str, body: str) -> None:
    first, rest = split_goal(goal)
    assert joined_goal(goal, first, rest) == goal
    assert "\n" not in first


@given(
    st.text(),
    st.text(st.characters(blacklist_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1),
    st.text(st.characters(blacklist_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1),
)
def test_goal_with_other_parts_splits_into_them(goal: str, subject: str, body: str) -> None:
    assert split_goal(joined_goal(goal, subject, body)) == (subject, body)
    assert split_goal(joined_goal(goal, subject, "")) == (subject, "")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.text(st.characters(blacklist_categories=["Cs"])), JSON, min_size=1, max_size=4
    )
)
def test_payload_on_one_line_or_many_holds_the_same(metadata: dict[str, Any]) -> None:
    flat = payload_of("{}", metadata)
    assert flat is not None
    assert "\n" not in flat
    assert metadata_of(flat) == metadata
    tall = payload_of("{\n}", metadata)
    assert metadata_of(tall) == metadata
