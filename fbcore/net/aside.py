"""Timers that nobody waits for: a net can be blocked, or come to its end, though they are armed."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, ContextVar

_unless: ContextVar[Callable[[], bool] | None] = ContextVar("unless", default=None)


def _never() -> bool:
    return False


def aside(unless: Callable[[], bool] = _never) -> Context:
    """Return a context for a timer that holds up no verdict, for nobody can go on when it rings, `unless` this holds.

    It may end a node, say, or take away what lies where nobody takes it.
    """
    context = Context()
    context.run(_unless.set, unless)
    return context


def is_aside(context: Context | None) -> bool:
    """Say whether this is the context of such a timer."""
    unless = context.get(_unless) if context is not None else None
    return unless is not None and not unless()
