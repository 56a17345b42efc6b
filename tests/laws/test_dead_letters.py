"""Laws of dead letters: what fails is put aside once, and fed back as often as it takes, everything comes out once."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import BatchRuntime, Concurrency, DeadLetters, Each, NetSettings, NodeSettings, Restart, Retry
from fbcore.loop import Seeded, SteppedLoop
from fbcore.runtimes.blocking import run_on
from tests.laws.running import StockLoop
from tests.laws.test_restarts import CAPACITIES, COUNTS, LINES, SEEDS, line, looks, of_function, of_packets

AT_ONCE = Restart(backoff=0, most=1000)
POLICIES = st.sampled_from(
    [
        NodeSettings(),
        NodeSettings(retry=Retry(attempts=2, backoff=0.01)),
        NodeSettings(concurrency=Concurrency(3)),
        NodeSettings(concurrency=Concurrency(2, order="unordered"), retry=Retry(attempts=2, backoff=0)),
    ]
)


@settings(max_examples=40, deadline=None)
@given(LINES, CAPACITIES, SEEDS, COUNTS, POLICIES, st.booleans())
def test_what_fails_is_put_aside_and_comes_out_once_it_is_fed_back(
    drawn: Any, capacities: Any, seed: int | None, count: int, of_functions: NodeSettings, history: bool
) -> None:
    """After each run, what has come out and the letters are what went in; in the end no letters are left."""
    graph = line([kind(looks(chances)) for kind, chances in drawn], capacities)
    nodes = {
        f"node{number}": of_functions if kind is of_function else NodeSettings()
        for number, (kind, _) in enumerate(drawn)
    }
    policies = NetSettings(dead_letters=DeadLetters(), restart=AT_ONCE, nodes=nodes)
    runtime = BatchRuntime(graph, settings=policies, tracking="history" if history else "counts")
    make = StockLoop if seed is None else lambda: SteppedLoop(Seeded(seed))

    def run(**given: Any) -> Any:
        result = run_on(make, lambda: runtime.arun(raises=False, **given))
        assert result.outcome == "finished"
        assert not result.unread | result.held | result.unsent | result.dropped | result.discarded
        out.extend(result.outputs.out)
        letters = list(result.dead_letters)
        assert len({letter.id for letter in letters}) == len(letters)
        assert sorted([*out, *(value for letter in letters for value in letter.values.values())]) == list(range(count))
        return letters

    out: list[int] = []
    letters = run(inputs={"number": Each(range(count))})
    while letters:
        before = {letter.id: letter.times for letter in letters}
        letters = run(feed_dead_letters=letters)
        assert all(letter.times == before.get(letter.id, 0) + 1 for letter in letters)
    assert sorted(out) == list(range(count))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8), CAPACITIES, st.integers(0, 10**6), COUNTS, st.floats(0, 1))
def test_a_stop_in_the_middle_of_feeding_loses_nothing(
    chances: list[int], capacities: Any, seed: int, count: int, when: float
) -> None:
    """Wherever it comes: what is done is done, and all else can be fed again."""
    first = line([of_packets(looks([1] * count)), of_function(looks([]))], capacities)
    policies = NetSettings(dead_letters=DeadLetters(), restart=AT_ONCE, stop="at once")
    letters = [
        *run_on(
            SteppedLoop, lambda: BatchRuntime(first, settings=policies).arun(inputs={"number": Each(range(count))})
        ).dead_letters
    ]
    again = BatchRuntime(line([of_packets(looks(chances)), of_function(looks([]))], capacities), settings=policies)
    turns = int(when * 12 * count)

    async def main() -> Any:
        running = asyncio.ensure_future(again.arun(feed_dead_letters=letters, raises=False))
        for _ in range(turns):
            await asyncio.sleep(0)
        again.stop("enough")
        return await running

    result = run_on(lambda: SteppedLoop(Seeded(seed)), main)
    lying = [value for values in (*result.unread.values(), *result.unsent.values()) for value in values]
    failed = [letter.values["number"] for letter in result.dead_letters]
    assert sorted({*result.outputs.out, *lying, *result.held.values(), *failed}) == list(range(count))
    assert len(result.outputs.out) == len(set(result.outputs.out))
    # Who has a letter done has sent it on.
    assert result.fed.get("node0", 0) <= len(result.outputs.out) + len({*lying, *result.held.values()})
