"""`a`, `s` and `u` on several marked tasks: one choice for all of them, with the whole effect."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget

from store.model.attention import DisplayState
from store.model.edits import EditBatch, UpdateTask
from store.model.graph import is_met
from store.model.listing import combined_loads, owner_loads
from store.model.task import Task, TaskKey, TaskStatus, Verb
from tui import edit_making
from tui.screens import wording
from tui.screens.bulk import BulkDialog, tasks_text
from tui.screens.dialog import ChoiceList, KeyButton
from tui.screens.force import may_need_force
from tui.screens.owner_choice import Owner, OwnerChoice
from tui.screens.status import LETTERS, StatusPicking
from tui.screens.ticking import Ticking


class BulkAssignScreen(BulkDialog):
    """Typing filters the owners or names a new one; `-` is nobody; Enter applies."""

    VERB = Verb.ASSIGN
    NAME = "Assign"
    STEP = "assign"

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [KeyButton("-", "nobody", "nobody"), *super().edit_keys]

    def compose_choice(self) -> Iterable[Widget]:
        owners = {target.task.owner or None for target in self.targets}
        now = Owner(owners.pop()) if len(owners) == 1 else None
        loads = combined_loads(owner_loads(found) for found in self.lists)
        yield OwnerChoice(self.frame, loads, now)

    def objection(self, task: Task) -> str | None:
        return f"{task.native_status}: its owner stays" if task.is_closed else None

    def edit_of(self, task: Task) -> UpdateTask | None:
        chosen = self.query_one(OwnerChoice).chosen
        return edit_making.assign(task, chosen.name) if chosen else None

    def deed(self) -> str:
        chosen = self.query_one(OwnerChoice).chosen
        return f"to {wording.owner_text(chosen.name)}" if chosen else ""

    def action_nobody(self) -> None:
        """Highlight `nobody`."""
        self.query_one(OwnerChoice).choose_nobody()

    @on(OwnerChoice.Changed)
    def _changed(self) -> None:
        self.show_effect()

    @on(OwnerChoice.Decided)
    def _decided(self) -> None:
        self.action_apply()


class BulkStatusScreen(StatusPicking[EditBatch], BulkDialog):
    """Pick a status by its letter or the arrows; Enter applies."""

    VERB = Verb.STATUS
    NAME = "Status"
    STEP = "set"

    @property
    def offered(self) -> tuple[TaskStatus, ...]:
        """What every list of the targets allows."""
        allowed = [found.info.capabilities.statuses for found in self.lists]
        return tuple(s for s in allowed[0] if all(s in other for other in allowed[1:]))

    def objection(self, task: Task) -> str | None:
        return None

    @property
    def may_need_force(self) -> bool:
        return any(may_need_force(target.task) for target in self.targets)

    def edit_of(self, task: Task) -> UpdateTask | None:
        status = self.chosen_status
        if status is None:
            return None
        is_forced = self.is_forced and may_need_force(task)
        return edit_making.set_status(task, status, is_forced=is_forced)

    def warnings(self) -> list[Content]:
        if not self.is_forced:
            return super().warnings()
        said = "forced: locks of others and open checks do not stop it; F takes that back"
        return [Content.styled(said, "$warning"), *super().warnings()]

    def deed(self) -> str:
        return f"to {self.chosen_status.value}" if self.chosen_status else ""

    def start(self) -> None:
        super().start()
        counts = [sum(t.task.status is s for t in self.targets) for s in self.offered]
        first = next((s for s, n in zip(self.offered, counts, strict=True) if not n), None)
        rows = ((s.value, self._row(s, n)) for s, n in zip(self.offered, counts, strict=True))
        self.query_one(ChoiceList).show(rows, first.value if first else None)
        self.query_one(ChoiceList).focus()
        self.show_effect()

    def _row(self, status: TaskStatus, count: int) -> Content:
        note = f"  {tasks_text(count)} now" if count else ""
        return Content.assemble(
            (f"{LETTERS.get(status, ' ')}  ", "bold $accent"),
            f"{status.value:<12}",
            (note, "$muted"),
        )


class BulkUnblockScreen(Ticking[EditBatch, TaskKey], BulkDialog):
    """What the marked tasks wait on; the edges that never clear by themselves are ticked."""

    VERB = Verb.UNBLOCK
    NAME = "Unblock"
    STEP = "unblock"
    DEED = "cut"

    def objection(self, task: Task) -> str | None:
        return None if task.blocked_by else "no blockers"

    def edit_of(self, task: Task) -> UpdateTask | None:
        cut = [k.id for k in self.ticked if k.list == task.key.list]
        return edit_making.unblock(task, cut)

    def deed(self) -> str:
        return f"from {self.names(sorted(self.ticked))}"

    def start(self) -> None:
        super().start()
        self._waiting = self._count_waiting()
        self._phantoms = self._find_phantoms()
        self.offer(sorted(self._waiting, key=self._place), self._phantoms)

    def effect(self) -> list[Content]:
        if not self.ticked:
            return [Content.styled("nothing ticked: Space ticks a blocker, * all", "$muted")]
        return super().effect()

    def _count_waiting(self) -> dict[TaskKey, int]:
        """How many of the targets wait on each blocker."""
        counts: dict[TaskKey, int] = {}
        for target in self.targets:
            for blocker in dict.fromkeys(target.task.blocked_by):
                key = TaskKey(target.task_list.key, blocker)
                counts[key] = counts.get(key, 0) + 1
        return counts

    def _find_phantoms(self) -> dict[TaskKey, str]:
        """Blockers that will never clear for one of the targets, and why, in words."""
        found: dict[TaskKey, str] = {}
        for target in self.targets:
            for reason in target.task_list.readiness(target.task).reasons:
                if reason.kind.is_phantom:
                    key = TaskKey(target.task_list.key, reason.task)
                    found.setdefault(key, wording.reason_words(reason))
        return found

    def _place(self, key: TaskKey) -> tuple[bool, bool, int]:
        """Phantoms first, then what is unmet, then what the most wait on."""
        return key not in self._phantoms, is_met(self.frame.snapshot.task(key)), -self._waiting[key]

    def row(self, key: TaskKey) -> Content:
        task, why = self.frame.snapshot.task(key), self._phantoms.get(key, "")
        state = DisplayState.PHANTOM
        found = self.frame.snapshot.lists.get(key.list)
        if found is not None and task is not None and not why:
            state = wording.state_of(self.frame, found, task)
        waiting = self._waiting[key]
        count = f"  {waiting:,} of these wait{'s' if waiting == 1 else ''}"
        where = f"{found.info.name} " if found and len(self.lists) > 1 else ""
        subject = f"{where}{task.subject if task else '-'}"
        return Content.assemble(
            self.box(key),
            " ",
            wording.state_glyph(self.frame, state),
            (f" {wording.column(f'#{key.id}', 6)} ", "bold"),
            wording.column(subject, self.columns - 56),
            (count if not why else f"{count}, {why}", "$status-phantom" if why else "$muted"),
        )
