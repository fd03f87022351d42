"""Keys one after another: each reaches what the one before it has opened.

A key travels through queues of its own, so without this the keys typed right after `u` would
still go to the table, because the dialog is not there yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.timer import Timer

_ROUNDS = 2
"""A key's own way through the queues, and that of the messages which it gave rise to."""
_LOST_S = 3.0
"""After so long a way that never ends, as through a widget that was removed, is given up. A busy
machine needs longer for a key than one would think, and the next must not overtake it."""


class Typeahead:
    """Gives the app one key or paste at a time; the next when all is done that the last began."""

    def __init__(self, app: App[Any], give: Callable[[events.Event], Awaitable[None]]) -> None:
        """Args:
        give: passes an event on to whatever has the focus now.
        """
        self._app = app
        self._give = give
        self._waiting: deque[events.Event] = deque()
        self._turn = 0
        self._is_busy = False
        self._lost: Timer | None = None

    async def take(self, event: events.Event) -> None:
        """A key or a paste has come from the terminal."""
        self._waiting.append(event)
        if not self._is_busy:
            await self._go_on(self._turn)

    async def _go_on(self, turn: int) -> None:
        if turn != self._turn:
            return  # given up before
        if self._lost is not None:
            self._lost.stop()
        self._turn += 1
        self._is_busy = bool(self._waiting)
        if not self._waiting:
            return
        event = self._waiting.popleft()
        way = list((self._app.focused or self._app.screen).ancestors_with_self)
        self._lost = self._app.set_timer(_LOST_S, self._give_up)
        try:
            await self._give(event)
        finally:
            self._step(self._turn, deque(way * _ROUNDS))

    async def _give_up(self) -> None:
        await self._go_on(self._turn)

    def _step(self, turn: int, way: deque[DOMNode]) -> None:
        """Come back from each queue on the way when it has done what came before."""
        if turn != self._turn:
            return
        while way:
            if way.popleft().call_later(self._step, turn, way):
                return
        # A screen that was opened answers once it is mounted; it sets its focus by way of the app.
        if not self._app.screen.call_later(self._app.call_later, self._go_on, turn):
            self._app.call_later(self._go_on, turn)
