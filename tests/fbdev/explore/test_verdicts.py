"""Verdicts: each kind comes about, and none says more than was seen."""

from __future__ import annotations

import io
import json
import random
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fbdev.explore import Access, Blocked, Budget, ExploreError, Lock, Scene, Shared, VerdictKind, explore

Steps = Iterator[Any]


def steps(count: int) -> Steps:
    """Make steps that touch nothing."""
    yield from range(count)


def counting(processes: int = 2, times: int = 1) -> Scene:
    """Make processes that add one, each in one step."""
    count = Shared(0, "count")

    def add() -> Steps:
        for _ in range(times):
            yield "ready"
            count.value += 1

    return Scene([add() for _ in range(processes)], count)


def test_holds_says_its_givens_in_the_same_line() -> None:
    """A proof names what it takes for granted."""
    result = explore(counting, at_end=lambda count: count.value == 2)
    (line, *_) = str(result).splitlines()
    assert line == (
        "holds (given: processes are deterministic between steps; nothing comes between two yields; "
        "processes share only what can be reached from them)"
    )
    assert result.assert_holds() is result


def test_a_bug_is_no_proof() -> None:
    """The report of a bug is the message of the assertion."""
    with pytest.raises(AssertionError, match="what must hold at the end does not"):
        explore(counting, at_end=lambda count: count.value == 3).assert_holds("sampled", "steps", "preemptions")


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(executions=0), "0 executions are spent"),
        (Budget(seconds=0), "0 seconds are spent"),
        (Budget(steps=1), "1 steps are spent"),
    ],
)
@pytest.mark.parametrize("search", ["states", "races", "every"])
def test_a_cut_search_is_inconclusive(search: Any, budget: Budget, said: str) -> None:
    """A budget that is spent is named, and never reads as a proof."""
    result = explore(lambda: [steps(9), steps(9), steps(9)], search=search, budget=budget)
    assert (result.verdict.kind, result.verdict.detail) == (VerdictKind.INCONCLUSIVE, said)
    with pytest.raises(AssertionError):
        result.assert_holds("sampled", "steps", "preemptions", "announced", "labels")


def test_no_process_is_no_proof() -> None:
    """A factory that makes nothing is not called good."""
    assert explore(dict).verdict.kind is VerdictKind.INCONCLUSIVE
    assert "no process" in explore(list).verdict.detail


@pytest.mark.parametrize("search", ["auto", "states", "races", "every", "preemptions", "sample"])
def test_what_is_not_deterministic_is_not_proven(search: Any) -> None:
    """A process that goes another way each time is noticed, and named."""
    calls = iter(range(10**6))

    def restless() -> Steps:
        yield f"call {next(calls)}"

    result = explore(lambda: {"a": restless(), "b": steps(2)}, search=search)
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "not deterministic" in result.verdict.detail
    assert "call" in result.verdict.detail


def test_late_chance_is_noticed_by_what_a_process_holds() -> None:
    """Data that differ are noticed though every label is the same, and though the first execution shows nothing."""
    calls = iter(range(10**6))

    def restless(first: list[str]) -> Steps:
        yield "begun"
        held = next(calls) if first == ["b"] else 0
        yield "holds"
        assert held >= 0

    def other(first: list[str]) -> Steps:
        first.append("b")
        yield "first"
        yield "second"

    def factory() -> dict[str, Any]:
        first: list[str] = []
        return {"a": restless(first), "b": other(first)}

    result = explore(factory, search="states")
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "other data" in result.verdict.detail


def test_random_is_the_same_in_every_execution() -> None:
    """Draws from `random` are made repeatable, are part of the state, and leave the caller's alone."""

    def draw(found: list[int]) -> Steps:
        yield "ready"
        found.append(random.randrange(1000))

    def factory() -> Scene:
        found: list[int] = []
        return Scene([draw(found), draw(found)], found)

    random.seed(5)
    before = random.getstate()
    result = explore(factory, at_end=lambda found: len(found) == 2).assert_holds()
    assert random.getstate() == before
    assert any("random" in note for note in result.notes)


def test_a_bound_on_preemptions_is_named_and_has_to_be_accepted() -> None:
    """When the budget does not do for everything, the bound that was reached is the verdict."""
    result = explore(lambda: counting(3, 12), budget=Budget(executions=2000, seconds=None), search="preemptions")
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN
    assert "preemption" in result.verdict.detail
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("preemptions")


def test_auto_turns_to_preemptions() -> None:
    """A space of states that is too large is searched with few preemptions when half the budget is spent."""
    result = explore(lambda: counting(4, 9), budget=Budget(steps=30_000, seconds=None, memory=1_000_000))
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN
    assert any("memory are spent" in note or "steps are spent" in note for note in result.notes)


def test_memory_is_bounded() -> None:
    """A space of states without end stops where the memory is spent, and says so."""

    def count() -> Steps:
        number = 0
        while True:
            number += 1
            yield number

    result = explore(lambda: [count(), count()], search="states", budget=Budget(memory=1_000_000, seconds=None))
    assert result.verdict.detail == "1.0 MB of memory are spent"
    assert len(result.graph.states) < 2000


def test_a_long_execution_is_cut_and_named() -> None:
    """What comes after the depth is not looked at, and the verdict says so."""
    result = explore(lambda: [steps(50)], search="races", budget=Budget(depth=10))
    assert str(result.verdict).startswith("holds within 10 steps (given:")
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("steps")


@pytest.mark.parametrize("search", ["sample", "random", "pos", "pct"])
def test_samples_prove_nothing(search: Any) -> None:
    """Drawn schedules that do not fail are called sampled, and have to be accepted as such."""
    result = explore(counting, search=search, samples=20)
    assert (result.verdict.kind, result.verdict.detail) == (VerdictKind.SAMPLED, "20 schedules")
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("sampled")


@pytest.mark.parametrize("search", ["sample", "random", "pos", "pct"])
def test_samples_find_a_lost_update(search: Any) -> None:
    """Each sampler finds what is not too deep."""

    def factory() -> Scene:
        count = Shared(0, "count")

        def add() -> Steps:
            seen = count.value
            yield "read"
            count.value = seen + 1

        return Scene([add(), add()], count)

    result = explore(factory, at_end=lambda count: count.value == 2, search=search)
    assert result.verdict.kind is VerdictKind.BUG


def test_labels_alone_never_read_as_a_proof() -> None:
    """States told apart by labels alone can hide what differs: the verdict is bounded by them, at best."""
    result = explore(lambda: [steps(2), steps(2)], search="labels")
    assert str(result.verdict).startswith("holds within what labels tell (given:")
    with pytest.raises(AssertionError):
        result.assert_holds()


def test_a_circle_of_labels_is_no_livelock() -> None:
    """Labels that come again are no proof that a process goes in circles."""

    def same() -> Steps:
        for _ in range(3):
            yield "same"

    result = explore(lambda: [same()], search="labels")
    assert result.verdict.kind is not VerdictKind.BUG
    assert result.verdict.kind is not VerdictKind.HOLDS


def test_labels_that_hide_something_are_noticed() -> None:
    """States of the same labels that go on in other ways are merged wrongly, and this is said."""

    def factory() -> dict[str, Any]:
        order: list[str] = []

        def note(name: str) -> Steps:
            order.append(name)
            yield "noted"
            yield "first" if order[0] == name else "second"

        return {"a": note("a"), "b": note("b")}

    result = explore(factory, search="labels")
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "not alike" in result.verdict.detail


def test_what_is_announced_and_cannot_be_checked_bounds_the_proof() -> None:
    """By races, a plain object whose uses are announced is as safe as the announcements."""

    def factory() -> Scene:
        shared = {"count": 0}

        def add() -> Steps:
            yield Access(shared, "write")
            shared["count"] += 1

        return Scene([add(), add()], shared)

    result = explore(factory, search="races")
    assert str(result.verdict).startswith("holds within what is announced (given:")
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("announced")


def hidden_write(share: str) -> Scene:
    """Make processes that share something besides what the explorer sees into: by a closure, a global or an alias."""
    seen, plain = Shared(0, "seen"), {"count": 0}
    box: Shared[dict[str, int]] = Shared(plain, "box")

    def add() -> Steps:
        mine = box.value if share == "alias" else plain
        yield "begun"
        seen.value += 1
        if share == "global":
            found = GLOBAL["count"]
            yield "read"
            GLOBAL["count"] = found + 1
        else:
            found = mine["count"]
            yield "read"
            mine["count"] = found + 1

    GLOBAL["count"] = 0
    return Scene([add(), add()], GLOBAL if share == "global" else plain)


GLOBAL = {"count": 0}


@pytest.mark.parametrize("share", ["closure", "global", "alias"])
@pytest.mark.parametrize("search", ["races", "states", "auto"])
def test_hidden_sharing_is_found(search: Any, share: str) -> None:
    """What two processes can reach and nobody sees into makes their steps depend on each other."""
    result = explore(lambda: hidden_write(share), at_end=lambda shared: shared["count"] == 2, search=search)
    assert result.verdict.kind is VerdictKind.BUG
    if search == "races":
        assert any("nobody sees its uses" in note for note in result.notes)


def test_a_state_that_cannot_be_read_is_no_state() -> None:
    """What cannot be seen into is named, and nothing is merged: races are searched instead."""

    def hold(thing: Any) -> Steps:
        yield "holds"
        assert thing

    def factory() -> list[Any]:
        return [hold(threading.Lock()), hold(io.StringIO("a"))]

    result = explore(factory).assert_holds()
    assert result.search == "races"
    assert any("process hold" in note and "lock" in note for note in result.notes)
    with pytest.raises(ExploreError, match="lock"):
        explore(factory, search="states")


def test_control_c_ends_with_a_partial_verdict() -> None:
    """Whoever interrupts a search gets what was found so far, and no proof."""

    def interrupted() -> Steps:
        yield "ready"
        yield "almost"
        if len(seen) == 30:
            signal.raise_signal(signal.SIGINT)
        seen.append(1)

    seen: list[int] = []
    result = explore(lambda: [interrupted(), steps(3)], search="every")
    assert (result.verdict.kind, result.verdict.detail) == (VerdictKind.INCONCLUSIVE, "interrupted")
    assert result.executions > 1


def test_an_audit_after_a_proof() -> None:
    """Random schedules after a proof find nothing new, and the report says how many there were."""
    result = explore(counting, audit=25).assert_holds()
    assert "audited by 25 random schedules" in result.notes


def test_an_audit_finds_a_fault_of_the_explorer(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a search left out an end, the audit says that this is a fault of ours."""
    from fbdev.explore.by_state import ByState

    def first_only(self: ByState) -> None:
        execution, path = self._session.begin(), list[str]()
        while execution.available:
            self._session.step(execution, execution.available[0], path)
        self._session.ended(execution, path)

    def factory() -> Scene:
        order: list[str] = []

        def note(name: str) -> Steps:
            yield "ready"
            order.append(name)

        return Scene({"a": note("a"), "b": note("b")}, order)

    monkeypatch.setattr(ByState, "run", first_only)
    result = explore(factory, audit=50)
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "a fault of the explorer" in result.verdict.detail


def test_a_livelock_is_a_bug_with_its_circle() -> None:
    """A circle without an exit is found, with the way into it."""

    def polite(mine: int, turns: list[int]) -> Steps:
        while True:
            yield "after you"
            turns[0] = 1 - mine

    def factory() -> list[Any]:
        turns = [0]
        return [polite(0, turns), polite(1, turns)]

    result = explore(factory)
    assert result.failure is not None
    assert (result.verdict.kind, result.failure.kind) == (VerdictKind.BUG, "livelock")
    assert "and then for ever" in str(result)


def test_a_circle_that_fair_turns_can_keep_is_told_apart() -> None:
    """Two that undo each other's work may spin though each gets its turns; the verdict shows it."""

    def set_to(value: int, shared: list[int]) -> Steps:
        while shared[0] != 3:
            shared[0] = value
            yield "set"
            if shared[0] == value:
                shared[0] = 3

    def factory() -> list[Any]:
        shared = [0]
        return [set_to(1, shared), set_to(2, shared)]

    assert any(spin.is_fair for spin in explore(factory).assert_holds().spins)


@pytest.mark.parametrize(("allowed", "kind"), [((), VerdictKind.BUG), ((ValueError,), VerdictKind.HOLDS)])
def test_exceptions_are_ends(allowed: Any, kind: VerdictKind) -> None:
    """An exception ends its process and nothing else; it is a bug unless it is allowed."""

    def fail() -> Steps:
        yield "ready"
        raise ValueError("no")

    result = explore(lambda: {"a": fail(), "b": steps(1)}, allowed=allowed, keep_going=True)
    assert result.verdict.kind is kind
    assert {end["a"] for end in result.ends} == {"raised ValueError: no"}
    assert {end["b"] for end in result.ends} == {"finished"}


def is_alone(count: Any) -> bool:
    """Tell whether at most one is inside."""
    return bool(count.value < 2)


def alone(count: Any) -> None:
    """Raise unless at most one is inside."""
    assert count.value < 2


@pytest.mark.parametrize("said", [is_alone, alone])
def test_an_invariant_is_checked_in_every_state(said: Any) -> None:
    """An invariant that is False or raises in a state on the way is a bug, though the end is fine."""

    def factory() -> Scene:
        count = Shared(0, "count")

        def visit() -> Steps:
            count.value += 1
            yield "inside"
            count.value -= 1

        return Scene([visit(), visit()], count)

    for search in ("states", "races", "every"):
        result = explore(factory, invariant=said, search=search)  # type: ignore[arg-type]
        assert result.failure is not None
        assert (result.failure.kind, len(result.failure.schedule)) == ("invariant", 2)


def test_an_invariant_on_two_objects_sees_all_their_states() -> None:
    """By races, writes that do not touch each other are still tried in every order when an invariant looks at both."""

    def factory() -> Scene:
        x, y = Shared(0, "x"), Shared(0, "y")

        def once(cell: Shared[int]) -> Steps:
            yield "ready"
            cell.value = 1

        return Scene([once(x), once(y)], (x, y))

    for wrong in ((1, 0), (0, 1)):
        result = explore(factory, invariant=lambda xy: (xy[0].value, xy[1].value) != wrong, search="races")  # noqa: B023
        assert result.verdict.kind is VerdictKind.BUG


def test_who_holds_and_who_waits() -> None:
    """A deadlock names both, and one who holds a lock and has ended."""

    def keep(lock: Lock) -> Steps:
        yield from lock.acquire()

    def factory() -> dict[str, Any]:
        lock = Lock("door")
        return {"a": keep(lock), "b": keep(lock)}

    failure = explore(factory).failure
    assert failure is not None
    assert failure.what == "deadlock: b waits for door, held by a, which has ended"


def test_a_condition_that_raises_raises_in_who_waits() -> None:
    """A wait whose condition cannot be told ends its process, and is found again by its token."""

    def wait() -> Steps:
        yield Blocked(lambda: 1 // 0)

    result = explore(lambda: {"a": wait(), "b": steps(1)}, keep_going=True)
    assert result.failure is not None
    assert result.failure.what == "a raised ZeroDivisionError: integer division or modulo by zero"


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (lambda: None, "a factory returns processes, and not None"),
        (lambda: steps(1), "not one generator"),
        (lambda: [steps], "it is no generator but function"),
        (lambda: {"a": 5}, "it is no generator but int"),
        (lambda: {3: steps(1)}, "3 is no name"),
    ],
)
def test_a_wrong_factory_is_refused(factory: Any, said: str) -> None:
    """What is no process is named, with a hint."""
    with pytest.raises(ExploreError, match=said):
        explore(factory)


def test_wrong_options_are_refused() -> None:
    """An unknown search, a negative budget and two renamings are refused."""
    with pytest.raises(ExploreError, match="there are auto, states"):
        explore(counting, search="quick")  # type: ignore[arg-type]
    with pytest.raises(ExploreError, match="-1 executions"):
        Budget(executions=-1)
    with pytest.raises(ExploreError, match="both rename"):
        explore(counting, identity=str, remap=lambda live, dead, states: {})
    with pytest.raises(ExploreError, match="no mode"):
        Access("x", "append")  # type: ignore[arg-type]


def test_a_result_is_plain_data() -> None:
    """All of a result can be written as JSON, and read back."""
    found = json.loads(explore(counting, at_end=lambda count: count.value == 3).as_json())
    assert (found["verdict"], found["failures"][0]["kind"]) == ("bug", "end")
    proven = json.loads(explore(counting).as_json())
    assert proven["states"] == len(proven["graph"]["states"])
    assert proven["transitions"] == len(proven["graph"]["edges"])
    assert proven["reduction"] > 1


def test_sets_of_text_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their order is another in each process, unless Python is told how to hash: the verdict says what it rests on."""

    def factory() -> Any:
        def work() -> Any:
            names = {"a", "b", "c"}
            yield "begun"
            yield next(iter(names))

        return {"p": work()}

    said = "sets of text are in the order that they have in this process"
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    assert said in str(explore(factory).assert_holds())
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    assert said not in str(explore(factory).assert_holds())
    assert said not in str(explore(lambda: {"p": iter_of_one()}))


def iter_of_one() -> Any:
    """Make one step, with no set in sight."""
    yield "one"
