"""Starting a list with its first task, where `add --new-list` names one that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from store.model.snapshot import TaskList
    from store.workspace import Workspace
    from tui.cli.invocation import Invocation

KINDS = "colony:NAME, session:AGENT:SESSION or unscoped:AGENT"


def list_to_add_to(
    invocation: Invocation, name: str, *, may_start: bool
) -> tuple[Workspace, TaskList, bool]:
    """The list of that name as it is now, and whether it is still to be made.

    Raises:
        ListNotFound: there is none, and it may not be started; or more than one.
        UsageError: it is to be started, and the name or the roots do not say where.
    """
    from store.choosing import AmbiguousList
    from store.model.errors import ListNotFound

    try:
        return *invocation.open_list(name), False
    except AmbiguousList:
        raise
    except ListNotFound as error:
        if may_start:
            return invocation.workspace(), new_list(invocation, name), True
        error.args = (f"{error}; --new-list starts it if its full id is given: {KINDS}",)
        raise


def new_list(invocation: Invocation, name: str) -> TaskList:
    """The list as it will be: empty, under the one root.

    Raises:
        UsageError: no full id, or not exactly one root that can hold lists.
        InvalidListId: no list can have this id.
    """
    from store.files.paths import task_list_path
    from store.model.snapshot import TaskList
    from store.model.task import ListKey, TaskListId, TaskListInfo
    from store.systems.registry import NATIVE

    if name.partition(":")[0] not in ("colony", "session", "unscoped"):
        raise click.UsageError(f"{name!r} is no full list id; a new list is {KINDS}")
    roots = invocation.workspace().roots_of(NATIVE)
    if len(roots) != 1:
        raise click.UsageError("a new list needs one root; name it with --root")
    (root,) = roots
    if root.only is not None:
        raise click.UsageError(f"the root given is the list {root.only!r} itself")
    path = task_list_path(name, hive_root=root.path)
    key = ListKey(NATIVE, str(root.path), TaskListId(name))
    return TaskList(TaskListInfo(key, str(path)))
