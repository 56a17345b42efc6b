"""Measurements: what a case is called, what it is compared with, what it is to reach, and how it is timed."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

Work = Callable[[], object]
"""Something to be done once, and timed."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds of each pair, and the share of the usual packets.

    Nine rounds at the least are worth quoting: single ones vary by a factor of up to four on a busy machine.
    """

    rounds: int = 9
    share: float = 1.0

    def packets(self, usual: int) -> int:
        """Return how many packets to send, where so many are usual."""
        return max(10, int(usual * self.share))


QUICK = Effort(rounds=1, share=0.01)
"""Enough to see that a benchmark works; its numbers mean nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """The result of a measurement.

    `ratio` compares it with the baseline, as `target` says: for `>= 2 x` it is how many times as fast we are, for
    `<= 2 x` how many times as dear. Where there is no baseline it is value / target. `met` is None where nothing is
    aimed at. `note` says why there is no value.
    """

    name: str
    value: float | None
    unit: str
    baseline: str = "none"
    ratio: float | None = None
    target: str = "none"
    met: bool | None = None
    spread: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the case as it is printed by `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Measurement:
    """How the case of a name is measured, and the work that `--profile` looks at, made anew for it."""

    name: str
    measure: Callable[[Effort], Iterable[Case]]
    work: Callable[[Effort], Work] | None = None


# -- timing --------------------------------------------------------------------------------------------


def cpu_seconds(work: Work) -> float:
    """Return the CPU seconds that a piece of work takes, with the garbage of others out of the way."""
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def paired(
    ours: Callable[[], float], theirs: Callable[[], float], effort: Effort
) -> tuple[list[float], list[float], list[float]]:
    """Measure two costs in turn; return the ratios ours / theirs, round by round, and the costs themselves."""
    ratios, mine, others = [], [], []
    for number in range(effort.rounds):
        # The order changes from round to round, so that neither always follows the other.
        if number % 2:
            mine.append(ours())
            others.append(theirs())
        else:
            others.append(theirs())
            mine.append(ours())
        ratios.append(mine[-1] / others[-1])
    return ratios, mine, others


# -- judging -------------------------------------------------------------------------------------------


def spread_of(values: Iterable[float]) -> str:
    """Return the least and the most of the values."""
    found = sorted(values)
    return " to ".join(format(value, ",.0f" if value >= 1000 else ".3g") for value in (found[0], found[-1]))


def speed(
    name: str,
    hop: Callable[[], float],
    their_hop: Callable[[], float],
    than: str,
    least: float | None,
    effort: Effort,
    *,
    unit: str = "hops/CPU-s",
) -> Case:
    """Measure how many times as fast as a baseline packets hop; both measure the CPU seconds of one hop."""
    ratios, mine, _ = paired(hop, their_hop, effort)
    times = [1 / ratio for ratio in ratios]
    ratio = statistics.median(times)
    case = Case(name, 1 / statistics.median(mine), unit, than, ratio, spread=spread_of(times))
    return case if least is None else replace(case, target=f">= {least:g} x", met=ratio >= least)


def at_least(name: str, values: list[float], unit: str, least: float) -> Case:
    """Judge measured values by their median, against the least that is wanted."""
    value = statistics.median(values)
    target = f">= {least:,g} {unit}"
    return Case(name, value, unit, ratio=value / least, target=target, met=value >= least, spread=spread_of(values))


def cost(name: str, costs: list[float], ratios: list[float], unit: str, than: str, most: float | None) -> Case:
    """Judge costs by the median of their ratios to those of a baseline, measured in the same rounds."""
    ratio = statistics.median(ratios)
    case = Case(name, statistics.median(costs), unit, than, ratio, spread=spread_of(ratios))
    return case if most is None else replace(case, target=f"<= {most:g} x", met=ratio <= most)


def at_most(name: str, values: list[float], unit: str, most: float) -> Case:
    """Judge measured values by their median, against the most that is allowed."""
    value = statistics.median(values)
    ratio = value / most if most else None
    target = f"<= {most:g} {unit}"
    return Case(name, value, unit, ratio=ratio, target=target, met=value <= most, spread=spread_of(values))
