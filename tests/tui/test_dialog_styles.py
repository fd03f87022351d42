"""The dialogs' stylesheet is loaded for the whole program, so it may only name dialogs."""

from __future__ import annotations

from tests.tui.dialog_host import a_frame, key, opened
from tui.screens.dialog import Dialog
from tui.screens.status import StatusScreen


async def test_rules_of_the_dialogs_begin_with_a_dialog_so_none_reaches_another_screen() -> None:
    async with opened(StatusScreen(a_frame(), key("12"))) as pilot:
        rules = [rule for rule in pilot.app.stylesheet.rules if not rule.is_default_rules]
        first = [chosen.selectors[0].name for rule in rules for chosen in rule.selector_set]
        assert len(first) > 20
        dialogs = {"Dialog", "ReleaseScreen", "DeleteScreen", "ConflictScreen", "BusyScreen"}
        assert set(first) <= dialogs
        assert Dialog.__name__ in first
