"""Notifications: by rule, only of what is new, muted by a key, and nothing breaks out of them."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.alert import Alert, Alerts, Channel, Rule
from store.model.attention import NeedKind
from store.model.query import parse
from tests.faults.payloads import PAYLOADS
from tests.faults.terminal_parser import Parser, notification_text
from tests.tui.colony import DEMO, NOW, task
from tests.tui.conftest import Colony, OpenSession, Session
from tests.tui.test_app_terminal import Open, Terminal, open_terminal
from tui.hooks import HookFailure, Hooks, run_hook
from tui.notice_text import BELL, hook_environment, hook_input, osc9, to_terminal
from tui.safe_text import one_line
from tui.settings import Settings, default_path

__all__ = ["open_terminal"]  # a fixture

BELL_AND_OSC = (Channel.BELL, Channel.OSC9)
PATIENCE_S = 30.0


def ruled(*rules: Rule) -> Settings:
    return Settings(notify=rules, refresh=0.1)


def asking(query: str, *hook: str) -> Rule:
    return Rule((Channel.HOOK,) if hook else BELL_AND_OSC, parse(query), hook=hook)


def alert(text: str, *hook: str) -> Alert:
    about = task(DEMO, 1, text, owner=text)
    return Alert(asking("is:ready", *hook), DEMO, about, NeedKind.SILENT_OWNER, text, NOW)


# What the terminal gets


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("name", PAYLOADS)
def test_osc9_of_a_hostile_task_is_one_clean_notification(name: str, ascii: bool) -> None:
    written = to_terminal(Alerts((alert(PAYLOADS[name]),), 3), ascii=ascii, environ={})
    parser = Parser(frozenset({BELL}))
    parser.check(name, f"\x1b[1;1Hbefore{written}after")
    assert parser.finds == []
    assert parser.notified == 1
    assert written.endswith(f"(+3 held back)\x1b\\{BELL}")
    assert written.count("\x1b") == 2
    assert written.isascii() or not ascii


@given(st.text())
def test_osc9_of_any_text_has_no_control_between_its_ends(text: str) -> None:
    written = osc9(one_line(f"colonytop: {text}"))
    assert notification_text(written) is not None
    wrapped = osc9(one_line(f"colonytop: {text}"), in_tmux=True)
    assert wrapped.startswith("\x1bPtmux;\x1b\x1b]9;colonytop: ")
    assert wrapped.endswith("\x1b\x1b\\\x1b\\")
    assert notification_text(wrapped[7:-2].replace("\x1b\x1b", "\x1b")) is not None


def test_to_terminal_several_alerts_ring_once() -> None:
    several = Alerts((alert("one"), alert("two")))
    assert to_terminal(several, environ={}).count(BELL) == 1
    assert to_terminal(several, environ={}).count("\x1b]9;") == 2
    assert to_terminal(several, environ={"TMUX": "/tmp/x"}).count("\x1bPtmux;") == 2
    silent = Alerts((alert("one", "true"),))
    assert to_terminal(silent, environ={}) == ""


# Hooks


def script(path: Path, code: str) -> tuple[str, ...]:
    path.write_text(code)
    return sys.executable, "-S", str(path)


def test_hook_gets_the_task_on_its_input_and_in_its_environment(tmp_path: Path) -> None:
    """No shell reads what the task says."""
    hostile = "x; touch pwned `id` $(id) \x1b[31m \0 \n \ud800"
    command = script(
        tmp_path / "hook.py",
        "import json, os, signal, sys\n"
        "found = {n: v for n, v in os.environ.items() if n.startswith('COLONYTOP_')}\n"
        "masked = [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])]\n"
        "said = {'input': json.load(sys.stdin), 'env': found, 'masked': masked,\n"
        "        'args': sys.argv[2:], 'session': os.getsid(0) == os.getpid()}\n"
        "open(sys.argv[1], 'w').write(json.dumps(said))\n"
        "print('not on the screen')\n",
    )
    told = tmp_path / "told.json"
    given_alert = alert(hostile, *command, str(told), "$HOME")
    run_hook(given_alert, 2, PATIENCE_S, threading.Event())
    said = json.loads(told.read_text())
    assert said["input"]["task"]["subject"] == hostile
    assert (said["input"]["need"], said["input"]["held_back"]) == ("silent_owner", 2)
    assert said["args"] == ["$HOME"]
    assert said["session"] is True
    assert said["masked"] == []
    assert said["env"] == dict(hook_environment(given_alert))
    assert all(value.isprintable() for value in said["env"].values())
    assert said["env"]["COLONYTOP_TASK"] == "1"


def test_hook_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    """What it started holds the writing end of a pipe, which closes when all are gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = ("sh", "-c", f"exec 3>{pipe}; sleep 600 & sleep 600")
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(HookFailure, match="not done after"):
            run_hook(alert("x", *command), 0, 0.5, threading.Event())
        os.set_blocking(reading, True)
        assert os.read(reading, 1) == b""
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("no-such-notifier",), "No such file"),
        (("false",), "ended with 1"),
        (("sh", "-c", "kill -TERM $$"), "ended by signal 15"),
    ],
)
def test_hook_that_fails_says_so_once(command: tuple[str, ...], said: str) -> None:
    failures: list[str] = []
    hooks = Hooks(failures.append)
    hooks.add(alert("a", *command))
    hooks.add(alert("b", *command))
    hooks.add(alert("c", "sh", "-c", "exit 9"))
    deadline = time.monotonic() + PATIENCE_S
    while "sh: ended with 9" not in failures:  # the others are through
        assert time.monotonic() < deadline, failures
        time.sleep(0.01)
    assert hooks.stop(PATIENCE_S)
    assert len(failures) == 2
    assert said in failures[0]


def test_hook_input_is_one_line_of_ascii() -> None:
    for text in PAYLOADS.values():
        written = hook_input(alert(text))
        assert written.isascii()
        assert written.count(b"\n") == 1
        assert json.loads(written)["task"]["subject"] == text


# The app


def following(session: Session) -> bool:
    notifier = session.app.main.notifier
    return notifier is not None and notifier.is_following


async def until_following(session: Session) -> None:
    await session.until(lambda: following(session), "the start is known")


async def test_notification_is_of_what_is_new_and_never_of_the_first_load(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, settings=ruled(asking("is:ready"))) as session:
        await until_following(session)
        colony.write(8, "Fresh work")
        await session.until(lambda: "#8 Fresh work" in session.text(), "told in the status line")
        assert "more" not in session.text().splitlines()[-2]


async def test_notification_also_comes_while_paused_and_when_only_looking(
    colony: Colony, open_session: OpenSession, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    hook = script(
        tmp_path / "hook.py", f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read())"
    )
    rule = asking("owner:zoe", *hook)
    async with open_session(colony, settings=ruled(rule), read_only=True) as session:
        await until_following(session)
        await session.press("p")
        await session.until(lambda: session.frame.paused)
        colony.write(6, owner="zoe")
        await session.until(lambda: told.exists() and told.read_text().endswith("\n"), "the hook")
        assert json.loads(told.read_text())["task"]["id"] == 6


async def test_notifications_muted_are_counted_and_come_again_after(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, settings=ruled(asking("owner:zoe"))) as session:
        await until_following(session)
        status = session.app.main.query_one("#status")
        await session.press("exclamation_mark")
        await session.until(lambda: "muted" in session.text().splitlines()[-2])
        colony.write(6, owner="zoe")
        notifier = session.app.main.notifier
        assert notifier is not None
        await session.until(lambda: notifier._missed == 1, "the muted one is counted")
        assert "#6" not in status.message
        await session.press("exclamation_mark")
        await session.until(lambda: "on again; 1 came meanwhile" in status.message)
        assert not status.is_muted
        colony.write(7, owner="zoe")
        await session.until(lambda: "#7 Score companies" in status.message)


async def test_notifications_without_rules_say_how_to_have_some(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("exclamation_mark")
        await session.until(lambda: "[[notify]]" in session.app.main.query_one("#status").message)
        assert session.app.main.notifier is None


async def test_notification_hook_that_is_missing_is_said(
    colony: Colony, open_session: OpenSession
) -> None:
    rule = asking("owner:zoe", "no-such-notifier")
    async with open_session(colony, settings=ruled(rule)) as session:
        await until_following(session)
        colony.write(6, owner="zoe")
        await session.until(lambda: "no-such-notifier: No such file" in session.text())


# A real terminal

_NOTICE = re.compile(rb"\x1b\]9;(colonytop: [^\x00-\x1f\x7f]*)\x1b")
_OTHER_OSC = re.compile(rb"\x1b\](?!9;)\d+;[^\x07\x1b]*\x07")  # the pointer's shape
_HEARD = """notify_per_minute = 600
[[notify]]
when = "canary"
how = ["osc9"]
per_minute = 60
"""


@contextmanager
def settings_file(text: str) -> Iterator[None]:
    path = default_path()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o600)
    yield
    path.unlink()


def notified(terminal: Terminal) -> list[str]:
    told = [found.decode() for found in _NOTICE.findall(terminal.written)]
    return [text for text in told if "canary" not in text]


def until_heard(terminal: Terminal, colony: Colony) -> None:
    """Until news is told: what is written before might still count as what was there."""
    numbers = count(100)

    def hears() -> bool:
        if any(b"canary" in found for found in _NOTICE.findall(terminal.written)):
            return True
        colony.write(next(numbers), "canary")
        return False

    terminal.until(hears, "a canary")


@pytest.mark.pty
@pytest.mark.parametrize("arguments", [(), ("--readonly",)])
def test_terminal_gets_bell_and_osc9_when_an_owner_goes_silent(
    colony: Colony, open_terminal: Open, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    colony.write(1, status="pending")
    rule = (
        f'stale_after = "1s"\n{_HEARD}[[notify]]\nwhen = "silent_owner"\nhow = ["bell", "osc9"]\n'
    )
    with settings_file(rule):
        command = [sys.executable, "-m", "tui.cli", *arguments]
        terminal = open_terminal(colony.root, command=command)
        terminal.until_shown("Fetch logos")
        until_heard(terminal, colony)
        colony.write(6, "Fetch \x1b]9;logos\x07", status="in_progress", owner="dee")
        terminal.until(lambda: notified(terminal), "a notification")
    (said,) = notified(terminal)
    assert said.startswith("colonytop: colony:demo #6 Fetch ")
    assert said.endswith("in progress, silent")
    assert b"\x1b]9;logos" not in terminal.written
    assert _OTHER_OSC.sub(b"", terminal.written).count(b"\x07") == 1


@pytest.mark.pty
def test_terminal_gets_a_notification_of_a_cycle_in_tmux_form(
    colony: Colony, open_terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    with settings_file(f'{_HEARD}[[notify]]\nneed = "cycle"\nhow = ["osc9"]\n'):
        terminal = open_terminal(colony.root, command=[sys.executable, "-m", "tui.cli"])
        terminal.until_shown("Fetch logos")
        until_heard(terminal, colony)
        colony.block(1, by=3)
        told = re.compile(rb"\x1bPtmux;\x1b\x1b\]9;colonytop: colony:demo #[123] ")
        terminal.until(lambda: len(told.findall(terminal.written)) == 2, "both that wait for ever")
    assert b"\x07" not in _OTHER_OSC.sub(b"", terminal.written)


@pytest.mark.pty
def test_watch_with_notify_rings_on_standard_error(
    colony: Colony, open_terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    with settings_file(f'{_HEARD}[[notify]]\nwhen = "owner:zoe"\nhow = ["bell", "osc9"]\n'):
        command = [sys.executable, "-m", "tui.cli", "watch", "--notify", "--root"]
        terminal = open_terminal(colony.root, columns=200, command=command)
        terminal.until_shown("watching 1 list")
        until_heard(terminal, colony)
        colony.write(6, owner="zoe")
        terminal.until(lambda: notified(terminal), "a notification")
    assert notified(terminal) == ["colonytop: colony:demo #6 Fetch logos: owner:zoe"]
