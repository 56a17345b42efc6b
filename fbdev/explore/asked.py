"""What a user asks of the explorer, and the program and plan that are made of it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any, TypedDict

from fbdev.explore.budget import Budget, as_budget
from fbdev.explore.hooks import Hooks
from fbdev.explore.naming import Remap, renaming
from fbdev.explore.plan import Place, Plan, Search
from fbdev.explore.program import Check, Checks, Program, Sentinel
from fbdev.explore.progress import Listener
from fbdev.explore.words import ExploreError


class Options(TypedDict, total=False):
    """The options of `explore`, which says what they mean."""

    invariant: Check | None
    at_end: Check | None
    sentinel: Sentinel | None
    search: Search
    budget: Budget | float | None
    identity: Callable[[str], str] | None
    remap: Remap | None
    hooks: Hooks | None
    allowed: tuple[type[BaseException], ...]
    samples: int
    seed: int
    audit: int
    keep_going: bool
    chance: bool
    keep: Place
    continues: Place
    cores: int
    progress: Listener | None


MARK = "_explored_by_fbdev"
"""The attribute of a function that `@explore(...)` has made a test of: what is to be explored, and how."""

_OF_PLANS = ("search", "samples", "seed", "audit", "keep_going", "chance", "keep", "continues", "cores", "progress")


def check_options(options: Options) -> None:
    """Refuse an option that there is not.

    Raises:
        ExploreError: naming the one that may be meant.
    """
    known = Options.__annotations__
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise ExploreError(f"there is no option {name}", "explore", hint)


def check_factory(factory: Any) -> None:
    """Refuse a function that cannot be called without arguments, and a test that explores already.

    Raises:
        ExploreError: saying what is meant instead.
    """
    if hasattr(factory, MARK):
        raise ExploreError(f"{factory.__qualname__} explores already", "explore", f"call it: {factory.__name__}()")
    if not inspect.isfunction(factory):
        return
    needed = [
        name
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        hint = "bind them with functools.partial; above a test, write @explore() with its parentheses"
        raise ExploreError(f"{factory.__qualname__} takes {', '.join(needed)}, and a factory nothing", "explore", hint)


def program_of(factory: Any, options: Options) -> Program:
    """Make the program to be explored.

    Raises:
        ExploreError: an option is wrong.
    """
    checks = Checks(
        options.get("invariant"), options.get("at_end"), options.get("sentinel"), tuple(options.get("allowed", ()))
    )
    remap = renaming(options.get("identity"), options.get("remap"))
    return Program(factory, checks, remap=remap, hooks=options.get("hooks"))


def plan_of(options: Options) -> Plan:
    """Make the plan by which a program is explored.

    Raises:
        ExploreError: an option is wrong.
    """
    given: dict[str, Any] = {name: value for name, value in options.items() if name in _OF_PLANS}
    plan = Plan(budget=as_budget(options.get("budget")), **given)
    if plan.cores > 1 and (plan.chance or options.get("hooks") is not None):
        what = "hooks" if options.get("hooks") is not None else "chance"
        raise ExploreError(f"with {what} there is one core: other processes cannot tell what they saw", "cores")
    return plan
