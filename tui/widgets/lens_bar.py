"""The lenses with their counts, and the search line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from store.model.attention import DisplayState
from tui.glyphs import glyph, signs
from tui.safe_text import one_line
from tui.view_state import EMPTY_FRAME, Frame, Lens
from tui.widgets.drawing import Piece, cells_of, cut, line, piece

_STATES = {
    Lens.READY: DisplayState.READY,
    Lens.ACTIVE: DisplayState.ACTIVE,
    Lens.BLOCKED: DisplayState.BLOCKED,
    Lens.STALE: DisplayState.STALE,
}
_SEARCH_CELLS = 26
_SEARCH_MARGIN = 3  # the padding, and the cursor behind the last character
_LEAST_LENSES = 36  # columns that six lenses need as signs
_STYLES = {Lens.STALE: "$status-stale", Lens.NEEDS_YOU: "bold $status-needs"}


class LensTabs(Widget):
    """`1 All 51  2 Ready 6 …`; a click picks. Where words do not fit there are signs."""

    DEFAULT_CSS = """
    LensTabs { height: 1; width: 1fr; text-wrap: nowrap; }
    """
    ALLOW_SELECT = False

    lens: reactive[Lens] = reactive(Lens.ALL)
    counts: reactive[Mapping[Lens, int]] = reactive(dict)
    ascii: reactive[bool] = reactive(False)
    error: reactive[str | None] = reactive(None)
    """Why the search line is not understood; shown in place of the lenses."""

    def render(self) -> Content:
        if self.error is not None:
            return line(*cut([piece(f" {self.error}", "bold $status-unreadable")], self.size.width))
        pieces = [part for _, tab in self._tabs() for part in tab]
        return line(*cut(pieces, self.size.width))

    def lens_at(self, x: int) -> Lens | None:
        """The lens drawn at a column."""
        if self.error is not None:
            return None
        start = 0
        for lens, tab in self._tabs():
            end = start + cells_of(tab)
            if start <= x < end:
                return lens
            start = end
        return None

    def on_click(self, event: events.Click) -> None:
        lens = self.lens_at(event.x)
        if lens is not None:
            self.post_message(LensBar.LensPicked(lens))

    def _tabs(self) -> list[tuple[Lens, list[Piece]]]:
        for gap, words in (("  ", True), (" ", True), ("  ", False)):
            tabs = [(lens, self._tab(lens, gap, words=words)) for lens in Lens]
            if sum(cells_of(tab) for _, tab in tabs) <= self.size.width:
                return tabs
        return [(lens, self._tab(lens, " ", words=False)) for lens in Lens]

    def _tab(self, lens: Lens, gap: str, *, words: bool) -> list[Piece]:
        number = list(Lens).index(lens) + 1
        count = self.counts.get(lens, 0)
        name = f"{lens.value.capitalize()} " if words else self._sign(lens)
        shown = f"{count // 1000}k" if count >= 10_000 and not words else str(count)
        if lens is self.lens:
            return [piece(f" {number} {name}{shown} ", "bold reverse $border"), piece(gap[1:])]
        style = _STYLES.get(lens, "") if count else "$muted"
        lead = piece(f" {number} ", "$muted")
        return [lead, piece(name, style if count else "$muted"), piece(f"{shown}{gap[1:]}", style)]

    def _sign(self, lens: Lens) -> str:
        if lens is Lens.ALL:
            return "All "
        state = _STATES.get(lens)
        return signs(self.ascii).needs_you if state is None else glyph(state, self.ascii)


class _FaultMark(Highlighter):
    """Shows from which character on a query is not understood, without colour too."""

    def __init__(self) -> None:
        self.position: int | None = None

    def highlight(self, text: Text) -> None:
        if self.position is not None:
            text.stylize("bold reverse", self.position)


class SearchInput(Input):
    """The search line. What is pasted comes through the door for untrusted text too."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "clear_search", "Clear", show=False),
    ]

    def __init__(self, placeholder: str, *, id: str) -> None:
        self._fault = _FaultMark()
        super().__init__(
            placeholder=placeholder,
            id=id,
            compact=True,
            select_on_focus=False,
            highlighter=self._fault,
        )

    def validate_value(self, value: str) -> str:
        return str(one_line(value))

    def mark_fault(self, position: int | None) -> None:
        """Show what stands from there on as not understood; None: all is."""
        if position != self._fault.position:
            self._fault.position = position
            self.refresh()

    def action_clear_search(self) -> None:
        self.value = ""
        self.post_message(LensBar.SearchDone(kept=False))


class LensBar(Horizontal):
    """One row: the lenses 1 to 6 and the search line `/`."""

    HELP = """\
## Lenses and search

**1** to **6** choose what the table shows; each lens has its count. **/** searches as you type:
**Enter** keeps the search, **Esc** clears it. All terms have to match. What is not understood is
told in the place of the lenses, and the last good search stays in force.

- `words` are looked for in id, subject and owner; `#12` is that id.
- `owner:ann` is exactly ann, `owner:an*` a beginning, `owner:-` nobody.
- `status:pend` and `list:demo` match by their beginning; `status:a,b` is either.
- `is:ready`, also active, blocked, stale, needs, root, critical, phantom, cycle, marked, open,
  done, closed, archived, locked, waiting, unreadable.
- `priority:high`, `priority>=2` by the ladder of each list; `system:claw`, `parent:12`, `tier:2`,
  `group:web`; `-` after one of them is none.
- `age>10m` since the last write, `changed<5m` the same, `created<1d`; s, m, h, d, w.
- `holds>=2` tasks that wait on it, `waits>1` open blockers, `wave:1`.
- `meta.cost>0.5`, `meta.kind:test`, `meta.kind` for any value.
- `-word` and `-owner:ann` leave out what matches; `a | b` is either; quotes keep spaces and
  stand for exactly that: `owner:"Ann Lee"`.

**o** sorts and groups. **V** shows what changed in the last five minutes (**c**), the roots (**r**)
and other views, and keeps one under a name; in the palette `save NAME` does,
`group owner`, `sort age` and `view NAME` choose, and `forget NAME` removes.
"""
    DEFAULT_CSS = """
    LensBar {
        height: 1;
        width: 1fr;
        background: $background;
        & > #search {
            width: 10;
            height: 1;
            border: none;
            padding: 0 1;
            background: $background;
            color: $foreground;
        }
        & > #search:focus, &.-searching > #search {
            width: 26;  /* _SEARCH_CELLS */
            background: $panel;
        }
        &:nocolor > #search:focus { text-style: underline; }
    }
    """

    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)
    counts: reactive[Mapping[Lens, int]] = reactive(dict, repaint=False)
    """Tasks by lens, from the table's projection."""

    @dataclass
    class QueryChanged(Message):
        """The search line says something else."""

        query: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LensBar.QueryChanged)

    @dataclass
    class LensPicked(Message):
        """A lens was clicked."""

        lens: Lens

    @dataclass
    class SearchDone(Message):
        """The operator left the search line; the focus should go back to the table."""

        kept: bool

    def compose(self) -> ComposeResult:
        yield LensTabs(id="lens-tabs")
        yield SearchInput("/ find", id="search")

    def open_search(self) -> None:
        """Put the cursor into the search line."""
        self.query_one(SearchInput).focus()

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._make_room(self.query_one(SearchInput).value)

    def watch_frame(self) -> None:
        self._show()

    def watch_counts(self, counts: Mapping[Lens, int]) -> None:
        for tabs in self.query(LensTabs):
            tabs.counts = counts

    @on(Input.Changed)
    def _say_query(self, event: Input.Changed) -> None:
        event.stop()
        self.set_class(bool(event.value), "-searching")
        self._make_room(event.value)
        self.post_message(self.QueryChanged(event.value))

    def on_descendant_blur(self) -> None:
        """A line that is left goes back to what is in force."""
        if self.frame.query_error is not None and not self.query_one(SearchInput).has_focus:
            self.post_message(self.QueryChanged(self.frame.view.query))

    @on(Input.Submitted)
    def _keep_query(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.SearchDone(kept=True))

    def _show(self) -> None:
        if not self.is_mounted or not self._nodes:
            return
        tabs, search = self.query_one(LensTabs), self.query_one(SearchInput)
        tabs.lens, tabs.ascii = self.frame.view.lens, self.frame.ascii
        tabs.error = self.frame.query_error
        search.mark_fault(self.frame.query_error_at)
        query = self.frame.view.query
        if not search.has_focus and search.value != query:
            with self.prevent(Input.Changed):
                search.value = query
            self.set_class(bool(query), "-searching")
            self._make_room(query)

    def _make_room(self, query: str) -> None:
        """A long search is shown whole as far as the lenses, as signs, leave room for it."""
        wanted = min(cell_len(query) + _SEARCH_MARGIN, self.size.width - _LEAST_LENSES)
        search = self.query_one(SearchInput)
        search.styles.width = wanted if wanted > _SEARCH_CELLS else None
