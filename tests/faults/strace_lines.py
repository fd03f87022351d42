"""What strace prints, as changes below a root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_OPENS = ("open", "openat", "openat2", "creat")
_RENAMES = ("rename", "renameat", "renameat2")
_LINKS = ("link", "linkat")
_REMOVALS = {"unlink": "unlink", "unlinkat": "unlink", "rmdir": "rmdir"}
_MAKES = {"mkdir": "mkdir", "mkdirat": "mkdir"}
_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
_SYNCS = ("fsync", "fdatasync")
_OTHERS = (
    "symlink", "symlinkat", "mknod", "mknodat", "truncate", "ftruncate", "fallocate", "sendfile",
    "copy_file_range", "splice", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown",
    "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr",
    "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip

_NAMES = (*_OPENS, *_RENAMES, *_LINKS, *_REMOVALS, *_MAKES, *_WRITES, *_SYNCS, *_OTHERS)
TRACED = ",".join(f"?{name}" for name in _NAMES)
"""System calls that can change what is on a disk; "?": where there is such a call."""

_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<.*>)?(?:\(deleted\))?(?: .*)?$")
_DESCRIPTOR = re.compile(r"(?:\d+|AT_FDCWD)<((?:[^<>]|\\[0-7]+)*)>(?:\(deleted\))?")
_ARGUMENT = re.compile(
    r'(?:(?:\d+|AT_FDCWD)<(?P<place>[^<>]*)>(?:\(deleted\))?, )?"(?P<name>[^"]*)"'
)


class Change(NamedTuple):
    """One change below the root, with paths relative to it. Writes and syncs of files have none."""

    kind: str
    path: str = ""
    target: str = ""


def changes_of(lines: Iterable[str], root: Path) -> list[Change]:
    """The successful calls that changed something below a root.

    Raises:
        ValueError: a line that cannot be understood.
    """
    below = os.path.realpath(root)
    found = []
    for line in lines:
        if "+++ " in line or "--- " in line:
            continue
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"not a line of strace: {line}")
        name, arguments, result = match[1], match[2], int(match[3])
        if result < 0 or below not in arguments:
            continue
        change = _change(name, arguments, below)
        if change is not None:
            found.append(change)
    return found


def _change(name: str, arguments: str, root: str) -> Change | None:
    if name in _WRITES or name in _SYNCS or name == "fchmod":
        return _of_descriptor(name, arguments, root)
    paths = [path for path in _paths(arguments) if path == root or path.startswith(f"{root}/")]
    below = [os.path.relpath(path, root) for path in paths]
    if name in _LINKS and below:
        return Change("link", target=below[-1])
    if not below:
        return None
    if name in _OPENS:
        return _of_open(arguments, below[0])
    if name in _RENAMES:
        return Change("rename", *below)
    kind = {**_REMOVALS, **_MAKES}.get(name, name)
    return Change("rmdir" if "AT_REMOVEDIR" in arguments else kind, below[0])


def _paths(arguments: str) -> list[str]:
    return [
        os.path.normpath(Path(match["place"] or "/") / match["name"])
        for match in _ARGUMENT.finditer(arguments)
    ]


def _of_open(arguments: str, path: str) -> Change | None:
    if "O_TMPFILE" in arguments:
        return Change("nameless", path)
    if "O_TRUNC" in arguments:
        return Change("truncate", path)
    if "O_EXCL" in arguments:
        return Change("create", path)
    return Change("open or create", path) if "O_CREAT" in arguments else None


def _of_descriptor(name: str, arguments: str, root: str) -> Change | None:
    match = _DESCRIPTOR.match(arguments)
    if match is None or not f"{match[1]}/".startswith(f"{root}/"):
        return None
    if name in _WRITES:
        return Change("write")
    if name == "fchmod":
        return Change("fchmod")
    if Path(match[1]).is_dir():
        return Change("syncdir", os.path.relpath(match[1], root))
    return Change("sync")
