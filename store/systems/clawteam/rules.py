"""What may be edited in a team's list, and by which rules. Pure."""

from __future__ import annotations

from store.model.task import Capabilities, ListRules, Verb
from store.systems.clawteam.record import NATIVE_STATUSES, PRIORITIES

NO_DELETE = "ClawTeam deletes no task: complete it, or end the whole team"
NO_STEPS = "ClawTeam's tasks have no steps or checks to tick off"
NO_RETRIES = "ClawTeam does not count attempts"

RULES = ListRules(
    mirrors_edges=False,
    frees_on_completion=True,
    stores_blocked=True,
    locks_tasks=True,
    claim_starts=True,
    keeps_ended_blockers=False,
)

EDITABLE = Capabilities(
    {
        Verb.DELETE: NO_DELETE,
        Verb.RESTORE: NO_DELETE,
        Verb.TICK: NO_STEPS,
        Verb.RETRIES: NO_RETRIES,
    },
    NATIVE_STATUSES,
    PRIORITIES,
    RULES,
    ("active_form",),
)


def capabilities(refusal: str | None) -> Capabilities:
    """What may be edited. `refusal`: why nothing may, if so."""
    if refusal is None:
        return EDITABLE
    return Capabilities(dict.fromkeys(Verb, refusal), NATIVE_STATUSES, PRIORITIES, RULES)
