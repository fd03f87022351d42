"""File systems that take two names for one: they fold case, or spellings of the same letter.

There the directory that a name leads to may be the one of another list, which it was made for.
Whether it is, is told by a second spelling that leads there too, and by how the name is stored.
"""

from __future__ import annotations

import string
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.files.fs import Directory

_FIXED = frozenset({"colonies", "agents", "sessions", "unscoped", "tasks", "_misc"})
"""Names of the layout itself, which no list id chose."""

_SWAPPED = str.maketrans(string.ascii_letters, string.ascii_uppercase + string.ascii_lowercase)


def is_folded(above: Directory, name: str, found: Directory) -> bool:
    """Whether a sub-directory that was found by a name is stored there by another one."""
    other = _other_spelling(name)
    if other is None or not _leads_to(above, other, found):
        return False
    names, alike = above.names(), _folded(name)
    return name not in names and any(
        _folded(stored) == alike and _leads_to(above, stored, found) for stored in names
    )


def _other_spelling(name: str) -> str | None:
    """A name that leads to the same thing only where names are folded; the name itself where that
    cannot be said without a listing; None where no other name is like it.
    """
    if not name.isascii():
        return name
    swapped = name.translate(_SWAPPED)
    return None if name in _FIXED or swapped == name else swapped


def _folded(name: str) -> str:
    """The same for all names that a file system may take for one."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _leads_to(above: Directory, name: str, found: Directory) -> bool:
    status = above.status(name)
    return status is not None and (status.st_dev, status.st_ino) == found.identity()
