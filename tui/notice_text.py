"""What an alert says: to the terminal as text without any control, to a hook as a document."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from store.model.alert import Alert, Alerts, Channel
from tui.safe_text import SafeText, one_line

_LONGEST = 200  # characters; desktops cut what is longer
BELL = "\x07"
_ESCAPE = "\x1b"


def notice(alert: Alert, held_back: int = 0) -> SafeText:
    """One line: whose task or list, which, and why. Begins with our name, so that no terminal
    takes the text for one of the commands that some have under OSC 9 (`9;4;…` and the like).
    """
    where = alert.list.id if alert.task is None else f"{alert.list.id} #{alert.task.id}"
    subject = "" if alert.task is None else f" {one_line(alert.task.subject, 80)}"
    more = f" (+{held_back} held back)" if held_back else ""
    head = one_line(f"colonytop: {where}{subject}: {alert.text or alert.rule.name}", _LONGEST)
    return one_line(f"{head}{more}", _LONGEST + len(more))


def notices(alerts: Alerts) -> Iterator[tuple[Alert, SafeText]]:
    """Each alert with its line; the last one says how many more there were."""
    last = len(alerts.due) - 1
    for place, alert in enumerate(alerts.due):
        yield alert, notice(alert, alerts.held_back if place == last else 0)


def to_terminal(
    alerts: Alerts, *, ascii: bool = False, environ: Mapping[str, str] | None = None
) -> str:
    """What the terminal is to be sent: at most one bell, and an OSC 9 for each that wants one."""
    in_tmux = bool((os.environ if environ is None else environ).get("TMUX"))
    has_bell = any(Channel.BELL in alert.rule.how for alert in alerts.due)
    told = (
        osc9(text, ascii=ascii, in_tmux=in_tmux)
        for alert, text in notices(alerts)
        if Channel.OSC9 in alert.rule.how
    )
    return "".join([*told, BELL if has_bell else ""])


def osc9(text: SafeText, *, ascii: bool = False, in_tmux: bool = False) -> str:
    """The sequence of a desktop notification; in tmux wrapped so that it is passed through, which
    tmux does where `allow-passthrough` is on.
    """
    shown = text.encode("ascii", "replace").decode() if ascii else text
    sequence = f"{_ESCAPE}]9;{shown}{_ESCAPE}\\"
    if not in_tmux:
        return sequence
    return f"{_ESCAPE}Ptmux;{sequence.replace(_ESCAPE, _ESCAPE * 2)}{_ESCAPE}\\"


def hook_input(alert: Alert, held_back: int = 0) -> bytes:
    """The alert as a JSON document on one line, in ASCII: what a hook reads."""
    from tui.cli.shapes import task_record

    document: dict[str, Any] = {
        "rule": alert.rule.name,
        "need": alert.need,
        "reason": alert.text,
        "at": alert.at,
        "root": alert.list.root,
        "list": alert.list.id,
        "task": None if alert.task is None else task_record(alert.task, ready=alert.is_ready),
        "held_back": held_back,
    }
    return json.dumps(document, default=str).encode("ascii") + b"\n"


def hook_environment(alert: Alert) -> Sequence[tuple[str, str]]:
    """The few variables that a hook gets: cleaned like what goes to the screen."""
    return (
        ("COLONYTOP_RULE", one_line(alert.rule.name)),
        ("COLONYTOP_NEED", one_line(alert.need or "")),
        ("COLONYTOP_LIST", one_line(alert.list.id)),
        ("COLONYTOP_TASK", one_line(alert.task.id if alert.task else "")),
        ("COLONYTOP_TEXT", notice(alert)),
    )
