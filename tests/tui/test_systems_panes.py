"""Lists of several systems in the panes: badges, locks, steps, members, what was put away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.widget import Widget

from store.model.execution import Member, Spent
from store.model.list_events import recorded_since
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, Verb
from tests.tui.colony import DEMO, demo_list
from tests.tui.pane_host import PaneHost, frame_of, lines_of, show
from tests.tui.systems import (
    NO_LOCK,
    QUEUE,
    RUN,
    SESSION,
    TEAM,
    WIPED,
    several,
    team,
    wiped,
)
from tui.put_away import PutAway
from tui.view_state import Frame, Grouping, SortKey, ViewState
from tui.widgets.activity_pane import ActivityPane
from tui.widgets.detail_pane import DetailPane
from tui.widgets.header_bar import HeaderBar
from tui.widgets.lists_pane import ListsPane
from tui.widgets.owners_pane import OwnersPane
from tui.widgets.status_line import StatusLine
from tui.widgets.task_table import TaskTable


def seen(
    snapshot: Snapshot | None = None,
    task: tuple[ListKey, str] | None = None,
    only: ListKey | None = None,
    **fields: Any,
) -> Frame:
    """A frame as the main screen makes it: without what was put away."""
    away = PutAway()
    shown = away.without(snapshot or several(), only)
    view = fields.pop("view", ViewState(list_key=only))
    key = TaskKey(task[0], TaskId(task[1])) if task else None
    return replace(frame_of(shown, key, view=view, **fields), put_away=away.lists)


async def drawn(
    pane: Widget, frame: Frame, size: tuple[int, int] = (120, 40), ready: Sequence[Any] = ()
) -> list[str]:
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame)
        await pilot.pause()
        if isinstance(pane, ActivityPane):
            pane.add_recorded(ready)
            await pilot.pause()
        return lines_of(pane)


def line_with(lines: Sequence[str], words: str) -> str:
    found = [line for line in lines if words in line]
    assert found, f"no line with {words!r} in\n" + "\n".join(lines)
    return found[0]


# Lists


async def test_lists_pane_names_the_system_of_each_list() -> None:
    lines = await drawn(ListsPane(), seen())
    for name, badge in (("demo-colony", "NATIVE"), ("alpha", "CLAW"), ("crawl", "QUEUE")):
        assert badge in line_with(lines, f" {name} ")
    assert "sys" in lines[1]


async def test_lists_pane_of_one_system_has_no_badges() -> None:
    lines = await drawn(ListsPane(), seen(several(demo_list())))
    assert not any("NATIVE" in line for line in lines)


async def test_lists_pane_puts_what_was_put_away_last_and_counts_it_nowhere() -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test(size=(100, 30)) as pilot:
        show([pane], seen())
        await pilot.pause()
        lines = lines_of(pane)
        assert line_with(lines, "put away · 1")
        assert list(pane.counted)[-1] == WIPED
        assert (pane.counted[WIPED].needs, pane.counted[WIPED].done) == (0, 1)
        total = pane.counted["all lists"]
        used = [facts for key, facts in pane.counted.items() if key not in ("all lists", WIPED)]
        assert total.total == sum(facts.total for facts in used)


async def test_lists_pane_shown_alone_what_was_put_away_still_counts_nowhere() -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test(size=(100, 30)) as pilot:
        show([pane], seen())
        await pilot.pause()
        before = pane.counted["all lists"].total
        show([pane], seen(only=WIPED))
        await pilot.pause()
        assert pane.counted["all lists"].total == before
        assert pane.counted[WIPED].is_shown
        assert line_with(lines_of(pane), "put away 1")


async def test_lists_pane_tells_goal_reason_and_notes_of_the_list_shown() -> None:
    lines = await drawn(ListsPane(), seen(only=SESSION), size=(60, 30))
    assert line_with(lines, "goal: answer the survey")
    assert line_with(lines, "read-only: the process that owns this document")
    assert line_with(lines, "could be lost")  # the sentence is wrapped, not cut
    lines = await drawn(ListsPane(), seen(only=TEAM))
    assert line_with(lines, "goal: ship the importer by Friday")
    assert line_with(lines, "the budget of 20 USD")


async def test_lists_pane_words_between_the_lists_cannot_be_picked() -> None:
    pane = ListsPane()
    app = PaneHost(pane)
    async with app.run_test(size=(100, 30), message_hook=app.hear) as pilot:
        show([pane], seen(only=TEAM))
        pane.focus()
        await pilot.press("end")
        await pilot.press(*["up"] * 12)
        await pilot.press("enter")
        places = [row.key for row in pane.rows]
        assert None in places
        assert [m.list_key for m in app.said_of(ListsPane.Picked)] == [None]


# Header


async def test_header_names_the_system_of_the_one_list_shown() -> None:
    assert "alpha CLAW of" in (await drawn(HeaderBar(), seen(only=TEAM)))[0]
    assert "CLAW" not in (await drawn(HeaderBar(), seen()))[0]
    assert "5 lists" in (await drawn(HeaderBar(), seen()))[0]


async def test_header_cuts_the_name_of_a_list_rather_than_leaving_it_out() -> None:
    long = TEAM._replace(id=TaskListId("team:incident-review-of-tuesday-night"))
    header = (
        await drawn(HeaderBar(), seen(several(team(key=long), demo_list()), only=long), (80, 3))
    )[0]
    assert "incid" in header
    assert "live" in header


# Table


async def table(frame: Frame, size: tuple[int, int] = (140, 30)) -> list[str]:
    return await drawn(TaskTable(), frame, size)


async def test_table_of_merged_systems_has_badges_and_priorities() -> None:
    lines = await table(seen())
    assert "Sys" in lines[0]
    assert "Pri" in lines[0]
    assert "CLAW" in line_with(lines, "Map the columns")
    assert "urgent" in line_with(lines, "Map the columns")
    assert "NATIVE" in line_with(lines, "Crawling target URLs")


async def test_table_of_one_native_list_has_neither() -> None:
    lines = await table(seen(several(demo_list())))
    assert "Sys" not in lines[0]


async def test_table_of_a_list_without_priorities_has_no_such_column() -> None:
    plain = demo_list()
    refused = replace(plain.info.capabilities, refusals={Verb.PRIORITY: "none here"})
    plain = replace(plain, info=replace(plain.info, capabilities=refused))
    assert "Pri" not in (await table(seen(several(plain))))[0]


async def test_table_narrow_shortens_priorities_and_keeps_the_subject() -> None:
    lines = await table(seen(several(team())), size=(60, 20))
    line = line_with(lines, "Import the CSV")
    assert " high " in line
    assert " urge " in line_with(lines, "Map the columns")


async def test_table_sorts_by_each_ladder_and_groups_by_what_a_system_puts_together() -> None:
    view = ViewState(sort=SortKey.PRIORITY, grouping=Grouping.FLAT, list_key=TEAM)
    lines = await table(seen(only=TEAM, view=view))
    order = [line_with(lines, s) for s in ("Map the columns", "Import the CSV", "Check encodings")]
    assert [lines.index(line) for line in order] == sorted(lines.index(line) for line in order)
    grouped = ViewState(grouping=Grouping.GROUP, list_key=RUN)
    lines = await table(seen(only=RUN, view=grouped))
    assert line_with(lines, " art ")
    assert line_with(lines, " copy ")


async def test_table_says_who_holds_a_task_that_is_not_its_owner_or_is_dead() -> None:
    lines = await table(seen(only=TEAM))
    assert "⊡dee" in line_with(lines, "Check encodings")
    assert "⊡cy" in line_with(lines, "Map the columns")
    assert "⊡" not in line_with(lines, "Import the CSV")
    ascii_lines = await table(seen(only=TEAM, ascii=True))
    assert "&dee" in line_with(ascii_lines, "Check encodings")


# Detail and status line


async def test_detail_tells_steps_checks_attempts_cost_and_parts() -> None:
    lines = await drawn(DetailPane(), seen(task=(QUEUE, "9f3c")), size=(90, 60))
    for words in (
        "list crawl  Progress queue",
        "priority 10 · tier 2 · group crawling",
        "held by w-3 for 11m, seen alive",
        "attempts 2 of 3",
        "last error host refused the connection",
        "spent $0.31, 18k tokens in, 2.1k out (estimated)",
        "Parts · 2",
        "Steps · 1 of 3 done",
        "✓ Fetch the seed pages",
        "Extract the tables  in_progress  w-3",
        "41 pages",
        "Checks · 1 required open",
        "✓ Rows fit the schema",
        "◦ No duplicate hosts",
        "Notes are written  optional",
    ):
        assert line_with(lines, words)


async def test_detail_of_a_part_names_its_parent_and_its_result() -> None:
    lines = await drawn(DetailPane(), seen(task=(QUEUE, "1b2d")), size=(90, 60))
    assert line_with(lines, "part of #9f3c")
    assert line_with(lines, "attempts 3 of 3")
    assert line_with(lines, "half a page")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("aa01", "held by bo for 2m, seen alive"),
        ("aa02", "held by cy for 41m, whose process is dead"),
        ("aa03", "held by dee for 9m, not known to be alive"),
    ],
)
async def test_detail_and_status_line_say_who_holds_a_task_and_whether_that_lives(
    task: str, words: str
) -> None:
    frame = seen(task=(TEAM, task))
    assert line_with(await drawn(DetailPane(), frame, size=(90, 40)), words)
    assert words in (await drawn(StatusLine(), frame, size=(160, 5)))[0]


async def test_detail_and_status_line_say_that_a_list_is_read_only_and_why() -> None:
    frame = seen(task=(SESSION, "2"))
    lines = await drawn(DetailPane(), frame, size=(120, 40))
    assert line_with(lines, f"read-only {NO_LOCK}"[:70])
    assert " ro " in (await drawn(StatusLine(), frame))[0]
    assert " rw " in (await drawn(StatusLine(), seen(task=(TEAM, "aa01"))))[0]


# Owners


async def test_owners_pane_has_members_without_tasks_their_life_and_their_cost() -> None:
    lines = await drawn(OwnersPane(), seen(only=TEAM), size=(80, 20))
    assert "cost" in lines[1]
    assert line_with(lines, "⌁ lead").rstrip("│ ").find("$1.25") > 0
    assert "✗ cy" in line_with(lines, "cy ")
    assert "~$12.5" in line_with(lines, "cy ")
    assert "⋆ idle" in line_with(lines, "idle")


async def test_owners_pane_without_members_is_as_it_was() -> None:
    lines = await drawn(OwnersPane(), seen(several(demo_list())), size=(80, 20))
    assert "cost" not in lines[1]
    assert not any("⌁" in line or "⋆" in line for line in lines)


async def test_owners_pane_in_29_columns_shows_names_and_costs() -> None:
    lines = await drawn(OwnersPane(), seen(only=TEAM), size=(29, 12))
    assert "$1.25" in line_with(lines, "lead")


async def test_owners_pane_in_few_columns_names_its_owners_before_their_costs() -> None:
    members = (Member("a-long-name", spent=Spent(1.25), is_live=True),)
    lines = await drawn(OwnersPane(), seen(several(team(members=members)), only=TEAM), (29, 12))
    assert "a-long" in line_with(lines, "a-")
    assert "$" not in " ".join(lines)


# Activity


async def test_activity_shows_what_a_system_recorded_itself() -> None:
    recorded = recorded_since(EMPTY_SNAPSHOT, several(), 100)
    lines = await drawn(ActivityPane(), seen(), size=(140, 12), ready=recorded)
    line = line_with(lines, "no answer in time")
    assert "w-2" in line
    assert "#b2" in line
    assert "logged" in line
    assert lines.index(line) < lines.index(line_with(lines, "two workers"))  # newest on top


# What was put away


def test_put_away_leaves_the_very_snapshot_where_nothing_is() -> None:
    snapshot = several(demo_list(), team())
    away = PutAway()
    assert away.without(snapshot, None) is snapshot
    assert away.without(snapshot, TEAM) is snapshot
    assert away.lists == {}


def test_put_away_gives_the_same_object_for_the_same_question() -> None:
    snapshot = several()
    away = PutAway()
    shown = away.without(snapshot, None)
    assert away.without(snapshot, None) is shown
    assert set(shown.lists) == set(snapshot.lists) - {WIPED}
    assert shown.lists[DEMO] is snapshot.lists[DEMO]
    assert set(away.without(snapshot, WIPED).lists) == set(snapshot.lists)
    assert set(away.lists) == {WIPED}


def test_put_away_list_that_comes_back_into_use_is_there_again() -> None:
    away = PutAway()
    away.without(several(), None)
    back = several(demo_list(), wiped())
    info = replace(wiped().info, archived_at=None)
    used = replace(back, lists={**back.lists, WIPED: replace(wiped(), info=info)})
    assert WIPED in away.without(used, None).lists
    assert away.lists == {}
