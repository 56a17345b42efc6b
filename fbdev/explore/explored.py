"""A program explored by a plan, and one execution of it made again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from fbdev.explore.net_scene import NetScene
from fbdev.explore.plan import Plan
from fbdev.explore.program import Program
from fbdev.explore.result import Result
from fbdev.explore.strategy import Strategy
from fbdev.explore.surroundings import controlled
from fbdev.explore.token import steps_of
from fbdev.explore.trial import try_schedule
from fbdev.explore.verdict import DETERMINISTIC, Verdict, VerdictKind

_FIRST_DRAWS = random.Random(0).getstate()
"""What `random` begins with, where processes draw from it: the same in every process, so that tokens fit."""


def explored(program: Program, plan: Plan) -> Result:
    """Run a search; when processes draw from `random`, once more, from the same beginning each time."""
    if plan.is_kept:
        from fbdev.explore.keeping import Keeping

        keeping = Keeping(program, plan)
        result = keeping.kept(_repeatable(keeping.strategy))
    else:
        result = _repeatable(Strategy(program, plan))
    result.program = program
    return result


def _repeatable(strategy: Strategy) -> Result:
    program = strategy.program
    with program.keeping(), _random_kept(), nullcontext() if strategy.plan.chance else controlled():
        before = random.getstate()
        result = strategy.run()
        is_over = strategy.plan.chance or result.verdict.detail == "interrupted"
        if random.getstate() != before and not is_over and program.random_state is None:
            program.random_state = _FIRST_DRAWS
            result = strategy.run()
        if program.random_state is not None:
            result.notes.append("processes draw from random, which begins anew in each execution")
    return result


def replayed(program: Program, token: str) -> Result:
    """Make the execution of a token again.

    Raises:
        ExploreError: when it is no token.
    """
    steps = steps_of(token)
    result = _again(program, steps)
    if result.verdict.kind is VerdictKind.INCONCLUSIVE and isinstance(program.factory, NetScene):
        # A schedule of `search="every"` has the steps by which a net ends that is cancelled.
        program.winds_up = False
        other = _again(program, steps)
        result = result if other.verdict.kind is VerdictKind.INCONCLUSIVE else other
    result.program = program
    return result


def _again(program: Program, steps: Sequence[tuple[str, str]]) -> Result:
    program.random_state = _FIRST_DRAWS
    with program.keeping(), _random_kept(), controlled():
        trial = try_schedule(program, [name for name, _ in steps], places=True, goes_on=False)
    made = list(zip(trial.path, trial.labels, strict=True))
    for number, (wanted, found) in enumerate(zip(steps, [*made, None], strict=False), 1):
        if not _fits(wanted, found) and (trial.failure is None or found is not None):
            why = f"choice {number} does not fit any more: {wanted[0]} "
            if found is None or found[0] != wanted[0]:
                why += "cannot make a step there"
            else:
                why += f"reaches {found[1]!r}, where the token says {wanted[1]!r}"
            return Result(Verdict(VerdictKind.INCONCLUSIVE, why), "replay", executions=1, steps=len(made))
    givens = (DETERMINISTIC, program.granularity)
    if trial.failure is None:
        verdict = Verdict(VerdictKind.SAMPLED, "one schedule, which does not fail", givens)
        return Result(verdict, "replay", executions=1, steps=len(made))
    trial.failure.labels = tuple(trial.labels)
    verdict = Verdict(VerdictKind.BUG, trial.failure.what)
    return Result(verdict, "replay", [trial.failure], executions=1, steps=len(made))


def _fits(wanted: tuple[str, str], found: tuple[str, str] | None) -> bool:
    """Tell whether a step is the one of the token, which of processes left to chance says only whose step it was."""
    return wanted == found or (found is not None and wanted == (found[0], ""))


@contextmanager
def _random_kept() -> Iterator[None]:
    """Leave `random` as it was."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)
