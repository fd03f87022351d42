"""The command line. Fast to start: nothing here imports Textual until the app is asked for.

With `--json` each command prints one JSON document on stdout, in ASCII, in these shapes. LIST is
the full list id. RECORD is a task with the native field names:

    {"id": ID, "subject": str, "description": str, "active_form": str | null,
     "owner": str | null, "status": str, "blocks": [ID], "blocked_by": [ID],
     "metadata": {…}, "created_at": float, "updated_at": float, "priority"?: str,
     "lock"?: {"by", "at", "is_live": bool | null}, "parent"?: ID, "execution"?: EXECUTION,
     …fields that colonytop does not know, as they are stored…,
     "ready": bool}

    An ID is a number in systems whose records have numbers (hive, hive_session), a string in all
    others; commands take either. `ready` is colonytop's own verdict, the same as in the table and
    in `why`. A task that failed also has "failed": true, whatever word its record has for that, and
    a record with something wrong "problems": [PROBLEM].

    lists               {"lists": [{"list", "root", "system", "read_only": why | null, "counts",
                        "problems": [PROBLEM]}]}
                        counts: {"total", "pending", "in_progress", "completed", …each other
                        status there is…, "ready", "blocked", "unreadable"}
    ls                  {"list": LIST, "tasks": [RECORD]}
    show, add, update, assign, claim, release, done, tick, retries
                        {"list": LIST, "task": RECORD}
    block, unblock      {"list": LIST, "task": RECORD, "blockers": [RECORD]}
                        (a blocker that is not in the list has no record)
    rm                  {"list": LIST, "deleted": id, "stripped": [id]}
    apply               {"label": str, "lists": [{"list", "root", "made": [{"verb", "task": id,
                        "changed": [field]}], "refused": [REFUSED]}]}
    …with --dry-run     {"list": LIST, "dry_run": true, "effects": EFFECTS}; apply:
                        {"label", "dry_run": true, "lists": [{"list", "root", "effects"}]};
                        rm has "deleted" and "stripped" too
    why                 {"ready": bool, "reasons": [{"kind", "task": id, "text", "state",
                        "last_write", "believed", "answer"}], "roots": [{"task", "state", "owner",
                        "last_write", "answer", …COST}], "critical": bool, "cost": COST, "cheapest":
                        {"price": int, "whole": bool, "steps": [{"kind", "task", "blocker",
                        "text", "price", "answer"}]} | null, "text": [str]}
                        kind: done, in_progress, open, missing, deleted, unreadable, self, cycle,
                        archived, closed, failed, status. believed: what the tool that owns the
                        list makes of it, where that differs. answer: the edit that clears it, or
                        null; of a root the edit of that task which has it tried again.
                        kind of a step: clean, release, retry, assign, cut, wait
                        COST {"holds", "agents": [str], "agent_minutes_lost", "at_least": bool}
    lint                {"findings": [{"kind", "list", "root", "task": id, "others": [id], "text",
                        "way_out"}], "ok": bool}
    status              {"needs", "active", "ready", "blocked", "phantom", "stale", "waiting",
                        "failed", "unreadable", "open", "done", "total", "lists": int, "top",
                        "top_task"}
    run                 one line per step: {"run", "list", "subtasks": int}, then {"run", "step",
                        "task": id, "subject", "model", "attempt", "seconds"} and, at its end,
                        {"outcome", "result", "error", "cost_usd", "input_tokens",
                        "output_tokens", "is_estimated"}; last {"run", "status", "counts":
                        {status: int}, "total_cost", "is_estimated"}
                        step: started, adopted, completed, failed, again, cancelled, unknown
    ledger              {"by", "groups": [{BY: name, SUM}], "total": {SUM}, "unreadable": int}
                        SUM: "executions", "succeeded", "input_tokens", "output_tokens",
                        "cost_usd", "estimated_usd"
    watch               one line per change: {"list", "id": id | null, "field": str | null,
                        "old", "new", "time": epoch seconds, "kind"}
                        kind: created, changed, vanished, unreadable, list_appeared,
                        list_vanished
    undo, redo          {"undo": NAME | null (or "redo"), "step", "made": [{"list", "id", "did"}],
                        "refused": [{"list", "id", "error"}], "reasons": [str], "since": [ENTRY]};
                        where nothing was written also "error": {"kind", "message"}
    history             {"list", "id": id | null, "entries": [ENTRY], "more": bool}
    record              {"recorded": int} when it ends
    doctor              {"version", "roots": [{"path", "source", "exists", "problem"}],
                        "lists": [{"list", "root", "system", "path", "tasks", "problems": int}],
                        "problems": [PROBLEM + {"list", "root"}], "settings": {"path",
                        "exists", "notify_rules": int, "problems": [str]}, "ok": bool} and, with
                        --repair, {"repairs": [{"list", "root", "kind", "text", "task", "path",
                        "made": bool, "error"?}], "dry_run": bool}
    systems             {"systems": [{"name", "title", "badge", "places", "reads", "edits", "lock",
                        "limits", "roots": [{"path", "source", "exists": bool}],
                        "lists": [{"list", "root", "path", "tasks": int, "read_only"}]}]}
    demo --headless     {"root", "seed", "agents": [{"name", …}], "lists": […], "totals": {…}}

    EXECUTION           what is known of {"steps": [{"id", "title", "native_status", "is_done", …}],
                        "checks": [{"key", "text", "is_required", "done_at", "done_by", "note"}],
                        "attempts": {"number", "most", "last_error"}, "spent": {"usd",
                        "input_tokens", "output_tokens", "is_estimated"}, "result", "tier",
                        "group", "claimed_at", "started_at", "completed_at"}
    EFFECTS             {"targets": [{"task": id, "subject", "change": created, changed, unchanged
                        or deleted, "fields": [{"field", "old", "new"}]}],
                        "becomes_ready": [id], "becomes_blocked": [id],
                        "eased", "hindered": [{"task": id, "waits_on": [REASON]}],
                        "stripped": [id], "loses", "gains": {owner: [id]},
                        "critical_path": {"before": [id], "after": [id]} | null, "refused":
                        [REFUSED]}; a task that is not there yet has the id "new"
    REFUSED             {"verb", "list", "task": id | null, "error": {"kind", "message", …}}
    ENTRY               {"time", "origin", "who", "list", "id", "what", "subject",
                        "changes": [{"field", "old", "new"}]} and, of an edit, {"step", "label",
                        "made": bool | null, "undoes"?, "reason"?}; of a task that is gone "last".
                        origin: operator, command (in the journal under that name), agent
                        (inferred from the owner and what was written), derived (only seen)

    PROBLEM             {"kind", "text", "task": id | null, "path", "repair"}

Edits go into the journal under $COLONYTOP_OPERATOR (else "you"; a claim under the owner's name),
and `undo` takes back those of that name that were made on the command line.

Exit codes: 0 done; 1 refused, the reason on stderr and, with --json, on stdout as
{"error": {"kind", "message", …facts…}}, with "can_be_forced": true where --force overrules it; 2
wrong usage (kind "usage").
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The `colonytop` script."""
    from store.collector import collect_rarely

    collect_rarely()
    from tui.cli.program import program

    program.main(prog_name="colonytop")
