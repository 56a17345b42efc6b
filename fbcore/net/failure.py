"""Turning what left a component into an error with an address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from fbcore.errors import EndOfDemand, EndOfStream, FlowError, NodeError, StopNet, is_machinery
from fbcore.net.report import NetError
from fbcore.source.cell import source_name

_STDLIB = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib takes 4 ms to import


ENDINGS = (EndOfStream, EndOfDemand, StopNet)
"""How a component ends that has not failed."""


class Escaped(Exception):  # noqa: N818 - never shown
    """Carries an exception, its cause, out of a task group that would let it through to the loop."""


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions inside nested groups, in order; the error itself when it is no group."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    if isinstance(error, Escaped) and error.__cause__ is not None:
        return [error.__cause__]
    return [error]


def is_failure(error: BaseException) -> bool:
    """Say whether an error is one on account of a packet, and not the end of something."""
    return isinstance(error, Exception) and not isinstance(error, ENDINGS)


def without_wrapping(error: BaseException) -> BaseException:
    """Return what a task group has wrapped; a group of several is kept, for it is one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def text_of(error: BaseException) -> str:
    """Return what an error says; not all can, and none is to fail whoever reports it."""
    try:
        return str(error)
    except Exception as odd:
        return f"<what it says cannot be had: {type(odd).__name__}>"


def _of_group(group: BaseExceptionGroup[BaseException]) -> str:
    """Say what is in a group, in a line."""
    found = [each for each in leaves(group) if not isinstance(each, ENDINGS)]
    said = [text_of(each).partition("\n")[0] for each in found]
    named = [f"{type(each).__name__}{': ' if text else ''}{text}" for each, text in zip(found, said, strict=True)]
    return "; ".join(named[:3]) + (f"; and {len(named) - 3} more" if len(named) > 3 else "")


_ATTEMPTS = "fbcore_attempts"


def note_attempts(error: BaseException, attempts: int) -> None:
    """Let an error that leaves a firing know how often that was tried."""
    # Not as an attribute is set, which an error of a frozen class refuses.
    error.__dict__[_ATTEMPTS] = attempts


def node_error(error: BaseException, address: str, held: Mapping[str, Any]) -> NodeError:
    """Make the `NodeError` of a node from what left its component; `error` stays as its cause."""
    text, where = text_of(error), place_of(error)
    if isinstance(error, FlowError):
        text, where = (_what_inside(error), "") if isinstance(error, NetError) else (_what_on(error), where)
    if isinstance(error, BaseExceptionGroup):
        text, where = f"{error.message}: {_of_group(error)}", ""
    kind = "cancelled from inside" if type(error).__name__ == "CancelledError" else type(error).__name__
    made = NodeError(
        f"{kind}{': ' if text else ''}{text}{where}",
        address,
        getattr(error, "hint", "") or _mend(address),
        held,
    )
    made.attempts = getattr(error, _ATTEMPTS, 1)
    if made.attempts > 1:
        made.hint += f"; it was tried {made.attempts} times"
    made.cause = made.__cause__ = error
    return made


def _what_on(error: FlowError) -> str:
    """Say what happened, and on which edge: a node may send on several."""
    return f"{error.address}: {error.what}" if "->" in error.address else error.what


def _what_inside(error: NetError) -> str:
    """Say what failed in a net that a component has run, and the way to it through the nets that it ran."""
    if error.errors is None:
        return f"{error.address}: {error.what}"
    first, more = error.errors.exceptions[0], len(error.errors.exceptions) - 1
    assert isinstance(first, NodeError)
    rest = f" (and {more} more)" if more else ""
    if isinstance(first.cause, NetError):
        return f"{error.address}/{first.address}/{_what_inside(first.cause)}{rest}"
    return f"{error.address}/{first.address}: {first.what}{rest}"


def _mend(address: str) -> str:
    if address.startswith("inputs."):
        # Only what was given to the run can fail there, and it has no port `error`.
        return f"mend what is given for the input {address.removeprefix('inputs.')}"
    return f"mend the component, or connect `{address}.error` to take what fails"


def place_of(error: BaseException) -> str:
    """Name the innermost line of the user's code, else of a library's; quickly, for many packets may fail."""
    own: TracebackType | None = None
    library: TracebackType | None = None
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_STDLIB) or "site-packages" in file:
            library = trace
        elif not is_machinery(file):
            own = trace
        trace = trace.tb_next
    place = own or library
    # Paths of either kind: a traceback may come from another system.
    return f" ({_last_part(source_name(place.tb_frame.f_code.co_filename))}:{place.tb_lineno})" if place else ""


def _last_part(file: str) -> str:
    """Return the name of a file, whatever system its path is of."""
    return file.replace("\\", "/").rpartition("/")[2]
