"""The app: theme, keys, threads, and the way in and out. It draws nothing itself."""

from __future__ import annotations

import gc
import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from tui.messages import (
    BatchRequested,
    BatchSettled,
    EditFailed,
    EditRequested,
    EditSettled,
    HistoryRequested,
    StepRequested,
    UndoSettled,
)
from tui.safe_text import one_line
from tui.saved_views import SavedViews
from tui.screens.main import MainScreen
from tui.settings import Settings
from tui.themes import THEMES, theme_for, variable_defaults
from tui.typeahead import Typeahead
from tui.view_state import ViewState
from tui.widgets.scroll_bar import choose_scroll_bars
from tui.workers import ColonyWorkers, OpenWorkspace

if TYPE_CHECKING:
    from textual.command import Provider


def _command_provider() -> type[Provider]:
    from tui.palette import CommandProvider

    return CommandProvider


def _view_provider() -> type[Provider]:
    from tui.palette import ViewProvider

    return ViewProvider


def _task_provider() -> type[Provider]:
    from tui.palette import TaskProvider

    return TaskProvider


class ColonytopApp(App[int]):
    """Watch and steer the lists of one workspace."""

    TITLE = "colonytop"
    CSS_PATH = "screens/main.tcss"  # a default screen's own path is never read
    COMMANDS = {_command_provider, _view_provider, _task_provider}  # noqa: RUF012  Textual's own form
    BINDINGS: ClassVar = [Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True)]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        open_workspace: OpenWorkspace,
        settings: Settings,
        *,
        read_only: bool = False,
        goto: str | None = None,
        view: ViewState | None = None,
        saved_views: SavedViews | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises:
        ValueError: the settings name a theme that is not there.
        """
        theme, ansi_color = theme_for(os.environ, settings.theme)
        super().__init__(ansi_color=True if ansi_color else None)
        for own in THEMES:
            self.register_theme(own)
        self._begin_with(theme, ansi=ansi_color)
        self.settings = settings
        choose_scroll_bars(ascii_only=settings.ascii)
        self.set_class(settings.ascii, "-ascii", update=False)
        self.main = MainScreen(
            settings,
            read_only=read_only,
            goto=goto,
            view=view,
            saved_views=saved_views,
            clock=clock,
        )
        post, every_s = self.main.post_message, settings.refresh
        self.threads = ColonyWorkers(
            open_workspace, post, reconcile_s=every_s, operator=settings.operator
        )
        self.set_keymap(settings.keymap)
        self._typeahead = Typeahead(self, super().on_event)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            await self._typeahead.take(event)
        else:
            await super().on_event(event)

    def _begin_with(self, theme: str, *, ansi: bool) -> None:
        """Set the theme as it is set later, but without parsing every stylesheet once more."""
        if ansi:
            self.theme = theme
            return
        self.set_reactive(App.theme, theme)
        dark = self.current_theme.dark
        self.set_class(True, f"-theme-{theme}", update=False)
        self.set_class(dark, "-dark-mode", update=False)
        self.set_class(not dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[Any]:
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    @on(MainScreen.Complete)
    def begin_to_watch(self) -> None:
        """The first paint has not waited for files; now they are read."""
        if not gc.isenabled():  # see `run_app`
            gc.freeze()
            gc.enable()
        self.threads.start()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield SystemCommand("Program: theme", "Change the colours", self.action_change_theme)

    @on(EditRequested)
    def make_edit(self, message: EditRequested) -> None:
        self.threads.request(message.edit)

    @on(BatchRequested)
    def make_batch(self, message: BatchRequested) -> None:
        self.threads.request_batch(message.batch)

    @on(StepRequested)
    def make_step(self, message: StepRequested) -> None:
        self.threads.request_step(message.direction)

    @on(HistoryRequested)
    def read_history(self, message: HistoryRequested) -> None:
        self.threads.request_history(message.key)

    def action_rescan(self) -> None:
        """Look at the disk now."""
        self.threads.rescan()

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        keys = ", ".join(sorted({binding.key for binding in clashed_bindings}))
        self.notify(one_line(f"two commands want {keys}"), severity="warning", markup=False)

    # Pictures

    def action_save_picture(self) -> None:
        """Write the screen as SVG and as text, from threads; a notification says where."""
        from tui.pictures import picture, plain_text

        name = time.strftime("colonytop-%Y%m%d-%H%M%S")
        drawn = {"svg": picture(self, "colonytop"), "txt": plain_text(self)}
        for suffix, text in drawn.items():
            self.deliver_text(
                io.StringIO(text),
                save_directory=self.settings.pictures,
                save_filename=f"{name}.{suffix}",
                open_method="download",
                name="picture",
            )

    @on(events.DeliveryComplete)
    def tell_picture(self, event: events.DeliveryComplete) -> None:
        is_text = event.path is not None and event.path.suffix == ".txt"
        if event.name == "picture" and not is_text:  # one word for both files
            self.notify(one_line(f"picture saved: {event.path}"), markup=False)

    @on(events.DeliveryFailed)
    def tell_no_picture(self, event: events.DeliveryFailed) -> None:
        if event.name == "picture":
            text = one_line(f"no picture: {event.exception}")
            self.notify(text, severity="error", markup=False)

    # The way out

    async def action_quit(self) -> None:
        """Leave; ask first while edits wait."""
        if not self._edits_waiting:
            self.exit(0)
            return
        from tui.screens.quit import QuitScreen

        if not isinstance(self.screen, QuitScreen):
            asked = QuitScreen(self._edits_waiting)
            self.push_screen(asked, lambda leave: self.exit(0) if leave else None)

    @on(EditSettled)
    @on(EditFailed)
    @on(BatchSettled)
    @on(UndoSettled)
    def quit_when_done(self) -> None:
        """The edits that kept the program from ending are made."""
        from tui.screens.quit import QuitScreen

        shown = self.screen_stack[-1] if self.screen_stack else None  # none: it ends already
        if isinstance(shown, QuitScreen) and not self._edits_waiting:
            shown.dismiss(True)

    @property
    def _edits_waiting(self) -> int:
        return self.threads.pending + self.main.steering.open_count

    async def action_interrupt(self) -> None:
        """Ctrl-C copies what is selected with the mouse; with nothing selected it quits."""
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        else:
            await self.action_quit()

    def end_from_thread(self, code: int) -> None:
        """End with an exit code, asked from a signal's thread; never blocks."""
        self.call_later(self.exit, code)

    async def on_unmount(self) -> None:
        self.threads.stop(timeout_s=0)

    def _fatal_error(self) -> None:
        """A crash shows where, never the local variables: they hold other people's text."""
        error = sys.exc_info()[1]
        frames = traceback.extract_tb(error.__traceback__) if error else []
        places = [f"  {Path(f.filename).name}:{f.lineno} in {f.name}" for f in frames[-8:]]
        self.panic(Text("\n".join([f"colonytop crashed: {type(error).__name__}", *places])))
