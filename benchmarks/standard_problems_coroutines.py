"""The ten standard problems as coroutines: plain asyncio code, explored as it is."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.asyncio_problems import PROBLEMS as PLAIN
from benchmarks.asyncio_problems import AsyncioProblem
from benchmarks.standard_problems import Problem
from fbdev.explore import Scene


def scene_of(problem: AsyncioProblem, *, is_mended: bool) -> Scene:
    """Make the tasks of a problem, and what they share."""
    shared = problem.begin(is_mended=is_mended)
    return Scene({name: task(shared) for name, task in problem.tasks.items()}, shared)


def _both(problem: AsyncioProblem) -> Iterator[Problem]:
    yield Problem(problem.name, lambda: scene_of(problem, is_mended=False), problem.wrong, problem.holds)
    name = f"{problem.name}, mended"
    yield Problem(name, lambda: scene_of(problem, is_mended=True), "", problem.holds, has_circle=problem.has_circle)


PROBLEMS = tuple(each for problem in PLAIN for each in _both(problem))
"""The ten, each with its bug and then mended."""
