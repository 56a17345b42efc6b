"""Where a coroutine stands: the line of the user's code that it has come to, and what it waits for there."""

from __future__ import annotations

import gc
import inspect
import linecache
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

from fbdev.explore.named import belongs_to_python

_ROWS = 80


def chain(coroutine: Any) -> Iterator[Any]:
    """Go through a coroutine, what it awaits, what that awaits, and so on to what is waited for at last."""
    now, depth = coroutine, 0
    while now is not None and depth < 1000:
        yield now
        depth += 1
        if isinstance(now, CoroutineType):
            now = now.cr_await
        elif isinstance(now, GeneratorType):
            now = now.gi_yieldfrom
        elif isinstance(now, AsyncGeneratorType):
            now = now.ag_await
        else:
            # What is written in C says nothing of what it waits for, but leads there.
            kinds = (CoroutineType, GeneratorType, AsyncGeneratorType)
            inner = [each for each in gc.get_referents(now) if isinstance(each, kinds) or hasattr(each, "get_loop")]
            now = inner[0] if inner and not hasattr(now, "get_loop") else None


def frames(coroutine: Any) -> list[FrameType]:
    """Return the frames of a coroutine and of all that it awaits, outermost first."""
    found = []
    for each in chain(coroutine):
        frame = getattr(each, "cr_frame", None) or getattr(each, "gi_frame", None) or getattr(each, "ag_frame", None)
        if frame is not None:
            found.append(frame)
    return found


def users_frame(coroutine: Any) -> FrameType | None:
    """Return the innermost frame that is the user's own code, or the outermost where there is none."""
    all_of_it = frames(coroutine)
    own = [frame for frame in all_of_it if not _in_library(frame)]
    return (own or all_of_it or [None])[-1]  # type: ignore[list-item]


def _in_library(frame: FrameType) -> bool:
    return belongs_to_python(frame.f_code.co_filename)


def place_of(coroutine: Any) -> str:
    """Return file and line that a coroutine has come to, "" when it has ended."""
    frame = users_frame(coroutine)
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def stack_of(coroutine: Any) -> str:
    """Return the places that a coroutine has come to, innermost first, of the user's own code."""
    own = [frame for frame in frames(coroutine) if not _in_library(frame)]
    places = [f"{each.f_code.co_filename}:{each.f_lineno} in {each.f_code.co_name}" for each in reversed(own)]
    return ", called at ".join(places)


def has_not_begun(coroutine: CoroutineType[Any, Any, Any]) -> bool:
    """Tell whether a coroutine has not made its first step."""
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED


def label_of(coroutine: Any) -> str:
    """Say where a coroutine stands, by function, line and what is written there."""
    frame = users_frame(coroutine)
    if frame is None:
        return "ended"
    if isinstance(coroutine, CoroutineType) and has_not_begun(coroutine):
        return "begin"
    if _in_library(frame):
        return f"in {frame.f_code.co_name}"
    written = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals).strip()
    short = written if len(written) <= _ROWS else f"{written[: _ROWS - 1]}…"
    return f"{frame.f_code.co_name}:{frame.f_lineno} {short}".rstrip()


def called(frame: FrameType | None, thing: object) -> str:
    """Return what a thing is called where a frame stands: a variable, or an attribute of `self`; "" if nothing."""
    if frame is None:
        return ""
    for names in (frame.f_locals, frame.f_globals):
        for name, value in names.items():
            if value is thing:
                return name
    owner = frame.f_locals.get("self")
    for name, value in getattr(owner, "__dict__", {}).items():
        if value is thing:
            return f"self.{name}"
    return ""
