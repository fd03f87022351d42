"""Each command declared once: the one table that keys, footer, `?` help and palette are made of."""

from __future__ import annotations

from collections.abc import Mapping

from tui.commands.command import Command, Group
from tui.commands.finding import FINDING
from tui.commands.marking import MARKING
from tui.commands.moving import MOVING
from tui.commands.program import PROGRAM
from tui.commands.steering import STEERING
from tui.commands.time import TIME
from tui.commands.viewing import VIEWING

__all__ = ["COMMANDS", "COMMAND_BY_ID", "Command", "Group"]

COMMANDS: tuple[Command, ...] = (*MOVING, *FINDING, *VIEWING, *MARKING, *STEERING, *TIME, *PROGRAM)
COMMAND_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}
