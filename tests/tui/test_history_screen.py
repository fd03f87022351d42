"""The history dialog: every kind of entry in words, and nothing of what a text would do."""

from __future__ import annotations

import pytest

from store.model.edits import BatchResult, EditFailure, UpdateTask
from store.model.errors import StaleEdit
from store.model.history import Direction, Entry, Move, Origin, StepOutcome
from store.model.task import Task, TaskKey
from tests.tui.colony import HOSTILE
from tests.tui.dialog_host import NOW, a_frame, a_task, key, opened, shown
from tui.screens.history import HistoryScreen, RefusedStepScreen

SEVEN = key("7")


def entry(what: str = "changed", *moves: Move, **fields: object) -> Entry:
    facts: dict[str, object] = {"at": NOW - 60, "origin": Origin.DERIVED, "who": None, **fields}
    return Entry(list=SEVEN.list, task=SEVEN.id, what=what, moves=moves, **facts)  # type: ignore[arg-type]


def edited(what: str, *moves: Move, **fields: object) -> Entry:
    return entry(what, *moves, **{"origin": Origin.OPERATOR, "who": "noor", "step": "s1", **fields})


CASES = [
    (entry("created", Move("", None, "Crawl")), ["+ created Crawl", "derived"]),
    (entry("vanished", Move("", "Crawl", None), last=a_task("7", "Crawl", owner="ann")),
     ["vanished Crawl", "last seen: pending", "owner ann"]),
    (entry("changed", Move("status", "pending", "completed"), origin=Origin.AGENT, who="ann"),
     ["ann", "pending → ✓ completed", "agent?"]),
    (edited("delete"), ["noor", "deleted", "operator", "step s1"]),
    (entry("changed", Move("metadata", {"tokens": 1, "kind": "x"}, {"tokens": 2, "kind": "x"})),
     ["metadata.tokens: 1 → 2"]),
    (edited("restore", undoes="s0"), ["put back: restored"]),
    (edited("assign", Move("owner", "ann", None), undoes="s0"), ["put back", "owner ann → -"]),
    (edited("assign", made=False, said="the lock was busy"),
     ["assign refused: the lock was busy"]),
    (edited("create", made=None, origin=Origin.COMMAND), ["begun, outcome not known", "command"]),
]  # fmt: skip


@pytest.mark.parametrize(("found", "words"), CASES, ids=[found.what for found, _ in CASES])
async def test_history_says_what_happened_and_who_did_it(found: Entry, words: list[str]) -> None:
    async with opened(HistoryScreen(a_frame(), SEVEN), (120, 34)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        assert "reading the journal" in shown(pilot)
        screen.show([found])
        await pilot.pause()
        text = shown(pilot)
        assert [word for word in words if word not in text] == []
        assert "1 entry, newest first" in text


async def test_history_that_cannot_be_read_says_why() -> None:
    async with opened(HistoryScreen(a_frame(), SEVEN)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        screen.show([], problem="permission denied")
        await pilot.pause()
        assert "the journal cannot be read: permission denied" in shown(pilot)
        screen.show([])
        await pilot.pause()
        assert "The journal has nothing of it" in shown(pilot)
        await pilot.press("escape")


@pytest.mark.parametrize("text", HOSTILE)
async def test_history_of_hostile_text_shows_no_control_and_runs_nothing(text: str) -> None:
    last = Task(TaskKey(SEVEN.list, SEVEN.id), text, owner=text, description=text)
    found = [
        entry("vanished", Move(text, text, None), who=text, last=last),
        edited(text, Move("subject", text, text), Move("metadata", {text: 1}, {}), label=text),
        edited("assign", made=False, said=text),
    ]
    async with opened(HistoryScreen(a_frame(), SEVEN), (100, 30)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        screen.show(found)
        for press in ("j", "j", "k"):
            await pilot.press(press)
        seen = shown(pilot)
        assert not any(ord(sign) < 32 and sign != "\n" for sign in seen)
        assert not any(sign in seen for sign in "\x9b\x9d\u202e\u2066")
        assert "entries, newest first" in seen


async def test_refused_step_says_why_and_what_has_happened_since() -> None:
    edits = tuple(UpdateTask(key(i), owner="dee") for i in ("7", "9"))
    failures = tuple(EditFailure(edit, StaleEdit(SEVEN.list.id, edit.key.id, [])) for edit in edits)
    since = (entry("changed", Move("owner", "dee", "eve")),)
    outcome = StepOutcome(
        Direction.UNDO, "s1", "all to dee", edits, BatchResult((), failures), since=since
    )
    async with opened(RefusedStepScreen(a_frame(), outcome), (120, 34)) as pilot:
        text = shown(pilot)
        assert "not undone: all to dee" in text
        assert "#9:" in text
        assert "Since then:" in text
        assert "owner dee → eve" in text
