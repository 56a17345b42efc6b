"""The standard problems as plain asyncio code, explored by us and by another explorer: whose verdicts are right."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.case import Case, Effort, Measurement
from benchmarks.child import printed_by
from benchmarks.peers.environment import PeerError, python_of
from benchmarks.standard_problems_coroutines import PROBLEMS
from fbdev.explore import explore

PEER = "frontrun"
TITLE = f"{PEER} 0.7.0"


def is_right(verdict: str, *, is_mended: bool) -> bool:
    """Tell whether a verdict is the right one."""
    return verdict == ("holds" if is_mended else "bug")


def ours() -> tuple[int, float]:
    """Return how many of our verdicts are right, and the CPU seconds that all took."""
    before, right = time.process_time(), 0
    for problem in PROBLEMS:
        kind = explore(problem.factory, at_end=problem.at_end).verdict.kind
        right += is_right(str(kind), is_mended=not problem.wrong)
    return right, time.process_time() - before


def beside(effort: Effort) -> Iterator[Case]:
    """Compare the verdicts, and the time that they took."""
    name = f"{len(PROBLEMS)} asyncio problems"
    right, seconds = ours()
    try:
        python = python_of(PEER)
    except PeerError as error:
        yield Case(f"{name}, right verdicts", float(right), "verdicts", TITLE, note=str(error))
        return
    # Isolated, or what is installed here would be imported.
    said = printed_by(["-I", str(Path(__file__).with_name(f"problems_{PEER}.py"))], python=python)
    theirs = [json.loads(line) for line in said.splitlines()]
    their_right = sum(is_right(each["verdict"], is_mended=each["is_mended"]) for each in theirs)
    passes = [each["name"] for each in theirs if each["verdict"] == "holds" and not each["is_mended"]]
    note = f"{their_right} are right, false passes: {', '.join(passes) or 'none'}"
    target = f">= {len(PROBLEMS)} verdicts"
    met = right == len(PROBLEMS)
    yield Case(f"{name}, right verdicts", float(right), "verdicts", TITLE, right / their_right, target, met, note=note)
    their_seconds = sum(each["seconds"] for each in theirs)
    yield Case(
        f"{name}, time of all verdicts",
        seconds,
        "CPU s",
        TITLE,
        their_seconds / seconds,
        ">= 1 x",
        their_seconds >= seconds,
    )


def measurements() -> Iterator[Measurement]:
    """Yield the measurement."""
    yield Measurement(f"{len(PROBLEMS)} asyncio problems", beside)
