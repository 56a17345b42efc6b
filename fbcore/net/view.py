"""Looking at a running net from outside: its nodes, ports and edges, and waiting for what an edge will come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fbcore.errors import PortError
from fbcore.model.packet import PacketId
from fbcore.net.edge import Edge
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.observe import Observer
from fbcore.net.out_port import OutPort
from fbcore.net.outstanding import find_outstanding
from fbcore.net.pause import pause_in_words
from fbcore.net.report import NetError, Result, Snapshot

T = TypeVar("T")


class NetView:
    """A running net, to be looked at from outside: every reading is of this moment, and nothing can be changed.

    `nodes`, `ports` and `edges` are looked up by address, and are in order of declaration. To be used in the
    thread of the net's loop. When the net has ended, it shows the last state.

    Example:
        import asyncio

        @component
        def double(number: int) -> int:
            return 2 * number

        async def main() -> None:
            async with BatchRuntime(double).stream(inputs={"number": Each([1, 2])}) as results:
                async for _ in results:
                    pass
                print(results.net.nodes["double"].phase, results.net.ports["double.number"].is_waiting)
                print(results.net.edges["double.out->outputs.out"])

        asyncio.run(main())
        #> ended False
        #> <edge double.out->outputs.out: 0 of 64 lie here, 2 put, 2 taken>
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self._watches = _Watches(net)

    @property
    def name(self) -> str:
        """The name of the graph that the net was made of."""
        return self._net.name

    def snapshot(self) -> Snapshot:
        """Return the state of every node and edge at this moment; what has come out of the net lies on no edge."""
        return self._net.snapshot()

    @property
    def outstanding(self) -> list[str]:
        """What the net would wait for if nothing could move: timers, threads, and what else nodes have begun."""
        return [str(found) for found, _ in find_outstanding(self._net)]

    @property
    def retries(self) -> dict[str, int]:
        """How often firings were tried again, by the address of the node."""
        return dict(self._net.retries)

    @property
    def restarts(self) -> dict[str, int]:
        """How often nodes were begun anew, by address."""
        return dict(self._net.restarts)

    @property
    def abandoned(self) -> dict[str, int]:
        """How many threads of nodes were left behind, for they did not end in time, by address."""
        return Counter(address for address, _ in list(self._net.abandoned))

    @property
    def forgotten(self) -> dict[str, int]:
        """How many keys nodes do not remember any more, as their policies say, by address."""
        return dict(self._net.forgotten)

    @property
    def dropped(self) -> dict[str, int]:
        """How many packets were dropped in a node, as its policies say, by the address of the port."""
        return dict(self._net.dropped)

    @property
    def nodes(self) -> dict[str, NodeView]:
        """The nodes, by address; inputs of the net among them, and the reader of a stream as `outputs`."""
        views = map(NodeView, self._net.nodes)
        return _Named(self._net.name, "node", {view.address: view for view in views})

    @property
    def ports(self) -> dict[str, PortView]:
        """The inputs and outputs of the nodes, by address."""
        views = (PortView(port) for node in self._net.nodes for port in _ports_of(node))
        return _Named(self._net.name, "port", {view.address: view for view in views})

    @property
    def edges(self) -> dict[str, EdgeView]:
        """The edges, by address."""
        views = (EdgeView(edge, self._watches) for edge in self._net.edges)
        return _Named(self._net.name, "edge", {view.address: view for view in views})

    def __repr__(self) -> str:
        return f"<net {self._net.name}: {self._net.live} of {len(self._net.nodes)} nodes live>"


def _ports_of(node: Node) -> Iterator[InPort | OutPort]:
    # Copies: elements of array ports may come while somebody looks from another thread.
    yield from list(node.ins.values())
    yield from list(node.outs.values())
    if node.address.partition(".")[0] not in ("inputs", "outputs", "initial"):
        yield node.error


class _Named(dict[str, T]):
    """A dict by address, whose error for an unknown one says which there are."""

    def __init__(self, net: str, what: str, views: dict[str, T]) -> None:
        super().__init__(views)
        self._net = net
        self._what = what

    def __missing__(self, address: str) -> T:
        known = ", ".join(self) or "none"
        raise PortError(f"the net has no {self._what} {address!r}", self._net, f"its {self._what}s are: {known}")


class NodeView:
    """One node of a running net: `address`, `component`, `phase`, and packets `received` and `sent` so far."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def address(self) -> str:
        """The node's address."""
        return self._node.address

    @property
    def component(self) -> str:
        """The name of its component."""
        return self._node.component

    @property
    def fires(self) -> bool:
        """Whether it is a function, which fires, and no class."""
        return self._node.is_exact

    @property
    def phase(self) -> str:
        """Where it is in its life: created, running, receiving, sending, ended, failed or cancelled."""
        return self._node.phase.value

    @property
    def pause(self) -> str:
        """What a policy lets it wait for, and how long, as `retries in 1.2 s`; "" where none does."""
        return pause_in_words(self._node)

    @property
    def received(self) -> int:
        """How many packets it has taken."""
        return sum(port.received for port in list(self._node.ins.values()))

    @property
    def sent(self) -> int:
        """How many packets it has sent; a fan-out counts once."""
        return sum(port.sent for port in (*self._node.outs.values(), self._node.error))

    def __repr__(self) -> str:
        return f"<node {self.address}: {self.pause or self.phase}, {self.received} received, {self.sent} sent>"


class PortView:
    """One port of a running net: is it connected, does its node wait there, and how many packets passed it?"""

    __slots__ = ("_port",)

    def __init__(self, port: InPort | OutPort) -> None:
        self._port = port

    @property
    def node(self) -> str:
        """The address of its node."""
        return self._port.node.address

    @property
    def name(self) -> str:
        """Its name in its component, of an element of an array port with the key."""
        return self._port.name

    @property
    def is_input(self) -> bool:
        """Whether packets come in here."""
        return isinstance(self._port, InPort)

    @property
    def passed(self) -> int:
        """How many packets have come in, or gone out, so far; a fan-out counts once."""
        return self._port.received if isinstance(self._port, InPort) else self._port.sent

    @property
    def discarded(self) -> int:
        """How many packets went nowhere from here."""
        return 0 if isinstance(self._port, InPort) else self._port.discarded

    @property
    def address(self) -> str:
        """The port's address."""
        return self._port.address

    @property
    def latest(self) -> PacketId | None:
        """The identity of the packet that was taken last; None at an output, and before the first."""
        port = self._port
        return port.last_identity() if isinstance(port, InPort) and port.received else None

    @property
    def is_connected(self) -> bool:
        """Whether an edge begins or ends here."""
        port = self._port
        return port.connected if isinstance(port, OutPort) else bool(port.edges)

    @property
    def is_waiting(self) -> bool:
        """Whether the node waits for a packet here, or here among others."""
        return any(port is self._port for wait in self._port.node.waits for port in wait.ports)

    @property
    def is_blocked(self) -> bool:
        """Whether the node waits for room on an edge that begins here."""
        return any(edge.source is self._port for wait in self._port.node.waits for edge in wait.edges)

    def __repr__(self) -> str:
        words = [word for word in ("connected", "waiting", "blocked") if getattr(self, f"is_{word}")]
        return f"<port {self.address}: {', '.join(words) or 'not connected'}>"


class EdgeView:
    """One edge of a running net: how many packets lie on it, and how many have been put and taken so far."""

    __slots__ = ("_edge", "_watches")

    def __init__(self, edge: Edge, watches: _Watches) -> None:
        self._edge = edge
        self._watches = watches

    @property
    def address(self) -> str:
        """The edge's address, `a.out->b.in`."""
        return self._edge.address

    @property
    def source(self) -> PortView:
        """The output that it begins at."""
        return PortView(self._edge.source)

    @property
    def target(self) -> PortView | None:
        """The input that it ends at; None where it leads out of the net, or to a config or `stop`."""
        return PortView(self._edge.target) if isinstance(self._edge.target, InPort) else None

    @property
    def newest(self) -> PacketId:
        """The identity of the packet that was put last, and lies here still."""
        return self._edge.newest()

    @property
    def fill(self) -> int:
        """How many packets lie on it."""
        return len(self._edge)

    @property
    def capacity(self) -> int | None:
        """How many packets it holds before a sender waits; None is without bound."""
        return self._edge.capacity

    @property
    def put(self) -> int:
        """How many packets have been put so far."""
        return self._edge.passed

    @property
    def taken(self) -> int:
        """How many packets have been taken so far."""
        return self._edge.left

    @property
    def may_lose(self) -> bool:
        """Whether its policies take packets away that get too old, or for which there is no room."""
        return self._edge.policy.expiry is not None or self._edge.policy.drop is not None

    @property
    def expired(self) -> int:
        """How many packets have got too old, and were taken away, as its policies say."""
        return self._edge.expired

    @property
    def dropped(self) -> int:
        """How many packets were dropped for want of room, as its policies say."""
        return self._edge.dropped

    @property
    def bytes(self) -> int:
        """How many bytes lie on it, where these are bounded; else 0."""
        return self._edge.bytes

    async def until(self, predicate: Callable[[EdgeView], object]) -> None:
        """Wait until the predicate holds for this edge; it is asked at once, and after every packet put or taken.

        It was true in the turn that put or took the packet; when the caller goes on, others may have had turns.
        What the predicate raises, the caller gets. While somebody waits, packets on this edge pass slowly.

        Raises:
            NetError: the net ended before it held.

        Example:
            import asyncio

            class Count(Component):
                number: Out[int]

                async def run(self) -> None:
                    for number in range(1_000_000):
                        await self.number.send(number)

            async def main() -> None:
                async with BatchRuntime(Count).stream() as results:
                    edge = results.net.edges["count.number->outputs.number"]
                    await edge.until(lambda edge: edge.fill == edge.capacity)
                    print(edge)

            asyncio.run(main())
            #> <edge count.number->outputs.number: 64 of 64 lie here, 64 put, 0 taken>
        """
        if not predicate(self):
            await self._watches.until(self._edge, lambda: bool(predicate(self)))

    def __repr__(self) -> str:
        room = "" if self.capacity is None else f" of {self.capacity}"
        lost = f", {self.expired} expired" if self.expired else ""
        lost += f", {self.dropped} dropped" if self.dropped else ""
        return f"<edge {self.address}: {self.fill}{room} lie here, {self.put} put, {self.taken} taken{lost}>"


class _Watches:
    """Those who wait for what the edges of a net will come to."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._watched: dict[Edge, int] = {}

    async def until(self, edge: Edge, holds: Callable[[], bool]) -> None:
        watch = _Watch(edge, holds, self._net.loop.create_future())
        if self._net.result is not None:
            watch.ended(self._net.result)
        with self._slowly(edge):
            self._net.watching.join(watch)
            try:
                await watch.woken
            finally:
                self._net.watching.leave(watch)
        if watch.error is not None:
            raise watch.error

    @contextmanager
    def _slowly(self, edge: Edge) -> Iterator[None]:
        """Let no packet pass the edge by its fast path, for that tells nobody."""
        if edge.is_fast:
            self._watched[edge] = 0
        if edge not in self._watched:
            # It is slow anyway.
            yield
            return
        self._watched[edge] += 1
        _set_fast(edge, is_fast=False)
        try:
            yield
        finally:
            self._watched[edge] -= 1
            if not self._watched[edge]:
                del self._watched[edge]
                _set_fast(edge, is_fast=edge.forwarded is None)


def _set_fast(edge: Edge, *, is_fast: bool) -> None:
    edge.is_fast = is_fast
    edge.source.regate()
    if isinstance(edge.target, InPort):
        edge.target.relow()


class _Watch(Observer):
    """One who waits: asks its predicate whenever something happens on its edge."""

    def __init__(self, edge: Edge, holds: Callable[[], bool], woken: Any) -> None:
        self.woken = woken
        self.error: BaseException | None = None
        self._edge = edge
        self._holds = holds

    def packet(self, what: str, address: str, value: Any) -> None:
        if address == self._edge.address and not self.woken.done():
            try:
                holds = self._holds()
            except BaseException as error:
                self.error, holds = error, True
            if holds:
                self.woken.set_result(None)

    def ended(self, result: Result) -> None:
        if not self.woken.done():
            what = "the net ended before that for which somebody waited came to be"
            hint = f"the net is {result.outcome}; ask for what will be, or expect NetError"
            self.error = NetError(what, self._edge.address, hint, result)
            self.woken.set_result(None)
