"""Laws of policies around firings, in any combination: packets conserved, attempts bounded, waits and windows kept."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import (
    BatchRuntime,
    Breaker,
    BreakerError,
    Concurrency,
    DeadLetters,
    Each,
    Graph,
    Memory,
    NetSettings,
    NodeSettings,
    Observer,
    Rate,
    Restart,
    Result,
    Retry,
    Timeout,
    component,
)
from fbcore.loop import Seeded, SteppedLoop
from fbcore.runtimes.blocking import run_on
from tests.laws.running import StockLoop

NEAR = 1e-6


@dataclass
class Call:
    """One call of the function: of which number, when it began and ended, and whether it failed."""

    number: int
    began: float
    ended: float = 0.0
    failed: bool = False


@dataclass
class Log(Observer):
    """All calls, how often each number is still to fail, and when the breaker has opened or closed."""

    left: dict[int, int]
    takes: float = 0.0
    calls: list[Call] = field(default_factory=list)
    turns: list[tuple[int, bool, float]] = field(default_factory=list)

    def notice(self, address: str, text: str) -> None:
        """Note after how many calls the breaker opens or closes."""
        if "the breaker has" in text:
            self.turns.append((len(self.calls), "has opened" in text, asyncio.get_running_loop().time()))

    def begin(self, number: int) -> Call:
        """Note a call that begins."""
        self.calls.append(Call(number, asyncio.get_running_loop().time()))
        return self.calls[-1]

    def end(self, call: Call) -> None:
        """Note that it ends, and fail as often as that is drawn."""
        call.ended = asyncio.get_running_loop().time()
        if self.left.get(call.number, 0) > 0:
            self.left[call.number] -= 1
            call.failed = True
            raise ConnectionError(call.number)

    async def wait(self, call: Call) -> None:
        """Take some time; a call that is cut short by its time-out has failed, and is to fail as often as before."""
        try:
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            call.ended, call.failed = asyncio.get_running_loop().time(), True
            raise

    def of(self, number: int) -> list[Call]:
        """Return the calls for a number, in order."""
        return [call for call in self.calls if call.number == number]


def function_of(kind: str, log: Log) -> Any:
    """Return a function of this kind, which passes a number on, or fails."""

    @component
    def plain(number: int) -> int:
        log.end(log.begin(number))
        return number

    @component
    async def waits(number: int) -> int:
        call = log.begin(number)
        await log.wait(call)
        log.end(call)
        return number

    @component
    def yields(number: int) -> Iterator[int]:
        log.end(log.begin(number))
        yield number

    @component(buffered=True)
    async def holds_back(number: int) -> AsyncIterator[int]:
        call = log.begin(number)
        yield number
        await log.wait(call)
        log.end(call)

    @component
    def remembers(number: int, passed: Memory[list[int]] = Memory(list)) -> int:
        assert number not in passed.value
        passed.value.append(number)
        log.end(log.begin(number))
        return number

    named = {"plain": plain, "waits": waits, "yields": yields, "holds back": holds_back, "remembers": remembers}
    return named[kind]


RETRIES = st.builds(
    Retry,
    attempts=st.integers(1, 4),
    backoff=st.sampled_from([0, 0.25, 1]),
    factor=st.sampled_from([1.0, 3.0]),
    longest=st.sampled_from([2, 60]),
    jitter=st.sampled_from([0, 0.5]),
    on=st.sampled_from([(Exception,), (ConnectionError,), (OSError, KeyError), (ValueError,)]),
)
BREAKERS = st.builds(
    Breaker,
    failures=st.integers(1, 3),
    reset=st.sampled_from([0.5, 1.5, 3.0]),
    on=st.sampled_from([(Exception,), (ValueError,)]),
    meanwhile=st.sampled_from(["refuse", "wait"]),
)
RATES = st.builds(Rate, st.integers(1, 3), per=st.sampled_from([1.0, 7.0]))
RESTARTS = st.builds(Restart, most=st.integers(0, 3), backoff=st.sampled_from([0.0, 1.0]))
KINDS = st.sampled_from(["plain", "waits", "yields", "holds back", "remembers"])
CHANCES = st.lists(st.sampled_from([0, 0, 1, 2, 9]), max_size=8)
SEEDS = st.none() | st.integers(0, 10**6)


@dataclass
class Drawn:
    """One net: its function, its policies, and how it is run."""

    kind: str
    chances: list[int]
    said: NodeSettings
    error: bool
    seed: int | None
    takes: float
    capacity: int

    def run(self) -> tuple[Result, Log]:
        """Run it, on virtual time, however it ends."""
        log = Log(dict(enumerate(self.chances)), self.takes)
        graph = Graph("one")
        node = graph.add(function_of(self.kind, log), "node")
        graph.connect(graph.inputs.number, node.number, capacity=self.capacity)
        node.out >> graph.outputs.out
        if self.error:
            node.error >> graph.outputs.failures
        runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": self.said}))
        make = StockLoop if self.seed is None else lambda: SteppedLoop(Seeded(self.seed or 0))
        inputs = {"number": Each(range(len(self.chances)))}
        return run_on(make, lambda: runtime.arun(inputs=inputs, raises=False, observers=[log])), log


@st.composite
def nets(draw: Any, *, many: bool = False) -> Drawn:
    """Draw a net with any of the policies; with `many` several firings may go on at once."""
    kind = draw(KINDS)
    said: dict[str, Any] = {"retry": draw(st.none() | RETRIES), "breaker": draw(st.none() | BREAKERS)}
    said |= {"rate": draw(st.none() | RATES), "restart": draw(st.just(Restart("never")) | RESTARTS)}
    # One that blocks is called in a thread when it has a time-out, where time is not virtual.
    limits = [None, None, Timeout(0.3), Timeout(0.5)] if kind in ("waits", "holds back") else [None]
    said["timeout"] = draw(st.sampled_from(limits))
    said["dead_letters"] = draw(st.sampled_from([None, DeadLetters()]))
    if many:
        key = (lambda number: number % 2) if kind == "remembers" else None
        order = draw(st.sampled_from(["ordered", "unordered"])) if key is None else "ordered"
        if kind == "yields" and said["breaker"] is not None and said["breaker"].meanwhile == "wait":
            # In order, one on trial would wait with its first item for those that wait for it, and that is refused.
            order = "unordered"
        said["concurrency"] = Concurrency(draw(st.integers(1, 3)), order, key=key)
    takes, seed = draw(st.sampled_from([0.0, 0.4])), draw(SEEDS)
    return Drawn(
        kind, draw(CHANCES), NodeSettings(**said), draw(st.booleans()), seed, takes, draw(st.sampled_from([1, 64]))
    )


def where(result: Result) -> dict[str, list[int]]:
    """Return where each number is."""
    failures = result.outputs.failures if "failures" in result.outputs else []
    return {
        "out": list(result.outputs.out),
        "failed": [failure.value for failure in failures],
        "letters": [value for letter in result.dead_letters for value in letter.values.values()],
        "held": list(result.held.values()),
        "unread": [*chain(*result.unread.values())],
        "unsent": [*chain(*(values for port, values in result.unsent.items() if port.startswith("inputs")))],
    }


def sent(result: Result, count: int) -> set[int]:
    """Return the numbers that the input has sent, or was about to."""
    return set(range(count)) if result.outcome == "finished" else set(range(result.nodes["inputs.number"].sent))


def check_conserved(drawn: Drawn, result: Result) -> None:
    """Each number that was sent is at one place, and only there."""
    found = where(result)
    places = Counter(chain(*found.values()))
    assert set(places) >= sent(result, len(drawn.chances)), found
    assert not places or max(places.values()) == 1, found
    assert not result.discarded | result.dropped
    if result.outcome == "finished":
        assert not found["held"] + found["unread"] + found["unsent"]
    assert result.outcome in ("finished", "failed")


def check_attempts(drawn: Drawn, result: Result, log: Log) -> None:
    """No number was tried more often than it may be in each life of the node; and retries are those that were made."""
    retry = drawn.said.retry
    most, lives = retry.attempts if retry is not None else 1, 1 + sum(result.restarts.values())
    tries = Counter(call.number for call in log.calls)
    assert all(count <= most * lives for count in tries.values())
    if retry is not None and retry.on == (ValueError,):
        assert not result.retries
    if lives == 1:
        others = sum(count - 1 for count in tries.values())
        assert others <= sum(result.retries.values())
        if drawn.said.breaker is None and result.outcome == "finished":
            # One that is refused, or waits for its time when the net fails, is not made.
            assert others == sum(result.retries.values())
        for error in (*result.errors, *(failure.error for failure in result.outputs._lists.get("failures", []))):
            # Several that fail at once are one error, which was not tried itself.
            # What a breaker has refused was not tried, and what has given up was tried less often than it may be.
            if not isinstance(error.cause, ExceptionGroup):
                assert error.attempts == tries[error.held["number"]]
                assert error.attempts < most or not isinstance(error.cause, BreakerError)


def check_waits(drawn: Drawn, log: Log) -> None:
    """Between attempts lies the back-off, by its formula and within its jitter; firings one after the other."""
    retry = drawn.said.retry
    if retry is None or drawn.said.restart.when != "never":
        return
    for number in range(len(drawn.chances)):
        for before, (first, second) in enumerate(pairwise(log.of(number))):
            wait = min(retry.longest, retry.backoff * retry.factor**before)
            assert second.began - first.ended >= wait * (1 - retry.jitter) - NEAR
            assert second.began - first.ended <= wait * (1 + retry.jitter) + NEAR


def attempts_of(drawn: Drawn) -> int:
    """Return how many attempts a firing has, by what its calls fail with."""
    retry, limit = drawn.said.retry, drawn.said.timeout
    is_late = limit is not None and drawn.takes > limit.hard
    error: type[Exception] = TimeoutError if is_late else ConnectionError
    return retry.attempts if retry is not None and issubclass(error, retry.on) else 1


def check_breaker(drawn: Drawn, log: Log) -> None:
    """Firings one after the other: none begins while the breaker is open; one counts when its attempts are over."""
    breaker, most = drawn.said.breaker, attempts_of(drawn)
    if breaker is None:
        return
    failures, until, tries = 0, 0.0, 0
    for call in log.calls:
        tries += 1
        assert tries > 1 or call.began >= until - NEAR
        if call.failed and tries < most:
            continue
        tries = 0
        if not call.failed or breaker.on == (ValueError,):
            failures, until = 0, 0.0
            continue
        failures += 1
        if failures >= breaker.failures or until:
            until = call.ended + breaker.reset


def check_open(drawn: Drawn, log: Log) -> None:
    """However many go on at once: while it is open nothing is called, be it once more, and then for one firing only."""
    breaker = drawn.said.breaker
    for (begin, is_open, time), (end, _, _) in pairwise([*log.turns, (len(log.calls), False, 0.0)]):
        calls = log.calls[begin:end] if is_open else []
        assert all(call.began >= time + breaker.reset - NEAR for call in calls)
        # One on trial that is cancelled, because the node is begun anew, leaves its place to another.
        assert drawn.said.restart.when != "never" or len({call.number for call in calls}) <= 1


def check_timeout(drawn: Drawn, log: Log) -> None:
    """No attempt takes longer than it may, and each that is cut short is so on time."""
    limit = drawn.said.timeout
    for call in log.calls if limit is not None else ():
        assert call.ended - call.began <= limit.hard + NEAR
        assert drawn.takes <= limit.hard or abs(call.ended - call.began - limit.hard) < NEAR


def check_rate(drawn: Drawn, result: Result, log: Log) -> None:
    """First attempts follow one another as the rate says: no two sooner than their share of time."""
    rate = drawn.said.rate
    if rate is None or drawn.said.restart.when != "never" or drawn.said.breaker is not None:
        return
    firsts = [log.of(number)[0].began for number in dict.fromkeys(call.number for call in log.calls)]
    assert all(later - before >= rate.per / rate.most - NEAR for before, later in pairwise(firsts))


@settings(max_examples=100)
@given(nets())
def test_firings_one_after_the_other(drawn: Drawn) -> None:
    """Everything holds, whatever is combined; and what comes out is in order."""
    result, log = drawn.run()
    check_conserved(drawn, result)
    check_attempts(drawn, result, log)
    check_waits(drawn, log)
    check_breaker(drawn, log)
    check_open(drawn, log)
    check_rate(drawn, result, log)
    check_timeout(drawn, log)
    assert result.outputs.out == sorted(result.outputs.out)


@settings(max_examples=100)
@given(nets(many=True))
def test_several_firings_at_once(drawn: Drawn) -> None:
    """Packets are conserved and attempts bounded too where firings go on at once, which share a breaker and a rate."""
    result, log = drawn.run()
    check_conserved(drawn, result)
    check_attempts(drawn, result, log)
    check_open(drawn, log)
    check_rate(drawn, result, log)
    if result.outcome == "finished":
        check_timeout(drawn, log)
    concurrency = drawn.said.concurrency
    assert isinstance(concurrency, Concurrency)
    if concurrency.order == "ordered" and concurrency.key is None:
        assert result.outputs.out == sorted(result.outputs.out)


@settings(max_examples=40)
@given(nets(), st.integers(0, 3))
def test_a_run_is_repeated_exactly(drawn: Drawn, seed: int) -> None:
    """On a stepped loop the same seed makes the same calls at the same times, jitter included."""
    drawn.seed = seed
    (one, first), (two, second) = drawn.run(), drawn.run()
    assert first.calls == second.calls
    assert where(one) == where(two)


@settings(max_examples=60)
@given(st.floats(0.001, 10), st.floats(1, 5), st.floats(0.001, 100), st.floats(0, 1), st.integers(1, 9))
def test_back_off_keeps_to_its_formula(
    backoff: float, factor: float, longest: float, jitter: float, failures: int
) -> None:
    """Each wait is the back-off times the factor for each attempt before it, at most the longest; and then jitter."""
    policy = Retry(10, backoff=backoff, factor=factor, longest=longest, jitter=jitter)
    said = NodeSettings(retry=policy, breaker=None, restart=Restart("never"))
    drawn = Drawn("plain", [failures], said, error=False, seed=None, takes=0, capacity=1)
    result, log = drawn.run()
    assert (result.outputs.out, len(log.calls)) == ([0], failures + 1)
    check_waits(drawn, log)
