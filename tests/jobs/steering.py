"""Jobs that change something: done when it is on the disk."""

from __future__ import annotations

from store.model.task import TaskId, TaskStatus
from tests.jobs.job import Job, Meanwhile, Typed
from tests.jobs.stage import Stage

PENDING, ACTIVE, DONE = TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED
_OF_CY = (7, 8, 14)
"""The open tasks of the silent agent."""
DRAFT = "colonytop-draft.json"


def _owners(stage: Stage, *numbers: int) -> list[str | None]:
    return [task.owner for task in stage.tasks("leads", *numbers)]


def _ids(*numbers: int) -> set[TaskId]:
    return {TaskId(str(number)) for number in numbers}


def _is_released(stage: Stage, number: int) -> bool:
    (task,) = stage.tasks("leads", number)
    return task.owner is None and task.status is PENDING


def _is_without(stage: Stage, number: int, neighbours: tuple[int, ...]) -> bool:
    """The task is gone, and no neighbour has an edge to it."""
    gone = TaskId(str(number))
    return stage.stored("leads", number) is None and not any(
        gone in (*task.blocks, *task.blocked_by) for task in stage.tasks("leads", *neighbours)
    )


def _is_back(stage: Stage) -> bool:
    """#16 as it was, with both ends of its edges."""
    task = stage.stored("leads", 16)
    if task is None or (task.subject, task.owner) != ("Write the lead report", "ann"):
        return False
    near = stage.tasks("leads", 10, 12, 18)
    return (
        set(task.blocked_by) == _ids(10, 12)
        and set(task.blocks) == _ids(18)
        and task.id in near[0].blocks
        and task.id in near[1].blocks
        and task.id in near[2].blocked_by
    )


def _has_new_task(stage: Stage) -> bool:
    task = stage.stored("leads", 33)
    return task is not None and task.subject == "Proofread" and set(task.blocked_by) == _ids(16)


def _is_cut(stage: Stage) -> bool:
    one, other = stage.tasks("leads", 31, 32)
    return not one.blocked_by and not other.blocks and set(other.blocked_by) == {one.id}


async def _hand_over(stage: Stage) -> None:
    await stage.prepare("5", "@", "a", "b", "o", "enter", told="assign 3 tasks to bo: done")


async def _delete(stage: Stage) -> None:
    await stage.prepare("D", "y", told="#16 deleted")


async def _assign_and_undo(stage: Stage) -> None:
    await stage.prepare("a", "b", "o", "enter", told="#17 owner → bo")
    await stage.prepare("z", told="undone: #17 owner → bo")


async def _dee_takes_17(stage: Stage) -> None:
    await stage.agent_writes(stage.scene.leads, 17, owner="dee")


async def _save_draft(stage: Stage) -> None:
    await stage.prepare("d", "a", "b", "o", "enter", told="draft 1: #17 owner → bo")
    await stage.session.press("X", "s", "enter")
    await stage.until(lambda: "saved" in stage.dialog, "the draft is saved")
    await stage.session.press("x", "escape", "d")
    await stage.until(lambda: "DRAFT" not in stage.screen, "nothing is collected")


STEERING = (
    Job(
        "free-what-holds-most",
        "Free the task that holds most",
        ("6", "R", "y"),
        3,
        lambda stage: _is_released(stage, 7),
        writes=True,
    ),
    Job(
        "hand-over-of-a-silent-agent",
        "cy is silent: hand all of cy's open tasks to bo",
        ("5", "@", "a", "b", "o", "enter"),
        6,
        lambda stage: _owners(stage, *_OF_CY) == ["bo"] * 3,
        writes=True,
    ),
    Job(
        "undo-of-a-bulk-edit",
        "That was wrong: undo the last bulk edit",
        ("z",),
        1,
        lambda stage: _owners(stage, *_OF_CY) == ["cy"] * 3,
        before=_hand_over,
        writes=True,
    ),
    Job(
        "redo",
        "No, it was right: make it again",
        ("Z",),
        1,
        lambda stage: _owners(stage, 17) == ["bo"],
        selected="leads/17",
        before=_assign_and_undo,
        writes=True,
    ),
    Job(
        "release-all-that-is-silent",
        "Take everything back that is in progress and silent",
        ("5", "*", "R", "y"),
        4,
        lambda stage: _is_released(stage, 7) and _is_released(stage, 8),
        writes=True,
    ),
    Job(
        "cut-a-phantom",
        "#15 waits on a task that is gone: let it start",
        ("u", "enter"),
        2,
        lambda stage: not stage.tasks("leads", 15)[0].blocked_by,
        selected="leads/15",
        writes=True,
    ),
    Job(
        "cut-a-cycle",
        "#31 and #32 wait on each other: cut the cycle",
        ("u", "enter"),
        2,
        _is_cut,
        selected="leads/31",
        writes=True,
    ),
    Job(
        "assign-one",
        "Nobody has #17: give it to bo",
        ("a", "b", "o", "enter"),
        4,
        lambda stage: _owners(stage, 17) == ["bo"],
        selected="leads/17",
        writes=True,
    ),
    Job(
        "release-one",
        "Take #8 back from cy",
        ("R", "y"),
        2,
        lambda stage: _is_released(stage, 8),
        selected="leads/8",
        writes=True,
    ),
    Job(
        "release-neighbours",
        "Take this task and the next one back",
        ("v", "j", "R", "y"),
        4,
        lambda stage: _owners(stage, 31, 32) == [None, None],
        selected="leads/31",
        writes=True,
    ),
    Job(
        "set-a-status",
        "#9 is done, bo forgot to say so",
        ("s", "d", "enter"),
        3,
        lambda stage: stage.tasks("leads", 9)[0].status is DONE,
        selected="leads/9",
        writes=True,
    ),
    Job(
        "set-the-status-of-many",
        "All open tasks of hal here are done",
        ("@", "s", "d", "enter"),
        4,
        lambda stage: {task.status for task in stage.tasks("qa", 1, 2, 3)} == {DONE},
        selected="qa/1",
        writes=True,
    ),
    Job(
        "assign-what-is-found",
        "Give all blocked tasks of ann to dee",
        ("4", "/", Typed("owner:ann"), "enter", "*", "a", Typed("dee"), "enter"),
        18,
        lambda stage: _owners(stage, 10, 12, 16) == ["ann", "dee", "dee"],
        writes=True,
    ),
    Job(
        "delete-with-its-edges",
        "#16 is not wanted any more: delete it and its edges",
        ("D", "y"),
        2,
        lambda stage: _is_without(stage, 16, (10, 12, 18)),
        selected="leads/16",
        writes=True,
    ),
    Job(
        "take-a-deletion-back",
        "It was wanted: bring it back with its edges",
        ("z",),
        1,
        _is_back,
        selected="leads/16",
        before=_delete,
        writes=True,
    ),
    Job(
        "add-a-task",
        "Add a task that waits on #16",
        ("c", Typed("Proofread"), "tab", "tab", "tab", Typed("16"), "enter"),
        16,
        _has_new_task,
        selected="leads/16",
        writes=True,
    ),
    Job(
        "keep-mine-in-a-conflict",
        "dee took #17 while I gave it to bo: bo it is",
        ("a", "b", "o", Meanwhile(_dee_takes_17), "enter", "enter"),
        5,
        lambda stage: _owners(stage, 17) == ["bo"],
        selected="leads/17",
        writes=True,
    ),
    Job(
        "write-a-draft",
        "Collect two edits, read what they do together, write both at once",
        ("d", "a", "b", "o", "enter", "s", "i", "enter", "X", "y"),
        10,
        lambda stage: _owners(stage, 17) == ["bo"] and stage.tasks("leads", 17)[0].status is ACTIVE,
        selected="leads/17",
        writes=True,
    ),
    Job(
        "save-a-draft",
        "Keep an edit in a file for later, write nothing",
        ("d", "a", "b", "o", "enter", "X", "s", "enter"),
        8,
        lambda stage: '"bo"' in _text(stage) and f"saved: {DRAFT}" in stage.dialog,
        selected="leads/17",
    ),
    Job(
        "apply-a-saved-draft",
        "Make the edits of that file",
        ("X", "l", "enter", "y"),
        4,
        lambda stage: _owners(stage, 17) == ["bo"],
        selected="leads/17",
        before=_save_draft,
        writes=True,
    ),
)


def _text(stage: Stage) -> str:
    """The saved draft; empty while there is none."""
    path = stage.place / DRAFT
    return path.read_text(encoding="utf-8") if path.exists() else ""
