"""The classes of the laws."""

from __future__ import annotations

import asyncio
from typing import Any

from fbcore import Component, Config, EndOfDemand, EndOfStream, In, InArray, Message, Out, OutArray, Packet, Signal
from tests.laws.actors import Actor, Forwarded, factor_text
from tests.laws.ledger import text_of
from tests.laws.plan import PlannedNode


class Kept(Component):
    """A class that keeps the ledger; its `work` is what others call `run`."""

    me: Config[Any]

    async def run(self) -> None:
        me: Actor = self.me.value
        me.ledger.begun[me.id] = me.ledger.begun.get(me.id, 0) + 1
        try:
            await self.work()
        except (EndOfStream, EndOfDemand):
            me.ledger.hand.pop(me.id, None)
            raise
        me.ledger.hand.pop(me.id, None)

    async def work(self) -> None:
        raise NotImplementedError

    async def take(self, port: str = "value") -> str:
        return (await self.take_packet(port))[0]

    async def take_packet(self, port: str = "value") -> tuple[str, Packet[Any]]:
        me: Actor = self.me.value
        me.ledger.hand.setdefault(me.id, {}).pop(port, None)
        packet = await getattr(self, port).receive_packet()
        return me.receive(port, packet.value), packet

    async def give(self, text: str, port: str = "out") -> None:
        await self.send(getattr(self, port), port, self.me.value.offer(port, text))

    async def forward(self, packet: Packet[Any], port: str = "out") -> None:
        me: Actor = self.me.value
        me.offer(port, Forwarded(packet))
        await self.send(getattr(self, port), port, packet)
        hand = me.ledger.hand.get(me.id, {})
        me.ledger.hand[me.id] = {name: value for name, value in hand.items() if value is not packet.value}

    async def send(self, out: Out[Any], port: str, value: Any, **options: Any) -> None:
        me, payload = self.me.value, value.value if isinstance(value, Packet) else value
        try:
            await (out.forward(value) if isinstance(value, Packet) else out.send(value, **options))
        except EndOfDemand:
            me.ledger.note("returned", f"{me.id}.{port}", payload)
            raise
        me.ledger.note("accepted", f"{me.id}.{port}", payload)

    async def pass_on(self, came_by: str = "value", leaves_by: str = "out") -> None:
        text = await self.take(came_by)
        await self.give(f"{text}.{self.name}", leaves_by)

    def received(self, value: Any, port: str = "value") -> str:
        """Write down the only value that the node has in its hands."""
        self.let_go()
        return self.me.value.receive(port, value)  # type: ignore[no-any-return]

    def let_go(self) -> None:
        self.me.value.ledger.hand.pop(self.me.value.id, None)

    @property
    def name(self) -> str:
        return self.me.value.name  # type: ignore[no-any-return]

    @property
    def n(self) -> int:
        return self.me.value.planned.n  # type: ignore[no-any-return]


class Source(Kept):
    out: Out[Any]

    async def work(self) -> None:
        for i in range(self.n):
            await self.give(f"{self.name}{i}")


class Map(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        async for value in self.value:
            await self.give(f"{self.received(value)}.{self.name}")
            self.let_go()


class Nap(Map):
    async def work(self) -> None:
        async for value in self.value:
            text = self.received(value)
            await self.me.value.nap()
            await self.give(f"{text}.{self.name}")
            self.let_go()


class Drop(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        while True:
            await self.take()
            for _ in range(self.n - 1):
                await self.pass_on()


class Expand(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        while True:
            text = await self.take()
            for j in range(self.n):
                await self.give(f"{text}.{self.name}{j}")


class Take(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        for _ in range(self.n):
            await self.pass_on()


class Collect(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        seen = 0
        async for value in self.value:
            self.received(value)
            seen += 1
            self.let_go()
        await self.give(f"{self.name}={seen}")


class Concat(Kept):
    left: In[Any]
    right: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        try:
            while True:
                await self.pass_on("left")
        except EndOfStream:
            pass
        while True:
            await self.pass_on("right")


class Alternate(Kept):
    left: In[Any]
    right: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        while True:
            await self.pass_on("left")
            await self.pass_on("right")


class Zipped(Kept):
    left: In[Any]
    right: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        async for left, right in self.zip(self.left, self.right):
            texts = self.received(left, "left"), self.me.value.receive("right", right)
            await self.give(f"({texts[0]}+{texts[1]}).{self.name}")
            self.let_go()


class Either(Kept):
    left: In[Any]
    right: In[Any] = In(optional=True)
    out: Out[Any]

    async def work(self) -> None:
        async for hit in self.select(self.left, self.right):
            port = "left" if hit.port is self.left else "right"
            await self.give(f"{self.received(hit.value, port)}.{self.name}")
            self.let_go()


class Merge(Kept):
    items: InArray[Any]
    out: Out[Any]

    async def work(self) -> None:
        async for hit in self.select(*self.items.values()):
            text = self.received(hit.value, f"items[{hit.key}]")
            await self.give(f"{text}.{self.name}@{hit.key}")
            self.let_go()


class Switch(Kept):
    value: In[Any]
    out: Out[Any]
    other: Out[Any]

    async def work(self) -> None:
        while True:
            await self.pass_on()
            await self.pass_on(leaves_by="other")


class Split(Kept):
    value: In[Any]
    parts: OutArray[Any]

    async def work(self) -> None:
        while True:
            for key in (*range(self.n), "rest"):
                port, text = f"parts[{key}]", await self.take()
                await self.send(self.parts[key], port, self.me.value.offer(port, f"{text}.{self.name}"))


class Fail(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        for _ in range(self.n - 1):
            await self.pass_on()
        await self.take()
        self.me.value.fail()


class Stop(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        for _ in range(self.n - 1):
            await self.pass_on()
        await self.take()
        self.net.stop("planned")
        await asyncio.sleep(0)


class Spin(Kept):
    value: In[Any]
    again: Out[Any]
    out: Out[Any]

    async def work(self) -> None:
        me = self.me.value
        while True:
            text = await self.take()
            if me.marks(text) < self.n:
                await self.give(me.marked(text), "again")
            else:
                await self.give(f"{text}.{self.name}")


class Eager(Kept):
    value: In[Any]
    out: Out[Any]
    done: Out[Any]

    async def work(self) -> None:
        for i in range(self.n):
            await self.give(f"{self.name}{i}")
        for _ in range(self.n):
            await self.pass_on("value", "done")


class Twins(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        for _ in range(2):
            self.tasks.create_task(self.twin())

    async def twin(self) -> None:
        me, twin = self.me.value, f"value of {asyncio.current_task()}"
        async for value in self.value:
            text = me.receive("value", value)
            hand = me.ledger.hand[me.id]
            hand[twin] = hand.pop("value")
            await self.give(f"{text}.{self.name}")
            del hand[twin]


class Forward(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        me: Actor = self.me.value
        async for packet in self.value.packets():
            text = self.received(packet.value)
            me.firings += 1
            for port, sent in me.outputs((packet,), [text], None, streams=False):
                await (self.give(sent, port) if isinstance(sent, str) else self.forward(packet, port))
            self.let_go()


class Stamp(Forward):
    """Forwards, but for some."""


class Echo(Forward):
    other: Out[Any]


class Lap(Kept):
    value: In[Any]
    again: Out[Any]
    out: Out[Any]

    async def work(self) -> None:
        while True:
            _, packet = await self.take_packet()
            await self.forward(packet, self.me.value.lap(packet))


class Weave(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        me: Actor = self.me.value
        while True:
            taken = [await self.take_packet() for _ in range(self.n)]
            me.ledger.declare(f"{me.id}.out", self.n)
            value = me.offer("out", f"({'+'.join(text for text, _ in taken)}).{self.name}")
            await self.send(self.out, "out", value, parents=[packet for _, packet in taken])


class Bell(Kept):
    go: Signal
    out: Out[Any]
    rung: Message

    async def work(self) -> None:
        rings = 0
        async for signal in self.go:
            rings += 1
            self.received(signal, "go")
            await self.give(f"{self.name}{rings}")
            await self.rung.send()
            self.let_go()


class Scale(Kept):
    value: In[Any]
    factor: Config[Any]
    out: Out[Any]

    async def work(self) -> None:
        async for value in self.value:
            await self.give(f"{self.received(value)}*{factor_text(self.factor.value)}.{self.name}")
            self.let_go()


class Tint(Scale):
    factor: Config[Any] = Config(default="d")


class Follow(Kept):
    factor: Config[Any]
    out: Out[Any]

    async def work(self) -> None:
        async for factor in self.factor.changes():
            await self.give(f"{factor_text(factor)}.{self.name}")


CLASSES = {
    each.__name__.lower(): each
    for each in (
        *(Source, Map, Drop, Expand, Take, Collect, Concat, Alternate, Zipped, Either, Merge, Switch, Split, Fail),
        *(Stop, Spin, Eager, Twins, Nap, Forward, Stamp, Echo, Lap, Weave, Bell, Scale, Tint, Follow),
    )
}


def class_of(node: PlannedNode, me: Actor) -> type[Component]:
    """Return the class that does what a planned node does; one whose validator keeps the ledger is made for it."""
    return CLASSES[node.kind] if node.kind != "strict" else _strict(me)


def _strict(me: Actor) -> type[Component]:
    class Strict(Kept):
        value: In[Any] = In(validate=me.admit)
        out: Out[Any]

        async def work(self) -> None:
            async for value in self.value:
                await self.give(f"{text_of(value)}.{self.name}")
                self.let_go()

    return Strict
