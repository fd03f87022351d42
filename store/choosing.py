"""Finding one list by what a person calls it. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from store.model.errors import ListNotFound
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskListInfo

_MOST_NAMED = 5


class AmbiguousList(ListNotFound):
    """The name fits several lists."""

    kind: ClassVar[str] = "ambiguous_list"

    def __init__(self, list_id: str, candidates: Sequence[str], way_out: str) -> None:
        super().__init__(list_id)
        self.candidates = tuple(candidates)
        self.args = (f"{list_id!r} fits several lists: {', '.join(candidates)}; {way_out}",)


def find_list(lists: Mapping[ListKey, TaskList], name: str, roots: Sequence[Path]) -> TaskList:
    """A list by its exact id, or by its short name where that is unique; the system and a slash
    may stand before either.

    Raises:
        AmbiguousList: several fit.
        ListNotFound: none fits; near names are in the message.
    """
    for fits in (
        [found for key, found in lists.items() if key.id == name],
        [found for found in lists.values() if found.info.name == name],
        [found for key, found in lists.items() if f"{key.system}/{key.id}" == name],
        [found for key, found in lists.items() if f"{key.system}/{found.info.name}" == name],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise _ambiguous(name, [found.key for found in fits])
    names = {found.info.name for found in lists.values()} | {str(key.id) for key in lists}
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    where = ", ".join(map(str, roots)) or "no root"
    raise ListNotFound(name, f"{where}; {_way_out(near, lists)}")


def find_key(lists: Mapping[ListKey, TaskList], name: str) -> ListKey | None:
    """The list that a name fits, None if it fits none.

    Raises:
        AmbiguousList: several fit.
    """
    try:
        return find_list(lists, name, ()).key
    except AmbiguousList:
        raise
    except ListNotFound:
        return None


def is_called(key: ListKey, name: str) -> bool:
    """Whether a name fits a list, which need not be there any more."""
    own = (key.id, TaskListInfo(key, "").name)
    return name in own or name in [f"{key.system}/{each}" for each in own]


def telling_names(keys: Iterable[ListKey]) -> dict[ListKey, str]:
    """What to call each of these lists: the short name, the id or that with the system before it,
    whatever tells it from the others.
    """
    called = {key: (TaskListInfo(key, "").name, str(key.id)) for key in keys}
    names = Counter(short for short, _ in called.values())
    ids = Counter(list_id for _, list_id in called.values())
    return {
        key: short if names[short] == 1 else each if ids[each] == 1 else f"{key.system}/{each}"
        for key, (short, each) in called.items()
    }


def _ambiguous(name: str, fits: Sequence[ListKey]) -> AmbiguousList:
    way_out = "name one root with --root"
    if len({key.id for key in fits}) > 1:
        way_out = "give the full id"
    elif len({key.system for key in fits}) > 1:
        way_out = f"put the system before it, as in {fits[0].system}/{name}"
    several = len({key.system for key in fits}) > 1
    systems = [f"{key.system}/" if several else "" for key in fits]
    said = [f"{s}{key.id} under {key.root}" for s, key in zip(systems, fits, strict=True)]
    return AmbiguousList(name, said, way_out)


def _way_out(near: Sequence[str], lists: Iterable[ListKey]) -> str:
    if near:
        return f"did you mean {' or '.join(near)}?"
    ids = sorted({str(key.id) for key in lists})
    if not ids:
        return "there is no list at all"
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return f"there {'is' if len(ids) == 1 else 'are'} {', '.join(ids[:_MOST_NAMED])}{more}"
