"""Jobs that find something out: done when the answer is drawn on the screen."""

from __future__ import annotations

import json

from tests.jobs.job import Job, Typed
from tests.jobs.stage import Stage, words

_STUCK = "10 of 30"
"""How many tasks are blocked, as the table's border says."""


def _shows_only(stage: Stage, *subjects: str) -> bool:
    """The table's rows begin with these subjects, in this order, and there are no others."""
    rows = stage.rows
    return len(rows) == len(subjects) and all(
        # a row is: change sign, id, state, subject, cut where the column ends
        subject[:12] in row
        for row, subject in zip(rows, subjects, strict=True)
    )


def _all_in(drawn: str, *wanted: str) -> bool:
    """All of it, wherever the lines are broken."""
    said = words(drawn)
    return all(each in said for each in wanted)


async def _bo_writes(stage: Stage) -> None:
    await stage.agent_writes(stage.scene.leads, 13, status="in_progress")


async def _cut_the_phantom(stage: Stage) -> None:
    await stage.prepare("u", "enter", told="#15")
    await stage.until(lambda: stage.session.frame.receipts, "a receipt")


async def _past_of_17(stage: Stage) -> None:
    await stage.prepare("a", "b", "o", "enter", told="#17 owner → bo")
    await stage.agent_writes(stage.scene.leads, 17, status="in_progress")


async def _look_at_roots(stage: Stage) -> None:
    await stage.prepare("4", "V", "r", told="view roots")
    await stage.until(lambda: "7 of 30" in stage.pane("#tasks"), "the roots")


async def _save_view(stage: Stage) -> None:
    await stage.prepare("4", "V", "s", *"stuck", "enter", told="view saved as stuck")
    await stage.session.press("1")
    await stage.until(lambda: _STUCK not in stage.pane("#tasks"), "the whole colony")


def _has_saved_view(stage: Stage) -> bool:
    path = stage.session.app.main.saved_views.path
    if path is None or not path.exists():
        return False
    views = json.loads(path.read_text(encoding="utf-8"))["views"]
    return bool(views["stuck"]["lens"] == "blocked")


def _knows_worst_list(stage: Stage) -> bool:
    """Only the tasks of that list are shown, and its name heads the screen."""
    return "leads hive of 3 lists" in stage.screen and " 18 · waves" in stage.pane("#tasks")


def _is_frozen(stage: Stage) -> bool:
    """The row is as before, the change is counted."""
    frozen = [row for row in stage.rows if "Score companies" in row]
    return "paused" in stage.screen and "+1" in stage.screen and "◦" in frozen[0]


LOOKING = (
    Job(
        "what-needs-me",
        "What needs me, and what does it cost?",
        ("6",),
        1,
        lambda stage: _all_in(
            stage.pane("#needs"), "7 cy silent Dedup", "m R", "15 #4 was deleted", "m u"
        ),
    ),
    Job(
        "why-not-ready",
        "Why can't #16 start?",
        ("w",),
        2,
        lambda stage: _all_in(
            stage.pane("#detail"),
            "Why not ready",
            "#10 Crawl the target sites: in_progress, owned by ann",
            "#12 Build the search index: pending, owned by ann",
        ),
        selected="leads/16",
    ),
    Job(
        "what-changed-lately",
        "What changed in the last five minutes?",
        ("V", "c"),
        2,
        lambda stage: _shows_only(
            stage,
            "Score companies by fit",
            "Crawl shard 7",
            "Extract company tables",
            "Check every figure",
        ),
        before=_bo_writes,
    ),
    Job(
        "what-holds-most",
        "What does everything else wait on, worst first?",
        ("V", "r"),
        2,
        lambda stage: _shows_only(
            stage,
            "Dedup leads against the CRM",
            "Crawl the target sites",
            "Check every figure",
            "Crawl shard 7",
            "unreadable: not JSON",
            "Extract company tables",
            "Reconcile the invoices",
        ),
    ),
    Job(
        "what-becomes-ready",
        "What can start when #7 is done?",
        ("s", "d"),
        2,
        lambda stage: _all_in(
            stage.dialog, "#12 Build the search index becomes ready, ann can start it"
        ),
        selected="leads/7",
    ),
    Job(
        "critical-path",
        "Which chain decides when all is finished?",
        ("V", "t"),
        2,
        lambda stage: (
            _all_in(stage.pane("#tasks"), "Dedup leads", "Build the search", "9 of 30")
            and "Extract company" not in stage.pane("#tasks")
        ),
    ),
    Job(
        "cheapest-way",
        "What is the cheapest way to free #18?",
        ("w", "M"),
        2,
        lambda stage: _all_in(
            stage.pane("#detail"),
            "Cheapest way to free #18",
            "clean #4 from #15: deleted, never clears · free",
            "release #7: cy has it in progress and is silent",
        ),
        selected="leads/18",
    ),
    Job(
        "what-can-start",
        "What can start right now?",
        ("2",),
        1,
        lambda stage: _shows_only(
            stage, "Spell out the acronyms", "Score companies by fit", "Fetch company logos"
        ),
    ),
    Job(
        "by-agent",
        "Who has what?",
        ("o", "O"),
        2,
        lambda stage: _all_in(stage.pane("#tasks"), "ann · ▸1 ⊘2 ✓1", "bo · ▸1 ⌀1 ◦1 ✓1"),
    ),
    Job(
        "tasks-of-the-silent-agent",
        "What is on the silent agent's plate?",
        ("tab", "tab", "enter"),
        3,
        lambda stage: _shows_only(
            stage,
            "Dedup leads against the CRM",
            "Import the supplier feed",
            "Draft the outreach copy",
            "Collect seed domains",
        ),
    ),
    Job(
        "find-by-owner",
        "Which tasks has gus?",
        ("/", Typed("owner:gus")),
        10,
        lambda stage: _shows_only(stage, "Merge the shards"),
    ),
    Job(
        "find-by-age",
        "Which open tasks has nobody touched for half an hour?",
        ("/", Typed("age>30m is:open")),
        16,
        lambda stage: _shows_only(
            stage,
            "Dedup leads against the CRM",
            "Import the supplier feed",
            "Draft the outreach copy",
        ),
    ),
    Job(
        "find-by-metadata",
        "What has cost more than a dollar?",
        ("/", Typed("meta.cost_usd>1")),
        16,
        lambda stage: _shows_only(stage, "Extract company tables"),
    ),
    Job(
        "go-to-a-task",
        "Take me to the task about logos",
        ("'", Typed("logo"), "enter"),
        6,
        lambda stage: "leads #17 Fetch company logos" in stage.status,
    ),
    Job(
        "go-to-a-blocker",
        "Take me to what #16 waits on",
        ("<",),
        1,
        lambda stage: "leads #10 " in stage.status,
        selected="leads/16",
    ),
    Job(
        "worst-list",
        "Which list is in the worst state? Only that one",
        ("L", "j", "enter"),
        3,
        _knows_worst_list,
    ),
    Job(
        "unreadable-file",
        "What is wrong with the file of #8?",
        ("w",),
        1,
        lambda stage: _all_in(
            stage.pane("#detail"), "not JSON: Unterminated string starting at line 3"
        ),
        selected="shards/8",
    ),
    Job(
        "history",
        "Who did what to #17?",
        ("H",),
        1,
        lambda stage: _all_in(
            stage.dialog,
            "2 entries",
            "bo pending → ▸ in_progress agent?",
            "you owner - → bo operator",
        ),
        selected="leads/17",
        before=_past_of_17,
    ),
    Job(
        "unseen-edits",
        "Which of my edits has nobody seen yet?",
        ("U",),
        1,
        lambda stage: _all_in(stage.dialog, "1 not seen", "bo has not seen it"),
        selected="leads/15",
        before=_cut_the_phantom,
    ),
    Job(
        "save-a-view",
        "Keep this view of what is stuck",
        ("4", "V", "s", Typed("stuck"), "enter"),
        9,
        _has_saved_view,
    ),
    Job(
        "saved-view",
        "Back to the view that I saved",
        ("V", "enter"),
        2,
        lambda stage: _STUCK in stage.pane("#tasks"),
        before=_save_view,
    ),
    Job(
        "out-of-a-view",
        "Enough of that view: back to what I saw before",
        ("escape",),
        1,
        lambda stage: _all_in(stage.pane("#tasks"), "10 of 30"),
        before=_look_at_roots,
    ),
    Job(
        "pause",
        "Hold the screen still while they go on",
        ("p",),
        1,
        _is_frozen,
        selected="leads/13",
        after=_bo_writes,
    ),
)
