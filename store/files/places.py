"""What can be said of a directory from outside: which one it is, whether it moved, where it lives.

Nothing here writes or creates anything.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from store.files.fs import Directory

NETWORK_KINDS = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "ncpfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs", "vboxsf",
    }
)  # fmt: skip
"""File systems that tell no events of other machines' writes, and whose locks may be local."""

_MOUNTS = "/proc/self/mountinfo"


class Stamp(NamedTuple):
    """Which directory a path led to, and when a name in it was last added or removed."""

    device: int
    inode: int
    mtime_ns: int

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode


def stamp(path: Path | str) -> Stamp | None:
    """The stamp of a directory, None where there is none (or it cannot be reached)."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_mtime_ns)


def problem_of(path: Path) -> str | None:
    """Why a path is no directory that can be listed, None if it is one or is not there."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if not stat.S_ISDIR(mode):
        return "not a directory"
    return None if os.access(path, os.R_OK | os.X_OK) else "permission denied"


def nearest_directory(path: Path) -> Path | None:
    """The closest ancestor of a path that is there."""
    return next((parent for parent in path.parents if stamp(parent)), None)


def absolute(path: Path) -> Path:
    """The path with `~` and the working directory put in; links are kept as they are."""
    try:
        expanded = path.expanduser()
    except RuntimeError:  # no such user: then it is a name like any other
        expanded = path
    return Path(os.path.abspath(expanded))


def usual_place(environ: Mapping[str, str], variable: str, home: str) -> tuple[Path, str]:
    """What a variable names, else a directory in the home; and what said so."""
    chosen = environ.get(variable)
    if chosen:
        return absolute(Path(chosen)), f"${variable}"
    return absolute(Path(home)), f"default {home}"


def network_kind(path: Path) -> str | None:
    """The name of the network file system that a path is on, None for a local one."""
    try:
        device = os.stat(path).st_dev
        with open(_MOUNTS, encoding="utf-8", errors="replace") as mounts:
            kinds = dict(_mount(line) for line in mounts)
    except OSError:
        return None
    kind = kinds.get(f"{os.major(device)}:{os.minor(device)}")
    return kind if kind in NETWORK_KINDS else None


def _mount(line: str) -> tuple[str, str]:
    """(major:minor, kind) of one mountinfo line: the kind stands after the lone hyphen."""
    fields = line.split()
    place = fields.index("-") if "-" in fields else -2
    return fields[2], fields[place + 1]


def may_write(directory: Directory) -> bool:
    """Whether names may be added and removed here by this process."""
    return os.access(".", os.W_OK | os.X_OK, dir_fd=directory.fileno(), effective_ids=_EFFECTIVE)


_EFFECTIVE = os.access in os.supports_effective_ids


def is_open_to_others(modes: Iterable[int]) -> bool:
    """Whether users outside the group and the owner can pass all of these directories."""
    return all(mode & 0o001 for mode in modes)


def mode_of(path: Path) -> int:
    """The permission bits of what a path leads to; 0 where it leads nowhere."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return 0


def is_unsafe_parent(path: Path) -> bool:
    """Anybody may rename this directory away: its parent is open to all and not sticky."""
    try:
        mode = os.stat(path.parent).st_mode
    except OSError:
        return False
    return bool(mode & 0o002) and not mode & stat.S_ISVTX


def refusal_to_write(root: Path) -> str | None:
    """Why nothing below a root may be edited; None: nothing speaks against it."""
    kind = network_kind(root)
    if kind is not None:
        return f"the root is on a network file system ({kind}), where locks are not reliable"
    if is_unsafe_parent(root):
        return "anybody may replace the root: its parent directory is writable by all, not sticky"
    return None


def resolved(path: Path | str) -> str:
    """The path with every link followed, so that one directory has one name."""
    return os.path.realpath(path)


def state_directory() -> Path:
    """Where colonytop keeps what it writes down: `$XDG_STATE_HOME/colonytop` or its like.

    A relative setting is ignored: it would lead into whatever directory one happens to be in.
    """
    from platformdirs import user_state_path

    found = user_state_path("colonytop")
    return found if found.is_absolute() else absolute(Path("~/.local/state/colonytop"))
