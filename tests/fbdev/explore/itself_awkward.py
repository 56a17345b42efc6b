"""Nets whose components do what is awkward: they time out, are cancelled while they wait, and swallow it.

Each function makes a graph; what its components offer and give up they write down in `log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio

from fbcore import Component, Config, EndOfDemand, EndOfStream, Graph, In, Memory, Out, component


class Kept(Component):
    """Writes down what it offers and what comes back."""

    notes: Config[Any]

    async def give(self, port: Out[Any], value: Any) -> None:
        self.notes.value.append(("offers", value))
        try:
            await port.send(value)
        except EndOfDemand:
            self.notes.value.append(("gives up", value))
            raise


class Gives(Kept):
    """Sends some packets, and ends: with the turn of the last, unless it lingers for another."""

    count: Config[int] = Config(default=1)
    lingers: Config[bool] = Config(default=False)
    out: Out[str]

    async def run(self) -> None:
        for number in range(self.count.value):
            await self.give(self.out, f"a{number}")
        if self.lingers.value:
            await asyncio.sleep(0)


class Passes(Kept):
    """Passes on what comes."""

    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value)


class Patient(Kept):
    """Waits for its first packet for a second, says so if it is late, and waits on."""

    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        first = None
        with anyio.move_on_after(1):
            first = await self.value.receive()
        if first is None:
            await self.give(self.out, "late")
        else:
            await self.out.send(first)
        async for value in self.value:
            await self.out.send(value)


class Fickle(Kept):
    """Takes in a task of its own, gives that up, and takes anew; `how` says by which operation."""

    how: Config[str]
    left: In[str]
    right: In[str] = In(optional=True)
    out: Out[str]

    async def run(self) -> None:
        taking = self.tasks.create_task(self.take())
        await asyncio.sleep(0)
        taking.cancel()
        while True:
            await self.take()

    async def take(self) -> None:
        left = list(await self.taken())
        try:
            while left:
                await self.out.send(left[0])
                left.pop(0)
        except asyncio.CancelledError:
            self.notes.value.extend(("gives up", value) for value in left)
            raise

    async def taken(self) -> tuple[str, ...]:
        try:
            if self.how.value == "select":
                return ((await anext(aiter(self.select(self.left, self.right)))).value,)
            if self.how.value == "zip":
                return await anext(aiter(self.zip(self.left, self.right)))
        except StopAsyncIteration:
            raise EndOfStream(self.left.address) from None
        return (await self.left.receive(),)


class Rivals(Kept):
    """Takes in two tasks at once, one of which gives up after a second."""

    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        self.tasks.create_task(self.take())
        value = None
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                value = await self.value.receive()
        if value is not None:
            await self.out.send(value)

    async def take(self) -> None:
        async for value in self.value:
            await self.out.send(value)


class FickleSender(Kept):
    """Sends in a task of its own, gives that up, and sends something else."""

    out: Out[str]

    async def run(self) -> None:
        sending = self.tasks.create_task(self.send("a0"))
        await asyncio.sleep(0)
        sending.cancel()
        await self.give(self.out, "a1")

    async def send(self, value: str) -> None:
        self.notes.value.append(("offers", value))
        try:
            await self.out.send(value)
        except asyncio.CancelledError:
            self.notes.value.append(("gives up", value))
            raise


class Stubborn(Kept):
    """Swallows that it is cancelled, once, and goes on as if nothing had been."""

    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        try:
            await self.pass_on()
        except asyncio.CancelledError:
            self.notes.value.append(("swallows", ""))
            await self.pass_on()

    async def pass_on(self) -> None:
        async for value in self.value:
            await self.out.send(value)


class Counts(Kept):
    """Counts in its memory, and tells when nothing comes any more."""

    value: In[str]
    seen: Memory[int] = Memory(0)
    out: Out[str]

    async def run(self) -> None:
        async for value in self.value:
            self.seen.value += 1
            self.notes.value.append(("gives up", value))
        await self.give(self.out, f"{self.seen.value} seen")


@component
def count(value: str, seen: Memory[int] = Memory(0)) -> str:
    seen.value += 1
    return f"{value} is number {seen.value}"


# -- graphs ------------------------------------------------------------------------------------------------


def time_out(log: list[Any]) -> Graph:
    """A packet may come before the time is up, after it, or together with that."""
    graph = Graph("time_out")
    gives, patient = graph.add(Gives, notes=log), graph.add(Patient, notes=log)
    gives.out >> patient.value
    patient.out >> graph.outputs.out
    return graph


def fickle(log: list[Any], how: str) -> Graph:
    """A task that waits for packets is cancelled, in whatever it is at, and another takes them."""
    graph = Graph("fickle")
    node = graph.add(Fickle, notes=log, how=how)
    if how == "zip":
        log += [("offers", "a0"), ("offers", "b0")]
        graph.initial("a0") >> node.left
        graph.initial("b0") >> node.right
    else:
        graph.connect(graph.add(Gives, notes=log).out, node.left, capacity=1)
    node.out >> graph.outputs.out
    return graph


def rivals(log: list[Any]) -> Graph:
    """Of two tasks that wait at one port one is cancelled, while the other waits on."""
    graph = Graph("rivals")
    gives, node = graph.add(Gives, notes=log, lingers=True), graph.add(Rivals, notes=log)
    gives.out >> node.value
    node.out >> graph.outputs.out
    return graph


def fickle_sender(log: list[Any]) -> Graph:
    """A task that sends is cancelled, before it has sent or after."""
    graph = Graph("fickle_sender")
    sender, passes = graph.add(FickleSender, notes=log), graph.add(Passes, notes=log)
    graph.connect(sender.out, passes.value, capacity=1)
    passes.out >> graph.outputs.out
    return graph


def stubborn(log: list[Any]) -> Graph:
    """Two packets lie before a node that swallows its cancellation."""
    graph = Graph("stubborn")
    node = graph.add(Stubborn, notes=log)
    log.append(("offers", "a0"))
    graph.initial("a0") >> node.value
    node.out >> graph.outputs.out
    return graph


def memory(log: list[Any]) -> Graph:
    """A class with a memory, which tells at the end."""
    graph = Graph("memory")
    gives, counts = graph.add(Gives, notes=log, count=2), graph.add(Counts, notes=log)
    gives.out >> counts.value
    counts.out >> graph.outputs.out
    return graph


def memory_of_a_function(log: list[Any]) -> Graph:
    """A function with a memory, and two packets that come by two edges."""
    graph = Graph("memory_of_a_function")
    node = graph.add(count)
    graph.initial("a") >> node.value
    graph.initial("b") >> node.value
    node.out >> graph.outputs.out
    return graph


Awkward = tuple[Callable[[list[Any]], Graph], set[tuple[str, tuple[str, ...]]]]

AWKWARD: dict[str, Awkward] = {
    "time-out": (time_out, {("finished", ("a0",)), ("finished", ("late", "a0"))}),
    "cancelled in receive": (partial(fickle, how="receive"), {("finished", ("a0",)), ("finished", ())}),
    "cancelled in select": (partial(fickle, how="select"), {("finished", ("a0",)), ("finished", ())}),
    "cancelled in send": (fickle_sender, {("finished", ("a0", "a1")), ("finished", ("a1",))}),
    "memory": (memory, {("finished", ("2 seen",))}),
    "memory of a function": (memory_of_a_function, {("finished", ("a is number 1", "b is number 2"))}),
    "stubborn": (stubborn, {("finished", ("a0",))}),
}
"""By name: what makes the graph, and with which outcome and outputs it may end."""

LARGE_AWKWARD: dict[str, Awkward] = {
    "rivals": (rivals, {("finished", ("a0",))}),
    "cancelled in zip": (
        partial(fickle, how="zip"),
        {("finished", ("a0", "b0")), ("finished", ("a0",)), ("finished", ())},
    ),
}
"""The orders of these are too many for the suite."""
