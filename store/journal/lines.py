"""The journal's lines: values ⇄ one JSON object in ASCII each. Pure.

A line that cannot be understood, whatever is in it, reads as None and disturbs no other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from store.model.edit_record import edit_record, read_edit
from store.model.edits import Edit
from store.model.errors import ColonytopError
from store.model.history import Actor, Direction, Entry, Move, Origin, Via
from store.model.strict import plain
from store.model.task import ListKey, Task, TaskId, TaskListId
from store.model.task_record import read_task, task_values

VERSION = 1
_SOURCE = "journal"
_LATEST = 1e11  # epoch seconds; beyond it lies no date that can be shown


class Unwritable(ColonytopError):
    """The journal's line cannot be made: a value that JSON cannot hold, or too much of it."""

    kind = "unwritable"


class Act(NamedTuple):
    """What a step does to another one."""

    direction: Direction
    of: str
    """The step that is taken back, or made again."""


@dataclass(frozen=True, slots=True)
class EditLine:
    """One edit of a step: before it is tried (`made` None), and what came of it."""

    step: str
    number: int
    """Its place in the step, from 0."""
    count: int
    """Edits of the step."""
    at: float
    actor: Actor
    edit: Edit
    made: bool | None = None
    label: str = ""
    act: Act | None = None
    task: TaskId | None = None
    """The task it is about, as far as its id is known."""
    subject: str = ""
    seen: Task | None = None
    """Before it was tried: the task as it was last seen."""
    wrote: Mapping[TaskId, tuple[Move, ...]] = field(default_factory=dict)
    """What it changed, task by task."""
    inverse: tuple[Edit, ...] | None = None
    """What takes it back; None: that is not known."""
    said: str = ""
    """Why it was refused, or has no inverse."""


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """What has become of a step: `undone`, `redone`, `passed` over, or `kept` as it was."""

    step: str
    """The step that undid or redid, or tried to."""
    act: Act
    at: float
    actor: Actor
    state: str


@dataclass(frozen=True, slots=True)
class SeenLine:
    """Changes of one task at one moment that were seen on the disk."""

    entry: Entry


Line = EditLine | VerdictLine | SeenLine


def root_line(root: str) -> bytes:
    """What every file of a journal begins with: of which root it is."""
    return _bytes({"v": VERSION, "kind": "root", "root": root})


def format_line(line: Line) -> bytes:
    """The line with its end.

    Raises:
        Unwritable: a value that JSON cannot hold.
    """
    if isinstance(line, SeenLine):
        return _bytes(_seen_values(line.entry))
    values: dict[str, Any] = {
        "v": VERSION,
        "kind": "verdict" if isinstance(line, VerdictLine) else _edit_kind(line),
        "step": line.step,
        "at": line.at,
        "who": line.actor.name,
        "via": str(line.actor.via),
    }
    if line.act is not None:
        values |= {"act": str(line.act.direction), "of": line.act.of}
    if isinstance(line, VerdictLine):
        return _bytes({**values, "state": line.state})
    values |= {"number": line.number, "count": line.count, "verb": str(line.edit.verb)}
    for name in ("label", "task", "subject", "said"):
        if value := getattr(line, name):
            values[name] = value
    values["do"] = _edit_values(line.edit)
    if line.seen is not None:
        values["seen"] = task_values(line.seen)
    if line.wrote:
        values["wrote"] = {task: _moved(moves) for task, moves in line.wrote.items()}
    if line.inverse is not None:
        values["inverse"] = [_edit_values(edit) for edit in line.inverse]
    return _bytes(values)


def parse_line(raw: bytes, root: str) -> Line | None:
    """The line again; None: damaged, of another version, or nothing that is read here.

    Args:
        root: of the lists that it names.
    """
    try:
        values = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        if not isinstance(values, dict) or values.get("v") != VERSION:
            return None
        read = _READERS.get(values["kind"])
        return read(values, root) if read else None
    except (ColonytopError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None
    except RecursionError:
        return None


def _bytes(values: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError) as error:
        raise Unwritable(f"a value that JSON cannot hold: {error}") from error
    return text.encode("ascii") + b"\n"


def _edit_values(edit: Edit) -> dict[str, Any]:
    """Without the root: it may be known by another name when this is read."""
    values = edit_record(edit)
    del values["root"]
    return values


def _edit_kind(line: EditLine) -> str:
    return "intent" if line.made is None else "made" if line.made else "refused"


def _seen_values(entry: Entry) -> dict[str, Any]:
    values: dict[str, Any] = {
        "v": VERSION,
        "kind": "seen",
        "at": entry.at,
        "system": entry.list.system,
        "list": entry.list.id,
        "what": entry.what,
        "origin": str(entry.origin),
    }
    for name in ("task", "subject", "who"):
        if value := getattr(entry, name):
            values[name] = value
    if entry.moves:
        values["moves"] = _moved(entry.moves)
    if entry.last is not None:
        values["last"] = task_values(entry.last)
    return values


def _edit_line(values: dict[str, Any], root: str) -> EditLine:
    inverse = values.get("inverse")
    seen = values.get("seen")
    made = {"intent": None, "made": True, "refused": False}[values["kind"]]
    edit = read_edit(values["do"], _SOURCE, root=root)
    number, count = int(values["number"]), int(values["count"])
    if not 0 <= number < count:
        raise ValueError("no place in its step")
    return EditLine(
        _text(values["step"]),
        number,
        count,
        _time(values["at"]),
        _actor(values),
        edit,
        made,
        _text(values.get("label", "")),
        _act(values),
        TaskId(_text(values["task"])) if "task" in values else None,
        _text(values.get("subject", "")),
        None if seen is None else read_task(seen, edit.list, _SOURCE),
        {TaskId(task): _moves(moves) for task, moves in values.get("wrote", {}).items()},
        None if inverse is None else tuple(read_edit(each, _SOURCE, root=root) for each in inverse),
        _text(values.get("said", "")),
    )


def _verdict_line(values: dict[str, Any], root: str) -> VerdictLine:
    act = _act(values)
    if act is None:
        raise ValueError("a verdict on nothing")
    step, at = _text(values["step"]), _time(values["at"])
    return VerdictLine(step, act, at, _actor(values), _text(values["state"]))


def _seen_line(values: dict[str, Any], root: str) -> SeenLine:
    last, who = values.get("last"), values.get("who")
    key = ListKey(_text(values["system"]), root, TaskListId(_text(values["list"])))
    return SeenLine(
        Entry(
            _time(values["at"]),
            Origin(values["origin"]),
            None if who is None else _text(who),
            key,
            TaskId(_text(values["task"])) if "task" in values else None,
            _text(values["what"]),
            _moves(values.get("moves", [])),
            _text(values.get("subject", "")),
            last=None if last is None else read_task(last, key, _SOURCE),
        )
    )


def _act(values: dict[str, Any]) -> Act | None:
    return Act(Direction(values["act"]), _text(values["of"])) if "act" in values else None


def _actor(values: dict[str, Any]) -> Actor:
    return Actor(_text(values["who"]), Via(values["via"]))


def _moved(moves: tuple[Move, ...]) -> list[list[Any]]:
    return [[move.field, plain(move.old), plain(move.new)] for move in moves]


def _moves(values: Any) -> tuple[Move, ...]:
    return tuple(Move(_text(name), old, new) for name, old, new in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _time(value: Any) -> float:
    at = float(value)
    if not math.isfinite(at) or not 0 <= at < _LATEST:
        raise ValueError("no time")
    return at


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


_READERS: Mapping[str, Callable[[dict[str, Any], str], Line]] = {
    "intent": _edit_line,
    "made": _edit_line,
    "refused": _edit_line,
    "verdict": _verdict_line,
    "seen": _seen_line,
}
