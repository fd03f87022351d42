"""One list's directory: opened below its root, and what hints about its files call for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from store.files.fs import Directory, open_directory
from store.model.errors import ListGone

_MOST_AT_ONCE = 1000
_MOST_HINTS = 0.5  # more names than this share of all: listing is cheaper


@contextmanager
def list_directories(
    root: Path, parts: tuple[str, ...], list_id: str
) -> Iterator[tuple[Directory, Directory]]:
    """The directory above the list's, and the list's own. No link below the root is followed.

    Raises:
        ListGone: one of them is not there, or is no directory.
    """
    try:
        above = open_directory(root, parts[:-1])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ListGone(list_id, str(root)) from error
    with above:
        try:
            directory = above.subdirectory(parts[-1])
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ListGone(list_id, str(root)) from error
        with directory:
            yield above, directory


def names_below(
    changed: Collection[Path], own: Path, records: str, *, most: int
) -> set[str] | None:
    """The record files that these paths name; None if they call for a look at all.

    Args:
        changed: paths that events named.
        own: the list's directory.
        records: the directory of its records, which may be the same.
        most: how many records there are.
    """
    names: set[str] = set()
    place = str(own)
    for path in map(str, changed):
        parent, _, name = path.rpartition("/")
        if parent == records:
            names.add(name)
        elif path in (place, records) or place.startswith(f"{path}/"):
            return None
    return None if len(names) > _MOST_AT_ONCE + _MOST_HINTS * most else names
