"""Time-outs of firings: async ones on virtual time, exactly; plain ones in real threads, with events to wait for."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import (
    BatchRuntime,
    Breaker,
    Component,
    Concurrency,
    DeadLetters,
    Each,
    FSMRuntime,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Result,
    Retry,
    SettingsError,
    SteppedLoop,
    Timeout,
    component,
    log_context,
)
from fbcore.errors import FlowError
from fbcore.loop import Seeded
from fbcore.orchestration import callers, timeouts
from fbcore.orchestration.fitting import doubts
from fbcore.runtimes.blocking import run_on
from fbdev.explore import NetScene, explore
from tests.clock import Clock

LONG = 100
"""Seconds that nothing here takes, unless it hangs."""


def graph_of(function: Any) -> Graph:
    """Return a graph of one function, called `node`, and its failures as outputs."""
    graph = Graph("timed")
    node = graph.add(function, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    node.error >> graph.outputs.failed
    return graph


def run(function: Any, numbers: Any, on: Any = SteppedLoop, **said: Any) -> Result:
    """Run a function with policies, by default on virtual time, however it ends."""
    graph = function if isinstance(function, Graph) else graph_of(function)
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": NodeSettings(**said)}))
    limit = LONG if on is asyncio.new_event_loop else None
    result = run_on(on, lambda: runtime.arun(inputs={"number": Each(numbers)}, raises=False, time_limit=limit))
    assert "time limit" not in result.reason, result
    return result


def errors_in(result: Result) -> list[tuple[object, str]]:
    """Return the packets that failed, each with what its error says first."""
    return [(each.value, each.error.what.partition(",")[0]) for each in result.outputs.failed]


HARD = "TimeoutError: no result after {} s"
IDLE = "TimeoutError: nothing came of it for {} s"


# -- on virtual time -------------------------------------------------------------------------------------


@component
async def sleeps(number: int) -> float:
    await asyncio.sleep(number)
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("timeout", [Timeout(2), Timeout(idle=2), Timeout(2, idle=5), 2, 2.0])
def test_an_async_function_is_cancelled_on_time(timeout: Any) -> None:
    """To the instant: what takes as long as that is too late, and the next firing begins then."""
    result = run(sleeps, [1, 3, 1, 2], timeout=timeout)
    assert (result.outcome, result.outputs.out) == ("finished", [1, 4])
    what = IDLE if timeout == Timeout(idle=2) else HARD
    assert errors_in(result) == [(3, what.format(2)), (2, what.format(2))]
    assert result.seconds == 6


def test_the_error_is_a_time_out_with_an_address_and_a_place() -> None:
    """It is a `TimeoutError`, says where the function was, and how to mend it."""
    graph = graph_of(sleeps)
    (error,) = (each.error for each in run(graph, [9], timeout=1).outputs.failed)
    assert isinstance(error.cause, TimeoutError)
    assert isinstance(error.cause, FlowError)
    assert (error.address, error.cause.address) == ("node", "node")
    assert "no result after 1 s, its hard time-out (test_timeout.py:" in error.what
    assert "give it longer, `timeout` in its settings" in error.hint


@component
async def items(number: int) -> AsyncIterator[int]:
    for each in range(number):
        await asyncio.sleep(each)
        yield each


def test_idle_is_the_time_between_two_items() -> None:
    """Each item begins it anew; the time in all is not bounded by it."""
    result = run(items, [3, 5], timeout=Timeout(idle=3))
    assert (result.outputs.out, errors_in(result)) == ([0, 1, 2, 0, 1, 2], [(5, IDLE.format(3))])
    assert result.seconds == 3 + 6


def test_hard_is_the_time_of_all_items() -> None:
    """The last step has what those before it have left, whatever idle would allow."""
    result = run(items, [3, 5], timeout=Timeout(4, idle=3))
    assert (result.outputs.out, errors_in(result)) == ([0, 1, 2, 0, 1, 2], [(5, HARD.format(4))])
    assert result.seconds == 3 + 4


def test_waiting_for_room_is_no_time_of_the_function() -> None:
    """A consumer that is slow makes no firing late."""

    class Slow(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(10)
                await self.out.send(number)

    graph = Graph("slow")
    node, slow = graph.add(items, "node"), graph.add(Slow, "slow")
    graph.inputs.number >> node.number
    graph.connect(node.out, slow.number, capacity=1)
    slow.out >> graph.outputs.out
    result = run(graph, [4], timeout=Timeout(7, idle=4))
    assert (result.outcome, result.outputs.out) == ("finished", [0, 1, 2, 3])


def test_what_comes_too_late_does_not_count() -> None:
    """A result, or an error, of a function that goes on when it is cancelled is none."""

    @component
    async def stubborn(number: int) -> int:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            if number:
                raise ValueError("late") from None
        return number

    result = run(stubborn, [0, 1], timeout=1)
    assert (result.outputs.out, errors_in(result), result.seconds) == (
        [],
        [(0, HARD.format(1)), (1, HARD.format(1))],
        6,
    )


def test_a_time_out_of_its_own_is_its_own() -> None:
    """A `TimeoutError` that a function raises, or catches, is no business of the policy."""

    @component
    async def own(number: int) -> int:
        try:
            async with asyncio.timeout(1):
                await asyncio.sleep(number)
        except TimeoutError:
            if number == 3:
                raise
            return -1
        return number

    result = run(own, [0, 2, 3], timeout=5)
    assert result.outputs.out == [0, -1]
    (failed,) = result.outputs.failed
    assert type(failed.error.cause) is TimeoutError


@pytest.mark.parametrize("on", [TimeoutError, "TimeoutError", (OSError, "TimeoutError"), FlowError])
def test_a_retry_tries_again_what_was_too_late(on: Any) -> None:
    """Each attempt has the whole time, and memory is as before the first."""
    waits = iter([3, 3, 1])

    @component
    async def flaky(number: int, seen: Memory[list[int]] = Memory(list)) -> list[int]:
        seen.value.append(number)
        await asyncio.sleep(next(waits))
        return list(seen.value)

    retry = Retry(attempts=3, backoff=1, jitter=0, on=on)
    result = run(flaky, [7], timeout=2, retry=retry)
    assert (result.outputs.out, result.retries) == ([[7]], {"node": 2})
    assert result.seconds == 2 + 1 + 2 + 2 + 1


def test_a_retry_of_other_errors_does_not() -> None:
    """What is not said to be worth it fails at once."""
    result = run(sleeps, [9], timeout=2, retry=Retry(attempts=3, on=ValueError))
    assert (errors_in(result), result.retries, result.seconds) == ([(9, HARD.format(2))], {}, 2)


def test_a_breaker_counts_time_outs() -> None:
    """The time-out is inside the breaker: after so many the function is not called."""
    result = run(sleeps, [9, 9, 9], timeout=1, breaker=Breaker(failures=2, reset=60))
    assert [type(each.error.cause).__name__ for each in result.outputs.failed][2] == "BreakerError"
    assert result.seconds == 2


def test_firings_that_go_on_at_once_have_each_their_own_time() -> None:
    """It is counted from the beginning of each, and order is kept."""
    result = run(sleeps, [4, 1, 2, 3], timeout=Timeout(3.5), concurrency=2)
    assert (result.outputs.out, errors_in(result)) == ([1, 5.5, 6.5], [(4, HARD.format(3.5))])


def test_a_net_that_is_stopped_is_no_time_out() -> None:
    """A firing that is cancelled with its net keeps its packet in the account."""

    async def main() -> Result:
        runtime = BatchRuntime(graph_of(sleeps), settings=NetSettings(timeout=100))
        asyncio.get_running_loop().call_later(5, runtime.stop, "enough", 0)
        return await runtime.arun(inputs={"number": 50}, raises=False)

    result = run_on(SteppedLoop, main)
    assert (result.outcome, result.held, result.outputs.failed) == ("stopped", {"node.number": 50}, [])


def test_a_plain_function_on_virtual_time_is_called_in_place() -> None:
    """No virtual time passes in it, so that it is never late; threads there are none."""

    @component
    def where(number: int) -> str:
        return threading.current_thread().name

    here = threading.current_thread().name
    assert run(where, [1], timeout=0.001).outputs.out == [here]


@pytest.mark.slow
def test_every_order_of_time_outs_and_retries_ends_well() -> None:
    """The explorer goes through all orders of a net with a firing that is late: none loses or doubles a packet."""

    @component
    async def late_once(number: int, tried: Memory[int] = Memory(0)) -> int:
        await asyncio.sleep(number)
        tried.value += 1
        return number

    said = NodeSettings(timeout=1.5, retry=Retry(attempts=2, backoff=0.5, jitter=0))
    ends: set[tuple[Any, ...]] = set()

    def at_end(seen: Any) -> None:
        failed = [each.value for each in seen.result.outputs.failed]
        ends.add((tuple(seen.result.outputs.out), tuple(failed), seen.result.retries["node"]))

    scene = NetScene(graph_of(late_once), inputs={"number": Each([1, 2])}, settings=NetSettings(nodes={"node": said}))
    explore(scene, at_end=at_end).assert_holds()
    # A timer may win against a firing that is just done: then that was late as well.
    assert {(1, 2)} == {tuple(sorted((*out, *failed))) for out, failed, _ in ends}
    assert {((1,), (2,), 1), ((), (1, 2), 2)} <= ends
    assert all(retries <= 2 for _, _, retries in ends)


def test_a_late_firing_can_be_stepped_back() -> None:
    """A net is written down and begun anew while its firing goes on, and the time-out comes when it would have."""
    ends = []
    with FSMRuntime(graph_of(sleeps), settings=NetSettings(timeout=1)).start(inputs={"number": Each([9, 0])}) as fsm:
        for _ in range(2):
            while fsm.enabled():
                fsm.step(next(iter(fsm.enabled())))
            assert fsm.result is not None
            ends.append((fsm.result.outputs.out, errors_in(fsm.result)))
            fsm.undo(5)
    assert ends == [([1.0], [(9, HARD.format(1))])] * 2


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 10),
)
def test_time_outs_in_retries_in_concurrency_conserve_packets(
    plans: list[tuple[int, int, int]], attempts: int, most: int, seed: int
) -> None:
    """Each packet comes out or fails, once, in order, and after no more attempts than are allowed."""
    tried: dict[int, int] = {}

    @component
    async def planned(number: int) -> int:
        attempt = tried[number] = tried.get(number, 0) + 1
        await asyncio.sleep(plans[number][attempt - 1] * 2)
        return number

    retry = Retry(attempts=attempts, backoff=0.5, factor=1, jitter=0)
    result = run(
        planned,
        range(len(plans)),
        lambda: SteppedLoop(Seeded(seed)),
        timeout=3,
        retry=retry,
        concurrency=Concurrency(most),
    )
    good = [any(wait * 2 < 3 for wait in plan[:attempts]) for plan in plans]
    assert result.outputs.out == [number for number, is_good in enumerate(good) if is_good]
    assert [each.value for each in result.outputs.failed] == [n for n, is_good in enumerate(good) if not is_good]
    assert all(count <= attempts for count in tried.values())
    assert len(tried) == len(plans)


# -- in threads ------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    """Make a clock that a test may move on, for a loop to run on."""
    return Clock()


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Be set after a test, so that threads that were left behind end; none may be left."""
    event = threading.Event()
    yield event
    event.set()
    for each in threading.enumerate():
        if each.name.startswith("node calls"):
            each.join(LONG)
    assert not [each.name for each in threading.enumerate() if each.name.startswith("node calls")]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("place", ["here", "thread"])
def test_a_function_that_blocks_is_late_on_time(let_go: threading.Event, clock: Clock, place: str) -> None:
    """Its packet fails, the next one is worked on in another thread, and the thread is counted and named."""

    @component
    def blocks(number: int, seen: Memory[list[int]] = Memory(list)) -> list[int]:
        seen.value.append(number)
        if number == 2:
            clock.running.call_soon_threadsafe(clock.pass_by, 50)
            assert let_go.wait(LONG)
            seen.value.append(-2)
        return list(seen.value)

    result = run(blocks, [1, 2, 3], clock.loop, timeout=40, place=place)
    assert (result.outcome, result.outputs.out) == ("finished", [[1], [1, 3]])
    (failed,) = result.outputs.failed
    assert "no result after 40 s, its hard time-out, in" in failed.error.what
    assert "test_timeout.py" in failed.error.what
    assert "left behind" in failed.error.hint
    assert result.abandoned == {"node": 1}
    assert len(result.outliving) == 1


def test_a_thread_that_ends_late_is_counted_and_outlives_nothing(let_go: threading.Event, clock: Clock) -> None:
    """What it brings is not heard, and its memory is not that of the node."""
    ended = threading.Event()

    @component
    def blocks(number: int, seen: Memory[int] = Memory(int)) -> int:
        seen.value += number
        if number == 1:
            clock.running.call_soon_threadsafe(clock.pass_by, 50)
            assert let_go.wait(LONG)
            seen.value += 100
        return seen.value

    class After(Component):
        failure: In[object]
        go: Out[int]

        async def run(self) -> None:
            async for _ in self.failure:
                let_go.set()
                thread = next(each for each in threading.enumerate() if each.name == "node calls blocks")
                await asyncio.to_thread(thread.join, LONG)
                ended.set()
                await self.go.send(2)

    graph = Graph("late")
    node, after = graph.add(blocks, "node"), graph.add(After, "after")
    graph.inputs.number >> node.number
    node.error >> after.failure
    after.go >> node.number
    node.out >> graph.outputs.out
    result = run(graph, [1], clock.loop, timeout=40)
    assert ended.is_set()
    assert (result.outcome, result.outputs.out) == ("quiescent", [2])
    assert (result.abandoned, result.outliving) == ({"node": 1}, ())


def test_memory_holds_what_succeeds(let_go: threading.Event) -> None:
    """A firing that fails in its thread leaves it as it was."""

    @component
    def sums(number: int, total: Memory[list[int]] = Memory(list)) -> int:
        total.value = [*total.value, number]
        if number == 2:
            raise ValueError("two")
        return sum(total.value)

    result = run(sums, [1, 2, 3], asyncio.new_event_loop, timeout=LONG)
    assert (result.outputs.out, result.abandoned) == ([1, 4], {})
    by_key = Concurrency(2, key=lambda number: number % 2)
    result = run(sums, [1, 4, 3, 6], asyncio.new_event_loop, timeout=LONG, concurrency=by_key)
    assert sorted(result.outputs.out) == [1, 4, 4, 10]


def test_what_a_late_thread_logs_is_of_its_own_packet(let_go: threading.Event, clock: Clock, caplog: Any) -> None:
    """Also when the node has another one in its hands by then."""
    has_said = threading.Event()

    @component
    def blocks(number: int) -> int:
        if number == 1:
            clock.running.call_soon_threadsafe(clock.pass_by, 50)
            assert let_go.wait(LONG)
            logging.getLogger("late").warning("of %s", log_context() and str(log_context()))
            has_said.set()
        else:
            let_go.set()
            assert has_said.wait(LONG)
        return number

    result = run(blocks, [1, 2], clock.loop, timeout=Timeout(40))
    assert (result.outputs.out, result.abandoned) == ([2], {"node": 1})
    (said,) = (each.message for each in caplog.records if each.name == "late")
    assert "inputs.number#0" in said


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_stream_that_blocks_is_late_on_time(let_go: threading.Event, clock: Clock, kind: str) -> None:
    """What it had yielded has left; an async one that blocks needs to be placed in a thread for that."""

    @component
    def yields(number: int) -> Iterator[int]:
        yield number
        clock.running.call_soon_threadsafe(clock.pass_by, 50)
        assert let_go.wait(LONG)
        yield -1

    @component
    async def yields_later(number: int) -> AsyncIterator[int]:
        yield number
        clock.running.call_soon_threadsafe(clock.pass_by, 50)
        assert let_go.wait(LONG)
        yield -1

    place = "here" if kind == "plain" else "thread"
    function = yields if kind == "plain" else yields_later
    result = run(function, [1, 2], clock.loop, timeout=Timeout(idle=40), place=place)
    assert (result.outputs.out, errors_in(result)) == ([1, 2], [(1, IDLE.format(40)), (2, IDLE.format(40))])
    assert result.abandoned == {"node": 2}


def test_several_plain_firings_at_once_are_in_several_threads() -> None:
    """With a concurrency of four, four calls block at once."""
    meet = threading.Barrier(4, timeout=LONG)

    @component
    def meets(number: int) -> int:
        meet.wait()
        return number

    for said in ({"place": "thread"}, {"timeout": LONG}):
        result = run(meets, range(8), asyncio.new_event_loop, concurrency=4, **said)
        assert (result.outcome, result.outputs.out) == ("finished", list(range(8)))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_threads_that_are_left_behind_do_not_pile_up(let_go: threading.Event, monkeypatch: Any) -> None:
    """Beyond a certain number a call waits for one of them to end, within its time."""
    monkeypatch.setattr(callers, "MOST_LEFT", 2)
    called: list[int] = []

    @component
    def blocks(number: int) -> int:
        called.append(number)
        if number == 5:
            return number
        assert let_go.wait(LONG)
        return -1

    @component
    def release(failure: object) -> None:
        if len(called) == 2 and failure.value == 4:  # type: ignore[attr-defined]
            let_go.set()

    graph = Graph("piles")
    node, releases = graph.add(blocks, "node"), graph.add(release, "release")
    graph.inputs.number >> node.number
    node.error >> releases.failure
    node.out >> graph.outputs.out
    result = run(graph, [1, 2, 3, 4, 5], asyncio.new_event_loop, timeout=Timeout(0.1), concurrency=1)
    assert (result.outcome, result.abandoned) == ("finished", {"node": 2})
    assert called in ([1, 2, 5], [1, 2])


def test_an_async_function_that_held_up_the_loop_is_late(clock: Clock) -> None:
    """The timer could not ring, and still what came too late does not count."""

    @component
    async def holds_up(number: int) -> int:
        clock.pass_by(number)
        return number

    result = run(holds_up, [1, 50], clock.loop, timeout=40)
    assert result.outputs.out == [1]
    assert errors_in(result) == [(50, HARD.format(40))]


# -- settings --------------------------------------------------------------------------------------------


def test_time_outs_in_files(tmp_path: Path) -> None:
    """A number is the hard one; the rest is as any policy is said."""
    (tmp_path / "net.toml").write_text(
        'timeout = 5\n[nodes.a]\ntimeout = { idle = 1.5 }\n[nodes.b]\ntimeout = "never"\n[nodes.c]\ntimeout = 2.5\n'
    )
    said = NetSettings.load(tmp_path / "net.toml")
    found = [said.of(address).timeout for address in "abcd"]
    assert found == [Timeout(idle=1.5), None, Timeout(2.5), Timeout(5)]
    for wrong in (0, -1, "soon", True, Timeout, {"hard": 1}):
        with pytest.raises(SettingsError, match="timeout"):
            NodeSettings(timeout=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="without a time"):
        Timeout()
    (tmp_path / "net.toml").write_text("[nodes.a]\ntimeout = { hard = 0 }\n")
    with pytest.raises(SettingsError, match=r"net.toml:2"):
        NetSettings.load(tmp_path / "net.toml")


def test_a_class_has_no_firings_that_could_be_late() -> None:
    """Said of it by name it is refused; said of all it means the functions."""

    class Passes(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.out.send(number)

    with pytest.raises(SettingsError, match="`timeout` is for the firings of functions"):
        run(graph_of(Passes), [1], timeout=5)
    runtime = BatchRuntime(graph_of(Passes), settings=NetSettings(timeout=5))
    assert runtime.run(inputs={"number": 1}).outputs.out == [1]


def test_plain_functions_at_once_are_no_doubt_in_threads() -> None:
    """`check` says that a plain function gains nothing by concurrency, unless it is called in threads."""

    @component
    def plain(number: int) -> int:
        return number

    graph = graph_of(plain)
    for said, is_doubted in ({}, True), ({"place": "thread"}, False), ({"timeout": 5}, False):
        said_of_it = NetSettings(nodes={"node": NodeSettings(concurrency=4, **said)})
        problems = [str(each) for each in doubts(said_of_it, graph)]
        assert any("never waits" in each for each in problems) is is_doubted


def test_the_error_survives_a_trip() -> None:
    """Pickled and back it is the same, though an `OSError` has its own ideas of its arguments."""
    import pickle

    error = pickle.loads(pickle.dumps(timeouts.TimeoutError("it broke", "node", "mend it")))
    assert (type(error), error.what, error.address, error.hint) == (
        timeouts.TimeoutError,
        "it broke",
        "node",
        "mend it",
    )
    assert str(error) == "node: it broke\n  hint: mend it"


def test_threads_that_hang_at_one_place_are_said_once(clock: Clock) -> None:
    """Of a function that hangs again and again there is one line, with how many there are."""
    let_go = threading.Event()

    @component
    def hangs(number: int) -> None:
        # In one line, so that it is at one place by the time that this has passed by.
        clock.running.call_soon_threadsafe(clock.pass_by, 50), let_go.wait(LONG)

    runtime = BatchRuntime(hangs, settings=NetSettings(timeout=Timeout(40), dead_letters=DeadLetters()))
    try:
        with pytest.warns(ResourceWarning, match=r"3 threads outlive the net .* \(3 threads\)"):
            result = run_on(clock.loop, lambda: runtime.arun(inputs={"number": Each([1, 2, 3])}))
    finally:
        let_go.set()
    assert len(result.outliving) == 3
    assert result.summary().count("outlives the net") == 1
