"""Which documents lie under a root, and which directories tell when that changes. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.files.codec import Unparsable
from store.files.content import revision_of
from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.model.task import Revision, TaskListId
from store.systems.descent import Parts, Passed, descend, is_plain_file
from store.systems.hive_session.document import DOCUMENT_LIMIT, Record, parse_document
from store.systems.hive_session.layouts import (
    DOCUMENT,
    EARLIER,
    PATTERNS,
    Layout,
    distinct_ids,
    layout_of,
    names_itself,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one document lies, and whose it is."""

    parts: Parts
    layout: Layout


class Found(Passed):
    """What lies under a root."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[TaskListId, Place] = {}
        """List id → where it lies, in id order."""


class DocumentFinder:
    """Looks for the documents of one root again and again. Not thread-safe.

    Only those whose place does not tell their id are opened, when they moved.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._named: dict[Parts, tuple[Revision, str | None]] = {}

    def find(self) -> Found:
        """Links below the root are not followed; what cannot be read is passed over."""
        found = Found()
        places: dict[Parts, str | None] = {}

        def arrive(above: Directory, directory: Directory, parts: Parts) -> None:
            if is_plain_file(directory, DOCUMENT) and parts not in places:
                places[parts] = self._name(directory, parts) if names_itself(parts) else None

        descend(self._root, [(pattern, arrive) for pattern, _ in PATTERNS], found)
        for parts in self._named.keys() - places.keys():
            del self._named[parts]
        for list_id, parts in distinct_ids(places).items():
            layout = layout_of(parts)
            if layout is not None:
                found.lists[list_id] = Place(parts, EARLIER if places[parts] else layout)
        return found

    def _name(self, directory: Directory, parts: Parts) -> str | None:
        """The id that a document gives itself. One that cannot be read keeps what it gave last."""
        status = directory.status(DOCUMENT)
        known = self._named.get(parts)
        if status is None or (known is not None and known[0] == revision_of(status)):
            return known[1] if known is not None else None
        try:
            named = named_inside(directory)
        except (OSError, UnreadableFile, Unparsable):
            named = known[1] if known is not None else None
        self._named[parts] = revision_of(status), named
        return named


def named_inside(directory: Directory) -> str | None:
    """The id that the document here gives itself, None if it gives none.

    Raises:
        FileNotFoundError, UnreadableFile, Unparsable: it cannot be read.
    """
    content = directory.read_bytes(DOCUMENT, DOCUMENT_LIMIT)
    named = parse_document(content, Record).meta.get("task_list_id")
    return named if isinstance(named, str) and named and named.isprintable() else None


def list_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the id of the one list whose own directory, or whose document, a path is."""
    own = path.parent if path.name == DOCUMENT else path
    for depth in sorted({len(pattern) for pattern, _ in PATTERNS}, reverse=True):
        parts = own.parts[-depth:]
        if len(own.parts) <= depth or layout_of(parts) is None:
            continue
        root = own.parents[depth - 1]
        try:
            with open_directory(root, parts) as directory:
                if not is_plain_file(directory, DOCUMENT):
                    continue
        except OSError:
            continue
        for list_id, place in DocumentFinder(root).find().lists.items():
            if place.parts == parts:
                return root, list_id
    return None
