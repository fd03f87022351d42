"""Who plays: the systems that a demo can show, and the writers of each. Light to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tui.demo.systems.writer import Setting, Writer

NATIVE = "hive"
ALL = "all"
STATE = ".state"
"""Where colonytop's own records of a demo are, under its directory."""


class Part(NamedTuple):
    """The writers of one system."""

    system: str
    folder: str
    """Its root in the demo's directory."""
    writers: tuple[str, ...]

    def set_stage(self, setting: Setting) -> None:
        """Make the lists as they are before any writer runs."""
        _module(self.system).set_stage(setting)

    def writer(self, name: str, setting: Setting) -> Writer:
        found: Callable[[str, Setting], Writer] = _module(self.system).open_writer
        return found(name, setting)


PARTS = (
    Part("hive_session", "sessions", ("session host",)),
    Part("clawteam", "clawteam", ("iris", "juno", "otto")),
    Part("claude_code", "claude", ("team-lead", "scout", "builder")),
    Part("progress", "queue", ("reader-1", "reader-2", "matcher-1")),
    Part("blackboard", "boards", ("editor", "analyst", "critic")),
    Part("compound", "runs", ("runner",)),
)
NAMES = (NATIVE, *(part.system for part in PARTS))


def chosen(text: str) -> tuple[str, ...]:
    """The systems that "all" or names with commas between them ask for, in the usual order.

    Raises:
        ValueError: with the name that is none.
    """
    named = {name.strip() for name in text.split(",")}
    if named == {ALL}:
        return NAMES
    for name in sorted(named):
        if name not in NAMES:
            raise ValueError(name)
    return tuple(name for name in NAMES if name in named)


def root_of(directory: Path, system: str, systems: Sequence[str]) -> Path:
    """The root of a system's lists. The native lists have the whole directory when alone."""
    if tuple(systems) == (NATIVE,):
        return directory
    folders = {part.system: part.folder for part in PARTS}
    return directory / folders.get(system, NATIVE)


def roots_of(directory: Path, systems: Sequence[str]) -> list[Path]:
    return [root_of(directory, system, systems) for system in systems]


def parts_of(systems: Sequence[str]) -> list[Part]:
    """The parts beside the native lists."""
    return [part for part in PARTS if part.system in systems]


def _module(system: str) -> Any:
    return import_module(f"tui.demo.systems.{system}")
