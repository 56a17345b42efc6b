"""Firings that are tried again: how often, after which errors and waits, and what becomes of memory and items."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from fbcore import (
    BatchRuntime,
    Each,
    EndOfStream,
    Graph,
    Memory,
    Missing,
    NetSettings,
    NodeSettings,
    Packet,
    Retry,
    SettingsError,
    StopNet,
    component,
)
from fbcore.loop import SteppedLoop
from fbcore.runtimes.blocking import run_on
from tests.orchestration.flaky import LOOPS, Flaky, alone, passing, run
from tests.orchestration.supervising import Heard

AT_ONCE = Retry(backoff=0)

each_loop = pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)


# -- how often, after which errors, and after how long ---------------------------------------------------


@each_loop
def test_a_firing_is_tried_again(make_loop: Any) -> None:
    """What comes out is as if nothing had failed, in order; the back-off is exact, to the millisecond."""
    flaky, heard = Flaky({2: 3}), Heard()
    policy = Retry(attempts=4, backoff=0.1, factor=3, jitter=0)
    result = run(passing(flaky), range(5), retry=policy, make_loop=make_loop, heard=heard)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 2, 3, 4])
    assert flaky.asked == [(0, 0), (0, 1), (0, 2), (0.1, 2), (0.4, 2), (1.3, 2), (1.3, 3), (1.3, 4)]
    assert [(attempt, round(delay, 9)) for _, attempt, delay, _ in heard.retries] == [(1, 0.1), (2, 0.3), (3, 0.9)]
    assert result.retries == {"node": 3}
    assert "retried  node: 3 times" in str(result)


@each_loop
@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_never_more_attempts_than_allowed(make_loop: Any, attempts: int) -> None:
    """After the last the firing has failed: with nobody to take that the net fails, and holds the packet."""
    flaky = Flaky({1: 9})
    result = run(passing(flaky), range(3), retry=Retry(attempts, backoff=1, jitter=0), make_loop=make_loop)
    assert (result.outcome, result.outputs.passed, result.held) == ("failed", [0], {"node.number": 1})
    assert flaky.numbers.count(1) == attempts
    (error,) = result.errors
    assert error.attempts == attempts
    assert (f"it was tried {attempts} times" in error.hint) == (attempts > 1)


@each_loop
def test_after_the_last_attempt_the_packet_goes_to_error(make_loop: Any) -> None:
    """Where `error` is connected the failure is sent there, with the value, and the next packet has its attempts."""
    flaky = Flaky({1: 9, 3: 2})
    result = run(passing(flaky), range(5), retry=AT_ONCE, error=True, make_loop=make_loop)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 2, 3, 4])
    (failure,) = result.outputs.failures
    assert (failure.value, failure.error.attempts) == (1, 3)
    assert [flaky.numbers.count(number) for number in range(5)] == [1, 3, 1, 3, 1]


def test_a_wait_is_no_longer_than_the_longest() -> None:
    """However often it has failed, and however large the factor."""
    flaky = Flaky({0: 4})
    run(passing(flaky), [0], retry=Retry(9, backoff=1, factor=1e200, longest=5, jitter=0))
    assert flaky.times == [0, 1, 6, 11, 16]


@each_loop
@pytest.mark.parametrize("jitter", [0.1, 1])
def test_jitter_keeps_within_its_bounds(make_loop: Any, jitter: float) -> None:
    """Each wait is off by at most that part, and no two are the same."""
    flaky = Flaky({0: 200})
    run(passing(flaky), [0], retry=Retry(201, backoff=1, factor=1, jitter=jitter), make_loop=make_loop)
    waits = [later - before for before, later in pairwise(flaky.times)]
    assert 1 - jitter <= min(waits) < 1 - jitter / 2
    assert 1 + jitter / 2 < max(waits) <= 1 + jitter
    assert len(set(waits)) == 200


def test_jitter_is_the_same_on_virtual_time() -> None:
    """A run on a stepped loop can be repeated, with its waits; and each firing waits as the others do."""
    both = [Flaky({0: 3, 1: 3}) for _ in range(2)]
    for flaky in both:
        run(passing(flaky), [0, 1], retry=Retry(4))
    assert both[0].asked == both[1].asked
    waits = [round(later - before, 6) for before, later in pairwise(both[0].times) if later != before]
    assert waits[:3] == waits[3:]


@pytest.mark.parametrize(
    ("on", "attempts"),
    [
        (ConnectionError, 3),
        ("OSError", 3),
        ((ValueError, "builtins.ConnectionError"), 3),
        (["KeyError", ValueError], 1),
        ("asyncio.QueueFull", 1),
        ((), 1),
    ],
)
def test_only_errors_that_are_worth_it(on: Any, attempts: int) -> None:
    """Classes, names of classes, or several of both; what derives from one counts as well."""
    flaky = Flaky({0: 9})
    assert run(passing(flaky), [0], retry=Retry(backoff=0, on=on)).outcome == "failed"
    assert len(flaky.asked) == attempts


@pytest.mark.parametrize(
    ("errors", "attempts"),
    [
        ([ConnectionError(), ConnectionResetError()], 3),
        ([ConnectionError(), ExceptionGroup("deep", [ConnectionError()])], 3),
        ([ConnectionError(), ValueError()], 1),
        ([ConnectionError(), StopNet()], 1),
    ],
)
def test_a_group_of_errors_is_worth_it_when_each_is(errors: list[Exception], attempts: int) -> None:
    """As an async function raises that has done several things at once."""
    calls = []

    @component
    async def several(number: int) -> int:
        calls.append(number)
        raise ExceptionGroup("several", errors)

    run(several, [0], retry=Retry(backoff=0, on=ConnectionError))
    assert len(calls) == attempts
    calls.clear()
    run(several, [0], retry=Retry(backoff=0))
    assert len(calls) == (1 if any(isinstance(error, StopNet) for error in errors) else 3)


@each_loop
@pytest.mark.parametrize(
    ("error", "outcome"), [(EndOfStream, "finished"), (StopNet, "stopped"), (SystemExit, "failed")]
)
def test_what_steers_is_not_tried_again(make_loop: Any, error: Any, outcome: str) -> None:
    """A function that ends its node, or the net, means it; and SystemExit is no error of a packet."""
    flaky = Flaky({1: 9}, error)
    result = run(passing(flaky), range(3), retry=AT_ONCE, make_loop=make_loop)
    assert (result.outcome, result.outputs.passed, flaky.numbers) == (outcome, [0], [0, 1])


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"attempts": 0}, "`attempts` of Retry cannot be 0"),
        ({"attempts": None}, "`attempts` of Retry cannot be None"),
        ({"attempts": True}, "`attempts` of Retry cannot be True"),
        ({"backoff": -1}, "`backoff` of Retry cannot be -1"),
        ({"backoff": None}, "`backoff` of Retry cannot be None"),
        ({"factor": 0.5}, "`factor` of Retry cannot be 0.5"),
        ({"jitter": 2}, "`jitter` of Retry cannot be 2"),
        ({"longest": float("nan")}, "`longest` of Retry cannot be nan"),
        ({"on": "NoSuchError"}, "'NoSuchError' is no class of errors"),
        ({"on": "..no.Such"}, "'..no.Such' is no class of errors"),
        ({"on": "antigravity_.Such"}, "is no class of errors"),
        ({"on": KeyboardInterrupt}, "is no class of errors"),
        ({"on": 3}, "3 is no class of errors"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(fields: Any, what: str) -> None:
    """When it is made, with what it should be."""
    with pytest.raises(SettingsError, match="hint: ") as caught:
        Retry(**fields)
    assert what in str(caught.value)


# -- memory, and what has left ---------------------------------------------------------------------------


@each_loop
def test_memory_is_what_it_was_before_the_firing(make_loop: Any) -> None:
    """Also what was changed deep in it; and after the last attempt too."""
    flaky = Flaky({1: 2, 2: 9})

    @component
    def gathers(number: int, seen: Memory[dict[str, list[int]]] = Memory(lambda: {"seen": []})) -> list[int]:
        seen.value["seen"].append(number)
        flaky.look(number)
        return list(seen.value["seen"])

    result = run(gathers, range(4), retry=AT_ONCE, error=True, make_loop=make_loop)
    assert result.outputs.passed == [[0], [0, 1], [0, 1, 3]]
    assert [failure.value for failure in result.outputs.failures] == [2]


def test_a_memory_that_cannot_be_copied_is_said() -> None:
    """Before anything is called, with the address of the memory."""
    flaky = Flaky()

    @component
    def keeps(number: int, lock: Memory[Any] = Memory(lambda: iter_of(3))) -> int:
        flaky.look(number)
        return number

    def iter_of(count: int) -> Iterator[int]:
        yield from range(count)

    result = run(keeps, [1], retry=AT_ONCE)
    assert (result.outcome, flaky.asked) == ("failed", [])
    assert "cannot be copied" in result.errors[0].what


def streaming(flaky: Flaky, *, buffered: bool, is_async: bool) -> Any:
    """Make a function that yields the number, may fail, and yields the number's tenfold."""

    @component(buffered=buffered)
    def yields(number: int) -> Iterator[int]:
        flaky.look(number)
        yield number
        flaky.look(10 * number)
        yield 10 * number

    @component(buffered=buffered)
    async def waits(number: int) -> AsyncIterator[int]:
        flaky.look(number)
        yield number
        await asyncio.sleep(1)
        flaky.look(10 * number)
        yield 10 * number

    return waits if is_async else yields


@each_loop
@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_that_yields_is_tried_again_until_its_first_item_has_left(make_loop: Any, is_async: bool) -> None:
    """Once something has left, to begin anew would send it twice: the firing has failed."""
    flaky = Flaky({1: 2, 20: 1})
    function = streaming(flaky, buffered=False, is_async=is_async)
    result = run(function, [1, 2, 3], retry=AT_ONCE, error=True, make_loop=make_loop)
    assert result.outputs.passed == [1, 10, 2, 3, 30]
    assert [(failure.value, failure.error.attempts) for failure in result.outputs.failures] == [(2, 1)]
    assert result.retries == {"node": 2}


@each_loop
@pytest.mark.parametrize("is_async", [False, True])
def test_buffered_items_leave_when_all_are_there(make_loop: Any, is_async: bool) -> None:
    """So a firing can be tried again wherever it fails, and sends nothing twice."""
    flaky = Flaky({1: 1, 20: 1, 30: 9})
    function = streaming(flaky, buffered=True, is_async=is_async)
    result = run(function, [1, 2, 3], retry=AT_ONCE, error=True, make_loop=make_loop)
    assert result.outputs.passed == [1, 10, 2, 20]
    assert [(failure.value, failure.error.attempts) for failure in result.outputs.failures] == [(3, 3)]


def test_an_iterator_that_failed_is_closed() -> None:
    """Its `finally` has run before the next attempt begins."""
    events: list[str] = []

    @component(buffered=True)
    async def yields(number: int) -> AsyncIterator[int]:
        events.append("begins")
        try:
            yield number
            if events.count("begins") < 3:
                raise ValueError(number)
        finally:
            events.append("ends")

    assert run(yields, [7], retry=AT_ONCE).outputs.passed == [7]
    assert events == ["begins", "ends"] * 3


def test_what_cannot_be_sent_is_not_called_again() -> None:
    """The function has done its work: that an edge refuses its value is another matter, and no attempt mends it."""
    calls: list[int] = []

    @component
    def half(number: int) -> int:
        calls.append(number)
        return number / 2  # type: ignore[return-value]

    graph = alone(half)
    settings = NetSettings(check="edges", nodes={"node": NodeSettings(retry=AT_ONCE)})
    result = run_on(
        SteppedLoop, lambda: BatchRuntime(graph, settings=settings).arun(inputs={"number": 3}, raises=False)
    )
    assert (result.outcome, calls) == ("failed", [3])


# -- other ways to fire ----------------------------------------------------------------------------------


@each_loop
def test_all_kinds_of_functions_are_tried_again(make_loop: Any) -> None:
    """Asynchronous ones, of several inputs, on any of them, with packets and with fields."""
    left = {"n": 0}

    class Both(NamedTuple):
        low: int
        high: int

    def fail() -> None:
        left["n"] += 1
        if left["n"] % 3:
            raise ConnectionError

    @component
    async def waits(a: int, *, b: int) -> int:
        await asyncio.sleep(1)
        fail()
        return a + b

    @component(fires="any")
    def either(a: int | Missing, b: int | Missing) -> str:
        fail()
        return f"{a} {b}"

    @component
    def forwards(a: Packet[int], b: int) -> Packet[int]:
        fail()
        return a

    @component(unpack=True)
    def fields(a: int, b: int) -> Both:
        fail()
        return Both(min(a, b), max(a, b))

    expected: list[tuple[Any, dict[str, list[Any]]]] = [
        (waits, {"out": [3]}),
        (either, {"out": ["1 Missing()", "1 2"]}),
        (forwards, {"out": [1]}),
        (fields, {"low": [1], "high": [2]}),
    ]
    for function, outputs in expected:
        graph = Graph("several")
        node = graph.add(function, "node")
        for name in "ab":
            graph.inputs[name] >> getattr(node, name)
        for name in outputs:
            getattr(node, name) >> graph.outputs[name]
        runtime = BatchRuntime(graph, settings=NetSettings(retry=Retry(backoff=1, jitter=0)))
        result = run_on(make_loop, lambda made=runtime: made.arun(inputs={"a": 1, "b": 2}, raises=False))  # type: ignore[misc]
        assert (result.outcome, {name: result.outputs[name] for name in outputs}) == ("finished", outputs)
        assert result.retries == {"node": 2 * (2 if function is either else 1)}


def test_a_source_is_tried_again() -> None:
    """A function without inputs, too."""
    left = ["twice", "once"]

    @component
    def begins() -> str:
        if left:
            raise ConnectionError(left.pop())
        return "here"

    assert BatchRuntime(begins, settings=NetSettings(retry=AT_ONCE)).run().outputs.out == ["here"]


def test_a_firing_keeps_the_configs_that_it_began_with() -> None:
    """Another value that comes while it waits for its next attempt is for the next firing."""
    flaky = Flaky({1: 1})

    async def later() -> AsyncIterator[str]:
        yield "first"
        await asyncio.sleep(5)
        yield "second"

    @component
    def tells(number: int, word: str = "none") -> str:
        flaky.look(number)
        return f"{word} {number}"

    graph = alone(tells)
    graph.inputs.word >> graph["node"].word
    settings = NetSettings(retry=Retry(backoff=10, jitter=0))
    runtime = BatchRuntime(graph, settings=settings)
    inputs = {"number": Each([1, 2]), "word": Each(later())}
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs))
    assert result.outputs.passed == ["first 1", "second 2"]


# -- around it -------------------------------------------------------------------------------------------


@each_loop
def test_a_net_that_is_cancelled_holds_the_packet_that_waits(make_loop: Any) -> None:
    """And what lies behind it is unread: nothing is lost."""
    flaky = Flaky({1: 9})
    policy = Retry(attempts=9, backoff=100, jitter=0)
    result = run(passing(flaky), range(4), retry=policy, make_loop=make_loop, time_limit=5)
    assert (result.outputs.passed, result.held) == ([0], {"node.number": 1})
    assert [*result.unread.values()] == [[2, 3]]
    assert "a timer" in "".join(result.waits.values()) or not result.waits


def test_messages_come_after_the_last_attempt() -> None:
    """`executed` and `failed` tell of firings, not of attempts."""
    flaky = Flaky({0: 1, 1: 9})
    graph = alone(passing(flaky), error=True)
    graph["node"].executed >> graph.outputs.executed
    graph["node"].failed >> graph.outputs.failed
    runtime = BatchRuntime(graph, settings=NetSettings(retry=AT_ONCE))
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": Each(range(3))}))
    assert (len(result.outputs.executed), len(result.outputs.failed)) == (2, 1)


def test_retries_are_logged_when_somebody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """At the level INFO, with the attempt, the error and the wait."""
    caplog.set_level(logging.INFO, "fbcore")
    run(passing(Flaky({0: 1})), [0], retry=Retry(jitter=0))
    assert "node: is tried again in 0.1 s, after attempt 1: ConnectionError: 0" in caplog.text


def test_an_error_that_takes_no_attributes_can_fail_too() -> None:
    """Errors are the user's; what is noted of them is noted whatever they refuse."""

    class StiffError(ConnectionError):
        def __setattr__(self, name: str, value: object) -> None:
            raise TypeError(name)

    result = run(passing(Flaky({0: 9}, StiffError)), [0], retry=AT_ONCE)
    assert (result.errors[0].what.partition(":")[0], result.errors[0].attempts) == ("StiffError", 3)


@each_loop
def test_history_knows_one_parent(make_loop: Any) -> None:
    """However often it was tried, what comes out is of the one packet that came in."""
    flaky = Flaky({0: 2, 2: 2})
    result = run(passing(flaky), range(4), retry=AT_ONCE, tracking="history", make_loop=make_loop)
    parents = [result.packets.parents(packet) for packet in result.packets.born_at("node.out")]
    assert parents == [(("inputs.number", number),) for number in range(4)]
