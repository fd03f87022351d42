"""The directory of one execution: what its command is given, what it says, whether it has begun.

A command is begun at most once, whoever is killed in between: the shell that starts it first makes
the directory `begun`, and goes away if that is there. Who finds an execution of which nobody knows
whether it began makes that directory itself; from then on it cannot begin any more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from store.files import flags
from store.files.descriptors import close
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory, open_directory

SHELL = "/bin/sh"
SCRIPT = """
mkdir "$1/begun" 2>/dev/null || exit 125
echo $$ > "$1/begun/pid"
place=$1
shift
"$@"
code=$?
echo $code > "$place/begun/code.part" && mv "$place/begun/code.part" "$place/begun/code"
exit $code
"""
"""Begins the command once, and leaves its exit code where it is found by whoever looks later."""

_IN, _OUT, _ERRORS = "in", "out", "err"
_BEGUN, _PID, _CODE = "begun", "pid", "code"
_MOST_DIGITS = 32


def boot_id() -> str:
    """Names the time since the machine was started; empty where the system does not tell. What a
    directory shows of an execution is only true within it: a power cut may have taken it back.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class ExecutionPlace:
    """One execution's directory. Nobody else writes there but its command's shell."""

    def __init__(self, above: Path, token: str) -> None:
        """`above`: the directory of all executions; `token` names this one."""
        self.path = above / token
        self._above = above
        self._token = token

    def prepare(self, given: str) -> None:
        """Make it, with what the command is given on standard input."""
        with storage_failures(self.path), self._open(create=True) as directory:
            directory.create(_IN, given.encode("utf-8", "replace") + b"\n")
            directory.sync()

    def streams(self) -> tuple[int, int, int]:
        """Descriptors for the command: input, output, errors. The caller closes them."""
        with storage_failures(self.path), self._open() as directory:
            number = directory.fileno()
            opened: list[int] = []
            try:
                opened.append(os.open(_IN, flags.READ, dir_fd=number))
                for name in (_OUT, _ERRORS):
                    opened.append(os.open(name, flags.CREATE, flags.FILE_MODE, dir_fd=number))
            except BaseException:
                for descriptor in opened:
                    close(descriptor)
                raise
            os.set_blocking(opened[0], True)
            return opened[0], opened[1], opened[2]

    def forbid(self) -> bool:
        """Keep it from ever beginning; False: it has begun."""
        with storage_failures(self.path), self._open(create=True) as directory:
            try:
                os.mkdir(_BEGUN, flags.DIRECTORY_MODE, dir_fd=directory.fileno())
            except FileExistsError:
                return False
            directory.sync()
            return True

    def exit_code(self) -> int | None:
        """What the command ended with; None: it has not, or nobody knows."""
        found = self._number(_CODE)
        return None if found is None else found[0]

    def process(self) -> tuple[int, float] | None:
        """The shell's process, and when it wrote that down in epoch seconds; None: it did not."""
        return self._number(_PID)

    def output(self, most_bytes: int) -> str:
        """The beginning of what the command said."""
        return self._head(_OUT, most_bytes)

    def errors(self, most_bytes: int) -> str:
        """The end of what it said on standard error."""
        return self._head(_ERRORS, most_bytes, from_end=True)

    def _open(self, *, create: bool = False) -> Directory:
        return open_directory(self._above, (self._token,), create=create)

    def _number(self, name: str) -> tuple[int, float] | None:
        try:
            with open_directory(self._above, (self._token, _BEGUN)) as directory:
                status = directory.status(name)
                text = directory.read_bytes(name, _MOST_DIGITS).decode("ascii").strip()
        except (OSError, ValueError, UnreadableFile):
            return None
        if status is None or not text.isdecimal():
            return None
        return int(text), status.st_mtime

    def _head(self, name: str, most_bytes: int, *, from_end: bool = False) -> str:
        descriptor: int | None = None
        with suppress(OSError), self._open() as directory:
            descriptor = directory.open_plain(name)
        if descriptor is None:
            return ""
        try:
            start = max(0, os.fstat(descriptor).st_size - most_bytes) if from_end else 0
            return os.pread(descriptor, most_bytes, start).decode("utf-8", "replace")
        except OSError:
            return ""
        finally:
            close(descriptor)
