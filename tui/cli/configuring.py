"""`--config`: the settings file, for commands that judge by its thresholds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """The option `--config`; the command gets the path as `config`, None for the usual file.

    It is to be read by `tui.settings.load_settings` in the command itself: only there is a
    file that cannot be used told in the form that was asked for.
    """
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Settings file (TOML).",
    )(command)
