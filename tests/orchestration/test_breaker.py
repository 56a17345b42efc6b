"""Breakers: after how many failures firings are refused or wait, for how long, and what lets them through again."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fbcore import (
    Breaker,
    BreakerError,
    Component,
    Concurrency,
    EndOfStream,
    In,
    NodeSettings,
    Observer,
    Rate,
    Restart,
    Retry,
    SettingsError,
    component,
)
from fbcore.loop import SteppedLoop
from tests.orchestration.flaky import LOOPS, Flaky, alone, passing, run
from tests.orchestration.supervising import run as run_graph

each_loop = pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)


def slowly(flaky: Flaky, seconds: float = 1) -> Any:
    """Make a function that takes its time, and then is asked."""

    @component
    async def passes(number: int) -> int:
        await asyncio.sleep(seconds)
        flaky.look(number)
        return number

    return passes


class Notices(Observer):
    """Writes down notices."""

    def __init__(self) -> None:
        self.texts: list[tuple[float, str]] = []

    def notice(self, address: str, text: str) -> None:
        self.texts.append((asyncio.get_running_loop().time(), text))


def failed(result: Any) -> list[tuple[int, str]]:
    """Return what failed, and with which error."""
    return [(failure.value, type(failure.error.cause).__name__) for failure in result.outputs.failures]


@each_loop
def test_after_failures_in_a_row_firings_are_refused(make_loop: Any) -> None:
    """They fail at once, uncalled, with an error that says why, until when, and what can be done."""
    flaky = Flaky(dict.fromkeys(range(99), 1))
    result = run(passing(flaky), range(5), breaker=Breaker(3, reset=10), error=True, make_loop=make_loop)
    assert [name for _, name in failed(result)] == ["ConnectionError"] * 3 + ["BreakerError"] * 2
    assert flaky.numbers == [0, 1, 2]
    error = result.outputs.failures[-1].error
    why = "refused, for the breaker is open: 3 firings in a row have failed, last with ConnectionError"
    assert why in error.what
    assert error.attempts == 0
    assert "it is tried in 10 s" in error.what
    assert "node.error" in error.hint


def test_a_success_between_begins_the_row_anew() -> None:
    """Only failures in a row count."""
    flaky = Flaky(dict.fromkeys([0, 1, 3, 4, 6, 7, 8], 1))
    result = run(passing(flaky), range(10), breaker=Breaker(3, reset=10), error=True)
    assert result.outputs.passed == [2, 5]
    assert failed(result)[-1] == (9, "BreakerError")


def test_half_open_lets_one_through() -> None:
    """After the reset one is on trial: fails it, the breaker is open as long again; succeeds it, all pass."""
    flaky = Flaky(dict.fromkeys(range(10), 1))
    notices = Notices()
    function = slowly(flaky)
    result = run(function, range(16), breaker=Breaker(2, reset=3.5, meanwhile="wait"), error=True, heard=notices)
    assert flaky.times[:6] == [1, 2, 6.5, 11, 15.5, 20]
    assert flaky.times[9:12] == [38, 42.5, 43.5]
    assert result.outputs.passed == [10, 11, 12, 13, 14, 15]
    opened = [text for _, text in notices.texts if "has opened for 3.5 s" in text]
    assert len(opened) == 9
    assert "2 firings in a row have failed" in opened[0]
    assert [time for time, text in notices.texts if "has closed" in text] == [42.5]


def test_refusing_and_then_half_open() -> None:
    """While it is open what comes is refused; what comes later is tried."""
    flaky = Flaky({0: 1, 1: 1})

    async def numbers() -> Any:
        for number in range(6):
            yield number
            await asyncio.sleep(1)

    result = run(passing(flaky), numbers(), breaker=Breaker(2, reset=2.5), error=True)
    assert failed(result)[2:] == [(2, "BreakerError"), (3, "BreakerError")]
    assert (result.outputs.passed, flaky.times) == ([4, 5], [0, 1, 4, 5])


def test_errors_that_do_not_count_are_answers() -> None:
    """An error that is not in `on` fails its firing, and shows that what is called is there."""
    flaky = Flaky(dict.fromkeys(range(6), 1), ValueError)
    result = run(passing(flaky), range(7), breaker=Breaker(2, on=ConnectionError), error=True)
    assert [name for _, name in failed(result)] == ["ValueError"] * 6
    assert result.outputs.passed == [6]


@each_loop
def test_firings_are_counted_and_not_their_attempts(make_loop: Any) -> None:
    """One that succeeds in the end has succeeded, one that does not has failed once."""
    flaky = Flaky({0: 9, 1: 2, 2: 9, 3: 9, 4: 9})
    policies = {"retry": Retry(3, backoff=1, factor=1, jitter=0), "breaker": Breaker(2, reset=100)}
    result = run(passing(flaky), range(5), error=True, make_loop=make_loop, **policies)
    assert flaky.numbers == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert failed(result) == [*((number, "ConnectionError") for number in (0, 2, 3)), (4, "BreakerError")]
    assert [failure.error.attempts for failure in result.outputs.failures] == [3, 3, 3, 0]
    assert result.outputs.passed == [1]


def test_the_one_on_trial_has_all_its_attempts() -> None:
    """What is let through is a firing; when its last attempt succeeds, the breaker closes."""
    flaky = Flaky({0: 3, 1: 2})
    policies = {"breaker": Breaker(1, reset=10, meanwhile="wait"), "retry": Retry(3, backoff=5, jitter=0)}
    result = run(passing(flaky), [0, 1, 2], error=True, **policies)
    assert flaky.asked == [(0, 0), (5, 0), (15, 0), (25, 1), (30, 1), (40, 1), (40, 2)]
    assert (failed(result), result.outputs.passed) == ([(0, "ConnectionError")], [1, 2])


def test_waiting_keeps_packets_on_their_edge() -> None:
    """Nothing is refused, and nothing lost: who sends waits too."""
    flaky = Flaky({2: 4})
    policies = {"restart": Restart(backoff=0, most=9), "breaker": Breaker(2, reset=60, meanwhile="wait")}
    result = run(passing(flaky), range(5), **policies)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 2, 3, 4])
    assert flaky.asked[2:7] == [(0, 2), (0, 2), (60, 2), (120, 2), (180, 2)]


def test_without_anybody_to_take_what_is_refused_the_net_fails() -> None:
    """As after any failure."""
    flaky = Flaky({0: 1})
    result = run(passing(flaky), [0, 1], breaker=Breaker(1))
    assert (result.outcome, result.held) == ("failed", {"node.number": 0})


def test_the_end_of_a_stream_is_no_failure() -> None:
    """A function that ends its node has not failed."""
    flaky = Flaky({1: 1}, EndOfStream)
    result = run(passing(flaky), [0, 1, 2], breaker=Breaker(1))
    assert (result.outcome, result.outputs.passed) == ("finished", [0])


def test_a_trial_that_is_cancelled_decides_nothing() -> None:
    """A net that ends in the middle of one ends, and holds its packet."""
    flaky = Flaky({0: 1})
    function = slowly(flaky, 3)
    result = run(function, [0, 1, 2], breaker=Breaker(1, reset=1, meanwhile="wait"), error=True, time_limit=5)
    assert (result.outcome, result.held) == ("stopped", {"node.number": 1})


# -- beside other firings --------------------------------------------------------------------------------


def takes(flaky: Flaky, seconds: dict[int, float]) -> Any:
    """Make a function that takes as long for each number as is said, and then is asked."""

    @component
    async def passes(number: int) -> int:
        await asyncio.sleep(seconds.get(number, 0))
        flaky.look(number)
        return number

    return passes


@pytest.mark.parametrize("order", ["ordered", "unordered"])
def test_what_fails_when_others_have_opened_it_gives_up(order: Any) -> None:
    """Saying so; its own last error is the cause. What is called then may succeed all the same."""
    flaky = Flaky({0: 9, 1: 9})
    policies = {"retry": Retry(2, backoff=3, jitter=0), "breaker": Breaker(1, reset=60)}
    function = takes(flaky, {1: 4, 2: 6})
    result = run(function, [0, 1, 2], error=True, concurrency=Concurrency(3, order), **policies)
    # 0 fails at 0 and 3, and opens it; 1 is called, and fails at 4; 2 is called, and succeeds at 6.
    assert flaky.asked == [(0, 0), (3, 0), (4, 1), (6, 2)]
    assert failed(result) == [(0, "ConnectionError"), (1, "BreakerError")]
    assert (result.outputs.passed, result.seconds, result.retries) == ([2], 6, {"node": 1})
    error = result.outputs.failures[1].error
    assert "given up after its first attempt, for the breaker has opened: one firing has failed" in error.what
    assert "it is tried in 59 s" in error.what
    assert repr(error.cause.__cause__) == "ConnectionError(1)"
    assert error.attempts == 1
    assert "ConnectionError: 1" in error.traceback


@pytest.mark.parametrize("order", ["ordered", "unordered"])
def test_the_wait_for_an_attempt_ends_when_it_opens(order: Any) -> None:
    """Nobody waits for an attempt that would be refused."""
    flaky = Flaky({0: 9, 1: 9})
    policies = {"retry": Retry(3, backoff=10, factor=1, jitter=0), "breaker": Breaker(1, reset=60)}
    function = takes(flaky, {0: 1, 1: 5})
    result = run(function, [0, 1], error=True, concurrency=Concurrency(2, order), **policies)
    # 0 is called at 0, 11 and 22, and has failed at 23; 1 at 0 and 15, so that its third call would be at 30.
    assert flaky.asked == [(1, 0), (5, 1), (12, 0), (20, 1), (23, 0)]
    assert (failed(result), result.seconds) == ([(0, "ConnectionError"), (1, "BreakerError")], 23)
    assert result.outputs.failures[1].error.attempts == 2


def test_where_firings_wait_their_attempts_do_too() -> None:
    """Then none is given up: the first of them is on trial with the attempts that it has left, then the others."""
    flaky = Flaky({0: 3, 1: 2, 2: 1})
    breaker = Breaker(1, reset=60, meanwhile="wait")
    policies = {"retry": Retry(3, backoff=10, factor=1, jitter=0), "breaker": breaker, "concurrency": 3}
    result = run(takes(flaky, {1: 6, 2: 11}), range(4), error=True, **policies)
    # 0 opens it at 20, when 2 waits for an attempt; 1 is called, and fails at 22; 3 comes at 20. At 80 2 is on trial.
    calls = [(0, 0), (6, 1), (10, 0), (11, 2), (20, 0), (22, 1), (91, 2), (91, 3), (97, 1)]
    assert sorted(flaky.asked) == calls
    assert (failed(result), result.outputs.passed) == ([(0, "ConnectionError")], [1, 2, 3])


def test_a_firing_that_waits_for_its_time_is_refused_at_once() -> None:
    """And its time is given back: the schedule stands as if it had not come."""
    flaky = Flaky({0: 1})

    async def numbers() -> Any:
        for number in range(4):
            yield number
        await asyncio.sleep(14)
        yield 4
        yield 5

    policies = {"rate": Rate(1, per=10), "breaker": Breaker(1, reset=5), "concurrency": Concurrency(4, "unordered")}
    result = run(takes(flaky, {0: 1}), numbers(), error=True, **policies)
    assert failed(result) == [(0, "ConnectionError"), *((number, "BreakerError") for number in (1, 2, 3))]
    assert flaky.asked == [(1, 0), (14, 4), (24, 5)]


class TakesOne(Component):
    """Takes one failure, and no more."""

    failure: In[Any]

    async def run(self) -> None:
        await self.failure.receive()


def test_a_trial_that_a_restart_cancels_leaves_its_place_to_another() -> None:
    """A node that is begun anew in the middle of a trial does not leave the breaker half open for ever."""
    flaky = Flaky({0: 1, 1: 1})
    graph = alone(takes(flaky, {0: 102, 1: 50}))
    graph["node"].error >> graph.add(TakesOne).failure
    policies = NodeSettings(
        rate=Rate(1, per=100),
        breaker=Breaker(1, reset=5, meanwhile="wait"),
        concurrency=Concurrency(3, "unordered"),
        restart=Restart(backoff=0),
    )
    result = run_graph(graph, policies=policies, numbers=range(3))
    # 0 fails at 102, and is taken. 2 is on trial from 107 on, and would begin at 200; but 1, which began at 100, fails
    # at 150, and fails the node. The new life has 1 on trial.
    assert flaky.asked == [(102, 0), (150, 1), (350, 1), (400, 2)]
    assert (result.outcome, result.restarts, result.outputs.passed) == ("finished", {"node": 1}, [1, 2])


class Gate:
    """Calls of one circuit, made beside each other."""

    def __init__(self, policy: Breaker) -> None:
        self.policy = policy

    def run(self, calls: Callable[[Any], Any]) -> Any:
        """Run calls on a stepped loop."""
        from fbcore.orchestration.breaker import Circuit

        class Watching:
            def notice(self, address: str, text: str) -> None:
                pass

        class Net:
            watching = Watching()

        class Node:
            address = "node"
            net = Net()
            pauses = ()
            crew = None

        async def main() -> Any:
            Node.net.loop = asyncio.get_running_loop()  # type: ignore[attr-defined]
            node: Any = Node()
            return await calls(Circuit(self.policy, node))

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            return runner.run(main())


def test_beside_a_trial_others_are_refused_or_wait() -> None:
    """One at a time, until it has ended; a trial that was given up leaves its place to the next."""

    async def calls(circuit: Any) -> list[str]:
        said: list[str] = []
        era = await circuit.enter()
        circuit.failed(era, ConnectionError("gone"))
        await asyncio.sleep(1)

        async def call(name: str, seconds: float, how: str) -> None:
            try:
                era = await circuit.enter()
            except BreakerError as error:
                said.append(f"{name} refused, {error.what.rpartition('; ')[2]}")
                return
            said.append(f"{name} begins")
            await asyncio.sleep(seconds)
            said.append(f"{name} {how}")
            circuit.given_up(era) if how == "given up" else circuit.succeeded(era)

        async with asyncio.TaskGroup() as tasks:
            for given in ("a", 1, "given up"), ("b", 1, "succeeds"), ("c", 0, "succeeds"), ("d", 0, "succeeds"):
                tasks.create_task(call(*given))
        return said

    assert Gate(Breaker(1, reset=1)).run(calls) == [
        "a begins",
        *(f"{name} refused, it is tried now, by another firing" for name in "bcd"),
        "a given up",
    ]
    assert Gate(Breaker(1, reset=1, meanwhile="wait")).run(calls) == [
        "a begins",
        "a given up",
        "b begins",
        "b succeeds",
        *("c begins", "d begins"),
        *("c succeeds", "d succeeds"),
    ]


def test_a_call_of_an_earlier_era_says_nothing() -> None:
    """One that began before the breaker opened neither closes it, nor keeps it open for longer."""

    async def calls(circuit: Any) -> Any:
        early, late = await circuit.enter(), await circuit.enter()
        circuit.failed(early, ConnectionError())
        then = circuit.state(0)
        await asyncio.sleep(0.5)
        circuit.succeeded(late)
        circuit.failed(late, ConnectionError())
        return then == circuit.state(0)

    assert Gate(Breaker(1, reset=1)).run(calls)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"failures": 0}, "`failures` of Breaker cannot be 0"),
        ({"failures": None}, "`failures` of Breaker cannot be None"),
        ({"reset": 0}, "`reset` of Breaker cannot be 0"),
        ({"on": "x"}, "'x' is no class of errors"),
        ({"meanwhile": "drop"}, "`meanwhile` of Breaker cannot be 'drop'"),
    ],
)
def test_a_breaker_that_cannot_be_is_refused(fields: Any, what: str) -> None:
    """When it is made, with what it should be."""
    with pytest.raises(SettingsError, match="hint: ") as caught:
        Breaker(**fields)
    assert what in str(caught.value)
