"""Drafts and edits as JSON: what is written is read back the same; what is wrong is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.draft import format_draft, read_draft
from store.model.edit_record import edit_record, read_edit
from store.model.edits import (
    KEEP,
    NULL,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditBatch,
    ReleaseTask,
    RestoreTask,
    Standing,
    Tick,
    UpdateTask,
)
from store.model.execution import (
    Attempts,
    Execution,
    Spent,
    TaskCheck,
    TaskLock,
    TaskStep,
    TickKind,
)
from store.model.strict import BadDocument
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId, TaskStatus

LIST = ListKey("hive", "/hive", TaskListId("colony:plan"))

TEXT = st.text(max_size=8)
NAMES = st.text(min_size=1, max_size=8)
IDS = st.lists(st.integers(1, 99).map(str).map(TaskId), max_size=3, unique=True).map(tuple)
KEYS = st.builds(TaskKey, st.just(LIST), st.integers(1, 99).map(str).map(TaskId))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(TEXT, VALUES, max_size=3)
STATUSES = st.sampled_from(list(TaskStatus))
OPTIONAL = st.none() | TEXT
EXPECTED = st.fixed_dictionaries(
    {}, optional={"owner": OPTIONAL, "blocks": IDS, "metadata.cost": VALUES, "metadata": METADATA}
)
STANDING = st.lists(
    st.builds(Standing, IDS.map(lambda i: i[0] if i else TaskId("1")), IDS, IDS, st.tuples(TEXT)),
    max_size=2,
).map(tuple)
TIMES = st.none() | st.floats(0, 1e10)
STEPS = st.builds(TaskStep, TEXT, TEXT, TEXT, st.booleans(), *[OPTIONAL] * 3, TIMES, TIMES)
CHECKS = st.builds(TaskCheck, TEXT, TEXT, st.booleans(), TIMES, OPTIONAL, OPTIONAL)
COUNTS = st.none() | st.integers(0, 9)
EXECUTIONS = st.builds(
    Execution,
    st.lists(STEPS, max_size=2).map(tuple),
    st.lists(CHECKS, max_size=2).map(tuple),
    st.none() | st.builds(Attempts, st.integers(0, 9), COUNTS, OPTIONAL),
    st.none() | st.builds(Spent, TIMES, COUNTS, COUNTS, st.booleans()),
    OPTIONAL,
    OPTIONAL,
    OPTIONAL,
    TIMES,
    TIMES,
    TIMES,
)
TASKS = st.builds(
    Task,
    KEYS,
    TEXT,
    STATUSES,
    TEXT,
    TEXT,
    OPTIONAL,
    OPTIONAL,
    IDS,
    IDS,
    METADATA,
    TIMES,
    TIMES,
    OPTIONAL,
    st.none() | st.builds(TaskLock, NAMES, TIMES, OPTIONAL, st.none() | st.booleans()),
    st.none() | st.just(TaskId("7")),
    st.none() | EXECUTIONS,
    METADATA,
)
TICKS = st.builds(
    Tick, st.sampled_from(list(TickKind)), TEXT, st.booleans(), OPTIONAL, OPTIONAL, OPTIONAL
)
UPDATES = st.builds(
    UpdateTask,
    KEYS,
    subject=OPTIONAL,
    description=OPTIONAL,
    owner=OPTIONAL | st.just(KEEP),
    status=st.none() | STATUSES,
    native_status=OPTIONAL,
    add_blocks=IDS,
    remove_blocked_by=IDS,
    metadata_patch=st.dictionaries(TEXT, VALUES | st.just(NULL), max_size=3),
    expected=EXPECTED,
    clears=st.sampled_from([(), ("active_form",)]),
    standing=STANDING,
    priority=OPTIONAL,
    ticks=st.lists(TICKS, max_size=2).map(tuple),
    most_attempts=COUNTS,
    is_forced=st.booleans(),
    locked_by=OPTIONAL | st.just(KEEP),
)
EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(
        CreateTask,
        st.just(LIST),
        TEXT,
        TEXT,
        OPTIONAL,
        OPTIONAL,
        IDS,
        METADATA,
        st.booleans(),
        OPTIONAL,
    ),
    st.builds(UpdateTask, KEYS, clears=st.just(("active_form", "priority"))),
    UPDATES,
    st.builds(DeleteTask, KEYS, EXPECTED),
    st.builds(ClaimTask, KEYS, NAMES, st.booleans()),
    st.builds(ReleaseTask, KEYS, OPTIONAL),
    st.builds(RestoreTask, TASKS, OPTIONAL, st.none() | STANDING),
)


@given(st.lists(EDITS, max_size=4), TEXT)
def test_read_draft_gives_back_what_was_formatted(edits: list[Edit], label: str) -> None:
    batch = EditBatch(tuple(edits), label, all_or_none=True)
    text = format_draft(batch)
    assert text.isascii()
    assert read_draft(text) == batch


@given(EDITS)
def test_edit_record_holds_json_values_only(edit: Edit) -> None:
    record = edit_record(edit)
    assert json.loads(json.dumps(record)) == record


def test_read_edit_takes_root_and_system_from_the_reader_where_it_names_none() -> None:
    record = {"edit": "claim", "list": "colony:plan", "task": "7", "owner": "cy"}
    edit = read_edit(record, "draft", root="/hive")
    assert edit == ClaimTask(TaskKey(LIST, TaskId("7")), "cy")


def draft(**edit: Any) -> str:
    whole = {"edit": "update", "root": "/hive", "list": "colony:plan", "task": "7", **edit}
    return json.dumps({"colonytop_draft": 1, "edits": [whole]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan.json: line 1 column 1: not JSON"),
        ("[]", "plan.json: a list, not an object"),
        ("{}", "plan.json: colonytop_draft: is missing; a draft starts with"),
        ('{"colonytop_draft": 2, "edits": []}', "version 2 is not known"),
        ('{"colonytop_draft": true, "edits": []}', "is true or false, not a whole number"),
        ('{"colonytop_draft": 1, "colonytop_draft": 1}', "the key stands there twice"),
        ('{"colonytop_draft": 1, "edits": [], "x": NaN}', "NaN is not a JSON number"),
        ('{"colonytop_draft": 1, "edits": [], "edit": []}', "edit: is not known here"),
        ('{"colonytop_draft": 1, "edits": [7]}', "edits[0]: a whole number, not an object"),
        (draft(edit="change"), "edits[0].edit: 'change' is no edit; known: create, update"),
        (draft(task=7), "edits[0].task: is a whole number, not a text"),
        (draft(set={"owner": 7}), "edits[0].set.owner: is a whole number, not a text or null"),
        (draft(set={"status": "gone"}), "edits[0].set.status: 'gone' is no status; known: pend"),
        (draft(set={"ownr": "x"}), "edits[0].set.ownr: is not known here; did you mean owner?"),
        (draft(add_blocks=["1", 2]), "edits[0].add_blocks[1]: is a whole number, not a text"),
        (draft(expected={"wave": 1}), "edits[0].expected.wave: is not known here; known: subject"),
        (draft(standing=[{"blocks": []}]), "edits[0].standing[0].task: is missing; add it"),
        ("[" * 100_000, "plan.json: not JSON that can be read"),
    ],
)
def test_read_draft_names_file_field_and_way_out(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read_draft(text, "plan.json")
    assert said in str(caught.value)
    assert str(caught.value).startswith("plan.json")


def test_read_draft_without_a_root_says_how_to_name_one() -> None:
    record = {"edit": "delete", "list": "colony:plan", "task": "7"}
    text = json.dumps({"colonytop_draft": 1, "edits": [record]})
    with pytest.raises(BadDocument, match="root: is missing; add it, or name one root with --root"):
        read_draft(text)


def test_format_draft_of_what_json_cannot_hold_is_refused() -> None:
    edit = UpdateTask(TaskKey(LIST, TaskId("7")), metadata_patch={"cost": float("nan")})
    with pytest.raises(BadDocument):
        format_draft(EditBatch((edit,)))
