"""A config of a running node: its value, who feeds it, and who waits for the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import ConfigError, EndOfStream, FlowError, shown
from fbcore.model.packet import NOTHING
from fbcore.model.port import Config
from fbcore.net.held_value import HeldValue
from fbcore.net.wait import Wait

if TYPE_CHECKING:
    from fbcore.net.edge import Edge
    from fbcore.net.node import Node


class ConfigPort(HeldValue, Config[Any]):
    """A config of a running node: a value that is there before the node starts, and may be replaced by other nodes.

    A packet that comes in is taken at once and is the value from then on, so that the edge never fills.
    `guard` refuses values by raising; `hears` is called with every new value.
    """

    __slots__ = (
        "_changes",
        "_value",
        "address",
        "edges",
        "flushed",
        "guard",
        "hears",
        "low",
        "name",
        "node",
        "received",
        "waiters",
    )

    called = "config"
    is_eager = True

    def __init__(self, node: Node, name: str, value: Any, guard: Callable[[Any], None] | None = None) -> None:
        super().__init__()
        self.node = node
        self.name = name
        self.address = f"{node.address}.{name}"
        self.edges: list[Edge] = []
        self.guard = guard
        self.hears: list[Callable[[], None]] = []
        self.received = 0
        self.low = 0
        self.flushed = False
        # Never empty, so that an edge always tells of what has arrived.
        self.waiters: Sequence[Any] = (self,)
        self._changes: list[Changes] = []
        self._value = value

    @property
    def value(self) -> Any:
        """The value of the config, as it is now."""
        return self._value

    def changes(self) -> AsyncIterator[Any]:
        """Yield the value, and then the newest one every time that it was updated."""
        return Changes(self)

    @property
    def is_closed(self) -> bool:
        """Whether nobody can update the value any more."""
        return self.flushed or all(edge.finished for edge in self.edges)

    def __repr__(self) -> str:
        return f"<config {self.address}: {shown(self._value)}>"

    async def arrive(self) -> None:
        """Wait until there is a value.

        Raises:
            ConfigError: there is none, and none can come any more.
            EndOfStream: there is none, and the node or the whole net was asked to stop.
        """
        if self._value is NOTHING:
            async for _ in Changes(self):
                return
            if self.node.is_stopped or self.node.net.is_stopping:
                raise EndOfStream(self.address)
            sources = ", ".join(edge.source.address for edge in self.edges)
            why = "nothing moves any more that could send it" if self.flushed else f"{sources} ended without sending it"
            hint = f"have {sources} send a value before it ends, or give the config a default"
            raise ConfigError(f"this config is required, and {why}", self.address, hint)

    # -- as the target of an edge ------------------------------------------------------------------

    def attach(self, edge: Edge) -> None:
        """Add an edge that values come by."""
        self.edges.append(edge)
        edge.queue = deque()

    def arrived(self) -> None:
        """Take what has come; the last is the value from now on."""
        for edge in self.edges:
            for value in edge.drain():
                self.received += 1
                self.node.net.watching.packet("taken", edge.address, value)
                self._set(value, edge)

    def replace(self, value: Any) -> None:
        """Have another value from now on, which was admitted before."""
        self._value = value
        for hear in self.hears:
            hear()

    def _set(self, value: Any, edge: Edge) -> None:
        try:
            if self.guard is not None:
                self.guard(value)
            if edge.inspection is not None and (wrong := edge.inspection.leave(value)) is not None:
                raise wrong
        except FlowError as error:
            self.node.refuse(error, {self.name: value})
            return
        self.replace(value)
        for change in list(self._changes):
            change.offer(value)

    def edge_finished(self) -> None:
        """Let those who wait for changes learn that a sender has ended."""
        for change in list(self._changes):
            change.wake()

    def flush(self) -> None:
        """End the changes, though senders live: nothing will come any more, for nothing moves."""
        self.flushed = True
        self.close()
        self.edge_finished()

    def close(self) -> None:
        """Let senders learn that nobody looks at the config any more."""
        for edge in self.edges:
            edge.refuse()

    def begin_changes(self, change: Changes) -> None:
        """Tell of new values from now on."""
        self._changes.append(change)


class Changes:
    """Looks at the value of a config, and then at each newer one: `async for value in self.path.changes()`."""

    def __init__(self, config: ConfigPort) -> None:
        self.config = config
        self.name = config.name
        self.edges = config.edges
        self.waiters: list[Wait] = []
        self.queue: deque[Any] = deque(maxlen=1)
        if config.value is not NOTHING:
            self.queue.append(config.value)
        config.begin_changes(self)

    @property
    def is_closed(self) -> bool:
        """Whether no newer value can come."""
        return self.config.is_closed

    def offer(self, value: Any) -> None:
        """Keep the newest value for the next look."""
        self.queue.append(value)
        self.wake()

    def wake(self) -> None:
        """Let who waits look again."""
        for wait in list(self.waiters):
            wait.wake()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        node = self.config.node
        node.credit -= 1
        if node.credit <= 0:
            await node.give_way("changes", (self.config,))
        while not self.queue:
            if self.is_closed:
                raise StopAsyncIteration
            wait = Wait(node, (self,))
            future = wait.begin()
            try:
                await future
            finally:
                wait.end(future)
        if node.cancelled:
            raise asyncio.CancelledError
        return self.queue.popleft()
