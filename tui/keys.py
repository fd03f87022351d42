"""Keys of the commands: the bindings of the main screen, and the check of a person's keymap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tui.commands import COMMAND_BY_ID, COMMANDS, Command, Group

if TYPE_CHECKING:
    from textual.binding import BindingType


def bindings(commands: Iterable[Command] = COMMANDS) -> list[BindingType]:
    """The bindings of the main screen."""
    from textual.binding import Binding  # a settings file is also checked where there is no screen

    groups = {group: Binding.Group(group.value) for group in Group}
    return [
        Binding(
            command.key,
            command.action,
            command.footer or command.title,
            show=bool(command.footer),
            id=command.id,
            tooltip=command.help,
            group=groups[command.group],
        )
        for command in commands
        if command.is_bound
    ]


def moved_keys(keymap: Mapping[str, str]) -> dict[str, str]:
    """The key that stands now for each key that the model names, where a keymap moved it."""
    return {
        command.key: moved[0]
        for command in COMMANDS
        if command.verb and (moved := _keys(keymap.get(command.id, "")))
    }


def keymap_problem(keymap: Mapping[str, str]) -> str | None:
    """Why a keymap cannot be used: an id that is not there, or two commands on one key."""
    taken: dict[str, str] = {}
    for command in COMMANDS:
        if command.id in keymap and not command.is_bound:
            return f"{command.id} belongs to the focused pane and keeps its key"
        for key in _keys(keymap.get(command.id, command.key)):
            other = taken.setdefault(key, command.id)
            if other != command.id:
                return f"the key {key} is asked for by both {other} and {command.id}"
    unknown = sorted(set(keymap) - set(COMMAND_BY_ID))
    if unknown:
        return f"there is no command {unknown[0]!r}"
    empty = [name for name, keys in keymap.items() if not _keys(keys)]
    return f"{empty[0]} has no key" if empty else None


def _keys(keys: str) -> list[str]:
    """The single keys of a binding. A lone comma is spelled `comma`."""
    return [key.strip() for key in keys.split(",") if key.strip()]
