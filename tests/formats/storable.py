"""Components that can be found again, in a module, and random graphs of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fbcore import (
    Component,
    CompositeComponent,
    Config,
    Graph,
    In,
    InArray,
    Memory,
    Out,
    OutArray,
    component,
)
from fbcore.components.collect import Collect
from fbcore.components.count import Count


@component
def add(number: int, more: Any = 1) -> int:
    return number + len(repr(more))


@component
def both(left: int, right: int, scale: int = 2) -> int:
    return scale * left + right


@component
def spread(number: int, times: int = 2) -> Iterator[int]:
    for each in range(times):
        yield number + each


@component
def running(number: int, total: Memory[int] = Memory(0)) -> int:
    total.value += number
    return total.value


def halved(number: int) -> int:
    return number // 2


class Apply(Component):
    number: In[int]
    function: Config[Any] = Config(default=halved)
    out: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await self.out.send(self.function.value(number))


class Merge(Component):
    numbers: InArray[int]
    out: Out[int]

    async def run(self) -> None:
        for port in self.numbers.values():
            async for number in port:
                await self.out.send(number)


class Deal(Component):
    number: In[int]
    hands: OutArray[int]

    async def run(self) -> None:
        async for number in self.number:
            for out in self.hands.values():
                await out.send(number)


class Twice(CompositeComponent):
    number: In[int]
    more: Config[int] = Config(default=3)
    out: Out[int]

    def build(self, graph: Graph) -> None:
        one, other = graph.add(add, "one"), graph.add(add, "other")
        graph.inputs.number >> one.number
        graph.configs.more >> one.more
        one.out >> other.number
        other.out >> graph.outputs.out


class Outer:
    @component
    def inner(number: int) -> int:  # noqa: N805 - no method, for it is a component
        return -number


MAPS: tuple[Any, ...] = (add, spread, running, Apply, Twice, Outer.inner)
VALUES = (0, "a", (1, {2}), Path("a/b"), 2.5, None)


@st.composite
def storable_graphs(draw: st.DrawFn, depth: int = 1) -> Graph:
    """Make a graph without circles, of components that can be found again, whose outputs do not depend on order."""
    graph = Graph(draw(st.sampled_from(["net", "a", "graph_2"])))
    number = st.integers(0, 5)
    ends: list[Any] = [graph.inputs.one, graph.inputs.other]
    for index in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["map", "map", "both", "merge", "deal", *(["inner"] * depth)]))
        taken = [ends[draw(st.integers(0, len(ends) - 1))] for _ in range(2)]
        id = f"n{index}"
        if kind == "both":
            node: Any = graph.add(both, id, **draw(st.sampled_from([{}, {"scale": 3}])))
            targets = [node.left, node.right]
        elif kind == "merge":
            node = graph.add(Merge, id)
            targets = [node.numbers[0], node.numbers["a.b"]]
        elif kind == "deal":
            node = graph.add(Deal, id)
            targets = [node.number]
        else:
            target = draw(storable_graphs(depth - 1)).as_component("Inner") if kind == "inner" else None
            target = target or draw(st.sampled_from(MAPS))
            configs = {"more": draw(st.sampled_from(VALUES))} if target is add and draw(st.booleans()) else {}
            if target is Apply and draw(st.booleans()):
                configs = {"function": abs}
            node = graph.add(target, id, **configs)
            targets = [node.one, node.other] if kind == "inner" else [node.number]
        for source, to in zip(taken, targets, strict=False):
            options = {}
            if draw(st.booleans()):
                options = {"capacity": draw(st.sampled_from([1, 2, 64, None])), "copy": draw(st.booleans())}
            graph.connect(source, to, **options)
        if kind in ("map", "merge") and draw(number) == 0:
            graph.initial(draw(number)) >> (node.numbers.new() if kind == "merge" else targets[0])
        ends += [node.hands["x"], node.hands[1]] if kind == "deal" else [node.result if kind == "inner" else node.out]
    ends[-1] >> graph.outputs.result
    # Both are to be inputs, whatever was drawn.
    for name, kept in (("one", Collect), ("other", Count)):
        getattr(graph.inputs, name) >> graph.add(kept, f"of_{name}").items
    return graph
