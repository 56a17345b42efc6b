"""What type checkers must refuse: every line that ends in `# refused` is an error to mypy --strict and to pyright."""

from __future__ import annotations

from fbcore import (
    BatchRuntime,
    Component,
    ComponentTemplate,
    Config,
    Graph,
    In,
    Memory,
    Message,
    Out,
    Signal,
    TerminalTemplate,
    component,
)
from fbdev.explore import Scene, explore


class Animal: ...


class Dog(Animal): ...


class Kennel(Component):
    """Sends dogs."""

    names: In[str]
    dogs: Out[Dog]
    size: Config[int] = Config(default="five")  # refused
    bell: Message
    go: Signal
    seen: Memory[set[str]] = Memory(set)
    number: Memory[int] = Memory("five")  # refused
    kept: Memory[int] = Memory(list)  # refused

    async def run(self) -> None:
        await self.dogs.send(Animal())  # refused
        await self.names.send("Rex")  # refused
        number: int = await self.names.receive()  # refused
        await self.dogs.receive()  # refused
        text: str = self.size.value  # refused
        await self.bell.send("loud")  # refused
        self.seen.value.add(3)  # refused
        self.seen.value = {3}  # refused
        self.seen = {"Rex"}  # refused
        async for first, _second in self.zip(self.names, self.names):
            print(first + 1)  # refused
        print(number, text)


class Breeder(Component):
    """Takes dogs, and nothing wider."""

    dog: In[Dog]
    animals: Out[Animal]

    async def run(self) -> None:
        await self.animals.send(Dog())


@component
def length(text: str) -> int:
    return len(text)


graph = Graph("refused")
kennel = graph.add(Kennel)
breeder = graph.add(Breeder)
breeder.animals >> breeder.dog  # refused
kennel.dogs >> kennel.names  # refused
kennel.names >> breeder.dog  # refused
kennel.dogs >> breeder  # refused
kennel.dogs >> 3  # refused
graph.add(length).out >> kennel.names  # refused
kennel.bell >> kennel.names  # refused
kennel.go >> kennel.names  # refused
kennel.dgos >> breeder.dog  # refused
length(3)  # refused
kennel.dogs >> kennel.seen  # refused
graph.connect(kennel.dogs, breeder.dog, capacity="many")  # refused
component(fires="some")  # refused
BatchRuntime(graph, tracking="everything")  # refused
BatchRuntime(3)  # refused
BatchRuntime(graph).stream(time_limit="long")  # refused


@explore(budgt=5)  # refused
def misspelled() -> Scene:
    return Scene([])


@explore()
def explored_by_parameter(count: int) -> Scene:
    return Scene([])


explored_by_parameter("one")  # refused
explored_by_parameter()  # refused
explore(lambda: Scene([]), accept=["steps"])  # refused


class Ticking(Component):
    """Says what is no option."""

    loop = "yes"  # refused

    async def run(self) -> None: ...


@ComponentTemplate
def ticking(times: int) -> type[Kennel]:
    """Make something that ticks."""
    return Kennel


def with_options(graph: Graph) -> None:
    """Options that are none, or not of this type, and parameters that a template has not."""
    graph.add(Kennel, options={"lopp": True})  # refused
    graph.add(Kennel, options={"loop": "yes"})  # refused
    component(loop="yes")  # refused
    component(lopp=True)  # refused
    ticking("three")  # refused
    ticking(tims=3)  # refused
    TerminalTemplate("sort", stdin="words")  # refused
