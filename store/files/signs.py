"""What shows that a system has lists under a root: paths that its layout has, looked for cheaply.

A sign is a path below the root. "*" stands for any one directory, and the last component may be a
pattern of names. Where a look is not allowed there may be one: whoever looks closer says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

_PATTERN = frozenset("*?[")


def has_sign(root: Path, signs: Sequence[str]) -> bool:
    """Whether any of the signs is there."""
    return any(_is_there(str(root), sign.split("/")) for sign in signs)


def directories_along(root: Path, signs: Sequence[str]) -> list[Path]:
    """Every directory in which the next component of a sign could appear, the root first."""
    found: dict[str, None] = {}
    if os.path.isdir(root):
        found[str(root)] = None
        for sign in signs:
            found.update(dict.fromkeys(_along(str(root), sign.split("/")[:-1])))
    return list(map(Path, found))


def may_be_sign(root: Path, path: Path, signs: Sequence[str]) -> bool:
    """Whether a path is a sign, lies on the way to one or below one, or above the root."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return path in root.parents
    return any(_fits(parts, sign.split("/")) for sign in signs)


def may_be_list(path: Path, signs: Sequence[str]) -> bool:
    """Whether a path ends as a sign does, or as the way to one: it may be one list's own."""
    for sign in signs:
        pattern = sign.split("/")
        for length in range(len(pattern), min(len(pattern), 2) - 1, -1):
            tail = path.parts[-length:]
            if len(tail) == length and _fits(tail, pattern):
                return True
    return False


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether one begins as the other does."""
    return all(map(fnmatchcase, parts, pattern))


def _is_there(place: str, pattern: Sequence[str]) -> bool:
    """Whether anything below a directory fits; names that are no pattern cost one `stat`."""
    literal = 0
    while literal < len(pattern) and not _PATTERN.intersection(pattern[literal]):
        literal += 1
    place = "/".join((place, *pattern[:literal]))
    if literal == len(pattern):
        return os.path.lexists(place)
    head, rest = pattern[literal], pattern[literal + 1 :]
    try:
        if not rest:
            return next(_names(place, head), None) is not None
        return any(_is_there(f"{place}/{name}", rest) for name in _names(place, head))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def _along(place: str, pattern: Sequence[str]) -> Iterator[str]:
    if not pattern:
        return
    try:
        for name in _names(place, pattern[0]):
            below = f"{place}/{name}"
            if os.path.isdir(below) and not os.path.islink(below):
                yield below
                yield from _along(below, pattern[1:])
    except OSError:
        return


def _names(place: str, pattern: str) -> Iterator[str]:
    """The names in a directory that fit.

    Raises:
        OSError: it cannot be listed.
    """
    if not _PATTERN.intersection(pattern):
        yield pattern
        return
    with os.scandir(place) as entries:
        for entry in entries:
            if pattern == "?*" or (
                entry.is_dir() if pattern == "*" else fnmatchcase(entry.name, pattern)
            ):
                yield entry.name
