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
from store.model.errors import CommittedPending, LockTimeout, StaleEdit
from store.model.task import ListKey, TaskKey, Verb
from tui.edit_text import START_LIST, batch_sentence, refusal_text, sentence, target_name
from tui.messages import BatchRequested, EditRequested
from tui.priority import shifted_priority
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

    @property
    def open_count(self) -> int:
        """Edits that are kept or collected, or that wait for an answer."""
        return len(self.waiting) + len(self._questions) + len(self.tray.draft.edits)

    def refusal(self, verb: Verb) -> str | None:
        """The sentence that says why the list at hand does not allow the verb."""
        list_key = self._list_at_hand()
        found = self._frame().snapshot.lists.get(list_key) if list_key else None
        return found.info.capabilities.refusal(verb) if found else None

    def offers(self, verb: Verb) -> bool:
        """The list at hand is known and allows the verb."""
        return self._list_at_hand() is not None and self.refusal(verb) is None

    def begin(self, verb: Verb) -> None:
        """Open the dialog of a verb on the marked tasks, else the selected one, as they are now."""
        if verb in BULK_VERBS and (marked := self._screen.marks.keys):
            self.open(dialog_on_tasks(verb, self._frame(), marked), self._decide_all)
            return
        if refusal := self.refusal(verb):
            self._screen.say(one_line(refusal), severity="warn")
            return
        frame = self._frame()
        if verb is Verb.CREATE:
            self._begin_create(frame)
            return
        if (key := self._target(frame)) is not None:
            self.open(dialog_on_task(verb, frame, key), self._decide)

    def _begin_create(self, frame: Frame) -> None:
        roots = frame.snapshot.roots
        if list_key := self._list_at_hand():
            from tui.screens.create_task import CreateScreen

            self.open(CreateScreen(frame, list_key), self._decide)
        elif frame.snapshot.lists or not frame.snapshot.is_complete:
            self._screen.say(one_line("choose a list first (L), then c"), severity="warn")
        elif len(roots) == 1:
            from tui.screens.start_list import StartListScreen

            self.open(StartListScreen(frame, NATIVE, roots[0].path), self._decide)
        else:
            self._screen.say(one_line(f"no list yet: {START_LIST}"), severity="warn")

    def begin_on(self, key: TaskKey, verb: Verb) -> None:
        """Open the dialog of a verb on this very task, whatever else is marked."""
        frame = self._frame()
        found = frame.snapshot.lists.get(key.list)
        refusal = found.info.capabilities.refusal(verb) if found else None
        if refusal is not None:
            self._screen.say(one_line(refusal), severity="warn")
        elif found is None or key.id not in found.tasks:
            self._screen.say(one_line(f"#{key.id} is no longer there"), severity="warn")
        else:
            self.open(dialog_on_task(verb, frame, key), self._decide)

    def shift_priority(self, steps: int) -> None:
        """Ask for a neighbouring priority of the selected task."""
        frame = self._frame()
        if self.refusal(Verb.PRIORITY) or (key := self._target(frame)) is None:
            return
        task = frame.snapshot.task(key)
        wanted = shifted_priority(task.priority, steps) if task else None
        if task is None or wanted is None:
            self._screen.say(one_line(f"#{key.id} has no step further"))
            return
        self.request(UpdateTask(key, priority=wanted, expected={"priority": task.priority}))

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
        if isinstance(error, (StaleEdit, LockTimeout)):
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

    def _ask(self, edit: Edit, error: StaleEdit | LockTimeout) -> None:
        frame = self._screen.latest_frame()
        if isinstance(error, StaleEdit):
            from tui.screens.conflict import ConflictScreen

            if not isinstance(edit, (CreateTask, ClaimTask, RestoreTask)):
                self.open(ConflictScreen(frame, edit, error), self._decide)
        else:
            from tui.screens.busy import BusyScreen

            busy = BusyScreen(edit, error, frame)
            self.open(busy, lambda again: self._after_busy(edit, error, again=bool(again)))

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

    def _frame(self) -> Frame:
        """What is on the disk now, and what the draft would make of it."""
        return self.tray.seen_through(self._screen.latest_frame())

    def _target(self, frame: Frame) -> TaskKey | None:
        """The selected task, if it is still there."""
        key = frame.selected
        if key is None:
            self._screen.say(one_line("no task is selected"), severity="warn")
            return None
        if frame.snapshot.task(key) is None:
            self._screen.say(one_line(f"#{key.id} is no longer there"), severity="warn")
            return None
        return key

    def _list_at_hand(self) -> ListKey | None:
        """The list chosen, else that of the selected task, else the only one."""
        frame = self._frame()
        if frame.view.list_key is not None:
            return frame.view.list_key
        if frame.selected is not None:
            return frame.selected.list
        lists = list(frame.snapshot.lists)
        return lists[0] if len(lists) == 1 else None
