"""What holds the work up, root first: each root blocker with the tasks that wait on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from store.model.attention import DisplayState, display_state
from store.model.graph import TaskGraph
from store.model.readiness import fault_text
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey
from tui.glyphs import age, glyph, owner_role, signs, style_role
from tui.safe_text import one_line
from tui.view_state import Frame
from tui.widgets.drawing import Piece, piece, rule, spread
from tui.widgets.pane import Row, RowsPane

MOST_ROOTS = 60
MOST_ROWS = 400
MOST_CHILDREN = 12
MOST_IN_CHAIN = 12
DEPTH = 4  # levels under a root
_SUBJECT_FROM = 38  # cells from which a root's own subject is shown beside what it holds
_LIST_FROM = 60  # cells from which it also names its list


@dataclass(frozen=True, slots=True)
class BlockerFacts:
    """What one row says about one task, or a title between two parts (`state` None)."""

    title: str = ""
    id: str = ""
    state: DisplayState | None = None
    lines: str = ""
    """The tree's lines before the sign, in Unicode."""
    text: str = ""
    """Subject, or why this root never clears by itself."""
    short: str = ""
    """The same where there is little room."""
    is_root: bool = False
    holds: int = 0
    owner: str | None = None
    age: str = ""
    list_name: str = ""
    is_selected: bool = False


class BlockersPane(RowsPane[BlockerFacts]):
    """Root blockers, the one that holds most on top; the selected task's chain above them."""

    HELP = """\
## Blockers

Each root blocker, the one that holds up most on top, and under it what waits. A root is a task
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

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[BlockerFacts]]:
        only = frame.view.list_key
        lists = [one for key, one in snapshot.lists.items() if only is None or key == only]
        rows = list(_chain(frame, snapshot))
        roots = [(one, root) for one in lists for root in self._roots(one)[:MOST_ROOTS]]
        roots.sort(key=lambda found: -found[0].graph.holds(found[1]))
        self._known = {one.key: self._known[one.key] for one in lists}
        self._root_count = sum(len(found) for _, found in self._known.values())
        if rows and roots:
            rows.append(Row(None, BlockerFacts(title="all roots")))
        named = len(lists) > 1
        for one, root in roots[:MOST_ROOTS]:
            rows.extend(_tree(frame, one, root, named=named))
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

    def _roots(self, task_list: TaskList) -> list[TaskId]:
        known = self._known.get(task_list.key)
        if known is None or known[0] is not task_list.graph:
            known = (task_list.graph, task_list.graph.roots())
            self._known[task_list.key] = known
        return known[1]

    def _root(self, facts: BlockerFacts, cells: int) -> Content:
        left = [*self._lines(facts), piece(f"#{facts.id} ", "bold"), *self._sign(facts)]
        held = [piece(f"holds {facts.holds}", "$status-root")] if facts.holds else []
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


def _chain(frame: Frame, snapshot: Snapshot) -> Iterator[Row[BlockerFacts]]:
    """The selected task's unmet blockers up to the roots, nearest first."""
    key = frame.selected
    task_list = snapshot.lists.get(key.list) if key else None
    if key is None or task_list is None or key.id not in task_list.graph.unmet:
        return
    yield Row(None, BlockerFacts(title=f"#{key.id} waits on"))
    unmet = task_list.graph.unmet
    stack = [(blocker, 0) for blocker in reversed(unmet[key.id][:MOST_CHILDREN])]
    seen = {key.id}
    shown = 0
    while stack:
        task_id, depth = stack.pop()
        if task_id in seen:
            continue
        seen.add(task_id)
        if shown == MOST_IN_CHAIN:
            yield Row(None, BlockerFacts(title="and more"))
            return
        shown += 1
        facts = _facts_of(frame, task_list, task_id, lines="  " * min(depth, DEPTH) + "↑ ")
        yield Row((TaskKey(key.list, task_id), "chain"), facts)
        above = unmet.get(task_id, ())[:MOST_CHILDREN]
        stack.extend((blocker, depth + 1) for blocker in reversed(above))


def _tree(
    frame: Frame, task_list: TaskList, root: TaskId, *, named: bool
) -> Iterator[Row[BlockerFacts]]:
    """A root and what waits on it, each task once, to a limited depth."""
    name = task_list.info.name if named else ""
    key = task_list.key
    yield Row((TaskKey(key, root), root), _facts_of(frame, task_list, root, list_name=name))
    graph = task_list.graph
    seen = {root, *graph.cycle_of.get(root, ())}
    first = _waiting_on(graph, root, seen)
    stack = [(child, "", place == len(first) - 1) for place, child in enumerate(first)][::-1]
    while stack:
        task_id, before, is_last = stack.pop()
        if task_id in seen:
            continue
        seen.add(task_id)
        lines = before + ("└" if is_last else "├")
        yield Row((TaskKey(key, task_id), root), _facts_of(frame, task_list, task_id, lines=lines))
        if (len(lines) + 1) // 2 < DEPTH:
            below = _waiting_on(graph, task_id, seen)
            step = before + ("  " if is_last else "│ ")
            children = [(i, step, place == len(below) - 1) for place, i in enumerate(below)]
            stack.extend(reversed(children))


def _waiting_on(graph: TaskGraph, task_id: TaskId, seen: set[TaskId]) -> list[TaskId]:
    found = []
    for dependent in graph.dependents.get(task_id, ()):
        if dependent not in seen and task_id in graph.unmet.get(dependent, ()):
            found.append(dependent)
            if len(found) == MOST_CHILDREN:
                break
    return found


def _facts_of(
    frame: Frame, task_list: TaskList, task_id: TaskId, *, lines: str = "", list_name: str = ""
) -> BlockerFacts:
    task = task_list.tasks.get(task_id)
    graph = task_list.graph
    holds = graph.holds(task_id)
    is_root = not lines or (lines.endswith("↑ ") and task_id not in graph.unmet)
    selected = frame.selected == TaskKey(task_list.key, task_id)
    cycle = graph.cycle_of.get(task_id)
    if task is None:
        state, text, short = DisplayState.PHANTOM, "not in the list", "missing"
    else:
        state = display_state(task_list, task, frame.now, frame.stale_after_s)
        text = short = task.subject
    if cycle and not lines:
        return _cycle_facts(frame, task_id, cycle, holds)
    if state is DisplayState.UNREADABLE and task is not None:
        text, short = fault_text(task), "unreadable"
    elif state is DisplayState.CLOSED and task is not None:
        short = task.native_status
        state, text = DisplayState.PHANTOM, f"{short}, never frees what waits on it"
    never_clears = task is None or state in (DisplayState.UNREADABLE, DisplayState.PHANTOM)
    written = None if task is None else task.updated_at
    old = "" if never_clears else age(None if written is None else frame.now - written)
    return BlockerFacts(
        id=task_id,
        state=state,
        lines=lines,
        text=text,
        short=short,
        is_root=is_root,
        holds=holds,
        owner=None if task is None else task.owner,
        age=old,
        list_name=list_name,
        is_selected=selected,
    )


def _cycle_facts(
    frame: Frame, task_id: TaskId, cycle: Sequence[TaskId], holds: int
) -> BlockerFacts:
    arrow = f" {signs(frame.ascii).arrow} "
    members = [f"#{i}" for i in cycle[:6]] + ["…"] * (len(cycle) > 6)
    return BlockerFacts(
        id=task_id,
        state=DisplayState.PHANTOM,
        text=f"cycle {arrow.join([*members, f'#{cycle[0]}'])}",
        short="cycle",
        is_root=True,
        holds=holds,
    )
