"""Commands that choose what is shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterable

from tui.commands.command import Command, Group
from tui.view_state import Lens


def _lenses() -> Iterable[Command]:
    helps = {
        Lens.ALL: "Every task.",
        Lens.READY: "Tasks that can start now.",
        Lens.ACTIVE: "Tasks that somebody works on.",
        Lens.BLOCKED: "Tasks that wait on something unmet.",
        Lens.STALE: "Tasks in progress whose record has been silent for long.",
        Lens.NEEDS_YOU: "Tasks that only a person will get moving again.",
    }
    for number, lens in enumerate(Lens, 1):
        noun = lens.value.replace(" ", "_")
        yield Command(
            f"lens.{noun}",
            str(number),
            f"show_lens('{lens.value}')",
            f"Lens: {lens.value}",
            helps[lens],
            Group.LENS,
        )


FINDING = (
    *_lenses(),
    Command(
        "search.start",
        "/",
        "focus_search",
        "Search: filter",
        "Filter by words, fields and ages as you type; Esc clears.",
        Group.LENS,
        "find",
        2,
    ),
    Command("search.next", "n", "next_match(1)", "Search: next", "The next match.", Group.LENS),
    Command(
        "search.previous", "N", "next_match(-1)", "Search: previous", "Previous match.", Group.LENS
    ),
    Command(
        "sort.menu",
        "o",
        "choose_sort",
        "Sort: choose",
        "Choose the order of the rows, and what stands together: waves, owners, lists, states.",
        Group.LENS,
    ),
    Command("sort.reverse", "O", "reverse_sort", "Sort: reverse", "Turn it round.", Group.LENS),
    Command(
        "view.saved",
        "V",
        "choose_view",
        "View: choose",
        "What changed in the last five minutes, roots, critical path, phantoms, what nobody has, or"
        " a view you saved; save this one under a name.",
        Group.LENS,
    ),
)
