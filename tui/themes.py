"""The themes, and the variables that every stylesheet and every drawn line takes its colours from.

One accent; a state gets a colour only where it asks for attention, and never only a colour.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

DEFAULT_THEME = "colonytop-dark"
NO_COLOR_THEME = "ansi-dark"

_DARK = {
    "muted": "#8792a0",
    "status-ready": "#d3dae3",
    "status-active": "#62bdf0",
    "status-blocked": "#94a0ae",
    "status-root": "#f0954a",
    "status-stale": "#e6ba4f",
    "status-waiting": "#a9a4c9",
    "status-done": "#7f8b99",
    "status-phantom": "#d895ea",
    "status-unreadable": "#ff827a",
    "status-failed": "#f77f9c",
    "status-needs": "#f5b945",
    "change-tint": "#1d3347",
    "group-rule": "#36414e",
    "cursor-tint": "#24303d",
    "spark": "#5a9dc4",
    "owner-0": "#7fc8f8",
    "owner-1": "#a8d08d",
    "owner-2": "#e8b87a",
    "owner-3": "#c6a6f2",
    "owner-4": "#70cfc0",
    "owner-5": "#f0a0b4",
    "owner-6": "#d6d089",
    "owner-7": "#9fb4d6",
}

_LIGHT = {
    "muted": "#626c77",
    "status-ready": "#1f252c",
    "status-active": "#0b62ad",
    "status-blocked": "#59636e",
    "status-root": "#a5460a",
    "status-stale": "#7c5a00",
    "status-waiting": "#5b5490",
    "status-done": "#656f7a",
    "status-phantom": "#8536a6",
    "status-unreadable": "#b3261e",
    "status-failed": "#a3174a",
    "status-needs": "#8f4a00",
    "change-tint": "#d8e8f8",
    "group-rule": "#cfd4d9",
    "cursor-tint": "#e4e9ee",
    "spark": "#3b7fb5",
    "owner-0": "#0b62ad",
    "owner-1": "#3a6b1e",
    "owner-2": "#8a4f0a",
    "owner-3": "#6a3db0",
    "owner-4": "#0c6b60",
    "owner-5": "#a02a50",
    "owner-6": "#635c00",
    "owner-7": "#3f5680",
}

# Blue against orange and yellow, told apart by lightness too: no pair is red against green.
_CVD = {
    **_DARK,
    "status-active": "#56b4e9",
    "status-root": "#f2a900",
    "status-stale": "#f5ec6a",
    "status-phantom": "#dd8fc0",
    "status-unreadable": "#ff9a62",
    "status-failed": "#ffb38a",
    "status-needs": "#f5ec6a",
    "status-waiting": "#b3b3b3",
    "change-tint": "#123a55",
    "owner-0": "#56b4e9",
    "owner-1": "#e8c15a",
    "owner-2": "#9ad1f5",
    "owner-3": "#f0e9a0",
    "owner-4": "#8da9c9",
    "owner-5": "#f0a860",
    "owner-6": "#c9dff0",
    "owner-7": "#dd8fc0",
}

# The terminal's own sixteen colours, for themes that leave the choice to it and for NO_COLOR.
_ANSI = {
    **dict.fromkeys(_DARK, "ansi_default"),
    "status-active": "ansi_cyan",
    "status-root": "ansi_red",
    "status-stale": "ansi_yellow",
    "status-phantom": "ansi_magenta",
    "status-unreadable": "ansi_red",
    "status-failed": "ansi_red",
    "status-needs": "ansi_yellow",
    "spark": "ansi_cyan",
    "group-rule": "ansi_bright_black",
    **{f"owner-{i}": "ansi_default" for i in range(8)},
}


def _chrome(accent: str, rest: str, footer: str, quiet: str) -> dict[str, str]:
    """The parts of Textual's own widgets that should recede, and the one that should not."""
    return {
        "border": accent,
        "border-blurred": rest,
        "footer-background": footer,
        "footer-key-foreground": accent,
        "footer-description-foreground": quiet,
        "block-cursor-text-style": "none",
        "scrollbar": rest,
        "scrollbar-hover": accent,
        "scrollbar-active": accent,
        "scrollbar-background": footer,
        "scrollbar-background-hover": footer,
        "scrollbar-background-active": footer,
        "scrollbar-corner-color": footer,
    }


def _dark_theme(name: str, accent: str, variables: dict[str, str]) -> Theme:
    return Theme(
        name=name,
        primary=accent,
        secondary="#8fa3b8",
        accent=accent,
        warning=variables["status-stale"],
        error=variables["status-unreadable"],
        success="#86c79a" if name == DEFAULT_THEME else "#56b4e9",
        foreground="#d3dae3",
        background="#10141a",
        surface="#141a21",
        panel="#1b222b",
        boost="#222b36",
        dark=True,
        variables={**variables, **_chrome(accent, "#36414e", "#10141a", "#a5b0bd")},
    )


_LIGHT_THEME = Theme(
    name="colonytop-light",
    primary="#0b62ad",
    secondary="#4f6275",
    accent="#0b62ad",
    warning="#7c5a00",
    error="#b3261e",
    success="#2c6e3f",
    foreground="#1f252c",
    background="#fbfaf7",
    surface="#f4f3ef",
    panel="#eceae4",
    boost="#e4e9ee",
    dark=False,
    variables={
        **_LIGHT,
        **_chrome("#0b62ad", "#c3c8cd", "#f1efe9", "#4c5661"),
    },
)

THEMES: tuple[Theme, ...] = (
    _dark_theme(DEFAULT_THEME, "#62bdf0", _DARK),
    _LIGHT_THEME,
    _dark_theme("colonytop-cvd", "#56b4e9", _CVD),
)

VARIABLES = tuple(_DARK)
"""Names that every theme defines, or gets from `variable_defaults`."""


def variable_defaults(theme: Theme) -> dict[str, str]:
    """Our variables for a theme that does not define them: what
    `App.get_theme_variable_defaults` returns for the current theme.
    """
    if theme.ansi:
        return dict(_ANSI)
    return dict(_DARK if theme.dark else _LIGHT)


def theme_names() -> tuple[str, ...]:
    """What can be chosen: our own first."""
    own = tuple(theme.name for theme in THEMES)
    return own + tuple(name for name in BUILTIN_THEMES if name not in own)


def _full_name(name: str) -> str:
    """`dark` and `light` are our own."""
    return f"colonytop-{name}" if name in ("dark", "light") else name


def theme_for(environ: Mapping[str, str], chosen: str | None = None) -> tuple[str, bool]:
    """The theme to start with, and whether `App(ansi_color=True)` must be said.

    Both must be settled before the app is constructed: set later, NO_COLOR still leaves grey
    true-colour codes in the output. Where the second is False pass None, so that a change of
    theme decides.

    Args:
        environ: NO_COLOR (present at all) wins over a theme that is there; then `chosen`; then
            TEXTUAL_THEME.
        chosen: from the command line or the settings.

    Raises:
        ValueError: there is no such theme.
    """
    is_plain = "NO_COLOR" in environ
    found = None if is_plain else environ.get("TEXTUAL_THEME")
    name = _full_name(chosen or found or DEFAULT_THEME)
    if name not in theme_names():
        raise ValueError(f"no theme {name!r}; there are dark, light, {', '.join(theme_names())}")
    if is_plain:
        return NO_COLOR_THEME, True
    builtin = BUILTIN_THEMES.get(name)
    return name, bool(builtin and builtin.ansi)
