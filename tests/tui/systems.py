"""A snapshot of lists that several systems own, made of model objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from store.model.execution import (
    Attempts,
    Execution,
    ListEvent,
    Member,
    Spent,
    TaskCheck,
    TaskLock,
    TaskStep,
)
from store.model.facts import SystemFacts
from store.model.snapshot import RootState, Snapshot, TaskList, WatchMode
from store.model.task import (
    Capabilities,
    ListKey,
    ListRules,
    TaskListId,
    TaskListInfo,
    TaskStatus,
    Verb,
)
from tests.tui.colony import ACTIVE, DONE, NOW, PENDING, ROOT, demo_list, task, task_list

TEAM = ListKey("clawteam", "/home/op/.clawteam", TaskListId("team:alpha"))
QUEUE = ListKey("progress", ROOT, TaskListId("queue:crawl"))
RUN = ListKey("blackboard", "/work/runs", TaskListId("run:lead-page"))
SESSION = ListKey("hive_session", ROOT, TaskListId("session:ann:s1"))
WIPED = ListKey("claude_code", "/home/op/.claude", TaskListId("claude:site-redesign"))

LADDER = ("low", "medium", "high", "urgent")
NO_STEPS = "tasks of this list have no steps or checks to tick off"
NO_LOCK = "the process that owns this document takes no lock, so an edit could be lost"


def facts(name: str, title: str, badge: str) -> SystemFacts:
    return SystemFacts(name, title, badge, "", "", "", "", "")


FACTS = {
    one.name: one
    for one in (
        facts("hive", "Native", "NATIVE"),
        facts("clawteam", "ClawTeam", "CLAW"),
        facts("progress", "Progress queue", "QUEUE"),
        facts("blackboard", "Blackboard", "BOARD"),
        facts("hive_session", "Session documents", "SESS"),
        facts("claude_code", "Claude Code", "CLAUDE"),
    )
}

TEAM_ALLOWS = Capabilities(
    {Verb.DELETE: "this system never deletes a task", Verb.TICK: NO_STEPS, Verb.RETRIES: NO_STEPS},
    (PENDING, ACTIVE, DONE, TaskStatus.BLOCKED),
    LADDER,
    ListRules(mirrors_edges=False, frees_on_completion=True, stores_blocked=True, locks_tasks=True),
)
QUEUE_ALLOWS = Capabilities(
    {Verb.BLOCK: "tasks of a queue have no edges", Verb.UNBLOCK: "tasks of a queue have no edges"},
    (PENDING, ACTIVE, DONE, TaskStatus.FAILED),
    rules=ListRules(has_edges=False, claim_starts=True),
)
SESSION_ALLOWS = Capabilities(
    statuses=(PENDING, ACTIVE, DONE, TaskStatus.ABANDONED, TaskStatus.ARCHIVED)
)


def team(**about: Any) -> TaskList:
    """Locks of the living, the dead and those of whom nothing is known; members and costs."""
    members = (
        Member("lead", "leader", "purple", True, Spent(usd=1.25, input_tokens=40_000)),
        Member("bo", "coder", "blue", True, Spent(usd=0.42)),
        Member("cy", "coder", None, False, Spent(usd=12.5, is_estimated=True)),
        Member("idle", "tester", "green", None),
    )
    info = TaskListInfo(
        TEAM,
        "/home/op/.clawteam/tasks/alpha",
        goal="ship the importer by Friday",
        capabilities=TEAM_ALLOWS,
        members=members,
        spent=Spent(usd=14.17, input_tokens=1_200_000, output_tokens=90_000),
        notes=("the budget of 20 USD is spent by two thirds",),
    )
    return task_list(
        TEAM,
        task(TEAM, "aa01", "Import the CSV", ACTIVE, "bo", minutes=2, priority="high",
             lock=TaskLock("bo", NOW - 120, is_live=True)),
        task(TEAM, "aa02", "Map the columns", ACTIVE, "cy", minutes=41, priority="urgent",
             lock=TaskLock("cy", NOW - 2460, is_live=False)),
        task(TEAM, "aa03", "Check encodings", ACTIVE, "bo", minutes=9, priority="low",
             lock=TaskLock("dee", NOW - 540)),
        task(TEAM, "aa04", "Write the docs", TaskStatus.BLOCKED, None, ("aa01",),
             priority="medium"),
        task(TEAM, "aa05", "Set up the bucket", DONE, "bo", minutes=60, priority="medium"),
        info=replace(info, **about),
    )  # fmt: skip


def queue() -> TaskList:
    """A task with steps, checks and failed attempts; a part of it."""
    steps = (
        TaskStep("s1", "Fetch the seed pages", "done", True, "two pages deep", "41 pages", "w-3"),
        TaskStep("s2", "Extract the tables", "in_progress", False, worker="w-3"),
        TaskStep("s3", "Store the rows", "pending", False),
    )
    checks = (
        TaskCheck("schema", "Rows fit the schema", done_at=NOW - 60, done_by="w-3"),
        TaskCheck("dedup", "No duplicate hosts"),
        TaskCheck("notes", "Notes are written", is_required=False),
    )
    execution = Execution(
        steps,
        checks,
        Attempts(2, 3, "host refused the connection"),
        Spent(0.31, 18_000, 2_100, is_estimated=True),
        tier="2",
        group="crawling",
        claimed_at=NOW - 700,
        started_at=NOW - 650,
    )
    failed = Execution(attempts=Attempts(3, 3, "time-out after 120 s"), result="half a page")
    info = TaskListInfo(QUEUE, f"{ROOT}/colonies/crawl/data", capabilities=QUEUE_ALLOWS)
    return task_list(
        QUEUE,
        task(QUEUE, "9f3c", "Crawl the shop sites", ACTIVE, "w-3", minutes=1, priority="10",
             lock=TaskLock("w-3", NOW - 700, "c0ffee", True), execution=execution),
        task(QUEUE, "1b2d", "Crawl the forum", TaskStatus.FAILED, "w-1", minutes=30,
             priority="2", execution=failed, parent="9f3c"),
        task(QUEUE, "77aa", "Crawl the blog", PENDING, None, minutes=12, priority="0",
             parent="9f3c"),
        info=info,
    )  # fmt: skip


def run(*more: ListEvent) -> TaskList:
    """A run with its own events."""
    events = (
        ListEvent(NOW - 300, "spawned", "two workers", actor="planner"),
        ListEvent(NOW - 200, "failed", "no answer in time", task="b2", actor="w-2"),
        *more,
    )
    info = TaskListInfo(RUN, "/work/runs/lead-page", goal="a page that sells")
    return task_list(
        RUN,
        task(RUN, "b1", "Draft the page", ACTIVE, "w-1", minutes=3,
             execution=Execution(group="copy", tier="1", result="first draft")),
        task(RUN, "b2", "Choose pictures", TaskStatus.FAILED, "w-2", minutes=4,
             execution=Execution(group="art", attempts=Attempts(2))),
        info=info,
        events=events,
    )  # fmt: skip


def session(allowed: Capabilities | None = None) -> TaskList:
    """A document that is read-only, unless other capabilities are given."""
    refused = replace(Capabilities.read_only(NO_LOCK), statuses=SESSION_ALLOWS.statuses)
    info = TaskListInfo(
        SESSION, f"{ROOT}/agents/ann", goal="answer the survey", capabilities=allowed or refused
    )
    return task_list(
        SESSION,
        task(SESSION, 1, "Read the answers", DONE, "ann", minutes=30),
        task(SESSION, 2, "Group the answers", ACTIVE, "ann", minutes=4),
        task(SESSION, 3, "Old idea", TaskStatus.ARCHIVED, minutes=90),
        info=info,
    )


def wiped() -> TaskList:
    """A list that its owner has put away as a whole."""
    info = TaskListInfo(WIPED, "/home/op/.claude/tasks/site-redesign", archived_at=NOW - 3600)
    return task_list(
        WIPED,
        task(WIPED, 1, "Sketch the header", DONE, "dee", minutes=70),
        task(WIPED, 2, "Left behind", ACTIVE, "dee", minutes=99),
        info=info,
    )


def several(*lists: TaskList) -> Snapshot:
    """The lists given, else one of each system."""
    found = lists or (demo_list(), team(), queue(), run(), session(), wiped())
    roots = (RootState(ROOT, "default", True, WatchMode.EVENTS),)
    return Snapshot({one.key: one for one in found}, roots, NOW, 1, systems=FACTS)
