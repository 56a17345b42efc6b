"""Samples on several cores: the same are drawn, what one finds stops all, and whatever goes wrong ends cleanly."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fbdev.explore import Budget, ExploreError, Progress, Result, VerdictKind, explore, replay
from tests.fbdev.explore import sampled
from tests.fbdev.explore.test_keeping import counting, fan_in

ENDLESS = Budget(seconds=None)


def unnamed(factory: Callable[[], Any]) -> Callable[[], Any]:
    """Return a factory that no other process can import."""

    def made() -> Any:
        return factory()

    return made


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    """No process is left, whatever happened."""
    yield
    assert multiprocessing.active_children() == []


def ends(result: Result) -> list[tuple[tuple[str, str], ...]]:
    """Return the ends in one order."""
    return sorted(tuple(sorted(end.items())) for end in result.ends)


@pytest.mark.slow
@pytest.mark.parametrize("search", ["random", "pos", "pct", "sample"])
def test_the_same_samples_are_drawn_on_any_number_of_cores(search: Any) -> None:
    """With one seed the schedules are the same, be they drawn by one, or by processes that were started in any way."""
    how: dict[str, Any] = {"search": search, "samples": 150, "seed": 3, "budget": ENDLESS}
    one = explore(sampled.in_order, **how)
    started_anew = explore(sampled.in_order, cores=2, **how)
    copied = explore(unnamed(sampled.in_order), cores=3, **how)
    assert len(one.ends) > 50
    assert ends(one) == ends(started_anew) == ends(copied)
    assert one.executions == started_anew.executions == copied.executions == 150
    assert one.steps == started_anew.steps
    assert started_anew.verdict == one.verdict
    assert ends(explore(sampled.in_order, **{**how, "seed": 4})) != ends(one)


@pytest.mark.slow
@pytest.mark.parametrize("factory", [sampled.rare, unnamed(sampled.rare)])
def test_what_one_finds_stops_all(factory: Any) -> None:
    """A rare failure is found by whoever draws it, and reported as by one core, with a token that fails again."""
    result = explore(factory, search="sample", samples=1_000_000, cores=2, budget=ENDLESS)
    assert (result.verdict.kind, result.failure and result.failure.kind) == (VerdictKind.BUG, "exception")
    assert result.executions < 1_000_000
    assert replay(sampled.rare, result.token).verdict.kind is VerdictKind.BUG


@pytest.mark.slow
@pytest.mark.parametrize("factory", [sampled.deadly, unnamed(sampled.deadly)])
def test_a_worker_that_dies_is_named(factory: Any, tmp_path: Path) -> None:
    """Samples that nobody drew are no evidence: the verdict is inconclusive, and what is left is kept."""
    file = tmp_path / "later.json"
    result = explore(factory, search="random", samples=100, cores=2, budget=ENDLESS, keep=file)
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert result.verdict.detail == "a worker process has ended by signal 9, and what it drew is lost"
    assert (result.kept, result.executions) == (str(file), 16)
    with pytest.raises(AssertionError):
        result.assert_holds("sampled")


@pytest.mark.slow
def test_what_a_factory_raises_in_a_worker_is_raised() -> None:
    """As on one core, and with a note where it was."""
    with pytest.raises(LookupError, match="no such thing") as caught:
        explore(sampled.failing, search="random", samples=100, cores=2, budget=ENDLESS)
    assert caught.value.__notes__ == ["raised in one of the processes that draw samples"]


@pytest.mark.slow
def test_interrupted_all_end_and_what_is_left_is_kept(tmp_path: Path) -> None:
    """Ctrl-C ends with what was drawn; going on, on any number of cores, draws the others and no other."""
    file = tmp_path / "later.json"

    def interrupt(progress: Progress) -> None:
        if progress.executions > 16:
            raise KeyboardInterrupt

    how: dict[str, Any] = {"search": "random", "samples": 4000, "seed": 1}
    first = explore(sampled.in_order, cores=2, budget=ENDLESS, keep=file, progress=interrupt, **how)
    assert (first.verdict.detail, first.kept) == ("interrupted", str(file))
    assert 16 <= first.executions < 4000
    second = explore(sampled.in_order, continues=file, budget=Budget(executions=700))
    assert second.executions == first.executions + 700
    last = explore(sampled.in_order, continues=file, cores=2, budget=ENDLESS)
    assert (last.verdict.detail, ends(last)) == ("4,000 schedules", ends(explore(sampled.in_order, **how)))


@pytest.mark.slow
def test_a_real_ctrl_c_ends_all(tmp_path: Path) -> None:
    """The signal of a terminal reaches all processes of a group; those that draw leave it to the one that asked."""

    def interrupt(progress: Progress) -> None:
        if progress.executions > 16 and not sent:
            sent.append(progress.executions)
            os.kill(os.getpid(), signal.SIGINT)

    sent: list[int] = []
    how: dict[str, Any] = {"search": "random", "samples": 10**9, "progress": interrupt}
    result = explore(sampled.in_order, cores=2, budget=ENDLESS, **how)
    assert (result.verdict.kind, result.verdict.detail) == (VerdictKind.INCONCLUSIVE, "interrupted")


@pytest.mark.slow
def test_who_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that never comes to its end in a worker does not keep the exploration from ending."""
    from fbdev.explore import cores

    monkeypatch.setattr(cores, "_PATIENCE", 0.2)
    result = explore(sampled.endless, search="random", samples=100, cores=2, budget=2)
    assert result.verdict.detail == "16 schedules"
    assert result.notes == ["2 seconds are spent"]


@pytest.mark.slow
@pytest.mark.parametrize("spent", [{"executions": 100}, {"steps": 700}, {"memory": 60_000}, {"seconds": 1.0}])
def test_budgets_are_those_of_all(spent: dict[str, Any]) -> None:
    """What all of them spend is held against the budget."""
    budget = Budget(**{"seconds": None, **spent})
    result = explore(lambda: sampled.in_order(4, 6), search="random", samples=10**9, cores=2, budget=budget)
    assert result.verdict.kind is VerdictKind.SAMPLED
    assert any("spent" in note for note in result.notes)
    if "executions" in spent:
        assert result.executions == 100


@pytest.mark.slow
def test_nets_are_sampled_on_several_cores() -> None:
    """A net, with all its ends."""
    how: dict[str, Any] = {"search": "random", "samples": 60, "budget": ENDLESS}
    assert ends(explore(fan_in(), cores=2, **how)) == ends(explore(fan_in(), **how))


def test_few_samples_need_nobody_else() -> None:
    """The first samples are drawn by the process that asked: no other is started for them."""
    assert explore(lambda: counting(2, 1), search="pos", samples=16, cores=8).verdict.detail == "16 schedules"


def test_what_cannot_be_done_on_several_cores_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Complete searches, chance, hooks, no cores at all, and what other processes could not import."""
    from fbdev.explore import Hooks

    with pytest.raises(ExploreError, match="a search by auto goes on in one process"):
        explore(counting, cores=2)
    with pytest.raises(ExploreError, match="with chance there is one core"):
        explore(counting, search="random", chance=True, cores=2)
    with pytest.raises(ExploreError, match="with hooks there is one core"):
        explore(counting, search="random", hooks=Hooks(), cores=2)
    with pytest.raises(ExploreError, match="there are no 0 cores"):
        explore(counting, search="random", cores=0)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(ExploreError, match=r"cannot be imported by other processes\n  hint: put the factory, and all"):
        explore(unnamed(counting), search="random", cores=2)
