"""The operator's settings: one TOML file of theirs, checked before anything else starts."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from store.model.attention import DEFAULT_STALE_AFTER_S
from store.model.errors import ColonytopError
from tui.keys import keymap_problem

_LIMIT = 65_536  # bytes; settings are small, and whatever is larger is not settings
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class SettingsError(ColonytopError):
    """The settings file cannot be used."""

    kind = "settings"

    def __init__(self, path: Path, reason: str, way_out: str) -> None:
        super().__init__(f"{path}: {reason}; {way_out}")
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"path": str(self.path)}


class Settings(BaseModel):
    """What the settings file may say, and what holds where it is silent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    theme: str | None = None
    """Name of a theme; None follows the terminal and NO_COLOR."""
    ascii: bool = False
    """Draw signs and frames with ASCII characters alone."""
    stale_after: Annotated[float, Field(gt=0)] = DEFAULT_STALE_AFTER_S
    """Seconds of silence after which work in progress is stale; "30m" and "2h" are understood."""
    operator: Annotated[str, Field(min_length=1, max_length=64)] = "you"
    """The name under which your own edits appear."""
    refresh: Annotated[float, Field(ge=0.1, le=3600)] = 2.0
    """Seconds between two looks at the disk when no event arrives."""
    lock_timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds that an edit waits for a busy list."""
    pictures: Path | None = None
    """Directory for saved pictures; None is the download directory."""
    keymap: dict[str, str] = Field(default_factory=dict)
    """Keys by command id, as in `"task.unblock" = "U"`."""

    @field_validator("stale_after", "refresh", "lock_timeout", mode="before")
    @classmethod
    def _read_duration(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        number, unit = value.strip()[:-1], value.strip()[-1:]
        try:
            return float(number) * _UNITS[unit]
        except (KeyError, ValueError):
            raise ValueError('write seconds, or a number with s, m, h or d, as in "30m"') from None

    @field_validator("keymap")
    @classmethod
    def _check_keymap(cls, value: dict[str, str]) -> dict[str, str]:
        if problem := keymap_problem(value):
            raise ValueError(problem)
        return value

    @field_validator("pictures")
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        expanded = value.expanduser()
        if not expanded.is_absolute():
            raise ValueError("write an absolute path, or one that begins with ~")
        return expanded


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
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(chosen, f"not TOML: {error}", "mend that line") from None
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(chosen, _first_problem(error), "mend or remove that line") from None


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


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {where!r}"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
