"""The operator's settings: one TOML file of theirs, checked before anything else starts."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.model.attention import DEFAULT_LOCK_AFTER_S, DEFAULT_STALE_AFTER_S
from store.model.errors import ColonytopError
from store.model.receipts import UNSEEN_AFTER_S

if TYPE_CHECKING:
    from store.model.alert import Rule

_LIMIT = 65_536  # bytes; settings are small, and whatever is larger is not settings


class SettingsError(ColonytopError):
    """The settings file cannot be used."""

    kind = "settings"

    def __init__(self, path: Path, reason: str, way_out: str) -> None:
        super().__init__(f"{path}: {reason}; {way_out}")
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"path": str(self.path)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings file may say, and what holds where it is silent.

    What comes from a file is checked by `tui.settings_file`, which only a file needs.
    """

    theme: str | None = None
    """Name of a theme; None follows the terminal and NO_COLOR."""
    ascii: bool = False
    """Draw signs and frames with ASCII characters alone."""
    stale_after: float = DEFAULT_STALE_AFTER_S
    """Seconds of silence after which work in progress is stale; "30m" and "2h" are understood."""
    unseen_after: float = UNSEEN_AFTER_S
    """Seconds after which an edit that its owner gives no sign of having seen needs you."""
    lock_held_after: float = DEFAULT_LOCK_AFTER_S
    """Seconds after which a list's lock that is never seen free needs you."""
    operator: str = "you"
    """The name under which your own edits appear."""
    refresh: float = 2.0
    """Seconds between two looks at the disk when no event arrives."""
    lock_timeout: float = 10.0
    """Seconds that an edit waits for a busy list."""
    edit_unlocked: bool = False
    """Offer edits of lists too whose owner is known to take no lock, by exchange and verify."""
    pictures: Path | None = None
    """Directory for saved pictures; None is the download directory."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Keys by command id, as in `"task.unblock" = "U"`."""
    notify: tuple[Rule, ...] = ()
    """What to be told of by bell, OSC 9 or a hook; nothing unless asked for."""
    notify_per_minute: int = 12
    """Notifications in a minute, of all rules together; the rest is counted."""


def default_path(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/colonytop/settings.toml`; a relative variable is ignored, as XDG asks."""
    env = os.environ if environ is None else environ
    base = Path(env.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():
        base = Path(env["HOME"]) / ".config" if env.get("HOME") else Path.home() / ".config"
    return base / "colonytop" / "settings.toml"


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; without a path the default file, which need not be there.

    Raises:
        SettingsError: the file named is missing, unsafe, not TOML, or says something unknown.
    """
    chosen = path or default_path(environ)
    text = _read(chosen, required=path is not None)
    if text is None:
        return Settings()
    from tui.settings_file import WrongSettings, parse_settings

    try:
        return parse_settings(text)
    except WrongSettings as error:
        raise SettingsError(chosen, error.reason, error.way_out) from None


def _read(path: Path, *, required: bool) -> str | None:
    """The text, None if an optional file is absent. The checks are on the open descriptor, so
    nothing can be swapped in between.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if required:
            raise SettingsError(path, "no such file", "name one that is there") from None
        return None
    except OSError as error:
        raise SettingsError(path, error.strerror or "cannot open", "mend its path") from None
    with os.fdopen(fd, "rb") as file:
        _check_safe(path, os.fstat(file.fileno()))
        raw = file.read(_LIMIT + 1)
    if len(raw) > _LIMIT:
        raise SettingsError(path, f"larger than {_LIMIT} bytes", "is it the right file?")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(path, "not UTF-8", "save it as UTF-8") from None


def _check_safe(path: Path, found: os.stat_result) -> None:
    """Whoever can write this file can rebind your keys, so only you may."""
    if not stat.S_ISREG(found.st_mode):
        raise SettingsError(path, "not a regular file", "name a file")
    if found.st_uid not in (os.getuid(), 0):
        raise SettingsError(path, "belongs to another user", "make it yours with chown")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(path, "others may write it", f"chmod go-w {path}")
