"""Commands for what other systems have: steps, checks, attempts, priorities, locks."""

from __future__ import annotations

import pytest

from store import ensure_progress_db, seed_tasks
from tests.cli.conftest import Colony
from tests.systems.clawteam import layout

QUEUE, TEAM = "queue:forge", "team:forge"


@pytest.fixture
def queue(colony: Colony) -> Colony:
    """One queue with a task of two steps and two checks, and one without any."""
    directory = colony.root / "colonies" / "forge"
    directory.mkdir(parents=True)
    path = ensure_progress_db(directory)
    seed_tasks(
        path,
        [
            {
                "id": "a",
                "goal": "Dig the well",
                "priority": 3,
                "steps": [{"title": "Dig"}, {"title": "Line it with stone"}],
                "sop_items": [
                    {"key": "safe", "description": "Nobody can fall in"},
                    {"key": "nice", "description": "It looks well", "required": False},
                ],
            },
            {"id": "b", "goal": "Rest", "payload": "no steps"},
        ],
    )
    return colony


@pytest.fixture
def team(colony: Colony) -> Colony:
    """One team: #1 is worked on by ann, of whom nothing is known, #2 waits on it."""
    locked = {"owner": "ann", "lockedBy": "ann", "lockedAt": layout.CREATED}
    layout.write(
        colony.root,
        layout.record("aaaaaaaa", status="in_progress", priority="high", **locked),
        layout.record("bbbbbbbb", status="blocked", blockedBy=["aaaaaaaa"]),
        layout.record("cccccccc", status="pending"),
    )
    return colony


def test_tick_by_number_and_key_shows_in_the_record(queue: Colony) -> None:
    answer = queue.call("tick", QUEUE, "a", "2", "safe", "--by", "op", "--note", "seen", "--json")
    execution = answer.json["task"]["execution"]
    assert [step["is_done"] for step in execution["steps"]] == [False, True]
    assert (execution["steps"][1]["worker"], execution["steps"][1]["evidence"]) == ("op", "seen")
    assert [check.get("done_by") for check in execution["checks"]] == ["op", None]
    again = queue.call("tick", QUEUE, "a", "check:safe", "step:2", "--open").out
    assert again == "#a Dig the well: opened again (execution)\n"
    shown = queue.call("show", QUEUE, "a").out
    assert "step 2       [ ] Line it with stone (pending)\n" in shown
    assert "check        [ ] nice: It looks well, not required\n" in shown
    assert "attempts     0 of 3\n" in shown


def test_tick_of_what_is_not_there_names_what_is(queue: Colony) -> None:
    answer = queue.call("tick", QUEUE, "a", "nothing")
    assert answer.code == 1
    assert "has no check 'nothing'; known: safe, nice" in answer.err
    assert queue.call("tick", QUEUE, "b", "1").code == 1


def test_tick_of_a_layout_without_steps_says_so(alpha: Colony) -> None:
    answer = alpha.call("tick", "alpha", "2", "1")
    assert (answer.code, "no steps or checks" in answer.err) == (1, True)


def test_done_with_required_checks_open_needs_force(queue: Colony) -> None:
    refused = queue.call("done", QUEUE, "a", "--json")
    assert refused.code == 1
    error = refused.json["error"]
    assert (error["kind"], error["checks"], error["can_be_forced"]) == (
        "checks_open",
        ["safe"],
        True,
    )
    assert "Nobody can fall in; --force overrules that" in refused.err
    task = queue.call("done", QUEUE, "a", "--force", "--json").json["task"]
    assert task["status"] == "done"
    undone = queue.call("undo")
    assert undone.code == 0
    assert queue.call("show", QUEUE, "a", "--json").json["task"]["status"] == "pending"


def test_retries_and_priority_are_set_and_taken_back(queue: Colony) -> None:
    task = queue.call("retries", QUEUE, "a", "9", "--json").json["task"]
    assert task["execution"]["attempts"]["most"] == 9
    task = queue.call(
        "update", QUEUE, "a", "--priority", "7", "--max-attempts", "2", "--json"
    ).json["task"]
    assert (task["priority"], task["execution"]["attempts"]["most"]) == ("7", 2)
    queue.call("undo")
    queue.call("undo")
    task = queue.call("show", QUEUE, "a", "--json").json["task"]
    assert (task["priority"], task["execution"]["attempts"]["most"]) == ("3", 3)
    assert queue.call("retries", QUEUE, "a", "-1").code == 2
    refused = queue.call("update", QUEUE, "a", "--priority", "high")
    assert (refused.code, "not a whole number" in refused.err) == (1, True)


def test_tick_undone_leaves_steps_and_checks_as_they_were(queue: Colony) -> None:
    before = queue.call("show", QUEUE, "a", "--json").json["task"]["execution"]
    queue.call("tick", QUEUE, "a", "1", "safe", "--by", "op")
    assert queue.call("undo").code == 0
    after = queue.call("show", QUEUE, "a", "--json").json["task"]["execution"]
    assert [step["is_done"] for step in after["steps"]] == [
        step["is_done"] for step in before["steps"]
    ]
    assert [check.get("done_at") for check in after["checks"]] == [None, None]


def test_claim_of_what_another_holds_needs_force(team: Colony) -> None:
    refused = team.call("claim", TEAM, "aaaaaaaa", "--owner", "bo", "--json")
    error = refused.json["error"]
    assert (refused.code, error["reason"], error["by"]) == (1, "already_owned", ["ann"])
    assert error["can_be_forced"]
    task = team.call("claim", TEAM, "aaaaaaaa", "--owner", "bo", "--force", "--json").json["task"]
    assert (task["owner"], task["lock"]["by"], task["status"]) == ("bo", "bo", "in_progress")
    assert team.call("undo", "--operator", "bo").code == 0
    stored = layout.read(team.root, "aaaaaaaa")
    assert (stored["owner"], stored["lockedBy"]) == ("ann", "ann")


def test_claim_next_with_force_is_wrong_usage(team: Colony) -> None:
    assert team.call("claim", TEAM, "--next", "--owner", "bo", "--force").code == 2


def test_unlock_needs_force_while_the_holder_may_be_alive(team: Colony) -> None:
    refused = team.call("update", TEAM, "aaaaaaaa", "--unlock")
    assert (refused.code, "is locked by ann" in refused.err) == (1, True)
    task = team.call("update", TEAM, "aaaaaaaa", "--unlock", "--force", "--json").json["task"]
    assert "lock" not in task
    assert layout.read(team.root, "aaaaaaaa")["lockedBy"] == ""


def test_done_of_a_team_frees_who_waits_and_undo_makes_it_wait_again(team: Colony) -> None:
    dry = team.call("done", TEAM, "aaaaaaaa", "--dry-run", "--json").json["effects"]
    assert dry["becomes_ready"] == ["bbbbbbbb"]
    team.call("done", TEAM, "aaaaaaaa")
    freed = layout.read(team.root, "bbbbbbbb")
    assert (freed["status"], freed["blockedBy"]) == ("pending", [])
    assert team.call("undo").code == 0
    held = layout.read(team.root, "bbbbbbbb")
    assert (held["status"], held["blockedBy"]) == ("blocked", ["aaaaaaaa"])
    stored = layout.read(team.root, "aaaaaaaa")
    assert (stored["status"], stored["lockedBy"], stored["metadata"]) == ("in_progress", "ann", {})


def test_add_with_a_priority_of_the_system(team: Colony) -> None:
    task = team.call("add", TEAM, "New", "--priority", "urgent", "--json").json["task"]
    assert task["priority"] == "urgent"
    refused = team.call("add", TEAM, "New", "--priority", "top")
    assert (refused.code, "low, medium, high, urgent" in refused.err) == (1, True)


def test_why_of_a_stored_blocked_that_nothing_holds_names_the_answer(team: Colony) -> None:
    layout.write(team.root, layout.record("dddddddd", status="blocked"))
    answer = team.call("why", TEAM, "dddddddd", "--json").json
    (reason,) = answer["reasons"]
    assert (reason["kind"], reason["answer"]) == ("marked", "status")
    team.call("update", TEAM, "dddddddd", "--status", "pending")
    assert team.call("why", TEAM, "dddddddd", "--json").json["ready"]
