"""`@explore(...)`: a function or a coroutine function as a test of every order."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, Protocol, cast

from fbdev.explore.asked import MARK, Options, plan_of, program_of
from fbdev.explore.budget import as_budget
from fbdev.explore.explored import explored, replayed
from fbdev.explore.net_scene import NetScene
from fbdev.explore.program import Program
from fbdev.explore.pytest_case import case_beside
from fbdev.explore.result import Result
from fbdev.explore.verdict import check_accepted
from fbdev.explore.words import ExploreError

P = ParamSpec("P")


class Explored(Protocol[P]):
    """A test made by `@explore(...)`: pytest runs it, and so does a call."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Explore it, every execution with these arguments, and return the result.

        Raises:
            AssertionError: with the report, when it does not hold.
        """
        ...

    def replay(self, token: str, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Make one execution of it again, from a token."""
        ...


def decorating(accept: Iterable[str], options: Options) -> Callable[[Callable[P, object]], Explored[P]]:
    """Return the decorator that these options make.

    Raises:
        ExploreError: an option is wrong.
    """
    accepted = (accept,) if isinstance(accept, str) else tuple(accept)
    check_accepted(accepted)
    # What is wrong with options is said where they stand, and not when the test runs.
    program_of(None, options)
    plan_of(options)

    def decorate(function: Callable[P, object]) -> Explored[P]:
        if isinstance(function, type) or not callable(function):
            what = f"it decorates a function, and not {function!r}"
            raise ExploreError(what, "@explore", "decorate the functions one by one; @staticmethod goes above it")
        return cast(Explored[P], _test_of(Decorated(function, options, accepted)))

    return decorate


def _test_of(decorated: Decorated) -> Any:
    @functools.wraps(decorated.function)
    def test(*args: Any, **kwargs: Any) -> Result:
        result = decorated.explored(decorated.bound(args, kwargs))
        return result.assert_holds(*decorated.accept)

    def replay(token: str, *args: Any, **kwargs: Any) -> Result:
        return decorated.replayed(decorated.bound(args, kwargs), token)

    made: Any = test
    made.replay = replay
    setattr(made, MARK, decorated)
    return made


@dataclass(frozen=True, slots=True)
class Call:
    """What makes the processes of one execution.

    `passes` tells which exceptions end the exploration and are raised, instead of being failures. When a net was made,
    that one is explored, which puts back what it changes: `net` is given it, and may wrap it.
    """

    make: Callable[[], Any]
    passes: Callable[[BaseException], bool] | None = None
    net: Callable[[NetScene], NetScene] = lambda scene: scene


@dataclass(frozen=True, slots=True)
class Decorated:
    """A function that is a factory, or a coroutine function that is a process, and how it is explored."""

    function: Callable[..., Any]
    options: Options
    accept: tuple[str, ...]

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """Return the call of the function with these arguments.

        Raises:
            ExploreError: when some are missing.
        """
        name = getattr(self.function, "__qualname__", "the test")
        try:
            inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError as error:
            hint = "pytest makes the fixtures of a test; whoever calls it gives the arguments"
            raise ExploreError(str(error), name, hint) from None
        return Call(functools.partial(self.function, *args, **kwargs))

    def explored(self, call: Call, *, seconds: float | None = None, values: Mapping[str, Any] | None = None) -> Result:
        """Explore what a call makes.

        `seconds` are there instead of the budget's; `values` are the arguments that are no fixtures.
        """
        plan = plan_of(self.options)
        if seconds is not None:
            plan = replace(plan, budget=replace(as_budget(plan.budget), seconds=seconds))
        result = self._of(call, lambda program: explored(program, plan))
        if result.test:
            assert result.failure is not None
            result.test = case_beside(self.function, result.failure, values or {})
        return result

    def replayed(self, call: Call, token: str) -> Result:
        """Make one execution of what a call makes again."""
        return self._of(call, lambda program: replayed(program, token))

    def _of(self, call: Call, act: Callable[[Program], Result]) -> Result:
        """Act on the program; on another when the first execution shows that it is a net."""
        try:
            return act(self._program(self._factory(call.make), call))
        except _NetMadeError as made:
            scene = made.scene
        return act(self._program(call.net(scene), call))

    def _program(self, factory: Any, call: Call) -> Program:
        program = program_of(factory, self.options)
        program.passes = call.passes
        return program

    def _factory(self, make: Callable[[], Any]) -> Callable[[], Any]:
        if inspect.iscoroutinefunction(self.function):
            return make

        def factory() -> Any:
            made = make()
            if isinstance(made, NetScene):
                raise _NetMadeError(made)
            return made

        return factory


class _NetMadeError(Exception):
    """A factory has made a net; it never leaves this file."""

    def __init__(self, scene: NetScene) -> None:
        self.scene = scene
