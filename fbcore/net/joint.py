"""Receiving from several inputs together: whichever comes first, or one packet from each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import EndOfStream, PortError
from fbcore.model.packet import NOTHING
from fbcore.model.port import Hit
from fbcore.net.guard import admit
from fbcore.net.in_port import InPort
from fbcore.net.wait import Wait

if TYPE_CHECKING:
    from fbcore.net.node import Node


async def take_all(node: Node, ports: Sequence[InPort]) -> list[Any]:
    """Wait until every port holds a packet, then take one from each: all or none.

    Raises:
        EndOfStream: one of them has ended. If the node ends with packets in its siblings, or they would still
            get some, the net is starved.
    """
    while True:
        await _begin(node, "zip", ports)
        has_looked = not node.net.looks_twice
        while empty := [port for port in ports if not port.queue]:
            ended = [port for port in empty if port.is_closed]
            if ended:
                for port in ports:
                    port.half_fed = not port.is_closed or bool(port.queue)
                raise EndOfStream(ended[0].address)
            await (_wait(node, empty, needs_all=True) if has_looked else node.look_again())
            has_looked = True
        values = [port.take() for port in ports]
        if await admit(node, ports):
            return values


async def take_any(node: Node, ports: Sequence[InPort], until: InPort | None = None) -> Hit:
    """Wait until one of the ports holds a packet, and take it; the ports in order where several do.

    Raises:
        EndOfStream: all of them have ended, or the one that is named by `until`.
    """
    await _begin(node, "select", ports)
    has_looked = not node.net.looks_twice
    while True:
        if until is not None and until.is_closed and not until.queue:
            raise EndOfStream(until.address)
        for port in ports:
            if port.queue:
                value = port.take()
                if await admit(node, (port,)):
                    return Hit(port, value, port.key)
                await _begin(node, "select", ports)
                break
        else:
            waiting = [port for port in ports if not port.is_closed]
            if not waiting:
                raise EndOfStream(" and ".join(port.address for port in ports))
            await (_wait(node, waiting, needs_all=False) if has_looked else node.look_again())
            has_looked = True


async def _begin(node: Node, verb: str, ports: Sequence[InPort]) -> None:
    for port in ports:
        port.last = NOTHING
    node.credit -= 1
    if node.credit <= 0:
        await node.give_way(verb, ports)


async def _wait(node: Node, ports: Sequence[InPort], *, needs_all: bool) -> None:
    wait = Wait(node, ports, needs_all=needs_all)
    future = wait.begin()
    try:
        await future
    except asyncio.CancelledError:
        for port in ports:
            port.pass_on()
        raise
    finally:
        wait.end(future)
    if node.cancelled:
        raise asyncio.CancelledError


class Select:
    """A look at several inputs until all have ended, or `until` has: `async for hit in self.select(self.a, self.b)`."""

    def __init__(self, node: Node, ports: Sequence[InPort], until: InPort | None = None) -> None:
        self._node = node
        self._ports = list(ports)
        self._until = until
        trace = node.trace
        if trace is not None and sorted(trace.order) == sorted(port.name for port in ports):
            # A node that is begun anew looks at its ports in the order in which it would have.
            self._ports.sort(key=lambda port: trace.order.index(port.name))

    def __aiter__(self) -> AsyncIterator[Hit]:
        return self

    async def __anext__(self) -> Hit:
        try:
            hit = await take_any(self._node, self._ports, self._until)
        except EndOfStream:
            raise StopAsyncIteration from None
        # Whoever was taken from stands behind the others, so that a busy input does not hide a quiet one.
        self._ports.remove(hit.port)
        self._ports.append(hit.port)
        if self._node.trace is not None:
            self._node.trace.order = tuple(port.name for port in self._ports)
        return hit


class Zip:
    """Packets of several inputs side by side: `async for a, b in self.zip(self.left, self.right)`."""

    def __init__(self, node: Node, ports: Sequence[InPort]) -> None:
        self._node = node
        self._ports = ports

    def __aiter__(self) -> AsyncIterator[tuple[Any, ...]]:
        return self

    async def __anext__(self) -> tuple[Any, ...]:
        if not self._ports:
            # An array may have no elements; pairs of nothing would never end.
            raise StopAsyncIteration
        try:
            return tuple(await take_all(self._node, self._ports))
        except EndOfStream:
            raise StopAsyncIteration from None


def own_inputs(node: Node, ports: Sequence[Any], verb: str) -> Sequence[InPort]:
    """Check that these are different inputs of a node.

    Raises:
        PortError: something else was given.
    """
    for port in ports:
        if not isinstance(port, InPort) or port.node is not node:
            hint = f"give it inputs of the component itself: self.{verb}(self.left, self.right)"
            raise PortError(f"{verb} was given {port!r}, which is no input of this node", node.address, hint)
    if len(set(map(id, ports))) < len(ports):
        hint = f"name each once: self.{verb}(self.left, self.right)"
        raise PortError(f"{verb} was given an input twice", node.address, hint)
    return ports
