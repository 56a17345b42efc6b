"""Help for people who test: one component alone, nets in a seeded order, and bad neighbours."""

import asyncio
from collections.abc import Iterator

import pytest

from fbcore import Component, Config, Graph, In, InArray, InputError, NetError, Out, component
from fbcore.testing import (
    EarlyLeaver,
    Failing,
    NeverReads,
    SlowReader,
    SlowSource,
    run_component,
    run_stepped,
)


@component
def words(line: str, sep: str = " ") -> Iterator[str]:
    yield from line.split(sep)


@component
def reciprocal(number: float) -> float:
    return 1 / number


class Late(Component):
    """Say after an hour how much came, and what the wind was."""

    value: In[int]
    wind: In[str] = In(optional=True)
    factor: Config[int] = Config(default=1)
    sums: Out[int]
    winds: Out[str]

    async def run(self) -> None:
        total = 0
        async for value in self.value:
            total += value
        await asyncio.sleep(3600)
        await self.sums.send(total * self.factor.value)
        async for wind in self.wind:
            await self.winds.send(wind)


def test_a_function_alone() -> None:
    """One line gives what a function sends for what comes in."""
    assert run_component(words, line=["a b", "c"]).out == ["a", "b", "c"]
    assert run_component(words, line=["a,b"], sep=",").out == ["a", "b"]


def test_a_class_alone() -> None:
    """A class gets its inputs and configs, waits for no real time, and may leave optional inputs away."""
    sent = run_component(Late, value=[1, 2, 3], factor=10)
    assert (sent.sums, sent.winds) == ([60], [])
    assert run_component(Late, value=[], wind=["north"]).winds == ["north"]


def test_a_component_that_fails_says_so() -> None:
    """An error of the component fails the run, with the component's name."""
    with pytest.raises(NetError, match="ZeroDivisionError") as caught:
        run_component(reciprocal, number=[1.0, 0.0])
    assert caught.value.result.errors[0].address == "reciprocal"


def test_failures_can_be_collected() -> None:
    """With `error=True` what fails is in `error`, and the rest goes on."""
    sent = run_component(reciprocal, number=[1.0, 0.0, 4.0], error=True)
    assert (sent.out, [failure.value for failure in sent.error]) == ([1.0, 0.25], [0.0])


class Merge(Component):
    """Pass on what comes by any element, with its key."""

    items: InArray[int]
    out: Out[tuple[int | str | None, int]]

    async def run(self) -> None:
        async for hit in self.select(*self.items.values()):
            await self.out.send((hit.key, hit.value))


def test_array_ports_are_given_a_list_for_each_key() -> None:
    """The keys are those of the dict."""
    assert sorted(run_component(Merge, items={0: [1, 2], 1: [3]}).out) == [(0, 1), (0, 2), (1, 3)]


@pytest.mark.parametrize("given", ["a b", 3, {"line": 1}])
def test_an_input_is_given_a_list(given: object) -> None:
    """A text, a number or a dict is no list of what comes in."""
    with pytest.raises(InputError, match="give a list of everything that comes in"):
        run_component(words, line=given)


def test_help_works_where_a_loop_runs_already() -> None:
    """In a notebook, and in an `async` test, components and nets are run all the same, and failures come out."""

    async def inside() -> None:
        assert run_component(words, line=["a b"]).out == ["a", "b"]
        assert run_component(Late, value=[1, 2]).sums == [3]
        with pytest.raises(NetError):
            run_component(reciprocal, number=[0.0])
        graph = Graph("net")
        graph.inputs.line >> graph.add(words).line
        graph["words"].out >> graph.outputs.out
        assert run_stepped(graph, 7, inputs={"line": "a b"}).outputs.out == ["a", "b"]

    asyncio.run(inside())


def test_an_unknown_port_is_refused() -> None:
    """A name that is neither an input nor a config is an error that lists what there is."""
    with pytest.raises(Exception, match="'lin'"):
        run_component(words, lin=["a"], line=[])


def neighbours(*components: object) -> Graph:
    """Connect neighbours in a row, from a source of three letters, one a second."""
    graph = Graph("row")
    before = graph.add(SlowSource, "source", values=["a", "b", "c"]).out
    for number, each in enumerate(components):
        node = graph.add(each, f"n{number}")  # type: ignore[call-overload]
        before >> node.value
        before = node.out
    before >> graph.outputs.out
    return graph


def test_slow_neighbours_take_their_time() -> None:
    """Three letters, one a second, and a second more for the reading of the last."""
    result = run_stepped(neighbours(SlowReader))
    assert result.outputs.out == ["a", "b", "c"]
    assert result.seconds == 4


def test_a_neighbour_that_leaves_ends_its_source() -> None:
    """Who leaves early is a normal end."""
    result = run_stepped(neighbours(EarlyLeaver))
    assert (result.outcome, result.outputs.out) == ("finished", ["a"])


def test_a_failing_neighbour_fails() -> None:
    """It raises at the packet that it was told to fail at."""
    with pytest.raises(NetError, match="failing as asked, at 'a'"):
        run_stepped(neighbours(Failing))


def test_a_neighbour_that_never_reads_starves_the_net() -> None:
    """Packets lie before it that nobody takes."""
    graph = Graph("stuck")
    source = graph.add(SlowSource, values=["a"])
    source.out >> graph.add(NeverReads).value
    with pytest.raises(NetError, match=r"1 on slow_source\.out->never_reads\.value") as caught:
        run_stepped(graph)
    assert caught.value.result.outcome == "starved"


def test_a_seed_gives_the_same_order_again() -> None:
    """A seed determines the order of what does not depend on one another; some seeds differ."""
    graph = Graph("race")
    for id in ("first", "second"):
        graph.add(SlowSource, id, values=[id] * 3).out >> graph.outputs.out
    runs = [run_stepped(graph, seed).outputs.out for seed in range(10)]
    assert runs == [run_stepped(graph, seed).outputs.out for seed in range(10)]
    assert len({tuple(run) for run in runs}) > 1
