"""The components of the laws: the kinds of `plan`, as fbcore functions and classes that keep a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fbcore import Component, Config, EndOfDemand, EndOfStream, In, Out, StopNet, component
from tests.laws.ledger import Ledger, text_of
from tests.laws.plan import PlannedNode, ins_of


class PlannedFailure(RuntimeError):  # noqa: N818 - what fails here is planned
    """What failing components raise."""


class Actor:
    """Who a node is, and its ledger: the config of every component here."""

    def __init__(self, planned: PlannedNode, ledger: Ledger) -> None:
        self.planned = planned
        self.id = planned.id
        self.ledger = ledger
        self.firings = 0

    def receive(self, port: str, value: Any) -> str:
        """Write down a value that came in, and return its text."""
        self.ledger.note("received", f"{self.id}.{port}", value)
        self.ledger.hand.setdefault(self.id, {})[port] = value
        return text_of(value)

    def begin(self, *values: Any) -> list[str]:
        """Write down the beginning of a firing."""
        self.firings += 1
        return [self.receive(port, value) for port, value in zip(ins_of(self.planned.kind), values, strict=True)]

    def outputs(self, texts: list[str], *, streams: bool) -> Iterator[str]:
        """Yield what a firing sends; raise what it raises."""
        planned = self.planned
        v = texts[0] if texts else ""
        is_last = self.firings % planned.n == 0 if planned.n else False
        if planned.kind == "source":
            yield from (f"{self.id}{i}" for i in range(planned.n))
        elif planned.kind == "fail" and is_last:
            if streams:
                yield f"{v}.{self.id}"
            self.fail()
        elif planned.kind == "stop" and self.firings == planned.n:
            raise StopNet("planned")
        elif planned.kind == "drop":
            if (self.firings - 1) % planned.n:
                yield f"{v}.{self.id}"
        elif planned.kind == "expand":
            yield from (f"{v}.{self.id}{j}" for j in range(planned.n))
        elif planned.kind == "join":
            yield f"({v}+{texts[1]}).{self.id}"
        elif planned.kind != "orbit":
            yield f"{v}.{self.id}"
        elif self.marks(v) < planned.n:
            yield self.marked(v)

    def fail(self) -> None:
        """Fail, and write down with what in hand."""
        self.ledger.note("failed", self.id, tuple(self.ledger.hand[self.id].values()))
        raise PlannedFailure(self.id)

    def marks(self, text: str) -> int:
        """Count the marks that this node left on a text."""
        return text.count(f"*{self.id};")

    def marked(self, text: str) -> str:
        """Leave one more mark."""
        return f"{text}*{self.id};"

    def offer(self, text: str, port: str = "out") -> Any:
        """Make a value that is about to be sent."""
        return self.ledger.offer(f"{self.id}.{port}", text)

    def fire(self, *values: Any) -> Any:
        """Do a firing that returns its output."""
        texts = self.begin(*values)
        return next((self.offer(text) for text in self.outputs(texts, streams=False)), None)

    async def pause(self) -> None:
        """Let others have a turn in the midst of a firing."""
        self.ledger.inside.add(self.id)
        await asyncio.sleep(0)
        self.ledger.inside.discard(self.id)

    def stream(self, *values: Any) -> Iterator[Any]:
        """Do a firing that yields its outputs."""
        texts = self.begin(*values)
        yield from map(self.offer, self.outputs(texts, streams=True))


# -- functions -------------------------------------------------------------------------------------------


@component
def _sync(value: Any, me: Any = None) -> Any:
    return me.fire(value)


@component
async def _async(value: Any, me: Any = None) -> Any:
    texts = me.begin(value)
    await me.pause()
    return next((me.offer(text) for text in me.outputs(texts, streams=False)), None)


@component
def _generator(value: Any, me: Any = None) -> Iterator[Any]:
    yield from me.stream(value)


@component
async def _async_generator(value: Any, me: Any = None) -> AsyncIterator[Any]:
    texts = me.begin(value)
    await me.pause()
    for text in me.outputs(texts, streams=True):
        yield me.offer(text)


@component
def _sync_join(left: Any, right: Any, me: Any = None) -> Any:
    return me.fire(left, right)


@component
async def _async_join(left: Any, right: Any, me: Any = None) -> Any:
    texts = me.begin(left, right)
    await me.pause()
    return next(me.offer(text) for text in me.outputs(texts, streams=False))


@component
def _generator_join(left: Any, right: Any, me: Any = None) -> Iterator[Any]:
    yield from me.stream(left, right)


@component
async def _async_generator_join(left: Any, right: Any, me: Any = None) -> AsyncIterator[Any]:
    texts = me.begin(left, right)
    await me.pause()
    for text in me.outputs(texts, streams=True):
        yield me.offer(text)


@component
def _generator_source(me: Any = None) -> Iterator[Any]:
    yield from me.stream()


@component
async def _async_generator_source(me: Any = None) -> AsyncIterator[Any]:
    for value in me.stream():
        yield value
        await asyncio.sleep(0)


_FUNCTIONS: dict[str, dict[str, Any]] = {
    "value": {"sync": _sync, "async": _async, "generator": _generator, "async_generator": _async_generator},
    "left right": {
        "sync": _sync_join,
        "async": _async_join,
        "generator": _generator_join,
        "async_generator": _async_generator_join,
    },
    "": {"generator": _generator_source, "async_generator": _async_generator_source},
}


# -- classes ---------------------------------------------------------------------------------------------


class Kept(Component):
    """A class that keeps the ledger; its `work` is what others call `run`."""

    me: Config[Any]

    async def run(self) -> None:
        try:
            await self.work()
        except (EndOfStream, EndOfDemand):
            self.me.value.ledger.hand.pop(self.me.value.id, None)
            raise
        self.me.value.ledger.hand.pop(self.me.value.id, None)

    async def work(self) -> None:
        raise NotImplementedError

    async def take(self, port: str = "value") -> str:
        me: Actor = self.me.value
        me.ledger.hand.setdefault(me.id, {}).pop(port, None)
        return me.receive(port, await getattr(self, port).receive())

    async def give(self, text: str, port: str = "out") -> None:
        me = self.me.value
        address = f"{me.id}.{port}"
        value = me.offer(text, port)
        try:
            await getattr(self, port).send(value)
        except EndOfDemand:
            me.ledger.note("returned", address, value)
            raise
        me.ledger.note("accepted", address, value)

    async def pass_on(self, came_by: str = "value", leaves_by: str = "out") -> None:
        text = await self.take(came_by)
        await self.give(f"{text}.{self.me.value.id}", leaves_by)

    @property
    def n(self) -> int:
        me: Actor = self.me.value
        return me.planned.n


class Source(Kept):
    out: Out[Any]

    async def work(self) -> None:
        for i in range(self.n):
            await self.give(f"{self.me.value.id}{i}")


class Map(Kept):
    value: In[Any]
    out: Out[Any]

    async def work(self) -> None:
        me = self.me.value
        async for value in self.value:
            await self.give(f"{me.receive('value', value)}.{me.id}")
            me.ledger.hand[me.id].clear()


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
                await self.give(f"{text}.{self.me.value.id}{j}")


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
        me, seen = self.me.value, 0
        async for value in self.value:
            me.receive("value", value)
            seen += 1
            me.ledger.hand[me.id].clear()
        await self.give(f"{me.id}={seen}")


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


class Switch(Kept):
    value: In[Any]
    out: Out[Any]
    other: Out[Any]

    async def work(self) -> None:
        while True:
            await self.pass_on()
            await self.pass_on(leaves_by="other")


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
                await self.give(f"{text}.{me.id}")


class Eager(Kept):
    value: In[Any]
    out: Out[Any]
    done: Out[Any]

    async def work(self) -> None:
        for i in range(self.n):
            await self.give(f"{self.me.value.id}{i}")
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
            await self.give(f"{text}.{me.id}")
            del hand[twin]


_CLASSES = (Source, Map, Drop, Expand, Take, Collect, Concat, Alternate, Switch, Fail, Stop, Spin, Eager, Twins)


def component_of(node: PlannedNode) -> Any:
    """Return the component that does what a planned node does, in the way it is written."""
    if node.style == "class":
        return next(each for each in _CLASSES if each.__name__.lower() == node.kind)
    return _FUNCTIONS[" ".join(ins_of(node.kind))][node.style]
