"""The name that somebody meant who wrote another."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.75
"""How much two names must have in common: 1 is all, and `lopp` has three quarters of `loop`."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the name that is most like this one, "" when none is like it."""
    # Loaded for who made a mistake, and for nobody else.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower(), list(known), 1, _ALIKE)), "")
