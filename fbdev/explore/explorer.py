"""The one call: `explore(factory)` tries the orders in which steps can come, and says what it found."""

from __future__ import annotations

import random
from collections.abc import Callable

from fbdev.explore.budget import Budget, as_budget
from fbdev.explore.hooks import Hooks
from fbdev.explore.naming import Remap, renaming
from fbdev.explore.nets import NetScene
from fbdev.explore.program import Check, Checks, Factory, Program, Sentinel
from fbdev.explore.result import Result
from fbdev.explore.strategy import Plan, Search, Strategy
from fbdev.explore.token import steps_of
from fbdev.explore.trial import try_schedule
from fbdev.explore.verdict import DETERMINISTIC, GRANULARITY, Verdict, VerdictKind


def explore(
    factory: Factory | NetScene,
    *,
    invariant: Check | None = None,
    at_end: Check | None = None,
    sentinel: Sentinel | None = None,
    search: Search = "auto",
    budget: Budget | float | None = None,
    identity: Callable[[str], str] | None = None,
    remap: Remap | None = None,
    hooks: Hooks | None = None,
    allowed: tuple[type[BaseException], ...] = (),
    samples: int = 1000,
    seed: int = 0,
    audit: int = 0,
    keep_going: bool = False,
    chance: bool = False,
) -> Result:
    """Run processes under every order of their steps, and say whether something can go wrong.

    `factory` is called once for each execution, and returns generators: by name, in a list, or in a `Scene`. What lies
    between two yields is one step. Or it is a net, a `NetScene`, whose steps are the turns of its nodes. Wrong are a
    deadlock, a livelock, an exception that is not `allowed`, an `invariant` that returns False or raises in some state,
    and an `at_end` where all processes have ended; both are called with what the scene says is shared. `sentinel`,
    called with the same, makes a generator that is advanced after each step.

    `search` is `"states"` (every state once), `"races"` (orders that differ in nothing once), `"every"` (all orders),
    `"labels"` (states told apart by labels alone), `"preemptions"` (all orders with 0, 1, 2… preemptions), `"random"`,
    `"pos"`, `"pct"`, or `"sample"` (random and POS in turn); `"auto"` takes the first of `"states"` and `"races"` that
    can prove something, and turns to preemptions when half the budget is spent. `budget` is in seconds, or a `Budget`.
    `identity` or `remap` rename processes, so that one may pass for another that is dead. `audit` is a number of random
    schedules that are run after a proof, to test the explorer. With `chance` the processes need not be deterministic.

    Raises:
        ExploreError: when the factory or an option is wrong.

    Example:
        from fbdev.explore import Scene, Shared, explore

        def factory():
            count = Shared(0, "count")

            def add():
                seen = count.value
                yield "read"
                count.value = seen + 1

            return Scene({"a": add(), "b": add()}, shared=count)

        print(explore(factory, at_end=lambda count: count.value == 2).failure.schedule)
        #> ('a', 'b', 'b', 'a')
    """
    checks = Checks(invariant, at_end, sentinel, allowed)
    program = Program(factory, checks, remap=renaming(identity, remap), hooks=hooks)
    plan = Plan(search, as_budget(budget), samples, seed, audit, keep_going, chance)
    return _repeatable(Strategy(program, plan))


def _repeatable(strategy: Strategy) -> Result:
    """Run a strategy; when processes draw from `random`, once more, from the same beginning each time."""
    program, before = strategy.program, random.getstate()
    try:
        result = strategy.run()
        if random.getstate() != before and not strategy.plan.chance:
            program.random_state = before
            result = strategy.run()
            result.notes.append("processes draw from random, which begins anew in each execution")
    finally:
        random.setstate(before)
    return result


def replay(
    factory: Factory | NetScene,
    token: str,
    *,
    invariant: Check | None = None,
    at_end: Check | None = None,
    sentinel: Sentinel | None = None,
    remap: Remap | None = None,
    allowed: tuple[type[BaseException], ...] = (),
) -> Result:
    """Make one execution again, from the token of a result; the checks are those of `explore`.

    When a choice does not fit any more, the verdict is inconclusive and says which.

    Raises:
        ExploreError: when it is no token.

    Example:
        from fbdev.explore import explore, replay

        def factory():
            def stop():
                yield "ready"
                raise ValueError("no")

            return {"a": stop()}

        print(replay(factory, explore(factory).token).verdict.kind)
        #> bug
    """
    steps = steps_of(token)
    program = Program(factory, Checks(invariant, at_end, sentinel, allowed), remap=remap)
    trial = try_schedule(program, [name for name, _ in steps], places=True, goes_on=False)
    made = list(zip(trial.path, trial.labels, strict=True))
    for number, (wanted, found) in enumerate(zip(steps, [*made, None], strict=False), 1):
        if wanted != found and (trial.failure is None or found is not None):
            why = f"choice {number} does not fit any more: {wanted[0]} "
            if found is None or found[0] != wanted[0]:
                why += "cannot make a step there"
            else:
                why += f"reaches {found[1]!r}, where the token says {wanted[1]!r}"
            return Result(Verdict(VerdictKind.INCONCLUSIVE, why), "replay", executions=1, steps=len(made))
    givens = (DETERMINISTIC, GRANULARITY)
    if trial.failure is None:
        verdict = Verdict(VerdictKind.SAMPLED, "one schedule, which does not fail", givens)
        return Result(verdict, "replay", executions=1, steps=len(made))
    trial.failure.labels = tuple(trial.labels)
    verdict = Verdict(VerdictKind.BUG, trial.failure.what)
    return Result(verdict, "replay", [trial.failure], executions=1, steps=len(made))
