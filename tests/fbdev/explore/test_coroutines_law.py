"""The law of the explorer for coroutines: each search finds the ends that an oracle finds which tries every order."""

from __future__ import annotations

from typing import Any

import pytest

from fbdev.explore import Budget, Scene, VerdictKind, explore
from fbdev.explore.hooks import Hooks
from tests.fbdev.explore.async_programs import World, end_of, ends_by_brute_force, processes, random_program

COMPLETE: list[Any] = ["states", "races", "auto"]


class Ends(Hooks):
    """Collects how processes and data ended."""

    def __init__(self) -> None:
        self.found: set[Any] = set()

    def end(self, execution: Any) -> None:
        if not execution.available:
            results = {name: said(text) for name, text in execution.state.items() if name in execution.shared.names}
            self.found.add(end_of(results, execution.shared))


def said(text: str) -> Any:
    """Translate how a process ended into the oracle's words."""
    return int(text.removeprefix("returned ")) if text.startswith("returned ") else "waits"


def check(search: Any, seeds: range) -> int:
    """Compare a search with the oracle, program by program; return how many were compared."""
    compared = 0
    for seed in seeds:
        program = random_program(seed)
        expected = ends_by_brute_force(program)
        if expected is None:
            continue
        compared += 1
        ends = Ends()

        def factory(program: Any = program) -> Scene:
            world: Any = World()
            made = processes(world, program)
            world.names = list(made)
            return Scene(made, shared=world)

        result = explore(factory, search=search, hooks=ends, keep_going=True, budget=Budget(seconds=None))
        assert ends.found == expected, (seed, search, program, result.notes, ends.found ^ expected)
        can_wait = any("waits" in dict(results).values() for results, _ in expected)
        assert (result.verdict.kind is VerdictKind.BUG) == can_wait, (seed, result)
    return compared


@pytest.mark.parametrize("search", COMPLETE)
def test_few_programs(search: Any) -> None:
    """Every search finds every end of a few programs."""
    assert check(search, range(12)) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("search", COMPLETE)
def test_many_programs(search: Any) -> None:
    """Every search finds every end of many programs."""
    assert check(search, range(12, 42)) >= 5
