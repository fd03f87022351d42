"""Watching and disturbing the store's file system calls.

All of them are made by `store.files.fs` and `store.files.descriptors` through their global `os`.
Here that name is swapped for an object that passes everything through and counts, records or
breaks the calls on the way.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from store.files import descriptors, fs

MUTATING = frozenset(
    {
        "create", "nameless", "write", "fsync", "fdatasync", "rename", "replace", "link",
        "symlink", "unlink", "rmdir", "mkdir", "ftruncate", "truncate",
    }
)  # fmt: skip
"""Calls that change what is there, or make it last. "create" is an `open` that makes a name,
"nameless" one that makes a file without a name."""

READING = frozenset({"open", "read", "stat", "fstat", "listdir", "scandir", "close", "fchmod"})
EVERY = MUTATING | READING

_NAMELESS = getattr(os, "O_TMPFILE", 0)

Action = Callable[[], None]


class When(StrEnum):
    """Whether a disturbance comes before the call is made or after it was made."""

    BEFORE = "before"
    AFTER = "after"


def kill_self() -> None:
    """End this process as a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def fail(number: int) -> Action:
    """An action that raises `OSError` with this errno."""

    def act() -> None:
        raise OSError(number, os.strerror(number))

    return act


class Port:
    """The real `os`, seen through `call`. A subclass decides what happens around each call."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in EVERY:
            return real

        def called(*args: Any, **named: Any) -> Any:
            return self.call(name, real, args, named)

        return called

    def open(self, path: Any, flags: int, *args: Any, **named: Any) -> int:
        opened: int = self.call(opening(flags), os.open, (path, flags, *args), named)
        return opened

    def makedirs(self, path: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        """`os.makedirs` calls `os.mkdir` behind our back; this one does it in sight."""
        place = Path(path)
        if place.is_dir():
            if not exist_ok:
                raise FileExistsError(str(place))
            return
        self.makedirs(place.parent, mode, exist_ok=True)
        self.call("mkdir", os.mkdir, (place, mode), {})

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        return real(*args, **named)


def opening(flags: int) -> str:
    """What kind of `open` these flags ask for."""
    if _NAMELESS and flags & _NAMELESS == _NAMELESS:
        return "nameless"
    return "create" if flags & os.O_CREAT else "open"


@contextmanager
def swapped(port: Port) -> Iterator[None]:
    """Let the store see this port instead of `os`."""
    before = fs.__dict__["os"]
    for room in (fs, descriptors):
        room.__dict__["os"] = port
    try:
        yield
    finally:
        for room in (fs, descriptors):
            room.__dict__["os"] = before


class Injection(Port):
    """Does something at the n-th call of certain kinds, counted from 1; at number 0 never."""

    def __init__(
        self, number: int, when: When, action: Action, kinds: Collection[str], lasting: bool
    ) -> None:
        self.calls: list[str] = []
        """The kinds of all calls so far that count."""
        self.fired = False
        self._number = number
        self._when = when
        self._action = action
        self._kinds = kinds
        self._lasting = lasting

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if kind not in self._kinds:
            return real(*args, **named)
        self.calls.append(kind)
        place = len(self.calls)
        due = 0 < self._number <= place if self._lasting else place == self._number
        if due and self._when is When.BEFORE:
            self._act()
        try:
            return real(*args, **named)
        finally:  # a call that fails is made as well
            if due and self._when is When.AFTER:
                self._act()

    def _act(self) -> None:
        self.fired = True
        self._action()


@contextmanager
def inject(
    number: int,
    when: When,
    action: Action,
    *,
    kinds: Collection[str] = MUTATING,
    lasting: bool = False,
) -> Iterator[Injection]:
    """Disturb the n-th call of these kinds, or with `lasting` that one and all after it.

    An action may kill the process, raise, or do something to the files in between.
    """
    injection = Injection(number, When(when), action, kinds, lasting)
    with swapped(injection):
        yield injection


@contextmanager
def counting(kinds: Collection[str] = MUTATING) -> Iterator[Injection]:
    """Count calls and change nothing."""
    with inject(0, When.BEFORE, kill_self, kinds=kinds) as injection:
        yield injection


@dataclass(frozen=True, slots=True)
class Step:
    """One mutating call that succeeded, or a mark between calls. Paths are relative to the root.

    Kinds: create, nameless, write, sync (of a file), syncdir, rename, link, unlink, mkdir, begin,
    ack. `file` numbers the files made while recording; files from before have none.
    """

    kind: str
    path: str = ""
    target: str = ""
    file: int | None = None
    content: bytes = b""

    def __str__(self) -> str:
        target = f" → {self.target}" if self.target else ""
        number = f" (file {self.file})" if self.file is not None else ""
        return f"{self.kind} {self.path}{target}{number}"


@dataclass(slots=True)
class Recording:
    """The steps so far. Its owner puts the marks in."""

    steps: list[Step] = field(default_factory=list)

    def begin(self, operation: str) -> None:
        self.steps.append(Step("begin", operation))

    def acknowledge(self, operation: str) -> None:
        self.steps.append(Step("ack", operation))


class Recorder(Port):
    """Writes every mutating call down in terms of paths and files instead of descriptors."""

    def __init__(self, root: Path) -> None:
        self.recording = Recording()
        self._root = root.resolve()
        self._files: dict[int, int] = {}
        self._made = 0

    def call(
        self, kind: str, real: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if kind == "create" and self._is_there(args[0], named.get("dir_fd")):
            kind = "open"
        result = real(*args, **named)
        if kind in ("open", "create", "nameless"):
            self._files.pop(result, None)
        if kind in MUTATING:
            self.recording.steps.append(self._step(kind, args, named, result))
        return result

    def _step(self, kind: str, args: tuple[Any, ...], named: dict[str, Any], result: Any) -> Step:
        if kind in ("create", "nameless"):
            self._made += 1
            self._files[result] = self._made
            path = self._path(args[0], named.get("dir_fd"))
            return Step(kind, path, file=self._made)
        if kind == "write":
            return Step(kind, file=self._file(args[0]), content=bytes(args[1][:result]))
        if kind in ("fsync", "fdatasync"):
            if Path(f"/proc/self/fd/{args[0]}").is_dir():
                return Step("syncdir", self._place(args[0]))
            return Step("sync", file=self._file(args[0]))
        if kind in ("rename", "replace"):
            paths = self._pair(args, named)
            return Step("rename", *paths)
        if kind == "link":
            return self._link(args, named)
        if kind in ("unlink", "mkdir"):
            return Step(kind, self._path(args[0], named.get("dir_fd")))
        raise NotImplementedError(f"the recorder does not know {kind}")

    def _link(self, args: tuple[Any, ...], named: dict[str, Any]) -> Step:
        source, target = str(args[0]), self._path(args[1], named.get("dst_dir_fd"))
        if source.startswith("/proc/self/fd/"):
            return Step("link", target=target, file=self._file(int(source.rpartition("/")[2])))
        return Step("link", *self._pair(args, named))

    def _pair(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[str, str]:
        source = self._path(args[0], named.get("src_dir_fd"))
        return source, self._path(args[1], named.get("dst_dir_fd"))

    def _file(self, descriptor: int) -> int:
        found = self._files.get(descriptor)
        if found is None:
            raise NotImplementedError("a file from before the recording is written in place")
        return found

    def _is_there(self, name: Any, directory: int | None) -> bool:
        try:
            os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _path(self, name: Any, directory: int | None) -> str:
        if directory is None:
            return str(Path(name).absolute().relative_to(self._root))
        return str(Path(self._place(directory), name))

    def _place(self, directory: int) -> str:
        return str(Path(f"/proc/self/fd/{directory}").readlink().relative_to(self._root))


@contextmanager
def recording(root: Path) -> Iterator[Recording]:
    """Write down every mutating call made below a root."""
    recorder = Recorder(root)
    with swapped(recorder):
        yield recorder.recording
