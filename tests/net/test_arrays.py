"""Array ports in a running net: a mapping from key to port, each with its own edges and its own end."""

from contextlib import suppress

import pytest

from fbcore import BatchRuntime, Component, Each, EndOfDemand, Graph, In, InArray, Out, OutArray, Outcome
from tests.net.conftest import Run


class Merge(Component):
    """Says what comes, and by which element."""

    items: InArray[int]
    said: Out[str]

    async def run(self) -> None:
        async for hit in self.select(*self.items.values()):
            await self.said.send(f"{hit.key}:{hit.value}")


class Spread(Component):
    """Sends each value to the element that it names."""

    value: In[tuple[int | str, int]]
    parts: OutArray[int]

    async def run(self) -> None:
        async for key, number in self.value:
            await self.parts[key].send(number)


def merging(*keys: int | str) -> Graph:
    """Return a graph that feeds these elements from its inputs `input_0`, `input_1` ..."""
    graph = Graph("merging")
    merge = graph.add(Merge)
    for number, key in enumerate(keys):
        graph.inputs[f"input_{number}"] >> merge.items[key]
    merge.said >> graph.outputs.said
    return graph


# -- input arrays -----------------------------------------------------------------------------------------


def test_everything_comes_whatever_the_element(run: Run) -> None:
    """Nothing is lost or doubled, order is kept for each, and a hit has the key."""
    inputs = {f"input_{number}": Each(range(100 * number, 100 * number + 100)) for number in range(3)}
    result = run(merging(0, "left", 7), inputs=inputs)
    for number, key in enumerate((0, "left", 7)):
        expected = [f"{key}:{value}" for value in range(100 * number, 100 * number + 100)]
        assert [said for said in result.outputs.said if said.startswith(f"{key}:")] == expected
    assert result.outcome is Outcome.FINISHED


def test_an_array_is_a_mapping_in_order_of_connection(stock: Run) -> None:
    """Of the connected elements only; numbers are numbers and texts are texts."""
    seen = []

    class Look(Component):
        items: InArray[int]
        said: Out[str]

        async def run(self) -> None:
            seen.append((list(self.items), len(self.items), self.items.keys(), "b" in self.items, "c" in self.items))
            seen.append([(key, port.key, port.is_connected) for key, port in self.items.items()])
            assert [port for _, port in self.items.items()] == self.items.values()
            assert self.items["b"] is self.items["b"] is self.items.values()[0]
            assert not self.items["c"].is_connected
            assert self.items.keys() == ["b", 3]

    graph = Graph("looking")
    look = graph.add(Look)
    graph.inputs.one >> look.items["b"]
    graph.inputs.two >> look.items[3]
    result = stock(graph, inputs={"one": Each(()), "two": Each(())})
    assert result.outcome is Outcome.FINISHED
    assert seen == [(["b", 3], 2, ["b", 3], True, False), [("b", "b", True), (3, 3, True)]]


def test_an_element_that_nobody_is_connected_to_has_ended(run: Run) -> None:
    """Also one with a key that comes up at run time only."""

    class Asks(Component):
        items: InArray[int]
        said: Out[str]

        async def run(self) -> None:
            for key in (0, "new", 99):
                await self.said.send(f"{key}:{[value async for value in self.items[key]]}")

    graph = Graph("asking")
    asks = graph.add(Asks)
    graph.inputs.value >> asks.items[0]
    asks.said >> graph.outputs.said
    result = run(graph, inputs={"value": Each([1, 2])})
    assert (result.outcome, result.outputs.said) == (Outcome.FINISHED, ["0:[1, 2]", "new:[]", "99:[]"])


def test_elements_are_zipped_as_any_inputs(run: Run) -> None:
    """All or none; one side that has more makes the net starved."""

    class Rows(Component):
        columns: InArray[int]
        row: Out[tuple[int, ...]]

        async def run(self) -> None:
            async for row in self.zip(*self.columns.values()):
                await self.row.send(row)

    graph = Graph("rows")
    rows = graph.add(Rows)
    for number in range(3):
        graph.inputs[f"column_{number}"] >> rows.columns.new()
    rows.row >> graph.outputs.table
    inputs = {f"column_{number}": Each([number, 10 + number]) for number in range(3)}
    result = run(graph, inputs=inputs)
    assert (result.outcome, result.outputs.table) == (Outcome.FINISHED, [(0, 1, 2), (10, 11, 12)])
    result = run(graph, inputs={**inputs, "column_1": Each([1, 11, 21])})
    assert result.outcome is Outcome.STARVED
    assert result.unread == {"inputs.column_1->rows.columns[1]": [21]}


@pytest.mark.parametrize("verb", ["select", "zip"])
def test_an_array_without_elements_is_at_its_end(run: Run, verb: str) -> None:
    """Neither `select` nor `zip` of nothing waits, or goes round for ever."""

    class Idle(Component):
        items: InArray[int] = InArray(optional=True)
        said: Out[int]

        async def run(self) -> None:
            async for _ in getattr(self, verb)(*self.items.values()):
                await self.said.send(0)
            await self.said.send(len(self.items))

    graph = Graph("idle")
    graph.add(Idle).said >> graph.outputs.said
    result = run(graph)
    assert (result.outcome, result.outputs.said) == (Outcome.FINISHED, [0])


def test_an_element_takes_from_several_senders(run: Run) -> None:
    """As any input; each element has its own capacity."""
    graph = merging(0, 0, 1)
    result = run(graph, inputs={"input_0": Each([1, 2]), "input_1": Each([3, 4]), "input_2": Each([5])})
    assert sorted(result.outputs.said) == ["0:1", "0:2", "0:3", "0:4", "1:5"]


def test_each_element_is_validated(run: Run) -> None:
    """The address of what is refused names the element."""

    class Positive(Component):
        items: InArray[int] = InArray(validate=lambda value: value > 0)
        said: Out[int]

        async def run(self) -> None:
            async for hit in self.select(*self.items.values()):
                await self.said.send(hit.value)

    graph = Graph("positive")
    node = graph.add(Positive)
    graph.inputs.one >> node.items["a"]
    graph.inputs.two >> node.items["b"]
    node.said >> graph.outputs.said
    node.error >> graph.outputs.refused
    result = run(graph, inputs={"one": Each([1, -1]), "two": Each([-2, 2])})
    assert sorted(result.outputs.said) == [1, 2]
    assert sorted(failure.error.cause.address for failure in result.outputs.refused) == [
        "positive.items[a]",
        "positive.items[b]",
    ]


# -- output arrays ----------------------------------------------------------------------------------------


def test_a_value_goes_to_the_element_that_it_is_sent_to(run: Run) -> None:
    """Numbers and texts."""
    graph = Graph("spreading")
    spread = graph.add(Spread)
    graph.inputs.value >> spread.value
    spread.parts[0] >> graph.outputs.zero
    spread.parts["new york"] >> graph.outputs.town
    result = run(graph, inputs={"value": Each([(0, 1), ("new york", 2), (0, 3)])})
    assert (result.outputs.zero, result.outputs.town, result.discarded) == ([1, 3], [2], {})


def test_keys_that_are_new_at_run_time_are_counted(run: Run) -> None:
    """Under the address of their element; nothing waits for them."""
    graph = Graph("spreading")
    spread = graph.add(Spread)
    graph.inputs.value >> spread.value
    spread.parts[0] >> graph.outputs.zero
    values = [("x", number) for number in range(200)] + [(5, 0), (0, 7)]
    result = run(graph, inputs={"value": Each(values)})
    assert result.outputs.zero == [7]
    assert result.discarded == {"spread.parts[x]": 200, "spread.parts[5]": 1}
    assert result.nodes["spread"].sent == 202
    assert result.summary().count("discarded") == 2


def test_an_element_whose_consumer_has_ended_raises_alone(run: Run) -> None:
    """The others are still taken; nobody else is told."""
    ended: set[tuple[int | str, str]] = set()

    class One(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(await self.value.receive())

    class Stubborn(Component):
        value: In[int]
        parts: OutArray[int]

        async def run(self) -> None:
            async for number in self.value:
                for key in ("one", "all"):
                    try:
                        await self.parts[key].send(number)
                    except EndOfDemand as end:
                        ended.add((key, end.address))

    graph = Graph("ending")
    node, one = graph.add(Stubborn), graph.add(One)
    graph.inputs.value >> node.value
    graph.connect(node.parts["one"], one.value, capacity=1)
    one.out >> graph.outputs.first
    node.parts["all"] >> graph.outputs.rest
    result = run(graph, inputs={"value": Each(range(50))})
    assert (result.outcome, result.outputs.first, result.outputs.rest) == (Outcome.FINISHED, [0], list(range(50)))
    assert ended == {("one", "stubborn.parts[one]")}


def test_an_output_array_lists_whom_it_can_send_to(run: Run) -> None:
    """An element whose consumer has ended is in it no more, so that a broadcast goes on with the others."""

    class Broadcast(Component):
        value: In[int]
        parts: OutArray[int]

        async def run(self) -> None:
            async for number in self.value:
                for port in self.parts.values():
                    with suppress(EndOfDemand):
                        await port.send(number)
            assert (list(self.parts), len(self.parts)) == (["all"], 1)

    class One(Component):
        value: In[int]

        async def run(self) -> None:
            await self.value.receive()

    graph = Graph("broadcast")
    node, one = graph.add(Broadcast), graph.add(One)
    graph.inputs.value >> node.value
    graph.connect(node.parts["one"], one.value, capacity=1)
    node.parts["all"] >> graph.outputs.rest
    result = run(graph, inputs={"value": Each(range(50))})
    assert (result.outcome, result.outputs.rest) == (Outcome.FINISHED, list(range(50)))


def test_arrays_are_told_apart_from_ports_with_like_names(run: Run) -> None:
    """`part` and `parts` of one component have nothing to do with each other."""

    class Alike(Component):
        value: In[int]
        part: OutArray[int]
        parts: OutArray[int]

        async def run(self) -> None:
            async for number in self.value:
                await self.part[0].send(number)
                await self.parts[0].send(-number)
            assert (len(self.part), len(self.parts)) == (1, 1)

    graph = Graph("alike")
    alike = graph.add(Alike)
    graph.inputs.value >> alike.value
    alike.part[0] >> graph.outputs.plus
    alike.parts[0] >> graph.outputs.minus
    result = run(graph, inputs={"value": Each([1, 2])})
    assert (result.outputs.plus, result.outputs.minus) == ([1, 2], [-1, -2])


# -- with the rest ----------------------------------------------------------------------------------------


def test_what_a_node_holds_of_an_array_is_in_the_account(run: Run) -> None:
    """By element, when it fails with a packet in its hands."""

    class Breaks(Component):
        items: InArray[int]

        async def run(self) -> None:
            await self.items["a"].receive()
            await self.items["b"].receive()
            raise ValueError("broken")

    graph = Graph("breaking")
    breaks = graph.add(Breaks)
    graph.inputs.one >> breaks.items["a"]
    graph.inputs.two >> breaks.items["b"]
    result = run(graph, inputs={"one": 1, "two": 2})
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].held == {"items[a]": 1, "items[b]": 2}
    assert result.held == {"breaks.items[a]": 1, "breaks.items[b]": 2}


def test_the_history_knows_elements(run: Run) -> None:
    """Those that are connected and those that came up; what was born there has its parents."""
    graph = Graph("history")
    spread, merge = graph.add(Spread), graph.add(Merge)
    graph.inputs.value >> spread.value
    spread.parts["a"] >> merge.items["b"]
    merge.said >> graph.outputs.said
    result = run(graph, inputs={"value": Each([("x", 1), ("a", 2)])}, tracking="history")
    packets = result.packets
    assert [str(id) for id in packets] == ["spread.parts[a]#0", "spread.parts[x]#0", "merge.said#0", *_ids(2)]
    assert [str(id) for id in packets.parents("spread.parts[x]#0")] == ["inputs.value#0"]
    assert [str(id) for id in packets.ancestors("merge.said#0")] == ["spread.parts[a]#0", "inputs.value#1"]
    assert [activity.kind.value for activity in packets.activities("spread.parts[x]#0")] == ["creation", "discard"]


def _ids(count: int) -> list[str]:
    return [f"inputs.value#{number}" for number in range(count)]


def test_an_input_of_the_net_may_lead_to_each_element(stock: Run) -> None:
    """The border has arrays too; what is given to the run names the element."""
    graph = Graph("border")
    merge = graph.add(Merge)
    for key in (0, "left"):
        graph.inputs.lots[key] >> merge.items[key]
    merge.said >> graph.outputs.parts["all"]
    result = BatchRuntime(graph).run(inputs={"lots[0]": 1, "lots[left]": 2})
    assert sorted(result.outputs["parts[all]"]) == ["0:1", "left:2"]
