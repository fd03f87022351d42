"""What holds the work up, root first: each root blocker with the tasks that wait on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState
from store.model.cost import minutes_text
from store.model.graph import TaskGraph
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey
from tui.glyphs import glyph, owner_role, signs, style_role
from tui.safe_text import one_line
from tui.view_state import Frame
from tui.widgets.blockers_rows import BlockerFacts, chain_rows, tree_rows
from tui.widgets.costs import Costs
from tui.widgets.drawing import Piece, piece, rule, spread
from tui.widgets.pace import pace_of
from tui.widgets.pane import Row, RowsPane

MOST_ROOTS = 60
MOST_COSTED = 24
MOST_ROWS = 400
_SUBJECT_FROM = 38  # cells from which a root's own subject is shown beside what it holds
_LIST_FROM = 60  # cells from which it also names its list


class BlockersPane(RowsPane[BlockerFacts]):
    """Root blockers, the one that holds most on top; the selected task's chain above them."""

    HELP = """\
## Blockers

Each root blocker, the one that holds up most on top, of equals the one that has cost most
agent-minutes (as under **6**), and under it what waits. A root is a task
that nothing open blocks, an id that is not there, or a cycle. When the selected task waits on
something, its way up to the roots comes first.

- **Enter** or a click selects that task. **u** there removes an edge that never clears.
"""

    DEFAULT_CSS = """
    BlockersPane > .blockers--selected { background: $change-tint; }
    """
    COMPONENT_CLASSES = {"blockers--selected"}  # noqa: RUF012

    @dataclass
    class Picked(Message):
        """A task was picked. It may be missing from its list: blockers can be."""

        key: TaskKey

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._known: dict[ListKey, tuple[TaskGraph, list[TaskId]]] = {}
        self._root_count = 0
        self._costs = Costs()

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[BlockerFacts]]:
        only = frame.view.list_key
        lists = [one for key, one in snapshot.lists.items() if only is None or key == only]
        rows = list(chain_rows(frame, snapshot))
        roots = [(one, root) for one in lists for root in self._roots(one)[:MOST_ROOTS]]
        roots.sort(key=lambda found: -found[0].graph.holds(found[1]))
        lost = self._lost(frame, snapshot, roots[:MOST_COSTED])
        roots[:MOST_COSTED] = sorted(
            roots[:MOST_COSTED],
            key=lambda found: (-found[0].graph.holds(found[1]), -lost[found[0].key, found[1]]),
        )
        self._known = {one.key: self._known[one.key] for one in lists}
        self._root_count = sum(len(found) for _, found in self._known.values())
        if rows and roots:
            rows.append(Row(None, BlockerFacts(title="all roots")))
        named = len(lists) > 1
        for one, root in roots[:MOST_ROOTS]:
            rows.extend(tree_rows(frame, one, root, lost.get((one.key, root), 0), named=named))
            if len(rows) >= MOST_ROWS:
                break
        if not rows:
            return [Row(None, BlockerFacts(title="nothing is blocked"))]
        return rows

    def titles(self, frame: Frame) -> tuple[str, str]:
        count = self._root_count
        shown = min(count, MOST_ROOTS)
        return f"Blockers · {count} root{'s' * (count != 1)}", (
            f"{count - shown} more" if count > shown else ""
        )

    def draw(self, row: Row[BlockerFacts], cells: int) -> Content:
        facts = row.facts
        if facts.state is None:
            return rule(facts.title, cells, ascii=self.ascii)
        return self._root(facts, cells) if facts.is_root else self._waiting(facts, cells)

    def row_style(self, row: Row[BlockerFacts]) -> str:
        return "blockers--selected" if row.facts.is_selected else ""

    def pick(self, row: Row[BlockerFacts]) -> None:
        if isinstance(row.key, tuple) and isinstance(row.key[0], TaskKey):
            self.post_message(self.Picked(row.key[0]))

    def _lost(
        self, frame: Frame, snapshot: Snapshot, roots: Sequence[tuple[TaskList, TaskId]]
    ) -> dict[tuple[ListKey, TaskId], int]:
        """Agent-minutes that each root has cost so far."""
        loads = pace_of(self.app).owners(snapshot, None)
        keys = [TaskKey(one.key, root) for one, root in roots]
        return {key: int(self._costs.of(key, frame, snapshot, loads).minutes) for key in keys}

    def _roots(self, task_list: TaskList) -> list[TaskId]:
        known = self._known.get(task_list.key)
        if known is None or known[0] is not task_list.graph:
            known = (task_list.graph, task_list.graph.roots())
            self._known[task_list.key] = known
        return known[1]

    def _root(self, facts: BlockerFacts, cells: int) -> Content:
        left = [*self._lines(facts), piece(f"#{facts.id} ", "bold"), *self._sign(facts)]
        held = [piece(f"holds {facts.holds}", "$status-root")] if facts.holds else []
        if held and facts.lost and cells >= _SUBJECT_FROM:
            held.append(piece(f", {minutes_text(facts.lost)}m lost", "$status-stale"))
        who = [_owner(facts)] if facts.age else []
        silent = "$status-stale" if facts.state is DisplayState.STALE else "$muted"
        old = [piece(f" {facts.age}", silent)] if facts.age else []
        dot = [piece(" · ", "$muted")] if held and who else []
        named = facts.list_name and cells >= _LIST_FROM
        name = [piece(f"  {facts.list_name}", "$muted")] if named else []
        if cells >= _SUBJECT_FROM:
            return spread([*left, piece(facts.text)], [*who, *old, *dot, *held, *name], cells)
        if not who:
            dot = [piece(" · ", "$muted")] if held else []
            return spread([*left, *held, *dot, piece(facts.short, "$muted")], [], cells)
        return spread([*left, *held, *dot, *who, *old], [], cells)

    def _waiting(self, facts: BlockerFacts, cells: int) -> Content:
        subject = piece(facts.text, "" if facts.is_selected else "$muted")
        left = [*self._lines(facts), *self._sign(facts), piece(f"{facts.id} "), subject]
        right = []
        if cells >= _SUBJECT_FROM and facts.owner:
            right = [_owner(facts)]
        return spread(left, right, cells)

    def _sign(self, facts: BlockerFacts) -> list[Piece]:
        if facts.state is None:
            return []
        role = style_role(facts.state)
        if facts.is_root and facts.state in (DisplayState.READY, DisplayState.ACTIVE):
            role = "status-root" if facts.state is DisplayState.READY else role
        return [piece(f"{glyph(facts.state, self.ascii)} ", f"${role}")]

    def _lines(self, facts: BlockerFacts) -> list[Piece]:
        drawn = facts.lines
        if self.ascii:
            known = signs(True)
            drawn = drawn.replace("└", known.tree_last).replace("├", known.tree_fork)
            drawn = drawn.replace("│", known.tree_line).replace("↑", known.above)
        return [piece(drawn, "$muted")] if drawn else []


def _owner(facts: BlockerFacts) -> Piece:
    """The name, cut so that it leaves room for the subject."""
    return one_line(facts.owner or "-", 16), f"${owner_role(facts.owner)}"
