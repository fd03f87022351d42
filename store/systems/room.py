"""A system's room, as long as it is not imported: its light modules, and how to open it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from store.files.signs import has_sign

if TYPE_CHECKING:
    from store.model.facts import SystemFacts
    from store.systems.protocol import System


class Room(NamedTuple):
    """One system's room. Its `places` are light: where its lists are, and the signs of them."""

    name: str
    """As in `ListKey.system`, and of its package."""
    adapter: str
    """Its `System`, a class of the room's module `adapter`."""
    kinds: tuple[str, ...]
    """What the ids of its lists begin with."""
    may_be_unlocked: bool = False
    """It is read-only until the operator says otherwise: takes `edit_unlocked`."""
    lists_in: str = ""
    """The one directory of a root in which all its lists are, where there is such a one."""

    @property
    def facts(self) -> SystemFacts:
        found: SystemFacts = self._module("facts").FACTS
        return found

    @property
    def signs(self) -> tuple[str, ...]:
        return tuple(self._module("places").SIGNS)

    def default_root(self, environ: Mapping[str, str]) -> tuple[Path, str] | None:
        """Where its lists are when nobody says where, and what said so."""
        found: tuple[Path, str] | None = self._module("places").default_root(environ)
        return found

    def has_lists_in(self, path: Path) -> bool:
        """Whether a path is a root's directory of lists, and one of them shows there."""
        if not self.lists_in or path.name != self.lists_in:
            return False
        inside = [sign for sign in self.signs if sign.startswith(f"{self.lists_in}/")]
        return has_sign(path.parent, inside)

    def open(self, options: Mapping[str, Any]) -> System:
        """Import the adapter and make the system."""
        opened: System = getattr(self._module("adapter"), self.adapter)(**options)
        return opened

    def _module(self, name: str) -> Any:
        return import_module(f"store.systems.{self.name}.{name}")
