import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, TypedDict

import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from fbcore import (
    BatchRuntime,
    Component,
    DataError,
    Each,
    Graph,
    In,
    Memory,
    Missing,
    NodeError,
    Out,
    SteppedLoop,
    component,
    required,
)
from fbcore.net.build import build_net
from fbcore.net.memory_cell import MemoryCell
from fbcore.net.net import Net
from fbcore.touches import Touch
from tests.formats.stored import same, stored_values
from tests.net.conftest import Run


class Uniques(Component):
    word: In[str]
    seen: Memory[set[str]] = Memory({"the"})
    out: Out[str]

    async def run(self) -> None:
        async for word in self.word:
            if word not in self.seen.value:
                self.seen.value.add(word)
                await self.out.send(word)


@component
def count(word: str, seen: Memory[int] = Memory(0), step: int = 1) -> int:
    seen.value += step
    return seen.value


def one_node(target: Any, **configs: Any) -> Graph:
    graph = Graph("one")
    node = graph.add(target, "node", **configs)
    graph.inputs.word >> node.word
    node.out >> graph.outputs.out
    return graph


def test_a_class_remembers(run: Run) -> None:
    """What a class has put into its memory is there at its next packet."""
    result = run(one_node(Uniques), inputs={"word": Each(["the", "big", "the", "cat", "the", "big", "hat"])})
    assert result.outputs.out == ["big", "cat", "hat"]


def test_a_function_remembers(run: Run) -> None:
    """A firing gets what the one before it left, also in batches, and configs beside it."""
    assert run(one_node(count), inputs={"word": Each("abcde")}).outputs.out == [1, 2, 3, 4, 5]
    assert run(one_node(count, step=2), inputs={"word": Each("abc")}).outputs.out == [2, 4, 6]


def test_a_function_remembers_through_many_batches() -> None:
    """The firings of batches remember as those that are made one by one."""
    found = BatchRuntime(one_node(count)).run(inputs={"word": Each(["a"] * 1000)}).outputs.out
    assert found == list(range(1, 1001))


@component
async def slowly(word: str, seen: "Memory[list[str]]" = Memory(list)) -> str:
    await asyncio.sleep(0)
    seen.value.append(word)
    return "".join(seen.value)


@component(buffered=True)
def pairs(word: str, last: Memory[str] = Memory("-")) -> Iterator[str]:
    yield last.value + word
    last.value = word


@component
async def pairs_async(word: str, last: Memory[str] = Memory("-")) -> AsyncIterator[str]:
    yield last.value + word
    last.value = word


@pytest.mark.parametrize(
    ("target", "sent"),
    [(slowly, ["a", "ab", "abc"]), (pairs, ["-a", "ab", "bc"]), (pairs_async, ["-a", "ab", "bc"])],
)
def test_functions_of_every_kind_remember(run: Run, target: Any, sent: list[str]) -> None:
    """Coroutines and generators, plain and async, remember, whether annotations are texts or types."""
    assert run(one_node(target), inputs={"word": Each("abc")}).outputs.out == sent


class Totals(TypedDict):
    left: int
    right: int


@component(fires="any")
def tally(
    left: int | Missing,
    right: int | Missing,
    scale: int = required(),
    totals: Memory[Totals] = Memory({"left": 0, "right": 0}),
) -> None:
    assert not (isinstance(left, Missing) and isinstance(right, Missing))
    totals.value["left" if isinstance(right, Missing) else "right"] += scale


def test_a_function_that_fires_on_any_input_remembers() -> None:
    """Memories stand beside inputs that may be missing, and configs that must be given."""
    graph = Graph("both")
    node = graph.add(tally, scale=10)
    graph.inputs.left >> node.left
    graph.inputs.right >> node.right
    found: list[Any] = []
    inputs = {"left": Each([1, 2]), "right": Each([])}
    in_net(graph, inputs, lambda net: found.append(cell_of(net, "tally").value))
    assert found == [{"left": 20, "right": 0}]


def in_net(graph: Graph, inputs: dict[str, Any], look: Any, before: Any = None) -> None:
    """Run a net on a stepped loop, with a look at it before and after."""

    async def main() -> None:
        net = build_net(graph, inputs)
        if before is not None:
            before(net)
        await net.run()
        look(net)

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main())


def cell_of(net: Net, address: str, name: str = "") -> MemoryCell:
    memories = next(node.memories for node in net.nodes if node.address == address)
    return memories[name] if name else next(iter(memories.values()))


def test_nodes_and_nets_share_nothing() -> None:
    """Two nodes of one component, and two nets of one graph, remember each for itself."""
    graph = Graph("two")
    for name in ("one", "other"):
        node = graph.add(Uniques, name)
        graph.inputs.word >> node.word
        node.out >> graph.outputs[f"by_{name}"]
    runtime = BatchRuntime(graph)
    for _ in range(2):
        outputs = runtime.run(inputs={"word": Each(["a", "b", "a"])}).outputs
        assert (outputs.by_one, outputs.by_other) == (["a", "b"], ["a", "b"])
    declared = graph.nodes["one"].component.memories["seen"].declared
    assert declared is not None
    assert declared.new_value() == {"the"}


def test_a_memory_is_not_replaced(run: Run) -> None:
    """Who sets the memory itself, instead of its value, is told so: what is set would be remembered by nobody."""

    class Wrong(Uniques):
        async def run(self) -> None:
            self.seen = {"a"}  # type: ignore[assignment]

    (error,) = run(one_node(Wrong), inputs={"word": Each([])}).errors
    assert "a memory of Wrong cannot be replaced by {'a'}" in str(error)
    assert "self.name.value = ..." in str(error)


def test_a_net_is_not_made_of_memories_that_cannot_begin() -> None:
    """What a function that makes the first value raises is told before the net runs."""

    class Wrong(Component):
        word: In[str]
        out: Out[str]
        seen: Memory[set[str]]

        async def run(self) -> None: ...

    with pytest.raises(Exception, match="this memory has no value to begin with"):
        BatchRuntime(one_node(Wrong)).run(inputs={"word": "a"})


# -- stored and brought back -------------------------------------------------------------------------------


def cell(declared: Any, kind: Any = Any) -> MemoryCell:
    """Make the memory of a node that has one of this kind."""

    class Keeper(Component):
        word: In[str]
        out: Out[str]
        kept: Memory[kind] = declared

        async def run(self) -> None: ...

    found: list[MemoryCell] = []
    in_net(one_node(Keeper), {"word": Each([])}, lambda net: found.append(cell_of(net, "node")))
    return found[0]


@dataclass
class Sums:
    total: float = 0.0
    parts: dict[tuple[str, int], list[float]] = field(default_factory=dict)


class Weather(BaseModel):
    sky: str = "clear"
    gusts: list[float] = []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 3),
        (float, 3),
        (set[str], {"a", "b"}),
        (dict[int, list[tuple[str, float]]], {3: [("a", 1.5)]}),
        (Sums, Sums(1.5, {("JFK", 3): [1.0]})),
        (Weather, Weather(sky="rain", gusts=[2.5])),
        (Totals, Totals(left=1, right=2)),
        (Counter[str], Counter("abca")),
        (str | None, None),
        (Any, (1, {2})),
    ],
)
def test_a_memory_is_stored_and_brought_back(kind: Any, value: Any) -> None:
    """A memory of any type survives the text of a file, and then is the same, and a value of its own."""
    one, other = cell(Memory(value), kind), cell(Memory(value), kind)
    one.value = value
    stored = json.loads(json.dumps(one.dump()))
    other.load(stored)
    assert (other.value, type(other.value)) == (value, type(value))
    assert other.digest() == one.digest()


_ANY = cell(Memory(None))


@given(stored_values())
@settings(max_examples=200, deadline=None)
def test_memories_of_all_types_survive(value: Any) -> None:
    """Whatever can be stored comes back from a memory as it was, and so does a copy after the value was changed."""
    _ANY.value = value
    stored, digest, taken = json.dumps(_ANY.dump()), _ANY.digest(), _ANY.copy()
    _ANY.value = "something else"
    _ANY.load(json.loads(stored))
    assert same(_ANY.value, value)
    _ANY.value = ["something else"]
    _ANY.restore(taken)
    assert same(_ANY.value, value)
    assert _ANY.digest() == digest


@given(stored_values(), stored_values())
@settings(max_examples=200, deadline=None)
def test_digests_tell_values_apart(one: Any, other: Any) -> None:
    """Two memories have one digest exactly when their values are the same."""
    _ANY.value = one
    first = _ANY.digest()
    _ANY.value = other
    assert (_ANY.digest() == first) <= (one == other)
    if same(one, other):
        assert _ANY.digest() == first


def test_a_copy_serves_any_number_of_times() -> None:
    """What is done to a memory after it was restored does not reach the copy."""
    kept = cell(Memory(list), list[int])
    kept.value = [1]
    taken = kept.copy()
    for _ in range(2):
        kept.value.append(2)
        kept.restore(taken)
        assert kept.value == [1]
    kept.value = [3]
    assert (kept.dump(taken)["data"], kept.dump()["data"]) == ([1], [3])


@pytest.mark.parametrize(
    "value", [[1, "a"], {1, 2}, {"a": 1}, [[1]], {"a": [1]}, {(1, 2): 3}, [Sums(1.0, {("a", 1): [2.0]})]], ids=str
)
def test_a_copy_shares_nothing_that_can_be_changed(value: Any) -> None:
    """Neither the value, nor what is in it, is in the copy too."""
    kept = cell(Memory(None))
    kept.value = value
    taken = kept.copy()
    assert same(taken, value)
    assert taken is not value
    for one, other in zip(taken, value, strict=True) if isinstance(value, list) else ():
        assert one is not other or isinstance(one, int | str)
    for key in value if isinstance(value, dict) else ():
        assert taken[key] is not value[key] or isinstance(value[key], int)


def test_what_cannot_be_stored_or_copied_is_named() -> None:
    """A memory that holds what is open or runs can be used, and says by its address what it cannot do."""
    kept = cell(Memory(lambda: {"lock": threading.Lock()}))
    with pytest.raises(DataError) as caught:
        kept.dump()
    assert caught.value.address == "node.kept['lock']"
    with pytest.raises(DataError, match="cannot be copied") as caught:
        kept.copy()
    assert caught.value.address == "node.kept"


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        (None, "None is no stored memory"),
        ({"version": "1", "data": 0}, "is no stored memory"),
        ({"version": 1}, "is no stored memory"),
        ({"version": 2, "data": 0}, "has version 2, and this program knows versions up to 1"),
        ({"version": 1, "data": "3"}, "'3' is no int: input should be a valid integer"),
        ({"version": 1, "data": {"$type": "nothing", "$value": 0}}, "there is no type 'nothing'"),
    ],
)
def test_wrong_data_is_not_loaded(stored: Any, what: str) -> None:
    """Data that is broken, newer, or of another type is refused with the address, and the memory stays as it was."""
    kept = cell(Memory(5), int)
    with pytest.raises(DataError) as caught:
        kept.load(stored)
    assert what in caught.value.what
    assert caught.value.address == "node.kept"
    assert caught.value.hint
    assert kept.value == 5


def test_older_data_is_migrated() -> None:
    """A function makes today's data of an older version's, and is asked for no other."""
    asked = []

    def migrate(data: Any, version: int) -> Any:
        asked.append(version)
        return {"a": data.pop()}

    kept = cell(Memory(dict, version=3, migrate=migrate), dict[str, int])
    old = {"version": 2, "data": [7]}
    kept.load(old)
    assert (kept.value, old["data"]) == ({"a": 7}, [7])
    assert kept.dump() == {"version": 3, "data": {"a": 7}}
    kept.load(kept.dump())
    assert asked == [2]
    with pytest.raises(DataError, match="migrate could not migrate version 1: IndexError"):
        kept.load({"version": 1, "data": []})


def test_older_data_without_a_migration_is_refused() -> None:
    """The error says what to write."""
    kept = cell(Memory(0, version=2), int)
    with pytest.raises(DataError, match="has version 1, and this is version 2") as caught:
        kept.load({"version": 1, "data": 0})
    assert caught.value.hint == "say how to go on: Memory(..., version=2, migrate=f)"


def test_a_node_goes_on_with_what_was_loaded() -> None:
    """A net whose memories were loaded before it runs goes on where the other ended."""
    stored: list[Any] = []
    sent: list[Any] = []
    graph = one_node(count)
    in_net(graph, {"word": Each("abc")}, lambda net: stored.append(cell_of(net, "node").dump()))

    def look(net: Net) -> None:
        assert net.result is not None
        sent.extend(net.result.outputs.out)

    in_net(graph, {"word": Each("de")}, look, lambda net: cell_of(net, "node").load(stored[0]))
    assert sent == [4, 5]


# -- errors and announcements ------------------------------------------------------------------------------


@component
def strict(word: str, seen: Memory[int] = Memory(0)) -> int:
    seen.value += 1
    if word == "b":
        raise ValueError("no b")
    return seen.value


def test_a_memory_keeps_what_a_failed_firing_did(run: Run) -> None:
    """Until a policy restores it, a memory is as the failed firing left it."""
    graph = one_node(strict)
    graph["node"].error >> graph.outputs.failures
    result = run(graph, inputs={"word": Each("abc")})
    assert result.outputs.out == [1, 3]
    assert [isinstance(each.error, NodeError) for each in result.outputs.failures] == [True]


def test_a_stepped_loop_is_told_of_memories() -> None:
    """Whoever listens hears which memory a step read or wrote; to get what can be changed counts as writing."""
    touched: list[Touch] = []

    def listen(net: Net) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop)
        loop.touched = touched.append

    for target in (count, Uniques):
        in_net(one_node(target), {"word": "a"}, lambda net: None, listen)
    found = [(each.kind, each.name, each.writes) for each in touched if each.kind == "memory"]
    reads, writes = ("memory", "node.seen", False), ("memory", "node.seen", True)
    assert found == [reads, writes, reads, writes, writes]


def test_a_look_at_a_net_is_no_step_of_it() -> None:
    """To store, copy or compare memories is not announced."""
    touched: list[Touch] = []

    def look(net: Net) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SteppedLoop)
        loop.touched = touched.append
        kept = cell_of(net, "node")
        kept.dump()
        kept.digest()
        kept.copy()
        assert repr(kept) == "<memory node.seen: 1>"

    in_net(one_node(count), {"word": "a"}, look)
    assert touched == []
