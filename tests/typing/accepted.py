"""What type checkers must accept: mypy --strict and pyright say nothing about this file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple, assert_type

import fbdev.explore as explored
from fbcore import (
    BatchRuntime,
    Component,
    ComponentTemplate,
    CompositeComponent,
    Config,
    DagTemplate,
    Each,
    Graph,
    Hit,
    In,
    InArray,
    Memory,
    Message,
    Missing,
    Out,
    OutArray,
    Packet,
    Result,
    Signal,
    TerminalTemplate,
    component,
    required,
)
from fbdev.explore import Scene, explore


class Animal: ...


class Dog(Animal): ...


class Kennel(Component):
    """Has every kind of port."""

    names: In[str] = In(optional=True, validate=lambda name: name != "")
    dogs: Out[Dog]
    size: Config[int] = Config(default=5)
    scale: Config[float | None] = Config(default=None)
    more: InArray[Dog]
    parts: OutArray[str]
    seen: Memory[set[str]] = Memory(set)
    last: Memory[Dog | None] = Memory(None)
    names_of: Memory[dict[str, list[Dog]]] = Memory(dict, version=2, migrate=lambda data, version: data)
    best: Memory[Dog] = Memory(Dog)
    flush: Signal
    done: Message

    async def run(self) -> None:
        async for name in self.names:
            assert_type(name, str)
        assert_type(await self.names.receive(), str)
        assert_type(self.size.value, int)
        assert_type(self.seen.value, set[str])
        self.seen.value |= {"Rex"}
        self.last.value = Dog()
        assert_type(self.names_of.value["Rex"], list[Dog])
        assert_type(self.best.value, Dog)
        async for scale in self.scale.changes():
            assert_type(scale, float | None)
        async for packet in self.names.packets():
            assert_type(packet, Packet[str])
            await self.parts["names"].forward(packet)
            await self.dogs.send(Dog(), parents=[packet])
        await self.flush.receive()
        async for hit in self.select(self.names, *self.more.values(), self.flush):
            assert_type(hit, Hit)
            assert_type(hit.of(self.names), str | None)
        async for name, dog in self.zip(self.names, self.more[0]):
            assert_type(name, str)
            assert_type(dog, Dog)
        for key in self.more:
            assert_type(key, int | str)
        if self.dogs.is_connected:
            await self.done.send()


class Vet(Component):
    """Takes any animal."""

    patient: In[Animal]

    async def run(self) -> None:
        async for patient in self.patient:
            assert_type(patient, Animal)


class Pair(NamedTuple):
    left: int | None
    right: str | None


@component
def bark(dog: Dog, times: int = 1) -> str:
    return f"{dog}" * times


@component
def maybe(dog: Dog, factor: float = required()) -> Dog | None:
    return dog if factor > 1 else None


@component
def each(text: str) -> Iterator[int]:
    yield len(text)


@component
async def later(text: str) -> int | None:
    return len(text)


@component
async def slowly(text: str) -> AsyncIterator[str]:
    yield text


@component
def numbered(text: str, count: Memory[int] = Memory(0)) -> str:
    count.value += 1
    return f"{assert_type(count.value, int)}. {text}"


@component(fires="any")
def latest(left: int | Missing, right: int | Missing) -> int | None:
    return None if isinstance(left, Missing) or isinstance(right, Missing) else left + right


@component(unpack=True)
def split(text: str) -> Pair:
    return Pair(len(text), None)


@component(buffered=True)
def held(text: str) -> Iterator[str]:
    yield text


class Shelter(CompositeComponent):
    """A graph as a component."""

    name: In[str]
    size: Config[int] = Config(default=3)
    dog: Out[Dog]

    def build(self, graph: Graph) -> None:
        kennel = graph.add(Kennel)
        graph.inputs.name >> kennel.names
        graph.configs.size >> kennel.size
        kennel.dogs >> graph.outputs.dog


graph = Graph("shelter")
kennel = graph.add(Kennel, size=7)
shelter = graph.add(Shelter, "other")
vet = graph.add(Vet)
barking = graph.add(bark)
assert_type(kennel, Kennel)
assert_type(kennel.dogs, Out[Dog])
assert_type(barking.out, Out[str])
assert_type(graph.add(maybe).out, Out[Dog])
assert_type(graph.add(each).out, Out[int])
assert_type(graph.add(later).out, Out[int])
assert_type(graph.add(slowly).out, Out[str])
assert_type(graph.add(latest).out, Out[int])
assert_type(graph.add(held).out, Out[str])

kennel.dogs >> vet.patient
kennel.dogs >> kennel.more[0]
kennel.dogs >> kennel.more.new()
kennel.parts["a"] >> kennel.names
shelter.dog >> vet.patient
barking.out >> kennel.names
barking.out >> kennel.execute
kennel.dogs >> barking.dog
graph.add(each, "sizes").out >> kennel.size
kennel.stopped >> vet.stop
kennel.done >> kennel.flush
kennel.started >> graph.outputs.started
graph.inputs.name >> kennel.names
graph.configs.size >> kennel.size
graph.initial("Rex") >> kennel.names
vet.error >> graph.outputs.failures
graph["vet"].anything >> vet.patient
graph.connect(kennel.dogs, vet.patient, capacity=None, copy=True)
graph.add(split).left >> graph.outputs.left

assert_type(bark(Dog(), 2), str)
assert_type(maybe(Dog(), factor=2.0), Dog | None)
assert_type(each("a"), Iterator[int])
assert_type(BatchRuntime(graph, tracking="history", keep="1 MB", check="edges").run(), Result)
BatchRuntime(graph).run(inputs={"name": Each(["Rex"])}, size=3)
assert_type(BatchRuntime(Kennel, error=True).run(inputs={"names": "Rex"}), Result)
BatchRuntime(split, elements=["items[0]"]).stop("enough", grace=1)


async def read() -> None:
    """Read a stream."""
    async with BatchRuntime(bark).stream(inputs={"dog": Dog()}, times=2) as results:
        async for port, value in results:
            assert_type(port, str)
            assert_type(value, Any)
        assert_type(results.net.edges["a.out->b.in"].capacity, int | None)
        await results.net.edges["a.out->b.in"].until(lambda edge: edge.fill == 0)
    assert_type(results.result, Result)


BatchRuntime(bark).run(inputs={"dog": Dog()}, times=2)


@explore()
def explored_factory() -> Scene:
    return Scene([])


@explore(at_end=lambda shared: True, budget=5, accept=["preemptions"])
def explored_by_parameter(count: int, name: str = "") -> Scene:
    return Scene([])


@explore(search="states", allowed=(ValueError,))
async def explored_coroutine(count: int) -> None: ...


assert_type(explore(lambda: Scene([]), budget=5), explored.Result)
assert_type(explored_factory(), explored.Result)
assert_type(explored_by_parameter(1, name="x"), explored.Result)
assert_type(explored_by_parameter.replay("x1.", 1), explored.Result)
assert_type(explored_coroutine(count=3), explored.Result)


# -- options and templates ----------------------------------------------------------------------------------


class Ticking(Component):
    """Says options in its body; what derives from it says others."""

    tick: Message
    loop = True
    execute_after_start = False

    async def run(self) -> None:
        await self.tick.send()


class Once(Ticking):
    """Runs once."""

    loop = False


@component(loop=True, execute_after_start=True, fires="any")
def one() -> int:
    return 1


@ComponentTemplate
def ticking(times: int, fast: bool = False) -> type[Ticking]:
    """Make something that ticks."""
    return Ticking


def with_options(graph: Graph) -> None:
    """Options of a node, and of what templates make."""
    assert_type(graph.add(Ticking, options={"loop": False, "stateless": True}), Ticking)
    graph.add(one, "one", options={"fires": "all"})
    graph.add(one, "two").out >> graph.outputs.out
    assert_type(ticking(3, fast=True), type[Ticking])
    assert_type(ticking(3, name="Ticks", loop=False), type[Ticking])
    graph.add(ticking(3, execute_after_start=True)).tick >> graph.outputs.tick
    graph.add(TerminalTemplate("sort -u", stdin="bytes", ok=(0, 1), name="Unique"), "unique")
    graph.add(DagTemplate(one, graph, outputs=["one"]), "dag")
