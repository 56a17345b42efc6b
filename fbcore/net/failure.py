"""Turning what left a component into an error with an address."""

from __future__ import annotations

import ntpath
from collections.abc import Mapping
from typing import Any

from fbcore.errors import FlowError, NodeError, is_machinery


class Escaped(Exception):  # noqa: N818 - never shown
    """Carries an exception, its cause, out of a task group that would let it through to the loop."""


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions inside nested groups, in order; the error itself when it is no group."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    if isinstance(error, Escaped) and error.__cause__ is not None:
        return [error.__cause__]
    return [error]


def node_error(error: BaseException, address: str, held: Mapping[str, Any]) -> NodeError:
    """Make the `NodeError` of a node from what left its component; `error` stays as its cause."""
    text, where = str(error), _where(error)
    if isinstance(error, FlowError):
        text, where = error.what, ""
    kind = "cancelled from inside" if type(error).__name__ == "CancelledError" else type(error).__name__
    made = NodeError(
        f"{kind}{': ' if text else ''}{text}{where}",
        address,
        getattr(error, "hint", "") or f"mend the component, or connect `{address}.error` to take what fails",
        held,
    )
    made.cause = made.__cause__ = error
    return made


def _where(error: BaseException) -> str:
    """Name the innermost line of the user's code; quickly, for a stream may hold many packets that fail."""
    found = ""
    frame = error.__traceback__
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not is_machinery(file):
            # Paths of either kind: a traceback may come from another system.
            found = f" ({ntpath.basename(file)}:{frame.tb_lineno})"
        frame = frame.tb_next
    return found
