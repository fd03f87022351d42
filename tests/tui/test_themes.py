"""Every colour that carries text can be read; NO_COLOR is settled before the app starts."""

from __future__ import annotations

import itertools

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Static

from tui.themes import DEFAULT_THEME, THEMES, VARIABLES, theme_for, theme_names, variable_defaults

FILLS = {"change-tint", "cursor-tint", "group-rule"}


def luminance(color: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(c / 255) for c in Color.parse(color).rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_theme_text_on_every_ground_has_enough_contrast(theme: Theme) -> None:
    assert theme.background
    assert theme.surface
    assert theme.foreground
    grounds = [theme.background, theme.surface]
    for ground in [*grounds, theme.variables["change-tint"], theme.variables["cursor-tint"]]:
        assert contrast(theme.foreground, ground) >= 4.5
    for name in VARIABLES:
        if name in FILLS or name == "spark":
            continue
        for ground in grounds:
            assert contrast(theme.variables[name], ground) >= 4.5, (name, ground)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_theme_attention_states_on_tinted_rows_can_be_read(theme: Theme) -> None:
    for name in ("status-active", "status-root", "status-stale", "status-phantom"):
        for fill in ("change-tint", "cursor-tint"):
            assert contrast(theme.variables[name], theme.variables[fill]) >= 4.0, (name, fill)


def test_theme_colour_blind_states_differ_in_lightness() -> None:
    variables = next(t for t in THEMES if t.name == "colonytop-cvd").variables
    levels = sorted(
        luminance(variables[name]) for name in ("status-active", "status-root", "status-stale")
    )
    assert all(high - low > 0.05 for low, high in itertools.pairwise(levels))


@pytest.mark.parametrize("name", theme_names())
async def test_theme_any_choice_resolves_every_variable(name: str) -> None:
    class OneLine(App[None]):
        CSS = "\n".join(f"#{v} {{ color: ${v}; background: ${v} 40%; }}" for v in VARIABLES)

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return variable_defaults(self.current_theme)

        def compose(self) -> ComposeResult:
            for variable in VARIABLES:
                yield Static("x", id=variable, markup=False)

    app = OneLine()
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = name
    async with app.run_test():
        assert app.theme == name
        assert set(VARIABLES) <= set(app.theme_variables)


def test_theme_for_no_color_wins_over_a_choice() -> None:
    assert theme_for({"NO_COLOR": ""}, "colonytop-light") == ("ansi-dark", True)


def test_theme_for_unknown_name_is_refused_without_colours_too() -> None:
    with pytest.raises(ValueError, match="colonytop-light"):
        theme_for({"NO_COLOR": "1"}, "nope")
    assert theme_for({"NO_COLOR": "1", "TEXTUAL_THEME": "nope"}) == ("ansi-dark", True)


def test_theme_for_choice_then_environment_then_default() -> None:
    assert theme_for({"TEXTUAL_THEME": "nord"}, "colonytop-light") == ("colonytop-light", False)
    assert theme_for({"TEXTUAL_THEME": "nord"}) == ("nord", False)
    assert theme_for({}) == (DEFAULT_THEME, False)
    assert theme_for({}, "ansi-light") == ("ansi-light", True)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_theme_for_short_name_is_our_own(name: str) -> None:
    assert theme_for({}, name) == (f"colonytop-{name}", False)


def test_theme_for_unknown_name_says_what_there_is() -> None:
    with pytest.raises(ValueError, match="colonytop-light"):
        theme_for({}, "[/nope]")


def test_theme_names_are_ours_and_the_built_in() -> None:
    assert theme_names()[0] == DEFAULT_THEME
    assert set(BUILTIN_THEMES) < set(theme_names())
