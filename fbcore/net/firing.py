"""Function components at work: a firing for every packet, or for one packet from each input."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import aclosing, closing
from functools import partial
from typing import Any

from fbcore.errors import EndOfDemand
from fbcore.model.function import FunctionComponent
from fbcore.model.options import Options
from fbcore.model.packet import MISSING, Packet
from fbcore.model.port_spec import PortKind
from fbcore.net.batch import fire_batch
from fbcore.net.failure import is_failure, node_error
from fbcore.net.in_port import InPort
from fbcore.net.joint import Select, take_all
from fbcore.net.log import ahead_of
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort
from fbcore.net.rounds import Rounds
from fbcore.net.watched import Watched, watched


class Firing:
    """Runs a function in a node: takes its inputs, calls it, and sends what it returns.

    `trigger` is the signal `execute` where that is connected: it then says when the function fires.
    """

    def __init__(self, node: Node, component: FunctionComponent[..., Any, Any], options: Options) -> None:
        self.node = node
        self.component = component
        self.options = options
        self.ports = [node.ins[port.name] for port in component.spec.of(PortKind.INPUT)]
        self.outs = {port.name: node.outs[port.name] for port in component.spec.of(PortKind.OUTPUT)}
        self.out: OutPort | None = None if component.unpack else self.outs.get("out")
        self.trigger = node.ins.get("execute")
        self.packets = component.packets
        node.sees_identities = bool(self.packets)
        node.firing_number = self.number
        for config in node.configs.values():
            if config.edges:
                config.hears.append(self._read_configs)
        self._function: Any
        self._plain_function: Any
        self._watched: Watched | None = None
        self._read_configs()

    def _read_configs(self) -> None:
        """Bind configs and memories to the function; a firing that goes on keeps the configs that it began with."""
        bound: dict[str, Any] = {name: port.value for name, port in self.node.configs.items()}
        bound |= self.node.memories
        self._function = partial(self.component.function, **bound) if bound else self.component.function
        self._plain_function = self._watched.around(self._function) if self._watched else self._function

    def run(self) -> Coroutine[Any, Any, None]:
        """Fire until an input has ended (all of them, where any fires); once, when there are no inputs.

        The option `loop` says otherwise: False lets it fire once, True again and again without inputs.
        """
        self._watched = watched(self.node)
        self._read_configs()
        # Not one coroutine around the other: whatever is awaited in the innermost passes through all of them.
        return self._run_plainly(self.ports[0]) if self._is_plain() else self._run()

    async def _run(self) -> None:
        if self.options.fires == "any" and (len(self.ports) > 1 or self.trigger is not None):
            await self._run_on_any()
        elif self.ports or self.trigger is not None:
            await self._run_on_all()
        else:
            await self._fire_without_inputs()

    async def _fire_without_inputs(self) -> None:
        await self._fire(())
        rounds = Rounds(self.node)
        while self.options.loop:
            await rounds.end()
            await self._fire(())

    @property
    def _is_once(self) -> bool:
        """Whether one firing is all; where `execute` is connected, each signal stands for one."""
        return self.options.loop is False and self.trigger is None

    def _is_plain(self) -> bool:
        """Whether a firing is a call of a function with one value, and sending what it returns."""
        component = self.component
        has_more = self.trigger is not None or "executed" in self.node.outs
        is_simple = component.takes_positions and not component.is_async and not component.streams
        is_simple = is_simple and not component.unpack and not self.packets and not self._is_once
        return len(self.ports) == 1 and is_simple and not has_more

    async def _run_on_all(self) -> None:
        """Fire for one packet of each input, and one signal where `execute` is connected."""
        ports = self.ports if self.trigger is None else [*self.ports, self.trigger]
        if len(ports) == 1:
            async for value in ports[0]:
                if not self.ports:
                    await self._fire_without_inputs()
                    continue
                await self._fire((self._given(ports[0], value),))
                if self._is_once:
                    return
        while len(ports) > 1:
            values = await take_all(self.node, ports)
            given = [self._given(port, value) for port, value in zip(self.ports, values, strict=False)]
            await self._fire(given)
            if self._is_once:
                return

    async def _run_on_any(self) -> None:
        """Fire for every packet, whatever input it comes by, or for every signal where `execute` is connected."""
        latest = self.node.kept
        for port in self.ports:
            latest.setdefault(port.name, MISSING)
        trigger = self.trigger
        ports = self.ports if trigger is None else [*self.ports, trigger]
        async for hit in Select(self.node, ports, trigger):
            if hit.port is not trigger:
                latest[hit.port.name] = self._given(hit.port, hit.value)
            if trigger is None or hit.port is trigger:
                await self._fire([latest[port.name] for port in self.ports])
                if self._is_once:
                    return

    def number(self) -> int | None:
        """Return the number of the firing that goes on, from 1; None for a function that fires without packets."""
        ports = self.ports if self.trigger is None else [self.trigger]
        counts = [port.received + ahead_of(port) for port in ports]
        if self.options.fires == "any":
            return sum(counts) or None
        return max(counts, default=0) or None

    def _given(self, port: InPort, value: Any) -> Any:
        """Return what the function gets of a packet that was just received: its value, or the packet itself."""
        return Packet(value, port.last_identity()) if port.name in self.packets else value

    async def _run_plainly(self, port: InPort) -> None:
        """Fire for every packet of one input, in batches where both ports allow."""
        batching = self.node.net.options.batching and not (self._watched and self._watched.needs_packets)
        while True:
            if batching and port.edges and port.edges[0].is_fast:
                if not port.queue or self.node.credit <= 0:
                    await port.come()
                taken = port.received
                failed = fire_batch(self._plain_function, port, self.out)
                if failed is not None:
                    await self._fell(failed, port)
                if port.received > taken:
                    continue
            value = await port.receive()
            try:
                result = self._plain_function(value)
            except Exception as error:
                await self._fell(error, port)
                continue
            if result is not None and self.out is not None:
                try:
                    await self._send_by(self.out, result)
                except Exception as error:
                    await self._failed(error, {port.name: value})

    async def _fell(self, error: BaseException, port: InPort) -> None:
        """Act on what the function raised of the packet that was taken last, where a firing is nothing but its call."""
        await self._failed(error, {port.name: port.last})

    async def _fire(self, values: Sequence[Any]) -> None:
        """Fire once, with one value for each input."""
        try:
            if self._watched is not None:
                await self._fire_watched(self._watched, values)
            else:
                positional = self.component.takes_positions
                result = self._function(*values) if positional else self._function(**self._named(values))
                await self._send_result(await result if self.component.is_async else result)
        except Exception as error:
            await self._failed(error, self.node.in_hand())
        else:
            await self.node.tell_executed()

    async def _fire_watched(self, watched: Watched, values: Sequence[Any]) -> None:
        """Fire once, and tell whoever watches; what is returned is sent after that, for sending may wait."""
        with watched.call(watched.packets()):
            positional = self.component.takes_positions
            result = self._function(*values) if positional else self._function(**self._named(values))
            if self.component.is_async:
                result = await result
            if self.component.streams:
                await self._send_result(result)
        if not self.component.streams:
            await self._send_result(result)

    def _named(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the values by the names of the inputs."""
        return {port.name: value for port, value in zip(self.ports, values, strict=True)}

    async def _failed(self, error: BaseException, values: dict[str, Any]) -> None:
        """Send a failure to the port `error` when that is connected; else let the error leave the node."""
        if not is_failure(error) or not self.node.error.edges:
            raise error
        try:
            await self.node.send_failure(node_error(error, self.node.address, values), values)
        except EndOfDemand:
            raise error from None

    async def _send_result(self, result: Any) -> None:
        """Send what a function returned, or each item of what it yields."""
        if not self.component.streams:
            await self._send(result)
            return
        held_back = []
        if isinstance(result, AsyncIterator):
            async with aclosing(closable(result)) as items:
                async for item in items:
                    held_back.append(item) if self.options.buffered else await self._send(item)
        else:
            with closing(closable(result)) as items:
                for item in items:
                    held_back.append(item) if self.options.buffered else await self._send(item)
        for item in held_back:
            await self._send(item)

    async def _send(self, value: Any) -> None:
        """Send one result: nothing for a None that was returned, each field to its port where they are unpacked."""
        if self.component.unpack and value is not None:
            for name, port in self.outs.items():
                await self._send_field(port, getattr(value, name))
        elif self.out is not None and (value is not None or self.component.streams):
            await self._send_by(self.out, value)

    async def _send_field(self, port: OutPort, value: Any) -> None:
        """Send a field, if it is not None; the node goes on while anybody takes any of the fields."""
        if value is not None:
            try:
                await self._send_by(port, value)
            except EndOfDemand:
                if not any(other.edges for other in self.outs.values()):
                    raise

    async def _send_by(self, port: OutPort, value: Any) -> None:
        try:
            if self.packets and isinstance(value, Packet):
                await port.forward(value)
            else:
                await port.send(value)
        except EndOfDemand:
            port.discard(value.value if self.packets and isinstance(value, Packet) else value)
            raise


def closable(items: Any) -> Any:
    """Return an iterator that can be closed, for one that is left early must not stay open."""
    if isinstance(items, AsyncIterator):
        return items if hasattr(items, "aclose") else _as_async_generator(items)
    return items if hasattr(items, "close") else _as_generator(items)


def _as_generator(items: Any) -> Iterator[Any]:
    yield from items


async def _as_async_generator(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield item
