"""List ids are text from anywhere: none leaves the root, and no two share a directory."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import (
    InvalidListId,
    TaskStore,
    colony_task_list_id,
    parse_task_list_id,
    resolve_task_list_id,
    session_task_list_id,
    task_list_path,
    unscoped_task_list_id,
)
from tests.contract import native

ROOT = Path("/root-of-all-lists")

HOSTILE = [
    "",
    ".",
    "..",
    "../../evil",
    "/etc",
    "~",
    "colony:",
    "colony:..",
    "colony:../../evil",
    "colony:/etc",
    "colony:a/../../b",
    "colony:a/b",
    "colony:\x00",
    "colony:a\x00b",
    "session:",
    "session:agent",
    "session:agent:",
    "session::s1",
    "session:/home/x/.ssh:x",
    "session:a:../../../../etc",
    "unscoped:",
    "unscoped:/",
    "unscoped:../x",
    "colony:" + "a" * 300,
    "colony:\ud800",
    "colony:．．/evil",
    "colony:new\nline",
    "colony:.hidden",
    "colony:trailing.",
]

_parts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["..", ".", "/", "a/b", "a_b", "a:b", "a%3Ab", "A", "a", "é", "e\u0301", "tasks"]
    ),
)
list_ids = st.one_of(
    st.text(max_size=20),
    _parts,
    st.builds("colony:{}".format, _parts),
    st.builds("unscoped:{}".format, _parts),
    st.builds("session:{}:{}".format, _parts, _parts),
)


def path_or_none(list_id: str) -> Path | None:
    try:
        return task_list_path(list_id, hive_root=ROOT)
    except InvalidListId:
        return None


def assert_inside(path: Path) -> None:
    below = path.relative_to(ROOT)
    assert below.parts
    assert not {"..", "."} & set(below.parts)
    assert all(len(part.encode()) <= 255 for part in below.parts)


@pytest.mark.parametrize("list_id", HOSTILE)
async def test_hostile_list_id_is_refused_or_stays_under_the_root(
    tmp_path: Path, list_id: str
) -> None:
    root = tmp_path / "a" / "b" / "hive"
    store = TaskStore(hive_root=root)
    try:
        await store.create_task(list_id, "Trapped")
    except InvalidListId:
        assert native.contents(tmp_path) == {}
        return
    files = native.contents(tmp_path)
    assert files
    assert all(path.is_relative_to(root) for path in files)
    assert (await store.list_tasks(list_id))[0].subject == "Trapped"


@pytest.mark.parametrize("list_id", ["", "colony:", "session:a:", "session:agent", "session::s"])
@pytest.mark.parametrize("method", ["list_tasks", "list_exists", "get_meta", "reset_task_list"])
async def test_list_id_without_a_part_is_refused_by_every_call(
    tasks: TaskStore, hive_root: Path, list_id: str, method: str
) -> None:
    with pytest.raises(InvalidListId):
        await getattr(tasks, method)(list_id)
    assert native.tree(hive_root) == {}


@pytest.mark.parametrize("list_id", [name for name in HOSTILE if name])
async def test_reading_a_hostile_list_id_makes_nothing_and_reads_nothing_outside(
    tasks: TaskStore, tmp_path: Path, list_id: str
) -> None:
    outside = tmp_path / "evil" / "tasks"
    native.write_bytes(outside / "tasks" / "0001.json", b'{"id": 1, "subject": "Secret"}')
    before = native.tree(tmp_path)
    with suppress(InvalidListId):
        assert await tasks.list_tasks(list_id) == []
        assert not await tasks.list_exists(list_id)
        assert await tasks.get_meta(list_id) is None
    assert native.tree(tmp_path) == before


@given(list_ids)
@settings(max_examples=400)
def test_any_text_as_list_id_stays_under_the_root_or_is_invalid(list_id: str) -> None:
    path = path_or_none(list_id)
    if path is not None:
        assert_inside(path)


@given(st.lists(list_ids, min_size=2, max_size=12, unique=True))
@settings(max_examples=300)
def test_no_two_list_ids_share_or_nest_a_directory(ids: list[str]) -> None:
    paths = [path for path in map(path_or_none, ids) if path is not None]
    for place, path in enumerate(paths):
        for other in paths[place + 1 :]:
            assert path != other
            assert not path.is_relative_to(other / "tasks")
            assert not other.is_relative_to(path / "tasks")


@pytest.mark.parametrize(
    "twins",
    [("a/b", "a:b", "a_b", "a b"), ("colony:x", "colony_x", "_misc/colony_x"), ("é", "e\u0301")],
)
def test_ids_that_a_slug_would_join_keep_apart(twins: tuple[str, ...]) -> None:
    paths = [path for path in map(path_or_none, twins) if path is not None]
    assert paths
    assert len(set(paths)) == len(paths)


@given(list_ids)
@settings(max_examples=40)
def test_a_list_id_that_is_accepted_finds_its_tasks_again(list_id: str) -> None:
    async def round_trip(root: Path) -> None:
        store = TaskStore(hive_root=root)
        try:
            await store.create_task(list_id, "Here")
        except InvalidListId:
            return
        assert [r.subject for r in await store.list_tasks(list_id)] == ["Here"]
        meta = await store.get_meta(list_id)
        assert meta is not None
        assert meta.task_list_id == list_id

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(round_trip(Path(directory) / "hive"))
        assert {p.name for p in Path(directory).iterdir()} <= {"hive"}


def test_list_id_builders_and_the_parser_agree() -> None:
    assert colony_task_list_id("forge") == "colony:forge"
    assert session_task_list_id("queen", "s:1") == "session:queen:s:1"
    assert unscoped_task_list_id("drone") == "unscoped:drone"
    assert parse_task_list_id("colony:forge")["kind"] == "colony"
    assert parse_task_list_id("session:queen:s:1")["kind"] == "session"
    assert parse_task_list_id("unscoped:drone")["kind"] == "unscoped"
    assert parse_task_list_id("release-42")["kind"] == "raw"


async def test_symlinked_list_directory_is_not_followed_out_of_the_root(
    tasks: TaskStore, hive_root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (hive_root / "colonies").mkdir(parents=True)
    (hive_root / "colonies" / "trap").symlink_to(outside, target_is_directory=True)
    with pytest.raises(OSError, match=r"trap|link|director"):
        await tasks.create_task("colony:trap", "Outside")
    assert list(outside.iterdir()) == []


async def test_symlinked_root_itself_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real, target_is_directory=True)
    await TaskStore(hive_root=tmp_path / "link").create_task("colony:forge", "Inside")
    assert native.record_path(real, "colony:forge", 1).is_file()


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"colony_id": "forge", "agent_id": "queen", "session_id": "s1"}, "colony:forge"),
        ({"agent_id": "queen", "session_id": "s:1"}, "session:queen:s:1"),
        ({"agent_id": "queen"}, "unscoped:queen"),
        ({"task_list_id": "release-42", "colony_id": "forge"}, "release-42"),
    ],
)
def test_resolve_names_the_list_that_a_context_means(
    monkeypatch: pytest.MonkeyPatch, context: dict[str, str], expected: str
) -> None:
    assert resolve_task_list_id(context) == expected
    monkeypatch.setenv("HIVE_TASK_LIST_ID", "colony:by-environment")
    assert resolve_task_list_id(context) == "colony:by-environment"


def test_resolve_of_an_empty_context_is_refused() -> None:
    with pytest.raises(InvalidListId):
        resolve_task_list_id({})
