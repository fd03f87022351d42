"""The record of one committed change of several files: `.txn` in the list's directory.

While it is there the change stands, and whoever holds the lock next finishes it. It names the
files, what they held before, and the temporaries that hold what they will hold. Anybody may have
written one, so nothing in it is believed before its shape, its names and its digest are checked.
"""

from __future__ import annotations

import json
import re
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.files.codec import Unparsable, check_structure, parse_object
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.model.errors import ColonytopError, InvalidField, StorageFailure

TXN_NAME = ".txn"
BAD_PREFIX = ".txn.bad-"
"""What a record is renamed to that cannot be believed; the list is read-only while it is there."""

ASIDE_PREFIX = ".txn.aside-"
"""What it is renamed to when somebody has looked at it."""

TASKS = "tasks"
VERSION = 1
MAX_BYTES = 4 << 20
MAX_OPS = 3_000
"""Files of one change: what anybody may write there is still read within some hundredths of a
second. Larger changes are made in parts, or refused."""

_MOST_VALUES = 50_000
_KEYS = {"v", "txid", "ops", "intent", "sum"}
_TXID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PATH = re.compile(
    r"tasks/(?:[0-9]{4}|[1-9][0-9]{4,12})\.json|meta\.json|\.highwatermark", re.ASCII
)
_SUM_BYTES = len(',"sum":""}') + 64


class InvalidTransaction(ColonytopError):
    """A `.txn` that nobody of ours can have written."""

    kind = "invalid_transaction"


@dataclass(frozen=True, slots=True)
class Op:
    """One file of a change."""

    path: str
    """Relative to the list's directory."""
    pre: str | None
    """SHA-256 of what it held, None if it was not there."""
    tmp: str | None
    """The temporary that takes its place, None if it is removed."""
    intent: Mapping[str, Any] = field(default_factory=dict)
    """What the change means for this record, should it hold something else by then."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_task(self) -> bool:
        return self.path.startswith(f"{TASKS}/")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One committed change, its files in the order in which they are put in place."""

    txid: str
    ops: tuple[Op, ...]

    def gone_name(self, op: Op) -> str:
        """Where a removed file lies until the change is finished: the sign that it was removed."""
        return f".{op.name}.{self.txid}.gone.ctmp"


def temporary_name(name: str, txid: str) -> str:
    return f".{name}.{txid}.ctmp"


def digest(content: bytes) -> str:
    import hashlib  # slow to load, and only writers of several records need it

    return hashlib.sha256(content).hexdigest()


def encode(transaction: Transaction) -> bytes:
    """The bytes of a record.

    Raises:
        InvalidField: it touches more files than a record may hold.
    """
    body = {
        "v": VERSION,
        "txid": transaction.txid,
        "ops": [{"p": op.path, "pre": op.pre, "tmp": op.tmp} for op in transaction.ops],
        "intent": {op.path: op.intent for op in transaction.ops if op.intent},
    }
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    content = text[:-1] + f',"sum":"{digest(text)}"}}'.encode()
    count = len(transaction.ops)
    if count > MAX_OPS or len(content) > MAX_BYTES:
        reason = f"it touches {count:,} files; at most {MAX_OPS:,} can be changed at once"
        raise InvalidField("change", reason)
    try:
        check_structure(content, _MOST_VALUES)
    except Unparsable as error:
        raise InvalidField(
            "change", f"its records hold too much for one change: {error}"
        ) from error
    return content


def decode(content: bytes) -> Transaction:
    """A record from its bytes.

    Raises:
        InvalidTransaction: says what is wrong with it.
    """
    text = content[:-_SUM_BYTES] + b"}"
    if not content.endswith(f',"sum":"{digest(text)}"}}'.encode()):
        raise InvalidTransaction("its digest does not fit its content")
    try:
        body = parse_object(content, _MOST_VALUES)
    except Unparsable as error:
        raise InvalidTransaction(str(error)) from error
    if body.keys() != _KEYS or body["v"] != VERSION or isinstance(body["v"], bool):
        raise InvalidTransaction("not a transaction of this version")
    txid, ops, intents = body["txid"], body["ops"], body["intent"]
    if not (isinstance(txid, str) and _TXID.fullmatch(txid)):
        raise InvalidTransaction("its id has another shape")
    if not isinstance(ops, list) or not 0 < len(ops) <= MAX_OPS or not isinstance(intents, dict):
        raise InvalidTransaction("not a list of files")
    found = tuple(_checked_op(op, txid, intents) for op in ops)
    paths = {op.path for op in found}
    if len(paths) != len(found) or not intents.keys() <= paths:
        raise InvalidTransaction("a file stands there twice, or an intent without its file")
    return Transaction(txid, found)


def _checked_op(op: Any, txid: str, intents: Mapping[str, Any]) -> Op:
    if not isinstance(op, dict) or op.keys() != {"p", "pre", "tmp"}:
        raise InvalidTransaction("a file of another shape")
    path, pre, tmp = op["p"], op["pre"], op["tmp"]
    if not (isinstance(path, str) and _PATH.fullmatch(path)):
        raise InvalidTransaction(f"{path!r:.60} is not a file of a list")
    if pre is not None and not (isinstance(pre, str) and _DIGEST.fullmatch(pre)):
        raise InvalidTransaction(f"no digest of {path}")
    intent = intents.get(path, {})
    checked = Op(path, pre, tmp, intent if isinstance(intent, dict) else {})
    if tmp is not None and tmp != temporary_name(checked.name, txid):
        raise InvalidTransaction(f"the temporary of {path} has another name")
    if pre is None and tmp is None:
        raise InvalidTransaction(f"{path} was not there and is removed")
    return checked


def stamp() -> str:
    """Now, as part of a name."""
    return str(int(time.time()))


def read(directory: Directory, name: str = TXN_NAME) -> Transaction | None:
    """The pending change of a list, None if there is none.

    Raises:
        InvalidTransaction: something stands there that cannot be believed.
        StorageFailure: it could not be read now.
    """
    if directory.status(name) is None:
        return None
    try:
        content = directory.read_bytes(name, MAX_BYTES)
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        if error.is_passing or isinstance(error.__cause__, PermissionError):
            raise StorageFailure(error.path, error.reason) from error
        raise InvalidTransaction(error.reason) from error
    return decode(content)


def check_temporaries(directory: Directory, ops: Sequence[Op]) -> None:
    """Raise `InvalidTransaction` if something else than a file stands where a temporary should."""
    for op in ops:
        found = directory.status(op.tmp) if op.tmp is not None else None
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise InvalidTransaction(f"the temporary of {op.path} is not a plain file")
