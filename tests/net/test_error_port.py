"""The implicit output `error`: connecting it is the policy for what fails."""

from collections.abc import Iterator

import pytest

from fbcore import Component, Each, Failure, Graph, In, NodeError, Out, Outcome, StopNet, component


@component
def halve(number: int) -> float:
    return 12 / number


class Halves(Component):
    """Fails on 0."""

    number: In[int]
    half: Out[float]

    async def run(self) -> None:
        async for number in self.number:
            await self.half.send(12 / number)


def with_failures(graph: Graph, node) -> Graph:
    """Connect the port `error` of a node to an output of the net."""
    node.error >> graph.outputs.failures
    return graph


def halving() -> Graph:
    """A function with its failures connected."""
    graph = Graph("halving")
    node = graph.add(halve)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.halves
    return with_failures(graph, node)


def test_a_function_goes_on_with_the_next_packet(run):
    """Each packet that fails is a `Failure`; the others come out, and the net finishes."""
    result = run(halving(), inputs={"number": Each([1, 0, 2, 0, 3])})
    assert (result.outcome, result.errors) == (Outcome.FINISHED, ())
    assert result.outputs.halves == [12.0, 6.0, 4.0]
    assert [type(each) for each in result.outputs.failures] == [Failure, Failure]


def test_a_failure_tells_what_failed_why_and_where(run):
    """It has the value that failed, a `NodeError` with traceback, and the address of the node."""
    (failure,) = run(halving(), inputs={"number": 0}).outputs.failures
    assert (failure.value, failure.address) == (0, "halve")
    assert isinstance(failure.error, NodeError)
    assert failure.error.held == {"number": 0}
    assert "ZeroDivisionError" in failure.error.traceback


def test_the_failure_of_a_function_with_several_inputs_has_them_all(run):
    """Its value is a dict from port to packet."""

    @component
    def divide(a: int, b: int) -> float:
        return a / b

    graph = Graph("dividing")
    node = graph.add(divide)
    graph.inputs.a >> node.a
    graph.inputs.b >> node.b
    node.out >> graph.outputs.quotients
    result = run(with_failures(graph, node), inputs={"a": Each([1, 2, 3]), "b": Each([1, 0, 3])})
    assert result.outputs.quotients == [1.0, 1.0]
    assert [each.value for each in result.outputs.failures] == [{"a": 2, "b": 0}]


def test_the_failure_of_a_function_without_inputs_has_no_value(run):
    """There was no packet that failed."""

    @component
    def once() -> int:
        raise OSError("no")

    graph = Graph("once")
    node = graph.add(once)
    node.out >> graph.outputs.values
    (failure,) = run(with_failures(graph, node)).outputs.failures
    assert failure.value is None
    assert failure.error.what.startswith("OSError: no")


def test_a_class_sends_what_it_held_and_ends(run):
    """A class cannot go on: its failure has the packet in hand, and what it has not taken is reported."""
    drawn = []

    def numbers() -> Iterator[int]:
        for number in [1, 0, 2, 3]:
            drawn.append(number)
            yield number

    graph = Graph("halving")
    node = graph.add(Halves)
    graph.inputs.number >> node.number
    node.half >> graph.outputs.results
    result = run(with_failures(graph, node), inputs={"number": Each(numbers())})
    (failure,) = result.outputs.failures
    assert (failure.value, failure.address) == (0, "halves")
    assert result.outputs.results == [12.0]
    assert result.outcome is Outcome.FINISHED
    assert result.errors == ()
    assert result.held == {}
    assert result.nodes["halves"].phase == "failed"
    unread = sum(len(values) for values in result.unread.values())
    assert 2 + unread + result.discarded.get("inputs.number", 0) == len(drawn)


def test_the_failure_of_a_class_with_several_inputs_has_what_it_held(run):
    """Only ports from which a packet is in hand are in it."""

    class Mixes(Component):
        a: In[int]
        b: In[int]

        async def run(self) -> None:
            await self.a.receive()
            raise ValueError("b was never looked at")

    graph = Graph("mixing")
    node = graph.add(Mixes)
    graph.inputs.a >> node.a
    graph.inputs.b >> node.b
    (failure,) = run(with_failures(graph, node), inputs={"a": 1, "b": 2}).outputs.failures
    assert failure.value == {"a": 1}


def test_a_child_that_fails_is_sent_as_its_nodes_failure(run):
    """What a task of `self.tasks` raises goes to `error` as what `run` raises does."""

    class Parent(Component):
        async def run(self) -> None:
            self.tasks.create_task(self.fail())

        async def fail(self) -> None:
            raise ValueError("child")

    graph = Graph("family")
    (failure,) = run(with_failures(graph, graph.add(Parent))).outputs.failures
    assert failure.error.what.startswith("ValueError: child")


def test_failures_feed_a_node_of_the_net(run):
    """`error` is an output as any other: a component takes what comes, and the first failures do not end it."""

    @component
    def tell(failure: Failure) -> str:
        return f"{failure.address} could not do {failure.value}"

    graph = Graph("telling")
    node, teller = graph.add(halve), graph.add(tell)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.halves
    node.error >> teller.failure
    teller.out >> graph.outputs.told
    result = run(graph, inputs={"number": Each([0, 1, 0])})
    assert result.outputs.told == ["halve could not do 0"] * 2


class TakesOne(Component):
    """Takes one failure and ends."""

    failure: In[Failure]

    async def run(self) -> None:
        await self.failure.receive()


def test_a_failure_that_nobody_takes_any_more_fails_the_net(run):
    """When the consumer of `error` has ended the next failure is not lost: the net fails with it."""
    graph = Graph("impatient")
    node = graph.add(halve)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.halves
    graph.connect(node.error, graph.add(TakesOne).failure, capacity=1)
    result = run(graph, inputs={"number": Each([0] * 10)})
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].address == "halve"
    assert result.errors[0].held == {"number": 0}


def test_ends_and_stops_are_no_failures(run):
    """`StopNet` stops the net, whatever is connected."""

    @component
    def guard(number: int) -> int:
        if number == 2:
            raise StopNet("two")
        return number

    graph = Graph("guarded")
    node = graph.add(guard)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.numbers
    result = run(with_failures(graph, node), inputs={"number": Each(range(5))})
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "two")
    assert result.outputs.failures == []
    assert result.outputs.numbers == [0, 1]


def test_a_wrong_item_from_outside_fails_the_net_at_its_input(run):
    """The items of `Each` are checked as they are sent; the error has the address of the input and the item."""
    result = run(halving(), inputs={"number": Each([1, "two", 3])})
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "inputs.number")
    assert error.what.startswith("InputError: 'two' is no int: ")
    assert error.hint == "give a value of type int"


def test_an_iterable_from_outside_that_raises_fails_the_net_at_its_input(run):
    """What the iterable of `Each` raises has the address of the input."""

    def numbers() -> Iterator[int]:
        yield 1
        raise OSError("the tape tore")

    result = run(halving(), inputs={"number": Each(numbers())})
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "inputs.number")
    assert error.what.startswith("OSError: the tape tore")


@pytest.mark.parametrize("capacity", [1, 2, None])
def test_failures_wait_for_room_as_other_packets_do(run, capacity):
    """However narrow the edge of `error` is, every failure arrives, in order."""

    class Slow(Component):
        failure: In[Failure]
        values: Out[int]

        async def run(self) -> None:
            async for failure in self.failure:
                await self.values.send(failure.value)

    @component
    def refuse(number: int) -> int:
        raise ValueError(number)

    graph = Graph("narrow")
    node, slow = graph.add(refuse), graph.add(Slow)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    graph.connect(node.error, slow.failure, capacity=capacity)
    slow.values >> graph.outputs.failed
    assert run(graph, inputs={"number": Each(range(20))}).outputs.failed == list(range(20))
