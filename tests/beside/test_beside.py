"""A short run of each harness, and that they notice what is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store.files.codec import format_object
from store.model.edits import Edit, EditResult, UpdateTask
from store.systems.hive.adapter import HiveSystem
from tests.beside import hive
from tests.beside.__main__ import HARNESSES, harness, table_line
from tests.beside.figures import Figures
from tests.contract import native
from tests.patience import PATIENCE_S, wait_until

EDITS = 60

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.mark.parametrize("name", HARNESSES)
def test_edits_beside_the_owner_lose_nothing_on_either_side(tmp_path: Path, name: str) -> None:
    figures = harness(name)(tmp_path, EDITS)
    lost = figures.lost_ours, figures.lost_theirs, figures.twice
    assert lost == ([], [], [])
    assert figures.ours + figures.refused == EDITS
    assert figures.is_whole


class Careless(HiveSystem):
    """Reads a task, lets the owner write it, and writes it back as it was read."""

    did = False

    def apply(self, edit: Edit) -> EditResult:
        made = super().apply(edit)
        if not self.did and isinstance(edit, UpdateTask) and edit.metadata_patch:
            self.did = True
            path = native.record_path(Path(edit.list.root), edit.list.id, int(edit.key.id))
            seen = path.read_bytes()
            wait_until(lambda: path.read_bytes() != seen, "a write of the owner")
            native.write_bytes(path, seen)
        return made


class Forgetful(HiveSystem):
    """Takes its own mark away again."""

    def apply(self, edit: Edit) -> EditResult:
        made = super().apply(edit)
        if isinstance(edit, UpdateTask) and edit.metadata_patch:
            root = Path(edit.list.root)
            path = native.record_path(root, edit.list.id, int(edit.key.id))
            with native.locked(root, edit.list.id):
                record = json.loads(path.read_bytes())
                for name in edit.metadata_patch:
                    record["metadata"].pop(name, None)
                native.write_bytes(path, format_object(record))
        return made


def test_an_owners_write_that_is_written_over_is_counted(tmp_path: Path) -> None:
    figures = hive.run(tmp_path, 8, Careless(lock_timeout_s=PATIENCE_S))
    assert figures.lost_theirs
    assert not figures.is_whole


def test_an_edit_of_ours_that_is_not_there_is_counted(tmp_path: Path) -> None:
    figures = hive.run(tmp_path, 8, Forgetful(lock_timeout_s=PATIENCE_S))
    assert len(figures.lost_ours) == 5  # 3 of 8 edits leave no mark
    assert not figures.is_whole


def test_table_line_counts_what_each_side_lost() -> None:
    figures = Figures("an owner", 60, 0, 70, ["a"], ["b", "c"], ["7"])
    assert table_line("hive", figures, 1.25).split() == [
        *["hive", "60", "70", "1", "2", "1", "1.2"],
        *["an", "owner"],
    ]
    assert not Figures("idle", ours=60).is_whole
