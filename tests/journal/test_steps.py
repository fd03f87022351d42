"""Which step is next: against a model with two stacks, and with damaged lines in between."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from store.journal.lines import Act, EditLine, Line, VerdictLine
from store.journal.steps import DONE, KEPT, PASSED, find_redo, find_step, find_undo
from store.model.edits import UpdateTask
from store.model.history import Actor, Direction
from store.model.task import ListKey, TaskId, TaskKey, TaskListId

KEY = TaskKey(ListKey("hive", "/r", TaskListId("colony:x")), TaskId("1"))
ME, OTHER = Actor("you"), Actor("noor")


class Book:
    """A journal in memory, and the steps as two stacks of each actor would have them."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.done: dict[Actor, list[str]] = {ME: [], OTHER: []}
        self.undone: dict[Actor, list[str]] = {ME: [], OTHER: []}
        self._names = map(str, count(1))

    def edit(self, actor: Actor, edits: int = 1, made: bool | None = True) -> str:
        name = self._step(actor, edits, made, None)
        if made is not False:
            self.done[actor].append(name)
            self.undone[actor].clear()
        return name

    def act(self, actor: Actor, direction: Direction, state: str, *, crashes: bool = False) -> None:
        """Undo or redo what is next, with a verdict unless it crashes before."""
        find = find_undo if direction is Direction.UNDO else find_redo
        target = find(reversed(self.lines), actor)
        source, sink = self.done[actor], self.undone[actor]
        if direction is Direction.REDO:
            source, sink = sink, source
        assert (target.step if target else None) == (source[-1] if source else None)
        if target is None:
            return
        act = Act(direction, target.step)
        name = self._step(actor, len(target.lines), None if crashes else True, act)
        if crashes:
            state = DONE[direction]
        else:
            self.lines.append(VerdictLine(name, act, 1.0, actor, state))
        if state == DONE[direction]:
            sink.append(source.pop())
        elif state == PASSED:
            source.pop()

    def _step(self, actor: Actor, edits: int, made: bool | None, act: Act | None) -> str:
        name = next(self._names)
        lines = [
            EditLine(name, n, edits, 1.0, actor, UpdateTask(KEY, owner=name), act=act)
            for n in range(edits)
        ]
        self.lines += lines
        if made is not None:
            self.lines += [
                EditLine(name, n, edits, 1.0, actor, line.edit, made, act=act, inverse=())
                for n, line in enumerate(lines)
            ]
        return name


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "refused", "crashed", "undo", "undo", "redo", "kept", "passed"]),
        st.sampled_from([ME, ME, OTHER]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=30,
)


@given(ACTIONS)
def test_find_undo_and_redo_follow_two_stacks_for_each_actor(
    actions: list[tuple[str, Actor, int, bool]],
) -> None:
    book = Book()
    for what, actor, edits, crashes in actions:
        if what in ("edit", "refused", "crashed"):
            book.edit(actor, edits, {"edit": True, "refused": False, "crashed": None}[what])
        elif what == "undo":
            book.act(actor, Direction.UNDO, DONE[Direction.UNDO], crashes=crashes)
        elif what == "redo":
            book.act(actor, Direction.REDO, DONE[Direction.REDO], crashes=crashes)
        else:
            book.act(actor, Direction.UNDO, KEPT if what == "kept" else PASSED)
    for actor in (ME, OTHER):
        for find, stack in ((find_undo, book.done), (find_redo, book.undone)):
            target = find(reversed(book.lines), actor)
            assert ([target.step] if target else []) == stack[actor][-1:]


def test_find_undo_takes_no_more_lines_than_it_needs() -> None:
    book = Book()
    for _ in range(1000):
        book.edit(ME)
    taken = 0

    def counted(lines: Iterable[Line]) -> Iterable[Line]:
        nonlocal taken
        for line in lines:
            taken += 1
            yield line

    assert find_undo(counted(reversed(book.lines)), ME) is not None
    assert taken <= 2


def test_find_undo_with_lost_intents_still_finds_the_newest_step() -> None:
    book = Book()
    book.edit(ME)
    newest = book.edit(ME, 2)
    kept = [
        line
        for line in book.lines
        if isinstance(line, EditLine) and (line.step != newest or line.made is not None)
    ]
    target = find_undo(reversed(kept), ME)
    assert target is not None
    assert target.step == newest


def test_find_undo_with_a_lost_outcome_treats_that_edit_as_a_crash() -> None:
    book = Book()
    name = book.edit(ME, 2)
    target = find_undo(reversed(book.lines[:-1]), ME)
    assert target is not None
    assert target.step == name
    assert [line.made for line in target.lines] == [True, None]


def test_find_step_of_another_actor_says_whether_it_still_stands() -> None:
    book = Book()
    name = book.edit(OTHER)
    found = find_step(reversed(book.lines), name)
    assert found is not None
    assert found.is_open
    book.act(OTHER, Direction.UNDO, DONE[Direction.UNDO])
    found = find_step(reversed(book.lines), name)
    assert found is not None
    assert not found.is_open
    assert find_step(reversed(book.lines), "none") is None
