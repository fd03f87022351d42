"""`doctor`: where colonytop looks, what it finds, what is wrong and what would repair it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation, version_text

if TYPE_CHECKING:
    from store.model.snapshot import Snapshot


@click.command()
@click.option("--strict", is_flag=True, help="Exit with 1 if there is any problem.")
@click.option(
    "--repair", is_flag=True, help="Mend what a crash or another tool left; say first what."
)
@click.option("--dry-run", is_flag=True, help="With --repair: say what would be mended, and stop.")
@common_options
@pass_invocation
@click.pass_context
def doctor(
    ctx: click.Context, invocation: Invocation, strict: bool, repair: bool, dry_run: bool
) -> None:
    """Roots and where each came from, lists, problems, what would repair them, and settings.

    Reads only, unless it is told to repair: edges that do not agree, a lost high-water mark,
    unfinished changes and what else a crash left. Files that cannot be read are never touched.
    """
    from tui.cli.output import print_json, print_line

    if dry_run and not repair:
        raise click.UsageError("--dry-run goes with --repair", ctx)
    workspace = invocation.workspace()
    snapshot = workspace.scan()
    mended: dict[str, Any] = {}
    failed = False
    if repair:
        from tui.cli.mending import mend

        tell = _say_nothing if invocation.as_json else print_line
        rows = mend(workspace, dry_run=dry_run, tell=tell)
        failed = any("error" in row for row in rows)
        mended = {"repairs": rows, "dry_run": dry_run}
        snapshot = workspace.scan()
        tell("")
    report = examine(snapshot)
    report["settings"] = examine_settings()
    report["ok"] = report["ok"] and not report["settings"]["problems"]
    if invocation.as_json:
        print_json({**report, **mended})
    else:
        _print_report(report)
    if failed or (strict and not report["ok"]):
        ctx.exit(1)


def _say_nothing(_: str) -> None:
    """JSON is printed once, whole."""


def examine(snapshot: Snapshot) -> dict[str, Any]:
    """The report as `doctor --json` prints it."""
    from store.model.listing import all_problems
    from tui.cli.shapes import problem_record

    lists: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for task_list in snapshot.lists.values():
        place = {"list": task_list.key.id, "root": task_list.key.root}
        found = [
            {**problem_record(p, task_list.key.system), **place} for p in all_problems(task_list)
        ]
        facts = {"system": task_list.key.system, "path": task_list.info.path}
        counted = {"tasks": len(task_list.tasks), "problems": len(found)}
        lists.append({**place, **facts, **counted})
        problems.extend(found)
    for root in snapshot.roots:
        problems.extend(
            {**problem_record(p), "list": None, "root": root.path} for p in root.problems
        )
    roots = [
        {"path": r.path, "source": r.source, "exists": r.exists, "problem": r.problem}
        for r in snapshot.roots
    ]
    sound = not problems and not any(root["problem"] for root in roots)
    return {
        "version": version_text(),
        "roots": roots,
        "lists": lists,
        "problems": problems,
        "ok": sound,
    }


def examine_settings() -> dict[str, Any]:
    """The settings file: whether it can be used, its rules, and hooks that are not there."""
    import shutil

    from tui.settings import SettingsError, default_path, load_settings

    path = default_path()
    problems: list[str] = []
    rules = 0
    try:
        notify = load_settings().notify
    except SettingsError as error:
        problems.append(str(error))
    else:
        rules = len(notify)
        problems.extend(
            f"{path}: notify[{number}].hook: there is no command {rule.hook[0]!r}; "
            "install it or mend its name"
            for number, rule in enumerate(notify, 1)
            if rule.hook and shutil.which(rule.hook[0]) is None
        )
    return {
        "path": str(path),
        "exists": path.exists(),
        "notify_rules": rules,
        "problems": problems,
    }


def _print_report(report: dict[str, Any]) -> None:
    from tui.cli.output import print_line, print_table

    print_line(f"colonytop {report['version']}")
    for root in report["roots"]:
        state = "" if root["exists"] or root["problem"] else ", not there yet"
        trouble = f": {root['problem']}" if root["problem"] else ""
        print_line(f"root  {root['path']}  ({root['source']}{state}){trouble}")
    settings = report["settings"]
    if settings["exists"]:
        count = settings["notify_rules"]
        rules = f", {count} notification rule{'' if count == 1 else 's'}" if count else ""
        print_line(f"settings  {settings['path']}{rules}")
    for problem in settings["problems"]:
        print_line(f"settings  {problem}")
    if report["lists"]:
        print_line("")
        rows = [
            (
                row["list"],
                row["system"],
                str(row["tasks"]),
                str(row["problems"] or "-"),
                row["path"],
            )
            for row in report["lists"]
        ]
        print_table(("LIST", "SYSTEM", "TASKS", "PROBLEMS", "PATH"), rows)
    print_line("")
    if not report["problems"] and not settings["problems"]:
        print_line("no lists are found" if not report["lists"] else "no problems are found")
    for problem in report["problems"]:
        print_line(f"{problem['list'] or problem['root']}  {problem['kind']}: {problem['text']}")
        if problem["path"]:
            print_line(f"    file    {problem['path']}")
        if problem["repair"]:
            print_line(f"    repair  {problem['repair']}")
