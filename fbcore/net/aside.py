"""Timers that nobody waits for: a net can be blocked, or come to its end, though they are armed."""

from __future__ import annotations

from contextvars import Context, ContextVar

_is_aside: ContextVar[bool] = ContextVar("is_aside", default=False)


def aside() -> Context:
    """Return a context for a timer that holds up no verdict, for all that it could do is to end a node."""
    context = Context()
    context.run(_is_aside.set, True)
    return context


def is_aside(context: Context | None) -> bool:
    """Say whether this is the context of such a timer."""
    return context is not None and context.get(_is_aside, False) is True
