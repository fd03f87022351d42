"""Every dialog on tasks that agents wrote to harm: no exception, no control code, no action."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.screen import Screen

from store.model.edits import (
    BatchResult,
    CreateTask,
    DeleteTask,
    EditBatch,
    EditFailure,
    UpdateTask,
)
from store.model.errors import EditRefused, FieldConflict, LockHolder, LockTimeout, StaleEdit
from store.model.receipts import Receipt, ReceiptState
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskListInfo
from tests.tui.dialog_host import NOW, a_task, mirrored, opened, shown
from tui.drafting import Draft
from tui.screens.assign import AssignScreen
from tui.screens.bulk_confirm import BulkDeleteScreen, BulkReleaseScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.bulk_pickers import BulkAssignScreen, BulkStatusScreen, BulkUnblockScreen
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.create_task import CreateScreen
from tui.screens.delete import DeleteScreen
from tui.screens.draft import DraftScreen, TrayDecision
from tui.screens.edit_task import EditScreen
from tui.screens.go_to import GoToScreen
from tui.screens.path_prompt import PathPrompt
from tui.screens.receipts import ReceiptsScreen
from tui.screens.release import ReleaseScreen
from tui.screens.start_list import StartListScreen
from tui.screens.status import StatusScreen
from tui.screens.unblock import UnblockScreen
from tui.view_state import Frame

HOSTILE = {
    "controls": "\x1b[2J\x1b[31mred\x1b]52;c;ZWNobyBoaQ==\x07 \x9b2J\x9d52;c;x\x9c",
    "closing markup": "[/nope] [/] [ $accent {self} %s",
    "action markup": "[@click=app.bell()]x[/] [link='http://evil']y[/link] \\[bold]\\",
    "scripts": "\u202etxet\u2066\u2069\u200f one\ntwo\r\nthree\u2028"
    + "漢字" * 60
    + "e\u0301" * 40,
    "megabyte": "👩‍👩‍👧‍👦\ud800" + "x" * 1_048_576,
}
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def a_hostile_frame(text: str) -> tuple[Frame, TaskKey]:
    """A list whose name, ids, subjects, owners, statuses and metadata are all the text."""
    list_key = ListKey("hive", "/hive", TaskListId(text))
    task_id = TaskId(text)
    target = replace(
        a_task("1", text, "in_progress"),
        key=TaskKey(list_key, task_id),
        native_status=text,
        owner=text,
        description=text,
        active_form=text,
        metadata={text: text, "deep": [{text: [text]}]},
        blocked_by=(TaskId("gone" + text), TaskId("other" + text), task_id),
    )
    other = replace(
        a_task("2", text, owner=text),
        key=TaskKey(list_key, TaskId("other" + text)),
        blocked_by=(task_id,),
    )
    by_id = mirrored({target.id: target, other.id: other})
    task_list = TaskList(TaskListInfo(list_key, text)).with_tasks(by_id, frozenset(by_id))
    return Frame(snapshot=Snapshot({list_key: task_list}), now=NOW), target.key


def a_conflict(frame: Frame, key: TaskKey, text: str) -> ConflictScreen:
    edit = UpdateTask(key, subject=text, metadata_patch={text: text}, expected={"subject": text})
    moved = [
        FieldConflict("subject", text, text + "2", text),
        FieldConflict("metadata", {text: text}, {text: [text]}, {text: text}),
        FieldConflict(text, text, text, text),
    ]
    return ConflictScreen(frame, edit, StaleEdit(key.list.id, key.id, moved))


def a_busy(frame: Frame, key: TaskKey, text: str) -> BusyScreen:
    error = LockTimeout(key.list.id, 3.0, LockHolder(1, text, 2.0))
    return BusyScreen(UpdateTask(key, subject=text, owner=text), error, frame)


def a_draft(text: str, key: TaskKey) -> Draft:
    edits = (
        UpdateTask(key, subject=text, owner=text, metadata_patch={text: text}),
        UpdateTask(key, owner="x", expected={"owner": "nobody " + text[:100]}),
        CreateTask(key.list, text, owner=text),
        DeleteTask(key),
    )
    return Draft(edits, text)


def a_failure(frame: Frame, key: TaskKey, text: str) -> FailuresScreen:
    edit = UpdateTask(key, subject=text, owner=text)
    busy = LockTimeout(key.list.id, 3.0, LockHolder(1, text, 2.0))
    failures = (EditFailure(edit, EditRefused(text)), EditFailure(edit, busy))
    return FailuresScreen(frame, EditBatch((edit, edit), text), BatchResult((), failures))


def a_receipt(frame: Frame, key: TaskKey, text: str) -> ReceiptsScreen:
    written = Receipt(key, text, text, NOW - 90)
    seen = replace(written, state=ReceiptState.SEEN, seen_at=NOW - 60, evidence=text)
    return ReceiptsScreen(replace(frame, receipts=(written, seen)))


def all_keys(frame: Frame) -> list[TaskKey]:
    return [task.key for _, task in frame.snapshot.all_tasks()]


Maker = Callable[[Frame, TaskKey, str], Screen[Any]]
DIALOGS: dict[str, tuple[Maker, list[str]]] = {
    "unblock": (lambda f, k, t: UnblockScreen(f, k), ["asterisk", "down", "space"]),
    "assign": (lambda f, k, t: AssignScreen(f, k), ["down", "minus"]),
    "status": (lambda f, k, t: StatusScreen(f, k), ["d", "p"]),
    "edit": (lambda f, k, t: EditScreen(f, k), ["tab", "tab", "tab", "tab", "right", "tab"]),
    "create": (lambda f, k, t: CreateScreen(f, k.list), ["x", "tab", "tab", "tab", "o", "down"]),
    "start list": (lambda f, k, t: StartListScreen(f, k.list.system, t), ["x", "tab", "o"]),
    "release": (lambda f, k, t: ReleaseScreen(f, k), []),
    "delete": (lambda f, k, t: DeleteScreen(f, k), []),
    "conflict": (a_conflict, ["t", "t", "space"]),
    "busy": (a_busy, []),
    "bulk unblock": (lambda f, k, t: BulkUnblockScreen(f, all_keys(f)), ["asterisk", "down"]),
    "bulk assign": (lambda f, k, t: BulkAssignScreen(f, all_keys(f)), ["down", "minus"]),
    "bulk status": (lambda f, k, t: BulkStatusScreen(f, all_keys(f)), ["d", "p"]),
    "bulk release": (lambda f, k, t: BulkReleaseScreen(f, all_keys(f)), ["pagedown"]),
    "bulk delete": (lambda f, k, t: BulkDeleteScreen(f, all_keys(f)), ["pagedown"]),
    "failures": (a_failure, ["down"]),
    "draft": (lambda f, k, t: DraftScreen(f, a_draft(t, k)), ["down", "down", "pagedown"]),
    "path": (lambda f, k, t: PathPrompt(f, t, t), ["x"]),
    "receipts": (a_receipt, ["down"]),
    "go to": (lambda f, k, t: GoToScreen(f), ["o", "down"]),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", DIALOGS)
async def test_dialog_on_hostile_text_shows_it_harmless_and_escape_closes(
    name: str, text: str
) -> None:
    make, keys = DIALOGS[name]
    frame, key = a_hostile_frame(text)
    async with opened(make(frame, key, text)) as pilot:
        assert not FORBIDDEN.search(shown(pilot))
        await pilot.press(*keys)
        await pilot.pause()
        assert not FORBIDDEN.search(shown(pilot))
        await pilot.press("escape", "escape")  # a form with changes asks once
        await pilot.pause()
        result = pilot.app.result  # type: ignore[attr-defined]
        assert not result or (isinstance(result, TrayDecision) and not result.is_to_be_made)
        assert len(pilot.app.screen_stack) == 1
