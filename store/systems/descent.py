"""Looking for lists below a root, along the patterns of their places. Reading only."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from store.files.fs import Directory, open_directory
from store.files.places import stamp
from store.model.task import Problem, ProblemKind

SHOWN = 200
"""Directories passed over that are told one by one."""

Parts = tuple[str, ...]
"""The components of a directory below a root."""


class Passed:
    """What was seen on the way."""

    def __init__(self) -> None:
        self.directories: list[Path] = []
        """Every directory in which a list could appear, or a record of one change."""
        self.skipped: list[Problem] = []
        """Directories that look like lists and are none, each with the way out; at most SHOWN."""

    def skip(self, path: Path, reason: str, repair: str) -> None:
        if len(self.skipped) < SHOWN:
            text = f"{path.name!r} is passed over: {reason}"
            kind = ProblemKind.SKIPPED_DIRECTORY
            self.skipped.append(Problem(kind, text, path=str(path), repair=repair))


Arrival = Callable[[Directory, Directory, Parts], None]
"""What is done at the end of a pattern: the directory above, the one there, and its parts."""


def descend(root: Path, patterns: Sequence[tuple[Parts, Arrival]], passed: Passed) -> None:
    """Follow each pattern; "*" stands for any one directory. Links below the root are not
    followed; what cannot be read is passed over. A root that is not there has nothing.
    """
    try:
        top = open_directory(root)
    except OSError:
        return
    with top:
        passed.directories.append(root)
        for pattern, arrive in patterns:
            _descend(top, root, (), pattern, passed, arrive)
    passed.directories[:] = dict.fromkeys(passed.directories)  # patterns begin alike
    passed.skipped[:] = dict.fromkeys(passed.skipped)


def _descend(
    directory: Directory,
    root: Path,
    above: Parts,
    pattern: Parts,
    passed: Passed,
    arrive: Arrival,
) -> None:
    wanted, rest = pattern[0], pattern[1:]
    for name in directory.names() if wanted == "*" else (wanted,):
        if not name.isprintable():  # no id leads there, and no watch can be set on some of them
            if is_directory(directory, name):
                passed.skip(root.joinpath(*above, name), "its name cannot be shown", "rename it")
            continue
        try:
            child = directory.subdirectory(name)
        except OSError as error:
            _note_closed(directory, root.joinpath(*above, name), error, passed)
            continue
        parts = (*above, name)
        with child:
            passed.directories.append(root.joinpath(*parts))
            if rest:
                _descend(child, root, parts, rest, passed, arrive)
            else:
                arrive(directory, child, parts)


def is_directory(directory: Directory, name: str) -> bool:
    """Whether a name leads to a directory that may be entered, and not by a link."""
    try:
        with directory.subdirectory(name):
            return True
    except OSError:
        return False


def is_plain_file(directory: Directory, name: str) -> bool:
    """Whether a name is a plain file itself."""
    status = directory.status(name)
    return status is not None and stat.S_ISREG(status.st_mode)


def _note_closed(directory: Directory, path: Path, error: OSError, passed: Passed) -> None:
    """Something that is there and was not entered. Plain files are nothing to speak of."""
    status = directory.status(path.name)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        passed.skip(path, (error.strerror or "it cannot be opened").lower(), "let yourself read it")
    elif stat.S_ISLNK(status.st_mode) and stamp(path) is not None:
        reason = "it is a link, and links below a root are not followed"
        passed.skip(path, reason, "put the directory itself there, or give its own root")
