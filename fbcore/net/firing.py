"""Function components at work: a firing for every packet, or for one packet from each input."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any

from fbcore.errors import EndOfDemand, EndOfStream, StopNet
from fbcore.model.function import FunctionComponent
from fbcore.net.failure import node_error
from fbcore.net.joint import take_all
from fbcore.net.node import Node
from fbcore.net.port import OutPort


class Firing:
    """Runs a function in a node: takes its inputs, calls it, and sends what it returns."""

    def __init__(self, node: Node, component: FunctionComponent[..., Any, Any]) -> None:
        self.node = node
        self.component = component
        self.out: OutPort | None = node.outs.get("out")

    async def run(self) -> None:
        """Fire until an input has ended; once, when there are no inputs."""
        ports = list(self.node.ins.values())
        if not ports:
            await self.fire({})
        elif len(ports) == 1:
            name = ports[0].name
            async for value in ports[0]:
                await self.fire({name: value})
        else:
            names = [port.name for port in ports]
            while True:
                await self.fire(dict(zip(names, await take_all(self.node, ports), strict=True)))

    async def fire(self, values: dict[str, Any]) -> None:
        """Fire once; a failure goes to the port `error` when that is connected, else leaves the node."""
        configs = {name: port.value for name, port in self.node.configs.items()}
        try:
            await self._call({**values, **configs})
        except (EndOfStream, EndOfDemand, StopNet):
            raise
        except Exception as error:
            if not self.node.error.edges:
                raise
            failure = node_error(error, self.node.address, values)
            try:
                await self.node.send_failure(failure, values)
            except EndOfDemand:
                raise error from None

    async def _call(self, arguments: dict[str, Any]) -> None:
        result = self.component.function(**arguments)
        if self.component.is_async:
            result = await result
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
