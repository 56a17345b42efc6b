"""Firings that are tried again: how often, after which errors and waits, and what becomes of memory and items."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fbcore import (
    Graph,
    Memory,
    NodeSettings,
    Result,
    Retry,
    component,
)
from fbcore.loop import SteppedLoop
from tests.laws.running import StockLoop
from tests.orchestration.supervising import Heard
from tests.orchestration.supervising import run as run_it

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"stepped": SteppedLoop, "stock": StockLoop}
AT_ONCE = Retry(backoff=0)


class Flaky:
    """Raises for a number as often as is said, and writes down when it was asked about which."""

    def __init__(self, times: dict[int, int], error: type[Exception] = ConnectionError) -> None:
        self.left = dict(times)
        self.error = error
        self.asked: list[tuple[float, int]] = []

    def look(self, number: int) -> None:
        self.asked.append((round(asyncio.get_running_loop().time(), 9), number))
        if self.left.get(number, 0) > 0:
            self.left[number] -= 1
            raise self.error(number)

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.asked]

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.asked]


def passing(flaky: Flaky) -> Any:
    """Make the plainest function there is, which fires in batches on the ordinary loop."""

    @component
    def passes(number: int) -> int:
        flaky.look(number)
        return number

    return passes


def alone(function: Any, *, error: bool = False) -> Graph:
    """Return a graph with one function called `node`, from the input `number` to the output `passed`."""
    graph = Graph("alone")
    node = graph.add(function, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.passed
    if error:
        node.error >> graph.outputs.failures
    return graph


def run(function: Any, retry: Retry, numbers: Any, *, error: bool = False, **options: Any) -> Result:
    """Run a function alone under a policy."""
    graph = alone(function, error=error)
    return run_it(graph, policies=NodeSettings(retry=retry), numbers=numbers, **options)


# -- how often, and after how long -----------------------------------------------------------------------


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_a_firing_is_tried_again(make_loop: Any) -> None:
    """What comes out is as if nothing had failed, in order; the back-off is exact, to the millisecond."""
    flaky = Flaky({2: 3})
    policy = Retry(attempts=4, backoff=0.1, factor=3, jitter=0)
    heard = Heard()
    result = run(passing(flaky), policy, range(5), make_loop=make_loop, heard=heard)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 2, 3, 4])
    assert flaky.asked == [(0, 0), (0, 1), (0, 2), (0.1, 2), (0.4, 2), (1.3, 2), (1.3, 3), (1.3, 4)]
    assert [(attempt, round(delay, 9)) for _, attempt, delay, _ in heard.retries] == [(1, 0.1), (2, 0.3), (3, 0.9)]
    assert result.retries == {"node": 3}
    assert "retried  node: 3 times" in str(result)


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_never_more_attempts_than_allowed(make_loop: Any, attempts: int) -> None:
    """After the last the firing has failed: with nobody to take that the net fails, and holds the packet."""
    flaky = Flaky({1: 9})
    result = run(passing(flaky), Retry(attempts, backoff=1, jitter=0), range(3), make_loop=make_loop)
    assert (result.outcome, result.outputs.passed, result.held) == ("failed", [0], {"node.number": 1})
    assert flaky.numbers.count(1) == attempts
    (error,) = result.errors
    assert error.attempts == attempts
    assert (f"it was tried {attempts} times" in error.hint) == (attempts > 1)


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_after_the_last_attempt_the_packet_goes_to_error(make_loop: Any) -> None:
    """Where `error` is connected the failure is sent there, with the value, and the next packet has its attempts."""
    flaky = Flaky({1: 9, 3: 2})
    result = run(passing(flaky), AT_ONCE, range(5), error=True, make_loop=make_loop)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 2, 3, 4])
    (failure,) = result.outputs.failures
    assert (failure.value, failure.error.attempts) == (1, 3)
    assert [flaky.numbers.count(number) for number in range(5)] == [1, 3, 1, 3, 1]


# -- what is restored, and what has left -----------------------------------------------------------------


def test_memory_is_what_it_was_before_the_firing() -> None:
    """Also what was changed deep in it; and after the last attempt too."""
    flaky = Flaky({1: 2, 2: 9})

    @component
    def gathers(number: int, seen: Memory[dict[str, list[int]]] = Memory(lambda: {"seen": []})) -> list[int]:
        seen.value["seen"].append(number)
        flaky.look(number)
        return list(seen.value["seen"])

    result = run(gathers, AT_ONCE, range(4), error=True)
    assert result.outputs.passed == [[0], [0, 1], [0, 1, 3]]
    assert [failure.value for failure in result.outputs.failures] == [2]
