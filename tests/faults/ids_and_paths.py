"""Any text as a list id: refused, or given a directory of its own below the root."""

from __future__ import annotations

import os
import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from store.files.paths import list_id_at, list_id_of_parts, locate, task_list_parts
from store.files.transaction import Durability
from store.model.errors import InvalidListId, StorageFailure
from store.systems.hive.discovery import find_lists
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.port import Port, swapped

SAMPLES = {Effort.FAST: 10_000, Effort.LONG: 100_000}
ON_DISK = {Effort.FAST: 300, Effort.LONG: 3_000}

_LONGEST_NAME = 255  # bytes, of every local file system
_KINDS = ("colony:", "session:", "unscoped:", "", "", "Colony:", "session::", "unscoped:colony:")
_HOSTILE = (
    "..", ".", "/", "//", "/etc", "../..", "a/../b", "a/b", "a:b", "a_b", "a b", "~", "~root",
    "-rf", "*", "\0", "\n", "\x1b[2J", "\x7f", "\x85", "%", "%2F", "%2f", "%%", "%25", "%2", "%00",
    "%C3%A9", "CON", "nul.txt", "a.", ".hidden", "...", " ", "\u00a0", "\u2028", "\u202e", "\ufeff",
    "é", "e\u0301", "ﬁ", "Å", "Å", "ſ", "ß", "SS", "İ", "ı", "１", "١", "漢字",
    "\U0001f469\u200d\U0001f467", "\U000e0041",
    "\ud800", "tasks", "meta.json", ".lock", ".txn", "sessions", "_misc", "x" * 199, "x" * 200,
    "x" * 201, "y" * 300, "é" * 100, "é" * 101, "\\", "\\..\\", "$HOME", "`id`", "'", '"', "\t",
)  # fmt: skip
_RANGES = ((0x20, 0x7E), (0, 0x1F), (0x7F, 0x24F), (0x300, 0x36F), (0x2000, 0x206F), (0, 0x10FFFF))


def run(effort: Effort, seed: int = 4) -> Figure:
    """Ask for the directory of many ids, and make lists of some of them."""
    chance = random.Random(f"ids {seed}")
    with scratch("ids") as place:
        names = Names(place / "root")
        for list_id in _texts(chance, SAMPLES[effort]):
            names.add(list_id)
        sample = chance.sample(sorted(names.parts_of), ON_DISK[effort])
        folded, refused = on_folding_disk(place / "folding", _with_case_twins(sample))
        violations = names.violations + _on_disk(place, sample) + folded
    detail = {"accepted": len(names.parts_of), "refused": names.refused, "folded": refused}
    return Figure("ids_and_paths", names.count, "ids", violations, detail=detail)


class Names:
    """Every id asked for so far with its directory. No two may share one."""

    def __init__(self, root: Path) -> None:
        self.parts_of: dict[str, tuple[str, ...]] = {}
        self.refused = self.count = 0
        self.violations: list[str] = []
        self._root = root
        self._owner: dict[tuple[str, ...], str] = {}

    def add(self, list_id: str) -> None:
        self.count += 1
        try:
            parts = task_list_parts(list_id)
        except InvalidListId:
            self.refused += 1
            return
        except Exception as error:
            self.violations.append(f"{list_id!a}: {error!r}")
            return
        self.violations += [f"{list_id!a}: {wrong}" for wrong in self._wrongs(list_id, parts)]
        self.parts_of[list_id] = parts
        owner = self._owner.setdefault(parts, list_id)
        if owner != list_id:
            self.violations.append(f"{list_id!a} and {owner!a} share {parts}")

    def _wrongs(self, list_id: str, parts: tuple[str, ...]) -> Iterator[str]:
        for part in parts:
            if part in ("", ".", "..") or "/" in part or "\0" in part or part.startswith("."):
                yield f"{part!a} is no plain name"
            if len(part.encode()) > _LONGEST_NAME or not part.isprintable():
                yield f"{part!a} cannot be a name everywhere"
        path = self._root.joinpath(*parts)
        if (
            self._root not in path.parents
            or path.resolve() != self._root.resolve() / path.relative_to(self._root)
        ):
            yield f"{path} is outside"
        found = list_id_of_parts(parts)
        if found != list_id:
            yield f"its directory says {found!a}"


def _on_disk(place: Path, list_ids: list[str]) -> list[str]:
    """Lists of these ids next to each other: each holds its own task, and is found by its id."""
    root = place / "lists"
    store = NativeStore(root, durability=Durability.PROCESS)
    wrong = []
    for list_id in list_ids:
        try:
            made = store.create_task(list_id, ascii(list_id))
            if made.id != 1:
                wrong.append(f"{list_id!a} was there already")
        except Exception as error:
            wrong.append(f"{list_id!a}: {error!r}")
    found = find_lists(root).lists
    if set(found) != set(list_ids):
        differing = sorted(map(ascii, set(found) ^ set(list_ids)))
        wrong.append(f"made or found, not both: {differing[:5]}")
    for list_id in list_ids:
        subjects = [record.subject for record in store.list_tasks(list_id)]
        if subjects != [ascii(list_id)]:
            wrong.append(f"{list_id!a} holds {subjects}")
        if list_id_at(root, locate(root, list_id)) != list_id:
            wrong.append(f"{list_id!a} is not said by its directory")
    beside = sorted(path.name for path in place.iterdir())
    if beside != ["folding", "lists"]:
        wrong.append(f"something was made beside the root: {beside}")
    return wrong


class Folding(Port):
    """A file system that takes names for the same which differ in case or composition only."""

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if kind in ("open", "mkdir", "stat") and named.get("dir_fd") is not None:
            args = (self._stored(args[0], named["dir_fd"]), *args[1:])
        return real(*args, **named)

    def _stored(self, name: str, directory: int) -> str:
        alike = _folded(name)
        found = os.listdir(directory)
        return name if name in found else next((n for n in found if _folded(n) == alike), name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def on_folding_disk(root: Path, list_ids: Sequence[str]) -> tuple[list[str], int]:
    """Lists where names are folded: each has its own task or is refused; and how many were."""
    store = NativeStore(root, durability=Durability.PROCESS)
    wrong, made, refused = [], [], 0
    with swapped(Folding()):
        for list_id in list_ids:
            try:
                store.create_task(list_id, ascii(list_id))
                made.append(list_id)
            except StorageFailure:
                refused += 1
                if store.list_tasks(list_id) or store.exists(list_id):
                    wrong.append(f"{list_id!a} shows another list's tasks where names are folded")
        for list_id in made:
            subjects = [record.subject for record in store.list_tasks(list_id)]
            if subjects != [ascii(list_id)]:
                wrong.append(f"{list_id!a} holds {subjects} where names are folded")
        if set(find_lists(root).lists) != set(made):
            wrong.append("other lists are found than were made where names are folded")
    return wrong, refused


def _with_case_twins(list_ids: Sequence[str]) -> list[str]:
    found = []
    for list_id in list_ids:
        kind, colon, rest = list_id.partition(":")
        for twin in (rest, rest.swapcase(), unicodedata.normalize("NFD", rest)) if colon else ():
            found.append(f"{kind}:{twin}")
    usable = dict.fromkeys(found)
    return [list_id for list_id in usable if _is_accepted(list_id)]


def _is_accepted(list_id: str) -> bool:
    try:
        task_list_parts(list_id)
    except InvalidListId:
        return False
    return True


def _texts(chance: random.Random, count: int) -> Iterator[str]:
    """Hostile and random ids, each with its twins."""
    left = count
    for kind in dict.fromkeys(_KINDS):
        for text in _HOSTILE:
            left -= 1
            yield kind + text
    while left > 0:
        for text in _twins(chance, chance.choice(_KINDS) + _text(chance)):
            left -= 1
            yield text


def _text(chance: random.Random) -> str:
    pieces = []
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        if chance.random() < 0.5:
            pieces.append(chance.choice(_HOSTILE))
        else:
            low, high = chance.choice(_RANGES)
            signs = (chr(chance.randint(low, high)) for _ in range(chance.choice((1, 3, 8, 60))))
            pieces.append("".join(signs))
    return chance.choice(("", ":", "/", ".", "_", "%")).join(pieces)


def _twins(chance: random.Random, text: str) -> Iterator[str]:
    """The text, and texts so like it that a careless layout puts them into the same place."""
    yield text
    yield unicodedata.normalize(chance.choice(("NFC", "NFD")), text)
    yield chance.choice((text.upper(), text.lower(), text.casefold()))
    yield chance.choice((text.rstrip(". "), text + ".", text + " ", text + "/", text + "\0"))
    try:
        parts = task_list_parts(text)
    except InvalidListId:
        return
    yield parts[1]  # the id that is spelt as another one's directory
    yield f"colony:{parts[1]}"
