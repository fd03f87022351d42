"""The same calls on two teams, one kept by `TeamStore` and one by ClawTeam's own way: the same
records come of them, but where `TeamStore` says that it does better.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from store import ClaimRefused, TeamStore
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM
from tests.systems.clawteam.owner import HeldByAnother, Owner, Priority, Status

AGENTS = st.sampled_from(["ann", "bob", ""])
PRIORITIES = st.sampled_from(list(Priority))
PICKS = st.integers(0, 30)
MOST = 6


class TwoTeams(RuleBasedStateMachine):
    """Tasks go by their place: the two teams give them other ids."""

    def __init__(self) -> None:
        super().__init__()
        self._place = tempfile.TemporaryDirectory()
        roots = [Path(self._place.name, name) for name in ("ours", "theirs")]
        self.roots = roots
        self.ours, self.theirs = TeamStore(TEAM, root=roots[0]), Owner(roots[1], TEAM)
        self.ids: list[tuple[str, str]] = []

    def teardown(self) -> None:
        self._place.cleanup()

    @property
    def records(self) -> list[dict[str, Any]]:
        """As their owner stores them."""
        return [layout.read(self.roots[1], theirs) for _, theirs in self.ids]

    def open_before(self, place: int) -> list[int]:
        """Tasks that one may wait for without ever closing a cycle: older ones, still open."""
        records = self.records[:place]
        return [n for n, one in enumerate(records) if one["status"] != Status.COMPLETED]

    def both(self, place: int, **changes: Any) -> None:
        """The same update on both sides, with the same outcome."""
        ours, theirs = self.ids[place]
        blockers = changes.pop("add_blocked_by", [])
        mine, other = ([self.ids[n][side] for n in blockers] for side in (0, 1))
        is_refused = False
        try:
            self.theirs.update(theirs, add_blocked_by=other, **changes)
        except HeldByAnother:
            is_refused = True
        try:
            self.ours.update(ours, add_blocked_by=mine, **changes)
            assert not is_refused
        except ClaimRefused:
            assert is_refused

    @precondition(lambda self: len(self.ids) < MOST)
    @rule(priority=PRIORITIES, owner=AGENTS, picks=st.sets(PICKS, max_size=3))
    def create(self, priority: Priority, owner: str, picks: set[int]) -> None:
        waits = self.chosen(self.open_before(len(self.ids)), picks)
        mine, other = ([self.ids[n][side] for n in waits] for side in (0, 1))
        name = f"task {len(self.ids)}"
        ours = self.ours.create(name, owner=owner, priority=priority, blocked_by=mine)
        theirs = self.theirs.create(name, other, owner=owner, priority=priority)
        self.ids.append((ours.id, theirs.id))

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS, caller=AGENTS, force=st.booleans())
    def start(self, pick: int, caller: str, force: bool) -> None:
        self.both(pick % len(self.ids), status=Status.IN_PROGRESS, caller=caller, force=force)

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS, caller=AGENTS)
    def complete(self, pick: int, caller: str) -> None:
        self.both(pick % len(self.ids), status=Status.COMPLETED, caller=caller)

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS)
    def give_back(self, pick: int) -> None:
        place = pick % len(self.ids)
        if not self.records[place]["blockedBy"]:  # else it stays blocked here, and is pending there
            self.both(place, status=Status.PENDING)

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS, picks=st.sets(PICKS, min_size=1, max_size=3))
    def wait_for(self, pick: int, picks: set[int]) -> None:
        place = pick % len(self.ids)
        self.both(place, add_blocked_by=self.chosen(self.open_before(place), picks))

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS, priority=PRIORITIES, marks=st.dictionaries(st.sampled_from("ab"), PICKS))
    def describe(self, pick: int, priority: Priority, marks: dict[str, int]) -> None:
        place = pick % len(self.ids)
        self.both(place, priority=priority, metadata=marks, description=f"{pick}")

    @precondition(lambda self: self.ids)
    @rule(pick=PICKS)
    def hold_up(self, pick: int) -> None:
        self.both(pick % len(self.ids), status=Status.BLOCKED)

    @staticmethod
    def chosen(places: list[int], picks: set[int]) -> list[int]:
        return sorted({places[pick % len(places)] for pick in picks}) if places else []

    @invariant()
    def records_are_alike(self) -> None:
        places = [{pair[side]: n for n, pair in enumerate(self.ids)} for side in (0, 1)]
        for ours, theirs in self.ids:
            mine = _likeness(layout.read(self.roots[0], ours), places[0])
            other = _likeness(layout.read(self.roots[1], theirs), places[1])
            assert mine == other

    @invariant()
    def each_side_reads_the_other(self) -> None:
        mine = Owner(self.roots[0], TEAM).all()
        other = TeamStore(TEAM, root=self.roots[1]).list_tasks()
        assert len(mine) == len(other) == len(self.ids)


def _likeness(record: dict[str, Any], places: dict[str, int]) -> list[tuple[str, Any]]:
    """What two stores must agree on, in the order of the keys."""
    found = []
    for name, value in record.items():
        if name == "id":
            value = places[value]
        elif name == "blockedBy":
            value = [places[one] for one in value]
        elif name.endswith("At"):
            value = bool(value)
        elif name == "metadata":
            value = {**value, **dict.fromkeys(value.keys() & {"duration_seconds"})}
        found.append((name, value))
    return found


TestTwoTeams = TwoTeams.TestCase
TestTwoTeams.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
