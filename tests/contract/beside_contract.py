"""What every system must promise beside its owner: locks, writers in between, and records that
nobody expects.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import EditResult, UpdateTask
from store.model.errors import ColonytopError, LockTimeout
from store.model.task import ListKey, TaskStatus, Verb
from store.systems.protocol import System
from tests.contract.hooks import ContractHooks, Foreign, settled
from tests.patience import PATIENCE_S

UNKNOWN = {
    "x_large": 12345678901234567890,
    "x_float": 1.0,
    "x_odd": "@1e3@",
    "x_null": None,
    "x_list": [{"b": 1, "a": [True, None]}],
    "x_text": 'é ✓ \u2028 \\ " / \x1b[31m',
}
"""Fields that no system knows. "@…@" stands for a number spelled like that."""


def _becomes_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _becomes_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _becomes_a_link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00{"),
    "a list": lambda path: path.write_bytes(b"[1, 2]"),
    "a number": lambda path: path.write_bytes(b"7"),
    "nested deeply": lambda path: path.write_bytes(b'{"id": ' + b"[" * 100_000),
    "large": lambda path: path.write_bytes(b'{"subject": "' + b"x" * (9 << 20) + b'"}'),
    "wrong kinds": lambda path: path.write_text(_with_wrong_kinds(path.read_text())),
    "a directory": _becomes_a_directory,
    "a pipe": _becomes_a_pipe,
    "a link": lambda path: _becomes_a_link(path, Path("/dev/zero")),
    "a link to itself": lambda path: _becomes_a_link(path, path),
}


class BesideContract(ContractHooks):
    """Inherit `Contract`, which has this."""

    # the owner's lock

    def locked(self, key: ListKey, task_id: str) -> AbstractContextManager[int]:
        held = self.owner_locked(key, task_id)
        if held is None:
            pytest.skip("this system has no lock on disk")
        return held

    def test_edit_while_the_owners_lock_is_held_waits_then_gives_up(
        self, root: Path, chain: ListKey
    ) -> None:
        system = self.make_system(0.3)
        self.require(system, chain, Verb.EDIT)
        edit = UpdateTask(self.key(chain, "5"), subject="Mop")
        with self.locked(chain, "5") as pid:
            with self.nothing_written(root), pytest.raises(LockTimeout) as caught:
                system.apply(edit)
            if self.NAMES_HOLDER:
                assert caught.value.holder.pid == pid
                assert system.lock_holders([chain])[chain].pid == pid
            assert caught.value.waited_s >= 0.2
        assert system.apply(edit).changed == ("subject",)
        assert chain not in system.lock_holders([chain])

    def test_edit_merges_with_what_the_owner_wrote_under_its_lock_meanwhile(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        seen = settled(system, chain)
        made: list[EditResult] = []
        edit = UpdateTask(self.key(chain, "5"), subject="Mop", expected={"subject": "Sweep"})
        editing = threading.Thread(target=lambda: made.append(system.apply(edit)))
        with self.locked(chain, "5"):
            editing.start()
            self.write_under_lock(chain, Foreign("5", "Sweep", "completed"))
        editing.join(PATIENCE_S)
        assert [result.changed for result in made] == [("subject",)]
        after = settled(system, chain, seen).tasks[self.id("5")]
        assert (after.subject, after.status) == ("Mop", TaskStatus.COMPLETED)

    def write_under_lock(self, key: ListKey, task: Foreign) -> None:
        """As `write_task`, while `owner_locked` holds the lock."""
        self.write_task(key, task)

    def test_reading_while_the_owners_lock_is_held_does_not_wait(
        self, root: Path, chain: ListKey
    ) -> None:
        with self.locked(chain, "5"):
            loaded = settled(self.make_system(PATIENCE_S), chain)
        assert len(loaded.tasks) == 5

    # what is not known is kept

    def test_edit_keeps_unknown_fields_their_order_and_spelling(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        path = self.record_path(chain, "5")
        if path is None:
            pytest.skip("this system keeps no JSON records")
        path.write_text(self.with_unknown(path.read_text()))
        before = path.read_text()
        settled(system, chain)
        system.apply(UpdateTask(self.key(chain, "5"), subject="Mop"))
        after = path.read_text()
        was, now = before.splitlines(), after.splitlines()
        assert len(was) == len(now)
        moved = [(old, new) for old, new in zip(was, now, strict=True) if old != new]
        names = [new.strip().partition(":")[0].strip('"') for _, new in moved]
        assert names.count(self.SUBJECT) == 1
        assert set(names) <= {self.SUBJECT, *self.STAMPS}
        assert after.endswith("\n") == before.endswith("\n")

    def with_unknown(self, text: str) -> str:
        """The file with fields that nobody knows in the record of task 5, in the owner's form."""
        document = json.loads(text)
        record = _record_of(document, self.SUBJECT, "Sweep")
        assert record is not None
        known = dict(record)
        record.clear()
        record.update({"a_first": UNKNOWN, **known, **UNKNOWN})
        written = json.dumps(document, indent=2, ensure_ascii=False)
        return written.replace('"@1e3@"', "1e3")

    def test_no_edit_at_all_leaves_the_record_as_it_is(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        with self.nothing_written(root):
            result = system.apply(UpdateTask(self.key(chain, "5"), subject="Sweep"))
        assert result.changed == ()

    # records that nobody expects

    @pytest.mark.parametrize("kind", list(HOSTILE))
    def test_hostile_record_is_shown_or_passed_over_and_never_written(
        self, system: System, chain: ListKey, kind: str
    ) -> None:
        path = self.record_path(chain, "5")
        if path is None:
            pytest.skip("this system keeps no JSON records")
        HOSTILE[kind](path)
        before = os.lstat(path)
        try:
            loaded = settled(system, chain)
        except ColonytopError:
            assert self.holds_whole_list()
        else:
            if not self.holds_whole_list():
                assert set(self.ids("1", "2", "3", "4")) <= loaded.tasks.keys()
            shown = loaded.tasks.get(self.id("5"))
            assert shown is None or not shown.is_readable or self.holds_whole_list()
        with pytest.raises(ColonytopError):
            system.apply(UpdateTask(self.key(chain, "5"), subject="Overwritten"))
        after = os.lstat(path)
        assert (before.st_ino, before.st_size, before.st_mtime_ns) == (
            after.st_ino,
            after.st_size,
            after.st_mtime_ns,
        )

    def test_hostile_record_leaves_the_others_editable(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        path = self.record_path(chain, "5")
        if path is None or self.holds_whole_list():
            pytest.skip("no file is one task's alone")
        path.write_bytes(b"\xff")
        assert system.apply(UpdateTask(self.key(chain, "4"), subject="Shine")).changed


def _record_of(found: Any, name: str, subject: str) -> dict[str, Any] | None:
    """The object in a document that has this subject."""
    if isinstance(found, dict):
        if found.get(name) == subject:
            return found
        found = list(found.values())
    if isinstance(found, list):
        inside = (_record_of(each, name, subject) for each in found)
        return next((each for each in inside if each is not None), None)
    return None


def _with_wrong_kinds(text: str) -> str:
    """Every text in it becomes a list, every list a number."""

    def wrong(found: Any) -> Any:
        if isinstance(found, dict):
            return {name: wrong(value) for name, value in found.items()}
        if isinstance(found, list) and not any(isinstance(each, dict) for each in found):
            return 7
        if isinstance(found, list):
            return [wrong(each) for each in found]
        return [found] if isinstance(found, str) else found

    return json.dumps(wrong(json.loads(text)), indent=2)
