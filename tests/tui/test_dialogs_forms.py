"""The edit and the create form: only what was changed goes into the edit, errors name the field."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from store.model.edits import CreateTask, UpdateTask
from store.model.task import Capabilities, ListKey, TaskId, TaskListId, TaskStatus, Verb
from tests.tui.dialog_host import DEMO, LIST, UNSET, a_frame, a_task, key, opened, shown
from tui.screens.create_task import CreateScreen
from tui.screens.edit_task import EditScreen, json_text, parse_object
from tui.screens.fields import SafeInput, SafeTextArea
from tui.screens.start_list import StartListScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


async def fill(pilot: Pilot[None], field: str, text: str) -> None:
    """Replace what a field holds, as a person would see it after typing."""
    found = pilot.app.screen.query_one(f"#{field}", Widget)
    found.focus()
    if isinstance(found, SafeTextArea):
        found.select_all()
        found.replace(text, *found.selection)
    else:
        assert isinstance(found, SafeInput)
        found.value = text
    await pilot.pause()


async def saved(pilot: Pilot[None], **fields: str) -> Any:
    """What the form closes with after these values and Ctrl-S; UNSET if it stays open."""
    for field, text in fields.items():
        await fill(pilot, field, text)
    await pilot.press("ctrl+s")
    await pilot.pause()
    return pilot.app.result  # type: ignore[attr-defined]


@SIZES
async def test_edit_typed_subject_shows_the_difference_and_enter_saves_only_it(
    size: tuple[int, int],
) -> None:
    async with opened(EditScreen(a_frame(), key("12")), size) as pilot:
        await pilot.press("end", "!")
        assert "Edit · demo-colony · #12 Build search index" in shown(pilot)
        assert "subject Build search index → Build search index!" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.result == UpdateTask(  # type: ignore[attr-defined]
            key("12"),
            subject="Build search index!",
            expected={"subject": "Build search index"},
        )


async def test_edit_every_field_goes_in_with_the_values_seen() -> None:
    task = a_task("1", "One", owner="ann", active_form="Doing", metadata={"a": 1, "b": 2})
    other = (a_task("2", "Two"), a_task("3", "Three"))
    async with opened(EditScreen(a_frame(task, *other), key("1"))) as pilot:
        pilot.app.screen.query_one("#status").focus()
        await pilot.press("right")
        result = await saved(
            pilot,
            subject="Uno",
            description="line one\nline two",
            active_form="Working",
            owner="bo",
            blocked_by="#2, 3",
            metadata='{"a": 1, "c": [true]}',
        )
    assert result == UpdateTask(
        key("1"),
        subject="Uno",
        description="line one\nline two",
        active_form="Working",
        owner="bo",
        status=TaskStatus.IN_PROGRESS,
        add_blocked_by=(TaskId("2"), TaskId("3")),
        metadata_patch={"c": [True], "b": None},
        expected={
            "subject": "One",
            "description": "",
            "active_form": "Doing",
            "owner": "ann",
            "status": "pending",
            "metadata.c": None,
            "metadata.b": 2,
        },
    )


async def test_edit_removed_blocker_and_emptied_owner_are_told_apart_from_untouched() -> None:
    async with opened(EditScreen(a_frame(), key("12"))) as pilot:
        result = await saved(pilot, owner="", blocked_by="3")
    expected = {"owner": "ann"}
    assert result == UpdateTask(
        key("12"), owner=None, remove_blocked_by=(TaskId("7"),), expected=expected
    )


async def test_edit_without_a_change_closes_without_an_edit() -> None:
    async with opened(EditScreen(a_frame(), key("12"))) as pilot:
        assert await saved(pilot) is None


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("subject", "   ", "subject: cannot be blank"),
        ("blocked_by", "7, 99", "blocked by: #99 is not in the list"),
        ("blocked_by", "12", "blocked by: #12 cannot block itself"),
        ("blocked_by", "3 7 18", "blocked by: closes the cycle #12 > #18 > #16 > #12"),
        ("metadata", "[1]", "metadata: must be a JSON object"),
        ("metadata", '{"a": }', "metadata: no JSON at line 1, column 7"),
        ("metadata", '{"a": NaN}', "metadata: NaN is no JSON value"),
        ("metadata", "[" * 100_000, "metadata: "),
        ("metadata", '{"new": null}', "metadata: new: null deletes a key"),
    ],
)
async def test_edit_wrong_value_names_the_field_and_is_not_saved(
    field: str, text: str, error: str
) -> None:
    async with opened(EditScreen(a_frame(), key("12"))) as pilot:
        assert await saved(pilot, **{field: text}) is UNSET
        assert error in shown(pilot)


async def test_edit_metadata_key_set_to_null_says_that_it_is_deleted() -> None:
    task = a_task("1", "One", metadata={"a": 1, "kept": None})
    async with opened(EditScreen(a_frame(task), key("1"))) as pilot:
        await fill(pilot, "metadata", '{"a": null, "kept": null}')
        assert "null deletes the key: metadata a" in shown(pilot)
        result = await saved(pilot)
    assert result == UpdateTask(key("1"), metadata_patch={"a": None}, expected={"metadata.a": 1})


async def test_edit_keeps_a_phantom_blocker_that_was_not_touched() -> None:
    async with opened(EditScreen(a_frame(), key("15"))) as pilot:
        result = await saved(pilot, blocked_by="4, 3, 7")
    assert result == UpdateTask(key("15"), add_blocked_by=(TaskId("7"),))


async def test_edit_fields_of_a_refused_verb_are_locked() -> None:
    frame = a_frame(*DEMO, capabilities=Capabilities({Verb.STATUS: "no", Verb.UNBLOCK: "no"}))
    async with opened(EditScreen(frame, key("12"))) as pilot:
        assert pilot.app.screen.query_one("#status").disabled
        assert pilot.app.screen.query_one("#blocked_by").disabled
        assert not pilot.app.screen.query_one("#subject").disabled


async def test_edit_text_that_cannot_be_shown_is_kept_unless_it_is_edited() -> None:
    task = a_task("1", "red\x1b[31m", owner="ann\u202e", description="a\tb")
    async with opened(EditScreen(a_frame(task), key("1"))) as pilot:
        assert "subject: holds characters that cannot be shown" in shown(pilot)
        result = await saved(pilot, active_form="x")
    assert result == UpdateTask(key("1"), active_form="x", expected={"active_form": None})


async def test_edit_of_such_a_text_writes_what_was_on_the_screen() -> None:
    async with opened(EditScreen(a_frame(a_task("1", "red\x1b[31m")), key("1"))) as pilot:
        await pilot.press("end", "!", "enter")
        await pilot.pause()
        result = pilot.app.result  # type: ignore[attr-defined]
    assert result.subject == "red␛[31m!"
    assert result.expected == {"subject": "red\x1b[31m"}


async def test_edit_text_too_long_to_edit_is_locked_and_never_cut() -> None:
    task = a_task("1", "S" * 1_000_000, description="D" * 1_000_000, metadata={"m": "M" * 100_000})
    async with opened(EditScreen(a_frame(task), key("1"))) as pilot:
        assert pilot.app.screen.query_one("#subject").disabled
        assert "too long to edit here" in shown(pilot)
        pilot.app.screen.query_one("#description").focus()
        await pilot.press("x")
        result = await saved(pilot, owner="bo")
    assert result == UpdateTask(key("1"), owner="bo", expected={"owner": None})


async def test_edit_pasted_control_characters_are_never_stored_or_shown() -> None:
    async with opened(EditScreen(a_frame(), key("13"))) as pilot:
        result = await saved(pilot, subject="a\x1b]52;c;x\x07b", description="c\x9b2Jd\u202ee")
    assert result.subject == "a␛]52;c;x␇b"
    assert result.description == "c\ufffd2Jd‹RLO›e"


async def test_edit_status_word_is_picked_by_a_click() -> None:
    async with opened(EditScreen(a_frame(), key("13"))) as pilot:
        await pilot.click("#status", offset=(28, 0))
        result = await saved(pilot)
    assert result == UpdateTask(
        key("13"), status=TaskStatus.COMPLETED, expected={"status": "pending"}
    )


async def test_edit_foreign_status_is_kept_until_another_is_chosen() -> None:
    task = a_task("1", "One")
    foreign = a_frame(type(task)(task.key, "One", TaskStatus.UNKNOWN, "napping"))
    async with opened(EditScreen(foreign, key("1"))) as pilot:
        assert "napping" in shown(pilot)
        result = await saved(pilot, subject="Uno")
    assert result.status is None


@SIZES
async def test_create_shows_ready_at_once_or_what_it_waits_on(size: tuple[int, int]) -> None:
    async with opened(CreateScreen(a_frame(), LIST), size) as pilot:
        assert "New task · demo-colony" in shown(pilot)
        await pilot.press(*"Ship")
        assert "this task is ready at once, anybody can claim it" in shown(pilot)
        await fill(pilot, "blocked_by", "7, 12")
        assert "this task waits on #7 #12" in shown(pilot)
        result = await saved(pilot, description="d", owner=" zoe ")
    assert result == CreateTask(
        LIST, "Ship", "d", owner="zoe", blocked_by=(TaskId("7"), TaskId("12"))
    )


async def test_create_blank_subject_or_unknown_blocker_is_refused_by_name() -> None:
    async with opened(CreateScreen(a_frame(), LIST)) as pilot:
        assert await saved(pilot, subject="  ", blocked_by="99") is UNSET
        assert "subject: is required" in shown(pilot)
        assert "blocked by: #99 is not in the list" in shown(pilot)


async def test_create_picked_suggestion_takes_the_place_of_the_word() -> None:
    async with opened(CreateScreen(a_frame(), LIST)) as pilot:
        await pilot.press(*"Ship", "tab", "tab", "tab", *"7, rep")
        assert "#16 Write report" in shown(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        result = await saved(pilot)
    assert result == CreateTask(LIST, "Ship", blocked_by=(TaskId("7"), TaskId("16")))


def a_form(screen: str) -> EditScreen | CreateScreen:
    frame = a_frame()
    return EditScreen(frame, key("12")) if screen == "edit" else CreateScreen(frame, LIST)


@pytest.mark.parametrize("screen", ["edit", "create"])
async def test_form_escape_on_an_unchanged_form_closes_at_once(screen: str) -> None:
    async with opened(a_form(screen)) as pilot:
        await pilot.press("x", "backspace", "tab", "escape")
        await pilot.pause()
        assert pilot.app.result is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("field", ["subject", "description", "owner", "blocked_by"])
@pytest.mark.parametrize("screen", ["edit", "create"])
async def test_form_escape_with_changes_asks_once_before_it_drops_them(
    screen: str, field: str
) -> None:
    async with opened(a_form(screen)) as pilot:
        pilot.app.screen.query_one(f"#{field}").focus()
        await pilot.press("7", "escape")
        await pilot.pause()
        assert pilot.app.result is UNSET  # type: ignore[attr-defined]
        assert "Esc again drops your changes" in shown(pilot)
        await pilot.press("x")
        assert "Esc again" not in shown(pilot)
        await pilot.press("escape")
        assert pilot.app.result is UNSET  # type: ignore[attr-defined]
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.result is None  # type: ignore[attr-defined]


async def test_edit_with_a_long_effect_pages_through_it_while_a_field_has_the_focus() -> None:
    async with opened(EditScreen(a_frame(), key("16"))) as pilot:
        await fill(pilot, "owner", "zoe")
        await fill(pilot, "active_form", "Writing")
        await fill(pilot, "description", "All of it")
        await fill(pilot, "blocked_by", "7")
        await fill(pilot, "subject", "Write it")
        first = shown(pilot)
        assert "1-3 of " in first
        await pilot.press("pagedown", "pagedown")
        assert "becomes" in shown(pilot) or "waits on #7" in shown(pilot)
        await pilot.press("pageup", "pageup", "!")
        assert "Write it → " not in shown(pilot)
        assert "→ Write it!" in shown(pilot)


async def test_form_keys_row_stays_visible_with_all_errors_at_80x24() -> None:
    async with opened(EditScreen(a_frame(), key("12"))) as pilot:
        await fill(pilot, "subject", "")
        await fill(pilot, "metadata", "[")
        await fill(pilot, "blocked_by", "99")
        assert "Esc close" in shown(pilot)
        assert "metadata: no JSON" in shown(pilot)


def test_json_text_escapes_only_what_cannot_be_shown() -> None:
    assert json_text({"note": "grün"}) == '{\n  "note": "grün"\n}'
    assert json_text({"note": "\u202e"}) == '{\n  "note": "\\u202e"\n}'
    assert parse_object(json_text({"note": "\u202e"})) == {"note": "\u202e"}


async def test_start_list_names_what_a_list_is_called_and_makes_its_first_task() -> None:
    async with opened(StartListScreen(a_frame(), "hive", "/root")) as pilot:
        assert "New list" in shown(pilot)
        assert await saved(pilot, subject="Begin") is UNSET
        assert "list: colony:NAME" in shown(pilot)
        result = await saved(pilot, list="colony:alpha")
    key = ListKey("hive", "/root", TaskListId("colony:alpha"))
    assert result == CreateTask(key, "Begin", starts_list=True)
