"""What is given to a run: inputs and configs, checked where they come in."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Config, ConfigError, Each, Graph, In, InputError, NetError, Out, component
from fbcore.loop import SteppedLoop


@component
def same(value: int) -> int:
    return value


def passing(target: Any = same) -> Graph:
    """One input to one output, through a function of an int."""
    graph = Graph("passing")
    node = graph.add(target, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.values
    return graph


def values(given: Any, target: Any = same) -> list[Any]:
    return BatchRuntime(passing(target)).run(inputs={"value": given}).outputs["values"]


# -- inputs -----------------------------------------------------------------------------------------------


async def counted():
    for number in range(3):
        await asyncio.sleep(0)
        yield number


@pytest.mark.parametrize(
    "items",
    [[0, 1, 2], (0, 1, 2), range(3), {0: "a", 1: "b", 2: "c"}, (n for n in range(3)), iter([0, 1, 2]), counted()],
    ids=lambda items: type(items).__name__,
)
def test_each_sends_the_items_of_anything_iterable(items):
    """Lists, generators and async iterables: one packet for each item, in order."""
    assert values(Each(items)) == [0, 1, 2]


def test_a_value_that_is_not_each_is_one_packet():
    """A list is one value, for nothing says that it is several."""

    @component
    def whole(value: list[int]) -> list[int]:
        return value

    given = [1, 2]
    (found,) = values(given, whole)
    assert found is given


def test_each_takes_only_what_can_be_iterated():
    """The mistake is told where it is made."""
    with pytest.raises(TypeError, match="Each takes an iterable or async iterable, not 3"):
        Each(3)  # type: ignore[arg-type]


def test_each_is_read_only_as_fast_as_the_net_takes():
    """Of an endless iterable no more is drawn than fits on the way."""
    drawn = []

    def endless():
        while True:
            drawn.append(len(drawn))
            yield len(drawn)

    class TakesThree(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            for _ in range(3):
                await self.out.send(await self.value.receive())

    graph = Graph("taking")
    node = graph.add(TakesThree)
    graph.connect(graph.inputs.value, node.value, capacity=2)
    node.out >> graph.outputs.values
    assert BatchRuntime(graph).run(inputs={"value": Each(endless())}).outputs["values"] == [1, 2, 3]
    assert len(drawn) <= 7


def test_an_input_may_feed_several_ports():
    """Each of them gets every packet, and each of their types is checked."""

    @component
    def shout(value: str) -> str:
        return value.upper()

    @component
    def measure(value: str) -> int:
        return len(value)

    graph = Graph("both")
    one, two = graph.add(shout), graph.add(measure)
    graph.inputs.value >> one.value
    graph.inputs.value >> two.value
    one.out >> graph.outputs.loud
    two.out >> graph.outputs.sizes
    result = BatchRuntime(graph).run(inputs={"value": Each(["a", "bb"])})
    assert (result.outputs.loud, result.outputs.sizes) == (["A", "BB"], [1, 2])
    with pytest.raises(InputError, match=r"inputs\.value: 3 is no str"):
        BatchRuntime(graph).run(inputs={"value": 3})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"inputs\.value: nothing was given for this input\n.*Each\(\(\)\) when nothing is to come"),
        ({"value": 1, "valu": 2}, r"inputs\.valu: the graph has no input 'valu'\n.*its inputs are: value"),
        ({"value": "1"}, r"inputs\.value: '1' is no int: input should be a valid integer\n.*type int"),
        ({"value": None}, r"inputs\.value: None is no int"),
        ({"value": 1.5}, r"inputs\.value: 1\.5 is no int"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_runs(inputs, message):
    """Missing, unknown, or of another type: the error has the address of the input, and a hint. Nothing converts."""
    with pytest.raises(InputError, match=message):
        BatchRuntime(passing()).run(inputs=inputs)


def test_a_wrong_item_is_found_when_it_comes():
    """The items before it have passed; the error has the address of the input and shows the item."""
    with pytest.raises(NetError, match=r"inputs\.value: InputError: 'x' is no int") as caught:
        BatchRuntime(passing()).run(inputs={"value": Each([1, 2, "x", 4])})
    result = caught.value.result
    assert result.errors[0].address == "inputs.value"
    on_edges = [value for values in result.unread.values() for value in values]
    assert result.outputs["values"] + list(result.held.values()) + on_edges == [1, 2]


def test_an_input_is_handed_on_as_the_very_object_it_was():
    """Checking does not copy, not even inside containers."""

    @component
    def inner(value: dict[str, list[int]]) -> list[int]:
        return value["a"]

    given = {"a": [1]}
    assert values(given, inner)[0] is given["a"]


# -- configs ----------------------------------------------------------------------------------------------


class Reads(Component):
    """Sends its configs, to be looked at."""

    path: Config[Path]
    limit: Config[int] = Config(default=5)
    found: Out[tuple[Path, int]]

    async def run(self) -> None:
        await self.found.send((self.path.value, self.limit.value))


def reading(**fixed: Any) -> Graph:
    graph = Graph("reading")
    node = graph.add(Reads, **fixed)
    if "path" not in fixed:
        graph.configs.path >> node.path
    if "limit" not in fixed:
        graph.configs.limit >> node.limit
    node.found >> graph.outputs.found
    return graph


def found(graph: Graph, **configs: Any) -> Any:
    (pair,) = BatchRuntime(graph).run(**configs).outputs.found
    return pair


def test_configs_are_read_leniently():
    """Text becomes what the type wants, as from a command line."""
    assert found(reading(), path="a.csv", limit="7") == (Path("a.csv"), 7)


def test_a_config_that_is_not_given_has_its_default():
    """Whether it is on the border of the graph or not."""
    assert found(reading(), path="a.csv") == (Path("a.csv"), 5)


def test_defaults_are_read_leniently_too():
    """A default that is text becomes what the type wants, in classes and functions."""

    class Lazy(Reads):
        path: Config[Path] = Config(default="c.csv")

    @component
    def lazy(value: int, path: Path = "d.csv") -> Path:  # type: ignore[assignment]
        return path

    graph = Graph("lazily")
    graph.add(Lazy).found >> graph.outputs.found
    assert BatchRuntime(graph).run().outputs.found == [(Path("c.csv"), 5)]
    assert values(1, lazy) == [Path("d.csv")]


def test_a_fixed_config_is_read_leniently_too():
    """`graph.add(..., path="a.csv")` gives a Path."""
    assert found(reading(path="b.csv", limit=9)) == (Path("b.csv"), 9)


def test_a_config_may_feed_several_nodes():
    """One name on the border, one value, many nodes."""
    graph = Graph("two")
    for id in ("one", "two"):
        node = graph.add(Reads, id)
        graph.configs.path >> node.path
        node.found >> graph.outputs.found
    assert BatchRuntime(graph).run(path="x").outputs.found == [(Path("x"), 5)] * 2


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ({}, r"configs\.path: .*reads\.path.*\n.*run\(path=\.\.\.\), or --path"),
        ({"path": "x", "limits": 3}, r"configs\.limits: the graph has no config 'limits'\n.*path, limit"),
        ({"path": "x", "limit": "many"}, r"configs\.limit: 'many' is no int: .*\n.*give a value of type int"),
        ({"path": 3}, r"configs\.path: 3 is no Path"),
    ],
)
def test_wrong_configs_are_refused_before_anything_runs(configs, message):
    """Missing, unknown, or not to be read as its type: the error has the address of the config, and a hint."""
    with pytest.raises(ConfigError, match=message):
        BatchRuntime(reading()).run(**configs)


def test_the_configs_of_a_function_are_there_at_every_firing():
    """A parameter with a default gets the value, not a port."""

    @component
    def scale(value: int, factor: int = 10) -> int:
        return value * factor

    graph = passing(scale)
    graph.configs.factor >> graph["node"].factor
    runtime = BatchRuntime(graph)
    assert runtime.run(inputs={"value": Each([1, 2])}).outputs["values"] == [10, 20]
    assert runtime.run(inputs={"value": Each([1, 2])}, factor="3").outputs["values"] == [3, 6]


def test_a_config_may_be_called_self():
    """The names of a graph's configs are its own: only the options of a run are taken."""
    graph = Graph("selfish")
    node = graph.add(Reads, path="x")
    graph.configs.self >> node.limit
    node.found >> graph.outputs.found
    assert BatchRuntime(graph).run(self=3).outputs.found == [(Path("x"), 3)]


def test_refused_values_leave_no_coroutine_behind():
    """`arun` raises them when it is awaited, on any loop, and nothing warns."""

    async def main() -> None:
        with pytest.raises(InputError):
            await BatchRuntime(passing()).arun()
        with pytest.raises(ConfigError):
            await BatchRuntime(reading()).arun()

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main())
