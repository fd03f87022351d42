"""A plan as JSON: from a file, or in the answer of a model. Pure.

    {"prompt": str, "reasoning": str, "subtasks": [{"description": str,
     "depends_on": [place from 0], "tier": 1 | 2 | 3 | "haiku" | "sonnet" | "opus"}]}

`tier_hint` is taken for `tier`, and a bare list for the subtasks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from store.files.codec import Unparsable, check_structure
from store.running.errors import InvalidPlan
from store.running.plan import Plan, PlannedSubtask, checked
from store.running.tiers import Tier, tier_of

_FENCED = re.compile(r"```[a-z]*\s*\n(?P<text>.*?)\n\s*```", re.DOTALL)


def parse_document(text: str, source: str = "plan", *, prompt: str = "") -> Plan:
    """The plan that a JSON text describes.

    Args:
        text: the document.
        source: what an error calls it.
        prompt: what the plan is for, where it does not say so itself.

    Raises:
        InvalidPlan: naming the field and what is wrong with it.
    """
    document = _parsed(text, source)
    if isinstance(document, list):
        document = {"subtasks": document}
    if not isinstance(document, dict):
        raise InvalidPlan(source, "neither an object nor a list")
    listed = document.get("subtasks")
    if not isinstance(listed, list):
        raise InvalidPlan(source, "`subtasks` is not a list")
    subtasks = tuple(_subtask(one, f"subtasks[{i}]", source) for i, one in enumerate(listed))
    said = document.get("prompt")
    reasoning = document.get("reasoning")
    goal = said if isinstance(said, str) and said.strip() else prompt
    if not goal and subtasks:
        goal = subtasks[0].subject
    why = reasoning if isinstance(reasoning, str) else None
    return checked(Plan(goal, subtasks, why), source)


def find_document(answer: str) -> str:
    """The JSON text in a model's answer: all of it, what is fenced, or from the first brace on."""
    text = answer.strip()
    fenced = _FENCED.search(text)
    if fenced is not None:
        return fenced["text"]
    starts = [place for sign in "{[" if (place := text.find(sign)) >= 0]
    return text[min(starts) : max(text.rfind("}"), text.rfind("]")) + 1] if starts else text


def _parsed(text: str, source: str) -> Any:
    try:
        check_structure(text.encode("utf-8", "replace"))
        return json.loads(text)
    except (Unparsable, ValueError, RecursionError) as error:
        raise InvalidPlan(source, f"not JSON that can be read: {error}") from error


def _subtask(one: Any, name: str, source: str) -> PlannedSubtask:
    if isinstance(one, str):
        return PlannedSubtask(one)
    if not isinstance(one, Mapping):
        raise InvalidPlan(source, f"`{name}` is neither an object nor a text")
    description = one.get("description")
    if not isinstance(description, str):
        raise InvalidPlan(source, f"`{name}.description` is not a text")
    listed = one.get("depends_on") or []
    if not isinstance(listed, list) or not all(type(place) is int for place in listed):
        raise InvalidPlan(source, f"`{name}.depends_on` is not a list of places from 0")
    hint = one.get("tier", one.get("tier_hint"))
    tier = Tier.SONNET if hint is None else tier_of(hint)
    if tier is None:
        raise InvalidPlan(source, f"`{name}.tier` is none of 1, 2, 3, haiku, sonnet, opus")
    return PlannedSubtask(description, tuple(listed), tier, None if hint is None else str(hint))
