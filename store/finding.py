"""The systems under the roots: which lists there are, which paths matter, who holds their locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.places import stamp
from store.model.errors import LockHolder
from store.model.snapshot import RootState
from store.model.task import ListKey
from store.roots import OpenRoot, RootSpec, Watched, open_roots, root_state
from store.systems.lazily import LazySystem
from store.systems.protocol import System

if TYPE_CHECKING:
    from store.model.facts import SystemFacts


class Finder:
    """Asks each system about the roots where its lists are looked for. Not thread-safe."""

    def __init__(self, specs: Sequence[RootSpec], systems: Sequence[System]) -> None:
        """Args:
        specs: where to look.
        systems: whose lists.
        """
        self.systems: dict[str, System] = {system.name: system for system in systems}
        self.roots: tuple[OpenRoot, ...] = tuple(open_roots(specs, systems))
        self.discoveries = 0
        """How often lists were looked for."""
        self._looking = {root: self._looking_at(root) for root in self.roots}
        self._present: frozenset[Path] = frozenset()
        self._facts: dict[str, SystemFacts] = {}

    @property
    def paths(self) -> list[Path]:
        """The roots' directories."""
        return [root.path for root in self.roots]

    def roots_of(self, system: str) -> list[OpenRoot]:
        """The roots where lists of a system are looked for."""
        return [root for root in self.roots if root.takes(system)]

    def discover(self) -> list[ListKey]:
        """The lists that there are now; no list is found twice."""
        keys: dict[ListKey, None] = {}
        self._present = self._there()
        for root, systems in self._looking.items():
            for system in systems:
                found = system.discover(root.path)
                keys.update((k, None) for k in found if root.only in (None, k.id))
        self.discoveries += 1
        return list(keys)

    def has_come(self) -> bool:
        """A root came or went that nothing tells of: nobody asked for it, so it is not watched
        until it is there.
        """
        return self._there() != self._present

    def watch_paths(self) -> dict[Path, list[Path]]:
        """For each root, the directories whose entries matter, as last discovered. A root that is
        not there has none; one that nobody asked for is then left out.
        """
        paths: dict[Path, dict[Path, None]] = {}
        for root, systems in self._looking.items():
            if root.spec.is_optional and stamp(root.path) is None:
                continue
            known = paths.setdefault(root.path, {})
            for system in systems:
                known.update(dict.fromkeys(system.watch_paths(root.path)))
        return {root: list(known) for root, known in paths.items()}

    def list_of_path(self, path: Path) -> ListKey | None:
        """The known list that a path belongs to."""
        for root, systems in self._looking.items():
            for system in systems:
                key = system.list_of_path(root.path, path)
                if key is not None and root.only in (None, key.id):
                    return key
        return None

    def may_matter(self, path: Path) -> bool:
        """Whether a path that belongs to no known list may have brought or taken one."""
        return any(
            not isinstance(system, LazySystem) or system.may_matter(root.path, path)
            for root, systems in self._looking.items()
            for system in systems
        )

    def states(
        self, watched: Mapping[Path, Watched], lists: Collection[ListKey]
    ) -> tuple[RootState, ...]:
        """What a snapshot says of the roots. Of those that nobody asked for only where there is
        something to say, unless there is nothing at all.
        """
        with_lists = {key.root for key in lists}
        states = {
            root: root_state(root, watched[root.path], systems)
            for root, systems in self._looking.items()
        }
        told = [
            state
            for root, state in states.items()
            if not root.spec.is_optional
            or state.path in with_lists
            or (state.exists and (state.takes_new or state.problem or state.problems))
        ]
        return tuple(told if with_lists else states.values())

    def lock_holders(self, keys: Collection[ListKey]) -> dict[ListKey, LockHolder]:
        """Those of the lists whose lock is held now."""
        held: dict[ListKey, LockHolder] = {}
        for name, system in self.systems.items():
            own = [key for key in keys if key.system == name]
            if own:
                held.update(system.lock_holders(own))
        return held

    def facts(self, keys: Collection[ListKey]) -> Mapping[str, SystemFacts]:
        """What is said of the systems of these lists; the same mapping while they are the same."""
        names = {key.system for key in keys}
        if names != self._facts.keys():
            self._facts = {name: s.facts for name, s in self.systems.items() if name in names}
        return self._facts

    def _looking_at(self, root: OpenRoot) -> tuple[System, ...]:
        return tuple(system for name, system in self.systems.items() if root.takes(name))

    def _there(self) -> frozenset[Path]:
        optional = (root.path for root in self.roots if root.spec.is_optional)
        return frozenset(path for path in optional if stamp(path) is not None)
