"""The colours of the debugger, dark and light."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from rich.style import Style
from textual.theme import Theme

DARK = Theme(
    name="fbdev-dark",
    dark=True,
    primary="#7aa2f7",
    secondary="#9d7cd8",
    accent="#7dcfff",
    foreground="#c8d0e8",
    background="#14161f",
    surface="#191c28",
    panel="#2a2f42",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    variables={"muted": "#8089a8", "edge": "#3b4261", "lit": "#26304a", "pointer": "#3a4a7a"},
)

LIGHT = Theme(
    name="fbdev-light",
    dark=False,
    primary="#2f5bb7",
    secondary="#7847bd",
    accent="#006c86",
    foreground="#1f2430",
    background="#f6f7fb",
    surface="#ffffff",
    panel="#d9deea",
    success="#2f6f1f",
    warning="#8f5e00",
    error="#b4233c",
    variables={"muted": "#626a7e", "edge": "#b9c0d3", "lit": "#e3ecff", "pointer": "#bcd0ff"},
)


def first_theme() -> str:
    """Return the name of the theme to begin with: light where the terminal says that its ground is."""
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if ground in ("7", "15") else DARK.name


def styles_of(app: Any) -> Mapping[str, Style]:
    """Return the style of each role in the theme that an app has now."""
    return _styles(app.theme == LIGHT.name)


@cache
def _styles(is_light: bool) -> Mapping[str, Style]:
    theme = LIGHT if is_light else DARK
    return {
        "": Style(),
        "name": Style(color=theme.foreground, bold=True),
        "title": Style(color=theme.primary, bold=True),
        "muted": Style(color=theme.variables["muted"]),
        "good": Style(color=theme.success),
        "warn": Style(color=theme.warning),
        "bad": Style(color=theme.error, bold=True),
        "accent": Style(color=theme.accent),
        "value": Style(color=theme.secondary if is_light else "#bb9af7"),
        "printed": Style(color=theme.foreground, italic=True),
        "lit": Style(bgcolor=theme.variables["lit"]),
        "pointer": Style(bgcolor=theme.variables["pointer"]),
    }
