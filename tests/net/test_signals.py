"""Signals and messages: `execute` replaces a node's own start, `stop` ends one node, and four messages tell of it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Config, Each, Graph, In, Message, Missing, Observer, Out, Outcome, Signal, component
from tests.net.conftest import Run


class Ticks(Component):
    """Sends a message so many times."""

    times: Config[int] = Config(default=3)
    tick: Message

    async def run(self) -> None:
        for _ in range(self.times.value):
            await self.tick.send()


class Forever(Component):
    """Counts without end."""

    number: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.number.send(number)
            number += 1


@component
def hello() -> str:
    return "hello"


@component
def double(value: int) -> int:
    return 2 * value


@component
def at_three(value: int) -> bool | None:
    return True if value == 3 else None


def signalled(target: Any, times: int = 3, **inputs: str) -> Graph:
    """Return a graph in which a node is executed so many times; its inputs are those of the graph."""
    graph = Graph("signalled")
    ticks, node = graph.add(Ticks, times=times), graph.add(target, "node")
    ticks.tick >> node.execute
    for name in inputs:
        graph.inputs[name] >> getattr(node, name)
    for port in graph.nodes["node"].component.ports.values():
        if port.kind.goes_out:
            getattr(node, port.name) >> graph.outputs[port.name]
    return graph


# -- execute ----------------------------------------------------------------------------------------------


def test_a_function_without_inputs_fires_for_each_signal(run: Run) -> None:
    """Not once at the start; and never, when no signal comes."""
    assert run(signalled(hello)).outputs.out == ["hello"] * 3
    result = run(signalled(hello, times=0))
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [])


def test_a_function_with_inputs_takes_one_packet_of_each_with_a_signal(run: Run) -> None:
    """As many firings as there are of the scarcest; what is left over makes the net starved, as in any join."""

    @component
    def add(left: int, right: int) -> int:
        return left + right

    graph = signalled(add, 2, left="", right="")
    result = run(graph, inputs={"left": Each([1, 2]), "right": Each([10, 20])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [11, 22])
    result = run(graph, inputs={"left": Each([1, 2, 3]), "right": Each([10, 20])})
    assert (result.outcome, result.outputs.out) == (Outcome.STARVED, [11, 22])
    result = run(graph, inputs={"left": Each([1]), "right": Each([10])})
    assert (result.outcome, result.outputs.out) == (Outcome.STARVED, [11])
    assert result.unread == {"ticks.tick->node.execute": [None]}


def test_a_function_of_one_input_waits_for_its_signals(run: Run) -> None:
    """It fires in no batch: the packets lie there until they are signalled."""
    result = run(signalled(double, 2, value=""), inputs={"value": Each(range(10))})
    assert (result.outcome, result.outputs.out) == (Outcome.STARVED, [0, 2])
    # What the feeder had not sent when the node ended, it need not send.
    left = result.unread["inputs.value->node.value"]
    assert left == list(range(2, 2 + len(left)))


def test_a_function_that_fires_on_any_fires_on_signals_only(run: Run) -> None:
    """Data updates what it remembers; the node ends with the signals, whatever else might still come."""

    @component(fires="any")
    def state(left: int | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    class Later(Component):
        wanted: Signal
        tick: Message

        async def run(self) -> None:
            await asyncio.sleep(0.002)
            await self.tick.send()

    class Slow(Component):
        value: Out[int]

        async def run(self) -> None:
            await self.value.send(1)
            await self.value.send(2)
            await asyncio.sleep(0.02)
            await self.value.send(3)

    graph = Graph("state")
    node, later, slow = graph.add(state, "node"), graph.add(Later), graph.add(Slow)
    later.tick >> node.execute
    slow.value >> node.left
    graph.initial(5) >> node.right
    node.out >> graph.outputs.out
    node.stopped >> graph.outputs.stopped
    result = run(graph)
    assert result.outputs.out == ["2 5"]
    assert result.outcome is Outcome.FINISHED
    # The third value came to a node that had ended with its signals.
    assert result.discarded in ({}, {"slow.value": 1})
    assert result.nodes["node"].received == 4


def test_a_class_runs_once_for_each_signal(run: Run) -> None:
    """It is one instance, which keeps what it knows; it ends with the signals."""

    class Counts(Component):
        out: Out[int]

        def __init__(self) -> None:
            self.runs = 0

        async def run(self) -> None:
            self.runs += 1
            await self.out.send(self.runs)

    result = run(signalled(Counts))
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1, 2, 3])
    assert run(signalled(Counts, times=0)).outputs.out == []


def test_a_class_with_inputs_takes_them_as_it_likes(run: Run) -> None:
    """What it has not taken when the signals end is unread, and no fault."""

    class Pair(Component):
        value: In[int]
        out: Out[tuple[int, int]]

        async def run(self) -> None:
            await self.out.send((await self.value.receive(), await self.value.receive()))

    result = run(signalled(Pair, 2, value=""), inputs={"value": Each(range(7))})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [(0, 1), (2, 3)])
    assert result.unread == {"inputs.value->node.value": [4, 5, 6]}


def test_a_class_whose_stream_ends_in_a_run_ends(run: Run) -> None:
    """Further signals are unread: nothing would come of them."""

    class Take(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(await self.value.receive())

    graph = signalled(Take, 5, value="")
    graph["node"].executed >> graph.outputs.executed
    result = run(graph, inputs={"value": Each([1, 2])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1, 2])
    assert len(result.outputs.executed) == 3
    assert result.nodes["node"].phase == "ended"


def test_signals_wait_for_room(run: Run) -> None:
    """They are packets: a sender that is quicker than the node waits at the capacity."""
    graph = Graph("slow")
    ticks, node = graph.add(Ticks, times=200), graph.add(hello)
    graph.connect(ticks.tick, node.execute, capacity=1)
    node.out >> graph.outputs.out
    result = run(graph)
    assert len(result.outputs.out) == 200
    assert result.edges["ticks.tick->hello.execute"].put == 200


def test_any_output_signals(run: Run) -> None:
    """Its values do not matter, whatever they are; a failure, and another node's message, too."""

    class Awkward:
        def __bool__(self) -> bool:
            raise ValueError("no truth")

    @component
    def odd() -> Iterator[Any]:
        yield from (None, False, Awkward(), [1])

    @component
    def fails() -> None:
        raise ValueError("broken")

    graph = Graph("any")
    node, source = graph.add(hello), graph.add(odd)
    source.out >> node.execute
    source.stopped >> node.execute
    graph.add(fails).error >> node.execute
    graph.initial(0) >> node.execute
    node.out >> graph.outputs.out
    assert run(graph).outputs.out == ["hello"] * 7


def test_a_run_that_fails_on_a_signal_goes_to_error(run: Run) -> None:
    """A function goes on with the next signal; the failure does not show the signal as a value."""
    calls = []

    @component
    def second_fails() -> str:
        calls.append(1)
        if len(calls) % 3 == 2:
            raise ValueError("broken")
        return "fine"

    @component
    def refuses(value: int) -> int:
        if value == 1:
            raise ValueError("one")
        return value

    graph = signalled(second_fails)
    graph["node"].error >> graph.outputs.errors
    graph["node"].executed >> graph.outputs.executed
    graph["node"].failed >> graph.outputs.failed
    result = run(graph)
    assert (result.outputs.out, result.outputs.executed) == (["fine"] * 2, [None] * 2)
    assert [failure.value for failure in result.outputs.errors] == [None]
    assert result.outputs.failed == [None]

    graph = signalled(refuses, value="")
    graph["node"].error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([0, 1, 2])})
    assert result.outputs.out == [0, 2]
    assert [failure.value for failure in result.outputs.errors] == [1]


def test_a_class_that_fails_on_a_signal_ends(run: Run) -> None:
    """Its failure is sent, and the signals that are left are unread."""

    class Breaks(Component):
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(1)
            raise ValueError("broken")

    graph = signalled(Breaks)
    graph["node"].error >> graph.outputs.errors
    result = run(graph)
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1])
    assert [failure.error.what.partition(" (")[0] for failure in result.outputs.errors] == ["ValueError: broken"]
    assert result.nodes["node"].phase == "failed"


def test_a_loop_may_be_driven_by_its_own_messages(run: Run) -> None:
    """A node that signals itself after every firing goes on until it is stopped."""

    @component
    def third(value: int) -> int | None:
        return value if value == 3 else None

    graph = Graph("round")
    node, watch = graph.add(counting(), "node"), graph.add(third)
    node.executed >> node.execute
    graph.initial(None) >> node.execute
    node.out >> watch.value
    watch.out >> node.stop
    node.out >> graph.outputs.out
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert result.outputs.out == list(range(1, len(result.outputs.out) + 1))
    assert 3 <= len(result.outputs.out) < 200


def counting() -> Any:
    """Make a function that counts how often it is called."""
    calls: list[int] = []

    @component
    def count() -> int:
        calls.append(1)
        return len(calls)

    return count


# -- stop -------------------------------------------------------------------------------------------------


def test_stop_cancels_a_node_without_inputs(run: Run) -> None:
    """The net goes on to its end; what the node was about to send is in the account."""
    graph = Graph("stopping")
    count, watch = graph.add(Forever), graph.add(at_three)
    graph.connect(count.number, watch.value, capacity=1)
    watch.out >> count.stop
    result = run(graph)
    assert (result.outcome, result.nodes["forever"].phase) == (Outcome.FINISHED, "cancelled")
    assert result.nodes["at_three"].phase == "ended"


def test_stop_lets_a_node_with_inputs_take_what_lies_there(run: Run) -> None:
    """It ends by closing; what comes later is not taken, and its sender learns that nobody wants it."""

    class Slowly(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await asyncio.sleep(0.001)
                await self.out.send(value)

    @component
    def first(value: int) -> bool | None:
        return True if value == 0 else None

    graph = Graph("closing")
    source, slow, watch = graph.add(Forever), graph.add(Slowly), graph.add(first)
    graph.connect(source.number, slow.value, capacity=5)
    slow.out >> graph.outputs.out
    slow.out >> watch.value
    watch.out >> slow.stop
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert 5 <= len(result.outputs.out) <= 7
    assert result.outputs.out == list(range(len(result.outputs.out)))
    assert (result.nodes["slowly"].phase, result.nodes["forever"].phase) == ("ended", "ended")


def test_stop_ends_a_function_and_a_join_too(run: Run) -> None:
    """A join that is stopped with packets on one side is not starved, for that was asked for."""

    @component
    def add(left: int, right: int) -> int:
        return left + right

    class Never(Component):
        value: Out[int]
        enough: Signal

        async def run(self) -> None:
            await self.enough.receive()

    graph = Graph("join")
    node, never, ticks = graph.add(add, "node"), graph.add(Never), graph.add(Ticks, times=1)
    graph.initial(1) >> node.left
    never.value >> node.right
    ticks.tick >> node.stop
    node.stopped >> never.enough
    node.out >> graph.outputs.out
    result = run(graph)
    assert (result.outcome, result.nodes["node"].phase) == (Outcome.FINISHED, "ended")
    assert result.unread == {"initial.0->node.left": [1]}


def test_a_node_that_is_stopped_twice_or_after_its_end_does_not_mind(run: Run) -> None:
    """Signals to one that has ended go nowhere; their sender goes on."""
    graph = Graph("again")
    ticks, node = graph.add(Ticks, times=100), graph.add(hello)
    ticks.tick >> node.stop
    ticks.executed >> graph.outputs.executed
    node.out >> graph.outputs.out
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert result.outputs.executed == [None]


def test_a_node_that_is_stopped_before_it_starts_never_does(run: Run) -> None:
    """By an initial packet; it says that it has stopped, and not that it has started."""
    graph = Graph("early")
    for name, component_ in (("source", Forever), ("taker", double)):
        node = graph.add(component_, name)
        graph.initial(None) >> node.stop
        node.started >> graph.outputs.started
        node.stopped >> graph.outputs.stopped
    graph.inputs.value >> graph["taker"].value
    graph["taker"].out >> graph.outputs.out
    result = run(graph, inputs={"value": Each([1, 2])})
    assert result.outcome is Outcome.FINISHED
    assert result.outputs.stopped == [None, None]
    assert result.outputs.out == []
    assert result.nodes["source"].phase == "cancelled"


# -- messages ---------------------------------------------------------------------------------------------


def told(target: Any, *names: str, **inputs: Any) -> Graph:
    """Return a graph that hears these messages of a node."""
    graph = Graph("told")
    node = graph.add(target, "node")
    for name in inputs:
        graph.inputs[name] >> getattr(node, name)
    for name in names:
        getattr(node, name) >> graph.outputs[name]
    return graph


ALL = ("started", "executed", "failed", "stopped")


def counts(result: Any) -> dict[str, int]:
    """Count the messages that came."""
    return {name: len(result.outputs[name]) for name in result.outputs if name in ALL}


def test_a_function_tells_of_every_firing(run: Run) -> None:
    """And once that it has started, and once that it has stopped; what failed was not executed."""

    @component
    def half(value: int) -> int:
        if value % 2:
            raise ValueError("odd")
        return value // 2

    graph = told(half, *ALL, value=0)
    graph["node"].error >> graph.outputs.errors
    graph["node"].out >> graph.outputs.out
    result = run(graph, inputs={"value": Each(range(5))})
    assert counts(result) == {"started": 1, "executed": 3, "failed": 2, "stopped": 1}
    assert (result.outputs.out, len(result.outputs.errors)) == ([0, 1, 2], 2)


def test_a_class_tells_once_of_its_run(run: Run) -> None:
    """Also where the end of a stream leaves it, which is a normal end."""

    class Take(Component):
        value: In[int]

        async def run(self) -> None:
            while True:
                await self.value.receive()

    assert counts(run(told(Ticks, *ALL))) == {"started": 1, "executed": 1, "failed": 0, "stopped": 1}
    result = run(told(Take, *ALL, value=0), inputs={"value": Each([1, 2])})
    assert counts(result) == {"started": 1, "executed": 1, "failed": 0, "stopped": 1}


@pytest.mark.parametrize("takes_failures", [True, False])
def test_a_class_that_fails_tells_so(run: Run, takes_failures: bool) -> None:
    """Whether its failure is taken or fails the net; it was not executed, and it has stopped."""

    class Breaks(Component):
        out: Out[int]

        async def run(self) -> None:
            raise ValueError("broken")

    graph = told(Breaks, *ALL)
    if takes_failures:
        graph["node"].error >> graph.outputs.errors
    result = run(graph)
    assert result.outcome is (Outcome.FINISHED if takes_failures else Outcome.FAILED)
    assert counts(result) == {"started": 1, "executed": 0, "failed": 1, "stopped": 1}


def test_started_comes_after_the_configs(run: Run) -> None:
    """A node that waits for one has not started; one that never gets it stops without having started."""

    class Late(Component):
        value: Out[int]
        wait: In[None]

        async def run(self) -> None:
            async for _ in self.wait:
                await self.value.send(1)

    class Wants(Component):
        value: Config[int]

        async def run(self) -> None: ...

    graph = told(Wants, *ALL)
    late = graph.add(Late)
    late.value >> graph["node"].value
    graph.inputs.wait >> late.wait
    assert counts(run(graph, inputs={"wait": Each([None])})) == dict.fromkeys(ALL, 1) | {"failed": 0}
    result = run(graph, inputs={"wait": Each([])})
    assert counts(result) == {"started": 0, "executed": 0, "failed": 1, "stopped": 1}
    assert result.outcome is Outcome.FAILED


def test_a_cancelled_node_tells_that_it_has_stopped(run: Run) -> None:
    """Without waiting: it has no time left."""

    class Stops(Component):
        async def run(self) -> None:
            self.net.stop("enough")
            await asyncio.sleep(60)

    graph = told(Forever, *ALL)
    graph.connect(graph["node"].number, graph.add(double).value, capacity=1)
    graph["double"].out >> graph.outputs.out
    graph.add(Stops)
    result = run(graph)
    assert result.outcome is Outcome.STOPPED
    assert counts(result)["stopped"] == 1


def test_messages_come_in_order(stock: Run) -> None:
    """Started, then each executed with what was sent before it, then stopped."""
    heard = []

    class Hear(Observer):
        def packet(self, what: str, address: str, value: Any) -> None:
            if what == "sent" and "outputs" in address:
                heard.append(address.partition("->")[0])

    graph = told(double, "started", "executed", "stopped", value=0)
    graph["node"].out >> graph.outputs.out
    stock(graph, inputs={"value": Each([1, 2])}, observers=[Hear()])
    assert heard == ["node.started", *["node.out", "node.executed"] * 2, "node.stopped"]


def test_a_message_that_nobody_hears_is_neither_sent_nor_counted(run: Run) -> None:
    """Own ones too; one that is heard is counted as a packet on both sides."""
    result = run(told(Ticks))
    assert (result.nodes["node"].sent, result.discarded) == (0, {})
    graph = told(Ticks, "started")
    taker = graph.add(hello)
    graph["node"].tick >> taker.execute
    taker.out >> graph.outputs.out
    result = run(graph, tracking="history")
    assert (result.nodes["node"].sent, result.nodes["hello"].received) == (4, 3)
    assert len(result.packets.born_at("node.tick")) == 3


def test_signals_that_nobody_takes_are_unread(run: Run) -> None:
    """They are packets, and no packet disappears."""

    class Once(Component):
        go: Signal
        out: Out[str]

        async def run(self) -> None:
            await self.go.receive()

    graph = Graph("unread")
    once, ticks = graph.add(Once), graph.add(Ticks)
    graph.connect(ticks.tick, once.go, capacity=5)
    once.out >> graph.outputs.out
    result = run(graph)
    left = result.unread.get("ticks.tick->once.go", [])
    assert result.nodes["once"].received == 1
    assert result.edges["ticks.tick->once.go"].put == 1 + len(left)


# -- signals and messages of one's own --------------------------------------------------------------------


class Gate(Component):
    """Lets packets by when it is open."""

    value: In[int]
    flip: Signal
    out: Out[int]
    flipped: Message

    async def run(self) -> None:
        is_open = False
        async for hit in self.select(self.flip, self.value):
            if hit.port is self.flip:
                is_open = not is_open
                await self.flipped.send()
            elif is_open:
                await self.out.send(hit.value)


def test_own_signals_are_received_as_packets_are(run: Run) -> None:
    """By `select`, `async for` and `receive`; they end with their senders."""
    graph = Graph("gate")
    gate = graph.add(Gate)
    graph.inputs.value >> gate.value
    graph.initial(None) >> gate.flip
    gate.out >> graph.outputs.out
    gate.flipped >> graph.outputs.flipped
    result = run(graph, inputs={"value": Each(range(5))})
    assert (result.outcome, result.outputs.flipped) == (Outcome.FINISHED, [None])
    assert result.outputs.out == list(range(5))


def test_a_signal_that_is_not_connected_has_ended(run: Run) -> None:
    """It need not be connected; whether it is can be asked."""

    class Asks(Component):
        go: Signal
        out: Out[Any]
        done: Message

        async def run(self) -> None:
            await self.out.send((self.go.is_connected, [signal async for signal in self.go], self.done.is_connected))
            await self.done.send()

    graph = Graph("asks")
    graph.add(Asks).out >> graph.outputs.out
    result = run(graph)
    assert (result.outputs.out, result.discarded) == ([(False, [], False)], {})


def test_a_message_may_be_fed_back_to_its_own_node(run: Run) -> None:
    """And the net comes to rest."""

    class Echo(Component):
        go: Signal
        done: Message
        out: Out[int]

        async def run(self) -> None:
            for number in range(3):
                await self.done.send()
                await self.go.receive()
                await self.out.send(number)

    graph = Graph("echo")
    echo = graph.add(Echo)
    echo.done >> echo.go
    echo.out >> graph.outputs.out
    assert run(graph).outputs.out == [0, 1, 2]
