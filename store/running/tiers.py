"""How strong a model a subtask needs, and what a model's words cost where nobody measures. Pure."""

from __future__ import annotations

import re
from enum import IntEnum

from store.model.execution import Spent

_CHARACTERS_A_TOKEN = 4
_MODEL = re.compile(r"claude-[A-Za-z0-9._-]{1,100}")
_TOKENS = 1_000_000


class Tier(IntEnum):
    """1 is for the plainest work."""

    HAIKU = 1
    SONNET = 2
    OPUS = 3

    @property
    def model(self) -> str:
        return self.name.lower()


MODELS = tuple(tier.model for tier in Tier)

_USD_A_MILLION = {Tier.HAIKU: (1.0, 5.0), Tier.SONNET: (3.0, 15.0), Tier.OPUS: (15.0, 75.0)}
"""US dollars for a million tokens in and out: for estimates, which are marked as such."""


def tier_of(word: object) -> Tier | None:
    """The tier that a number or a model's name stands for; None: none is meant."""
    if isinstance(word, bool):
        return None
    if isinstance(word, int):
        return Tier(word) if word in _USD_A_MILLION else None
    if isinstance(word, str):
        text = word.strip().lower()
        if text.isascii() and text.isdecimal():
            return tier_of(int(text)) if len(text) == 1 else None
        return next((tier for tier in Tier if tier.model == text), None)
    return None


def is_model(name: str) -> bool:
    """Whether an owner is a model that a runner may start, and not somebody who took the task."""
    return name.lower() in MODELS or _MODEL.fullmatch(name) is not None


def tokens_of(text: str) -> int:
    """About how many tokens a text is."""
    return -(-len(text) // _CHARACTERS_A_TOKEN)


def estimated(tier: Tier, prompt: str, answer: str) -> Spent:
    """What a call may have cost, by the lengths of its texts."""
    tokens_in, tokens_out = tokens_of(prompt), tokens_of(answer)
    return Spent(cost_of(tier, tokens_in, tokens_out), tokens_in, tokens_out, is_estimated=True)


def cost_of(tier: Tier, tokens_in: int, tokens_out: int) -> float:
    """US dollars by the usual prices."""
    price_in, price_out = _USD_A_MILLION[tier]
    return (tokens_in * price_in + tokens_out * price_out) / _TOKENS
