"""Snapshots for the panes, made of model objects: a realistic colony and a hostile one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from store.model import graph as graphs
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
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
    Verb,
)

NOW = 1_790_000_000.0
ROOT = "/home/op/.hive"
DEMO = ListKey("hive", ROOT, TaskListId("colony:demo-colony"))
CRAWL = ListKey("hive", ROOT, TaskListId("colony:crawl-workers"))
REPORT = ListKey("hive", ROOT, TaskListId("session:ann:report-qa"))

PENDING, ACTIVE, DONE = TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED


def task(
    key: ListKey,
    task_id: int | str,
    subject: str,
    status: TaskStatus = PENDING,
    owner: str | None = None,
    blocked_by: tuple[int | str, ...] = (),
    minutes: float | None = 8,
    **fields: Any,
) -> Task:
    """A task that was last written so many minutes before `NOW`."""
    written = None if minutes is None else NOW - minutes * 60
    given: dict[str, Any] = {
        "native_status": status.value,
        "created_at": None if written is None else written - 900,
        "updated_at": written,
        **fields,
    }
    return Task(
        TaskKey(key, TaskId(str(task_id))),
        subject,
        status,
        owner=owner,
        blocked_by=tuple(TaskId(str(i)) for i in blocked_by),
        **given,
    )


def task_list(key: ListKey, *tasks: Task, **facts: Any) -> TaskList:
    """A list of the tasks, its graph worked out."""
    by_id: Mapping[TaskId, Task] = {one.id: one for one in tasks}
    info = facts.pop("info", TaskListInfo(key, f"{key.root}/task_lists/{key.id}"))
    return TaskList(info, by_id, graphs.build(by_id), **facts)


def demo_list() -> TaskList:
    """The colony that the pictures show: roots, a silent owner, a phantom and a cycle."""
    done = [
        ("Set up storage", "ann", 55),
        ("Write crawl policy", "bo", 50),
        ("Provision the proxy pool", "ann", 44),
        ("Collect seed domains", "cy", 43),
        ("Verify crawl output", "ann", 3),
        ("Normalise addresses", "bo", 31),
        ("Train the ranking model", "dee", 22),
        ("Publish the schema", "bo", 6),
    ]
    finished = [
        task(DEMO, 20 + n, subject, DONE, owner, minutes=minutes)
        for n, (subject, owner, minutes) in enumerate(done)
    ]
    archived = TaskStatus.ARCHIVED
    return task_list(
        DEMO,
        task(DEMO, 4, "Agree on lead fields", archived, "queen", minutes=60),
        task(
            DEMO,
            7,
            "Crawling target URLs",
            ACTIVE,
            "ann",
            minutes=12,
            description="Fetch every seed domain, two pages deep.\n\nKeep below 2 requests a second"
            " per host.",
            metadata={"cost": 0.42, "tokens": 18_000, "tools": ["fetch", "parse"]},
            active_form="Crawling target URLs",
        ),
        task(DEMO, 9, "Extracting tables", ACTIVE, "bo", minutes=2),
        task(DEMO, 10, "Dedup leads in CRM", ACTIVE, "cy", minutes=41),
        task(DEMO, 12, "Build search index", PENDING, "ann", (7, 20)),
        task(DEMO, 13, "Score companies", PENDING, "bo"),
        task(DEMO, 14, "Draft outreach copy", PENDING, "dee", (9,)),
        task(DEMO, 15, "Rank results", PENDING, "bo", (4,)),
        task(DEMO, 16, "Write report", PENDING, "ann", (10, 12)),
        task(DEMO, 17, "Fetch logos", minutes=7),
        task(DEMO, 18, "Publish page", PENDING, None, (15, 16)),
        task(DEMO, 31, "Reconcile invoices", PENDING, "dee", (32,)),
        task(DEMO, 32, "Import invoices", PENDING, "dee", (31,)),
        *finished,
    )


def demo_snapshot() -> Snapshot:
    """Three lists under one root, one of them read-only."""
    crawl = task_list(
        CRAWL,
        *[task(CRAWL, n, f"Crawl shard {n}", DONE, "bo", minutes=5 * n) for n in range(1, 9)],
        task(CRAWL, 9, "Crawl shard 9", ACTIVE, "bo", minutes=1),
        task(CRAWL, 10, "Merge shards", PENDING, None, (9, 99)),
    )
    refused = Capabilities.read_only("The list belongs to a live session.")
    report = task_list(
        REPORT,
        task(REPORT, 1, "Check the figures", PENDING, None),
        task(REPORT, 2, "Proofread the summary", PENDING, "eve", (1,)),
        info=TaskListInfo(REPORT, f"{ROOT}/report", capabilities=refused),
    )
    roots = (RootState(ROOT, "default", True, WatchMode.EVENTS),)
    lists = {one.key: one for one in (crawl, demo_list(), report)}
    return Snapshot(lists, roots, scanned_at=NOW, number=1)


HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x9b2J\x9d0;title\x9c",
    "[/nope]",
    "[@click=app.quit]quit[/]",
    "[link=file:///etc/passwd]x[/link]",
    "$status-active ends in \\",
    "\u202eelif.exe\u2066",
    "漢字かな交じり文" * 9,
    "👩\u200d👩\u200d👧🇩🇪👍🏽",
    "a\u0301" + "\u0301" * 500,
    "one\ntwo\r\nthree\u2028four",
    "\ud800\ue000\ufdd0\U000e0041",
    "",
    " ",
    "x" * 100_000,
)


def _hostile_work(key: ListKey, text: str) -> Task:
    """A task whose lock, steps, checks and the rest say it."""
    execution = Execution(
        (TaskStep(text, text, text, False, text, text, text), TaskStep("b", text, text, True)),
        (TaskCheck(text, text, True, None, None, text), TaskCheck("b", text, False, NOW, text)),
        Attempts(10**20, 3, text),
        Spent(1e300, 10**18, None, True),
        text,
        text,
        text,
        float("inf"),
        -1e30,
        float("nan"),
    )
    lock = TaskLock(text, float("nan"), text, False)
    made = task(key, 7, text, ACTIVE, "other", lock=lock, execution=execution, priority=text)
    return replace(made, parent=TaskId("1"))


def hostile_snapshot() -> Snapshot:
    """Every hostile text in every field that a task or a list has."""
    lists = {}
    for number, text in enumerate(HOSTILE):
        key = ListKey(
            f"system {number % 3}", f"/root/{text[:40]}", TaskListId(f"colony:{text[:200]}{number}")
        )
        problem = Problem(ProblemKind.HALF_EDGE, text, TaskId(text), f"/p/{text}", text)
        broken = Problem(ProblemKind.UNREADABLE, text, TaskId(text), text, text)
        extra = {text: [text, {text: text}], "plain": text}
        tasks = [
            task(key, 1, text, ACTIVE, text, minutes=90, description=text * 3, active_form=text),
            task(key, f"2{text[:300]}", text, TaskStatus.UNKNOWN, text, native_status=text),
            task(key, 3, text, PENDING, text, (1, f"missing {text}"), metadata=extra, extra=extra),
            task(key, 4, text, PENDING, None, (3,), problems=(problem,), priority=text),
            task(key, 5, text, PENDING, text, (6, 1), blocks=(TaskId(text),), problems=(broken,)),
            task(key, 6, text, PENDING, text, (f"2{text[:300]}", 5)),
            _hostile_work(key, text),
        ]
        info = TaskListInfo(
            key,
            text,
            role=text,
            goal=text,
            capabilities=Capabilities(
                dict.fromkeys(Verb, text) if number % 2 else {},
                priorities=(text, "a"),
                rules=ListRules(has_edges=False),
            ),
            members=(
                Member(text, text, text, False, Spent(float("nan"))),
                Member(f"{text}!", text),
            ),
            spent=Spent(float("inf"), -1, 10**30, True),
            archived_at=NOW if number % 5 == 4 else None,
            notes=(text, f"#7 {text}"),
        )
        events = (ListEvent(NOW - number, text, text, text, text), ListEvent(float("nan"), text))
        lists[key] = task_list(key, *tasks, info=info, problems=(problem,), events=events)
    facts = {f"system {n}": SystemFacts(*[HOSTILE[n]] * 8) for n in range(3)}
    roots = (RootState(HOSTILE[0], HOSTILE[1], True, WatchMode.POLLING, HOSTILE[3]),)
    return Snapshot(lists, roots, scanned_at=NOW, number=1, systems=facts)
