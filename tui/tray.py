"""The tray: collects edits in a draft while that is asked for, and says what came of a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from store.model.edits import BatchResult, Edit, EditBatch
from tui.drafting import Draft, drafted
from tui.edit_text import sentence
from tui.safe_text import SafeText, one_line
from tui.view_state import Frame

if TYPE_CHECKING:
    from tui.screens.colony import ColonyScreen


class Tray:
    """Edits that are decided on and not written."""

    def __init__(self, screen: ColonyScreen) -> None:
        self._screen = screen
        self.draft = Draft()
        self.is_on = False
        """Edits are collected now."""
        self._tried: list[EditBatch] = []
        """Drafts that are being written."""

    def turn(self, is_on: bool) -> None:
        """From now on collect edits, or write them again; what is collected stays."""
        self.is_on = is_on
        count = len(self.draft.edits)
        kept = f"; {count:,} still in the draft, X opens it" if count else ""
        on = "edits are collected and not written; X opens the draft, d ends this"
        self._screen.say(one_line(on if is_on else f"edits are written at once{kept}"))
        self._screen.show_frame()

    def collect(self, edits: Sequence[Edit], what: SafeText) -> None:
        """Put edits into the draft."""
        self.draft = self.draft.added(edits)
        count = len(self.draft.edits)
        self._screen.say(one_line(f"draft {count:,}: {what}; not written, X opens the draft"))
        self._screen.show_frame()

    def take_back(self) -> None:
        """Take out what was collected last. Nothing is written while edits are collected."""
        if not self.draft.edits:
            self.refuse_steps()
            return
        last = self.draft.edits[-1]
        self.set(self.draft.without(len(self.draft.edits) - 1))
        self._screen.say(one_line(f"out of the draft: {sentence(last)}"))

    def refuse_steps(self) -> None:
        """Say why what was written is not undone or redone now."""
        self._screen.say(one_line("edits are collected, not written; d ends this"))

    def set(self, draft: Draft) -> None:
        """The draft has become another one."""
        self.draft = draft
        self._screen.show_frame()

    def leave(self, opened: Draft, decided: Draft, *, is_to_be_made: bool) -> EditBatch | None:
        """Take what was decided on the draft as it was when it was opened.

        What came back since, from a draft that was being written, was not seen: it stays in front.

        Returns:
            What is to be written, if it is; it is out of the draft until something comes back.
        """
        back = [e for e in self.draft.edits if not any(e is known for known in opened.edits)]
        if not is_to_be_made:
            self.set(replace(decided, edits=(*back, *decided.edits)))
            return None
        batch = decided.batch()
        self._tried.append(batch)
        self.set(Draft(tuple(back)))
        return batch

    def settle(self, batch: EditBatch, result: BatchResult) -> bool:
        """Take back what was not made; False if the batch was no draft."""
        if not any(tried is batch for tried in self._tried):
            return False
        self._tried = [tried for tried in self._tried if tried is not batch]
        unmade = Draft(batch.edits, batch.label).unmade(result)
        if unmade.edits:
            self.set(unmade.added(self.draft.edits))
        return True

    def seen_through(self, frame: Frame) -> Frame:
        """The frame as the draft would leave the lists: what the next edit is decided on."""
        return replace(frame, snapshot=drafted(frame.snapshot, self.draft.edits))
