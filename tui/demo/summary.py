"""What a demo has come to: the lists as they stand, and what each agent did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from store.model.snapshot import Snapshot
from tui.demo.systems.cast import NAMES, NATIVE

TALLIES = (
    ("created", "created"),
    ("claimed", "claimed"),
    ("completed", "completed"),
    ("claims_lost", "claims lost"),
    ("conflicts", "conflicts"),
    ("handed_over", "handed over"),
    ("cycles_refused", "cycles refused"),
    ("deleted", "deleted"),
    ("lock_timeouts", "lock time-outs"),
    ("refused", "refused"),
)
_NATIVE_EDITS = ("created", "claimed", "completed", "handed_over", "deleted")
_ERRORS = ("lock_timeouts", "refused", "died")


def summarize(snapshot: Snapshot, agents: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """The document that `demo --headless --json` prints."""
    lists = []
    for task_list in snapshot.lists.values():
        counts = Counter(task.status.value for task in task_list.tasks.values())
        ready = sum(1 for task in task_list.tasks.values() if task_list.is_ready(task))
        facts = {"total": len(task_list.tasks), "ready": ready, **dict(sorted(counts.items()))}
        lists.append({"list": task_list.key.id, "counts": facts})
    totals = {name: sum(int(agent.get(name, 0)) for agent in agents) for name, _ in TALLIES}
    systems = [_of_system(name, agents) for name in NAMES]
    return {
        "seed": seed,
        "agents": [dict(a) for a in agents],
        "lists": lists,
        "systems": [system for system in systems if system["writers"]],
        "totals": totals,
    }


def _of_system(name: str, agents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the writers of one system did together, and how often one could not do it."""
    writers = [agent for agent in agents if agent.get("system", NATIVE) == name]
    native = sum(int(agent.get(key, 0)) for agent in writers for key in _NATIVE_EDITS)
    return {
        "system": name,
        "writers": len(writers),
        "edits": native if name == NATIVE else sum(int(agent.get("edits", 0)) for agent in writers),
        "errors": sum(int(agent.get(key, 0)) for agent in writers for key in _ERRORS),
    }


def summary_tables(
    summary: Mapping[str, Any],
) -> Iterator[tuple[Sequence[str], Sequence[Sequence[str]]]]:
    """The same for a person: (titles, rows) of each table."""
    statuses = ("pending", "in_progress", "completed")
    rows = [
        (each["list"], *(str(each["counts"].get(s, 0)) for s in ("total", "ready", *statuses)))
        for each in summary["lists"]
    ]
    yield ("LIST", "TOTAL", "READY", "PENDING", "IN PROGRESS", "COMPLETED"), rows
    shown = [(n, title) for n, title in TALLIES if summary["totals"][n] or n in ("claims_lost",)]
    agents = [
        (str(agent["name"]), *(str(agent.get(name, "-")) for name, _ in shown))
        for agent in summary["agents"]
    ]
    total = ("all", *(str(summary["totals"][name]) for name, _ in shown))
    yield ("AGENT", *(title.upper() for _, title in shown)), [*agents, total]
    if len(summary["systems"]) > 1:
        parts = ("system", "writers", "edits", "errors")
        each_system = [tuple(str(system[part]) for part in parts) for system in summary["systems"]]
        yield tuple(part.upper() for part in parts), each_system
