"""What may be edited on a blackboard, and the sentence for each edit that may not."""

from __future__ import annotations

from store.model.task import Capabilities, ListRules, TaskStatus, Verb
from store.systems.blackboard.words import STATUS_WORDS

_STATUSES = (
    TaskStatus.PENDING,
    TaskStatus.IN_PROGRESS,
    TaskStatus.COMPLETED,
    TaskStatus.FAILED,
)
_NO_EDGES = "briefs have no blockers; they are ordered by their parents and workstreams"
_REFUSALS = {
    Verb.CREATE: "a brief is spawned by an agent of the run, which also carries it out",
    Verb.RESTORE: "no brief is ever deleted, so none is brought back",
    Verb.DELETE: "a blackboard keeps every brief; set it to failed to have it left alone",
    Verb.ASSIGN: "the role of a brief is chosen by the agent that spawns it",
    Verb.CLAIM: "briefs are handed out by the run's own agents, nobody claims one",
    Verb.RELEASE: "nobody claims a brief; set its status to pending to have it tried again",
    Verb.BLOCK: _NO_EDGES,
    Verb.UNBLOCK: _NO_EDGES,
    Verb.PRIORITY: "briefs have a tier, which says how strong a model they need, and no priority",
    Verb.TICK: "briefs have no steps and no checks",
    Verb.RETRIES: "retries are counted and not limited; set the status to pending to retry one",
}
RULES = ListRules(mirrors_edges=False, has_edges=False, words=STATUS_WORDS)

_ABSENT = ("active_form",)

STEERABLE = Capabilities(_REFUSALS, _STATUSES, rules=RULES, absent=_ABSENT)


def capabilities(refusal: str | None) -> Capabilities:
    """What may be edited; nothing at all where there is a reason against it."""
    if refusal is None:
        return STEERABLE
    return Capabilities(dict.fromkeys(Verb, refusal), _STATUSES, rules=RULES, absent=_ABSENT)
