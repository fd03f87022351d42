"""What a settings file says, checked: apart from `Settings`, so that having none costs nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tui.durations import Duration
from tui.keys import keymap_problem
from tui.notify_rules import NotifyTable
from tui.settings import Settings

_DEFAULTS = Settings()


class WrongSettings(Exception):
    """The text cannot be used as settings."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.way_out = way_out


class _SettingsFile(BaseModel):
    """The fields of `Settings`, with what each may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    theme: str | None = _DEFAULTS.theme
    ascii: bool = _DEFAULTS.ascii
    stale_after: Annotated[Duration, Field(gt=0)] = _DEFAULTS.stale_after
    unseen_after: Annotated[Duration, Field(gt=0)] = _DEFAULTS.unseen_after
    lock_held_after: Annotated[Duration, Field(gt=0)] = _DEFAULTS.lock_held_after
    operator: Annotated[str, Field(min_length=1, max_length=64)] = _DEFAULTS.operator
    refresh: Annotated[Duration, Field(ge=0.1, le=3600)] = _DEFAULTS.refresh
    lock_timeout: Annotated[Duration, Field(gt=0, le=300)] = _DEFAULTS.lock_timeout
    edit_unlocked: bool = _DEFAULTS.edit_unlocked
    pictures: Path | None = _DEFAULTS.pictures
    keymap: dict[str, str] = Field(default_factory=dict)
    notify: list[NotifyTable] = Field(default_factory=list, max_length=64)
    notify_per_minute: Annotated[int, Field(ge=1, le=600)] = _DEFAULTS.notify_per_minute

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


def parse_settings(text: str) -> Settings:
    """The settings that a TOML text says; defaults where it is silent.

    Raises:
        WrongSettings: not TOML, or it says something unknown or impossible.
    """
    try:
        said = _SettingsFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(f"not TOML: {error}", "mend that line") from None
    except ValidationError as error:
        raise WrongSettings(_first_problem(error), "mend or remove that line") from None
    rules = tuple(table.rule() for table in said.notify)
    return Settings(**{**dict(said), "notify": rules})


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    where = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting {where!r}"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def _place(steps: Sequence[int | str]) -> str:
    """Where in the file, as in `notify[2].when`; tables are counted from 1."""
    names = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(names).removeprefix(".")
