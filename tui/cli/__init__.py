"""The command line. Fast to start: nothing here imports Textual until the app is asked for.

With `--json` each command prints one JSON document on stdout, in ASCII, in these shapes. LIST is
the full list id. RECORD is a task with the native field names:

    {"id": int, "subject": str, "description": str, "active_form": str | null,
     "owner": str | null, "status": str, "blocks": [int], "blocked_by": [int],
     "metadata": {…}, "created_at": float, "updated_at": float,
     …fields that colonytop does not know, as they are stored…,
     "ready": bool}

    Ids that are not decimal are strings. `ready` is colonytop's own verdict, the same as in the
    table and in `why`. A record with something wrong also has "problems": [PROBLEM].

    lists               {"lists": [{"list", "root", "system", "counts", "problems": [PROBLEM]}]}
                        counts: {"total", "pending", "in_progress", "completed", …each other
                        status there is…, "ready", "blocked", "unreadable"}
    ls                  {"list": LIST, "tasks": [RECORD]}
    show, add, update, assign, claim, release, done
                        {"list": LIST, "task": RECORD}
    block, unblock      {"list": LIST, "task": RECORD, "blockers": [RECORD]}
                        (a blocker that is not in the list has no record)
    rm                  {"list": LIST, "deleted": id, "stripped": [id]}
                        with --dry-run also "dry_run": true; nothing is written then
    why                 {"ready": bool, "reasons": [{"kind", "task": id, "text"}]}
                        kind: done, in_progress, open, missing, unreadable, self, cycle, closed,
                        status
    watch               one line per change: {"list", "id": id | null, "field": str | null,
                        "old", "new", "time": epoch seconds, "kind"}
                        kind: created, changed, vanished, unreadable, list_appeared,
                        list_vanished
    doctor              {"version", "roots": [{"path", "source", "exists", "problem"}],
                        "lists": [{"list", "root", "system", "path", "tasks", "problems": int}],
                        "problems": [PROBLEM + {"list", "root"}], "ok": bool}
    demo --headless     {"root", "seed", "agents": [{"name", …}], "lists": […], "totals": {…}}

    PROBLEM             {"kind", "text", "task": id | null, "path", "repair"}

Exit codes: 0 done; 1 refused, the reason on stderr and, with --json, on stdout as
{"error": {"kind", "message", …facts…}}; 2 wrong usage (kind "usage").
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The `colonytop` script."""
    from tui.cli.program import program

    program.main(prog_name="colonytop")
