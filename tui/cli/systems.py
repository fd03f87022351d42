"""`systems`: whose lists colonytop knows, where it looks for them, and what it does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.model.facts import SystemFacts
    from store.model.snapshot import Snapshot
    from store.workspace import Workspace

_MOST_NAMED = 5
_LABELS = {
    "places": "looks in",
    "reads": "reads",
    "edits": "edits",
    "lock": "lock",
    "limits": "limits",
}


@click.command()
@common_options
@pass_invocation
def systems(invocation: Invocation) -> None:
    """Every system that colonytop knows: its places, what is read and edited there, by which lock,
    the limits of that, and the lists that are found now.
    """
    from tui.cli.output import print_json, print_line, print_root_problems

    workspace = invocation.workspace()
    snapshot = workspace.scan()
    found = examine(workspace, snapshot, invocation.systems)
    print_root_problems(snapshot)
    if invocation.as_json:
        print_json({"systems": found})
        return
    for place, record in enumerate(found):
        if place:
            print_line("")
        _print_system(record)


def examine(
    workspace: Workspace, snapshot: Snapshot, names: list[str] | None = None
) -> list[dict[str, Any]]:
    """The systems as `systems --json` prints them; only those named, if any are."""
    from store.systems.registry import ROOMS

    return [
        _record(workspace, snapshot, room.facts)
        for room in ROOMS
        if not names or room.name in names
    ]


def _record(workspace: Workspace, snapshot: Snapshot, facts: SystemFacts) -> dict[str, Any]:
    from store.files.places import stamp
    from tui.cli.shapes import read_only_reason

    roots = [
        {
            "path": str(root.path),
            "source": root.spec.source,
            "exists": stamp(root.path) is not None,
        }
        for root in workspace.roots_of(facts.name)
    ]
    lists = [
        {
            "list": key.id,
            "root": key.root,
            "path": each.info.path,
            "tasks": len(each.tasks),
            "read_only": read_only_reason(each),
        }
        for key, each in snapshot.lists.items()
        if key.system == facts.name
    ]
    return {**facts._asdict(), "roots": roots, "lists": lists}


def _print_system(record: dict[str, Any]) -> None:
    from tui.cli.output import print_line

    print_line(f"{record['title']}  ({record['name']}, shown as {record['badge']})")
    for name, label in _LABELS.items():
        print_line(f"  {label:<9} {record[name]}")
    for root in record["roots"]:
        absent = "" if root["exists"] else ", not there"
        print_line(f"  {'root':<9} {root['path']}  ({root['source']}{absent})")
    names = [each["list"] for each in record["lists"]]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    said = f"{len(names)}: {', '.join(names[:_MOST_NAMED])}{more}" if names else "none found"
    print_line(f"  {'lists':<9} {said}")
    for reason in dict.fromkeys(each["read_only"] for each in record["lists"]):
        if reason is not None:
            count = sum(each["read_only"] == reason for each in record["lists"])
            print_line(f"  {'read-only':<9} {count} of them: {reason}")
