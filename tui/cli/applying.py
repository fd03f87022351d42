"""`apply`: the edits of a draft, one batch for each list, all or none of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation
from tui.cli.making import dry_run_option

if TYPE_CHECKING:
    from store.model.edits import BatchResult, EditBatch
    from store.model.snapshot import TaskList
    from store.model.task import ListKey
    from store.workspace import Workspace


@click.command("apply")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@dry_run_option
@common_options
@pass_invocation
def apply_command(invocation: Invocation, file: Path, dry_run: bool) -> None:
    """Make the edits of the draft FILE: in each list all of them, or none.

    An edit whose expected values do not hold any more is refused, and its list with it. --root
    names the root of edits that name none.
    """
    batch = load(invocation, file)
    workspace = _workspace(batch, edit_unlocked=invocation.edit_unlocked)
    lists = _lists(workspace, batch)
    if dry_run:
        made = _preview_all(invocation, lists, batch)
    else:
        made = _apply_all(invocation, workspace, batch)
    if not made:
        click.get_current_context().exit(1)


def load(invocation: Invocation, file: Path) -> EditBatch:
    """The edits of a draft file.

    Raises:
        BadDocument: naming the file, the field, and the way out.
        StorageFailure: the file cannot be read.
        AmbiguousList: an edit names no root, and several lists fit.
    """
    from store.choosing import find_key
    from store.files.failures import UnreadableFile
    from store.model.errors import StorageFailure
    from store.systems.registry import NATIVE
    from tui.draft_files import load_draft

    workspace = invocation.workspace()
    roots = workspace.roots_of(NATIVE)
    root = str(roots[0].path) if len(roots) == 1 else None

    lists = cache(lambda: workspace.scan().lists)

    def known(name: str) -> ListKey | None:
        return find_key(lists(), name)

    try:
        return load_draft(file.expanduser().absolute(), root=root, known=known)
    except OSError as error:
        raise StorageFailure(str(file), error.strerror or str(error)) from error
    except UnreadableFile as error:
        raise StorageFailure(str(file), error.reason) from error


def _workspace(batch: EditBatch, *, edit_unlocked: bool) -> Workspace:
    from store.roots import RootSpec
    from store.workspace import Workspace

    roots = dict.fromkeys(key.root for key in batch.lists)
    specs = [RootSpec(Path(root), "draft") for root in roots]
    return Workspace(specs, edit_unlocked=edit_unlocked)


def _lists(workspace: Workspace, batch: EditBatch) -> dict[ListKey, TaskList]:
    """The lists as they are now; one that the draft starts is empty.

    Raises:
        ListNotFound: one is not there.
    """
    from store.model.edits import CreateTask
    from store.model.errors import ListNotFound
    from store.model.snapshot import TaskList
    from store.model.task import TaskListInfo

    found = dict(workspace.scan().lists)
    starts = {
        edit.list for edit in batch.edits if isinstance(edit, CreateTask) and edit.starts_list
    }
    for key in batch.lists:
        if key not in found and key not in starts:
            raise ListNotFound(key.id, key.root)
    return {key: found.get(key, TaskList(TaskListInfo(key, key.root))) for key in batch.lists}


def _preview_all(invocation: Invocation, lists: dict[ListKey, TaskList], batch: EditBatch) -> bool:
    """Print what the draft would do to each list; whether all of it would be made."""
    from store.model.foresight import foresee_all
    from tui.cli.effects import effects_record, failure_line
    from tui.cli.making import print_effects
    from tui.cli.output import print_json, print_line

    foreseen = {
        key: foresee_all(task_list, [edit for edit in batch.edits if edit.list == key])
        for key, task_list in lists.items()
    }
    if invocation.as_json:
        records = [
            {"list": key.id, "root": key.root, "effects": effects_record(effects, key.system)}
            for key, effects in foreseen.items()
        ]
        print_json({"label": batch.label, "dry_run": True, "lists": records})
        for effects in foreseen.values():
            for failure in effects.refused:
                print_line(failure_line(failure), to_stderr=True)
    else:
        for key, effects in foreseen.items():
            print_effects(invocation, lists[key], effects, {})
    return not any(effects.refused for effects in foreseen.values())


def _apply_all(invocation: Invocation, workspace: Workspace, batch: EditBatch) -> bool:
    """Make the edits and print what came of each list; whether all were made."""
    from tui.cli.effects import failure_line
    from tui.cli.making import operating
    from tui.cli.output import print_json, print_line
    from tui.edit_text import sentence

    with operating(workspace) as operator:
        result = operator.apply_all(batch)
    if invocation.as_json:
        records = [_list_record(key, result) for key in batch.lists]
        print_json({"label": batch.label, "lists": records})
    else:
        for made in result.results:
            print_line(sentence(made.edit, made))
    for failure in result.failures:
        print_line(failure_line(failure), to_stderr=True)
    if not invocation.as_json:
        count = f"{len(result.results)} of {len(batch.edits)} edits made"
        print_line(f"{batch.label}: {count}" if batch.label else count)
    return not result.failures


def _list_record(key: ListKey, result: BatchResult) -> dict[str, Any]:
    from tui.cli.effects import failure_record
    from tui.cli.shapes import native_id

    made = [
        {
            "verb": str(one.edit.verb),
            "task": native_id(one.task.id if one.task else next(iter(one.before)), key.system),
            "changed": list(one.changed),
        }
        for one in result.results
        if one.edit.list == key
    ]
    refused = [failure_record(f) for f in result.failures if f.edit.list == key]
    return {"list": key.id, "root": key.root, "made": made, "refused": refused}
