"""The bytes on disk: what another tool of the native layout must find, and what we must keep."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from store import TaskListRole, TaskStatus, TaskStore, task_list_path
from tests.contract import native

LIST = "colony:forge"


@pytest.mark.parametrize(
    ("list_id", "directory"),
    [
        ("colony:forge", "colonies/forge/tasks"),
        ("colony:v1.2-rc_3", "colonies/v1.2-rc_3/tasks"),
        ("session:queen:s1", "agents/queen/sessions/s1/tasks"),
        ("session:queen:2026-04-29T10:15", "agents/queen/sessions/2026-04-29T10:15/tasks"),
        ("unscoped:drone", "unscoped/drone/tasks"),
        ("release-42_b", "_misc/release-42_b"),
    ],
)
async def test_each_kind_of_list_id_has_the_directory_of_the_layout(
    tasks: TaskStore, hive_root: Path, list_id: str, directory: str
) -> None:
    assert task_list_path(list_id, hive_root=hive_root) == hive_root / directory
    await tasks.create_task(list_id, "First")
    assert (hive_root / directory / "tasks" / "0001.json").is_file()
    assert (hive_root / directory / "meta.json").is_file()


async def test_created_task_is_exactly_the_layouts_bytes(tasks: TaskStore, hive_root: Path) -> None:
    before = time.time()
    await tasks.create_task(LIST, "Schlüssel 鍵", owner="smith", metadata={"deep": {"n": 1.5}})
    content = native.record_path(hive_root, LIST, 1).read_bytes()
    found = json.loads(content)
    assert tuple(found) == native.RECORD_FIELDS
    assert content == json.dumps(found, indent=2, ensure_ascii=False).encode()
    assert not content.endswith(b"\n")
    assert before <= found["created_at"] <= time.time()
    assert isinstance(found["created_at"], float)
    assert found == native.record(
        1,
        "Schlüssel 鍵",
        owner="smith",
        metadata={"deep": {"n": 1.5}},
        created_at=found["created_at"],
        updated_at=found["updated_at"],
    )


async def test_meta_is_exactly_the_layouts_bytes(tasks: TaskStore, hive_root: Path) -> None:
    await tasks.ensure_task_list(
        LIST, role=TaskListRole.TEMPLATE, creator_agent_id="queen", session_id="s1"
    )
    content = (native.list_directory(hive_root, LIST) / "meta.json").read_bytes()
    found = json.loads(content)
    assert tuple(found) == native.META_FIELDS
    assert content == json.dumps(found, indent=2).encode()
    assert found | {"created_at": 0} == {
        "task_list_id": LIST,
        "role": "template",
        "creator_agent_id": "queen",
        "created_at": 0,
        "last_seen_session_ids": ["s1"],
        "schema_version": 1,
    }


async def test_mark_is_decimal_text_without_a_newline(tasks: TaskStore, hive_root: Path) -> None:
    mark = native.list_directory(hive_root, LIST) / ".highwatermark"
    for number in (1, 2):
        await tasks.create_task(LIST, "More")
        assert mark.read_bytes() == str(number).encode()
    await tasks.delete_task(LIST, 2)
    assert mark.read_bytes() == b"2"


@pytest.mark.parametrize(("mark", "name"), [(41, "0042.json"), (9999, "10000.json")])
async def test_file_names_are_padded_to_four_and_grow(
    tasks: TaskStore, hive_root: Path, mark: int, name: str
) -> None:
    directory = native.list_directory(hive_root, LIST)
    native.write_bytes(directory / ".highwatermark", str(mark).encode())
    await tasks.create_task(LIST, "Next")
    assert [p.name for p in (directory / "tasks").iterdir()] == [name]


@pytest.mark.parametrize(
    "mark", [b"", b"-5", b"1_000", "١٢".encode(), b"9" * 5000, b"seven", b"\xff\xfe"]
)
async def test_a_spoilt_mark_is_no_reason_to_reuse_an_id(
    tasks: TaskStore, hive_root: Path, mark: bytes
) -> None:
    native.write_list(hive_root, LIST, *[native.record(n) for n in (1, 2, 3)])
    native.record_path(hive_root, LIST, 3).write_bytes(b'{"id": 3, "subj')
    (native.list_directory(hive_root, LIST) / ".highwatermark").write_bytes(mark)
    created = await tasks.create_task(LIST, "Fresh")
    assert created.id == 4
    assert native.record_path(hive_root, LIST, 3).read_bytes() == b'{"id": 3, "subj'


async def test_ids_come_from_file_names_not_from_the_ids_inside(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    native.record_path(hive_root, LIST, 1).write_text(json.dumps(native.record(10**11)))
    assert (await tasks.create_task(LIST, "Next")).id == 2


async def test_nothing_is_left_beside_the_layouts_own_files(
    tasks: TaskStore, hive_root: Path
) -> None:
    for subject in ("A", "B", "C"):
        await tasks.create_task(LIST, subject)
    await tasks.update_task(LIST, 3, add_blocked_by=[1, 2])
    await tasks.delete_task(LIST, 2)
    directory = native.list_directory(hive_root, LIST)
    names = {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()}
    own = {"meta.json", ".lock", ".highwatermark", "tasks/0001.json", "tasks/0003.json"}
    assert names == own
    assert (directory / ".lock").read_bytes() == b""


_FOREIGN = """{
  "zeta": {"kept": [1, 1.0, null, 1e3]},
  "subject": "Old",
  "id": 1,
  "status": "pending",
  "cost": 1.50,
  "blocked_by": [],
  "blocks": [],
  "metadata": {"b": 2, "a": {"x": 0.10}},
  "created_at": 1777777777.50,
  "updated_at": 1777777777
}"""


async def test_edit_keeps_unknown_fields_key_order_and_number_spelling(
    tasks: TaskStore, hive_root: Path
) -> None:
    path = native.record_path(hive_root, LIST, 1)
    native.write_bytes(path, _FOREIGN.encode())
    _, changed = await tasks.update_task(LIST, 1, subject="New")
    assert changed == ["subject"]
    text = path.read_text()
    found = json.loads(text)
    known = json.loads(_FOREIGN)
    assert [key for key in found if key in known] == list(known)
    assert found["zeta"] == known["zeta"]
    assert found["subject"] == "New"
    for spelling in ('"cost": 1.50', '"x": 0.10', '"created_at": 1777777777.50', "1e3"):
        assert spelling in text
    assert re.search(r"\[\s*1,\s*1\.0,\s*null", text)


async def test_edit_keeps_an_unknown_status_it_was_not_asked_to_change(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1, status="reviewing"))
    await tasks.update_task(LIST, 1, owner="ann")
    assert native.read_record(hive_root, LIST, 1)["status"] == "reviewing"


async def test_edit_without_effect_leaves_the_file_as_it_was(
    tasks: TaskStore, hive_root: Path
) -> None:
    path = native.record_path(hive_root, LIST, 1)
    native.write_bytes(path, _FOREIGN.encode())
    _, changed = await tasks.update_task(LIST, 1, subject="Old", status=TaskStatus.PENDING)
    assert changed == []
    assert path.read_bytes() == _FOREIGN.encode()


async def test_edit_keeps_the_mode_of_a_file_and_new_ones_are_private(
    tasks: TaskStore, hive_root: Path
) -> None:
    for subject in ("A", "B"):
        await tasks.create_task(LIST, subject)
    shared = native.record_path(hive_root, LIST, 1)
    shared.chmod(0o640)
    await tasks.update_task(LIST, 1, subject="Edited")
    assert shared.stat().st_mode & 0o777 == 0o640
    assert native.record_path(hive_root, LIST, 2).stat().st_mode & 0o077 == 0
    assert (native.list_directory(hive_root, LIST) / ".lock").stat().st_mode & 0o077 == 0
