"""The least that Textual can start: what the app's start is measured against.

`python -m tests.benchmarks.empty_app` paints one line and waits.
"""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

PAINTED = b"EMPTY-APP"


class EmptyApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static(PAINTED.decode(), markup=False)


if __name__ == "__main__":
    EmptyApp().run()
