"""What a steering key acts on: the frame it is decided on, the task or the list at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from store.model.task import ListKey, Task, TaskKey, Verb
from tui.safe_text import one_line
from tui.tray import Tray
from tui.view_state import Frame

if TYPE_CHECKING:
    from tui.screens.colony import ColonyScreen


class Aim:
    """Finds the target at the moment of the key, and says so where there is none."""

    def __init__(self, screen: ColonyScreen, tray: Tray) -> None:
        self._screen = screen
        self._tray = tray

    def frame(self) -> Frame:
        """What is on the disk now, and what the draft would make of it."""
        return self._tray.seen_through(self._screen.latest_frame())

    def task(self, frame: Frame) -> TaskKey | None:
        """The selected task, if it is still there."""
        key = frame.selected
        if key is None:
            self._screen.say(one_line("no task is selected"), severity="warn")
            return None
        if frame.snapshot.task(key) is None:
            self._screen.say(one_line(f"#{key.id} is no longer there"), severity="warn")
            return None
        return key

    def list(self, frame: Frame) -> ListKey | None:
        """The list chosen, else that of the selected task, else the only one."""
        if frame.view.list_key is not None:
            return frame.view.list_key
        if frame.selected is not None:
            return frame.selected.list
        lists = [key for key in frame.snapshot.lists if key not in frame.put_away]
        return lists[0] if len(lists) == 1 else None

    def refuses(self, frame: Frame, verb: Verb) -> bool:
        """Whether the list at hand does not allow the verb; its sentence is said then."""
        list_key = self.list(frame)
        return list_key is not None and self.list_refuses(frame, list_key, verb)

    def list_refuses(self, frame: Frame, list_key: ListKey, verb: Verb) -> bool:
        """The same of this very list."""
        found = frame.snapshot.lists.get(list_key)
        refusal = found.info.capabilities.refusal(verb) if found else None
        if refusal is not None:
            self._screen.say(one_line(refusal), severity="warn")
        return refusal is not None


class Shifted:
    """Priorities that were asked for and that no snapshot shows yet: the next step counts on."""

    def __init__(self) -> None:
        self._asked: dict[TaskKey, tuple[Task, str]] = {}

    def note(self, seen: Task, priority: str) -> None:
        """So much was asked for, of the task as it was seen."""
        self._asked = {k: v for k, v in self._asked.items() if k.list == seen.key.list}
        self._asked[seen.key] = (seen, priority)

    def as_asked(self, seen: Task) -> Task:
        """The task as it will be, if it is still seen as it was."""
        known = self._asked.get(seen.key)
        return seen if known is None or known[0] is not seen else replace(seen, priority=known[1])
