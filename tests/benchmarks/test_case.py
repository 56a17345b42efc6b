"""How measurements are compared and judged."""

import pytest

from benchmarks.case import QUICK, Case, Effort, at_most, cost, paired, speed


def test_pairs_are_measured_in_turn() -> None:
    """Each round measures both, and the order changes from one round to the next."""
    calls: list[str] = []

    def costing(name: str, seconds: float) -> float:
        calls.append(name)
        return seconds

    ratios, mine, others = paired(lambda: costing("ours", 3), lambda: costing("theirs", 2), Effort(rounds=3))
    assert calls == ["theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert (ratios, mine, others) == ([1.5] * 3, [3] * 3, [2] * 3)


@pytest.mark.parametrize(("least", "met"), [(2.0, True), (2.1, False), (None, None)])
def test_speed_is_how_many_times_as_fast(least: float | None, met: bool | None) -> None:
    """Half the seconds a hop is twice as fast; without a target nothing is met or missed."""
    case = speed("chain", lambda: 0.001, lambda: 0.002, "queues", least, Effort(rounds=3))
    assert (case.value, case.ratio, case.met, case.baseline) == (pytest.approx(1000), pytest.approx(2), met, "queues")
    assert case.target == (f">= {least:g} x" if least else "none")


def test_a_cost_is_the_median_of_its_ratios() -> None:
    """A round that was disturbed does not count, and shows in the spread."""
    case = cost("history", [1.0, 1.1, 9.0], [1.5, 1.6, 12.0], "µs", "counts", most=2.5)
    assert case == Case("history", 1.1, "µs", "counts", 1.6, "<= 2.5 x", True, "1.5 to 12")
    assert not cost("history", [1.0], [2.6], "µs", "counts", most=2.5).met


def test_at_most_nothing() -> None:
    """A target of 0 has no ratio, and is met by 0 alone."""
    assert at_most("kept", [0.0, 0.0, 0.1], "B", 0).met
    case = at_most("kept", [0.1], "B", 0)
    assert (case.ratio, case.met) == (None, False)


def test_less_effort_sends_fewer_packets() -> None:
    """A quick round sends a hundredth, but never next to nothing."""
    assert [Effort().packets(20_000), QUICK.packets(20_000), QUICK.packets(200)] == [20_000, 200, 10]
