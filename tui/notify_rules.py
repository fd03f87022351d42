"""The `[[notify]]` tables of a settings file, checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from store.model.alert import DEFAULT_COOL_DOWN_S, DEFAULT_RULE_LIMIT, Channel, Rule
from store.model.attention import NeedKind
from store.model.query import QueryError, parse
from tui.durations import Duration

_KINDS = {kind.value: kind for kind in NeedKind}
Word = Annotated[str, Field(max_length=4096)]


class NotifyTable(BaseModel):
    """One rule as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Annotated[str, Field(max_length=1024)] = ""
    need: NeedKind | None = None
    how: Annotated[list[Channel], Field(min_length=1)]
    hook: list[Word] = Field(default_factory=list, max_length=64)
    cool_down: Annotated[Duration, Field(ge=0)] = DEFAULT_COOL_DOWN_S
    per_minute: Annotated[int, Field(ge=1, le=60)] = DEFAULT_RULE_LIMIT

    @field_validator("when")
    @classmethod
    def _check_query(cls, value: str) -> str:
        try:
            query = parse(value)
        except QueryError as error:
            raise ValueError(f"{error}, at character {error.position + 1}") from None
        if query.asks("marked"):
            raise ValueError("is:marked is known to the screen alone")
        return value

    @field_validator("need", mode="before")
    @classmethod
    def _name_kinds(cls, value: object) -> object:
        if isinstance(value, str) and value not in _KINDS:
            raise ValueError(f"there is no need {value!r}, only {', '.join(_KINDS)}")
        return value

    @field_validator("hook")
    @classmethod
    def _check_command(cls, value: list[str]) -> list[str]:
        if value and not value[0].strip():
            raise ValueError('write the command first, as in ["notify-send", "colonytop"]')
        if any("\0" in word for word in value):
            raise ValueError("no word of a command can have a NUL")
        return value

    @model_validator(mode="after")
    def _check_whole(self) -> NotifyTable:
        if not self.when.strip() and self.need is None:
            raise ValueError('say when, as in when = "silent_owner" or when = "is:critical"')
        if Channel.HOOK in self.how and not self.hook:
            raise ValueError('say which command, as in hook = ["notify-send", "colonytop"]')
        if self.hook and Channel.HOOK not in self.how:
            raise ValueError('a hook is named, but "hook" is not in how')
        return self

    def rule(self) -> Rule:
        """The rule that it says. A `when` that is the name of a need asks for that need."""
        text = self.when.strip()
        kind, query = self.need, None
        if kind is None and text in _KINDS:
            kind = _KINDS[text]
        elif text:
            query = parse(text)
        how = tuple(dict.fromkeys(self.how))
        return Rule(how, query, kind, tuple(self.hook), self.cool_down, self.per_minute)
