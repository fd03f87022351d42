"""Harness 8, first half, in its fast form; and that its parser and its looks can fail."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.faults import terminal_oracle
from tests.faults.figure import Effort
from tests.faults.payloads import ACTION, PAYLOADS
from tests.faults.terminal_oracle import Findings
from tests.faults.terminal_parser import Parser, capture, sequences


def test_terminal_hostile_texts_reach_it_as_text_alone() -> None:
    figure = terminal_oracle.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 250


@pytest.mark.parametrize(
    "written",
    [
        "\x1b]52;c;AA==\x07",
        "\x1b]9;not ours\x1b\\",
        "\x1b]9;4;1;50\x1b\\",
        "\x1b]9;colonytop: rings\x07",
        "\x1b]9;colonytop: never closed",
        "\x1b]9;colonytop: re\u202eversed\x1b\\",
        "\x1b]8;;http://x\x1b\\y",
        "\x1b[2J",
        "\x1b[?1049l",
        "\x1bPq\x1b\\",
        "\x1bc",
        "\x1b",
        "\x9b31m",
        "\x07",
        "\0",
        "\u202e",
        "\u200b",
        "\ud800",
        "\ue000",
        "\u2028",
    ],
)
def test_parser_of_anything_but_text_and_drawing_finds_it(written: str) -> None:
    parser = Parser(frozenset({"\n", "\x1b[?25l"}))
    parser.check("x", f"\x1b[1;31mtext\x1b[0m\x1b[2;3H{written}more\n\x1b[?25l")
    assert len(parser.finds) == 1


def test_parser_of_what_an_empty_app_writes_finds_nothing() -> None:
    written = "\x1b[?2026h\x1b[1;1H\x1b[38;2;1;2;3;48;5;9mtext é 漢\x1b[0m\n\x1b[?2026l"
    parser = Parser(sequences(written))
    parser.check("x", written)
    assert parser.finds == []
    assert parser.parsed == len(written)


def test_parser_of_our_own_notification_counts_it() -> None:
    parser = Parser()
    parser.check("x", "text\x1b]9;colonytop: colony:a #1 Crawl 漢: silent\x1b\\more")
    assert (parser.finds, parser.notified) == ([], 1)


class Careless(App[None]):
    """Shows a task's text as it should not be shown."""

    def __init__(self, text: str, markup: bool) -> None:
        super().__init__()
        self._shown = Static(text, markup=markup)
        capture(self)

    def compose(self) -> ComposeResult:
        yield self._shown


@pytest.mark.parametrize(
    ("payload", "markup", "said"),
    [
        (ACTION, True, "acts"),
        (PAYLOADS["quoted link"], True, "acts"),
        (PAYLOADS["C1"], False, "U+009B"),
        (PAYLOADS["clipboard"], False, "52;c"),
        (PAYLOADS["overrides"], False, "U+202E"),
    ],
)
async def test_look_at_a_widget_that_lets_a_text_through_finds_it(
    payload: str, markup: bool, said: str
) -> None:
    found = Findings(Parser())
    app = Careless(payload, markup)
    async with app.run_test(headless=False) as pilot:
        await pilot.pause()
        found.look(app, "careless")
    text = " ".join([*found.violations, *found.parser.finds])
    assert said in text or (said == "U+009B" and "\\x9b" in text)
