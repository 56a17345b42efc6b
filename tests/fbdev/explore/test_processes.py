"""Processes: how they step, wait, come and go, what belongs to each, and who watches them."""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import datetime
import decimal
import functools
import logging
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from fbdev.explore import (
    Access,
    Blocked,
    ExploreError,
    Hooks,
    Lock,
    Scene,
    VerdictKind,
    Waiter,
    explore,
    spawn,
)
from fbdev.explore.begin import begin
from fbdev.explore.program import Program
from fbdev.explore.words import Finished, NotEnabled, Raised, Yielded

Steps = Iterator[Any]


def steps(count: int) -> Steps:
    """Make steps that touch nothing."""
    for number in range(count):
        yield f"step {number}"


# -- an execution --------------------------------------------------------------------------------------


def test_a_step_never_raises() -> None:
    """Whatever a process does, and whoever is asked for, is answered."""

    def fail() -> Steps:
        yield "ready"
        raise ValueError("no")

    def leave() -> Steps:
        raise SystemExit(3)
        yield

    lock = SimpleNamespace(free=False)
    factory = {"a": fail(), "b": steps(0), "c": iter_of(Blocked(lambda: lock.free, "the lock")), "d": leave()}
    execution = begin(Program(lambda: factory))
    assert list(execution.available) == ["a", "b", "c", "d"]
    assert execution.next("a") == Yielded("ready")
    assert isinstance(execution.next("a"), Raised)
    assert execution.next("a") == NotEnabled("a", "it has ended")
    assert execution.next("b") == Finished(None)
    assert isinstance(execution.next("c"), Blocked)
    assert execution.next("c") == NotEnabled("c", "it waits")
    assert isinstance(execution.next("d"), Raised)
    assert execution.next("x") == NotEnabled("x", "there is no such process")
    assert execution.state == {
        "a": "raised ValueError: no",
        "b": "finished",
        "c": "wait for the lock",
        "d": "raised SystemExit: 3",
    }
    assert list(execution.available) == []


def iter_of(*values: Any) -> Steps:
    """Yield values."""
    yield from values


def test_a_label_is_what_was_reached() -> None:
    """The yielded value is the label of the state, also where an access is announced."""
    execution = begin(Program(lambda: {"a": iter_of(7, Access("x", "read"), (Access("x"), Access("y")))}))
    reached = []
    while execution.available:
        execution.next("a")
        reached.append(execution.state["a"])
    assert reached == ["7", "read x", "write x, write y", "finished"]


def test_processes_of_a_list_are_named_by_their_functions() -> None:
    """Names are the functions' own, numbered where one recurs."""
    execution = begin(Program(lambda: [steps(1), steps(1), iter_of(1)]))
    assert list(execution.available) == ["steps", "steps-2", "iter_of"]


def test_equal_states_are_equal_only_if_everything_is() -> None:
    """Local variables, iterators of loops, aliases and objects behind closures tell states from one another."""

    def process(data: Any, other: Any) -> Steps:
        for each in data:
            yield "same label"
            assert each is not data
        assert other is not None

    def key(*arguments: Any, count: int = 1) -> Any:
        execution = begin(Program(lambda: {"a": process(*arguments)}))
        for _ in range(count):
            execution.next("a")
        return execution.key()

    box: list[int] = [1]
    assert key([1, 1], [1]) == key([1, 1], [1])
    assert key([1, 1], [1]) != key([1, 1], [1], count=2)
    assert key([box, box], [1]) != key([[1], [1]], [1])
    assert key([box], box) != key([box], [1])
    assert key([1], SimpleNamespace(x=1)) != key([1], SimpleNamespace(x=1.0))
    assert key([1], {"x": True}) != key([1], {"x": 1})
    assert key([1], iter([1, 2])) == key([1], iter([1, 2]))
    assert key([1], lambda: box) != key([1], lambda: [2])


def test_much_can_be_read() -> None:
    """What programs usually hold does not keep states from being told apart: logs, records, iterators, errors."""

    class Balance(dict[str, int]):
        """A dictionary with attributes."""

    @dataclasses.dataclass(slots=True)
    class Record:
        """A record in slots."""

        name: str
        tags: list[str]

    class OverdrawnError(KeyError):
        """An error of the user's."""

    def hold(number: int) -> Steps:
        held = [
            Balance(a=number),
            Record("x", ["y"]),
            collections.deque([1], maxlen=3),
            collections.Counter("aab"),
            datetime.datetime(2020, 1, 1),
            decimal.Decimal("1.5"),
            re.compile("a+"),
            functools.partial(max, 3),
            iter({1: 2}),
            zip([1], [2], strict=True),
            (each for each in [1, 2]),
            enumerate("ab"),
            contextvars.ContextVar("held"),
            logging.getLogger("tests.explore"),
            random.Random(number),
            object(),
        ]
        try:
            raise OverdrawnError(number)
        except OverdrawnError as error:
            yield f"in trouble {error}"
        yield "holds"
        assert held

    result = explore(lambda: {"a": hold(1), "b": hold(2)}).assert_holds()
    assert result.notes == []
    assert (result.search, len(result.graph.states)) == ("states", 16)


# -- processes that come and go ------------------------------------------------------------------------


def test_a_process_spawns_another() -> None:
    """A new process takes part in every order from the step that made it."""

    def factory() -> Scene:
        order: list[str] = []

        def child() -> Steps:
            order.append("child")
            yield "born"

        def parent() -> Steps:
            yield "ready"
            spawn(child(), "kid")
            yield "has a child"
            order.append("parent")

        return Scene({"parent": parent()}, order)

    for search in ("states", "races", "every"):
        for first in ("child", "parent"):
            result = explore(factory, at_end=lambda order: order[0] != first, search=search)  # type: ignore[arg-type] # noqa: B023
            assert result.verdict.kind is VerdictKind.BUG


def test_spawn_needs_a_process_and_a_free_name() -> None:
    """Nobody spawns outside of an execution, nor under a name that is taken."""
    with pytest.raises(ExploreError, match="no process is running here"):
        spawn(steps(1))

    def twice() -> Steps:
        spawn(steps(1), "x")
        spawn(steps(1), "x")
        yield

    failure = explore(lambda: {"a": twice()}).failure
    assert failure is not None
    assert "there is a process x already" in failure.what


# -- the waiter process --------------------------------------------------------------------------------


def test_waiter_process() -> None:
    """A time-out may come before, between and after the steps of others, and nobody waits."""

    def factory() -> Scene:
        done: list[str] = []

        def patient() -> Steps:
            waiter = Waiter(3600, "an hour")
            yield Blocked(lambda: done or waiter.is_over)
            waiter.cancel()
            return f"{'time-out' if waiter.is_over else 'in time'} after {len(done)}"

        def work() -> Steps:
            yield "begun"
            done.append("work")

        return Scene({"patient": patient(), "work": work()}, done)

    result = explore(factory)
    assert {end["patient"].removeprefix("returned ") for end in result.ends} == {
        "in time after 1",
        "time-out after 0",
        "time-out after 1",
    }
    result.assert_holds()


def test_of_two_waiters_the_earlier_is_over_first() -> None:
    """Time has an order: what is due later is never over before, unless it began so much earlier."""

    def factory() -> Scene:
        over: list[str] = []

        def wait(seconds: float, name: str) -> Steps:
            waiter = Waiter(seconds, name)
            yield Blocked(lambda: waiter.is_over)
            over.append(name)

        def both() -> Steps:
            late, soon = Waiter(2, "late"), Waiter(1, "soon")
            yield Blocked(lambda: late.is_over)
            assert soon.is_over

        return Scene({"one": both(), "two": wait(1.5, "middle")}, over)

    explore(factory).assert_holds()


# -- the sentinel --------------------------------------------------------------------------------------


def test_sentinel() -> None:
    """It is advanced after every step, sees the whole state, is never available, and is a part of the state."""
    available: set[str] = set()

    class Look(Hooks):
        def step(self, execution: Any, process: str, step: Any) -> None:
            available.update(execution.available, [process])

    def factory() -> Scene:
        return Scene({"a": steps(2), "b": steps(2)}, {})

    def odd(shared: Any) -> Any:
        count = 0
        while True:
            state = yield
            count += 1
            assert set(state) == {"a", "b"}

    assert shared_states(factory, None) < shared_states(factory, odd, Look())
    assert available == {"a", "b"}


def shared_states(factory: Any, sentinel: Any, hooks: Hooks | None = None) -> int:
    """Count the states of a program that holds."""
    return len(explore(factory, sentinel=sentinel, hooks=hooks).assert_holds().graph.states) + bool(sentinel)


@pytest.mark.parametrize("search", ["states", "races", "every"])
def test_a_sentinel_that_raises_has_found_a_bug(search: Any) -> None:
    """A claim on what comes after what is checked in every order, by races too."""

    def in_order(shared: Any) -> Any:
        before = yield
        while True:
            state = yield
            assert not (before["b"] == "step 1" and state["a"] == "step 1"), "a came after b"
            before = state

    result = explore(lambda: {"a": steps(2), "b": steps(2)}, sentinel=in_order, search=search)
    assert result.failure is not None
    assert result.failure.kind == "sentinel"
    assert "a came after b" in result.failure.what


# -- rename and grouping -------------------------------------------------------------------------------


def retried() -> Scene:
    """A task that fails spawns itself anew, until a service is up."""
    shared = SimpleNamespace(is_up=False)

    def task() -> Steps:
        yield "asks"
        if not shared.is_up:
            spawn(task())

    def service() -> Steps:
        yield "starts"
        shared.is_up = True

    return Scene({"task": task(), "service": service()}, shared)


def test_rename_makes_a_retry_a_circle() -> None:
    """A process that takes the name of a dead one makes an endless chain of retries finite: proven, circle shown."""

    def remap(live: Sequence[str], dead: Sequence[str], states: Mapping[str, str]) -> Mapping[str, str]:
        assert set(live) | set(dead) == set(states)
        return {name: "task" for name in live if name.startswith("task.")}

    result = explore(retried, remap=remap)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert [given.name for given in result.verdict.givens if not given.is_usual] == ["names"]
    assert [spin.processes for spin in result.spins] == [("task",), ("task",)]
    assert len(result.graph.states) < 12
    result.assert_holds("names")
    with pytest.raises(AssertionError):
        result.assert_holds()


def test_grouping_by_identity() -> None:
    """Processes of one identity pass for one, as long as no two of them are alive."""
    result = explore(retried, identity=lambda name: name.partition(".")[0])
    assert result.graph.processes == ("task", "service")
    result.assert_holds("names")


def test_two_names_are_swapped_at_once() -> None:
    """A renaming is made at once, so that two processes can change names."""
    swapped = []

    def remap(live: Sequence[str], dead: Sequence[str], states: Mapping[str, str]) -> Mapping[str, str]:
        swapped.append(1)
        return {"a": "b", "b": "a"} if len(swapped) == 1 else {}

    execution = begin(Program(lambda: {"a": iter_of("A"), "b": iter_of("B")}, remap=remap))
    execution.next("a")
    assert execution.state == {"b": "begin", "a": "B"}


def test_the_dead_or_alive_rule() -> None:
    """Two processes that are alive never have one name; the refusal says which."""

    def together(name: str) -> str:
        return "one"

    with pytest.raises(ExploreError, match="a and b would both be called one, and a is alive"):
        explore(lambda: {"a": steps(1), "b": steps(1)}, identity=together)
    with pytest.raises(ExploreError, match="there is no process x to rename"):
        explore(lambda: {"a": steps(1)}, remap=lambda live, dead, states: {"x": "y"})


def snapped(snapshot: Any) -> Any:
    """Return a factory of processes that write one number and show it, with a snapshot of what they share."""

    def factory() -> Scene:
        shared = SimpleNamespace(number=0)

        def write(number: int) -> Steps:
            yield "ready"
            shared.number = number

        def show() -> Steps:
            yield "ready"
            yield f"shows {shared.number}"

        return Scene({"a": write(1), "b": write(2), "c": show()}, shared, snapshot)

    return factory


def test_a_snapshot_is_a_given() -> None:
    """A snapshot stands for what is shared, and a proof that rests on it says so."""
    result = explore(snapped(lambda shared: shared.number))
    assert result.verdict.kind is VerdictKind.HOLDS
    assert [given.name for given in result.verdict.givens if not given.is_usual] == ["snapshot"]
    result.assert_holds("snapshot")
    with pytest.raises(AssertionError):
        result.assert_holds()


def test_merged_states_with_other_futures_are_noticed() -> None:
    """A snapshot that leaves out what matters merges states that are not alike, and a sample of their futures tells."""
    result = explore(snapped(lambda shared: 0))
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "states were merged that are not alike" in result.verdict.detail


# -- hooks, contexts -----------------------------------------------------------------------------------


def test_hooks() -> None:
    """Each execution begins and ends once; steps, creations and ends of processes are told in between."""
    told: list[str] = []

    class Tell(Hooks):
        def begin(self, execution: Any) -> None:
            told.append("begin")

        def end(self, execution: Any) -> None:
            told.append("end")

        def step(self, execution: Any, process: str, step: Any) -> None:
            told.append(f"step of {process}")

        def created(self, execution: Any, process: str) -> None:
            told.append(f"created {process}")

        def ended(self, execution: Any, process: str, step: Any) -> None:
            told.append(f"ended {process}")

    def parent() -> Steps:
        spawn(steps(0), "child")
        yield "parent"

    explore(lambda: {"a": parent()}, hooks=Tell(), search="random", samples=1)
    first = told[: told.index("end") + 1]
    assert first[:1] == ["created a"]
    first_run = told[told.index("begin") + 1 :]
    assert told.count("begin") == told.count("end")
    assert {"step of a", "created child", "step of child", "ended child", "ended a"} <= set(first_run)


def test_each_process_has_its_own_context_variables() -> None:
    """What a process sets in its context nobody else sees, and it is a part of the state."""
    variable = contextvars.ContextVar("variable", default="none")

    def use(value: str) -> Steps:
        assert variable.get() == "none"
        variable.set(value)
        yield "set"
        assert variable.get() == value

    result = explore(lambda: {"a": use("a"), "b": use("b")}).assert_holds()
    assert variable.get() == "none"
    assert len(result.ends) == 1

    def choose(first: list[str], name: str) -> Steps:
        first.append(name)
        variable.set(first[0])
        first.clear()
        yield "chosen"
        yield variable.get()

    def factory() -> dict[str, Any]:
        first: list[str] = ["x"]
        return {"a": choose(first, "a"), "b": choose(first, "b")}

    explore(factory).assert_holds()


def test_objects_of_a_context_are_swapped_at_every_switch() -> None:
    """An object named in `context` has the attributes of the process that runs."""

    def factory() -> Scene:
        connection = SimpleNamespace(user="nobody")

        def use(name: str) -> Steps:
            assert connection.user == "nobody"
            connection.user = name
            yield "logged in"
            assert connection.user == name
            yield "still"
            assert connection.user == name

        return Scene({"a": use("a"), "b": use("b")}, context=(connection,))

    explore(factory).assert_holds()
    explore(factory, search="every").assert_holds()
    with pytest.raises(ExploreError, match="no attributes to swap"):
        explore(lambda: Scene([steps(1)], context=(5,)))


# -- the graph -----------------------------------------------------------------------------------------


def test_spanning_tree() -> None:
    """The tree of executions reaches every state once, and repeats no step."""
    graph = explore(lambda: {"a": steps(2), "b": steps(2)}).graph
    tree = graph.spanning_tree()
    assert sorted(target for _, _, target in tree) == list(range(1, len(graph.states)))
    assert len(set(tree)) == len(tree)


def test_edge_counts_when_a_step_has_several_ends() -> None:
    """With chance allowed, steps are counted by where they led, and the verdict is `sampled`."""
    throws = iter([0, 1, 1] * 10_000)

    def throw() -> Steps:
        yield "heads" if next(throws) else "tails"

    result = explore(lambda: {"coin": throw()}, chance=True, samples=300)
    assert result.verdict.kind is VerdictKind.SAMPLED
    assert "deterministic" not in [given.name for given in result.verdict.givens]
    assert result.graph.has_chance
    first = [edge for edge in result.graph.edges() if edge[0] == 0]
    reached = {result.graph.states[target].reached["coin"]: count for _, _, target, count in first}
    assert set(reached) == {"heads", "tails"}
    assert sum(reached.values()) == 300
    assert reached["heads"] > reached["tails"]


def test_locks_are_given_back_once() -> None:
    """To release what nobody holds is an error of the process."""

    def release(lock: Lock) -> Steps:
        yield "ready"
        lock.release()

    failure = explore(lambda: {"a": release(Lock("door"))}).failure
    assert failure is not None
    assert "door is released, and nobody holds it" in failure.what
