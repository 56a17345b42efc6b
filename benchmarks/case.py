"""One measurement: what it is called, what it is compared with, and what it is to reach."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS = 9
"""Paired rounds at the least; single ones vary by a factor of up to four on a busy machine."""


@dataclass(frozen=True, slots=True)
class Case:
    """The result of a measurement.

    `ratio` compares `value` with `baseline` (larger is better where `higher_is_better`, and `target` is then the
    least; otherwise the most). Where a target is absolute, `ratio` is value / target.
    """

    name: str
    value: float
    unit: str
    baseline: str
    ratio: float
    target: str
    met: bool
    spread: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the case as it is printed by `--json`."""
        return asdict(self)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a piece of work takes, with the garbage of others out of the way."""
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def paired(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS) -> tuple[list[float], float]:
    """Time two pieces of work in turn, and return the ratios theirs / ours, sorted, and our median in seconds."""
    ours()
    theirs()
    ratios, times = [], []
    for number in range(rounds):
        # The order changes from round to round, so that neither always follows the other.
        if number % 2:
            mine, other = cpu_seconds(ours), cpu_seconds(theirs)
        else:
            other, mine = cpu_seconds(theirs), cpu_seconds(ours)
        ratios.append(other / mine)
        times.append(mine)
    return sorted(ratios), statistics.median(times)


def against(
    name: str, hops: int, ours: Callable[[], object], theirs: Callable[[], object], *, than: str, target: float
) -> Case:
    """Measure how many times as fast as a baseline packets hop; `target` is the least that is wanted."""
    ratios, seconds = paired(ours, theirs)
    ratio = statistics.median(ratios)
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return Case(name, hops / seconds, "hops/CPU-s", than, ratio, f">= {target:g} x", ratio >= target, spread)


def at_most(name: str, values: list[float], unit: str, most: float) -> Case:
    """Judge measured values by their median, against the most that is allowed."""
    value = statistics.median(values)
    spread = f"{min(values):.3g} to {max(values):.3g}"
    return Case(name, value, unit, "none", value / most, f"<= {most:g} {unit}", value <= most, spread)
