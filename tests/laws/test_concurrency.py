"""Laws of firings that go on at once: how many, in which order, and where every packet is, in any order of turns."""

import asyncio
from collections import Counter
from itertools import chain
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import (
    BatchRuntime,
    Breaker,
    Concurrency,
    DeadLetters,
    Each,
    End,
    Graph,
    Memory,
    NetSettings,
    NodeSettings,
    Rate,
    Restart,
    Result,
    Retry,
    component,
)
from fbcore.loop import Seeded, SteppedLoop
from fbcore.runtimes.blocking import run_on
from tests.laws.running import StockLoop

KEYS = 3


def by_key(number: int) -> int:
    """Return the key of a number."""
    return number % KEYS


class Work:
    """What a firing does: waits, and fails as often as is drawn for its number; takes down what goes on at once."""

    def __init__(self, waits: list[int], fails: list[int]) -> None:
        self.waits = waits
        self.left = dict(enumerate(fails))
        self.calls: Counter[int] = Counter()
        self.failed = 0
        self.now: list[int] = []
        self.most = 0
        self.most_of_key = 0

    async def on(self, number: int) -> int:
        """Work on a number."""
        self.calls[number] += 1
        self.now.append(number)
        self.most = max(self.most, len(self.now))
        self.most_of_key = max(self.most_of_key, *Counter(map(by_key, self.now)).values())
        try:
            # Zero lets others have a turn; time is virtual, but for the few on the stock loop.
            await asyncio.sleep(self.waits[number % len(self.waits)] / 1000 if self.waits else 0)
            if self.left.get(number, 0) > 0:
                self.left[number] -= 1
                self.failed += 1
                raise ValueError(number)
        finally:
            self.now.remove(number)
        return number

    def graph(self, capacity: int, *, error: bool = False) -> Graph:
        """Return a graph in which the work lies between two narrow edges."""

        @component
        async def works(number: int) -> int:
            return await self.on(number)

        @component
        def passes(number: int) -> int:
            return number

        graph = Graph("works")
        node, after = graph.add(works, "node"), graph.add(passes, "after")
        graph.connect(graph.inputs.number, node.number, capacity=capacity)
        graph.connect(node.out, after.number, capacity=capacity)
        after.out >> graph.outputs.out
        if error:
            node.error >> graph.outputs.failures
        return graph


def run(graph: Graph, seed: int | None, count: int, options: dict[str, Any], **said: Any) -> Result:
    """Run a graph with these policies of its node: on a stepped loop in a seeded order, or on the stock loop."""
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": NodeSettings(**said)}), tracking="history")
    make = StockLoop if seed is None else lambda: SteppedLoop(Seeded(seed))
    return run_on(make, lambda: runtime.arun(inputs={"number": Each(range(count))}, raises=False, **options))


def left_in(result: Result) -> list[int]:
    """Return the packets that came in, and did not come out, and lie where they can be found again."""
    return [
        *chain.from_iterable(result.unread.values()),
        *result.held.values(),
    ]


WAITS = st.lists(st.integers(0, 9), max_size=6)
FAILS = st.lists(st.integers(0, 3), max_size=8)
SEEDS = st.none() | st.integers(0, 10**6)
COUNTS = st.integers(0, 14)
CAPACITIES = st.sampled_from([1, 2, 64])
CONCURRENCIES = st.builds(Concurrency, st.integers(2, 5), st.sampled_from(["ordered", "unordered"])) | st.builds(
    Concurrency, st.integers(1, 5), key=st.just(by_key)
)


def is_in_order(numbers: list[int], policy: Concurrency) -> bool:
    """Say whether results have left as the policy says."""
    if policy.key is not None:
        return all(part == sorted(part) for key in range(KEYS) if (part := [n for n in numbers if by_key(n) == key]))
    return policy.order == "unordered" or numbers == sorted(numbers)


@settings(max_examples=60)
@given(WAITS, SEEDS, COUNTS, CAPACITIES, CONCURRENCIES)
def test_order_is_kept_in_any_order_of_turns(
    waits: list[int], seed: int | None, count: int, capacity: int, policy: Concurrency
) -> None:
    """All packets, each by itself where order is kept within a key; at most so many at once, one of a key."""
    work = Work(waits, [])
    result = run(work.graph(capacity), seed, count, {}, concurrency=policy)
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", list(range(count)))
    assert is_in_order(result.outputs.out, policy)
    assert work.most <= policy.most
    assert policy.key is None or work.most_of_key <= 1
    assert not result.held | result.unread | result.unsent | result.discarded
    packets = result.packets
    for number, value in enumerate(result.outputs.out):
        assert [str(id) for id in packets.parents(f"node.out#{number}")] == [f"inputs.number#{value}"]


POLICIES = st.fixed_dictionaries(
    {
        "retry": st.none()
        | st.builds(Retry, st.integers(1, 3), backoff=st.sampled_from([0, 0.002]), jitter=st.just(0)),
        "restart": st.builds(
            Restart,
            st.sampled_from(["never", "on failure"]),
            st.integers(0, 40),
            backoff=st.sampled_from([0, 0.003]),
            jitter=st.just(0),
            held=st.sampled_from(["return", "drop", "dead-letter"]),
        ),
        "timeout": st.sampled_from([None, None, 0.005]),
        "rate": st.sampled_from([None, None, Rate(500)]),
        "breaker": st.sampled_from([None, None, Breaker(2, 0.01), Breaker(2, 0.01, meanwhile="wait")]),
        "dead_letters": st.sampled_from([None, None, DeadLetters()]),
        "end": st.sampled_from([None, None, None, End(after=4), End(deadline=0.01), End(deadline=0.01, held="drop")]),
    }
)


@settings(max_examples=150)
@given(WAITS, FAILS, st.integers(0, 10**6), COUNTS, CAPACITIES, CONCURRENCIES, POLICIES, st.booleans())
def test_packets_are_conserved_under_all_policies_together(
    waits: list[int],
    fails: list[int],
    seed: int,
    count: int,
    capacity: int,
    policy: Concurrency,
    said: dict[str, Any],
    error: bool,
) -> None:
    """Time-out in breaker in retry in concurrency in restart: each packet is in one place, and tried as allowed."""
    work = Work(waits, fails)
    result = run(work.graph(capacity, error=error), seed, count, {}, concurrency=policy, **said)
    out, attempts = result.outputs.out, said["retry"].attempts if said["retry"] else 1
    failed = [failure.value for failure in result.outputs.failures] if error else []
    lying = left_in(result)
    buried = [letter.values["number"] for letter in result.dead_letters]
    gone = Counter(out) + Counter(failed) + Counter(buried) + Counter(lying)
    assert max(gone.values(), default=1) == 1
    came = result.nodes["inputs.number"].sent
    lost = result.dropped.get("node.number", 0) + sum(result.discarded.values())
    assert sum(gone.values()) + lost == came
    assert set(gone) <= set(range(came))
    assert is_in_order(out, policy)
    assert work.most <= policy.most
    lives = result.restarts.get("node", 0) + 1
    assert all(calls <= attempts * lives for calls in work.calls.values())
    assert lives <= said["restart"].most + 1
    assert said["end"] is None or said["end"].after is None or len(out) <= 4
    assert result.outcome in ("finished", "failed")


@settings(max_examples=60)
@given(WAITS, st.integers(0, 10**6), CAPACITIES, CONCURRENCIES, st.integers(0, 30))
def test_what_is_cancelled_is_in_the_account(
    waits: list[int], seed: int, capacity: int, policy: Concurrency, milliseconds: int
) -> None:
    """At any moment: what came out, what is held, with its identity, and what is unread, is what went in."""
    work = Work(waits, [])
    result = run(work.graph(capacity), seed, 12, {"time_limit": milliseconds / 1000}, concurrency=policy)
    lying = left_in(result)
    assert sorted([*result.outputs.out, *lying]) == list(range(result.nodes["inputs.number"].sent))
    held = [value for address, value in result.held.items() if address.startswith("node.number")]
    assert len(held) <= policy.most
    places = result.packets.in_flight()
    assert sorted(id.number for id, place in places.items() if place == "node") == sorted(held)


@settings(max_examples=40)
@given(WAITS, FAILS, st.integers(0, 10**6), COUNTS, st.integers(1, 5))
def test_memories_by_key_never_mix(waits: list[int], fails: list[int], seed: int, count: int, most: int) -> None:
    """However firings interleave, fail, and are tried again, each key remembers its own packets once and in order."""
    work = Work(waits, fails)

    @component
    async def gathers(number: int, seen: Memory[list[int]] = Memory(list)) -> tuple[int, ...]:
        seen.value.append(number)
        await work.on(number)
        return tuple(seen.value)

    graph = Graph("gathers")
    graph.add(gathers, "node")
    graph.inputs.number >> graph["node"].number
    graph["node"].out >> graph.outputs.out
    retry = Retry(attempts=4, backoff=0.001, jitter=0)
    result = run(graph, seed, count, {}, concurrency=Concurrency(most, key=by_key), retry=retry)
    assert result.outcome == "finished"
    last = {by_key(seen[0]): seen for seen in result.outputs.out}
    assert last == {key: tuple(range(key, count, KEYS)) for key in range(min(KEYS, count))}
