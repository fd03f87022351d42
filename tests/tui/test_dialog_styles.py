"""The dialogs' stylesheet is loaded for the whole program, so it may only name dialogs."""

from __future__ import annotations

from tests.tui.dialog_host import a_frame, key, opened
from tui.screens.bulk_confirm import BulkDeleteScreen, BulkReleaseScreen
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.busy import BusyScreen
from tui.screens.conflict import ConflictScreen
from tui.screens.delete import DeleteScreen
from tui.screens.dialog import Dialog
from tui.screens.force import ForceScreen
from tui.screens.release import ReleaseScreen
from tui.screens.sort import SortScreen
from tui.screens.status import StatusScreen

DIALOGS = (
    BulkDeleteScreen,
    BulkReleaseScreen,
    BusyScreen,
    ConflictScreen,
    DeleteScreen,
    FailuresScreen,
    ForceScreen,
    ReleaseScreen,
    SortScreen,
)


async def test_rules_of_the_dialogs_begin_with_a_dialog_so_none_reaches_another_screen() -> None:
    async with opened(StatusScreen(a_frame(), key("12"))) as pilot:
        rules = [rule for rule in pilot.app.stylesheet.rules if not rule.is_default_rules]
        first = [chosen.selectors[0].name for rule in rules for chosen in rule.selector_set]
        assert len(first) > 20
        dialogs = {kind.__name__ for kind in (Dialog, *DIALOGS)}
        assert set(first) <= dialogs
        assert Dialog.__name__ in first
