"""Turning what left a component into an error with an address."""

from __future__ import annotations

import ntpath
import traceback
from collections.abc import Mapping
from typing import Any

from fbcore.errors import FlowError, NodeError

_PACKAGE = __file__.rpartition("net")[0]


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions inside nested groups, in order; the error itself when it is no group."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def node_error(error: BaseException, address: str, held: Mapping[str, Any]) -> NodeError:
    """Make the `NodeError` of a node from what left its component; `error` stays as its cause."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    where = f" ({ntpath.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = str(error)
    if isinstance(error, FlowError):
        text, where = error.what, ""
    kind = "cancelled from inside" if type(error).__name__ == "CancelledError" else type(error).__name__
    made = NodeError(
        f"{kind}{': ' if text else ''}{text}{where}",
        address,
        getattr(error, "hint", "") or f"mend the component, or connect `{address}.error` to take what fails",
        held,
        _as_text(error, frames),
    )
    made.cause = made.__cause__ = error
    return made


def _is_machinery(file: str) -> bool:
    return file.startswith((f"{_PACKAGE}net", f"{_PACKAGE}runtimes"))


def _as_text(error: BaseException, frames: list[traceback.FrameSummary]) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "".join(traceback.format_exception(error))
    head = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    return "".join([*head, *traceback.format_exception_only(error)])
