"""`@explore(...)` above functions, which are called as they are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Each, Graph, component
from fbdev.explore import ExploreError, Lock, NetScene, Scene, Shared, VerdictKind, explore, replay

Steps = Iterator[Any]


def is_two(count: Any) -> bool:
    """Tell whether both have counted."""
    return bool(count.value == 2)


@explore(at_end=is_two)
def loses(pauses: int = 0) -> Scene:
    """Lose an update."""
    count = Shared(0, "count")

    def add() -> Steps:
        for _ in range(pauses):
            yield "pause"
        seen = count.value
        yield "read"
        count.value = seen + 1

    return Scene({"a": add(), "b": add()}, count)


@explore()
def waits(count: int) -> Scene:
    """Do nothing, in some steps."""

    def process() -> Steps:
        yield from range(count)

    return Scene([process(), process()])


@component
def double(number: int) -> int:
    return 2 * number


graph = Graph("doubles")
graph.inputs.number >> graph.add(double).number
graph["double"].out >> graph.outputs.out


@explore(invariant=lambda net: net.outputs["out"] != [2, 4])
def doubles() -> NetScene:
    """Make a net."""
    return NetScene(graph, inputs={"number": Each([1, 2])})


def test_a_call_explores_and_returns_the_result() -> None:
    """What holds comes back, each execution with the arguments of the call."""
    result = waits(2)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert len(result.graph.states) == 16
    assert waits.__name__ == "waits"
    assert waits.__doc__ == "Do nothing, in some steps."


def test_a_call_of_what_does_not_hold_raises_the_report() -> None:
    """As an AssertionError, with schedule, cause and token."""
    with pytest.raises(AssertionError, match="bug: what must hold at the end does not") as found:
        loses(pauses=1)
    text = str(found.value)
    assert "the smallest schedule: 6 steps, 2 switches" in text
    assert "because of step" in text
    assert "again: replay(factory, 'x1." in text


def test_the_token_is_replayed_with_the_checks_of_the_test() -> None:
    """`replay` of a test takes its token, then its arguments."""
    token = explore(lambda: loses.__wrapped__(1), at_end=is_two).token
    result = loses.replay(token, 1)
    assert result.verdict.kind is VerdictKind.BUG
    assert result.token == token
    assert "the schedule: 6 steps" in str(result)
    assert loses.replay(token, 0).verdict.detail.startswith("choice 1 does not fit any more")


def test_a_net_is_made_anew_for_each_execution() -> None:
    """A function may return a `NetScene`, and it is explored and replayed as a net."""
    with pytest.raises(AssertionError, match="bug: the invariant does not hold"):
        doubles()


def test_a_traceback_in_a_report_is_the_users_alone() -> None:
    """What of ours called the user's code, or was called by it, is left out, in causes and groups too."""

    def factory() -> Any:
        lock = Lock("door")

        def process() -> Steps:
            yield "ready"
            try:
                lock.release()
            except ExploreError as error:
                raise ExceptionGroup("several", [error]) from error

        return [process()]

    failure = explore(factory).failure
    assert failure is not None
    assert "in process" in failure.trace
    assert "ExceptionGroup: several" in failure.trace
    assert "fbdev/explore" not in failure.trace.replace("tests/fbdev/explore", "")


def test_what_is_accepted_is_named() -> None:
    """A verdict with a given that is not usual fails, unless it is accepted; one that there is not is refused."""

    def sampled(accept: Any) -> Any:
        return explore(search="sample", samples=3, accept=accept)(waits.__wrapped__)

    with pytest.raises(AssertionError, match="sampled: 3 schedules"):
        sampled(())(1)
    assert sampled("sampled")(1).verdict.kind is VerdictKind.SAMPLED
    with pytest.raises(ExploreError, match="'preemption' cannot be accepted") as found:
        sampled(["preemption"])
    assert "preemptions" in str(found.value)


def test_mistakes_are_named_where_the_decorator_stands() -> None:
    """Options, what is decorated, missing arguments, missing parentheses."""
    options: dict[str, Any] = {"budgt": 3}
    with pytest.raises(ExploreError, match="did you mean budget"):
        explore(**options)
    with pytest.raises(ExploreError, match="there is no search 'fast'"):
        explore(search="fast")
    with pytest.raises(ExploreError, match="it decorates a function"):
        explore()(Scene)
    with pytest.raises(ExploreError, match="missing a required argument: 'count'"):
        waits()
    with pytest.raises(ExploreError, match=r"takes count, and a factory nothing.*\n.*@explore\(\)"):
        explore(waits.__wrapped__)
    with pytest.raises(ExploreError, match="waits explores already"):
        explore(waits)
    with pytest.raises(ExploreError, match="accept is for tests"):
        explore(dict, accept=("sampled",))


def test_a_token_of_processes_left_to_chance_names_whose_steps_they_are() -> None:
    """What they reach differs, so the token does not say it, and fits if the processes can make the steps."""

    def factory() -> Any:
        def process(number: int) -> Steps:
            yield number
            yield random.random()

        return [process(1), process(2)]

    result = explore(factory, at_end=lambda _: False, chance=True, samples=3)
    assert replay(factory, result.token, at_end=lambda _: False).verdict.kind is VerdictKind.BUG


def test_random_begins_alike_in_every_process() -> None:
    """A token of processes that draw from `random` fits whatever was drawn before, and `random` is left as it was."""

    def factory() -> Any:
        def draw() -> Steps:
            yield random.randrange(1000)
            yield random.randrange(1000)

        return {"a": draw()}

    tokens = set()
    for seed in (1, 2):
        random.seed(seed)
        before = random.getstate()
        result = explore(factory, at_end=lambda _: False)
        assert random.getstate() == before
        tokens.add(result.token)
    assert len(tokens) == 1
    assert replay(factory, tokens.pop(), at_end=lambda _: False).verdict.kind is VerdictKind.BUG
