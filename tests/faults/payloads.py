"""Texts that agents may write to harm the terminal, its program or its reader.

Each begins with a mark of its own, so that a test knows that it came to the screen at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from store.model.graph import build
from store.model.snapshot import RootState, Snapshot, TaskList, WatchMode
from store.model.task import (
    ListKey,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
)
from tui.view_state import Frame

NOW = 1_790_000_000.0

_TEXTS: dict[str, str] = {
    # D1: what steers a terminal
    "colour": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H\x1bc",
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "title": "\x1b]0;title\x1b\\",
    "link": "\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "notification": "\x1b]777;notify;a;b\x07\x1b]1337;File=:AA==\x07",
    "unterminated": "\x1b]0;never closed",
    "half of one": "\x1b",
    "rest of one": "[31mrest]0;x\x07",
    "device strings": "\x1bPq#0\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",
    "queries": "\x05\x1b[6n\x1b[c\x1b[5n\x1bZ",
    "modes": "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[4h\x1b(0",
    "C1": "\x9b31m\x9d0;x\x9c\x90q\x9c\x84\x85\x8d\x9f",
    "C0": "".join(map(chr, range(32))) + "\x7f",
    "shifts": "\x0e\x0f\x1bn\x1bo",
    "NUL": "a\0b\0",
    # D2: what steers the toolkit
    "markup": "[bold red]bold[/bold red] [reverse]",
    "unbalanced": "[/nope][/] [ [[ ]] [/bold",
    "action": "[@click=app.pwn('x')]press[/]",
    "bell": "[@click=app.bell()]press[/] [@mouse.down=app.bell()]",
    "markup link": "[link=file:///etc/passwd]x[/link] [link='http://evil.example']y[/link]",
    "quoted link": '[link="http://evil.example"]x[/link]',
    "variables": "[$accent on $error]x[/] $status-active {self} %s %(x)s {0}",
    "checkboxes": "[ ] open [x] done [-] half",
    "backslash": "ends in \\",
    "escaped markup": "\\[bold]x\\[/bold] \\\\[red]",
    "emoji code": ":skull: :bell:",
    "markdown": "# h\n[x](javascript:alert(1)) ![i](http://evil.example/i) `c` **b**\n```\nx",
    # D5–D10: what deceives the reader or the count of cells
    "overrides": "\u202eelif.exe\u202c \u2066x\u2069 \u200e\u200f\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh",
    "tags": "x\U000e0001\U000e0041\U000e007f",
    "fillers": "x\u3164\u115f\u1160\uffa0\u2800\u00a0\u2003",
    "marks": "a" + "\u0301" * 200,
    "leading mark": "\u0301\u0489\u20dd",
    "wide": "漢字かな交じり文ハングル한국어",
    "ambiguous": "①±×÷→☆♀§",
    "families": "👩\u200d👩\u200d👧\u200d👦 👍🏽 ❤\ufe0f 1\ufe0f\u20e3",
    "flags": "🇩🇪🇫🇷🇺🇳",
    "line ends": "one\ntwo\r\nthree\rfour\x0bfive\x0csix\u2028seven\u2029eight\x85nine",
    "tabs": "a\tb\t\tc",
    "surrogates": "a\ud800b\udfffc\ud83d",
    "no characters": "a\ufdd0b\uffffc\U0010ffffd",
    "private": "a\ue000b\U000f0000c",
    "unassigned": "a\u0378b\U0001fffdc",
    "replacement": "\ufffd\ufffc\ufff9",
    # D11: what is too much
    "long line": "x" * 100_000,
    "many lines": "line\n" * 20_000,
    "long word of marks": "e\u0301\u0327" * 5_000,
}
MARKS = {name: f"Q{number:02d}z" for number, name in enumerate(_TEXTS)}
PAYLOADS = {name: MARKS[name] + text for name, text in _TEXTS.items()}

ACTION = PAYLOADS["action"]


def payload_snapshot(names: Sequence[str]) -> Snapshot:
    """A list for each payload, with the payload in every field that a list or a task has."""
    lists = {}
    for name in names:
        task_list = payload_list(PAYLOADS[name])
        lists[task_list.key] = task_list
    text = PAYLOADS[names[0]]
    roots = (RootState(text, text, True, WatchMode.POLLING, text),)
    return Snapshot(lists, roots, scanned_at=NOW, number=1)


def payload_list(text: str) -> TaskList:
    """Tasks in every state, all of whose words are the text."""
    key = ListKey("hive", f"/root/{text[:80]}", TaskListId(f"colony:{text[:300]}"))
    half = Problem(ProblemKind.HALF_EDGE, text, TaskId(text), f"/p/{text}", text)
    broken = Problem(ProblemKind.UNREADABLE, text, TaskId(text), text, text)
    metadata: dict[str, Any] = {text: [text, {text: text}], "plain": text}
    tasks = [
        _task(key, "1", text, TaskStatus.IN_PROGRESS, description=text * 2, active_form=text),
        _task(key, f"2{text[:300]}", text, TaskStatus.UNKNOWN, native_status=text),
        _task(key, "3", text, blocked_by=("1", f"gone {text[:300]}"), metadata=metadata),
        _task(key, "4", text, owner=None, blocked_by=("3",), problems=(half,), priority=text),
        _task(key, "5", text, blocked_by=("6", "1"), blocks=(TaskId(text),), problems=(broken,)),
        _task(key, "6", text, blocked_by=(f"2{text[:300]}", "5"), extra=metadata),
        _task(key, "7", text, TaskStatus.COMPLETED),
    ]
    by_id = {task.id: task for task in tasks}
    info = TaskListInfo(key, text, role=text, goal=text)
    return TaskList(info, by_id, build(by_id), problems=(half,))


def payload_frame(text: str) -> tuple[Frame, TaskKey]:
    """A frame of one such list, and its first task."""
    task_list = payload_list(text)
    snapshot = Snapshot({task_list.key: task_list}, scanned_at=NOW)
    key = task_list.tasks[TaskId("1")].key
    return Frame(snapshot=snapshot, now=NOW, selected=key), key


def edited(snapshot: Snapshot) -> Snapshot:
    """The same tasks a moment later, every one of them changed: what the activity then tells."""
    lists = {}
    for key, task_list in snapshot.lists.items():
        tasks = {
            task_id: replace(
                task, subject=task.subject + "!", owner=f"{task.subject[:90]}2", updated_at=NOW
            )
            for task_id, task in task_list.tasks.items()
        }
        lists[key] = task_list.with_tasks(tasks, frozenset(tasks))
    return replace(snapshot, lists=lists, number=snapshot.number + 1, scanned_at=NOW + 1)


def _task(
    key: ListKey,
    task_id: str,
    text: str,
    status: TaskStatus = TaskStatus.PENDING,
    blocked_by: tuple[str, ...] = (),
    **fields: Any,
) -> Task:
    given: dict[str, Any] = {
        "native_status": status.value,
        "owner": text,
        "created_at": NOW - 9000,
        "updated_at": NOW - 5400,
    }
    return Task(
        TaskKey(key, TaskId(task_id)),
        text,
        status,
        blocked_by=tuple(TaskId(blocker) for blocker in blocked_by),
        **(given | fields),
    )
