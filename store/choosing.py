"""Finding one list by what a person calls it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from store.model.errors import ListNotFound
from store.model.snapshot import TaskList
from store.model.task import ListKey

_MOST_NAMED = 5


class AmbiguousList(ListNotFound):
    """The name fits several lists."""

    kind: ClassVar[str] = "ambiguous_list"

    def __init__(self, list_id: str, candidates: Sequence[str], way_out: str) -> None:
        super().__init__(list_id)
        self.candidates = tuple(candidates)
        self.args = (f"{list_id!r} fits several lists: {', '.join(candidates)}; {way_out}",)


def find_list(lists: Mapping[ListKey, TaskList], name: str, roots: Sequence[Path]) -> TaskList:
    """A list by its exact id, or by its short name where that is unique.

    Raises:
        AmbiguousList: several fit.
        ListNotFound: none fits; near names are in the message.
    """
    for fits in (
        [found for key, found in lists.items() if key.id == name],
        [found for found in lists.values() if found.info.name == name],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            several_ids = len({found.key.id for found in fits}) > 1
            way_out = "give the full id" if several_ids else "name one root with --root"
            raise AmbiguousList(name, [f"{f.key.id} under {f.key.root}" for f in fits], way_out)
    names = {found.info.name for found in lists.values()} | {str(key.id) for key in lists}
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    where = ", ".join(map(str, roots)) or "no root"
    raise ListNotFound(name, f"{where}; {_way_out(near, lists)}")


def _way_out(near: Sequence[str], lists: Iterable[ListKey]) -> str:
    if near:
        return f"did you mean {' or '.join(near)}?"
    ids = sorted({str(key.id) for key in lists})
    if not ids:
        return "there is no list at all"
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return f"there {'is' if len(ids) == 1 else 'are'} {', '.join(ids[:_MOST_NAMED])}{more}"
