"""The journal's files: rotation, damage, hostile text, many lines, many processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.journal.journal import Damage, Journal, Limits, history_of
from store.journal.lines import Act, EditLine, SeenLine, format_line, parse_line, root_line
from store.model.edits import (
    NULL,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditBatch,
    ReleaseTask,
    RestoreTask,
    Standing,
    UpdateTask,
)
from store.model.errors import ColonytopError
from store.model.history import Actor, Direction, Entry, Move, Origin, Via
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId, TaskStatus
from store.operating import Operator
from tests.contract import native
from tests.journal.colony import LIST, Colony
from tests.tui.colony import HOSTILE

HERE = Path(__file__).parents[2]
SMALL = Limits(edits_segment=4_000, edits_segments=3, seen_segment=4_000, seen_segments=3)


def seen(key: ListKey, task: int, number: int = 0) -> Entry:
    """One line as a recorder writes it."""
    moves = (Move("status", "pending", f"state {number}"),)
    return Entry(
        1e9 + number, Origin.AGENT, "ann", key, TaskId(str(task)), "changed", moves, "Crawl"
    )


def limited(colony: Colony, limits: Limits) -> Operator:
    """An operator whose journal turns its files over early."""
    operator = colony.operator()
    journal = Journal(str(colony.root), state=colony.state, limits=limits)
    operator._ledger._journals[str(colony.root)] = journal
    return operator


def test_undo_after_rotation_finds_steps_in_older_segments(colony: Colony) -> None:
    operator = limited(colony, Limits(edits_segment=3_000, edits_segments=50))
    edits = tuple(UpdateTask(colony.key(n), owner="first") for n in (1, 2, 3))
    operator.apply_all(EditBatch(edits, "all to the first"))
    for number in range(8):
        operator.apply(UpdateTask(colony.key(2), owner=f"owner {number}"))
    assert len(colony.segments()) > 3
    for _ in range(8):
        assert operator.undo().is_whole
    outcome = operator.undo()
    assert outcome.is_whole
    assert outcome.label == "all to the first"
    assert [colony.stored(n)["owner"] for n in (1, 2, 3)] == ["ann", None, None]
    for _ in range(9):
        assert operator.redo().is_whole
    assert colony.stored(2)["owner"] == "owner 7"


def test_undo_of_what_rotation_has_dropped_is_nothing_to_undo(colony: Colony) -> None:
    operator = limited(colony, Limits(edits_segment=2_000, edits_segments=2))
    operator.apply(UpdateTask(colony.key(3), owner="first"))
    for number in range(20):
        operator.apply(UpdateTask(colony.key(2), owner=f"owner {number}"))
    undone = 0
    while (outcome := operator.undo()).is_made:
        undone += 1
    assert 0 < undone < 20
    assert outcome.reasons == ("nothing to undo",)
    assert colony.stored(3)["owner"] == "first"


def test_journal_keeps_no_more_than_its_bound_and_the_newest(colony: Colony) -> None:
    journal = Journal(str(colony.root), state=colony.state, limits=SMALL)
    for number in range(200):
        journal.record([seen(colony.list_key(), 3, number)])
    segments = colony.segments()
    assert len(segments) == 3
    assert sum(path.stat().st_size for path in segments) < 3 * 4_500
    entries = list(journal.entries(colony.list_key(), TaskId("3")))
    assert entries[0].at == 1e9 + 199
    assert [e.at for e in entries] == sorted((e.at for e in entries), reverse=True)
    first = segments[0].read_bytes().split(b"\n")[0]
    assert json.loads(first) == {"v": 1, "kind": "root", "root": str(colony.root)}


def test_undo_is_not_pushed_out_by_a_flood_of_seen_changes(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    journal = Journal(str(colony.root), state=colony.state, limits=SMALL)
    journal.record(seen(colony.list_key(), 1, number) for number in range(2_000))
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None


def test_reading_a_journal_of_100_000_lines_costs_what_is_asked(colony: Colony) -> None:
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    journal = colony.journal
    key = colony.list_key()
    journal.record(seen(key, 1 + number % 50, number) for number in range(100_000))
    total = sum(path.stat().st_size for path in colony.segments())

    damage = Damage()
    newest = next(journal.entries(key, damage=damage))
    assert newest.at == 1e9 + 99_999 or newest.who == "you"
    assert damage.reading.lines < 10
    assert damage.reading.bytes < 300_000 < total

    damage = Damage()
    assert next(iter(journal.edits_back(damage))).step
    assert damage.reading.lines <= 2

    since = Damage()
    recent = list(journal.entries(key, TaskId("7"), since=1e9 + 99_900, damage=since))
    assert len(recent) == 2
    assert since.reading.lines < 1_000

    whole = Damage()
    assert len(list(journal.entries(key, TaskId("7"), damage=whole))) == 2_000
    assert whole.reading.lines > 100_000
    assert whole.lines == 0

    assert operator.undo().is_whole
    assert journal.edits_since(journal.position())[0] == []


DAMAGED = [
    b"",
    b"{",
    b"\x00" * 400,
    b"\xff\xfe\xfd",
    b"null",
    b"[1]",
    b'{"v":2,"kind":"made"}',
    b'{"v":1,"kind":"made"}',
    b'{"v":1,"kind":["made"]}',
    b'{"v":1,"kind":"seen","at":NaN}',
    b'{"v":1,"kind":"seen","at":1e999}',
    b'{"v":1,"kind":"seen","at":' + b"9" * 5_000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'"' + b"x" * 1_000_000,
    b'{"v":1,"kind":"verdict","step":"x","at":1,"who":"you","via":"app","state":"undone"}',
    b'{"v":1,"kind":"made","step":"x","number":0,"count":' + b"9" * 400 + b"}",
]


def test_damaged_lines_lose_only_themselves(colony: Colony) -> None:
    operator = colony.operator()
    for number, line in enumerate(DAMAGED):
        operator.apply(UpdateTask(colony.key(3), owner=f"owner {number}"))
        (segment,) = colony.segments()
        with segment.open("ab") as out:
            out.write(line + (b"\n" if number % 2 else b""))
    assert len(colony.edit_lines()[0]) == 2 * len(DAMAGED)
    for _ in DAMAGED:
        assert operator.undo().is_whole
    assert colony.stored(3)["owner"] is None


@given(st.binary(max_size=300))
def test_parse_line_of_any_bytes_is_none_or_a_line(raw: bytes) -> None:
    assert parse_line(raw, "/r") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["at", "who", "via", "step", "number", "count", "do", "wrote", "inverse", "seen", "task",
     "act", "of", "moves", "list", "system", "what", "origin", "last", "label"]
)  # fmt: skip


@given(st.sampled_from(["made", "intent", "refused", "verdict", "seen"]), FIELDS, JSON)
def test_parse_line_with_any_value_in_any_field_raises_nothing(
    kind: str, name: str, value: Any
) -> None:
    whole = json.loads(_whole_line(kind))
    whole[name] = value
    line = parse_line(json.dumps(whole).encode(), "/r")
    assert line is None or format_line(line)


def _whole_line(kind: str) -> bytes:
    key = ListKey("hive", "/r", TaskListId("colony:x"))
    if kind == "seen":
        return format_line(SeenLine(seen(key, 1)))
    edit = {"edit": "claim", "system": "hive", "list": "colony:x", "task": "1", "owner": "a"}
    line = {"v": 1, "kind": kind, "step": "s", "at": 1.0, "who": "you", "via": "app"}
    if kind == "verdict":
        return json.dumps({**line, "act": "undo", "of": "t", "state": "undone"}).encode()
    return json.dumps({**line, "number": 0, "count": 1, "do": edit}).encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_as_it_was_and_is_ascii_in_the_file(
    colony: Colony, text: str
) -> None:
    key = ListKey("hive", str(colony.root), TaskListId(f"colony:{text[:80]}"))
    entry = Entry(
        5.0, Origin.AGENT, text or None, key, TaskId(text or "1"), "changed",
        (Move("subject", text, text), Move("metadata", {text: [text]}, {text: None})), text,
    )  # fmt: skip
    colony.journal.record([entry])
    (segment,) = colony.segments()
    assert segment.read_bytes().isascii()
    assert not any(byte < 32 and byte != 10 for byte in segment.read_bytes())
    (found,) = colony.journal.entries(key, TaskId(text or "1"))
    assert found == entry


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_apply_where_a_segment_is_no_plain_file_stands_and_follows_nothing(
    colony: Colony, tmp_path: Path, kind: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path = colony.journal.path / "edits-00000001.jsonl"
    path.parent.mkdir(parents=True)
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    operator = colony.operator()
    operator.apply(UpdateTask(colony.key(3), owner="dee"))
    assert colony.stored(3)["owner"] == "dee"
    assert victim.read_text() == "mine"
    assert len(colony.warnings) == 1
    assert list(history_of(colony.key(3), state=colony.state)) == []


def test_apply_while_another_process_holds_the_journal_stands(colony: Colony) -> None:
    operator = colony.operator()
    with colony.journal.appending():
        operator.apply(UpdateTask(colony.key(3), owner="dee"))
    assert colony.stored(3)["owner"] == "dee"
    assert "stayed busy" in colony.warnings[0]
    operator.apply(UpdateTask(colony.key(3), owner="eve"))
    assert operator.undo().is_whole
    assert colony.stored(3)["owner"] == "dee"


_APPENDS = """
import sys
from pathlib import Path
from store.journal.journal import Journal, Limits
from store.model.edits import *
from store.model.task import *
from store.operating import Operator
from store.workspace import RootSpec, Workspace

root, state, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
workspace = Workspace([RootSpec(root, "test")])
workspace.scan()
(key,) = workspace.snapshot.lists
operator = Operator(workspace, name=name, state=state, warn=lambda text: sys.exit(text))
print("ready", flush=True)
sys.stdin.readline()
for number in range(15):
    operator.apply(UpdateTask(TaskKey(key, TaskId(name)), owner=f"{name} {number}" + "x" * 3000))
"""


@pytest.mark.processes
def test_appends_of_several_processes_leave_every_line_whole(colony: Colony) -> None:
    names = ["1", "2", "3"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _APPENDS, str(colony.root), str(colony.state), name],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.communicate("go\n", timeout=50)
        assert process.returncode == 0
    lines, damage = colony.edit_lines()
    assert damage.lines == 0
    assert len(lines) == 2 * 15 * len(names)
    for name in names:
        operator = colony.operator(name)
        for _ in range(15):
            assert operator.undo().is_whole
    owners = [native.read_record(colony.root, LIST, int(name))["owner"] for name in names]
    assert owners == ["ann", None, None]


TASK = Task(
    TaskKey(ListKey("hive", "/r", TaskListId("colony:x")), TaskId("1")), "Crawl", owner="ann",
    metadata={"a": None, "$": [1.5]}, blocks=(TaskId("2"),), extra={"more": {"b": True}},
)  # fmt: skip
STANDING = (Standing(TaskId("2"), (), (TaskId("1"),), ("a",)),)
EDITS: list[Edit] = [
    CreateTask(TASK.key.list, "New", owner="bo", blocked_by=(TaskId("1"),), starts_list=True),
    UpdateTask(TASK.key, owner=None, clears=("active_form",), expected={"owner": "ann"}),
    UpdateTask(TASK.key, metadata_patch={"a": NULL, "b": None, "c": {"d": [1]}}),
    UpdateTask(TASK.key, add_blocks=(TaskId("2"),), standing=STANDING, native_status="odd"),
    UpdateTask(TASK.key, status=TaskStatus.COMPLETED, subject="", expected={"blocks": ("2",)}),
    DeleteTask(TASK.key, expected={"subject": "Crawl"}),
    ClaimTask(TASK.key, "ann"),
    ReleaseTask(TASK.key, "ann"),
    RestoreTask(TASK, '{"id": 1}', STANDING),
    RestoreTask(TASK),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_line_of_every_edit_comes_back_as_it_was_under_another_name_of_the_root(
    edit: Edit,
) -> None:
    moved = (Move("owner", None, "ann"),)
    line = EditLine(
        "s", 1, 3, 5.5, Actor("you", Via.COMMAND), edit, True, "label",
        Act(Direction.REDO, "t"), TaskId("1"), "Crawl", TASK, {TaskId("1"): moved}, (edit,), "why",
    )  # fmt: skip
    assert parse_line(format_line(line), "/r") == line
    elsewhere = parse_line(format_line(line), "/elsewhere")
    assert isinstance(elsewhere, EditLine)
    assert elsewhere.edit.list.root == "/elsewhere"


def test_root_line_names_the_root_in_ascii() -> None:
    assert json.loads(root_line("/tmp/\u202ex"))["root"] == "/tmp/\u202ex"
    assert root_line("/tmp/\u202ex").isascii()


def test_journal_that_cannot_be_read_says_so_instead_of_being_empty(colony: Colony) -> None:
    colony.state.write_text("in the way")
    with pytest.raises(ColonytopError):
        list(colony.journal.edits_back())


def test_history_of_an_unknown_task_is_empty_and_makes_nothing(colony: Colony) -> None:
    key = TaskKey(colony.list_key(), TaskId("99"))
    assert list(history_of(key, state=colony.state)) == []
    assert not colony.state.exists()
