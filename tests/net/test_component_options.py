"""What options of components change in a running net: rounds, the first run, and how a node fires."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Each, Graph, In, Memory, Message, Missing, NodeError, Out, Outcome, PortError, component
from fbcore.net.rounds import MOST
from tests.net.conftest import Run


class Ticks(Component):
    """Sends three messages."""

    tick: Message

    async def run(self) -> None:
        for _ in range(3):
            await self.tick.send()


class Shout(Component):
    """Takes one packet and sends it louder."""

    text: In[str]
    loud: Out[str]

    async def run(self) -> None:
        await self.loud.send((await self.text.receive()).upper())


class Count(Component):
    """Sends one number more at every run, for the instance stays the same."""

    number: Out[int]
    seen: Memory[int] = Memory(0)

    async def run(self) -> None:
        self.seen.value += 1
        await self.number.send(self.seen.value)


class Take(Component):
    """Takes three packets, then wants no more."""

    value: In[Any]
    taken: Out[Any]

    async def run(self) -> None:
        for _ in range(3):
            await self.taken.send(await self.value.receive())


@component
def one() -> int:
    return 1


@component
def double(value: int) -> int:
    return 2 * value


@component
def add(left: int, right: int) -> int:
    return left + right


def alone(target: Any, options: Any = None) -> Graph:
    """Return a graph of one node, all of whose ports are on the border."""
    graph = Graph("alone")
    node = graph.add(target, "node", options=options)
    for port in graph.nodes["node"].component.ports.values():
        if port.kind == "input":
            graph.inputs[port.name] >> getattr(node, port.name)
        elif port.kind == "output":
            getattr(node, port.name) >> graph.outputs[port.name]
    return graph


def taken(target: Any, port: str, options: Any) -> Graph:
    """Return a graph in which three packets are taken of what a node sends."""
    graph = Graph("taken")
    take = graph.add(Take)
    getattr(graph.add(target, "node", options=options), port) >> take.value
    take.taken >> graph.outputs.taken
    return graph


def executed(target: Any, options: Any, *inputs: str) -> Graph:
    """Return a graph in which a node is executed three times."""
    graph = alone(target, options)
    graph.add(Ticks).tick >> graph["node"].execute
    return graph


# -- loop ---------------------------------------------------------------------------------------------------


def test_a_class_runs_again_until_its_input_has_ended(run: Run) -> None:
    """Once, unless it loops; then for all that comes, and the end of its input is no failure."""
    words = {"text": Each(["a", "b", "c"])}
    assert run(alone(Shout), inputs=words).outputs.loud == ["A"]
    result = run(alone(Shout, {"loop": True}), inputs={"text": Each(["a", "b", "c"])})
    assert (result.outcome, result.outputs.loud) == (Outcome.FINISHED, ["A", "B", "C"])
    assert run(alone(Shout, {"loop": True}), inputs={"text": Each([])}).outputs.loud == []


def test_a_class_without_inputs_runs_again_until_nobody_takes(run: Run) -> None:
    """A source that says what one round is; its memory lasts from round to round."""
    result = run(taken(Count, "number", {"loop": True}))
    assert (result.outcome, result.outputs.taken) == (Outcome.FINISHED, [1, 2, 3])
    assert run(taken(Count, "number", None)).outputs.taken == [1]


def test_rounds_go_on_until_all_inputs_have_ended(run: Run) -> None:
    """One input that has ended does not end the rounds while another may still bring something."""

    class Either(Component):
        left: In[int]
        right: In[int]
        out: Out[str]
        loop = True

        async def run(self) -> None:
            async for hit in self.select(self.left, self.right):
                await self.out.send(f"{hit.port.name} {hit.value}")
                return

    result = run(alone(Either), inputs={"left": Each([1]), "right": Each([2, 3, 4])})
    assert sorted(result.outputs.out) == ["left 1", "right 2", "right 3", "right 4"]
    assert result.outcome == Outcome.FINISHED


def test_a_round_that_takes_nothing_lets_others_have_a_turn(stepped: Run) -> None:
    """A class that looks now and then goes on for as long as it likes, and ends with its net."""

    class Poll(Component):
        loop = True

        async def run(self) -> None:
            await asyncio.sleep(1)

    result = stepped(alone(Poll), time_limit=5000)
    assert result.outcome == Outcome.STOPPED
    assert result.errors == ()


@pytest.mark.parametrize("inputs", [{}, {"value": Each([1])}])
def test_rounds_that_stand_still_fail_the_node(run: Run, inputs: dict[str, Any]) -> None:
    """A loop that neither receives, sends nor waits is told of, instead of being left spinning."""
    rounds = 0

    class Spin(Component):
        loop = True

        async def run(self) -> None:
            nonlocal rounds
            rounds += 1

    class Deaf(Spin):
        value: In[int]

    result = run(alone(Deaf if inputs else Spin), inputs=dict(inputs))
    (error,) = result.errors
    assert isinstance(error, NodeError)
    assert isinstance(error.cause, PortError)
    assert "its work was done 1,000 times within a second, and nothing was received or sent" in error.what
    assert "leave `loop` away" in error.hint
    assert rounds <= MOST + 1


def test_a_function_without_inputs_fires_again_and_again(run: Run) -> None:
    """It becomes a source, for as long as anybody takes."""
    assert run(taken(one, "out", {"loop": True})).outputs.taken == [1, 1, 1]
    assert run(taken(one, "out", {"loop": False})).outputs.taken == [1]


def test_a_function_that_loops_without_sending_is_failed(stock: Run) -> None:
    """The same holds for a function, and the net is not held up meanwhile."""

    @component(loop=True)
    def nothing() -> None: ...

    assert "done 1,000 times within a second" in stock(alone(nothing)).errors[0].what


@pytest.mark.parametrize("options", [None, {"loop": True}])
def test_a_function_with_inputs_fires_for_all(run: Run, options: Any) -> None:
    """That is what functions do; `loop=True` says so."""
    assert run(alone(double, options), inputs={"value": Each([1, 2, 3])}).outputs.out == [2, 4, 6]


def test_a_function_may_fire_once_only(run: Run) -> None:
    """With one input, with several, and where any of them fires; then its sources end, too."""
    once: Any = {"loop": False}
    result = run(alone(double, once), inputs={"value": Each(range(10_000))})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [0])
    result = run(alone(add, once), inputs={"left": Each([1, 2]), "right": Each([10, 20])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [11])

    @component(fires="any", loop=False)
    def either(left: int | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    assert len(run(alone(either), inputs={"left": Each([1, 2]), "right": Each([3])}).outputs.out) == 1


def test_every_signal_stands_for_a_round_or_a_loop(run: Run) -> None:
    """Without `loop` a signal is one run; with it, one begins a loop."""
    words = ["a", "b", "c", "d", "e"]
    assert run(executed(Shout, None), inputs={"text": Each(words)}).outputs.loud == ["A", "B", "C"]
    result = run(executed(Shout, {"loop": True}), inputs={"text": Each(words)})
    assert result.outputs.loud == ["A", "B", "C", "D", "E"]
    assert run(executed(double, {"loop": False}), inputs={"value": Each(range(3))}).outputs.out == [0, 2, 4]


# -- execute_after_start ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [Count, one])
def test_a_node_that_is_executed_may_run_at_the_start_too(run: Run, target: Any) -> None:
    """As if one signal had come already: once more than there are signals."""
    for said, times in ((None, 3), (False, 3), (True, 4)):
        result = run(executed(target, {"execute_after_start": said}))
        assert [node.sent for node in result.nodes.values() if node.address == "node"] == [times]


def test_it_runs_at_the_start_though_no_signal_ever_comes(run: Run) -> None:
    """A node waits no longer for signals than its senders live."""

    class Silent(Component):
        tick: Message

        async def run(self) -> None: ...

    graph = alone(one, {"execute_after_start": True})
    graph.add(Silent).tick >> graph["node"].execute
    assert run(graph).outputs.out == [1]


def test_a_firing_at_the_start_waits_for_its_packets(run: Run) -> None:
    """A function with inputs needs no signal for its first firing, but a packet of each."""
    result = run(executed(double, {"execute_after_start": True}), inputs={"value": Each([1, 2, 3, 4])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [2, 4, 6, 8])


def test_nodes_inside_composites_run_at_the_start_too(run: Run) -> None:
    """What is given to a node holds wherever its graph stands."""
    inner = executed(one, {"execute_after_start": True})
    assert run(alone(inner.as_component())).outputs.out == [1, 1, 1, 1]


# -- options of functions, for a node -----------------------------------------------------------------------


def test_a_node_may_fire_on_any(run: Run) -> None:
    """`fires` of one node is another than that of its function."""

    @component
    def pair(left: int | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    inputs = {"left": Each([1, 2]), "right": Each([3, 4])}
    assert run(alone(pair), inputs=inputs).outputs.out == ["1 3", "2 4"]
    inputs = {"left": Each([1, 2]), "right": Each([3, 4])}
    assert len(run(alone(pair, {"fires": "any"}), inputs=inputs).outputs.out) == 4


def test_a_node_may_hold_back_what_it_yields(run: Run) -> None:
    """`buffered` of one node: a firing that fails in its middle sends nothing."""

    @component
    def halves(value: int) -> Iterator[float]:
        yield value / 2
        yield 1 / value

    def graph(options: Any) -> Graph:
        made = alone(halves, options)
        made["node"].error >> made.outputs.failed
        return made

    assert run(graph(None), inputs={"value": Each([0, 2])}).outputs.out == [0.0, 1.0, 0.5]
    assert run(graph({"buffered": True}), inputs={"value": Each([0, 2])}).outputs.out == [1.0, 0.5]


def test_a_running_component_knows_what_counts_for_it(stepped: Run) -> None:
    """`self.options` are those of the node, with what `add` was given."""

    class Tell(Component):
        said: Out[str]

        async def run(self) -> None:
            await self.said.send(f"{self.options.loop} {type(self).options.loop}")

    assert stepped(alone(Tell, {"loop": False})).outputs.said == ["False None"]
