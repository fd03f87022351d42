"""The screen as an SVG that every renderer draws alike, and as plain text."""

from __future__ import annotations

import re
from typing import Any

from textual.app import App

_TEXT = re.compile(
    r'<text (?P<class>class="[^"]*") x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" '
    r'textLength="(?P<length>[\d.]+)" (?P<clip>clip-path="[^"]*")>(?P<text>[^<]*)</text>'
)
_SPACE = "&#160;"
_SIGN = re.compile(r"&[^;]+;|.", re.DOTALL)


def picture(app: App[Any], title: str | None = None) -> str:
    """What is on the screen now, as SVG text; the same screen gives the same bytes."""
    return _TEXT.sub(_place_exactly, app.export_screenshot(title=title, simplify=True))


def plain_text(app: App[Any]) -> str:
    """What is on the screen now, a line each, without trailing blanks."""
    strips = app.screen._compositor.render_strips(app.size)
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)


def _place_exactly(match: re.Match[str]) -> str:
    """Turn the spaces around a text into its position; some renderers swallow them."""
    text = match["text"]
    signs = len(_SIGN.findall(text))
    if not (text.startswith(_SPACE) or text.endswith(_SPACE)):
        return match[0]
    cell = float(match["length"]) / signs
    before = after = 0
    while text.startswith(_SPACE):
        text, before = text[len(_SPACE) :], before + 1
    while text.endswith(_SPACE):
        text, after = text[: -len(_SPACE)], after + 1
    if not text:
        return ""
    x = round(float(match["x"]) + before * cell, 1)
    length = round((signs - before - after) * cell, 1)
    return (
        f'<text {match["class"]} x="{x:g}" y="{match["y"]}" '
        f'textLength="{length:g}" {match["clip"]}>{text}</text>'
    )
