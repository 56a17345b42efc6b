"""Several firings of one function at once: their number, their order, and every packet in their hands."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import uvloop

from fbcore import (
    BatchRuntime,
    Breaker,
    Component,
    CompositeComponent,
    Concurrency,
    DeadLetters,
    Each,
    End,
    Graph,
    In,
    Memory,
    Missing,
    NetSettings,
    NodeSettings,
    Orchestrator,
    Out,
    Packet,
    Restart,
    Result,
    Retry,
    SettingsError,
    StopNet,
    component,
)
from fbcore.loop import Seeded, SteppedLoop, first_come
from fbcore.net.node import Node
from fbcore.orchestration.fitting import doubts
from fbcore.runtimes.blocking import run_on

EIGHT = Concurrency(8)
ANY = Concurrency(8, "unordered")


class Work:
    """Says how long the work on a number takes and how often it fails, and counts what goes on at once."""

    def __init__(
        self, takes: Callable[[int], float] = lambda number: 0.01, fails: dict[int, int] | None = None
    ) -> None:
        self.takes = takes
        self.fails = fails or {}
        self.begun: list[int] = []
        self.now: list[int] = []
        self.most = 0

    async def on(self, number: int) -> int:
        """Work on a number: wait, then fail or return it."""
        self.begun.append(number)
        self.now.append(number)
        self.most = max(self.most, len(self.now))
        try:
            await asyncio.sleep(self.takes(number))
        finally:
            self.now.remove(number)
        if self.fails.get(number):
            self.fails[number] -= 1
            raise ValueError(f"bad {number}")
        return number

    def function(self) -> Any:
        """Return this work as a component."""

        @component
        async def works(number: int) -> int:
            return await self.on(number)

        return works


def graph_of(function: Any, *, error: bool = False, capacity: int = 64) -> Graph:
    """Return a graph of one node, called `node`."""
    graph = Graph("one")
    node = graph.add(function, "node")
    graph.connect(graph.inputs.number, node.number, capacity=capacity)
    node.out >> graph.outputs.out
    if error:
        node.error >> graph.outputs.failures
    return graph


def run(
    graph: Any,
    concurrency: Concurrency | int | None,
    numbers: Any = range(20),
    *,
    seed: int | None = None,
    inputs: dict[str, Any] | None = None,
    tracking: Any = "counts",
    options: dict[str, Any] | None = None,
    **said: Any,
) -> Result:
    """Run a graph whose node has this concurrency, and other policies, on virtual time, however it ends."""
    settings = NetSettings(nodes={"node": NodeSettings(concurrency=concurrency, **said)})
    runtime = BatchRuntime(graph, settings=settings, tracking=tracking)
    driver = first_come if seed is None else Seeded(seed)
    given = inputs if inputs is not None else {"number": Each(numbers)}
    return run_on(lambda: SteppedLoop(driver), lambda: runtime.arun(inputs=given, raises=False, **(options or {})))


def uneven(number: int) -> float:
    """Return how long a number takes, later ones often less than earlier ones."""
    return (number * 7 % 5 + 1) / 100


# -- how many, and in which order ------------------------------------------------------------------------


def test_eight_at_once_are_eight_times_as_quick_in_order() -> None:
    """Eighty waits of ten milliseconds take a tenth of a second instead of eight tenths, and nothing is reordered."""
    for concurrency, seconds in (None, 0.8), (1, 0.8), (8, 0.1), (80, 0.01):
        work = Work()
        result = run(graph_of(work.function()), concurrency, range(80))
        assert (result.outcome, result.outputs.out) == ("finished", list(range(80)))
        assert result.seconds == pytest.approx(seconds)
        assert work.most == (concurrency or 1)


def test_a_quick_firing_waits_for_those_before_it() -> None:
    """In order, results leave as their packets came, and a packet is taken when the first of the firings is done."""
    work = Work(uneven)
    result = run(graph_of(work.function()), 3)
    assert (result.outputs.out, work.begun) == (list(range(20)), list(range(20)))
    assert result.seconds < 20 * 0.03 / 2


def test_unordered_results_leave_when_they_are_there() -> None:
    """A slow firing holds up nobody."""
    work = Work(lambda number: 1 if number == 0 else 0.01)
    result = run(graph_of(work.function()), Concurrency(2, "unordered"))
    assert result.outputs.out == [*range(1, 20), 0]
    assert result.seconds == 1


def by_three(number: int) -> int:
    """Return the key of a number."""
    return number % 3


def by_four(number: int) -> int:
    """Return another key of a number."""
    return number % 4


@pytest.mark.parametrize("key", [by_three, f"{__name__}.by_three"])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_order_is_kept_within_a_key(key: Any, seed: int | None) -> None:
    """Firings of one key go on one after the other; those of other keys do not wait for them."""
    work = Work(uneven)

    @component
    async def works(number: int) -> int:
        assert by_three(number) not in map(by_three, work.now)
        return await work.on(number)

    result = run(graph_of(works), Concurrency(4, key=key), seed=seed)
    out = result.outputs.out
    assert sorted(out) == list(range(20)) != out
    for remainder in range(3):
        assert [each for each in out if each % 3 == remainder] == list(range(remainder, 20, 3))
    assert 1 < work.most <= 3


def test_an_input_can_be_the_key() -> None:
    """Its value tells firings apart: here no two are of one key."""
    work = Work(uneven)
    result = run(graph_of(work.function()), Concurrency(4, key="number"))
    assert sorted(result.outputs.out) == list(range(20)) != result.outputs.out
    assert work.most == 4


def test_no_more_packets_are_taken_than_firings_go_on() -> None:
    """What is not worked on stays on the edge, and its sender waits, though results wait for a slow first one."""
    work = Work(lambda number: 9 if number == 0 else 0.01)
    graph = graph_of(work.function(), capacity=2)
    result = run(graph, 3, range(100), options={"time_limit": 5})
    assert result.held == {"node.number": 0, "node.number#2": 1, "node.number#3": 2}
    assert result.unsent["node.out"] == [1, 2]
    assert result.unread == {"inputs.number->node.number": [3, 4]}
    assert work.begun == [0, 1, 2]


def test_a_consumer_that_is_slow_holds_up_all() -> None:
    """Back pressure: no more than the edges hold, and than go on at once, is taken from the source."""

    class Slow(Component):
        come: In[int]
        stateless = True

        async def run(self) -> None:
            await asyncio.sleep(100)
            async for _ in self.come:
                pass

    for concurrency in EIGHT, ANY:
        graph = Graph("slow")
        node, slow = graph.add(Work().function(), "node"), graph.add(Slow)
        graph.connect(graph.inputs.number, node.number, capacity=1)
        graph.connect(node.out, slow.come, capacity=2)
        result = run(graph, concurrency, range(100), options={"time_limit": 50})
        assert sorted(result.unread["node.out->slow.come"]) == [0, 1]
        assert len(result.held) == 8
        assert sorted(result.unsent["node.out"]) == list(range(2, 10))
        assert result.nodes["node"].received == 10


# -- functions of every kind -----------------------------------------------------------------------------


def test_nothing_to_send_waits_for_nobody() -> None:
    """A firing that returns None is done, though those before it are not."""
    work = Work(lambda number: 5 if number == 0 else 0.01)

    @component
    async def odd(number: int) -> int | None:
        return number if await work.on(number) % 20 == 0 else None

    result = run(graph_of(odd), 2, range(21))
    assert (result.outputs.out, result.seconds) == ([0, 20], 5)


@pytest.mark.parametrize("buffered", [False, True])
def test_items_of_a_firing_stay_together(buffered: bool) -> None:
    """What a firing yields leaves after all that those before it yield; where it is buffered, it need not wait."""
    work = Work(uneven)

    @component(buffered=buffered)
    async def twice(number: int) -> AsyncIterator[int]:
        yield await work.on(number)
        yield await work.on(number)

    result = run(graph_of(twice), 8, range(8))
    assert result.outputs.out == [number for number in range(8) for _ in range(2)]
    assert (result.seconds < 0.19) == buffered


def test_inputs_are_taken_together() -> None:
    """A firing has one packet of each input, and a failure has both."""
    work = Work(uneven, fails={3: 1})

    @component
    async def add(number: int, other: int) -> int:
        return await work.on(number) + other

    graph = graph_of(add, error=True)
    graph.inputs.other >> graph["node"].other
    result = run(graph, 4, inputs={"number": Each(range(6)), "other": Each(range(0, 60, 10))})
    assert result.outputs.out == [0, 11, 22, 44, 55]
    assert [failure.value for failure in result.outputs.failures] == [{"number": 3, "other": 30}]


def test_any_input_fires() -> None:
    """Firings on any input have the values of when their packet was taken."""
    work = Work(uneven)

    @component(fires="any")
    async def pair(number: int | Missing, other: int | Missing) -> tuple[Any, Any]:
        await work.on(number if isinstance(number, int) else 0)
        return number, other

    graph = graph_of(pair)
    graph.inputs.other >> graph["node"].other
    found = [run(graph, each, inputs={"number": Each(range(6)), "other": Each(range(6))}) for each in (1, 4)]
    assert found[0].outputs.out == found[1].outputs.out
    assert len(found[0].outputs.out) == 12


def test_signals_begin_firings() -> None:
    """Where `execute` is connected each signal takes packets for one firing, and `executed` tells of each."""
    work = Work(uneven)
    graph = graph_of(work.function())
    graph.inputs.go >> graph["node"].execute
    graph["node"].executed >> graph.outputs.executed
    result = run(graph, 4, inputs={"number": Each(range(6)), "go": Each([None] * 6)})
    assert (result.outputs.out, len(result.outputs.executed), result.held) == (list(range(6)), 6, {})


def test_packets_go_on_as_they_were() -> None:
    """A packet that is forwarded by a firing keeps its identity, and is no more in the node's hands."""
    work = Work(uneven)

    @component
    async def passes(number: Packet[int]) -> Packet[int]:
        await work.on(number.value)
        return number

    result = run(graph_of(passes), ANY, tracking="history")
    assert result.outputs.out != sorted(result.outputs.out)
    assert {str(id) for id in result.packets} == {f"inputs.number#{number}" for number in range(20)}
    assert not result.held


def test_results_are_made_of_their_own_packets() -> None:
    """The history of a result leads to the packet of its firing, whatever was received since."""
    work = Work(uneven)
    result = run(graph_of(work.function()), ANY, tracking="history")
    packets = result.packets
    for number, value in enumerate(result.outputs.out):
        assert [str(id) for id in packets.parents(f"node.out#{number}")] == [f"inputs.number#{value}"]


def test_a_function_without_inputs_fires_until_nobody_wants_more() -> None:
    """A source that loops makes several at once, and ends with its consumer."""
    made: list[int] = []

    @component(loop=True)
    async def ticks() -> int:
        made.append(len(made))
        number = made[-1]
        await asyncio.sleep(1)
        return number

    class Takes(Component):
        come: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            for _ in range(6):
                await self.out.send(await self.come.receive())

    graph = Graph("source")
    node, takes = graph.add(ticks, "node"), graph.add(Takes)
    graph.connect(node.out, takes.come, capacity=1)
    takes.out >> graph.outputs.out
    result = run(graph, 3, inputs={})
    assert (result.outcome, result.outputs.out, result.seconds) == ("finished", list(range(6)), 3)


def test_a_function_that_never_waits_works_as_before() -> None:
    """It gains nothing, and loses nothing."""

    @component
    def double(number: int) -> int:
        return 2 * number

    assert run(graph_of(double), 8).outputs.out == list(range(0, 40, 2))


# -- failures --------------------------------------------------------------------------------------------


def test_a_failure_takes_its_place_in_the_order() -> None:
    """What comes before a packet that fails has left; the net fails with the others in hand, and says which it was."""
    work = Work(lambda number: 0.01 if number == 3 else 0.05, fails={3: 1})
    result = run(graph_of(work.function()), 4, range(10))
    assert (result.outcome, result.outputs.out) == ("failed", [0, 1, 2])
    (error,) = result.errors
    assert error.held == {"number": 3}
    assert [*result.held.values(), *result.unread["inputs.number->node.number"]] == list(range(3, 10))


def test_an_unordered_failure_acts_at_once() -> None:
    """It cancels the others, and all that they hold is in the account."""
    work = Work(lambda number: 0.01 if number == 3 else 0.05, fails={3: 1})
    result = run(graph_of(work.function()), Concurrency(4, "unordered"), range(10))
    assert (result.outcome, result.outputs.out, result.errors[0].held) == ("failed", [], {"number": 3})
    assert list(result.held.values()) == [0, 1, 2, 3]


@pytest.mark.parametrize("concurrency", [EIGHT, ANY, Concurrency(8, key="number")])
def test_each_failure_has_its_own_packet(concurrency: Concurrency) -> None:
    """Failures leave by `error`, and the other firings go on."""
    work = Work(uneven, fails=dict.fromkeys(range(0, 20, 3), 1))
    result = run(graph_of(work.function(), error=True), concurrency)
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", [each for each in range(20) if each % 3])
    for failure in result.outputs.failures:
        assert str(failure.error.cause) == f"bad {failure.value}"
    values = [failure.value for failure in result.outputs.failures]
    assert sorted(values) == list(range(0, 20, 3))
    assert concurrency is not EIGHT or values == sorted(values)


def test_a_retry_holds_up_its_own_firing_only() -> None:
    """Others go on meanwhile, and wait to leave where they are in order."""
    for concurrency, first in (EIGHT, 0), (ANY, 1):
        work = Work(fails={0: 3})
        retry = Retry(attempts=4, backoff=1, factor=1, jitter=0)
        result = run(graph_of(work.function()), concurrency, range(8), retry=retry)
        assert (result.outcome, result.outputs.out[0], result.retries) == ("finished", first, {"node": 3})
        assert result.seconds == pytest.approx(3.04)
        assert work.begun == [*range(8), 0, 0, 0]


@pytest.mark.parametrize("concurrency", [EIGHT, ANY, Concurrency(8, key=lambda number: number % 2)])
def test_a_restart_returns_all_packets_in_order(concurrency: Concurrency) -> None:
    """All that are in hand go back onto their edge, and come again as they came."""
    work = Work(uneven, fails={3: 2, 11: 1})
    restart = Restart(backoff=1, jitter=0)
    result = run(graph_of(work.function()), concurrency, restart=restart, tracking="history")
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", list(range(20)))
    assert result.restarts == {"node": 3}
    assert concurrency is not EIGHT or result.outputs.out == list(range(20))
    again = work.begun[work.begun.index(3) + 1 :]
    assert again.count(3) == 2
    packets = result.packets
    for number, value in enumerate(result.outputs.out):
        assert [str(id) for id in packets.parents(f"node.out#{number}")] == [f"inputs.number#{value}"]
        assert [each.kind for each in packets.activities(f"inputs.number#{value}")][-1] == "consumption"


@pytest.mark.parametrize("held", ["drop", "dead-letter"])
@pytest.mark.parametrize("concurrency", [Concurrency(4), Concurrency(4, "unordered")])
def test_only_the_packet_that_failed_is_dropped(held: Any, concurrency: Concurrency) -> None:
    """Or put to the dead letters, as the policy says; the others in hand come again."""
    work = Work(uneven, fails={3: 1, 12: 1})
    result = run(graph_of(work.function()), concurrency, restart=Restart(backoff=0, held=held))
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", [n for n in range(20) if n not in (3, 12)])
    assert result.dropped == ({"node.number": 2} if held == "drop" else {})
    assert [letter.values for letter in result.dead_letters] == (
        [] if held == "drop" else [{"number": 3}, {"number": 12}]
    )


def test_dead_letters_are_of_one_firing_each() -> None:
    """The others go on, and nothing is begun anew."""
    work = Work(uneven, fails=dict.fromkeys(range(0, 20, 4), 1))
    result = run(graph_of(work.function()), EIGHT, dead_letters=DeadLetters())
    assert (result.outcome, result.restarts) == ("finished", {})
    assert result.outputs.out == [number for number in range(20) if number % 4]
    assert [letter.values["number"] for letter in result.dead_letters] == list(range(0, 20, 4))


def test_a_firing_that_is_cancelled_from_inside_fails() -> None:
    """It is not forgotten, as a task group forgets a child that was cancelled."""

    @component
    async def cancels(number: int) -> int:
        if number == 2:
            asyncio.current_task().cancel()  # type: ignore[union-attr]
        elif number == 5:
            raise asyncio.CancelledError
        await asyncio.sleep(0.1)
        return number

    for first in 2, 5:
        result = run(graph_of(cancels), 4, range(first, 9))
        assert (result.outcome, result.errors[0].held) == ("failed", {"number": first})
        assert "cancelled from inside" in result.errors[0].what


def test_a_program_that_exits_in_a_firing_fails_the_node_alone() -> None:
    """As it does without concurrency; with `error` connected the failure has the packet, and the rest is given back."""

    @component
    async def exits(number: int) -> int:
        await asyncio.sleep(0.1)
        raise SystemExit(number)

    result = run(graph_of(exits), 4, range(9))
    assert (result.outcome, result.errors[0].held) == ("failed", {"number": 0})
    result = run(graph_of(exits, error=True), 4, range(9))
    assert [failure.value for failure in result.outputs.failures] == [0]
    assert result.unread == {"inputs.number->node.number": list(range(1, 9))}
    assert not result.held


# -- ends ------------------------------------------------------------------------------------------------


class Takes(Component):
    """Takes two numbers."""

    come: In[int]
    out: Out[int]
    stateless = True

    async def run(self) -> None:
        for _ in range(2):
            await self.out.send(await self.come.receive())


@pytest.mark.parametrize("concurrency", [EIGHT, ANY])
def test_who_takes_no_more_ends_all_firings(concurrency: Concurrency) -> None:
    """The node ends at once, not when slow firings are done; what they had in hand is unread."""
    work = Work(lambda number: 0.01 * (number + 1) if number < 5 else 1000)
    graph = Graph("take")
    node, takes = graph.add(work.function(), "node"), graph.add(Takes)
    graph.inputs.number >> node.number
    graph.connect(node.out, takes.come, capacity=1)
    takes.out >> graph.outputs.out
    result = run(graph, concurrency, range(20))
    assert (result.outcome, result.outputs.out) == ("finished", [0, 1])
    assert result.seconds < 1
    left = [*result.unread["inputs.number->node.number"]]
    assert left == sorted(left)
    assert (
        len(left)
        + sum(len(each) for address, each in result.unread.items() if "takes" in address)
        + sum(result.discarded.values())
        == 18
    )


def test_a_firing_stops_the_net() -> None:
    """The reason is in the result, and so is all that was in hand."""

    @component
    async def stops(number: int) -> int:
        await asyncio.sleep(0.1)
        if number == 2:
            raise StopNet("enough")
        return number

    result = run(graph_of(stops), 4, range(9))
    assert (result.outcome, result.reason, result.outputs.out) == ("stopped", "enough", [0, 1])
    assert list(result.held.values()) == [2, 3, 4, 5]
    assert result.unread == {"inputs.number->node.number": [6, 7, 8]}


def test_a_net_that_is_stopped_drains() -> None:
    """What was taken is done, and what lies before it too."""
    work = Work(lambda number: 0.5)

    async def main() -> Result:
        settings = NetSettings(nodes={"node": NodeSettings(concurrency=4)})
        async with BatchRuntime(graph_of(work.function(), capacity=2), settings=settings).stream(
            inputs={"number": Each(range(1000))}
        ) as results:
            async for _ in results:
                results.stop("asked")
                break
            seen = [value async for _, value in results]
        result = results.result
        assert result is not None
        assert not result.held
        assert seen
        return result

    result = run_on(SteppedLoop, main)
    assert result.outcome == "stopped"
    assert not result.unread


def test_a_net_that_is_cancelled_holds_all() -> None:
    """Packets of all firings are in the account, with their identities."""
    work = Work(lambda number: 100)
    result = run(graph_of(work.function()), 3, range(5), options={"time_limit": 1}, tracking="history")
    assert result.held == {"node.number": 0, "node.number#2": 1, "node.number#3": 2}
    held = {str(id): place for id, place in result.packets.in_flight().items() if place == "node"}
    assert held == {f"inputs.number#{number}": "node" for number in range(3)}


def test_it_ends_after_its_executions() -> None:
    """No more firings are done than the policy allows, though more had begun; their packets are unread."""
    work = Work(uneven)
    result = run(graph_of(work.function()), 4, end=End(after=5))
    assert (result.outcome, result.outputs.out) == ("finished", [0, 1, 2, 3, 4])
    assert result.unread == {"inputs.number->node.number": list(range(5, 20))}


def test_a_deadline_gives_packets_back() -> None:
    """What the firings have in hand is unread, in order."""
    work = Work(lambda number: 100)
    result = run(graph_of(work.function()), 4, range(6), end=End(deadline=1))
    assert result.unread == {"inputs.number->node.number": list(range(6))}
    assert not result.held


def test_who_fires_is_not_idle() -> None:
    """The time begins when the last firing is done, though the node has waited for the next packet all the while."""

    class Late(Component):
        number: Out[int]
        stateless = True

        async def run(self) -> None:
            for number, seconds in enumerate((0, 4, 13, 100)):
                await asyncio.sleep(seconds)
                await self.number.send(number)

    work = Work(lambda number: 10)
    graph = Graph("late")
    graph.add(Late).number >> graph.add(work.function(), "node").number
    graph["node"].out >> graph.outputs.out
    result = run(graph, EIGHT, inputs={}, end=End(idle=5))
    # It is idle from 14 s on until the third packet comes at 17 s, and from 27 s on.
    assert (result.outcome, result.outputs.out, result.released) == ("finished", [0, 1, 2], {"node": "idle for 5 s"})


@pytest.mark.parametrize("concurrency", [EIGHT, ANY])
def test_a_firing_that_swallows_its_cancellation_changes_nothing(concurrency: Concurrency) -> None:
    """What it returns then is not sent, and its packet is where those of the others are."""

    @component
    async def swallows(number: int) -> int:
        try:
            await asyncio.sleep(0.1 + number / 10 if number < 2 else 50)
        except asyncio.CancelledError:
            return -number
        if number == 1:
            raise ValueError(number)
        return number

    result = run(graph_of(swallows), concurrency, range(9))
    assert (result.outcome, result.outputs.out) == ("failed", [0])
    assert [*result.held.values(), *chain.from_iterable(result.unread.values())] == list(range(1, 9))
    result = run(graph_of(swallows), concurrency, range(9), end=End(after=1))
    assert (result.outcome, result.outputs.out) == ("finished", [0])
    assert result.unread == {"inputs.number->node.number": list(range(1, 9))}
    assert result.seconds < 1


# -- standing still --------------------------------------------------------------------------------------


def test_firings_that_wait_for_room_in_a_circle_are_a_deadlock() -> None:
    """The circle is named at once; waiting for another firing of the same node is no way out."""

    @component
    async def spread(number: int) -> AsyncIterator[int]:
        await asyncio.sleep(0.01)
        for _ in range(9):
            yield number

    graph = Graph("ring")
    node = graph.add(spread, "node")
    graph.inputs.number >> node.number
    graph.connect(node.out, node.number, capacity=2)
    for concurrency in EIGHT, ANY:
        result = run(graph, concurrency, [1, 2, 3])
        assert (result.outcome, result.knot) == ("deadlocked", ("node", "node.out->node.number", "node"))
        assert result.held


def test_a_circle_that_has_run_dry_ends() -> None:
    """Firings that wait for a timer hold up the verdict, and when there are none the net is quiescent."""

    @component
    async def down(number: int) -> int | None:
        await asyncio.sleep(0.5)
        return number - 1 if number else None

    graph = Graph("ring")
    node = graph.add(down, "node")
    graph.inputs.number >> node.number
    node.out >> node.number
    for concurrency in EIGHT, ANY:
        result = run(graph, concurrency, [3, 2, 5])
        assert (result.outcome, result.seconds) == ("quiescent", 3)


def test_blocked_is_known_on_uvloop_too() -> None:
    """Where what a firing waits for is overdue already when the net looks for that, nothing is raised on the loop."""
    wrong: list[Any] = []

    def make() -> asyncio.AbstractEventLoop:
        loop = uvloop.new_event_loop()
        loop.set_exception_handler(lambda loop, context: wrong.append(context))
        return loop

    @component
    async def down(number: int) -> int | None:
        await asyncio.sleep(0.01)
        return number - 1 if number else None

    graph = Graph("ring")
    node = graph.add(down, "node")
    graph.inputs.number >> node.number
    node.out >> node.number
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": NodeSettings(concurrency=4)}))
    for _ in range(3):
        result = run_on(make, lambda: runtime.arun(inputs={"number": Each([3, 4])}))
        assert (result.outcome, wrong) == ("quiescent", [])


def refused_by(number: int) -> bool:
    """Refuse one number."""
    return number != 3


@pytest.mark.parametrize("concurrency", [Concurrency(4), Concurrency(4, "unordered")])
@pytest.mark.parametrize("how", ["error", "dead letters", "restart"])
def test_what_a_validator_refuses_leaves_the_firings_alone(concurrency: Concurrency, how: str) -> None:
    """It goes to `error`, to the dead letters, or is dropped by a restart; whatever goes on meanwhile is done."""
    work = Work(uneven)

    class Border(CompositeComponent):
        number: In[int] = In(validate=refused_by)
        out: Out[int]

        def build(self, graph: Graph) -> None:
            graph.inputs.number >> graph.add(work.function(), "node").number
            graph["node"].out >> graph.outputs.out

    class Open(Border):
        failures: Out[Any]

        def build(self, graph: Graph) -> None:
            super().build(graph)
            graph["node"].error >> graph.outputs.failures

    said = {"dead letters": {"dead_letters": DeadLetters()}, "restart": {"restart": Restart(backoff=0, held="drop")}}
    settings = NodeSettings(concurrency=concurrency, **said.get(how, {}))
    runtime = BatchRuntime(Open if how == "error" else Border, settings=NetSettings(nodes={"**.node": settings}))
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": Each(range(9))}, raises=False))
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", [0, 1, 2, 4, 5, 6, 7, 8])
    assert not result.held | result.unread
    lost = [letter.values["number"] for letter in result.dead_letters] + list(result.dropped.values())
    lost += [failure.value for failure in result.outputs.failures] if how == "error" else []
    assert lost == {"error": [3], "dead letters": [3], "restart": [1]}[how]


# -- memory by key ---------------------------------------------------------------------------------------


@component
async def count(number: int, seen: Memory[list[int]] = Memory(list)) -> tuple[int, int]:
    """Say how many of a number's remainder were seen."""
    found = [*seen.value, number]
    await asyncio.sleep((number * 7 % 5 + 1) / 100)
    seen.value = found
    return number % 3, len(found)


KEYED = Concurrency(8, key=by_three)


def test_each_key_has_its_own_memory() -> None:
    """What firings of one key remember, those of another do not see; and each sees what the one before it left."""
    result = run(graph_of(count), KEYED)
    assert sorted(result.outputs.out) == sorted((n % 3, n // 3 + 1) for n in range(20))
    assert result.seconds < 0.6


def test_memory_without_a_key_is_refused() -> None:
    """The error says where it was said, and what to say instead."""
    for settings in (
        NetSettings(nodes={"node": NodeSettings(concurrency=8)}),
        NetSettings(concurrency=8),
    ):
        with pytest.raises(SettingsError, match="the memory `seen`") as caught:
            BatchRuntime(graph_of(count), settings=settings).run(inputs={"number": 1})
        assert "key = ..." in str(caught.value)
    assert run(graph_of(count), 1).outputs.out[-1] == (1, 20)


def test_a_retry_restores_the_memory_of_its_key() -> None:
    """The memory of a key is what it was before the firing; the others are what they have become."""
    left = {4: 2}

    @component
    async def adds(number: int, seen: Memory[list[int]] = Memory(list)) -> list[int]:
        seen.value.append(number)
        await asyncio.sleep(0.01)
        if left.get(number):
            left[number] -= 1
            raise ValueError(number)
        return [*seen.value]

    result = run(graph_of(adds), KEYED, range(9), retry=Retry(backoff=1))
    assert [each for each in result.outputs.out if each[0] == 1] == [[1], [1, 4], [1, 4, 7]]
    assert [each for each in result.outputs.out if each[0] == 2] == [[2], [2, 5], [2, 5, 8]]


@pytest.mark.parametrize("memory", ["keep", "reset"])
def test_a_restart_keeps_memories_by_key_or_resets_them(memory: Any) -> None:
    """All keys, as it does with one memory."""
    fails = {10: 1}

    @component
    async def counts(number: int, seen: Memory[int] = Memory(0)) -> tuple[int, int]:
        if fails.get(number):
            fails[number] -= 1
            raise ValueError(number)
        seen.value += 1
        return number, seen.value

    result = run(graph_of(counts), Concurrency(2, key=by_three), range(20), restart=Restart(backoff=0, memory=memory))
    assert (result.outcome, len(result.outputs.out)) == ("finished", 20)
    assert max(seen for _, seen in result.outputs.out) == (7 if memory == "keep" else 4)


def test_what_is_no_key_fails_its_packet() -> None:
    """One that cannot be one, and a function that raises, go to `error` with the packet, or fail the net."""

    def key(number: int) -> Any:
        if number == 2:
            raise KeyError("two")
        return [number] if number == 3 else number

    work = Work()
    result = run(graph_of(work.function(), error=True), Concurrency(4, key=key), range(6))
    assert sorted(result.outputs.out) == [0, 1, 4, 5]
    assert [failure.value for failure in result.outputs.failures] == [2, 3]
    assert "is no key" in str(result.outputs.failures[1].error)
    result = run(graph_of(work.function()), Concurrency(4, key=key), range(6))
    assert (result.outcome, result.errors[0].held) == ("failed", {"number": 2})
    assert list(result.held.values()) == [0, 1, 2]


# -- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Concurrency(0), "`most`"),
        (lambda: Concurrency(None), "`most`"),  # type: ignore[arg-type]
        (lambda: Concurrency(2, "sorted"), "`order`"),  # type: ignore[arg-type]
        (lambda: Concurrency(2, "unordered", key="number"), "`order`"),
        (lambda: Concurrency(2, key="no such name"), "`key`"),
        (lambda: Concurrency(2, key="no.such.function"), "`key`"),
        (lambda: Concurrency(2, key=3), "`key`"),  # type: ignore[arg-type]
        (lambda: NodeSettings(concurrency="many"), "concurrency"),  # type: ignore[arg-type]
        (lambda: NodeSettings(concurrency=True), "concurrency"),
    ],
)
def test_a_concurrency_that_cannot_be_is_refused(make: Callable[[], Any], what: str) -> None:
    """When it is made; the error says what it cannot be."""
    with pytest.raises(SettingsError, match=what):
        make()


def test_it_must_fit_its_node() -> None:
    """A class that it is said of by name, and a key that is no input, are refused; classes among many are not."""
    graph = graph_of(Work().function())
    graph.add(Takes)
    graph["node"].out >> graph["takes"].come

    def problem(**nodes: Any) -> str:
        with pytest.raises(SettingsError) as caught:
            BatchRuntime(graph, settings=NetSettings(nodes=nodes)).run(inputs={"number": 1})
        return str(caught.value)

    assert "is a class" in problem(takes=NodeSettings(concurrency=8))
    assert "did you mean number?" in problem(node=NodeSettings(concurrency=Concurrency(2, key="numbr")))
    for settings in NetSettings(concurrency=8), NetSettings(nodes={"*": NodeSettings(concurrency=8)}):
        assert BatchRuntime(graph, settings=settings).run(inputs={"number": Each([1, 2])}).outcome == "finished"


def test_a_breaker_that_waits_does_not_wait_for_who_waits_for_it() -> None:
    """A function that streams in order, with a breaker that waits, is refused, unless it is buffered."""

    @component
    async def items(number: int) -> AsyncIterator[int]:
        yield number

    @component(buffered=True)
    async def buffered(number: int) -> AsyncIterator[int]:
        yield number

    breaker = Breaker(meanwhile="wait")
    with pytest.raises(SettingsError) as caught:
        run(graph_of(items), 8, breaker=breaker)
    assert "buffered=True" in str(caught.value)
    for function, concurrency in (buffered, EIGHT), (items, ANY):
        assert run(graph_of(function), concurrency, breaker=breaker).outcome == "finished"
    assert run(graph_of(items), 8, breaker=Breaker()).outcome == "finished"


def test_one_at_once_is_nothing_more() -> None:
    """A node whose firings go on one after the other, and a class, are what they are without the setting."""
    graph = graph_of(Work().function())
    graph.add(Takes)
    graph["node"].out >> graph["takes"].come
    kinds: set[tuple[type, Any]] = set()

    class Looks(Orchestrator):
        async def run(self, net: Any) -> Result:
            kinds.update((type(node), type(getattr(node.work, "__self__", None))) for node in net.nodes)
            return await super().run(net)

    found = []
    for settings in NetSettings(), NetSettings(concurrency=1), NetSettings(concurrency=Concurrency(1, "unordered")):
        runtime = BatchRuntime(graph, settings=settings, orchestrator=Looks())
        run_on(SteppedLoop, lambda runtime=runtime: runtime.arun(inputs={"number": Each([1])}, raises=False))
        found.append(set(kinds))
        kinds.clear()
    assert found[0] == found[1] == found[2]
    assert {kind for kind, _ in found[0]} == {Node}


def test_it_is_said_in_a_file(tmp_path: Path) -> None:
    """As a number, or as a table; with a key by name."""
    file = tmp_path / "net.toml"
    file.write_text(
        f'concurrency = 4\n[nodes.a]\nconcurrency = {{ most = 2, order = "unordered" }}\n'
        f'[nodes.b]\nconcurrency = {{ most = 3, key = "{__name__}.by_three" }}\n[nodes.c]\nconcurrency = 1\n'
    )
    settings = NetSettings.load(file)
    assert settings.of("x").concurrency == NodeSettings(concurrency=4).concurrency == Concurrency(4)
    assert settings.of("a").concurrency == Concurrency(2, "unordered")
    assert settings.of("b").concurrency == Concurrency(3, key=by_three)
    assert settings.of("c").concurrency == Concurrency(1)
    assert str(settings.origin("b", "concurrency")) == f'{file}:5, nodes."b"'


@pytest.mark.parametrize(
    ("said", "what", "hint"),
    [
        ('"many"', "it cannot be 'many'", "a whole number, or a table with some of: most, order, key"),
        ('{ most = 3, ordr = "x" }', "no setting 'ordr'", "did you mean order?"),
        ('{ order = "ordered" }', "`most` is missing", "say what"),
        ('{ most = 2, order = "unordered", key = "number" }', "`order` of Concurrency cannot be", "leave it away"),
    ],
)
def test_what_a_file_cannot_say_is_refused(tmp_path: Path, said: str, what: str, hint: str) -> None:
    """With the line, what is wrong, and what to say instead."""
    file = tmp_path / "net.toml"
    file.write_text(f"\n[nodes.node]\nconcurrency = {said}\n")
    with pytest.raises(SettingsError) as caught:
        NetSettings.load(file)
    assert what in str(caught.value)
    assert hint in str(caught.value)
    assert f"{file}:3" in str(caught.value)


def test_a_function_that_never_waits_is_doubted() -> None:
    """Where concurrency is said of it, and not of the whole net; one that is asynchronous, or streams so, is not."""

    @component
    def plain(number: int) -> int:
        return number

    @component
    async def items(number: int) -> AsyncIterator[int]:
        yield number

    for function, many in (plain, 1), (items, 0), (Work().function(), 0):
        settings = NetSettings(nodes={"node": NodeSettings(concurrency=8)})
        assert len(list(doubts(settings, graph_of(function)))) == many
        assert not list(doubts(NetSettings(concurrency=8), graph_of(function)))
        settings = NetSettings(nodes={"node": NodeSettings(concurrency=8, place="thread")})
        assert not list(doubts(settings, graph_of(function)))


def test_functions_that_block_are_called_in_threads_at_once() -> None:
    """Four wait for each other, in four threads; results are in order, and each key has its own memory."""
    barrier = threading.Barrier(4)

    @component
    def meets(number: int, seen: Memory[list[int]] = Memory(list)) -> list[int]:
        barrier.wait(100)
        seen.value.append(number)
        return [*seen.value]

    settings = NodeSettings(concurrency=Concurrency(4, key=by_four), place="thread")
    runtime = BatchRuntime(graph_of(meets), settings=NetSettings(nodes={"node": settings}))
    result = runtime.run(inputs={"number": Each(range(8))})
    assert sorted(result.outputs.out) == [[0], [0, 4], [1], [1, 5], [2], [2, 6], [3], [3, 7]]
