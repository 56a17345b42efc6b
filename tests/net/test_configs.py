"""Configs in a running net: there before a node starts, and replaced by whoever feeds them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    ConfigError,
    Each,
    EndOfStream,
    Graph,
    In,
    Observer,
    Out,
    Outcome,
    Signal,
    component,
    required,
)
from tests.net.conftest import Run


class Shows(Component):
    """Sends what its config is, whenever it changes."""

    rate: Config[int]
    seen: Out[int]

    async def run(self) -> None:
        async for rate in self.rate.changes():
            await self.seen.send(rate)


class Sends(Component):
    """Sends values, with a pause before each."""

    values: Config[list[Any]]
    pause: Config[float] = Config(default=0.001)
    value: Out[Any]

    async def run(self) -> None:
        for value in self.values.value:
            await asyncio.sleep(self.pause.value)
            await self.value.send(value)


@component
def numbers() -> Iterator[int]:
    yield from (1, 2, 3)


@component
def nothing() -> int | None:
    return None


@component
def times(value: int, factor: int = required()) -> int:
    return factor * value


def fed(target: Any, port: str, *values: Any, pause: float = 0.001, **configs: Any) -> Graph:
    """Return a graph in which a node `feed` sends values to a config of `node`."""
    graph = Graph("fed")
    feed = graph.add(Sends, "feed", values=list(values), pause=pause)
    node = graph.add(target, "node", **configs)
    feed.value >> getattr(node, port)
    for spec in graph.nodes["node"].component.ports.values():
        if spec.kind.goes_out:
            getattr(node, spec.name) >> graph.outputs[spec.name]
    return graph


# -- where a value comes from -----------------------------------------------------------------------------


def test_a_node_starts_when_its_required_configs_have_come(run: Run) -> None:
    """All of them; until then it takes nothing from its inputs."""

    class Both(Component):
        left: Config[int]
        right: Config[int]
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value * self.left.value + self.right.value)

    graph = Graph("both")
    node = graph.add(Both)
    graph.add(Sends, "one", values=[10], pause=0.002).value >> node.left
    graph.add(Sends, "two", values=[5]).value >> node.right
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each([1, 2])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [15, 25])


def test_a_function_waits_for_a_required_config(run: Run) -> None:
    """And then fires for everything that lies there."""
    graph = fed(times, "factor", 10)
    graph.inputs.value >> graph["node"].value
    assert run(graph, inputs={"value": Each([1, 2, 3])}).outputs.out == [10, 20, 30]


def test_a_default_does_for_the_start(run: Run) -> None:
    """A node does not wait for a config that has one; what is fed replaces it."""

    class Counts(Component):
        step: Config[int] = Config(default=1)
        go: Signal
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(self.step.value)
            async for _ in self.go:
                await self.out.send(self.step.value)

    graph = fed(Counts, "step", 7)
    graph["feed"].stopped >> graph["node"].go
    assert run(graph).outputs.out == [1, 7]
    graph = fed(Counts, "step", 7, step="3")
    graph["feed"].stopped >> graph["node"].go
    assert run(graph).outputs.out == [3, 7]


def test_none_is_a_value_that_can_be_sent(run: Run) -> None:
    """A config that is fed None has come."""

    class Maybe(Component):
        rate: Config[int | None]
        out: Out[Any]

        async def run(self) -> None:
            await self.out.send(["got", self.rate.value])

    assert run(fed(Maybe, "rate", None)).outputs.out == [["got", None]]


def test_one_output_may_feed_configs_and_inputs(run: Run) -> None:
    """Each gets every value."""
    graph = Graph("fan")
    feed = graph.add(numbers)
    shows, scale = graph.add(Shows), graph.add(times)
    feed.out >> shows.rate
    feed.out >> scale.value
    feed.out >> graph.outputs.all
    scale.out >> graph.outputs.scaled
    shows.seen >> graph.outputs.seen
    graph.configs.factor >> scale.factor
    result = run(graph, factor=2)
    assert (result.outputs.all, result.outputs.scaled) == ([1, 2, 3], [2, 4, 6])
    assert result.outputs.seen[-1] == 3


@pytest.mark.parametrize("value", ["a.csv", Path("a.csv")])
def test_a_value_from_outside_is_converted_a_fed_one_is_not(run: Run, value: Any) -> None:
    """What comes from another node is of the type that it declares; it is taken as it is."""

    class Reads(Component):
        path: Config[Path]
        out: Out[Any]

        async def run(self) -> None:
            await self.out.send(self.path.value)

    graph = Graph("outside")
    reads = graph.add(Reads)
    graph.configs.path >> reads.path
    reads.out >> graph.outputs.out
    assert run(graph, path=value).outputs.out == [Path("a.csv")]
    assert run(fed(Reads, "path", value)).outputs.out == [value]


# -- a config that never comes ----------------------------------------------------------------------------


def test_a_required_config_that_can_no_longer_come_fails_the_node(run: Run) -> None:
    """At once; the error names the config, who should have sent it, and what to do."""
    graph = Graph("never")
    shows = graph.add(Shows)
    graph.add(nothing).out >> shows.rate
    shows.seen >> graph.outputs.seen
    result = run(graph)
    (error,) = result.errors
    assert (result.outcome, error.address) == (Outcome.FAILED, "shows")
    assert error.what == "ConfigError: this config is required, and nothing.out ended without sending it"
    assert error.hint == "have nothing.out send a value before it ends, or give the config a default"
    assert isinstance(error.cause, ConfigError)
    assert error.cause.address == "shows.rate"


def test_a_required_config_in_a_net_that_has_come_to_rest_fails_the_node(run: Run) -> None:
    """Nobody has ended, and nothing moves: it waits for a node that waits for it."""
    graph = Graph("circle")
    shows, scale = graph.add(Shows), graph.add(times, factor=1)
    shows.seen >> scale.value
    scale.out >> shows.rate
    result = run(graph)
    assert result.outcome is Outcome.FAILED
    (error,) = result.errors
    assert error.what == "ConfigError: this config is required, and nothing moves any more that could send it"


def test_a_config_that_never_comes_goes_to_error(run: Run) -> None:
    """Where that is connected, as any failure; the net goes on."""
    graph = Graph("never")
    shows = graph.add(Shows)
    graph.add(nothing).out >> shows.rate
    shows.error >> graph.outputs.errors
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert [failure.address for failure in result.outputs.errors] == ["shows"]


def test_a_node_that_is_stopped_while_it_waits_for_a_config_has_just_ended(run: Run) -> None:
    """It was not the config's fault."""

    class Waits(Component):
        rate: Config[int]
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            raise AssertionError("never")

    for target, inputs in ((Waits, {"value": Each([1])}), (Shows, {})):
        graph = fed(target, "rate", 1, pause=0.01)
        graph.add(nothing).stopped >> graph["node"].stop
        for name in inputs:
            graph.inputs[name] >> getattr(graph["node"], name)
        result = run(graph, inputs=inputs)
        assert result.outcome is Outcome.FINISHED
        assert result.errors == ()


# -- changes ----------------------------------------------------------------------------------------------


def test_changes_yields_the_first_value_and_each_newer_one(run: Run) -> None:
    """It ends when nobody can update the config any more."""
    result = run(fed(Shows, "rate", 1, 2, 3))
    assert (result.outcome, result.outputs.seen) == (Outcome.FINISHED, [1, 2, 3])


def test_changes_of_a_config_that_nobody_feeds_yields_its_value(run: Run) -> None:
    """Once."""
    graph = Graph("fixed")
    graph.add(Shows, rate=4).seen >> graph.outputs.seen
    result = run(graph)
    assert (result.outcome, result.outputs.seen) == (Outcome.FINISHED, [4])


def test_a_value_that_was_overwritten_is_not_seen(run: Run) -> None:
    """A config is a state: a slow reader sees the newest, and never waits for the ones between."""

    class Slow(Component):
        rate: Config[int]
        seen: Out[int]

        async def run(self) -> None:
            async for rate in self.rate.changes():
                await self.seen.send(rate)
                await asyncio.sleep(0.01)

    class Quick(Component):
        value: Out[int]

        async def run(self) -> None:
            for number in range(200):
                await self.value.send(number)

    graph = Graph("slow")
    slow = graph.add(Slow)
    graph.add(Quick).value >> slow.rate
    slow.seen >> graph.outputs.seen
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert result.outputs.seen[-1] == 199
    assert len(result.outputs.seen) <= 3


def test_two_may_look_at_the_changes_of_one_config(run: Run) -> None:
    """Each sees every value that it is quick enough for, the first too if it comes late."""

    class Twice(Component):
        rate: Config[int]
        seen: Out[tuple[str, int]]

        async def run(self) -> None:
            self.tasks.create_task(self.look("a"))
            await self.look("b")
            async for rate in self.rate.changes():
                await self.seen.send(("late", rate))

        async def look(self, name: str) -> None:
            async for rate in self.rate.changes():
                await self.seen.send((name, rate))

    seen = run(fed(Twice, "rate", 1, 2)).outputs.seen
    for name in ("a", "b"):
        # Whether it was there for the first depends on who has the first turn.
        assert [rate for who, rate in seen if who == name] in ([1, 2], [2])
    assert [rate for who, rate in seen if who == "late"] == [2]


def test_a_net_in_which_only_changes_are_waited_for_is_at_rest(run: Run) -> None:
    """A node that feeds its own config goes on until it sends no more; its end is orderly."""

    class Loop(Component):
        rate: Config[int] = Config(default=0)
        out: Out[int]

        async def run(self) -> None:
            async for rate in self.rate.changes():
                if rate < 3:
                    await self.out.send(rate + 1)
            await self.out.send(-1)

    graph = Graph("loop")
    node = graph.add(Loop)
    node.out >> node.rate
    node.out >> graph.outputs.out
    result = run(graph)
    assert (result.outcome, result.outputs.out) == (Outcome.QUIESCENT, [1, 2, 3, -1])


def test_a_reader_of_changes_is_cancelled_with_its_node(run: Run) -> None:
    """A time limit, or a stop, finds it waiting."""

    class Stops(Component):
        seen: In[Any]

        async def run(self) -> None:
            await self.seen.receive()
            await asyncio.sleep(0.005)
            self.net.stop("enough")
            await asyncio.sleep(60)

    graph = fed(Shows, "rate", 1, 2, 3, 4)
    graph["feed"].stopped >> graph.outputs.stopped
    graph["node"].seen >> graph.add(Stops).seen
    result = run(graph, time_limit=5)
    assert result.outcome is Outcome.STOPPED
    assert result.outputs.seen[:1] == [1]


# -- firings ----------------------------------------------------------------------------------------------


def test_a_firing_keeps_the_configs_that_it_began_with(run: Run) -> None:
    """What comes meanwhile counts for the next."""

    @component
    async def slow(value: int, factor: int = 1) -> Iterator[int]:
        first = factor
        await asyncio.sleep(0.01)
        return iter([first * value, factor * value])

    graph = fed(slow, "factor", 10, 100)
    graph.inputs.value >> graph["node"].value
    result = run(graph, inputs={"value": Each([1, 2])})
    assert result.outputs.out == [1, 1, 200, 200]


def test_functions_see_every_change_between_firings(stepped: Run) -> None:
    """Also those that fire in batches, and those that take their inputs by name."""

    @component
    def plain(value: int, factor: int = 1) -> int:
        return factor * value

    @component
    def named(*, value: int, factor: int = 1) -> int:
        return factor * value

    async def slowly():
        for value in (1, 2, 3):
            yield value
            await asyncio.sleep(1)

    for function in (plain, named):
        graph = Graph("changing")
        node = graph.add(function, "node")
        feed = graph.add(Sends, "feed", values=[10, 100], pause=1.5)
        feed.value >> node.factor
        graph.inputs.value >> node.value
        node.out >> graph.outputs.out
        assert stepped(graph, inputs={"value": Each(slowly())}).outputs.out == [1, 2, 30]


# -- closing, and the account -----------------------------------------------------------------------------


def test_a_feeder_learns_when_its_node_has_ended(run: Run) -> None:
    """Nobody looks at the config any more: the end of demand."""

    class Endless(Component):
        value: Out[int]

        async def run(self) -> None:
            number = 0
            while True:
                await self.value.send(number)
                await asyncio.sleep(0.0001)
                number += 1

    class Once(Component):
        rate: Config[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(self.rate.value)

    graph = Graph("demand")
    once = graph.add(Once)
    graph.add(Endless).value >> once.rate
    once.out >> graph.outputs.out
    result = run(graph)
    assert (result.outcome, len(result.outputs.out)) == (Outcome.FINISHED, 1)


def test_values_for_a_config_are_packets(run: Run) -> None:
    """They are counted, seen by observers, and in the history; their edge never fills."""
    heard = []

    class Hear(Observer):
        def packet(self, what: str, address: str, value: Any) -> None:
            if address.endswith("shows.rate"):
                heard.append((what, value))

    graph = Graph("packets")
    shows, feed = graph.add(Shows), graph.add(numbers)
    graph.connect(feed.out, shows.rate, capacity=1)
    shows.seen >> graph.outputs.seen
    result = run(graph, observers=[Hear()], tracking="history")
    assert [value for what, value in heard if what == "sent"] == [1, 2, 3]
    assert [value for what, value in heard if what == "taken"] == [1, 2, 3]
    edge = result.edges["numbers.out->shows.rate"]
    assert (edge.put, edge.taken, edge.fill) == (3, 3, 0)
    assert [activity.kind.value for activity in result.packets.activities("numbers.out#1")] == [
        "creation",
        "movement",
        "movement",
        "consumption",
    ]


def test_a_config_is_read_as_often_as_one_likes(run: Run) -> None:
    """Reading takes nothing away, and does not wait; after the feeder has ended the last value stays."""

    class Reads(Component):
        rate: Config[int]
        wait: Signal
        out: Out[list[int]]

        async def run(self) -> None:
            try:
                while True:
                    await self.wait.receive()
            except EndOfStream:
                await self.out.send([self.rate.value, self.rate.value])

    graph = fed(Reads, "rate", 1, 2)
    graph["feed"].stopped >> graph["node"].wait
    assert run(graph).outputs.out == [[2, 2]]


# -- what is refused --------------------------------------------------------------------------------------


class Picky(Component):
    """Takes positive rates only."""

    rate: Config[int] = Config(validate=lambda rate: rate > 0)
    seen: Out[int]

    async def run(self) -> None:
        async for rate in self.rate.changes():
            await self.seen.send(rate)


def test_a_refused_value_fails_the_net(run: Run) -> None:
    """At the node that refused it; the value before it is kept."""
    result = run(fed(Picky, "rate", 1, -1, 2))
    (error,) = result.errors
    assert (result.outcome, error.address, error.held) == (Outcome.FAILED, "node", {"rate": -1})
    assert error.what.startswith("PortError: -1 was refused by")
    assert result.outputs.seen == [1]


def test_a_refused_value_goes_to_error(run: Run) -> None:
    """Where that is connected; the node goes on with the value that it had, and tells `failed`."""
    graph = fed(Picky, "rate", 1, -1, 2, -2)
    graph["node"].error >> graph.outputs.errors
    graph["node"].failed >> graph.outputs.failed
    result = run(graph)
    assert (result.outcome, result.outputs.seen) == (Outcome.FINISHED, [1, 2])
    assert [(failure.value, failure.address) for failure in result.outputs.errors] == [(-1, "node"), (-2, "node")]
    assert len(result.outputs.failed) == 2


def test_refused_values_are_not_lost_where_failures_have_no_room(run: Run) -> None:
    """Their sender does not wait for whoever takes the failures, and the failures do not wait either."""

    class Slow(Component):
        failure: In[Any]
        value: Out[int]

        async def run(self) -> None:
            async for failure in self.failure:
                await asyncio.sleep(0.0005)
                await self.value.send(failure.value)

    @component
    def bad() -> Iterator[int]:
        yield 1
        yield from range(0, -20, -1)

    graph = Graph("many")
    node, slow = graph.add(Picky, "node"), graph.add(Slow)
    graph.add(bad).out >> node.rate
    graph.connect(node.error, slow.failure, capacity=1)
    node.seen >> graph.outputs.seen
    slow.value >> graph.outputs.values
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert result.outputs["values"] == list(range(0, -20, -1))


def test_a_first_value_that_is_refused_does_not_start_the_node(run: Run) -> None:
    """It waits for the next."""
    graph = fed(Picky, "rate", -1, 5)
    graph["node"].error >> graph.outputs.errors
    graph["node"].started >> graph.outputs.started
    result = run(graph)
    assert (result.outputs.seen, len(result.outputs.errors), result.outputs.started) == ([5], 1, [None])


def test_a_value_given_to_the_run_is_validated_before_anything_runs(stock: Run) -> None:
    """After it was converted; the error names the config of the graph."""
    graph = Graph("given")
    picky = graph.add(Picky)
    graph.configs.rate >> picky.rate
    picky.seen >> graph.outputs.seen
    assert stock(graph, rate="3").outputs.seen == [3]
    with pytest.raises(ConfigError, match="-3 was refused by") as caught:
        stock(graph, rate="-3")
    assert caught.value.address == "configs.rate"


async def test_a_net_that_is_stopped_before_a_config_came_does_not_fail(stepped_loop) -> None:
    """Who would have sent the config is cancelled by the stop: that is no error of the node that waits for it."""

    class Never(Component):
        value: Out[int]

        async def run(self) -> None:
            await asyncio.sleep(3600)

    class Waits(Component):
        rate: Config[int]

        async def run(self) -> None:
            raise AssertionError

    graph = Graph("stopped")
    graph.add(Never).value >> graph.add(Waits).rate

    runtime = BatchRuntime(graph)
    stepped_loop.call_later(1, runtime.stop)
    assert (await runtime.arun()).outcome is Outcome.STOPPED
