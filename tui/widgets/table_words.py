"""What the task table says in plain words: how much it shows, and why it shows nothing."""

from __future__ import annotations

from collections.abc import Iterator

from store.model.snapshot import RootState
from store.model.task import TaskKey
from tui.edit_text import START_LIST
from tui.rows import Projection
from tui.safe_text import SafeText, join, one_line
from tui.view_state import Frame, Grouping, Lens

_PROBLEMS = 5  # of a root, told where there is nothing else to show


def summary(projection: Projection, ascii_only: bool = False) -> str:
    """How many tasks are shown and in which order; our own words only."""
    view = projection.view
    count = f"{projection.total:,}"
    if projection.hidden:
        count = f"{projection.shown:,} of {count}"
    order = "" if view.grouping is Grouping.FLAT else f"{_GROUPS[view.grouping]}, "
    turned = " reversed" if view.descending else ""
    dot = "-" if ascii_only else "·"
    return f"{count} {dot} {order}by {view.sort.value}{turned}"


def gone_text(key: TaskKey) -> SafeText:
    """A row that is kept in its place while somebody decides, though its task has vanished."""
    return one_line(f"    #{key.id} is no longer in the list")


def reason_for_nothing(frame: Frame, projection: Projection) -> tuple[SafeText, ...]:
    """Why there is no row and what to do about it; empty when there are rows."""
    if len(projection):
        return ()
    if projection.total:
        return (one_line(""), _indented(_filtered(frame)), _indented(one_line(_way_out(frame))))
    is_first = not frame.snapshot.number and frame.scan_age_s is None
    is_ahead = frame.snapshot.lists and not projection.snapshot.lists
    if not frame.snapshot.is_complete or is_first or is_ahead:
        return (one_line(""), _indented(one_line("Reading the lists …")))
    if frame.snapshot.lists:
        where = "this list" if frame.view.list_key else "any list"
        return (
            one_line(""),
            _indented(one_line(f"No task in {where} yet.")),
            _indented(one_line("They appear here as agents write them.")),
        )
    roots = [line for root in frame.snapshot.roots for line in _empty_root(root)]
    if not roots:
        roots = [_indented(one_line("No list yet."))]
    can_start = frame.snapshot.root_for_new is not None and not frame.read_only
    waiting = one_line(
        "Lists of agents appear here; c starts one, or:"
        if can_start
        else "Lists appear here as soon as an agent creates one, or you:"
    )
    return (one_line(""), *roots, _indented(waiting), _indented(one_line(f"  {START_LIST}")))


def _empty_root(root: RootState) -> Iterator[SafeText]:
    why = f": {root.problem}" if root.problem else ""
    yield _indented(one_line(f"No list yet at {root.path}{why}"))
    for problem in root.problems[:_PROBLEMS]:
        yield _indented(one_line(f"  {problem.text}"))


def _filtered(frame: Frame) -> SafeText:
    lens = f" among {frame.view.lens.value} tasks" if frame.view.lens is not Lens.ALL else ""
    if frame.view.query.strip():
        return one_line(f'Nothing matches "{frame.view.query.strip()[:80]}"{lens}.')
    return one_line(_NOTHING_IN[frame.view.lens])


def _way_out(frame: Frame) -> str:
    if frame.view.query.strip():
        return "Esc clears the search."
    return "1 shows all tasks."


def _indented(text: SafeText) -> SafeText:
    return join(one_line("  "), text)


_GROUPS = {
    Grouping.WAVE: "waves",
    Grouping.OWNER: "owners",
    Grouping.LIST: "lists",
    Grouping.STATUS: "states",
    Grouping.GROUP: "groups",
}
_NOTHING_IN = {
    Lens.ALL: "No task.",
    Lens.READY: "No task is ready to start.",
    Lens.ACTIVE: "No task is being worked on.",
    Lens.BLOCKED: "No task is blocked.",
    Lens.STALE: "No task has gone silent.",
    Lens.NEEDS_YOU: "Nothing needs you.",
}
