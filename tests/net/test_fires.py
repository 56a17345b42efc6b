"""Functions at work: firing on all or on any, fields as outputs, results held back, and unfit values."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from fbcore import Component, Each, Graph, In, Missing, Out, Outcome, Packet, component, required
from tests.net.conftest import Run


def firing(function: Any, *outputs: str, **configs: Any) -> Graph:
    """Return a graph of one function, whose inputs and outputs are those of the graph."""
    graph = Graph("firing")
    node = graph.add(function, "node", **configs)
    for port in graph.nodes["node"].component.ports.values():
        if port.kind == "input":
            graph.inputs[port.name] >> getattr(node, port.name)
        elif port.kind == "output" and (not outputs or port.name in outputs):
            getattr(node, port.name) >> graph.outputs[port.name]
    return graph


# -- fires="any" ------------------------------------------------------------------------------------------


@component(fires="any")
def both(left: int | Missing, right: int | Missing) -> str:
    return f"{left} {right}"


def test_any_packet_makes_a_firing(run: Run) -> None:
    """The other parameter keeps its last value, and is missing before the first."""
    result = run(firing(both), inputs={"left": Each([1, 2, 3]), "right": Each(())})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, ["1 Missing()", "2 Missing()", "3 Missing()"])
    result = run(firing(both), inputs={"left": Each([1, 2]), "right": Each([8, 9])})
    assert len(result.outputs.out) == 4
    assert result.outputs.out[-1] == "2 9"


def test_it_fires_in_order_of_arrival(stepped: Run) -> None:
    """One input that pauses does not hold up the other, and what it had sent is remembered."""

    async def slowly(*values: int) -> AsyncIterator[int]:
        for value in values:
            yield value
            await asyncio.sleep(1)

    async def late() -> AsyncIterator[int]:
        await asyncio.sleep(1.5)
        yield 7

    result = stepped(firing(both), inputs={"left": Each(slowly(1, 2, 3)), "right": Each(late())})
    assert result.outputs.out == ["1 Missing()", "2 Missing()", "2 7", "3 7"]


def test_it_ends_when_all_inputs_have(run: Run) -> None:
    """Not with the first, and no side is starved."""

    class First(Component):
        line: In[str]
        out: Out[str]

        async def run(self) -> None:
            async for line in self.line:
                await self.out.send(line)

    graph = firing(both, "none")
    graph["node"].out >> graph.add(First).line
    graph["first"].out >> graph.outputs.lines
    result = run(graph, inputs={"left": Each(range(300)), "right": Each([1])})
    assert (result.outcome, len(result.outputs.lines)) == (Outcome.FINISHED, 301)
    assert result.outputs.lines[-1] == "299 1"


def test_one_input_fires_as_ever(run: Run) -> None:
    """In batches, too; and without inputs it fires once."""

    @component(fires="any")
    def double(value: int) -> int:
        return 2 * value

    @component(fires="any")
    def once() -> int:
        return 1

    assert run(firing(double), inputs={"value": Each(range(200))}).outputs.out == list(range(0, 400, 2))
    assert run(firing(once)).outputs.out == [1]


def test_parameters_by_name_are_given_by_name(run: Run) -> None:
    """And configs beside them."""

    @component(fires="any")
    def named(*, left: int | Missing, sign: str = "/", right: int | Missing) -> str:
        return f"{left}{sign}{right}"

    result = run(firing(named, sign="|"), inputs={"left": Each([1]), "right": Each(())})
    assert result.outputs.out == ["1|Missing()"]


def test_packets_are_remembered_with_their_identity(run: Run) -> None:
    """What is remembered is the packet itself, where that is asked for."""

    @component(fires="any")
    def ids(left: Packet[int] | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    graph = firing(ids)
    graph.initial(5) >> graph["node"].right
    result = run(graph, inputs={"left": Each([8, 9]), "right": Each(())})
    assert result.outputs.out[-1] == "Packet(9, 'inputs.left#1') 5"
    assert "Packet(8, 'inputs.left#0') 5" in result.outputs.out or "Missing() 5" in result.outputs.out


def test_a_firing_that_fails_forgets_nothing(run: Run) -> None:
    """The failure has the packet that came; what was remembered stays so."""

    @component(fires="any")
    def divide(value: int | Missing, by: int | Missing) -> float | None:
        if isinstance(value, Missing) or isinstance(by, Missing):
            return None
        return value / by

    graph = Graph("failing")
    node = graph.add(divide, "node")
    graph.initial(0) >> node.by
    graph.inputs.by >> node.by
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    node.error >> graph.outputs.errors

    async def late():
        await asyncio.sleep(0.002)
        yield 2

    result = run(graph, inputs={"value": Each([10]), "by": Each(late())})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [5.0])
    assert len(result.outputs.errors) == 1
    assert "ZeroDivisionError" in result.outputs.errors[0].error.what


# -- unpack=True ------------------------------------------------------------------------------------------


class Sides(NamedTuple):
    even: int | None = None
    odd: int | None = None
    note: str | None = None


@component(unpack=True)
def sort(value: int) -> Sides | None:
    if value < 0:
        return None
    return Sides(odd=value) if value % 2 else Sides(even=value, note="" if value else None)


def test_each_field_goes_to_its_own_output(run: Run) -> None:
    """None is not sent, and what is false is; None instead of the whole sends nothing at all."""
    result = run(firing(sort), inputs={"value": Each([0, 1, -1, 2, 3, 4])})
    assert result.outputs.even == [0, 2, 4]
    assert result.outputs.odd == [1, 3]
    assert result.outputs.note == ["", ""]


@dataclass
class Found:
    name: str
    size: int | None = None


def test_a_dataclass_and_what_yields_are_unpacked_too(run: Run) -> None:
    """Plain and async."""

    @component(unpack=True)
    def look(value: int) -> Found:
        return Found(str(value), value or None)

    @component(unpack=True)
    async def stream(value: int) -> AsyncIterator[Found]:
        for size in range(value):
            await asyncio.sleep(0)
            yield Found("x", size)

    @component(unpack=True, buffered=True)
    def held(value: int) -> Iterator[Found]:
        yield Found("a", value)
        yield Found("b")

    def sent(function: Any) -> tuple[list[str], list[int]]:
        result = run(firing(function), inputs={"value": Each([0, 2])})
        return result.outputs.name, result.outputs.size

    assert sent(look) == (["0", "2"], [2])
    assert sent(stream) == (["x", "x"], [0, 1])
    assert sent(held) == (["a", "b", "a", "b"], [0, 2])


def test_a_field_that_nobody_is_connected_to_is_discarded(run: Run) -> None:
    """And counted, as any output."""
    result = run(firing(sort, "even"), inputs={"value": Each(range(5))})
    assert result.outputs.even == [0, 2, 4]
    assert result.discarded == {"node.odd": 2, "node.note": 2}


class Takes(Component):
    """Takes so many, and ends."""

    value: In[int]
    some: Out[int]
    count = 2

    async def run(self) -> None:
        for _ in range(self.count):
            await self.some.send(await self.value.receive())


class Forever(Component):
    """Counts without end."""

    value: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.value.send(number)
            number += 1


def test_a_field_whose_consumer_has_ended_leaves_the_others(run: Run) -> None:
    """What it would have got is counted as discarded; the others get everything."""
    graph = Graph("partly")
    node, takes = graph.add(sort, "node"), graph.add(Takes)
    graph.inputs.value >> node.value
    node.even >> takes.value
    takes.some >> graph.outputs.some
    node.odd >> graph.outputs.odd
    node.note >> graph.outputs.note
    result = run(graph, inputs={"value": Each(range(400))})
    assert (result.outcome, result.outputs.some) == (Outcome.FINISHED, [0, 2])
    assert result.outputs.odd == list(range(1, 400, 2))
    missed = result.discarded.get("node.even", 0) + len(result.unread.get("node.even->takes.value", ()))
    assert missed == 198


@pytest.mark.parametrize("unconnected", [True, False])
def test_when_nobody_takes_any_field_the_node_ends(run: Run, unconnected: bool) -> None:
    """And with it whoever feeds it without end; a field that never was connected keeps nobody going."""
    graph = Graph("ending")
    node = graph.add(sort, "node")
    graph.add(Forever).value >> node.value
    for name in ("even", "odd", "note"):
        if name == "note":
            if not unconnected:
                takes = graph.add(NotesTaken)
                node.note >> takes.value
            continue
        takes = graph.add(Takes, f"takes_{name}")
        getattr(node, name) >> takes.value
        takes.some >> graph.outputs[name]
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert (result.outputs.even, result.outputs.odd) == ([0, 2], [1, 3])


class NotesTaken(Component):
    """Takes two notes."""

    value: In[str]

    async def run(self) -> None:
        await self.value.receive()
        await self.value.receive()


def test_unpacked_packets_are_forwarded(run: Run) -> None:
    """A packet in a field goes on as the packet that it is."""

    class Ways(NamedTuple):
        even: Packet[int] | None = None
        odd: Packet[int] | None = None

    @component(unpack=True)
    def ways(value: Packet[int]) -> Ways:
        return Ways(odd=value) if value.value % 2 else Ways(even=value)

    class Ids(Component):
        value: In[int]
        out: Out[str]

        async def run(self) -> None:
            async for packet in self.value.packets():
                await self.out.send(f"{packet.value} {packet.id}")

    graph = Graph("ways")
    node = graph.add(ways, "node")
    graph.inputs.value >> node.value
    for name in ("even", "odd"):
        ids = graph.add(Ids, f"ids_{name}")
        getattr(node, name) >> ids.value
        ids.out >> graph.outputs[name]
    result = run(graph, inputs={"value": Each(range(4))})
    assert result.outputs.even == ["0 inputs.value#0", "2 inputs.value#2"]
    assert result.outputs.odd == ["1 inputs.value#1", "3 inputs.value#3"]


# -- buffered=True ----------------------------------------------------------------------------------------


def halving(buffered: bool, is_async: bool) -> Any:
    """Make a function that yields a hundred items, and fails in the middle for an odd value."""
    options: Any = {"buffered": True} if buffered else {}
    if is_async:

        @component(**options)
        async def later(value: int) -> AsyncIterator[int]:
            for number in range(100):
                if number == 50 and value % 2:
                    raise ValueError("half way")
                yield number

        return later

    @component(**options)
    def now(value: int) -> Iterator[int]:
        for number in range(100):
            if number == 50 and value % 2:
                raise ValueError("half way")
            yield number

    return now


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("buffered", [False, True])
def test_what_fails_half_way_sends_nothing_if_it_is_buffered(run: Run, buffered: bool, is_async: bool) -> None:
    """Without it the first half has left already; either way the failure has the packet."""
    graph = firing(halving(buffered, is_async))
    graph["node"].error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([0, 1, 2])})
    assert result.outcome is Outcome.FINISHED
    assert len(result.outputs.out) == (200 if buffered else 250)
    assert [failure.value for failure in result.outputs.errors] == [1]


def test_what_is_held_back_leaves_in_order_and_with_patience(run: Run) -> None:
    """More items than the edge has room for: it waits, as any sender, and nothing comes twice."""

    @component
    def same(value: int) -> int:
        return value

    graph = Graph("patience")
    node, after = graph.add(halving(True, False), "node"), graph.add(same)
    graph.inputs.value >> node.value
    graph.connect(node.out, after.value, capacity=3)
    after.out >> graph.outputs.out
    assert run(graph, inputs={"value": Each([0, 0])}).outputs.out == [*range(100), *range(100)]


def test_what_yields_goes_on_until_it_is_buffered_whole(run: Run) -> None:
    """A consumer that has had enough ends a stream at its next item, a buffered one only after the last."""

    def closing(buffered: bool) -> tuple[Any, list[int]]:
        yielded: list[int] = []

        @component(**({"buffered": True} if buffered else {}))
        def count(value: int) -> Iterator[int]:
            for number in range(1000):
                yielded.append(number)
                yield number

        return count, yielded

    for buffered in (False, True):
        function, yielded = closing(buffered)
        graph = Graph("enough")
        node, takes = graph.add(function, "node"), graph.add(Takes)
        graph.inputs.value >> node.value
        graph.connect(node.out, takes.value, capacity=1)
        takes.some >> graph.outputs.some
        result = run(graph, inputs={"value": 1})
        assert (result.outcome, result.outputs.some) == (Outcome.FINISHED, [0, 1])
        assert (len(yielded) == 1000) is buffered


# -- required configs -------------------------------------------------------------------------------------


def test_a_required_config_is_given_as_any(run: Run) -> None:
    """To `add`, by the graph, or by a node; the function sees the value and no placeholder."""

    @component
    def scale(value: int, factor: int = required()) -> int:
        return value * factor

    assert run(firing(scale, factor="3"), inputs={"value": 2}).outputs.out == [6]
    graph = Graph("given")
    node = graph.add(scale)
    graph.inputs.value >> node.value
    graph.configs.factor >> node.factor
    node.out >> graph.outputs.out
    assert run(graph, inputs={"value": 2}, factor=4).outputs.out == [8]
