"""No id leaves the root or shares a directory, and each is found again by its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.systems.hive.native import NativeStore
from tests.faults import ids_and_paths
from tests.faults.figure import Effort


def test_ids_of_any_text_stay_under_the_root_and_lead_back() -> None:
    figure = ids_and_paths.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count >= 10_000
    assert min(figure.detail["accepted"], figure.detail["refused"]) > 500
    assert figure.detail["folded"] > 50


def test_ids_where_the_file_system_folds_names_share_no_directory(tmp_path: Path) -> None:
    twins = ["colony:Forge", "colony:forge", "colony:Cafe\u0301", "colony:Caf\u00e9", "colony:7"]
    wrong, refused = ids_and_paths.on_folding_disk(tmp_path, twins)
    assert wrong == []
    assert refused == 2


def test_ids_where_the_file_system_keeps_names_apart_are_all_made(tmp_path: Path) -> None:
    store = NativeStore(tmp_path)
    for list_id in ("colony:Forge", "colony:forge", "colony:Cafe\u0301", "colony:Caf\u00e9"):
        store.create_task(list_id, ascii(list_id))
        assert [task.subject for task in store.list_tasks(list_id)] == [ascii(list_id)]


def test_ids_folded_into_one_directory_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ids_and_paths,
        "task_list_parts",
        lambda text: ("_misc", "".join(c if c.isalnum() else "_" for c in text)),
    )
    names = ids_and_paths.Names(tmp_path)
    for text in ("a/b", "a:b", "a_b"):
        names.add(text)
    assert any("share" in wrong for wrong in names.violations)


def test_ids_joined_as_they_are_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids_and_paths, "task_list_parts", lambda text: ("colonies", text, "tasks"))
    for text in ("/etc", "../..", "."):
        names = ids_and_paths.Names(tmp_path)
        names.add(text)
        assert names.violations != []
