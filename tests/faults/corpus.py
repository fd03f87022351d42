"""Hostile things that another program may leave in a list, by the case that each belongs to."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files.txn_record import MAX_OPS
from tests.contract import native

MIB = 1 << 20
SUBJECT = "A hostile task"
Planter = Callable[[Path, Path], None]


class NotAllowed(Exception):
    """This machine does not let us make that thing; the text says what."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile thing, put into a list that has the good tasks 1 and 3.

    `plant` gets the list's own directory and a directory outside of the root.
    """

    case: str
    name: str
    plant: Planter
    readable: bool | None = False
    """Whether task 2 is then a readable task; None where that is not the question."""

    def __str__(self) -> str:
        return f"{self.case} {self.name}"


def record(**fields: Any) -> dict[str, Any]:
    return native.record(2, SUBJECT, **fields)


def second(tasks_of: Path) -> Path:
    return tasks_of / "tasks" / "0002.json"


def _bytes(content: bytes) -> Planter:
    return lambda place, _: _write(second(place), content)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _fields(**fields: Any) -> Planter:
    return _bytes(json.dumps(record(**fields)).encode("utf-8", "surrogatepass"))


def _raw(name: str, value: str) -> Planter:
    """A record with one field spelt by hand."""
    whole = json.dumps(record() | {name: "@here@"})
    return _bytes(whole.replace('"@here@"', value).encode("utf-8", "surrogatepass"))


# What is no plain file (B1, B2)


def _fifo(place: Path, _: Path) -> None:
    os.mkfifo(second(place))


def _socket(place: Path, _: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(second(place).parent)  # the name of a socket must be short
        try:
            listener.bind(second(place).name)
        finally:
            os.fchdir(here)
            os.close(here)


def _device(place: Path, _: Path) -> None:
    try:
        os.mknod(second(place), 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # endless zeros
    except OSError as error:
        raise NotAllowed(f"making a character device ({error.strerror})") from error


def _directory(place: Path, _: Path) -> None:
    second(place).mkdir()
    (second(place) / "inner").write_text("kept")


def _link(target: str) -> Planter:
    return lambda place, _: second(place).symlink_to(target)


def _link_outside(place: Path, outside: Path) -> None:
    secret = outside / "secret.json"
    secret.write_text(json.dumps(native.record(2, "A secret of another directory")))
    second(place).symlink_to(secret)


def _sparse(place: Path, _: Path) -> None:
    with second(place).open("wb") as out:
        out.truncate(1 << 30)


_NO_PLAIN_FILE: tuple[tuple[str, Planter], ...] = (
    ("fifo", _fifo),
    ("socket", _socket),
    ("device", _device),
    ("directory", _directory),
    ("link to nothing", _link("nowhere.json")),
    ("link to itself", _link("0002.json")),
    ("link to zeros", _link("/dev/zero")),
    ("link to the password file", _link("/etc/passwd")),
    ("link to a record outside", _link_outside),
)

# Names (B5, B6)

_NAMES: tuple[bytes, ...] = (
    *(b"-001.json", b"1.json", b"00001.json", b"0001.JSON", b"\n.json", b"\x1b]0;x\x07.json"),
    *("0１.json".encode(), "١.json".encode(), "０００４.json".encode(), b"\xff\xfe.json"),
    *(b"n" * 250 + b".json", b" 0004.json", b"0004.json ", b"..0004.json", b"0004.json.tmp"),
)


def _foreign_name(name: bytes) -> Planter:
    def plant(place: Path, _: Path) -> None:
        content = json.dumps(native.record(1, "Not a task's name")).encode()
        (place / "tasks" / os.fsdecode(name)).write_bytes(content)

    return plant


# Content (B7, C1–C9, C13)

_DEEP = 1_000_000
_IDS = ("0", "-1", "true", "2.0", '"2"', "null", "1000000000000000000", "1" + "0" * 5000, "[2]")
_TYPES = (
    ("blocks text", "blocks", '"1"'),
    ("blocks of text", "blocks", '["1"]'),
    ("blocks of truths", "blocked_by", "[true]"),
    ("blocks of objects", "blocked_by", "[{}]"),
    ("owner object", "owner", "{}"),
    ("owner number", "owner", "7"),
    ("metadata array", "metadata", "[]"),
    ("metadata null", "metadata", "null"),
    ("subject null", "subject", "null"),
    ("subject array", "subject", '["x"]'),
    ("status number", "status", "1"),
    ("time text", "created_at", '"yesterday"'),
)
_UNPARSABLE: tuple[tuple[str, str, bytes], ...] = (
    ("C4", "invalid UTF-8", b'{"id": 2, "subject": "caf\xe9"}'),
    ("C4", "overlong UTF-8", b'{"id": 2, "subject": "\xc0\xaf"}'),
    ("C4", "encoded surrogate", b'{"id": 2, "subject": "\xed\xa0\x80"}'),
    ("C4", "raw control in a string", b'{"id": 2, "subject": "a\x01b"}'),
    ("C4", "UTF-16", json.dumps({"id": 2, "subject": "x"}).encode("utf-16")),
    ("C4", "UTF-32", json.dumps({"id": 2, "subject": "x"}).encode("utf-32-be")),
    ("C3", "key twice", b'{"id": 2, "subject": "x", "subject": "y"}'),
    ("C3", "key twice, once escaped", b'{"id": 2, "subject": "x", "subj\\u0065ct": "y"}'),
    ("C3", "key twice below", b'{"id": 2, "subject": "x", "metadata": {"a": {"b": 1, "b": 2}}}'),
    ("C9", "empty", b""),
    ("C9", "truncated", b'{"id": 2, "subj'),
    ("C9", "all NUL", b"\0" * 4096),
    ("C9", "NUL tail", b'{"id": 2, "subject": "x"}' + b"\0" * 99),
    ("C9", "an array", b"[1, 2]"),
    ("C9", "a string", b'"text"'),
    ("C9", "two objects", b'{"id": 2, "subject": "x"}{"id": 2, "subject": "y"}'),
    ("C7", "no subject", b'{"id": 2}'),
    ("C1", "unclosed arrays to the cap", b'{"id": 2, "subject": "x", "a": ' + b"[" * (MIB - 40)),
    ("C1", "flat brackets to the cap", b'{"id":2,"subject":"x","a":[' + b"[]," * 349_000 + b"1]"),
    ("C1", "quotes to the cap", b'{"id": 2, "subject": ' + b'"' * (MIB - 40)),
    ("C1", "backslashes to the cap", b'{"id": 2, "subject": "' + b"\\" * (MIB - 40)),
)


def _nested(depth: int) -> Planter:
    def plant(place: Path, outside: Path) -> None:
        _raw("metadata", '{"a": ' + "[" * depth + "]" * depth + "}")(place, outside)

    return plant


def _contents() -> Iterator[Hostile]:
    for text in _IDS:
        yield Hostile("B7", f"id {text[:20]}", _raw("id", text))
    for depth in (63, 201, 100_000, 400_000, _DEEP):
        yield Hostile("C1", f"nesting {depth}", _nested(depth))
    yield Hostile("C1", "nesting 60", _nested(60), readable=True)
    for digits, readable in ((64, True), (65, False), (4300, False), (4301, False)):
        number = '{"n": ' + "9" * digits + "}"
        yield Hostile("C2", f"{digits} digits", _raw("metadata", number), readable)
    yield Hostile("C2", "1000000 digits", _raw("metadata", '{"n": ' + "9" * 1_000_000 + "}"))
    for text in ("1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1e" + "9" * 100_000):
        yield Hostile("C2", f"number {text[:9]}", _raw("metadata", '{"n": ' + text + "}"))
        yield Hostile("C2", f"time {text[:9]}", _raw("created_at", text))
    yield Hostile("C2", "minus zero", _raw("metadata", '{"n": -0.0}'), readable=True)
    for case, name, content in _UNPARSABLE:
        yield Hostile(case, name, _bytes(content))
    for name, field, value in _TYPES:
        yield Hostile("C7", name, _raw(field, value))
    yield from _readable_contents()


def _readable_contents() -> Iterator[Hostile]:
    whole = json.dumps(record()).encode()
    yield Hostile("C4", "BOM", _bytes(b"\xef\xbb\xbf" + whole), readable=True)
    yield Hostile("C5", "NUL in text", _raw("subject", '"a\\u0000b"'), readable=True)
    yield Hostile("C4", "escaped surrogate", _raw("subject", '"a\\ud800b"'), readable=None)
    yield Hostile("C6", "60,000 metadata keys", _keys(60_000), readable=None)
    yield Hostile("C6", "1,000,000 metadata keys", _keys(1_000_000))
    yield Hostile("C6", "subject of 900 kB", _raw("subject", f'"{"x" * 900_000}"'), readable=None)
    large = b'{"id": 2, "subject": "' + b"x" * 50_000_000 + b'"}'
    yield Hostile("C6", "subject of 50 MB", _bytes(large))
    edges = list(range(10, 100_010))
    yield Hostile("C6", "100,000 edges", _fields(blocks=edges), readable=None)
    yield Hostile("C6", "description of 900 kB", _fields(description="y\n" * 450_000), None)
    yield Hostile("C8", "unknown status", _fields(status="paused"), readable=True)
    yield Hostile("C8", "unknown field", _fields(colour={"deep": [1]}), readable=True)
    yield Hostile("C8", "newer schema", _fields(schema_version=99), readable=True)
    yield Hostile("C10", "edges to itself, to nothing, twice", _fields(blocks=[2, 2, 77]), True)
    for moment in ("0", "-1", "253402300799", "1777903331000", "1e300"):
        yield Hostile("C13", f"time {moment}", _raw("updated_at", moment), readable=True)
    for text in ("2026-05-04T14:02:11Z", "2026-05-04 14:02:11"):
        yield Hostile("C13", f"time {text[10:11]!r}", _fields(updated_at=text))
    yield Hostile("C14", "look-alike owner", _fields(owner="ａnn"), readable=True)
    yield Hostile("B6", "another id inside", _raw("id", "9"), readable=False)


def _keys(count: int) -> Planter:
    def plant(place: Path, outside: Path) -> None:
        value = "{" + ", ".join(f'"k{n}": 1' for n in range(count)) + "}"
        _raw("metadata", value)(place, outside)

    return plant


# What lies beside the tasks (B8, B11, B13)

_MARKS: tuple[tuple[str, bytes], ...] = (
    *(("empty", b""), ("negative", b"-5"), ("underscore", b"1_000"), ("Arabic", "١٢".encode())),
    *(("5,000 digits", b"9" * 5000), ("words", b"three"), ("a line more", b"3\n4"), ("NUL", b"\0")),
)
_METAS: tuple[tuple[str, bytes], ...] = (
    ("empty", b""),
    ("no JSON", b"{"),
    ("an array", b"[]"),
    ("wrong types", b'{"task_list_id": 7, "role": {}}'),
    ("unknown role", b'{"task_list_id": "x", "role": "emperor"}'),
    ("newer schema", b'{"task_list_id": "x", "role": "template", "schema_version": 99}'),
    ("deep", b'{"task_list_id": "x", "role": "template", "goal": ' + b"[" * 100_000),
    ("key twice", b'{"task_list_id": "x", "role": "template", "role": "session"}'),
)


def _beside(name: str, content: bytes) -> Planter:
    return lambda place, _: _write(place / name, content)


def _beside_link(name: str) -> Planter:
    def plant(place: Path, outside: Path) -> None:
        victim = outside / "victim"
        victim.write_bytes(b"precious")
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(victim)

    return plant


def _beside_hard_link(name: str) -> Planter:
    def plant(place: Path, outside: Path) -> None:
        victim = outside / "linked victim"
        victim.write_bytes(b"precious")
        (place / name).unlink(missing_ok=True)
        try:
            (place / name).hardlink_to(victim)
        except OSError as error:
            raise NotAllowed(f"a hard link ({error.strerror})") from error

    return plant


def _beside_fifo(name: str) -> Planter:
    def plant(place: Path, _: Path) -> None:
        (place / name).unlink(missing_ok=True)
        os.mkfifo(place / name)

    return plant


def _beside_directory(name: str) -> Planter:
    def plant(place: Path, _: Path) -> None:
        (place / name).unlink(missing_ok=True)
        (place / name).mkdir()

    return plant


def _beside_sparse(name: str) -> Planter:
    def plant(place: Path, _: Path) -> None:
        with (place / name).open("wb") as out:
            out.truncate(1 << 30)

    return plant


_OWN_NAMES = ("meta.json", ".highwatermark", ".lock", ".txn")


def _sidecars() -> Iterator[Hostile]:
    for name, content in _MARKS:
        yield Hostile("B8", f"mark {name}", _beside(".highwatermark", content), None)
    for name, content in _METAS:
        yield Hostile("C7", f"meta {name}", _beside("meta.json", content), None)
    for own in _OWN_NAMES:
        case = {".lock": "B13", ".txn": "B12"}.get(own, "B11")
        yield Hostile("B11", f"link at {own}", _beside_link(own), None)
        yield Hostile("B11", f"hard link at {own}", _beside_hard_link(own), None)
        yield Hostile(case, f"fifo at {own}", _beside_fifo(own), None)
        yield Hostile(case, f"directory at {own}", _beside_directory(own), None)
        yield Hostile("B2", f"sparse gigabyte at {own}", _beside_sparse(own), None)
    yield Hostile("B10", "link at tasks", _linked_directory, None)


def _linked_directory(place: Path, outside: Path) -> None:
    (place / "tasks").rename(outside / "elsewhere")
    (place / "tasks").symlink_to(outside / "elsewhere")


# Transactions (B12)


_TXID = "00c0ffee00c0ffee"


def _transaction(**fields: Any) -> Planter:
    """A transaction whose digest is right, as who may write files can also reckon."""
    body = {"v": 1, "txid": _TXID, "ops": [], "intent": {}} | fields
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(text).hexdigest()
    return _beside(".txn", text[:-1] + f',"sum":"{digest}"}}'.encode())


def _op(path: Any, tmp: Any = None, pre: Any = None) -> dict[str, Any]:
    return {"p": path, "pre": pre, "tmp": tmp}


def _replaced(number: int) -> dict[str, Any]:
    return _op(f"tasks/{number:04d}.json", f".{number:04d}.json.{_TXID}.ctmp", "0" * 64)


def _transactions() -> Iterator[Hostile]:
    outside = ("../../../../outside/victim", "/etc/passwd", "tasks/../../x", "tasks/0001.json/../x")
    for path in (*outside, "tasks/0001.json\0", "tasks/1.json", ".lock", "", 7, None, ["x"]):
        removal = _op(path, pre="0" * 64)
        yield Hostile("B12", f"txn of {path!r}", _transaction(ops=[removal]), None)
        staged = _transaction(ops=[_op("tasks/0001.json", path)])
        yield Hostile("B12", f"txn from {path!r}", staged, None)
    right = _op("tasks/0002.json", f".0002.json.{_TXID}.ctmp")
    yield Hostile("B12", "txn, newer version", _transaction(v=99, ops=[right]), None)
    yield Hostile("B12", "txn, id of another shape", _transaction(txid="../../x"), None)
    yield Hostile("B12", "txn, file twice", _transaction(ops=[right, right]), None)
    strange = _transaction(ops=[right], intent={"tasks/0002.json": ["x"], "../x": {}})
    yield Hostile("B12", "txn, strange intent", strange, None)
    yield Hostile("B12", "txn, its temporary a link", _linked_temporary, None)
    yield Hostile("B12", "txn, its temporary a fifo", _fifo_temporary, None)
    for count in (MAX_OPS, MAX_OPS + 1, 20_001):
        ops = [_op(f"tasks/{n:04d}.json", pre="0" * 64) for n in range(10, 10 + count)]
        yield Hostile("B12", f"txn of {count} removals", _transaction(ops=ops), None)
        ops = [_replaced(n) for n in range(10, 10 + count)]
        yield Hostile("B12", f"txn of {count} replacements", _transaction(ops=ops), None)
    ops = [_replaced(n) for n in range(10, 2010)]
    intent: dict[str, Any] = {op["p"]: {"set": {f"k{n}": {} for n in range(8)}} for op in ops}
    yield Hostile("B12", "txn of many intents", _transaction(ops=ops, intent=intent), None)
    large = {"tasks/0002.json": {"set": {"subject": {"now": "x" * 4_000_000}}}}
    yield Hostile("B12", "txn of 4 MB", _transaction(ops=[right], intent=large), None)
    wrong = b'{"v":1,"txid":"00c0ffee00c0ffee","ops":[],"intent":{},"sum":"' + b"0" * 64 + b'"}'
    yield Hostile("B12", "txn, wrong digest", _beside(".txn", wrong), None)
    for kind in ("null", "[]", "{}", "7", '"x"', '{"v":1,"v":1}', "{", ""):
        yield Hostile("B12", f"txn is {kind!r}", _beside(".txn", kind.encode()), None)
    yield Hostile("B12", "txn, key twice", _beside(".txn", b'{"v": 1, "ops": [], "ops": []}'), None)
    many = b'{"v": 1, "ops": [' + b'{"p": "tasks/0001.json", "tmp": null},' * 1_000_000 + b"]}"
    yield Hostile("B12", "txn of 1,000,000 operations", _beside(".txn", many), None)
    yield Hostile("B12", "txn, deep", _beside(".txn", b"[" * 1_000_000), None)


def _linked_temporary(place: Path, outside: Path) -> None:
    """The text of a file outside would become a task."""
    name = f".0002.json.{_TXID}.ctmp"
    _transaction(ops=[_op("tasks/0002.json", name)])(place, outside)
    secret = outside / "secret.json"
    secret.write_text(json.dumps(native.record(2, "A secret of another directory")))
    (place / name).symlink_to(secret)


def _fifo_temporary(place: Path, outside: Path) -> None:
    name = f".0002.json.{_TXID}.ctmp"
    _transaction(ops=[_op("tasks/0002.json", name)])(place, outside)
    os.mkfifo(place / name)


def corpus() -> list[Hostile]:
    """Every hostile thing, each for a list of its own."""
    found = [Hostile("B1", name, plant) for name, plant in _NO_PLAIN_FILE]
    found.append(Hostile("B2", "sparse gigabyte", _sparse))
    found += [Hostile("B5", f"name {ascii(n)[2:22]}", _foreign_name(n), None) for n in _NAMES]
    found += [*_contents(), *_sidecars(), *_transactions()]
    return found
