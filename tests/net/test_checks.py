"""What a net can check on its edges, and copies of values on their way."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fbcore import Component, Config, Each, Graph, In, InArray, Missing, Out, Outcome, Packet, component
from tests.net.conftest import Run


@component
def lies(value: Any) -> int:
    return value


@component
def double(value: int) -> int:
    return 2 * value


@component
def free(value: Any) -> Any:
    return value


def path(*components: Any, **options: Any) -> Graph:
    """Return a graph of functions with an input `value`, one after the other."""
    graph = Graph("path")
    before = graph.inputs.value
    for number, each in enumerate(components):
        node = graph.add(each, f"node_{number}")
        before >> node.value if number == 0 else graph.connect(before, node.value, **options)
        before = node.out
    before >> graph.outputs.out
    return graph


# -- check="edges" ----------------------------------------------------------------------------------------


def test_a_value_that_is_not_what_its_ports_say_fails_its_sender(run: Run) -> None:
    """By default it passes; the error names the edge, the value and the type."""
    graph = path(lies, free)
    assert run(graph, inputs={"value": "x"}).outputs.out == ["x"]
    result = run(graph, inputs={"value": Each([1, "x", 2])}, check="edges")
    assert result.outcome is Outcome.FAILED
    (error,) = result.errors
    assert error.address == "node_0"
    assert error.what.startswith("PortError: node_0.out->node_1.value: 'x' is no int")
    assert error.hint == "give a value of type int"
    assert error.cause.address == "node_0.out->node_1.value"


def test_both_ends_of_an_edge_are_looked_at(run: Run) -> None:
    """What is sent by an output of Any must be what the input says."""
    result = run(path(free, double), inputs={"value": "x"}, check="edges")
    assert (result.outcome, result.errors[0].address) == (Outcome.FAILED, "node_0")
    assert run(path(free, double), inputs={"value": "x"}).outputs.out == ["xx"]


def test_the_border_is_looked_at_too(run: Run) -> None:
    """What goes straight to an output of the net."""
    result = run(path(lies), inputs={"value": "x"}, check="edges")
    assert (result.outcome, result.outputs.out) == (Outcome.FAILED, [])


def test_a_check_never_converts(run: Run) -> None:
    """It is strict, and hands on the very object; a bool is an int, and an int does for a float."""

    @component
    def as_float(value: Any) -> float:
        return value

    for value in (3, True, 2.5):
        assert run(path(as_float, free), inputs={"value": value}, check="edges").outputs.out == [value]
    result = run(path(as_float, free), inputs={"value": "2.5"}, check="edges")
    assert result.outcome is Outcome.FAILED

    kept: list[Any] = [[1], [2]]

    @component
    def lists(value: Any) -> list[int]:
        return value

    result = run(path(lists, free), inputs={"value": Each(kept)}, check="edges")
    assert all(one is other for one, other in zip(result.outputs.out, kept, strict=True))


def test_what_fails_the_check_goes_to_error_of_its_sender(run: Run) -> None:
    """And the next firing is as any."""
    graph = path(lies, free)
    graph["node_0"].error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([1, "x", 2])}, check="edges")
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1, 2])
    assert [failure.value for failure in result.outputs.errors] == ["x"]


def test_a_fan_out_puts_all_or_nothing(run: Run) -> None:
    """What one of several inputs cannot take goes to none of them."""
    graph = Graph("fan")
    source, number = graph.add(free, "source"), graph.add(double)
    graph.inputs.value >> source.value
    source.out >> graph.outputs.all
    source.out >> number.value
    number.out >> graph.outputs.doubled
    source.error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([1, "x", 2])}, check="edges")
    assert (result.outputs.all, result.outputs.doubled) == ([1, 2], [2, 4])
    assert len(result.outputs.errors) == 1


class Fields(NamedTuple):
    number: int | None
    text: str | None


def test_every_kind_of_port_is_checked_by_the_value_it_carries(run: Run) -> None:
    """Elements of arrays, unpacked fields, packets, remembered values; signals and messages carry none."""

    class Sums(Component):
        parts: InArray[int]
        out: Out[int]

        async def run(self) -> None:
            async for row in self.zip(*self.parts.values()):
                await self.out.send(sum(row))

    @component(unpack=True)
    def split(value: Any) -> Fields:
        return Fields(value, str(value))

    @component
    def packets(value: Packet[int]) -> Packet[int]:
        return value

    @component(fires="any")
    def latest(value: int | Missing, other: int | Missing) -> int:
        return value or 0

    def made() -> Graph:
        graph = Graph("kinds")
        fields, kept, sums, last = graph.add(split), graph.add(packets), graph.add(Sums), graph.add(latest)
        graph.inputs.value >> fields.value
        fields.number >> kept.value
        fields.text >> graph.outputs.texts
        kept.out >> sums.parts[0]
        kept.out >> sums.parts["b"]
        sums.out >> last.value
        sums.executed >> last.execute
        last.executed >> graph.outputs.executed
        last.out >> graph.outputs.out
        graph.initial(3) >> last.other
        return graph

    result = run(made(), inputs={"value": 4}, check="edges")
    assert (result.outcome, result.outputs.out, result.outputs.texts) == (Outcome.FINISHED, [8], ["4"])
    result = run(made(), inputs={"value": 4.5}, check="edges")
    assert (result.outcome, result.errors[0].address) == (Outcome.FAILED, "split")


def test_a_config_that_is_fed_is_checked(run: Run) -> None:
    """As an input is."""

    class Rates(Component):
        rate: Config[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(self.rate.value)

    graph = Graph("config")
    rates, source = graph.add(Rates), graph.add(free)
    graph.inputs.value >> source.value
    source.out >> rates.rate
    rates.out >> graph.outputs.out
    assert run(graph, inputs={"value": 3}, check="edges").outputs.out == [3]
    result = run(graph, inputs={"value": "x"}, check="edges")
    assert (result.outcome, "free" in {error.address for error in result.errors}) == (Outcome.FAILED, True)


class Unknown:
    """A class that pydantic knows nothing of."""


def test_types_that_nobody_can_check_are_let_pass_or_told_by_class(run: Run) -> None:
    """A class is a class; a type that could not be found is Any."""

    @component
    def unknown(value: Any) -> Unknown:
        return value

    assert run(path(unknown, free), inputs={"value": Unknown()}, check="edges").outcome is Outcome.FINISHED
    assert run(path(unknown, free), inputs={"value": 3}, check="edges").outcome is Outcome.FAILED


# -- check="mutation" -------------------------------------------------------------------------------------


class Reuses(Component):
    """Sends one list, again and again, a little longer each time."""

    value: In[int]
    out: Out[list[int]]

    async def run(self) -> None:
        collected: list[int] = []
        async for value in self.value:
            collected.append(value)
            await self.out.send(collected)


class Slowly(Component):
    """Takes everything, once it is signalled that all of it is there."""

    value: In[list[int]]
    ready: In[Any]
    out: Out[int]

    async def run(self) -> None:
        async for _ in self.ready:
            pass
        async for value in self.value:
            await self.out.send(len(value))


def reusing(**options: Any) -> Graph:
    """Return a graph in which a list is sent that is changed afterwards."""
    graph = Graph("reusing")
    reuses, slowly = graph.add(Reuses), graph.add(Slowly)
    graph.inputs.value >> reuses.value
    graph.connect(reuses.out, slowly.value, **options)
    reuses.stopped >> slowly.ready
    slowly.out >> graph.outputs.out
    return graph


def test_a_value_that_is_changed_on_its_way_fails_whoever_takes_it(run: Run) -> None:
    """The error names the edge, and whom to look at; without the check nobody learns of it."""
    assert run(reusing(), inputs={"value": Each([1, 2])}).outputs.out == [2, 2]
    result = run(reusing(), inputs={"value": Each([1, 2])}, check="mutation")
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "slowly")
    assert error.what.startswith(
        "PortError: reuses.out->slowly.value: [1, 2] was changed after it had been sent (test_checks.py:"
    )
    assert "look at reuses.out" in error.hint
    assert "connect(..., copy=True)" in error.hint
    assert error.cause.address == "reuses.out->slowly.value"


def test_what_is_copied_may_be_changed(run: Run) -> None:
    """By a deep copy, or by a function."""
    for how in (True, list, lambda value: value[:]):
        result = run(reusing(copy=how), inputs={"value": Each([1, 2])}, check="mutation")
        assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1, 2])


def test_a_changed_value_goes_to_error(run: Run) -> None:
    """As any failure of whoever takes it; the others are taken."""
    graph = reusing()
    graph["slowly"].error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([1, 2, 3])}, check="mutation")
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [3])
    assert len(result.outputs.errors) == 2


def test_one_consumer_that_changes_what_another_has_to_take_is_found(run: Run) -> None:
    """A fan-out hands the same object to all."""

    @component
    def spoils(value: list[int]) -> None:
        value.append(0)

    graph = Graph("fan")
    source, slowly = graph.add(free), graph.add(Slowly)
    graph.inputs.value >> source.value
    source.out >> graph.add(spoils).value
    source.out >> slowly.value
    graph["spoils"].stopped >> slowly.ready
    slowly.out >> graph.outputs.out
    result = run(graph, inputs={"value": [1]}, check="mutation")
    assert (result.outcome, result.errors[0].address) == (Outcome.FAILED, "slowly")


def test_what_came_out_and_was_changed_afterwards_is_found(run: Run) -> None:
    """Nobody takes it from an output of the net, so its sender is named; without the check it is what it has become."""
    graph = Graph("outputs")
    reuses = graph.add(Reuses)
    graph.inputs.value >> reuses.value
    reuses.out >> graph.outputs.lists
    assert run(graph, inputs={"value": Each([1, 2])}).outputs.lists == [[1, 2], [1, 2]]
    result = run(graph, inputs={"value": Each([1, 2])}, check="mutation")
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "reuses")
    assert error.what == "PortError: reuses.out->outputs.lists: [1, 2] was changed after it had been sent"


def test_every_way_of_taking_looks(run: Run) -> None:
    """One after the other, several at once, and into a config."""

    class Reads(Component):
        value: In[list[int]]
        other: In[list[int]]
        ready: In[Any]
        how = "zip"

        async def run(self) -> None:
            async for _ in self.ready:
                pass
            if self.how == "zip":
                async for _ in self.zip(self.value, self.other):
                    pass
            else:
                async for _ in self.select(self.value, self.other):
                    pass

    for how in ("zip", "select"):
        graph = Graph("ways")
        reuses, reads = graph.add(Reuses), graph.add(type("Made", (Reads,), {"how": how}), "reads")
        graph.inputs.value >> reuses.value
        reuses.out >> reads.value
        reuses.out >> reads.other
        reuses.stopped >> reads.ready
        result = run(graph, inputs={"value": Each([1, 2])}, check="mutation")
        assert (result.outcome, result.errors[0].address) == (Outcome.FAILED, "reads")


def test_what_is_not_changed_passes(run: Run) -> None:
    """However large, equal, or hard to compare it is; and what cannot be pickled is not compared."""

    class Hidden:
        def __reduce__(self) -> Any:
            raise TypeError("never")

    values = [1, "x" * 10_000, [1, [2]], {"a": {1, 2}}, Hidden(), lambda: 0, float("nan"), None, object()]
    result = run(path(free, free, free), inputs={"value": Each(values)}, check="mutation")
    assert result.outcome is Outcome.FINISHED
    assert len(result.outputs.out) == len([value for value in values if value is not None])


def test_an_order_that_several_share_is_kept_in_mind(run: Run) -> None:
    """Each edge compares its own, where several lead to one input."""

    class Merges(Component):
        value: In[list[int]]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value[0])

    graph = Graph("merge")
    merges = graph.add(Merges)
    for name in ("a", "b"):
        node = graph.add(free, name)
        graph.inputs[f"{name}_in"] >> node.value
        node.out >> merges.value
    merges.out >> graph.outputs.out
    inputs = {"a_in": Each([[n] for n in range(100)]), "b_in": Each([[n] for n in range(100, 200)])}
    result = run(graph, inputs=inputs, check="mutation")
    assert (result.outcome, sorted(result.outputs.out)) == (Outcome.FINISHED, list(range(200)))


# -- copy= ------------------------------------------------------------------------------------------------


@dataclass
class Deep:
    inner: list[int] = field(default_factory=list)


@component
def grow(value: Deep) -> Deep:
    value.inner.append(1)
    return value


def test_copies_are_deep_and_each_edge_has_its_own(run: Run) -> None:
    """Whoever takes one may change it; an edge beside it without `copy` carries the object itself."""
    graph = Graph("copies")
    source = graph.add(free)
    graph.inputs.value >> source.value
    for name in ("one", "two"):
        node = graph.add(grow, name)
        graph.connect(source.out, node.value, copy=True)
        node.out >> graph.outputs[f"{name}_out"]
    source.out >> graph.outputs.kept
    original = Deep()
    result = run(graph, inputs={"value": original})
    assert (result.outputs.one_out, result.outputs.two_out) == ([Deep([1])], [Deep([1])])
    assert result.outputs.kept[0] is original
    assert original == Deep([])


def test_a_function_copies_in_its_own_way(run: Run) -> None:
    """It gets every value, once for each packet."""
    seen: list[Any] = []

    def shallow(value: Any) -> Any:
        seen.append(value)
        return copy.copy(value)

    original = Deep([5])
    graph = path(free, free, copy=shallow)
    result = run(graph, inputs={"value": Each([original] * 3)})
    assert len(seen) == 3
    assert all(value is not original and value.inner is original.inner for value in result.outputs.out)


def test_a_copy_that_fails_fails_the_sender(run: Run) -> None:
    """With the error of the function; where `error` is connected it goes there."""

    def broken(value: Any) -> Any:
        raise TypeError("cannot be copied")

    result = run(path(free, free, copy=broken), inputs={"value": 1})
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "node_0")
    assert error.what.startswith("TypeError: cannot be copied")


def test_copies_pass_in_any_number(run: Run) -> None:
    """Also behind functions that fire in batches elsewhere, and with history."""

    @component
    def several(value: int) -> Iterator[list[int]]:
        for number in range(value):
            yield [number]

    graph = path(several, free, free, copy=True)
    result = run(graph, inputs={"value": 200}, tracking="history", keep=1)
    assert result.outputs.out == [[number] for number in range(200)]
    assert len(list(result.packets.born_at("node_1.out"))) == 200
