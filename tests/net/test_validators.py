"""Validators of inputs: asked for every packet, wherever and however it is taken."""

from typing import Any

import pytest

from fbcore import Component, Each, Failure, Graph, In, InArray, Out, Outcome, PortError, component
from tests.net.conftest import Run


def even(value: int) -> bool:
    """Accept even numbers."""
    return value % 2 == 0


def checked(target: Any, *inputs: str, error: bool = True) -> Graph:
    """Return a graph that feeds these inputs of a node, and takes its failures."""
    graph = Graph("checked")
    node = graph.add(target, "node")
    for name in inputs:
        graph.inputs[name] >> getattr(node, name)
    node.out >> graph.outputs.out
    if error:
        node.error >> graph.outputs.errors
        node.failed >> graph.outputs.failed
    return graph


def refused(result: Any) -> list[Any]:
    """Return the values of the failures that came out."""
    return [failure.value for failure in result.outputs.errors]


class Passes(Component):
    """Passes on what is even, by `async for`."""

    value: In[int] = In(validate=even)
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value)


class Receives(Passes):
    """Passes on what is even, by `receive`."""

    async def run(self) -> None:
        while True:
            await self.out.send(await self.value.receive())


class Packets(Passes):
    """Passes on what is even, as packets."""

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.out.forward(packet)


class Selects(Passes):
    """Passes on what is even, by `select`."""

    async def run(self) -> None:
        async for hit in self.select(self.value):
            await self.out.send(hit.value)


class Zips(Passes):
    """Passes on what is even, by `zip`."""

    async def run(self) -> None:
        async for (value,) in self.zip(self.value):
            await self.out.send(value)


@pytest.mark.parametrize("target", [Passes, Receives, Packets, Selects, Zips])
def test_a_refused_packet_goes_to_error_and_the_next_is_taken(run: Run, target: type[Component]) -> None:
    """However it is received; the component sees only what is accepted."""
    result = run(checked(target, "value"), inputs={"value": Each(range(100))})
    assert result.outcome is Outcome.FINISHED
    assert result.outputs.out == list(range(0, 100, 2))
    assert refused(result) == list(range(1, 100, 2))
    assert len(result.outputs.failed) == 50
    failure = result.outputs.errors[0]
    assert isinstance(failure, Failure)
    assert failure.error.what == "PortError: 1 was refused by even"
    assert failure.error.cause.address == "node.value"
    assert "mend the sender" in failure.error.hint


@pytest.mark.parametrize("target", [Passes, Receives, Packets, Selects, Zips])
def test_a_refused_packet_fails_the_node_when_nobody_takes_failures(run: Run, target: type[Component]) -> None:
    """The error holds the packet; those before it went through."""
    result = run(checked(target, "value", error=False), inputs={"value": Each([0, 2, 3, 4])})
    assert (result.outcome, result.outputs.out) == (Outcome.FAILED, [0, 2])
    (error,) = result.errors
    assert (error.address, error.held) == ("node", {"value": 3})


def test_a_component_may_take_a_refusal_by_itself(run: Run) -> None:
    """It is an error of its `receive`; what comes after is there as ever."""

    class Careful(Passes):
        async def run(self) -> None:
            while True:
                try:
                    await self.out.send(await self.value.receive())
                except PortError:
                    await self.out.send(-1)

    result = run(checked(Careful, "value", error=False), inputs={"value": Each([0, 1, 2])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [0, -1, 2])


def test_a_zip_of_which_one_side_is_refused_takes_neither(run: Run) -> None:
    """All or none: the failure has both packets, and the next two are tried."""

    class Pairs(Component):
        left: In[int] = In(validate=even)
        right: In[int]
        out: Out[tuple[int, int]]

        async def run(self) -> None:
            async for pair in self.zip(self.left, self.right):
                await self.out.send(pair)

    result = run(checked(Pairs, "left", "right"), inputs={"left": Each([0, 1, 2]), "right": Each([10, 11, 12])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [(0, 10), (2, 12)])
    assert refused(result) == [{"left": 1, "right": 11}]


def test_a_select_goes_on_with_its_other_inputs(run: Run) -> None:
    """A refused packet on one side holds up neither."""

    class Either(Component):
        left: In[int] = In(validate=even)
        right: In[int] = In(validate=even)
        out: Out[int]

        async def run(self) -> None:
            async for hit in self.select(self.left, self.right):
                await self.out.send(hit.value)

    result = run(checked(Either, "left", "right"), inputs={"left": Each([1, 3, 4]), "right": Each([6, 7, 8])})
    assert sorted(result.outputs.out) == [4, 6, 8]
    assert sorted(failure.error.held.popitem() for failure in result.outputs.errors) == [
        ("left", 1),
        ("left", 3),
        ("right", 7),
    ]


def test_every_packet_may_be_refused(run: Run) -> None:
    """The input ends as ever."""
    for target in (Passes, Selects, Zips):
        result = run(checked(target, "value"), inputs={"value": Each([1, 3, 5])})
        assert (result.outcome, result.outputs.out, refused(result)) == (Outcome.FINISHED, [], [1, 3, 5])


def test_failures_that_nobody_takes_any_more_fail_the_node(run: Run) -> None:
    """As where `error` was never connected."""

    class TakesOne(Component):
        failure: In[Failure]

        async def run(self) -> None:
            await self.failure.receive()

    graph = checked(Passes, "value", error=False)
    graph.connect(graph["node"].error, graph.add(TakesOne).failure, capacity=1)
    result = run(graph, inputs={"value": Each([1, 2, *range(3, 200, 2)])})
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].what.startswith("PortError")


def test_what_feeds_an_input_does_not_matter(run: Run) -> None:
    """Several senders, a function in batches, an initial packet: each packet is looked at once."""
    asked = []

    def ask(value: int) -> bool:
        asked.append(value)
        return value % 2 == 0

    class Asks(Passes):
        value: In[int] = In(validate=ask)

    @component
    def same(value: int) -> int:
        return value

    graph = Graph("feeding")
    node, batch = graph.add(Asks, "node"), graph.add(same)
    graph.inputs.first >> batch.value
    graph.inputs.second >> node.value
    graph.initial(1000) >> node.value
    batch.out >> node.value
    node.out >> graph.outputs.out
    node.error >> graph.outputs.errors
    result = run(graph, inputs={"first": Each(range(200)), "second": Each(range(200, 300))})
    assert sorted(asked) == [*range(300), 1000]
    assert sorted(result.outputs.out) == [*range(0, 300, 2), 1000]


def test_a_copy_is_what_is_validated(run: Run) -> None:
    """The value as the component would get it."""

    class Takes(Component):
        value: In[list[int]] = In(validate=lambda value: not value)
        out: Out[Any]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value)

    graph = Graph("copied")
    node = graph.add(Takes, "node")
    graph.connect(graph.inputs.value, node.value, copy=lambda value: value[1:])
    node.out >> graph.outputs.out
    assert run(graph, inputs={"value": Each([[1]])}).outputs.out == [[]]


def test_validators_and_types_of_elements_and_signals(run: Run) -> None:
    """An array asks for each element; a refusal leaves the others alone."""

    class Parts(Component):
        parts: InArray[int] = InArray(validate=even)
        out: Out[list[int]]

        async def run(self) -> None:
            async for row in self.zip(*self.parts.values()):
                await self.out.send(list(row))

    graph = Graph("parts")
    node = graph.add(Parts, "node")
    for key in ("a", "b"):
        graph.inputs[key] >> node.parts[key]
    node.out >> graph.outputs.out
    node.error >> graph.outputs.errors
    result = run(graph, inputs={"a": Each([0, 1, 2]), "b": Each([4, 6, 7])})
    assert (result.outputs.out, len(result.outputs.errors)) == ([[0, 4]], 2)
    assert result.outputs.errors[0].value == {"parts[a]": 1, "parts[b]": 6}


def test_a_refused_packet_is_counted_as_taken(run: Run) -> None:
    """Nothing is unread, nothing is lost: what came in went to `out` or to `error`."""
    result = run(checked(Passes, "value"), inputs={"value": Each(range(10))}, tracking="history")
    node = result.nodes["node"]
    assert (node.received, node.sent) == (10, 5 + 5 + 5)
    assert list(map(str, result.packets.parents("node.error#0"))) == ["inputs.value#1"]
    assert list(map(str, result.packets.parents("node.out#1"))) == ["inputs.value#2"]
