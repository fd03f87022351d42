"""Undo, redo and history in the running app, on real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.model.edits import DeleteTask, EditBatch, UpdateTask
from store.model.history import Origin
from store.model.task import TaskKey, TaskStatus
from store.operating import Operator
from store.workspace import RootSpec, Workspace
from tests.tui.conftest import Colony, OpenSession, Session
from tui.messages import BatchRequested, EditRequested


def key_of(session: Session, number: int) -> TaskKey:
    (found,) = [t.key for _, t in session.frame.snapshot.all_tasks() if t.id == str(number)]
    assert isinstance(found, TaskKey)
    return found


async def settled(session: Session) -> None:
    await session.until(lambda: not session.app.threads.pending, "edits settled")
    await session.pilot.pause()


async def test_undo_takes_the_last_edit_back_with_one_key_and_says_which(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 30)) as session:
        key = key_of(session, 6)
        edit = UpdateTask(key, status=TaskStatus.COMPLETED)
        session.app.main.post_message(EditRequested(edit))
        await session.until(lambda: colony.read(6)["status"] == "completed")
        await settled(session)
        await session.press("z")
        await session.until(lambda: colony.read(6)["status"] == "pending", "taken back")
        await session.until(lambda: "undone: #6 status → completed" in session.text())
        await session.press("Z")
        await session.until(lambda: colony.read(6)["status"] == "completed", "made again")
        await session.until(lambda: "made again: #6" in session.text())


async def test_undo_of_a_bulk_edit_is_one_key_and_one_step(
    colony: Colony, open_session: OpenSession
) -> None:
    before = [colony.read(number) for number in (2, 6, 7)]
    async with open_session(colony, size=(120, 30)) as session:
        edits = tuple(UpdateTask(key_of(session, n), owner="dee") for n in (2, 6, 7))
        session.app.main.post_message(BatchRequested(EditBatch(edits, "give 3 tasks to dee")))
        await session.until(lambda: all(colony.read(n)["owner"] == "dee" for n in (2, 6, 7)))
        await settled(session)
        await session.press("z")
        await session.until(lambda: colony.read(2)["owner"] == "bo", "taken back")
        await session.until(lambda: "undone: give 3 tasks to dee" in session.text())
        after = [colony.read(number) for number in (2, 6, 7)]
        assert [r["owner"] for r in after] == [r["owner"] for r in before]
        await session.press("z")
        await session.until(lambda: "nothing to undo" in session.text())


async def test_undo_right_after_an_edit_waits_for_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, lock_timeout_s=10.0) as session:
        key = key_of(session, 6)
        with colony.held_by_another_process():
            session.app.main.post_message(EditRequested(UpdateTask(key, owner="eve")))
            await session.press("z")
            await session.until(lambda: session.app.threads.pending == 2)
        await session.until(lambda: "undone: #6 owner → eve" in session.text())
        assert colony.read(6)["owner"] is None


async def test_undo_of_a_deleted_task_brings_it_back_with_its_id_and_edges(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        before = colony.read(2)
        await session.until(lambda: session.task(2))
        session.app.main.post_message(EditRequested(DeleteTask(key_of(session, 2))))
        await session.until(lambda: session.task(2) is None)
        await settled(session)
        assert colony.read(3)["blocked_by"] == []
        await session.press("z")
        await session.until(lambda: session.task(2) is not None, "it is back")
        after = colony.read(2)
        assert {**after, "updated_at": 0} == {**before, "updated_at": 0}
        assert colony.read(3)["blocked_by"] == [2]
        assert colony.read(1)["blocks"] == [2]


async def test_undo_against_a_foreign_change_says_what_changed_since(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 34)) as session:
        edit = UpdateTask(key_of(session, 6), owner="eve")
        session.app.main.post_message(EditRequested(edit))
        await session.until(lambda: session.task(6).owner == "eve")
        await settled(session)
        colony.write(6, owner="mallory")
        await session.until(lambda: session.task(6).owner == "mallory")
        await session.press("z")
        await session.until(lambda: "Not all could be taken back" in session.text())
        assert "owner was 'eve', is now" in session.text()
        await session.until(lambda: "owner eve → mallory" in session.text(), "what happened since")
        assert colony.read(6)["owner"] == "mallory"
        await session.press("escape")


async def test_undo_in_a_read_only_session_is_no_key(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, read_only=True) as session:
        assert session.app.main.check_action("undo_step", ()) is False
        assert session.app.main.check_action("show_history", ()) is True


async def test_history_tells_own_edits_inferred_agents_and_what_nobody_claims(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        key = key_of(session, 1)
        session.app.main.go_to(key)
        await session.until_selected(1)
        session.app.main.post_message(EditRequested(UpdateTask(key, subject="Crawl all pages")))
        await session.until(lambda: colony.read(1)["subject"] == "Crawl all pages")
        await settled(session)
        colony.write(1, status="completed")
        await session.until(lambda: session.task(1).status is TaskStatus.COMPLETED)
        colony.write(1, owner=None)
        await session.until(lambda: session.task(1).owner is None)
        await session.press("H")
        await session.until(lambda: "3 entries, newest first" in session.text())
        rows = [row for row in session.text().splitlines() if "│" in row]
        said = "\n".join(rows)
        assert "owner ann → -" in said
        assert "agent?" in said
        assert "operator" in said
        assert "derived" in said
        await session.press("escape")


async def test_history_of_a_vanished_task_keeps_its_last_record(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        key = key_of(session, 6)
        colony.write(6, description="Only the big ones")
        await session.until(lambda: session.task(6).description == "Only the big ones")
        (colony.tasks / "0006.json").unlink()
        await session.until(lambda: session.task(6) is None)
        await session.until(lambda: "vanished" in session.text())
        session.app.main.query_one("#activity").focus()
        await session.press("home", "H")
        await session.until(lambda: "no longer in its list" in session.text())
        await session.until(lambda: "Only the big ones" in session.text(), "the last record")
        assert "last seen: pending" in session.text()
        assert "deleted" not in session.text()
        await session.press("escape")
    workspace = Workspace([RootSpec(colony.root, "test")])
    (gone, *_) = Operator(workspace).history(key)
    assert gone.what == "vanished"
    assert gone.origin is Origin.DERIVED
    assert gone.last is not None
    assert gone.last.description == "Only the big ones"


async def test_activity_names_another_operator_and_tells_the_edit_once(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        other = Operator(Workspace([RootSpec(colony.root, "test")]), name="noor")
        other.apply(UpdateTask(key_of(session, 6), owner="eve"))
        await session.until(lambda: "noor" in session.text(), "the other operator's name")
        row = next(row for row in session.text().splitlines() if "noor" in row)
        assert "operator" in row
        await session.press("z")
        await session.until(lambda: "nothing to undo" in session.text())
        assert colony.read(6)["owner"] == "eve"


async def test_edits_stand_and_a_warning_is_said_once_where_no_journal_can_be_written(
    colony: Colony, open_session: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "no-directory"
    blocked.write_text("a file")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    async with open_session(colony, size=(120, 40)) as session:
        key = key_of(session, 6)
        for owner in ("eve", "finn"):
            session.app.main.post_message(EditRequested(UpdateTask(key, owner=owner)))
        await session.until(lambda: colony.read(6)["owner"] == "finn")
        await settled(session)
        await session.until(lambda: session.app._notifications, "a warning")
        said = [n.message for n in session.app._notifications]
        assert len([text for text in said if "cannot be undone" in text]) == 1
        await session.press("z")
        await session.until(lambda: "the journal cannot be used" in session.text())
        assert colony.read(6)["owner"] == "finn"
