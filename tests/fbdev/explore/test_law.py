"""The law of the explorer: each search finds the ends that an oracle finds which shares no code with it."""

from __future__ import annotations

from typing import Any

import pytest

from fbdev.explore import Budget, VerdictKind, explore
from tests.fbdev.explore.programs import Ends, ends_by_brute_force, not_seen_into, random_program, seen_into

CHUNK = 100
COMPLETE: list[Any] = ["states", "races", "every", "preemptions", "auto"]


def ends_by(search: Any, seed: int, make: Any) -> tuple[set[Any], Any]:
    """Explore a random program, and return the ends that were met, and the result."""
    program, ends = random_program(seed), Ends()
    budget = Budget(seconds=None)
    result = explore(
        lambda: make(program), search=search, hooks=ends, allowed=(ValueError,), keep_going=True, budget=budget
    )
    return ends.found, result


def check(search: Any, seeds: range, make: Any) -> None:
    """Compare a search with the oracle, program by program."""
    for seed in seeds:
        expected = ends_by_brute_force(random_program(seed))
        found, result = ends_by(search, seed, make)
        assert found == expected, (seed, search, random_program(seed), result.notes)
        can_wait = any("waits" in processes for processes, _ in expected)
        assert (result.verdict.kind is VerdictKind.BUG) == can_wait, seed


@pytest.mark.parametrize("search", COMPLETE)
def test_few_programs(search: Any) -> None:
    """Every search finds every end of a few programs."""
    check(search, range(5), seen_into)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 1000, CHUNK))
@pytest.mark.parametrize("search", COMPLETE)
def test_many_programs(search: Any, start: int) -> None:
    """Every search finds every end of programs whose variables are seen into."""
    check(search, range(start, start + (CHUNK if search in ("states", "races", "auto") else CHUNK // 10)), seen_into)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, CHUNK))
@pytest.mark.parametrize("search", ["states", "races", "auto"])
@pytest.mark.parametrize("announces", ["nothing", "all"])
def test_programs_on_plain_data(search: Any, start: int, announces: str) -> None:
    """Every search finds every end where nobody sees into the variables, be their uses announced or not."""
    check(search, range(start, start + CHUNK), lambda program: not_seen_into(program, announces))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, CHUNK))
def test_a_hidden_access_is_never_proven_away(start: int) -> None:
    """Where reads are hidden, the search by races never says `holds`; the search by states needs no announcement."""
    for seed in range(start, start + CHUNK):
        _, result = ends_by("races", seed, lambda program: not_seen_into(program, "reads"))
        assert result.verdict.kind in (VerdictKind.HOLDS_WITHIN, VerdictKind.BUG), seed
    check("auto", range(start, start + CHUNK // 4), lambda program: not_seen_into(program, "reads"))
