"""The one call: `explore(factory)` tries the orders in which steps can come, and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, Unpack, overload

from fbdev.explore.asked import Options, check_factory, check_options, plan_of, program_of
from fbdev.explore.decorated import Explored, decorating
from fbdev.explore.explored import explored, replayed
from fbdev.explore.naming import Remap
from fbdev.explore.net_scene import NetScene
from fbdev.explore.program import Check, Checks, Program, Sentinel
from fbdev.explore.result import Result
from fbdev.explore.scene import Factory
from fbdev.explore.words import ExploreError

P = ParamSpec("P")
_ABSENT: Any = object()


@overload
def explore(factory: Factory | NetScene, **options: Unpack[Options]) -> Result: ...
@overload
def explore(
    *, accept: Iterable[str] = (), **options: Unpack[Options]
) -> Callable[[Callable[P, object]], Explored[P]]: ...
def explore(factory: Any = _ABSENT, *, accept: Iterable[str] = (), **options: Any) -> Any:
    """Run processes under every order of their steps, and say whether something can go wrong.

    `factory` is called once for each execution, and returns generators or coroutines: by name, in a list, or in a
    `Scene`. What lies between two yields, or two waits of a task, is one step. A coroutine function is one process with
    all the tasks that it starts. Or it is a net, a `NetScene`, whose steps are the turns of its nodes. Wrong are a
    deadlock, a livelock, an exception that is not `allowed`, an `invariant` that returns False or raises in some state,
    and an `at_end` where all processes have ended; both are called with what the scene says is shared. `sentinel`,
    called with the same, makes a generator that is advanced after each step.

    `search` is `"states"` (every state once), `"races"` (orders that differ in nothing once), `"every"` (all orders),
    `"labels"` (states told apart by labels alone), `"preemptions"` (all orders with 0, 1, 2… preemptions), `"random"`,
    `"pos"`, `"pct"`, or `"sample"` (random and POS in turn); `"auto"` takes the first of `"states"` and `"races"` that
    can prove something, and turns to preemptions when half the budget is spent. `budget` is in seconds, or a `Budget`.
    `identity` or `remap` rename processes, so that one may pass for another that is dead. `audit` is a number of random
    schedules that are run after a proof, to test the explorer. With `chance` the processes need not be deterministic.
    `keep` is a file for what the budget or Ctrl-C leaves, and `continues` one to go on from: counts and finds add up.
    `cores` draw samples side by side. `progress` is called ten times a second with a `Progress`.

    Without a factory it is a decorator of tests: `@explore(...)` above a factory, or above a coroutine function, which
    is one process, with all the tasks that it starts. Pytest runs it, fixtures included; called, it runs as well. It
    fails unless it holds with the usual givens, and those that `accept` names, as in `Result.assert_holds`.

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
    asked: Options = options  # type: ignore[assignment]
    check_options(asked)
    if factory is _ABSENT:
        return decorating(accept, asked)
    if accept:
        raise ExploreError("accept is for tests", "explore", "say explore(factory).assert_holds('preemptions')")
    check_factory(factory)
    return explored(program_of(factory, asked), plan_of(asked))


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
    return replayed(Program(factory, Checks(invariant, at_end, sentinel, allowed), remap=remap), token)
