"""Optional parts that observers need."""

from __future__ import annotations

from importlib.util import find_spec

from fbcore.errors import ExtraError


def need(module: str, what: str, extra: str) -> None:
    """Refuse to go on without a module, naming the extra that brings it.

    Raises:
        ExtraError: it is not installed.
    """
    if find_spec(module) is None:
        raise ExtraError(f"{what}, which is not installed", hint=f"pip install 'fbdev[{extra}]'")
