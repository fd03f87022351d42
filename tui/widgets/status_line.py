"""The row above the footer: what the selected task means for others, and what just happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from store.model.attention import need
from store.model.graph import TaskGraph
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, Verb
from tui.edit_text import id_text
from tui.glyphs import signs
from tui.lock_text import lock_words
from tui.safe_text import join, one_line
from tui.view_state import EMPTY_FRAME, Frame
from tui.widgets.drawing import Piece, cells_of, cut, in_ascii, piece, separated, spread

SHOWN_S = {"info": 6.0, "warn": 10.0, "error": 15.0}
"""Seconds that a message stays, by its severity."""

_STYLES = {
    "info": "bold $border",
    "warn": "bold $status-stale",
    "error": "bold $status-unreadable",
}
_MOST_IDS = 8
_LEAST_LEFT = 12
_LIST_CELLS = 24


class StatusLine(Widget):
    """One row: the selected task's consequence on the left, messages and the mode on the right."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        width: 1fr;
        background: $background;
        color: $foreground;
        text-wrap: nowrap;
    }
    """
    ALLOW_SELECT = False

    frame: reactive[Frame] = reactive(EMPTY_FRAME)
    is_muted: reactive[bool] = reactive(False)
    """The operator has silenced the notifications."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._message: Piece | None = None
        self._timer: Timer | None = None
        self._held: list[tuple[object, Piece]] = []
        """What is said until it is taken back, the newest last."""

    def say(self, text: str, severity: str = "info") -> None:
        """Show a message for a while; `severity` is info, warn or error. A new one replaces it."""
        self._message = piece(text, _STYLES[severity])
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_S[severity], self.clear_message)
        self.refresh()

    def hold(self, text: str, about: object) -> None:
        """Say what is under way, until `release` of the same object. Other messages go before it
        for their time."""
        self.clear_message()
        self._held.append((about, piece(text, _STYLES["info"])))
        self.refresh()

    def release(self, about: object) -> None:
        """It is no longer under way."""
        self._held = [pair for pair in self._held if pair[0] is not about]
        self.refresh()

    def clear_message(self) -> None:
        """Take the message away."""
        self._message = None
        self.refresh()

    @property
    def message(self) -> str:
        """What is being said, "" for nothing."""
        said = self._said
        return said[0] if said else ""

    @property
    def _said(self) -> Piece | None:
        return self._message or (self._held[-1][1] if self._held else None)

    def render(self) -> Content:
        cells = self.size.width
        mode = _mode(self.frame)
        right = [piece(" muted", "bold $status-stale"), mode] if self.is_muted else [mode]
        if (said := self._said) is not None:
            room = max(1, cells - _LEAST_LEFT - cells_of(right))
            right = [*cut([said], room), piece(" "), *right]
        whole = needs_of_list(self.frame)
        left = [piece(" "), *_chosen(self.frame), *(whole or _consequence(self.frame))]
        drawn = spread(left, right, cells)
        return in_ascii(drawn, self.frame.ascii)


def _mode(frame: Frame) -> Piece:
    """Whether the list of the selected task can be changed from here."""
    if frame.read_only:
        return piece(" RO ", "bold $status-stale")
    found = frame.snapshot.lists.get(frame.selected.list) if frame.selected else None
    if found is not None and found.info.capabilities.refusal(Verb.EDIT):
        return piece(" ro ", "bold $status-stale")
    return piece(" rw ", "$muted")


def _chosen(frame: Frame) -> list[Piece]:
    """How many tasks the next steering key acts on, where that is not the selected one."""
    if not frame.marked:
        return []
    return [piece(f"{len(frame.marked):,} marked", "bold $accent"), piece("  ")]


def needs_of_list(frame: Frame) -> list[Piece]:
    """What the need under the queue's cursor says, where it is of a whole list; else nothing."""
    found = frame.need
    if found is None or found.task is not None or frame.selected is not None:
        return []
    known = frame.snapshot.lists.get(found.list)
    name = known.info.name if known else found.list.id
    key = frame.key_now(found.key)
    return [
        *cut([piece(name, "$muted")], _LIST_CELLS),
        piece(f" {signs(frame.ascii).needs_you} ", "bold $status-needs"),
        piece(found.text),
        piece(f" ({key})", "$muted"),
    ]


def _consequence(frame: Frame) -> list[Piece]:
    chosen = frame.selected
    task_list = frame.snapshot.lists.get(chosen.list) if chosen else None
    task = task_list.tasks.get(chosen.id) if chosen and task_list else None
    if task is None or task_list is None:
        return [piece("no task selected", "$muted")]
    parts: list[Sequence[Piece]] = []
    found = need(task_list, task, frame.now, frame.stale_after_s)
    if found is not None:
        sign = piece(f"{signs(frame.ascii).needs_you} ", "bold $status-needs")
        key = "" if frame.read_only or found.refusal else f" ({frame.key_now(found.key)})"
        parts.append([sign, piece(found.text), piece(key, "$muted")])
    if task.lock is not None and not task.is_closed:
        sign = piece(f"{signs(frame.ascii).lock} ", "$muted")
        parts.append([sign, piece(lock_words(task.lock, frame.now))])
    parts.extend(_others(task_list, task))
    label = [(join(id_text(task.id), one_line(" ")), "bold")]
    if len(frame.snapshot.lists) > 1 and frame.view.list_key is None:
        # Two lists may have the same id.
        label = [*cut([piece(task_list.info.name, "$muted")], _LIST_CELLS), piece(" "), *label]
    return [*label, *separated(parts)] if parts else [*label, piece(task.subject, "$muted")]


def _others(task_list: TaskList, task: Task) -> list[Sequence[Piece]]:
    """What it waits on, what waits on it, and what its end would free."""
    graph = task_list.graph
    parts: list[Sequence[Piece]] = []
    if waits := graph.unmet.get(task.id):
        parts.append([piece("waits on ", "$muted"), piece(_named(waits, len(waits)))])
    count = graph.holds(task.id)
    if count and not task.is_closed:
        held = list(islice(_held(graph, task.id), _MOST_IDS))
        parts.append([piece("holds ", "$muted"), piece(_named(held, count), "$status-root")])
        if freed := graph.freed_by(task.id):
            ready = "becomes ready" if len(freed) == 1 else "become ready"
            ids = _named(freed, len(freed))
            parts.append([piece("if done: ", "$muted"), piece(f"{ids} {ready}")])
    return parts


def _held(graph: TaskGraph, task_id: TaskId) -> list[TaskId]:
    """The nearest of the open tasks that wait on it."""
    found: list[TaskId] = []
    seen = {task_id}
    queue = [task_id]
    for node in queue:
        for dependent in graph.dependents.get(node, ()):
            if dependent not in seen and node in graph.unmet.get(dependent, ()):
                seen.add(dependent)
                queue.append(dependent)
                found.append(dependent)
                if len(found) == _MOST_IDS:
                    return found
    return found


def _named(ids: Sequence[TaskId], count: int) -> str:
    shown = " ".join(ids[:_MOST_IDS])
    return shown if count <= _MOST_IDS else f"{shown} +{count - _MOST_IDS}"
