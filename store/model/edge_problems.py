"""What is wrong with a list's edges, each with the sentence that says how to mend it.

Kept per task and worked out again only around the tasks that changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from store.model.graph import TaskGraph, id_order
from store.model.task import Problem, ProblemKind, Task, TaskId

Tasks = Mapping[TaskId, Task]

SHOWN = 200
"""Problems of one kind that are listed one by one; the rest are counted."""


class EdgeProblems:
    """Half, dangling and self edges of one list, kept up to date. Not thread-safe.

    A problem belongs to the task that lists the edge. Which tasks list an edge to a given one
    follows from the graph, from that task's own other side, and from the problems known so far.
    """

    def __init__(self, *, mirrors: bool = True) -> None:
        """`mirrors`: the list's tool writes every edge on both sides."""
        self._mirrors = mirrors
        self._of: dict[TaskId, tuple[Problem, ...]] = {}
        self._accused: dict[TaskId, set[TaskId]] = {}
        """Id → the tasks with a problem that names it."""
        self._cycles: tuple[tuple[TaskId, ...], ...] = ()
        self._graph: TaskGraph | None = None
        self.all: tuple[Problem, ...] = ()

    def update(
        self, old: Tasks, tasks: Tasks, graph: TaskGraph, touched: Collection[TaskId]
    ) -> None:
        """Work out again what the touched tasks may have changed."""
        affected: Iterable[TaskId] = self._affected(old, tasks, graph, touched)
        moved = False
        for task_id in affected:
            task = tasks.get(task_id)
            is_sound = task is None or _is_sound(task_id, task, tasks, mirrors=self._mirrors)
            now = () if task is None or is_sound else tuple(self._found(task, tasks))
            if now or task_id in self._of:
                moved = self._set(task_id, now, old, tasks) or moved
        if graph is not self._graph:
            self._graph = graph
            cycles = tuple(c for c in graph.cycles() if len(c) > 1)
            moved = moved or cycles != self._cycles
            self._cycles = cycles
        if moved:
            self.all = (*map(_cycle, self._cycles), *self._listed())

    def _affected(
        self, old: Tasks, tasks: Tasks, graph: TaskGraph, touched: Collection[TaskId]
    ) -> Iterable[TaskId]:
        """The touched tasks and all that list an edge to one of them."""
        if len(touched) >= len(tasks) or any(
            _reads_anew(old.get(i), tasks.get(i)) for i in touched
        ):
            return tasks.keys() | self._of.keys()
        affected = set(touched)
        for task_id in touched:
            affected |= self._accused.get(task_id, set())
            affected.update(graph.dependents.get(task_id, ()))
            for side in (old.get(task_id), tasks.get(task_id)):
                if side is not None:
                    affected.update(side.blocked_by)
        return affected

    def _set(self, task_id: TaskId, now: tuple[Problem, ...], old: Tasks, tasks: Tasks) -> bool:
        """Keep the problems of one task; True if they differ from before."""
        for others, keeps in ((old.get(task_id), False), (tasks.get(task_id), bool(now))):
            for other in (*others.blocked_by, *others.blocks) if others else ():
                accusers = self._accused.setdefault(other, set())
                if keeps:
                    accusers.add(task_id)
                else:
                    accusers.discard(task_id)
                if not accusers:
                    del self._accused[other]
        was = self._of.pop(task_id, ())
        if now:
            self._of[task_id] = now
        return now != was

    def _found(self, task: Task, tasks: Tasks) -> Iterator[Problem]:
        yield from _of_blockers(task, tasks, mirrors=self._mirrors)
        yield from _of_blocked(task, tasks, mirrors=self._mirrors)

    def _listed(self) -> Iterator[Problem]:
        for task_id in sorted(self._of, key=id_order)[:SHOWN]:
            yield from self._of[task_id]
        if len(self._of) > SHOWN:
            text = f"{len(self._of) - SHOWN} more tasks have edges that do not agree"
            yield Problem(ProblemKind.HALF_EDGE, text)


def _reads_anew(was: Task | None, now: Task | None) -> bool:
    """It can be judged for the first time; until then nothing was known of its edges."""
    return was is not None and not was.is_readable and (now is None or now.is_readable)


def _is_sound(task_id: TaskId, task: Task, tasks: Tasks, *, mirrors: bool) -> bool:
    """Every edge of the task is listed at its other end too. This is so for nearly all tasks."""
    for other_id in task.blocked_by:
        other = tasks.get(other_id)
        if other is None or other_id == task_id or (mirrors and task_id not in other.blocks):
            return False
    for other_id in task.blocks:
        other = tasks.get(other_id)
        if other is None or other_id == task_id or (mirrors and task_id not in other.blocked_by):
            return False
    return True


def _of_blockers(task: Task, tasks: Tasks, *, mirrors: bool) -> Iterator[Problem]:
    """What is wrong with the blockers that a task lists. Judged only against readable tasks."""
    for blocker_id in dict.fromkeys(task.blocked_by):
        blocker = tasks.get(blocker_id)
        if blocker_id == task.id:
            text = f"#{task.id} lists itself as its blocker, so it can never start"
            repair = f"unblock #{task.id} from #{task.id}"
            yield Problem(ProblemKind.SELF_EDGE, text, task.id, None, repair)
        elif blocker is None:
            text = f"#{task.id} is blocked by #{blocker_id}, which is not in the list"
            repair = f"unblock #{task.id} from #{blocker_id}"
            yield Problem(ProblemKind.DANGLING_EDGE, text, task.id, None, repair)
        elif mirrors and blocker.is_readable and task.id not in blocker.blocks:
            text = f"#{task.id} is blocked by #{blocker_id}, which does not list it in blocks"
            repair = f"block #{task.id} by #{blocker_id} again, or unblock it"
            yield Problem(ProblemKind.HALF_EDGE, text, task.id, None, repair)


def _of_blocked(task: Task, tasks: Tasks, *, mirrors: bool) -> Iterator[Problem]:
    """The same of the tasks that it lists as blocked."""
    for waiting_id in dict.fromkeys(task.blocks):
        waiting = tasks.get(waiting_id)
        if waiting_id == task.id:
            if task.id not in task.blocked_by:
                text = f"#{task.id} lists itself among the tasks that it blocks"
                repair = f"remove #{task.id} from its own blocks"
                yield Problem(ProblemKind.SELF_EDGE, text, task.id, None, repair)
        elif waiting is None:
            text = f"#{task.id} blocks #{waiting_id}, which is not in the list"
            repair = f"remove #{waiting_id} from the blocks of #{task.id}"
            yield Problem(ProblemKind.DANGLING_EDGE, text, task.id, None, repair)
        elif mirrors and waiting.is_readable and task.id not in waiting.blocked_by:
            text = f"#{task.id} says that it blocks #{waiting_id}, which does not wait on it"
            repair = f"block #{waiting_id} by #{task.id}, or remove it from the blocks"
            yield Problem(ProblemKind.HALF_EDGE, text, task.id, None, repair)


def _cycle(members: tuple[TaskId, ...]) -> Problem:
    ring = " → ".join(f"#{i}" for i in members[:10])
    ring += f" … {len(members) - 10} more" if len(members) > 10 else f" → #{members[0]}"
    text = f"none of these can ever start: {ring}"
    return Problem(ProblemKind.CYCLE, text, members[0], None, "unblock one of them")
