"""What nodes of a net share behind their ports is found, named, and never proven away."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from fbcore import Component, Config, Each, Graph, In, Memory, Out, component
from fbdev.explore import Budget, ExploreError, Hooks, NetScene, VerdictKind, explore

SEEN: list[Any] = []
COUNT = 0
TABLE = {"one": 1, "two": 2}
LOCK = threading.Lock()


@component
def same(value: Any) -> Any:
    return value


@component
def into_global(value: int) -> int:
    SEEN.append(value)
    return len(SEEN)


@component
def count_global(value: int) -> int:
    global COUNT  # noqa: PLW0603 - that is what is looked for
    COUNT += value
    return COUNT


@component
def look_up(value: int) -> int:
    return value * TABLE["two"]


@component
def locked(value: int) -> int:
    with LOCK:
        return value


class Tally:
    """Counts, and is the same for everybody."""

    total = 0
    seen: ClassVar[list[int]] = []


@component
def of_class(value: int) -> int:
    Tally.total += value
    return Tally.total


@component
def in_class(value: int) -> int:
    Tally.seen.append(value)
    return len(Tally.seen)


def kept_in_default(value: int, kept: list[int] = []) -> int:  # noqa: B006 - that is what is looked for
    kept.append(value)
    return len(kept)


@component
def by_default(value: int) -> int:
    return kept_in_default(value)


class OfClass(Component):
    """Keeps what it sees where all of its kind do."""

    kept: ClassVar[list[int]] = []
    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            self.kept.append(value)
            await self.out.send(len(self.kept))


class Box:
    """Something that can be changed."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        """Count one more."""
        self.count += 1
        return self.count


class WithBox(Component):
    """Counts in a box that it is given."""

    box: Config[Any]
    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value + self.box.value.add())


def two_of(one: Any, other: Any | None = None, **configs: Any) -> Graph:
    """Make a graph of two nodes side by side that know nothing of each other."""
    graph = Graph("two")
    for name, kind in (("a", one), ("b", other or one)):
        node = graph.add(kind, name, **configs)
        graph.inputs[f"to_{name}"] >> node.value
        node.out >> graph.outputs[f"of_{name}"]
    return graph


GIVEN = {"to_a": Each([1]), "to_b": Each([10])}


def over_closure() -> Graph:
    """Make two functions over one list."""
    seen: list[int] = []

    @component
    def left(value: int) -> int:
        seen.append(value)
        return len(seen)

    @component
    def right(value: int) -> int:
        seen.append(value)
        return len(seen)

    return two_of(left, right)


def over_variable() -> Graph:
    """Make a function that binds a variable of the function around it, and one that reads it."""
    total = 0

    @component
    def writes(value: int) -> int:
        nonlocal total
        total += value
        return 0

    @component
    def reads(value: int) -> int:
        return total

    return two_of(writes, reads)


WAYS: dict[str, tuple[Callable[[], Graph], str]] = {
    "closure": (over_closure, "seen (list)"),
    "variable": (over_variable, "the variable total"),
    "global object": (lambda: two_of(into_global), "the global SEEN (list)"),
    "global variable": (lambda: two_of(count_global), "the global COUNT"),
    "variable of a class": (lambda: two_of(of_class), "the class Tally"),
    "object of a class": (lambda: two_of(in_class), "Tally.seen (list)"),
    "class of the component": (lambda: two_of(OfClass), "OfClass.kept (list)"),
    "default": (lambda: two_of(by_default), "a default of kept_in_default (list)"),
    "config": (lambda: two_of(WithBox, box=Box()), "the config box (Box)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_shared_behind_ports_is_found_and_named(way: str) -> None:
    """Both orders are tried, the object is named with the nodes that use it, and is put back in the end."""
    make, name = WAYS[way]
    result = explore(NetScene(make(), GIVEN), audit=50)
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    assert len(result.ends) == 2, str(result)
    assert any(f"a and b share {name} behind their ports" in note for note in result.notes), result.notes
    assert (SEEN, COUNT, Tally.total, Tally.seen, OfClass.kept) == ([], 0, 0, [], [])


class Resends(Component):
    """Sends one list again and again, and changes it in between."""

    out: Out[Any]

    async def run(self) -> None:
        found: list[int] = []
        for number in range(3):
            found.append(number)
            await self.out.send(found)


@component
def length(value: list[int]) -> int:
    return len(value)


@component
def spoil(value: list[int]) -> None:
    value.append(0)


@component
def make_list(count: int = 1) -> Iterator[list[int]]:
    for number in range(count):
        yield [number]


def test_a_packet_that_is_changed_after_it_was_sent_is_found() -> None:
    """Its sender goes on changing it: how much of it the receiver sees depends on who is quicker."""
    graph = Graph("resent")
    source, node = graph.add(Resends, "source"), graph.add(length, "node")
    source.out >> node.value
    node.out >> graph.outputs.out
    result = explore(NetScene(graph), audit=50)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert {end["outputs.out"] for end in result.ends} == {"[2, 3, 3]", "[3, 3, 3]"}
    assert any("node and source share the packet source.out 0 (list)" in note for note in result.notes), result.notes


@pytest.mark.parametrize("first", ["spoiler", "reader"])
def test_a_value_that_goes_two_ways_and_is_changed_on_one_is_found(first: str) -> None:
    """A fan-out gives both consumers one object; what the one does to it the other may see, in either order."""
    graph = Graph("fan_out")
    source = graph.add(make_list, "source")
    for name in (first, "reader" if first == "spoiler" else "spoiler"):
        source.out >> graph.add(spoil if name == "spoiler" else length, name).value
    graph["reader"].out >> graph.outputs.out
    result = explore(NetScene(graph), audit=50)
    assert {end["outputs.out"] for end in result.ends} == {"[1]", "[2]"}
    assert any("reader and spoiler share the packet" in note for note in result.notes), result.notes


def test_a_part_of_a_packet_that_its_sender_keeps_is_found() -> None:
    """Not the packet, but what lies in it, is changed by its sender later."""

    class Keeps(Component):
        out: Out[Any]

        async def run(self) -> None:
            inner = [1]
            await self.out.send((inner, "first"))
            inner.append(2)
            await self.out.send((inner, "second"))

    @component
    def inside(value: Any) -> int:
        return len(value[0])

    graph = Graph("kept")
    source, node = graph.add(Keeps, "source"), graph.add(inside, "node")
    source.out >> node.value
    node.out >> graph.outputs.out
    result = explore(NetScene(graph), audit=50)
    # The list grows in the step that puts the first packet: nothing can come between.
    assert {end["outputs.out"] for end in result.ends} == {"[2, 2]"}


def test_a_packet_that_is_given_away_may_be_changed() -> None:
    """Whoever takes a packet that nobody else holds may do with it what it likes: one execution proves the net."""

    @component
    def add_one(value: list[int]) -> list[int]:
        value.append(1)
        return value

    graph = Graph("given_away")
    source, one, two = graph.add(make_list, "source", count=3), graph.add(add_one, "one"), graph.add(add_one, "two")
    source.out >> one.value
    one.out >> two.value
    two.out >> graph.outputs.out
    result = explore(NetScene(graph), audit=20)
    assert result.assert_holds().executions == 1
    assert result.ends[0]["outputs.out"] == "[[0, 1, 1], [1, 1, 1], [2, 1, 1]]"


def test_inputs_and_configs_are_put_back() -> None:
    """A node that changes the object that was given to the net finds it as it was in the next execution."""
    given = [[1], [2]]
    graph = Graph("inputs")
    node = graph.add(spoil, "node")
    graph.inputs.value >> node.value
    explore(NetScene(graph, {"value": Each(given)}), audit=5).assert_holds()
    assert given == [[1], [2]]


def test_a_table_that_nobody_changes_makes_no_difference() -> None:
    """What is only read is no reason to try more orders."""
    result = explore(NetScene(two_of(look_up), GIVEN), audit=10).assert_holds()
    assert result.executions == 1


def test_what_one_node_keeps_for_itself_is_a_part_of_the_state() -> None:
    """A function with a list of its own outside: what lies in it decides what comes, and states differ by it."""
    kept: list[str] = []

    @component
    def third(value: str) -> str | None:
        kept.append(value)
        return kept[0] if len(kept) == 3 else None

    @component
    def names(prefix: str = "", count: int = 1) -> Iterator[str]:
        for number in range(count):
            yield f"{prefix}{number}"

    graph = Graph("kept")
    node = graph.add(third, "node")
    graph.add(names, "p", prefix="p", count=2).out >> node.value
    graph.add(names, "q", prefix="q").out >> node.value
    node.out >> graph.outputs.out
    result = explore(NetScene(graph), audit=50).assert_holds()
    assert {end["outputs.out"] for end in result.ends} == {"['p0']", "['q0']"}
    assert any("begins anew in each execution" in note for note in result.notes)
    assert kept == []


def test_what_nobody_sees_into_lowers_the_verdict() -> None:
    """A lock that two nodes reach may do anything: it is named, and only who accepts it has a proof."""
    result = explore(NetScene(two_of(locked), GIVEN))
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN
    assert "the global LOCK (lock), which a and b can reach and nobody sees into" in str(result.verdict)
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("unseen")


def test_what_cannot_be_put_back_lowers_the_verdict() -> None:
    """An iterator that was advanced stays where it is: the next execution begins elsewhere."""
    numbers = map(int, "123456789")

    @component
    def draw(value: int) -> int:
        return next(numbers, 0)

    result = explore(NetScene(two_of(draw), GIVEN))
    assert result.verdict.kind not in (VerdictKind.HOLDS, VerdictKind.BUG)


def test_random_begins_anew_and_its_order_counts() -> None:
    """Two nodes that draw from `random` get each other's numbers, in whichever order they come."""

    @component
    def drawn(value: int) -> float:
        return random.random()

    before = random.getstate()
    result = explore(NetScene(two_of(drawn), GIVEN), audit=20)
    assert random.getstate() == before
    assert len(result.assert_holds().ends) == 2
    assert any("share the numbers of random" in note for note in result.notes)


# -- what looks at every state -----------------------------------------------------------------------------


def test_an_invariant_sees_outputs_in_every_order() -> None:
    """Two lines that never meet: that one is ahead of the other can only be seen where both are looked at."""
    scene = NetScene(two_of(same), GIVEN)
    assert explore(scene).executions == 1
    for invariant in (
        lambda net: len(net.outputs["of_a"]) >= len(net.outputs["of_b"]),
        lambda net: len(net.outputs["of_b"]) >= len(net.outputs["of_a"]),
        lambda net: net.state()["nodes"]["a"]["turns"] <= net.state()["nodes"]["b"]["turns"] + 2,
    ):
        result = explore(scene, invariant=invariant)
        assert result.verdict.kind is VerdictKind.BUG
        assert result.failure is not None
        assert result.failure.kind == "invariant"


def test_a_sentinel_is_advanced_after_every_step() -> None:
    """It sees the net, keeps a state of its own that tells states apart, and may raise."""

    def orderly(net: Any) -> Iterator[None]:
        first = ""
        while True:
            yield
            for name, values in net.outputs.items():
                if values and not first:
                    first = name
            if first == "of_b" and net.result is not None:
                raise ValueError("b was first")

    result = explore(NetScene(two_of(same), GIVEN), sentinel=orderly)
    assert result.verdict.kind is VerdictKind.BUG
    assert result.failure is not None
    assert (result.failure.kind, result.failure.what) == ("sentinel", "the sentinel raised ValueError: b was first")
    assert explore(NetScene(two_of(same), GIVEN), sentinel=lambda net: iter_of_nothing()).assert_holds()


def iter_of_nothing() -> Iterator[None]:
    """Make a sentinel that has nothing to say."""
    while True:
        yield


def test_hooks_are_told_of_executions_steps_and_nodes() -> None:
    """Whatever they run for: each execution begins and ends, each node comes once and goes at most once."""

    class Told(Hooks):
        def __init__(self) -> None:
            self.told: list[str] = []

        def begin(self, execution: Any) -> None:
            self.told.append("begin")

        def end(self, execution: Any) -> None:
            self.told.append("end")

        def step(self, execution: Any, process: str, step: Any) -> None:
            self.told.append("step")

        def created(self, execution: Any, process: str) -> None:
            self.told.append(f"created {process}")

        def ended(self, execution: Any, process: str, step: Any) -> None:
            self.told.append(f"ended {process}")

    hooks = Told()
    result = explore(NetScene(two_of(same), GIVEN), hooks=hooks)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert hooks.told.count("begin") == hooks.told.count("end") == hooks.told.count("created a")
    assert hooks.told.count("ended a") == hooks.told.count("ended b") >= result.executions
    assert hooks.told.count("step") >= result.steps


def test_objects_of_the_context_have_attributes_of_each_node() -> None:
    """What a node sets there, no other finds; and what was there at first is there at the end."""
    box = Box()

    @component
    def counted(value: int) -> int:
        return box.add()

    shared = explore(NetScene(two_of(counted), GIVEN), audit=10).assert_holds()
    assert len(shared.ends) == 2
    own = explore(NetScene(two_of(counted), GIVEN, context=(box,)), audit=10).assert_holds()
    assert own.ends == [{"outcome": "finished", "outputs.of_a": "[1]", "outputs.of_b": "[1]"}]
    assert box.count == 0


def test_nodes_cannot_be_renamed() -> None:
    """None of a net is made anew while it runs."""
    with pytest.raises(ExploreError, match="nodes keep their names"):
        explore(NetScene(two_of(same), GIVEN), identity=lambda name: name)


def test_a_memory_with_one_default_is_no_sharing() -> None:
    """Each node has its own, whatever it began with."""

    @component
    def remembers(value: int, seen: Memory[list[int]] = Memory(list)) -> int:
        seen.value.append(value)
        return len(seen.value)

    result = explore(NetScene(two_of(remembers), GIVEN), audit=10).assert_holds()
    assert result.executions == 1


def test_a_node_with_tasks_of_its_own_is_tried_in_every_order() -> None:
    """Its state cannot be told, so that orders are tried one by one."""

    class WithTask(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                self.tasks.create_task(self.out.send(value))

    scene = NetScene(two_of(WithTask, same), {"to_a": Each([1, 2]), "to_b": Each([])})
    result = explore(scene, budget=Budget(executions=1000, seconds=None))
    assert result.verdict.kind in (VerdictKind.HOLDS, VerdictKind.HOLDS_WITHIN)
    assert any("states cannot be told apart" in note for note in result.notes)


# -- sets of text ------------------------------------------------------------------------------------------


@component
def goes_through_a_set(value: int) -> Iterator[str]:
    """Yield words in the order of a set."""
    for word in {"a", "b"}:  # noqa: PLC0208
        yield word * value


@component
def makes_a_set(value: int) -> list[str]:
    """Return words in the order of a set."""
    return [*{str(value), "x"}]


@component
def looks_into_a_set(value: int) -> bool:
    """Say whether a word is among those that are known."""
    return str(value) in {"1", "2"}


@component
def counts(value: frozenset[Any]) -> int:
    """Count the elements of a set that came by a port."""
    return len(value)


@pytest.mark.parametrize(
    ("what", "value", "is_named"),
    [
        (goes_through_a_set, 1, True),
        (makes_a_set, 1, True),
        (looks_into_a_set, 1, False),
        (counts, frozenset({"a", "b"}), True),
        (counts, frozenset({1, 2}), False),
    ],
)
def test_sets_of_text_are_named(what: Any, value: Any, is_named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict on a net says when it may hang on how Python hashes text, which is otherwise in each process."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    said = str(explore(NetScene(what, {"value": value})).assert_holds())
    assert ("sets of text are in the order that they have in this process" in said) is is_named
