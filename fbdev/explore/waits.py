"""Who waits for what on a loop, and who holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from fbdev.explore.explored_loop import ExploredLoop
from fbdev.explore.standing import called, chain, frames, place_of, users_frame


class Holders:
    """Who holds which lock: whoever made the step in which it was taken."""

    def __init__(self, loop: ExploredLoop) -> None:
        self._loop = loop
        self._by: dict[str, str] = {}

    def look(self, step: str) -> None:
        """Look at the locks that a step has used."""
        things = self._loop.met.things
        for name in list(things):
            thing = things.pop(name)
            if name.startswith("lock "):
                if not thing.locked():
                    self._by.pop(name, None)
                elif name not in self._by:
                    self._by[name] = step

    def of(self, name: str) -> str:
        """Return who holds a lock, or ""."""
        return self._by.get(name, "")


def waits_text(loop: ExploredLoop, holders: Holders, waiting: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    """Say of each process what it waits for and where, and who holds it."""
    parts = []
    for name, coroutine in waiting.items():
        what, thing = _awaited(loop, coroutine)
        holder = holders.of(thing)
        by = f", held by {holder}{', which has ended' if holder in ended else ''}" if holder else ""
        place = place_of(coroutine)
        parts.append(f"{name} waits for {what}{f' at {place}' if place else ''}{by}")
    return f"deadlock: {'; '.join(parts)}"


def _awaited(loop: ExploredLoop, coroutine: Any) -> tuple[str, str]:
    """Return what a coroutine waits for, in words, and its name."""
    frame = users_frame(coroutine)
    for thing in _things(coroutine):
        name = loop.met.name_of(thing)
        if name:
            variable = called(frame, thing)
            return (f"{variable} ({name})" if variable else name), name
        if isinstance(thing, asyncio.Task):
            return f"task {loop.name_of(thing)}", ""
    return "what nobody will do", ""


def _things(coroutine: Any) -> Iterator[Any]:
    """Yield what the coroutines of libraries work for, and at last the future or task that is awaited."""
    for frame in frames(coroutine):
        for name in ("self", "fut", "future"):
            if name in frame.f_locals:
                yield frame.f_locals[name]
    last = list(chain(coroutine))[-1]
    if hasattr(last, "get_loop"):
        yield last
