"""The command palette: one provider for what can be done, one for where to go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher

from store.model.snapshot import Snapshot
from store.model.task import Task, TaskKey
from tui.commands import COMMANDS, Command
from tui.safe_text import SafeText, one_line
from tui.saved_views import LONGEST_NAME
from tui.standard_views import STANDARD_VIEWS
from tui.view_state import Grouping, SortKey
from tui.widgets.key_bar import live_keys

if TYPE_CHECKING:
    from tui.screens.main import MainScreen

MAX_HITS = 50
_SUBJECT_CELLS = 80


class CommandProvider(Provider):
    """The commands that can be used now, by their titles."""

    async def startup(self) -> None:
        keys = live_keys(self.screen)
        self._commands = [c for c in COMMANDS if c.is_bound and c.id in keys]
        self._keys = keys

    async def discover(self) -> Hits:
        for command in self._commands:
            yield DiscoveryHit(self._display(command), self._runner(command), command.title)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands:
            score = matcher.match(command.title)
            if score > 0:
                title = matcher.highlight(command.title)
                yield Hit(score, title, self._runner(command), command.title, command.help)

    def _display(self, command: Command) -> Content:
        return Content.assemble(command.title, (f"  {self._keys[command.id]}", "dim"))

    def _runner(self, command: Command) -> partial[Any]:
        return partial(self.screen.run_action, command.action)


class ViewProvider(Provider):
    """Orders, groupings and saved views by their names; `save NAME` keeps the present view."""

    @property
    def _main(self) -> MainScreen:
        return _main_screen(self)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, show in self._choices():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), show, title)
        verb, _, name = query.strip().partition(" ")
        name = one_line(name.strip(), LONGEST_NAME)
        if verb == "save" and name:
            text = f"Save this view as {name}"
            yield Hit(1.0, Content(text), partial(self._main.save_view, name), text)
        if verb == "forget":
            for known in self._main.saved_views.views:
                if known.startswith(name):
                    text = str(one_line(f"Forget the view {known}"))
                    yield Hit(1.0, Content(text), partial(self._main.forget_view, known), text)

    def _choices(self) -> Iterator[tuple[str, Callable[[], object]]]:
        main = self._main
        for grouping in Grouping:
            name = "no groups" if grouping is Grouping.FLAT else f"group by {grouping.value}"
            yield f"View: {name}", partial(main.action_group_by, grouping.value)
        for sort in SortKey:
            yield f"Sort: by {sort.value}", partial(main.action_sort_by, sort.value)
        for name in main.saved_views.views:
            yield str(one_line(f"View: {name}")), partial(main.show_view, name)
        for standard in STANDARD_VIEWS.values():
            yield f"View: {standard.title}", partial(main.show_standard_view, standard.name)


class TaskProvider(Provider):
    """The tasks of the snapshot that was shown when the palette opened."""

    async def startup(self) -> None:
        self._snapshot: Snapshot = self._main.frame.snapshot

    @property
    def _main(self) -> MainScreen:
        return _main_screen(self)

    async def search(self, query: str) -> Hits:
        for score, task, name in self._best(query):
            text = one_line(f"#{task.id}  {task.subject}", _SUBJECT_CELLS)
            display = Content.assemble(text, (f"  {one_line(name, 40)}", "dim"))
            yield Hit(score, display, partial(self._main.go_to, task.key), str(text))

    def _best(self, query: str) -> list[tuple[float, Task, SafeText]]:
        """The best matches; an exact id comes first."""
        wanted = query.strip().lstrip("#").casefold()
        found = sorted(self._matches(wanted), key=lambda hit: -hit[0])
        return [(score, task, one_line(name, 40)) for score, task, name in found[:MAX_HITS]]

    def _matches(self, wanted: str) -> Iterator[tuple[float, Task, str]]:
        """Plain words cost little at 100,000 tasks; the fuzzy matcher judges only short lists."""
        words = wanted.split()
        matcher = Matcher(wanted) if self._snapshot.count() <= 2_000 else None
        for task_list, task in self._snapshot.all_tasks():
            if task.is_internal:
                continue
            name = task_list.info.name
            if task.id.casefold() == wanted:
                yield 2.0, task, name
                continue
            text = f"#{task.id} {task.subject[:512]} {task.owner or ''}".casefold()
            if words and all(word in text for word in words):
                yield 1.0, task, name
            elif matcher and (score := matcher.match(text)) > 0:
                yield min(score, 0.99), task, name


def _main_screen(provider: Provider) -> MainScreen:
    from tui.screens.main import MainScreen

    screen = provider.screen
    assert isinstance(screen, MainScreen)
    return screen


def task_key_named(snapshot: Snapshot, name: str) -> TaskKey | None:
    """The task called `LIST/ID`, or a bare id that only one list has."""
    list_name, _, task_id = name.rpartition("/")
    task_id = task_id.lstrip("#")
    found = [
        task.key
        for task_list, task in snapshot.all_tasks()
        if task.id == task_id and list_name in ("", task_list.info.name, task_list.key.id)
    ]
    return found[0] if len(found) == 1 else None
