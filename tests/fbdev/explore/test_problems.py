"""The standard problems: each search that can gets each verdict right."""

import pytest

from benchmarks.standard_problems import PROBLEMS, Problem
from fbdev.explore import VerdictKind, explore, replay

ALL = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


@ALL
def test_a_verdict_is_right(problem: Problem) -> None:
    """What is wrong is found, with a token that shows it again; what is mended is proven, in circles too."""
    result = explore(problem.factory, at_end=problem.at_end)
    if not problem.wrong:
        result.assert_holds()
        assert bool(result.spins) == problem.has_circle
        assert all(spin.has_exit and not spin.is_fair for spin in result.spins)
        return
    assert result.failure is not None
    assert (result.verdict.kind, result.failure.kind) == (VerdictKind.BUG, problem.wrong)
    again = replay(problem.factory, result.token, at_end=problem.at_end)
    assert again.failure is not None
    assert again.failure.what == result.failure.what


STRAIGHT = [each for each in PROBLEMS if "spinlock" not in each.name and not each.has_circle]


@pytest.mark.slow
@pytest.mark.parametrize("problem", STRAIGHT, ids=lambda each: each.name)
def test_races_alone_are_enough_without_circles(problem: Problem) -> None:
    """Where no process goes in circles, the search by races comes to the same verdict."""
    result = explore(problem.factory, at_end=problem.at_end, search="races")
    assert result.verdict.kind is (VerdictKind.BUG if problem.wrong else VerdictKind.HOLDS)


def test_philosophers_by_races() -> None:
    """Three philosophers take 8 executions by races, and many more in every order."""
    (problem,) = [each for each in PROBLEMS if each.name == "philosophers"]
    assert explore(problem.factory, search="races", keep_going=True).executions == 8
    assert explore(problem.factory, search="every", keep_going=True).executions > 500
