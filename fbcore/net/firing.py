"""Function components at work: a firing for every packet, or for one packet from each input."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, closing
from functools import partial
from typing import Any

from fbcore.errors import EndOfDemand, EndOfStream, StopNet
from fbcore.model.function import FunctionComponent
from fbcore.model.packet import NOTHING
from fbcore.net.failure import node_error
from fbcore.net.in_port import InPort
from fbcore.net.joint import take_all
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort


class Firing:
    """Runs a function in a node: takes its inputs, calls it, and sends what it returns."""

    def __init__(self, node: Node, component: FunctionComponent[..., Any, Any]) -> None:
        self.node = node
        self.component = component
        self.out: OutPort | None = node.outs.get("out")
        configs = {name: port.value for name, port in node.configs.items()}
        self._function = partial(component.function, **configs) if configs else component.function

    async def run(self) -> None:
        """Fire until an input has ended; once, when there are no inputs."""
        ports = list(self.node.ins.values())
        is_plain = not self.component.is_async and not self.component.streams and self.component.takes_positions
        if not ports:
            await self._fire(ports, ())
        elif len(ports) == 1 and is_plain:
            await self._run_plainly(ports[0])
        elif len(ports) == 1:
            async for value in ports[0]:
                await self._fire(ports, (value,))
        else:
            while True:
                await self._fire(ports, await take_all(self.node, ports))

    async def _run_plainly(self, port: InPort) -> None:
        """Fire for every packet of one input, in batches where both ports allow."""
        function = self._function
        while True:
            value = await port.receive()
            try:
                result = function(value)
            except Exception as error:
                await self._failed(error, {port.name: value})
                result = None
            if result is not None:
                await self._send(result)
            await self._fire_batch(port)

    async def _fire_batch(self, port: InPort) -> None:
        """Fire for what lies on the input, as far as the output has room, without a coroutine for each packet.

        Nothing else runs meanwhile, so that nobody can tell a batch from firings one after the other; the
        gates of both ports say how many packets may pass by their fast paths.
        """
        out = self.out
        size = len(port.queue) - port.low
        if out is not None:
            size = min(size, out.gate - len(out.queue))
        if size <= 0:
            return
        function, take = self._function, port.queue.popleft
        send = out.queue.append if out is not None else None
        lying = len(port.queue)
        value: Any = NOTHING
        try:
            for _ in range(size):
                value = take()
                result = function(value)
                if result is not None and send is not None:
                    send(result)
        except BaseException as error:
            port.received += lying - len(port.queue)
            port.last = value
            if not isinstance(error, Exception):
                raise
            await self._failed(error, {port.name: value})
        else:
            port.received += size
            port.last = value

    async def _fire(self, ports: Sequence[InPort], values: Sequence[Any]) -> None:
        """Fire once, for one packet of each port."""
        try:
            if self.component.takes_positions:
                result = self._function(*values)
            else:
                result = self._function(**{port.name: value for port, value in zip(ports, values, strict=True)})
            await self._send_result(await result if self.component.is_async else result)
        except Exception as error:
            await self._failed(error, {port.name: value for port, value in zip(ports, values, strict=True)})

    async def _failed(self, error: Exception, values: dict[str, Any]) -> None:
        """Send a failure to the port `error` when that is connected; else let the error leave the node."""
        if isinstance(error, EndOfStream | EndOfDemand | StopNet) or not self.node.error.edges:
            raise error
        try:
            await self.node.send_failure(node_error(error, self.node.address, values), values)
        except EndOfDemand:
            raise error from None

    async def _send_result(self, result: Any) -> None:
        """Send what a function returned, or each item of what it yields."""
        if not self.component.streams:
            if result is not None:
                await self._send(result)
        elif isinstance(result, AsyncIterator):
            async with aclosing(_closable(result)) as items:
                async for item in items:
                    await self._send(item)
        else:
            with closing(_closable(result)) as items:
                for item in items:
                    await self._send(item)

    async def _send(self, value: Any) -> None:
        if self.out is None:
            return
        try:
            await self.out.send(value)
        except EndOfDemand:
            self.out.discard(value)
            raise


def _closable(items: Any) -> Any:
    """Return an iterator that can be closed, for one that is left early must not stay open."""
    if isinstance(items, AsyncIterator):
        return items if hasattr(items, "aclose") else _as_async_generator(items)
    return items if hasattr(items, "close") else _as_generator(items)


def _as_generator(items: Any) -> Iterator[Any]:
    yield from items


async def _as_async_generator(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield item
