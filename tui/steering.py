"""From a steering key to an edit on the disk, and what to ask when it does not get there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from textual.screen import ModalScreen

from store.model.edits import (
    BatchResult,
    ClaimTask,
    CreateTask,
    Edit,
    EditBatch,
    EditResult,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import ColonytopError, CommittedPending, LockTimeout, StaleEdit
from store.model.task import TaskKey, TaskStatus, Verb
from tui import edit_making
from tui.aim import Aim, Shifted
from tui.edit_text import START_LIST, batch_sentence, refusal_text, sentence, target_name
from tui.messages import BatchRequested, EditRequested
from tui.safe_text import one_line
from tui.steer_dialogs import BULK_VERBS, dialog_on_task, dialog_on_tasks
from tui.tray import Tray
from tui.view_state import Frame

if TYPE_CHECKING:
    from tui.screens.colony import ColonyScreen
    from tui.screens.draft import TrayDecision
    from tui.screens.pane_screen import Severity


T = TypeVar("T")

NATIVE = "hive"
"""The system in which lists are started."""


class Steering:
    """Opens dialogs on a named target, sends edits off, and keeps those that a lock kept out."""

    def __init__(self, screen: ColonyScreen) -> None:
        self._screen = screen
        self._questions: deque[Callable[[], None]] = deque()
        self.waiting: list[tuple[Edit, LockTimeout]] = []
        """Edits kept for a retry, with what kept them out."""
        self.tray = Tray(screen)
        self.aim = Aim(screen, self.tray)
        self._shifted = Shifted()

    @property
    def open_count(self) -> int:
        """Edits that are kept or collected, or that wait for an answer."""
        return len(self.waiting) + len(self._questions) + len(self.tray.draft.edits)

    def begin(self, verb: Verb) -> None:
        """Open the dialog of a verb on the marked tasks, else the selected one, as they are now."""
        frame = self.aim.frame()
        if verb in BULK_VERBS and (marked := self._screen.marks.keys):
            self.open(dialog_on_tasks(verb, frame, marked), self._decide_all)
        elif self.aim.refuses(frame, verb):
            return
        elif verb is Verb.CREATE:
            self._begin_create(frame)
        elif (key := self.aim.task(frame)) is not None:
            self._open_on(verb, frame, key)

    def _open_on(self, verb: Verb, frame: Frame, key: TaskKey) -> None:
        operator = self._screen.settings.operator
        self.open(dialog_on_task(verb, frame, key, operator), self._decide)

    def _begin_create(self, frame: Frame) -> None:
        root = frame.snapshot.root_for_new
        if list_key := self.aim.list(frame):
            from tui.screens.create_task import CreateScreen

            self.open(CreateScreen(frame, list_key), self._decide)
        elif frame.snapshot.lists or not frame.snapshot.is_complete:
            self._screen.say(one_line("choose a list first (L), then c"), severity="warn")
        elif root is not None:
            from tui.screens.start_list import StartListScreen

            self.open(StartListScreen(frame, NATIVE, root.path), self._decide)
        else:
            self._screen.say(one_line(f"no list yet: {START_LIST}"), severity="warn")

    def begin_on(self, key: TaskKey, verb: Verb) -> None:
        """Open the dialog of a verb on this very task, whatever else is marked."""
        frame = self.aim.frame()
        found = frame.snapshot.lists.get(key.list)
        if self.aim.list_refuses(frame, key.list, verb):
            return
        if found is None or key.id not in found.tasks:
            self._screen.say(one_line(f"#{key.id} is no longer there"), severity="warn")
        else:
            self._open_on(verb, frame, key)

    def shift_priority(self, steps: int) -> None:
        """Make the selected task so many steps more urgent; ask first for all marked ones."""
        frame = self.aim.frame()
        if marked := self._screen.marks.keys:
            from tui.screens.bulk_priority import BulkPriorityScreen

            self.open(BulkPriorityScreen(frame, marked, steps), self._decide_all)
            return
        if self.aim.refuses(frame, Verb.PRIORITY) or (key := self.aim.task(frame)) is None:
            return
        found = frame.snapshot.lists[key.list]
        seen = found.tasks[key.id]
        task = self._shifted.as_asked(seen)
        allowed = found.info.capabilities
        edit = edit_making.shift_priority(allowed, task, steps)
        if edit is None or edit.priority is None:
            why = edit_making.priority_objection(allowed, task, steps)
            self._screen.say(one_line(f"#{key.id}: {why}"), severity="warn")
            return
        self._shifted.note(seen, edit.priority)
        self.request(edit)

    def clear_completed(self) -> None:
        """Ask whether all completed tasks of the list at hand are to be archived."""
        frame = self.aim.frame()
        list_key = self.aim.list(frame)
        found = frame.snapshot.lists.get(list_key) if list_key else None
        if found is None:
            self._screen.say(one_line("choose a list first (L)"), severity="warn")
        elif not self.aim.list_refuses(frame, found.key, Verb.STATUS):
            from tui.screens.bulk_confirm import BulkArchiveScreen

            done = [task.key for task in found.tasks.values() if task.status.frees_dependents]
            if TaskStatus.ARCHIVED not in found.info.capabilities.statuses:
                text = f"tasks of {found.info.name} cannot be archived: there is no such status"
                self._screen.say(one_line(text), severity="warn")
            elif not done:
                text = f"nothing in {found.info.name} is completed"
                self._screen.say(one_line(text), severity="warn")
            else:
                self.open(BulkArchiveScreen(frame, done), self._decide_all)

    def request(self, edit: Edit) -> None:
        """Send an edit off, or put it into the draft."""
        if self.tray.is_on:
            self.tray.collect((edit,), sentence(edit))
            return
        text = one_line(f"{target_name(edit)}: writing …")
        self._screen.say_until_settled(text, edit)
        self._screen.post_message(EditRequested(edit))

    def request_all(self, batch: EditBatch) -> None:
        """Send a batch off, or put it into the draft."""
        if self.tray.is_on:
            self.tray.collect(batch.edits, one_line(batch.label))
            self._unmark(batch.edits)
        else:
            self._send_all(batch)

    def open_draft(self) -> None:
        """Open the tray of what is collected."""
        from tui.screens.draft import DraftScreen

        opened = self.tray.draft

        def leave(decision: TrayDecision | None) -> None:
            if decision is not None:
                is_to_be_made = decision.is_to_be_made
                batch = self.tray.leave(opened, decision.draft, is_to_be_made=is_to_be_made)
                if batch is not None:
                    self._send_all(batch)

        self.open(DraftScreen(self._screen.latest_frame(), opened), leave)

    def _send_all(self, batch: EditBatch) -> None:
        self._screen.say_until_settled(one_line(f"{batch.label}: writing …"), batch)
        self._screen.post_message(BatchRequested(batch))

    def settled(self, edit: Edit, result: EditResult) -> None:
        """Say what is on the disk now."""
        self._screen.take_back(edit)
        self._screen.say(sentence(edit, result))
        if isinstance(edit, CreateTask) and result.task is not None:
            self._screen.go_when_seen(result.task.key)

    def settled_all(self, batch: EditBatch, result: BatchResult) -> None:
        """Say what came of a batch; what was not made stays marked and is told one by one."""
        self._screen.take_back(batch)
        self._unmark(done.edit for done in result.results)
        severity: Severity = "warn" if result.failures else "info"
        self._screen.say(batch_sentence(batch, result), severity=severity)
        was_draft = self.tray.settle(batch, result)
        if result.failures:
            self.ask(lambda: self._tell_failures(batch, result, in_draft=was_draft))

    def failed(self, edit: Edit, error: Exception) -> None:
        """Ask yours or theirs, keep it for a retry, or say why it was refused."""
        self._screen.take_back(edit)
        if isinstance(error, ColonytopError) and _can_be_answered(edit, error):
            self.ask(lambda: self._ask(edit, error))
            return
        if isinstance(error, CommittedPending):
            self._screen.say(
                one_line(f"{target_name(edit)} saved, finishing: {error}"), severity="warn"
            )
            return
        text = one_line(f"{target_name(edit)} not changed: {refusal_text(error)}")
        self._screen.say(text, severity="error")

    def ask(self, question: Callable[[], None]) -> None:
        """Put a question as soon as no dialog is open."""
        self._questions.append(question)
        self.ask_next()

    def ask_next(self) -> None:
        """Put the next question, unless a dialog is open: nothing may pop up under the fingers."""
        if not self._questions or self._screen.has_dialog:
            return
        self._questions.popleft()()

    def _ask(self, edit: Edit, error: ColonytopError) -> None:
        frame = self._screen.latest_frame()
        if isinstance(error, StaleEdit):
            from tui.screens.conflict import ConflictScreen

            if not isinstance(edit, (CreateTask, ClaimTask, RestoreTask)):
                self.open(ConflictScreen(frame, edit, error), self._decide)
        elif isinstance(error, LockTimeout):
            from tui.screens.busy import BusyScreen

            busy = BusyScreen(edit, error, frame)
            self.open(busy, lambda again: self._after_busy(edit, error, again=bool(again)))
        elif isinstance(edit, (ClaimTask, UpdateTask)):
            from tui.screens.force import ForceScreen

            self.open(ForceScreen(frame, edit, error), self._decide)

    def retry_waiting(self) -> None:
        """Try all that were kept again."""
        kept, self.waiting = self.waiting, []
        self._screen.note_waiting(0)
        for edit, _ in kept:
            self.request(edit)

    def open(self, dialog: ModalScreen[T], decided: Callable[[T | None], None]) -> None:
        """Open a dialog; no row moves under it, and what waits to be asked comes after it."""
        self._screen.freeze_order(True)

        def closed(result: T | None) -> None:
            self._screen.freeze_order(False)
            decided(result)
            self._screen.call_later(self.ask_next)

        self._screen.app.push_screen(dialog, closed)

    def _decide(self, edit: Edit | None) -> None:
        if edit is not None:
            self.request(edit)

    def _decide_all(self, batch: EditBatch | None) -> None:
        if batch is not None:
            self.request_all(batch)

    def _unmark(self, edits: Iterable[Edit]) -> None:
        keys = [edit.key for edit in edits if not isinstance(edit, CreateTask)]
        self._screen.set_marks(self._screen.marks.without(keys))

    def _tell_failures(self, batch: EditBatch, result: BatchResult, *, in_draft: bool) -> None:
        from tui.screens.bulk_failures import FailuresScreen

        screen = FailuresScreen(self._screen.latest_frame(), batch, result, in_draft=in_draft)
        self.open(screen, self._decide_all)

    def _after_busy(self, edit: Edit, error: LockTimeout, *, again: bool) -> None:
        if again:
            self.request(edit)
            return
        self.waiting.append((edit, error))
        self._screen.note_waiting(len(self.waiting))
        self._screen.say(one_line(f"{target_name(edit)}: kept for later; W tries again"))


def _can_be_answered(edit: Edit, error: ColonytopError) -> bool:
    """The operator may decide what becomes of the edit."""
    if isinstance(error, (StaleEdit, LockTimeout)):
        return True
    return error.can_be_forced and edit_making.forced(edit) is not None
