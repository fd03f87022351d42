"""`u`: pick the edges of a task to remove, both sides of each in one edit."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from store.model.attention import DisplayState
from store.model.edits import Edit, UpdateTask
from store.model.graph import is_met
from store.model.readiness import Reason, readiness
from store.model.task import Task, TaskId, Verb
from tui import glyphs
from tui.screens import wording
from tui.screens.steering_dialog import TaskDialog
from tui.screens.ticking import Ticking


class UnblockScreen(Ticking[Edit, TaskId], TaskDialog):
    """The blockers of a task, those that can never clear ticked; without any, what it blocks."""

    VERB = Verb.UNBLOCK
    NAME = "Unblock"
    DEED = "remove"

    def compose_choice(self) -> Iterable[Widget]:
        yield Static(id="note")
        yield from super().compose_choice()

    def start(self) -> None:
        self._reasons = self._find_reasons()
        self._outward = not self.target.blocked_by
        self._edges = self._find_edges()
        self.query_one("#note", Static).update(Content.styled(self._intro(), "$muted"))
        self.offer(self._edges, self._preselected())

    def edit(self) -> UpdateTask | None:
        chosen = tuple(i for i in self._edges if i in self.ticked)
        if not chosen:
            return None
        if self._outward:
            return UpdateTask(self.key, remove_blocks=chosen)
        return UpdateTask(self.key, remove_blocked_by=chosen)

    def effect(self) -> list[Content]:
        if self._edges and not self.ticked:
            return [Content.styled("nothing ticked: Space ticks an edge, * all of them", "$muted")]
        return super().effect()

    def _find_reasons(self) -> dict[TaskId, Reason]:
        ring = self.task_list.graph.cycle_of.get(self.key.id, ())
        return {r.task: r for r in readiness(self.target, self.task_list.tasks, ring).reasons}

    def _find_edges(self) -> list[TaskId]:
        """Blockers, unmet ones first; or, where there are none, the tasks that it blocks."""
        if not self._outward:
            listed = dict.fromkeys(self.target.blocked_by)
            return sorted(listed, key=lambda i: is_met(self.task_list.tasks.get(i)))
        listing = self.task_list.graph.dependents.get(self.key.id, ())
        return list(dict.fromkeys((*listing, *self.target.blocks)))

    def _preselected(self) -> set[TaskId]:
        """Edges that never clear by themselves; a single real blocker where there are none."""
        if self._outward:
            return set()
        phantoms = {i for i in self._edges if self._is_phantom(i)}
        unmet = {i for i in self._edges if not is_met(self.task_list.tasks.get(i))}
        return phantoms or (unmet if len(unmet) == 1 else set())

    def _is_phantom(self, blocker: TaskId) -> bool:
        reason = self._reasons.get(blocker)
        return reason is not None and reason.kind.is_phantom

    def _intro(self) -> str:
        name = wording.id_text(self.key.id)
        if not self._outward:
            return f"{name} waits on these. Tick the edges to remove."
        if self._edges:
            return f"{name} has no blockers. These wait on it; tick the edges to remove."
        return f"{name} has no blockers and blocks nothing. There is no edge to remove."

    def row(self, edge: TaskId) -> Content:
        other = self.task_list.tasks.get(edge)
        phantom = not self._outward and self._is_phantom(edge)
        state = DisplayState.PHANTOM
        if other is not None and not phantom:
            state = wording.state_of(self.frame, self.task_list, other)
        words = wording.reason_words(self._reasons[edge]) if phantom else ""
        return Content.assemble(
            self.box(edge),
            " ",
            wording.state_glyph(self.frame, state),
            (f" {wording.column(f'#{edge}', 6)} ", "bold"),
            wording.column(other.subject if other else "-", self.columns - 44),
            ("  " + (words or self._who(other)), "$status-phantom" if phantom else "$muted"),
        )

    def _who(self, task: Task | None) -> str:
        if task is None:
            return "is not in the list"
        age = None if task.updated_at is None else self.frame.now - task.updated_at
        status = wording.column(task.native_status, 11)
        return f"{status} {wording.column(task.owner or '-', 10)} {glyphs.age(age)}"
