"""Every dialog on tasks that agents wrote to harm: no exception, no control code, no action."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.screen import Screen

from store.model.edits import UpdateTask
from store.model.errors import FieldConflict, LockHolder, LockTimeout, StaleEdit
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskListInfo
from tests.tui.dialog_host import NOW, a_task, mirrored, opened, shown
from tui.screens.assign import AssignScreen
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.create_task import CreateScreen
from tui.screens.delete import DeleteScreen
from tui.screens.edit_task import EditScreen
from tui.screens.go_to import GoToScreen
from tui.screens.release import ReleaseScreen
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


Maker = Callable[[Frame, TaskKey, str], Screen[Any]]
DIALOGS: dict[str, tuple[Maker, list[str]]] = {
    "unblock": (lambda f, k, t: UnblockScreen(f, k), ["asterisk", "down", "space"]),
    "assign": (lambda f, k, t: AssignScreen(f, k), ["down", "minus"]),
    "status": (lambda f, k, t: StatusScreen(f, k), ["d", "p"]),
    "edit": (lambda f, k, t: EditScreen(f, k), ["tab", "tab", "tab", "tab", "right", "tab"]),
    "create": (lambda f, k, t: CreateScreen(f, k.list), ["x", "tab", "tab", "tab", "o", "down"]),
    "release": (lambda f, k, t: ReleaseScreen(f, k), []),
    "delete": (lambda f, k, t: DeleteScreen(f, k), []),
    "conflict": (a_conflict, ["t", "t", "space"]),
    "busy": (a_busy, []),
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
        assert not pilot.app.result  # type: ignore[attr-defined]
        assert len(pilot.app.screen_stack) == 1
