"""What the next holder of the lock makes of a change that was left unfinished."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files import txn_record
from store.files.recovery import recover
from store.files.transaction import commit
from store.files.txn_record import Op, Transaction, decode, encode, temporary_name
from store.model.errors import (
    CommittedPending,
    InvalidField,
    StorageFailure,
    TransactionQuarantined,
)
from tests.files.transaction_list import AFTER, BEFORE, NEW, RULES, A, B, Place, a_list, allow

TXID = "0123456789abcdef"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_list(tmp_path) as opened:
        yield opened


def leave_pending(place: Place, monkeypatch: pytest.MonkeyPatch, renames: int) -> None:
    """Commit and break off after so many files were put in place."""
    rename, count = os.rename, 0

    def called(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count > 1 + renames:
            raise OSError(errno.EIO, "Input/output error")
        rename(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", called)
        with pytest.raises(CommittedPending):
            commit(place.change(), RULES, verify=allow)


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_recovery_finishes_and_a_second_one_finds_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    leave_pending(place, monkeypatch, renames)
    assert recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER
    assert not recover(place.directory, place.tasks, RULES)
    assert place.beside() == set()


def test_record_changed_by_somebody_else_keeps_theirs_with_ours_made_on_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 0)
    place.put(A, b"theirs\n")
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER | {A: b"theirs\nours\n"}


def test_record_that_somebody_else_has_in_place_of_a_new_one_is_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 0)
    place.put(NEW, b"theirs\n")
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER | {NEW: b"theirs\n"}


def test_record_removed_by_somebody_else_does_not_come_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 1)
    place.tasks.unlink(NEW)
    place.tasks.unlink(A)
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == {}


def test_removal_of_what_somebody_else_wrote_is_not_made_nor_what_follows_from_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 0)
    place.put(B, b"theirs\n")
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == {A: BEFORE[A], B: b"theirs\n", NEW: AFTER[NEW]}


def test_file_put_back_after_its_removal_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 2)
    assert B not in place.tasks.names()
    place.put(B, BEFORE[B])
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER | {B: BEFORE[B]}


def test_temporaries_of_ours_go_and_those_of_others_stay(place: Place, tmp_path: Path) -> None:
    ours = [".0001.json.17.0123abcd.ctmp", temporary_name(A, TXID), "..txn.17.0123abcd.ctmp"]
    theirs = [".0001.json.17.x.tmp", "0001.json.tmp", ".0001.json.ctmp", ".secret"]
    for name in ours + theirs:
        (tmp_path / name).write_bytes(b"x")
    assert recover(place.directory, place.tasks, RULES)
    assert place.beside() == set(theirs)


# what may stand in a record of a change


def record(*ops: Op) -> bytes:
    return encode(Transaction(TXID, ops))


OP = Op(f"tasks/{A}", "0" * 64, temporary_name(A, TXID), {"line": "x"})


def test_record_reads_back_as_it_was_written() -> None:
    removal = Op(f"tasks/{B}", "1" * 64, None)
    assert decode(record(OP, removal)) == Transaction(TXID, (OP, removal))


HOSTILE = [
    Op("../x", "0" * 64, ".x." + TXID + ".ctmp"),
    Op("/etc/passwd", "0" * 64, None),
    Op("tasks/../../x", "0" * 64, None),
    Op("tasks/1.json", "0" * 64, None),
    Op("tasks/00001.json", "0" * 64, None),
    Op("tasks/0001.json\n", "0" * 64, None),
    Op(".lock", "0" * 64, None),
    Op(f"tasks/{A}", "0" * 64, "../victim"),
    Op(f"tasks/{A}", "0" * 64, "meta.json"),
    Op(f"tasks/{A}", "0" * 64, temporary_name(B, TXID)),
    Op(f"tasks/{A}", "0" * 63, None),
    Op(f"tasks/{A}", None, None),
]


@pytest.mark.parametrize("op", HOSTILE, ids=lambda op: f"{op.path!r} {op.tmp}")
def test_b12_record_of_other_files_is_quarantined_and_nothing_is_touched(
    place: Place, tmp_path: Path, op: Op
) -> None:
    victim = tmp_path.parent / "victim"
    victim.write_bytes(b"v")
    (tmp_path / ".txn").write_bytes(record(op))
    with pytest.raises(TransactionQuarantined) as caught:
        recover(place.directory, place.tasks, RULES)
    assert Path(caught.value.path).name.startswith(".txn.bad-")
    assert "doctor --repair" in str(caught.value)
    assert place.tasks_now() == BEFORE
    assert victim.read_bytes() == b"v"
    with pytest.raises(TransactionQuarantined):
        recover(place.directory, place.tasks, RULES)


def _with_sum(body: dict[str, object]) -> bytes:
    text = json.dumps(body).encode()
    return text[:-1] + f',"sum":"{txn_record.digest(text)}"}}'.encode()


GOOD = {"v": 1, "txid": TXID, "ops": [{"p": f"tasks/{A}", "pre": "0" * 64, "tmp": None}]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"null",
        record(OP).replace(b'"v":1', b'"v":2'),
        record(OP)[:-1],
        record(OP, OP),
        _with_sum({**GOOD, "intent": {}, "v": 2}),
        _with_sum({**GOOD, "intent": {}, "v": True}),
        _with_sum({**GOOD, "intent": {}, "txid": "../../x"}),
        _with_sum({**GOOD, "intent": {}, "ops": []}),
        _with_sum({**GOOD, "intent": {}, "ops": [7]}),
        _with_sum({**GOOD, "intent": {"tasks/0009.json": {}}}),
        _with_sum({**GOOD, "intent": {}, "more": 1}),
        b"x" * (txn_record.MAX_BYTES + 1),
    ],
    ids=range(14),
)
def test_b12_record_of_another_shape_is_quarantined(
    place: Place, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / ".txn").write_bytes(content)
    with pytest.raises(TransactionQuarantined):
        recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == BEFORE


@pytest.mark.parametrize("kind", ["fifo", "directory", "link"])
def test_b12_something_else_than_a_file_is_quarantined(
    place: Place, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / ".txn"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/etc/passwd")
    with pytest.raises(TransactionQuarantined):
        recover(place.directory, place.tasks, RULES)
    assert not os.path.lexists(path)


def test_b12_temporary_that_is_a_link_never_becomes_a_record(place: Place, tmp_path: Path) -> None:
    digest = txn_record.digest(BEFORE[A])
    op = Op(f"tasks/{A}", digest, temporary_name(A, TXID))
    (tmp_path / temporary_name(A, TXID)).symlink_to("/etc/passwd")
    (tmp_path / ".txn").write_bytes(record(op))
    with pytest.raises(TransactionQuarantined):
        recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == BEFORE


def test_record_that_cannot_be_read_now_is_not_quarantined(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pending(place, monkeypatch, 0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", _refuse)
        with pytest.raises(StorageFailure, match="Too many"):
            recover(place.directory, place.tasks, RULES)
    assert ".txn" in place.beside()
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER


def _refuse(*_: object, **__: object) -> int:
    raise OSError(errno.EMFILE, "Too many open files")


def test_change_of_too_many_files_is_refused() -> None:
    ops = [Op(f"tasks/{n:04d}.json", "0" * 64, None) for n in range(1, txn_record.MAX_OPS + 2)]
    with pytest.raises(InvalidField, match="at once"):
        record(*ops)
