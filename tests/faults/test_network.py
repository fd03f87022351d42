"""A22: a root on a network file system is shown, and not edited; errors of such are survived.

None can be mounted everywhere, so the table of mounts says that the directory of the test is one,
and the errors that such file systems give come through the port.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from store.files import places
from store.model.edits import UpdateTask
from store.model.errors import ColonytopError, EditRefused
from store.model.task import TaskId, TaskKey, Verb
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from tests.contract import native
from tests.faults.port import EVERY, When, counting, fail, inject

LIST = "colony:far"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    native.write_list(tmp_path / "root", LIST, native.record(1), native.record(2, blocked_by=[1]))
    return tmp_path / "root"


def mounted_as(kind: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = root.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    table = root.parent / "mountinfo"
    table.write_text(
        "22 27 0:9999 / /proc rw,relatime - proc proc rw\n"
        f"30 27 {number} / {root} rw,relatime shared:1 master:2 - {kind} server:/export rw,vers=4\n"
    )
    monkeypatch.setattr(places, "_MOUNTS", str(table))


@pytest.mark.parametrize("kind", sorted(places.NETWORK_KINDS))
def test_network_root_is_shown_and_every_edit_is_refused_with_the_reason(
    root: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounted_as(kind, root, monkeypatch)
    before = native.tree(root)
    system = HiveSystem()
    (key,) = system.discover(root)
    shown = system.load(key)
    assert [task.subject for task in shown.tasks.values()] == ["Write the report"] * 2
    refusals = [shown.info.capabilities.refusal(verb) for verb in Verb]
    assert all(text is not None and f"network file system ({kind})" in text for text in refusals)
    with pytest.raises(EditRefused, match="network file system"):
        system.apply(UpdateTask(TaskKey(key, TaskId("1")), subject="Changed"))
    with pytest.raises(EditRefused, match="network file system"):
        system.repair(key, dry_run=False)
    assert system.repair(key, dry_run=True).is_dry_run
    assert native.tree(root) == before


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk"])
def test_local_root_is_edited(root: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mounted_as(kind, root, monkeypatch)
    system = HiveSystem()
    (key,) = system.discover(root)
    system.load(key)
    system.apply(UpdateTask(TaskKey(key, TaskId("1")), subject="Changed"))
    assert system.load(key).tasks[TaskId("1")].subject == "Changed"


@pytest.mark.parametrize(
    "error", [errno.ESTALE, errno.ENOLCK, errno.EOPNOTSUPP, errno.EREMOTEIO, errno.ETIMEDOUT]
)
def test_network_errors_at_any_call_leave_a_claim_made_or_not(root: Path, error: int) -> None:
    with counting(EVERY) as counted:
        NativeStore(root).claim_task(LIST, 1, "ann")
    assert len(counted.calls) > 10
    for number, kind in enumerate(counted.calls, 1):
        NativeStore(root).release_task(LIST, 1)
        when = When.AFTER if kind == "close" else When.BEFORE
        with inject(number, when, fail(error), kinds=EVERY):
            try:
                said = getattr(NativeStore(root).claim_task(LIST, 1, "ann"), "kind", "")
            except ColonytopError as caught:
                said = caught.kind
        owner = native.read_record(root, LIST, 1)["owner"]
        assert (owner == "ann") == (said in ("ok", "committed_pending")), (number, kind, said)
