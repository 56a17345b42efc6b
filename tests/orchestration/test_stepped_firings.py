"""Policies of firings on a net that is stepped: their waits are steps as others, taken back, written down, explored."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    Breaker,
    Each,
    FSMRuntime,
    Graph,
    Memory,
    NetSettings,
    NodeSettings,
    Rate,
    Restart,
    Retry,
    SnapshotError,
    component,
)
from fbcore.runtimes.identity import identity_of
from fbdev.explore import NetScene, explore
from tests.orchestration.flaky import alone


@component
def counts(number: int, failures: Memory[int] = Memory(0), done: Memory[int] = Memory(0)) -> int:
    """Fails at odd numbers; counts what it has done, which no failed attempt is to change."""
    done.value += 1
    if number % 2:
        raise ConnectionError(number)
    return 10 * done.value + number


def settings(**said: Any) -> NetSettings:
    """Say policies of the one node."""
    return NetSettings(nodes={"node": NodeSettings(**said)})


SLOW = Retry(attempts=3, backoff=2, jitter=0)


def test_an_attempt_is_stepped_and_taken_back() -> None:
    """The wait is a timer that can be chosen; taken back, and made again, the run ends the same."""
    graph = alone(counts, error=True)
    with FSMRuntime(graph, settings=settings(retry=SLOW)).start(inputs={"number": Each([2, 1, 4])}) as fsm:
        fsm.run_until(lambda _: fsm.time == 2)
        result = fsm.run()
        assert (result.outputs.passed, result.retries, fsm.time) == ([12, 24], {"node": 2}, 6)
        made = list(fsm.choices)
        fsm.undo(6)
        again = fsm.run()
        assert (again.outputs.passed, again.retries, fsm.choices) == ([12, 24], {"node": 2}, made)


def written(graph: Graph, said: NetSettings, path: Path, at: float, **inputs: Any) -> tuple[Any, Any]:
    """Run a net until a time, write it down there, and return how it ends, and how one ends that goes on from there."""
    with FSMRuntime(graph, settings=said).start(inputs=inputs) as fsm:
        fsm.run_until(lambda _: fsm.time >= at)
        for _ in range(50):
            try:
                fsm.snapshot(path)
                break
            except SnapshotError:
                fsm.step()
        expected = fsm.run(), fsm.time
    with FSMRuntime(graph, settings=said).restore(path) as fsm:
        return (expected[0].outputs, expected[1]), (fsm.run().outputs, fsm.time)


@pytest.mark.parametrize(
    ("said", "at", "end"),
    [
        ({"retry": SLOW}, 1, 6),
        ({"retry": SLOW}, 3, 6),
        ({"rate": Rate(1, per=10)}, 15, 30),
        ({"rate": Rate(1, per=10), "retry": SLOW}, 13, 30),
        ({"breaker": Breaker(1, reset=25, meanwhile="wait"), "rate": Rate(1, per=10)}, 15, 45),
        ({"breaker": Breaker(1, reset=100, meanwhile="wait")}, 50, 100),
    ],
)
def test_a_snapshot_knows_what_policies_remember(tmp_path: Path, said: Any, at: float, end: float) -> None:
    """A net that goes on from one has the attempts, the schedule and the breaker of the one that was written down."""
    graph = alone(counts, error=True)
    numbers = Each([2, 1, 4, 6])
    (outputs, time), (again, later) = written(graph, settings(**said), tmp_path / "net.json", at, number=numbers)
    assert (time, later) == (end, end)
    assert outputs.passed == again.passed
    assert [failure.value for failure in outputs.failures] == [failure.value for failure in again.failures]
    assert [failure.error.what for failure in outputs.failures] == [failure.error.what for failure in again.failures]


@component
def same(number: int) -> int:
    return number


def test_a_snapshot_knows_how_often_a_node_was_begun_anew(tmp_path: Path) -> None:
    """And within which time: what goes on from it has no more restarts left than what was written down."""

    @component
    def fails(number: int) -> int:
        if number in (1, 3):
            raise ValueError(number)
        return number

    graph, said = alone(fails), settings(restart=Restart(most=3, window=100, backoff=1, factor=1, jitter=0))
    with FSMRuntime(graph, settings=said).start(inputs={"number": Each([0, 1, 2, 3])}) as fsm:
        fsm.run_until(lambda _: fsm.time >= 2)
        for _ in range(50):
            try:
                fsm.snapshot(tmp_path / "net.json")
                break
            except SnapshotError:
                fsm.step()
        then, expected = fsm.time, fsm.run()
        at = fsm.time
    with FSMRuntime(graph, settings=said).restore(tmp_path / "net.json") as fsm:
        again = fsm.run()
        assert (then, at, fsm.time) == (2, 3, 3)
    assert expected.outcome == again.outcome == "failed"
    assert (expected.restarts, again.restarts) == ({"node": 3}, {"node": 1})


@pytest.mark.parametrize("said", [{"rate": Rate(1, per=10)}, {"breaker": Breaker(1, reset=9)}])
def test_states_are_alike_whenever_they_are_come_to(said: Any) -> None:
    """What a node remembers counts by the time since then: else an explorer would never meet a state again."""

    def at_rest(seconds: float) -> Any:
        @component
        async def first(number: int) -> int:
            await asyncio.sleep(seconds)
            return number

        graph = Graph("late")
        before, node = graph.add(first), graph.add(counts, "node")
        graph.inputs.number >> before.number
        before.out >> node.number
        node.error >> graph.outputs.failures
        with FSMRuntime(graph, settings=settings(**said), visited=True).start(inputs={"number": Each([1])}) as fsm:
            fsm.run_until(lambda _: bool(fsm.state()["edges"]["node.error->outputs.failures"]))
            assert fsm._stepping is not None
            return fsm.time, identity_of(fsm._stepping)["nodes"]["node"]

    (early, one), (late, other) = at_rest(1), at_rest(3)
    assert (early, late) == (1, 3)
    assert one == other
    assert one["policies"]


def two(said: NetSettings, first: Any = same) -> NetScene:
    """Return a net of two functions in a row, of which the second fails at 2; and what fails comes out."""

    @component
    def node(number: int) -> int:
        if number == 2:
            raise ValueError(number)
        return number

    graph = Graph("two")
    before, after = graph.add(first, "first"), graph.add(node)
    graph.inputs.number >> before.number
    graph.connect(before.out, after.number, capacity=1)
    after.out >> graph.outputs.passed
    after.error >> graph.outputs.failures
    return NetScene(graph, inputs={"number": Each([1, 2, 3])}, settings=said)


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        {"retry": Retry(3, backoff=0)},
        {"retry": Retry(2, backoff=1)},
        {"rate": Rate(1)},
        {"rate": Rate(2), "retry": Retry(2, backoff=1, jitter=0)},
        {"breaker": Breaker(1, reset=5, meanwhile="wait"), "retry": Retry(2, backoff=1)},
    ],
)
def test_every_order_of_a_policy_ends_alike(said: Any) -> None:
    """In every order of steps and timers: two packets come out, one has failed, and the explorer has seen all."""
    result = explore(two(settings(**said)), audit=0)
    assert result.verdict.kind.startswith("holds"), result.verdict
    (end,) = result.ends
    assert end["outputs.passed"] == "[1, 3]"


@pytest.mark.slow
def test_every_order_of_a_breaker_finds_both_ends() -> None:
    """Whether the third packet is refused depends on how late the second failed: both are found, and nothing else."""

    @component
    async def first(number: int) -> int:
        await asyncio.sleep(6 if number == 3 else 0)
        return number

    result = explore(two(settings(breaker=Breaker(1, reset=5)), first), audit=0)
    assert result.verdict.kind.startswith("holds"), result.verdict
    assert sorted(end["outputs.passed"] for end in result.ends) == ["[1, 3]", "[1]"]


def test_what_policies_remember_tells_states_apart() -> None:
    """Two states that are the same but for a schedule, or a breaker, go on differently, and have two digests."""
    said = settings(breaker=Breaker(2, reset=25, meanwhile="wait"), rate=Rate(1, per=10))
    fsm = FSMRuntime(alone(counts, error=True), settings=said, visited=True)
    found: dict[float, Any] = {}
    with fsm.start(inputs={"number": Each([2, 1, 3, 4])}):
        while fsm.result is None:
            fsm.step()
            assert fsm._stepping is not None
            found[fsm.time] = identity_of(fsm._stepping)["nodes"]["node"].get("policies", found.get(fsm.time))
    assert list(found) == [0, 10, 20, 45]
    assert found[10] == [1, [20, 0]]
    assert found[20] == [[2, 25, False, "ConnectionError: '3'"], [10, 0]]
    assert found[45] == [None, [10, 0]]
