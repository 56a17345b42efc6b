"""What a scope of anyio does again and again, until all tasks in it have heard that they are cancelled.

On a loop that runs it looks at every pass whether there is a task that it has to cancel (again). Between two steps
that are chosen there is no end to such passes, and nothing new to see after the first: once after each step will do.
"""

from __future__ import annotations

import asyncio

from fbcore.loop import CALLBACKS, SteppedLoop


class Retries:
    """The looks of cancelled scopes that are put off until after the next step."""

    __slots__ = ("_loop", "_put_off", "_seen")

    def __init__(self, loop: SteppedLoop) -> None:
        self._loop = loop
        self._put_off: list[asyncio.Handle] = []
        self._seen: set[int] = set()

    def resume(self) -> None:
        """Let each scope look once more, for a step was made."""
        if not self._seen:
            # Nothing was put off: what is, was seen before.
            return
        self._seen.clear()
        put_off, self._put_off = self._put_off, []
        for handle in put_off:
            if not handle.cancelled():
                self._loop._by_name().append(handle)

    def put_off(self) -> bool:
        """Put off the next callback if it is a look of a scope that has looked since the last step; say whether."""
        steps = self._loop._by_name()
        handle = steps.find(CALLBACKS)
        callback = getattr(handle, "_callback", None)
        # By its name, for anyio has no public one for it; under another it would be refused as a callback without end.
        if getattr(callback, "__qualname__", "") != "CancelScope._deliver_cancellation":
            return False
        scope = id(getattr(callback, "__self__", None))
        if scope not in self._seen:
            self._seen.add(scope)
            return False
        put_off = steps.take(CALLBACKS)
        assert put_off is not None
        self._put_off.append(put_off)
        return True
