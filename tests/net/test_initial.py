"""Initial packets: at an input they lie before anything else comes, to a config they are its value."""

from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Config, Each, Graph, In, InArray, Missing, Observer, Out, Outcome, component
from tests.net.conftest import Run


class Lists(Component):
    """Sends everything that has come, as one list."""

    value: In[Any]
    all: Out[list[Any]]

    async def run(self) -> None:
        await self.all.send([value async for value in self.value])


@component
def numbers() -> Iterator[int]:
    yield from (1, 2, 3)


@component
def add(left: int, right: int) -> int:
    return left + right


# -- at an input ------------------------------------------------------------------------------------------


def test_an_initial_packet_comes_before_any_other(run: Run) -> None:
    """Whatever was connected first, and whoever is quick; then its sender has ended."""
    graph = Graph("first")
    lists = graph.add(Lists)
    graph.add(numbers).out >> lists.value
    graph.initial(0) >> lists.value
    lists.all >> graph.outputs.all
    result = run(graph)
    assert (result.outcome, result.outputs.all) == (Outcome.FINISHED, [[0, 1, 2, 3]])


def test_an_input_may_have_nothing_but_initial_packets(run: Run) -> None:
    """In the order in which they were connected; then it is at its end."""
    graph = Graph("only")
    lists = graph.add(Lists)
    one, two = graph.initial("a"), graph.initial("b")
    two >> lists.value
    one >> lists.value
    lists.all >> graph.outputs.all
    assert run(graph).outputs.all == [["b", "a"]]


@pytest.mark.parametrize("value", [None, False, 0, [], ""])
def test_any_value_may_be_initial(run: Run, value: Any) -> None:
    """None, and what is false, are values."""
    graph = Graph("false")
    lists = graph.add(Lists)
    graph.initial(value) >> lists.value
    lists.all >> graph.outputs.all
    assert run(graph).outputs.all == [[value]]


def test_a_loop_gets_its_first_packet_so(run: Run) -> None:
    """Running totals: each sum is an input of the next."""
    graph = Graph("totals")
    node = graph.add(add)
    graph.inputs.value >> node.left
    graph.initial(100) >> node.right
    node.out >> node.right
    node.out >> graph.outputs.totals
    result = run(graph, inputs={"value": Each([1, 2, 3])})
    assert result.outputs.totals == [101, 103, 106]


def test_a_function_may_fire_on_it_alone(run: Run) -> None:
    """With `fires="any"` it is remembered for the firings that follow."""

    @component(fires="any")
    def both(left: int | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    graph = Graph("any")
    node = graph.add(both)
    graph.initial(7) >> node.right
    graph.inputs.left >> node.left
    node.out >> graph.outputs.out
    result = run(graph, inputs={"left": Each([1, 2])})
    assert result.outputs.out[-1] == "2 7"
    assert len(result.outputs.out) == 3


def test_one_initial_packet_may_go_to_several(run: Run) -> None:
    """To inputs, each of which gets a packet, and to configs, of which it is the value."""

    class Scales(Component):
        value: In[int]
        factor: Config[int]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value * self.factor.value)

    graph = Graph("several")
    nodes = [graph.add(Scales, name) for name in ("one", "two")]
    three = graph.initial(3)
    for node in nodes:
        three >> node.value
        three >> node.factor
        node.out >> graph.outputs.out
    assert run(graph).outputs.out == [9, 9]


def test_it_may_go_straight_out(run: Run) -> None:
    """To an output of the net, and to nowhere else."""
    graph = Graph("out")
    graph.initial("x") >> graph.outputs.said
    graph.add(numbers).out >> graph.outputs.numbers_
    result = run(graph)
    assert (result.outputs.said, result.outcome) == (["x"], Outcome.FINISHED)


def test_it_may_go_to_an_element_of_an_array(run: Run) -> None:
    """As to any input."""

    class Items(Component):
        items: InArray[int]
        out: Out[dict[Any, int]]

        async def run(self) -> None:
            await self.out.send({hit.key: hit.value async for hit in self.select(*self.items.values())})

    graph = Graph("array")
    items = graph.add(Items)
    graph.initial(1) >> items.items["a"]
    graph.initial(2) >> items.items.new()
    items.out >> graph.outputs.out
    assert run(graph).outputs.out == [{"a": 1, 0: 2}]


def test_it_is_there_at_any_capacity(run: Run) -> None:
    """One packet always fits; what feeds the same input waits behind it."""
    graph = Graph("narrow")
    lists = graph.add(Lists)
    graph.connect(graph.initial(0), lists.value, capacity=1)
    graph.connect(graph.add(numbers).out, lists.value, capacity=1)
    lists.all >> graph.outputs.all
    assert run(graph).outputs.all == [[0, 1, 2, 3]]


def test_a_graph_makes_many_nets_with_the_same_initial_packets(run: Run) -> None:
    """They are part of the graph, and not used up; with `copy` each net has its own."""

    @component
    def grow(value: list[int]) -> list[int]:
        value.append(1)
        return value

    graph = Graph("again")
    node = graph.add(grow)
    graph.connect(graph.initial([0]), node.value, copy=True)
    node.out >> graph.outputs.out
    for _ in range(2):
        assert run(graph).outputs.out == [[0, 1]]


# -- the account ------------------------------------------------------------------------------------------


def test_it_is_a_packet_as_any_other(run: Run) -> None:
    """Counted, seen by observers, and in the history under the address of its own."""
    heard = []

    class Hear(Observer):
        def packet(self, what: str, address: str, value: Any) -> None:
            if address.startswith("initial"):
                heard.append((what, address, value))

    graph = Graph("packets")
    node = graph.add(add)
    graph.initial(1) >> node.left
    graph.initial(2) >> node.right
    node.out >> graph.outputs.out
    result = run(graph, observers=[Hear()], tracking="history")
    assert heard == [
        ("sent", "initial.0->add.left", 1),
        ("sent", "initial.1->add.right", 2),
        ("taken", "initial.0->add.left", 1),
        ("taken", "initial.1->add.right", 2),
    ]
    assert (result.nodes["initial.0"].sent, result.nodes["initial.0"].phase) == (1, "ended")
    assert list(map(str, result.packets.parents("add.out#0"))) == ["initial.0#0", "initial.1#0"]
    assert [str(activity.origin) for activity in result.packets.activities("initial.0#0")][:2] == [
        "outside",
        "initial.0",
    ]


def test_one_that_nobody_takes_is_unread(run: Run) -> None:
    """A join that misses its partner is starved, though the other packet was there from the start."""
    graph = Graph("unread")
    node = graph.add(add)
    graph.initial(1) >> node.left
    graph.inputs.value >> node.right
    node.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each(())})
    assert (result.outcome, result.unread) == (Outcome.STARVED, {"initial.0->add.left": [1]})


def test_one_that_is_refused_is_a_failure_of_its_node(run: Run) -> None:
    """As any packet that is."""

    class Positive(Lists):
        value: In[Any] = In(validate=lambda value: value > 0)

    graph = Graph("refused")
    node = graph.add(Positive)
    graph.initial(-1) >> node.value
    graph.initial(1) >> node.value
    node.all >> graph.outputs.all
    node.error >> graph.outputs.errors
    result = run(graph)
    assert (result.outputs.all, [failure.value for failure in result.outputs.errors]) == ([[1]], [-1])


# -- to a config ------------------------------------------------------------------------------------------


def test_to_a_config_it_is_the_value(run: Run) -> None:
    """Before `add` and the default; converted as what is given there is; no packet, and no node."""

    @component
    def scale(value: int, factor: int = 2) -> int:
        return value * factor

    graph = Graph("config")
    node = graph.add(scale, factor=5)
    graph.initial("10") >> node.factor
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each([1, 2])})
    assert result.outputs.out == [10, 20]
    assert "initial.0" not in result.nodes
