"""What the keys that only look do on the main screen."""

from __future__ import annotations

from store.model.task import TaskKey
from tui.navigation import Navigation
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen
from tui.view_state import Lens
from tui.widgets.key_bar import live_keys
from tui.widgets.lens_bar import LensBar


class ViewActions(ColonyScreen):
    """Actions of the keys that change what is shown, by the names that `tui.commands` binds."""

    navigation: Navigation

    def action_show_lens(self, lens: str) -> None:
        self.change_view(lens=Lens(lens))

    def action_toggle_pause(self) -> None:
        self.set_paused(not self.intake.paused)

    def action_move_cursor(self, step: str) -> None:
        self.navigation.move_cursor(step)

    def action_next_match(self, step: int) -> None:
        self.navigation.next_match(step)

    def action_follow_edge(self, side: str) -> None:
        self.navigation.follow_edge(side)

    def action_explain_task(self) -> None:
        self.navigation.open_detail(focus=True)

    def action_toggle_lists(self) -> None:
        self.navigation.toggle_lists()

    def action_toggle_zoom(self) -> None:
        self.navigation.toggle_zoom()

    def action_go_back(self) -> None:
        self.navigation.go_back()

    def action_copy_id(self) -> None:
        key = self.frame.selected
        if key is not None and (found := self.intake.latest.lists.get(key.list)):
            text = one_line(f"{found.info.name}/{key.id}")
            self.app.copy_to_clipboard(text)
            self.say(one_line(f"copied {text}"))

    def action_goto_task(self) -> None:
        from tui.screens.go_to import GoToScreen

        self.steering.open(GoToScreen(self.latest_frame()), self._go_if_chosen)

    def _go_if_chosen(self, key: TaskKey | None) -> None:
        if key is not None:
            self.go_to(key)

    def action_open_palette(self) -> None:
        self.app.action_command_palette()

    def action_show_help(self) -> None:
        from tui.screens.help import HelpScreen

        pane_help = (self.focused.HELP if self.focused else None) or ""
        self.app.push_screen(HelpScreen(live_keys(self), pane_help, LensBar.HELP))
