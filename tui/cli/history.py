"""`history`: what the journal tells of a task, or of a whole list."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import TASK_ID, Invocation, common_options, id_in, pass_invocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.model.history import Entry
    from store.model.snapshot import TaskList
    from store.model.task import ListKey, TaskId
    from store.workspace import Workspace


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="[ID]", type=TASK_ID, required=False)
@click.option("--limit", "-n", type=click.IntRange(1), default=100, help="Entries; default 100.")
@common_options
@pass_invocation
def history(invocation: Invocation, name: str, task_id: str | None, limit: int) -> None:
    """What happened to task ID of LIST, or in all of it, newest first.

    Edits made through colonytop are always written down; what agents change, while an app or
    `colonytop record` runs.
    """
    from store.journal.journal import Damage, Journal
    from tui.cli.output import print_json, print_line

    found_list = _list_named(invocation, name)
    key, damage = found_list.key, Damage()
    task = None if task_id is None else id_in(found_list, task_id)
    found = Journal(key.root).entries(key, task, damage=damage)
    entries = list(islice(found, limit + 1))
    if invocation.as_json:
        print_json(_document(key, task, entries, limit))
        return
    for entry in entries[:limit]:
        print_line(entry_sentence(entry))
    if not entries:
        print_line("nothing is written down of it", to_stderr=True)
    elif len(entries) > limit:
        print_line(f"older ones are there: --limit {limit * 10} shows more", to_stderr=True)
    if damage.lines:
        print_line(f"colonytop: {damage.lines} damaged lines passed over", to_stderr=True)


def entry_sentence(entry: Entry) -> str:
    """The entry in words. It quotes task text, so it goes through the safe-text door."""
    from tui.widgets.activity_text import entry_activity

    activity = entry_activity(entry, ascii=False)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at))
    task = f"#{entry.task}" if entry.task else entry.list.id
    said = " ".join("".join(str(text) for text, *_ in activity.pieces).split())
    step = f"  [{entry.step}]" if entry.step else ""
    return f"{moment} {activity.who} {task} {said} ({activity.origin}){step}"


def entry_record(entry: Entry) -> dict[str, Any]:
    """The entry as the document that `--json` prints."""
    from store.model.strict import plain
    from store.model.task_record import task_values
    from tui.cli.shapes import native_id

    record: dict[str, Any] = {
        "time": entry.at,
        "origin": str(entry.origin),
        "who": entry.who,
        "list": entry.list.id,
        "id": None if entry.task is None else native_id(entry.task, entry.list.system),
        "what": entry.what,
        "subject": entry.subject,
        "changes": [
            {"field": move.field or None, "old": plain(move.old), "new": plain(move.new)}
            for move in entry.moves
        ],
    }
    if entry.step is not None:
        record |= {"step": entry.step, "label": entry.label, "made": entry.made}
    if entry.said:
        record["reason"] = entry.said
    if entry.undoes is not None:
        record["undoes"] = entry.undoes
    if entry.last is not None:
        record["last"] = task_values(entry.last)
    return record


def _document(
    key: ListKey, task: TaskId | None, entries: Sequence[Entry], limit: int
) -> dict[str, Any]:
    from tui.cli.shapes import native_id

    return {
        "list": key.id,
        "id": None if task is None else native_id(task, key.system),
        "entries": [entry_record(entry) for entry in entries[:limit]],
        "more": len(entries) > limit,
    }


def _list_named(invocation: Invocation, name: str) -> TaskList:
    """The list. One that is gone may still have a history: then its full id is needed.

    Raises:
        ListNotFound: there is none, and the name is no full id of which anything is written down.
    """
    from store.choosing import AmbiguousList
    from store.model.errors import ListNotFound
    from store.model.snapshot import TaskList
    from store.model.task import TaskListInfo

    workspace = invocation.workspace()
    try:
        return workspace.open_list(name)
    except AmbiguousList:
        raise
    except ListNotFound:
        gone = list(_keys_of_id(workspace, name))
        written = [key for key in gone if _is_written_down(key)] or gone
        if len(written) != 1:
            raise
        return TaskList(TaskListInfo(written[0], written[0].root))


def _keys_of_id(workspace: Workspace, name: str) -> Iterator[ListKey]:
    """What a full id may have named, with the system before it or without."""
    from store.model.task import ListKey, TaskListId
    from store.systems.registry import systems_of_id

    system, slash, rest = name.partition("/")
    for each in systems_of_id(name) or (systems_of_id(rest) if slash else ()):
        list_id = name if systems_of_id(name) else rest
        for root in workspace.roots_of(each):
            if list_id is name or each == system:
                yield ListKey(each, str(root.path), TaskListId(list_id))


def _is_written_down(key: ListKey) -> bool:
    from store.journal.journal import Journal

    return next(iter(Journal(key.root).entries(key)), None) is not None
