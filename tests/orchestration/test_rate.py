"""Rates: when firings begin, on virtual time and on that of the machine."""

import asyncio
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from fbcore import BatchRuntime, Each, NetSettings, Rate, Retry, SettingsError, component
from fbcore.orchestration.rate import LATE, TICK, TOGETHER, Pace
from tests.orchestration.flaky import LOOPS, Flaky, alone, passing, run
from tests.orchestration.supervising import Heard

each_loop = pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)


@each_loop
def test_firings_keep_to_the_schedule(make_loop: Any) -> None:
    """Evenly spread, the first at once; to the millisecond, and without drift over a thousand of them."""
    flaky = Flaky()
    result = run(passing(flaky), range(1001), rate=Rate(3, per=2), make_loop=make_loop)
    assert result.outputs.passed == list(range(1001))
    assert flaky.times == pytest.approx([2 / 3 * number for number in range(1001)], abs=1e-6)


def test_attempts_do_not_count() -> None:
    """A rate is of firings; how quickly attempts follow each other is said by the retry."""
    flaky = Flaky({1: 2})
    run(passing(flaky), range(3), rate=Rate(1), retry=Retry(backoff=0.1, factor=1, jitter=0))
    assert flaky.times == [0, 1, 1.1, 1.2, 2]


def test_what_was_not_used_is_not_saved_up() -> None:
    """After an hour without packets they are spread as before."""
    flaky = Flaky()

    async def numbers() -> Any:
        yield 0
        await asyncio.sleep(3600)
        for number in range(1, 4):
            yield number

    run(passing(flaky), numbers(), rate=Rate(1))
    assert flaky.times == [0, 3600, 3601, 3602]


def test_a_slow_function_is_not_slowed_down() -> None:
    """A firing that takes longer than its share is followed by the next at once."""
    flaky = Flaky()

    @component
    async def slow(number: int) -> int:
        flaky.look(number)
        await asyncio.sleep(3)
        return number

    run(slow, range(4), rate=Rate(1))
    assert flaky.times == pytest.approx([0, 3, 6, 9], abs=1e-9)


class LateLoop:
    """A loop whose sleepers wake late."""

    def __init__(self, late: list[float]) -> None:
        self.now = 0.0
        self.late = late

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep for longer than was asked for."""
        self.now += seconds + (self.late.pop(0) if self.late else 0.0)


def times_of(rate: Rate, late: list[float], count: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return when firings begin that take no time, and wake late."""
    loop: Any = LateLoop(late)
    monkeypatch.setattr("fbcore.net.pause.asyncio.sleep", loop.sleep)
    node: Any = SimpleNamespace(net=SimpleNamespace(loop=loop), pauses=())
    pace, times = Pace(rate, node), []
    for _ in range(count):
        waiting = pace.wait()
        with pytest.raises(StopIteration):
            waiting.send(None)
        times.append(loop.now)
    return times


def test_late_timers_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that stands is kept though every timer rings late; no two firings are closer by more than a tick."""
    late = [0.0004, 0.0009, 0.0001, 0.0007] * 250
    times = times_of(Rate(900), late, 901, monkeypatch)
    assert times[-1] == pytest.approx(1, abs=0.001)
    assert min(later - before for before, later in pairwise(times)) >= 1 / 900 - TICK - 1e-9
    times = times_of(Rate(10), [LATE, 0.0], 60, monkeypatch)
    gaps = [later - before for before, later in pairwise(times)]
    assert min(gaps) == pytest.approx(0.1 - TICK)
    assert times[-1] == pytest.approx(5.9)


def test_quick_firings_are_woken_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the next one may follow at once, one wake-up is for all that are due by then; the schedule is kept."""
    times = times_of(Rate(1000), [], 1001, monkeypatch)
    assert len(set(times)) < 200
    assert all(0 <= at - number / 1000 <= TOGETHER + 1e-9 for number, at in enumerate(times))
    assert len(set(times_of(Rate(999), [], 1000, monkeypatch))) == 1000


def test_never_more_than_the_rate_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over any number of firings the schedule is kept, but for what may be made up for."""
    times = times_of(Rate(100), [0.003, 0.2, 0.0, 0.011] * 50, 300, monkeypatch)
    for apart in 1, 10, 100:
        ahead = [later - before for before, later in zip(times, times[apart:], strict=False)]
        assert min(ahead) >= apart * 0.01 - LATE - 1e-9


@pytest.mark.slow
def test_a_thousand_in_a_second_on_the_clock_of_the_machine() -> None:
    """Within a twentieth here, where other tests run beside it; and without a busy loop."""
    flaky = Flaky()
    runtime = BatchRuntime(alone(passing(flaky)), settings=NetSettings(rate=Rate(1000)))
    began, used = time.perf_counter(), time.process_time()
    runtime.run(inputs={"number": Each(range(601))})
    took, used = time.perf_counter() - began, time.process_time() - used
    assert took >= 0.6 - LATE
    assert used < took / 4


def test_waiting_for_its_time_holds_up_no_other() -> None:
    """The packet that waits is in the result when the net is cancelled, and the rest is unread."""
    flaky, heard = Flaky(), Heard()
    result = run(passing(flaky), range(4), rate=Rate(1, per=60), heard=heard, time_limit=90)
    assert (result.outputs.passed, result.held) == ([0, 1], {"node.number": 2})
    assert [*result.unread.values()] == [[3]]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"most": 0}, "`most` of Rate cannot be 0"),
        ({"most": None}, "`most` of Rate cannot be None"),
        ({"most": 0.5}, "`most` of Rate cannot be 0.5"),
        ({"most": 1, "per": 0}, "`per` of Rate cannot be 0"),
        ({"most": 1, "per": float("inf")}, "`per` of Rate cannot be inf"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(fields: Any, what: str) -> None:
    """When it is made, with what it should be."""
    with pytest.raises(SettingsError, match="hint: ") as caught:
        Rate(**fields)
    assert what in str(caught.value)
