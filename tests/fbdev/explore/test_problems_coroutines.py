"""The standard problems as asyncio code: each verdict is right, by states and by races."""

import pytest

from benchmarks.standard_problems import Problem
from benchmarks.standard_problems_coroutines import PROBLEMS
from fbdev.explore import VerdictKind, explore, replay


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_a_verdict_is_right(problem: Problem) -> None:
    """What is wrong is found, with a token that shows it again; what is mended is proven, in circles too."""
    result = explore(problem.factory, at_end=problem.at_end)
    if not problem.wrong:
        result.assert_holds()
        assert bool(result.spins) == problem.has_circle
        return
    assert result.failure is not None
    assert (result.verdict.kind, result.failure.kind) == (VerdictKind.BUG, problem.wrong)
    again = replay(problem.factory, result.token, at_end=problem.at_end)
    assert again.failure is not None
    assert again.failure.kind == result.failure.kind


STRAIGHT = [each for each in PROBLEMS if "spinlock" not in each.name and not each.has_circle]


@pytest.mark.slow
@pytest.mark.parametrize("problem", STRAIGHT, ids=lambda each: each.name)
def test_races_alone_are_enough_without_circles(problem: Problem) -> None:
    """Where no task goes in circles, the search by races comes to the same verdict."""
    result = explore(problem.factory, at_end=problem.at_end, search="races")
    assert result.verdict.kind is (VerdictKind.BUG if problem.wrong else VerdictKind.HOLDS)
