"""Tracebacks as text, without the lines that run components."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TypeVar

from fbcore.errors import NodeError, is_machinery

T = TypeVar("T")

_ASYNCIO = os.path.join(os.path.dirname(os.__file__), "asyncio", "")  # noqa: PTH118, PTH120 - pathlib takes 4 ms to import


def trace_text(error: BaseException, path: str = "") -> str:
    """Write a traceback, with those of its causes and of the errors in groups, but without the frames that run nets.

    Where a net failed that a component ran, the tracebacks of its nodes follow, each under the path to the node.
    """
    told = traceback.TracebackException(type(error), error, _own(error.__traceback__))
    _clean(told, set())
    parts = ["".join(told.format())]
    for net, inner in _of_nets_inside(error, set()):
        way = f"{path}{net}/{inner.address}" if net else f"{path}{inner.address}"
        text = trace_text(inner.cause, f"{way}/") if inner.cause is not None else inner.traceback
        parts.append(f"\nat {way}:\n{text or inner.what}")
    return "".join(parts)


def _own(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames that run nets, of which each would take longer to write than the others."""
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    own = None
    for each in _without_machinery(frames, [each.tb_frame.f_code.co_filename for each in frames])[::-1]:
        own = TracebackType(own, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return own


def _without_machinery(frames: Sequence[T], files: Sequence[str]) -> list[T]:
    """Return the frames that are not of what runs nets; the loop that this calls, and that calls it, belongs to it."""
    kept: list[T] = []
    was_machinery = False
    for frame, file in zip(frames, files, strict=True):
        is_ours = is_machinery(file)
        was_machinery = is_ours or (was_machinery and file.startswith(_ASYNCIO))
        if not was_machinery:
            kept.append(frame)
    return kept


def _clean(told: traceback.TracebackException, seen: set[int]) -> None:
    if id(told) in seen:
        return
    seen.add(id(told))
    told.stack = traceback.StackSummary.from_list(
        _without_machinery(told.stack, [frame.filename for frame in told.stack])
    )
    if not told.stack:
        # Else there would be a heading with nothing below it.
        told.stack = None  # type: ignore[assignment]
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _clean(other, seen)


def _of_nets_inside(error: BaseException, seen: set[int]) -> Iterator[tuple[str, NodeError]]:
    """Yield the errors of nodes that a traceback of Python does not show, each with the name of its net."""
    if id(error) in seen:
        return
    seen.add(id(error))
    if isinstance(error, NodeError) and error.cause is None:
        # It has come from another process, which Python's own traceback cannot.
        yield "", error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _of_nets_inside(each, seen)
    group = getattr(error, "errors", None)
    if isinstance(group, BaseExceptionGroup):
        net = getattr(error, "address", "")
        yield from ((net, each) for each in group.exceptions if isinstance(each, NodeError))
    follows = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if follows is not None:
        yield from _of_nets_inside(follows, seen)
