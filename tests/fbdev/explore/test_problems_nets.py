"""The standard problems as nets: each verdict is right, and none passes that has a bug."""

import asyncio
from types import SimpleNamespace

import pytest

from benchmarks.standard_problems import NAMES, Problem
from benchmarks.standard_problems_nets import PROBLEMS
from fbcore import BatchRuntime, SteppedLoop
from fbcore.driver import Seeded
from fbdev.explore import Budget, NetScene, VerdictKind, explore, replay

ENDLESS = Budget(seconds=None)
"""However busy the machine is."""


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_a_verdict_is_right(problem: Problem) -> None:
    """What is wrong is found, with a token that shows it again; what is mended is proven, in circles too."""
    result = explore(problem.factory, at_end=problem.at_end, budget=ENDLESS)
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


def test_the_problems_have_one_table_of_names() -> None:
    """The ten are called alike, whatever their processes are made of."""
    assert tuple(problem.name for problem in PROBLEMS[::2]) == NAMES
    assert all(problem.name == f"{name}, mended" for problem, name in zip(PROBLEMS[1::2], NAMES, strict=True))


def goes_well(problem: Problem, seed: int) -> bool:
    """Run a net once, in the order of a seed, and say whether it goes well."""
    assert isinstance(problem.factory, NetScene)
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(Seeded(seed, timers=True))) as runner:
        result = runner.run(BatchRuntime(problem.factory.graph).arun(raises=False))
    played = SimpleNamespace(outputs={name: result.outputs[name] for name in result.outputs})
    return result.outcome.is_good and (problem.at_end is None or problem.at_end(played))


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS[::2], ids=NAMES)
def test_a_bug_shows_under_some_orders_only(problem: Problem) -> None:
    """There are orders in which nothing goes wrong: who runs a net once may never know."""
    assert any(goes_well(problem, seed) for seed in range(300))
