"""Arrays and data frames as values: no path compares them, hashes them, or asks whether they are true."""

import pickle
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Config,
    Each,
    Graph,
    In,
    InArray,
    Missing,
    NetError,
    Out,
    OutArray,
    Outcome,
    Packet,
    component,
)
from fbcore.errors import shown
from tests.net.awkward import Frame, Spiteful
from tests.net.conftest import Run

KINDS = pytest.mark.parametrize("kind", [Frame, Spiteful])


def cells(values: list[Any]) -> list[tuple[int, ...]]:
    """Return what is in the frames of a list."""
    return [value.cells for value in values]


@component
def same(value: Frame) -> Frame:
    return value


@component
def maybe(value: Frame) -> Frame | None:
    return value if value.cells[0] % 2 else None


@component
def frames(value: Frame) -> Iterator[Frame]:
    yield value
    yield value


class Passes(Component):
    """Passes on what comes."""

    value: In[Frame]
    out: Out[Frame]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value)


@component
def kept(value: Packet[Frame]) -> Packet[Frame] | None:
    return value


def through(*components: Any, **options: Any) -> Graph:
    """Return a graph of components one after the other."""
    graph = Graph("through")
    before = graph.inputs.value
    for number, each in enumerate(components):
        node = graph.add(each, f"node_{number}")
        graph.connect(before, node.value, **options)
        before = node.out
    before >> graph.outputs.out
    return graph


@KINDS
@pytest.mark.parametrize("target", [same, maybe, Passes, kept])
def test_they_pass_through_every_kind_of_node(run: Run, kind: Any, target: Any) -> None:
    """One by one and in batches; what is dropped is dropped for another reason than that it compares like None."""
    values = [kind(number, 7) for number in range(150)]
    result = run(through(target, same), inputs={"value": Each(values)})
    expected = values if target is not maybe else values[1::2]
    assert result.outcome is Outcome.FINISHED
    assert all(one is other for one, other in zip(result.outputs.out, expected, strict=True))


@KINDS
def test_they_pass_through_streams_and_the_border(run: Run, kind: Any) -> None:
    """A single value for an input, too, which is no `Each`."""
    result = run(through(frames, same), inputs={"value": kind(1)})
    assert cells(result.outputs.out) == [(1,), (1,)]


@KINDS
@pytest.mark.parametrize("options", [{"tracking": "history"}, {"tracking": "history", "keep": 5}, {"check": "edges"}])
def test_they_pass_however_closely_one_looks(run: Run, kind: Any, options: dict[str, Any]) -> None:
    """History, kept values, checks of types."""
    values = [kind(number) for number in range(100)]
    result = run(through(maybe, same, kept), inputs={"value": Each(values)}, **options)
    assert result.outcome is Outcome.FINISHED
    assert cells(result.outputs.out) == [(number,) for number in range(1, 100, 2)]
    if "keep" in options:
        assert result.packets.value("node_1.out#49").cells == (99,)


def test_they_are_compared_by_their_bytes(run: Run) -> None:
    """When it is asked for; what cannot be pickled is not, and passes."""
    values = [Frame(number) for number in range(10)]
    assert run(through(same, same), inputs={"value": Each(values)}, check="mutation").outcome is Outcome.FINISHED
    hidden = [Spiteful(number) for number in range(10)]
    assert run(through(same, same), inputs={"value": Each(hidden)}, check="mutation").outcome is Outcome.FINISHED

    class Grows(Component):
        value: In[Frame]
        out: Out[Frame]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value)
                value.cells += (1,)

    result = run(through(Grows), inputs={"value": Frame(1)}, check="mutation")
    assert result.outcome is Outcome.FAILED
    assert "was changed after it had been sent" in result.errors[0].what


def test_they_are_kept_by_bytes(run: Run) -> None:
    """Each counted by its pickle, or by what Python says of it."""
    for kind in (Frame, Spiteful):
        values = [kind(number) for number in range(100)]
        result = run(through(same), inputs={"value": Each(values)}, tracking="history", keep="1 kB")
        assert result.packets.value("node_0.out#99").cells == (99,)


def test_copies_of_them_are_theirs(run: Run) -> None:
    """Deep, or by a function."""
    original = Frame(1)
    for how in (True, lambda frame: Frame(*frame.cells)):
        result = run(through(same, copy=how), inputs={"value": original})
        assert cells(result.outputs.out) == [(1,)]
        assert result.outputs.out[0] is not original


class Fields(NamedTuple):
    left: Frame | None
    right: Frame | None


@KINDS
def test_they_are_fields_that_are_unpacked(run: Run, kind: Any) -> None:
    """None is told from them by what it is."""

    @component(unpack=True)
    def sides(value: Frame) -> Fields:
        return Fields(value, None) if value.cells[0] % 2 else Fields(None, value)

    graph = Graph("fields")
    node = graph.add(sides)
    graph.inputs.value >> node.value
    node.left >> graph.outputs.left
    node.right >> graph.outputs.right
    result = run(graph, inputs={"value": Each([kind(number) for number in range(4)])})
    assert (cells(result.outputs.left), cells(result.outputs.right)) == ([(1,), (3,)], [(0,), (2,)])


@KINDS
def test_they_are_remembered_and_joined(run: Run, kind: Any) -> None:
    """By functions that fire on any and on all, by `select` and `zip`, in arrays."""

    @component(fires="any")
    def latest(value: Frame | Missing, other: Frame | Missing) -> Frame | None:
        return other if isinstance(value, Missing) else value

    @component
    def pair(value: Frame, other: Frame) -> Frame:
        return value

    class Joins(Component):
        value: In[Frame]
        other: In[Frame]
        out: Out[Frame]

        async def run(self) -> None:
            async for value, _ in self.zip(self.value, self.other):
                await self.out.send(value)

    class Selects(Joins):
        async def run(self) -> None:
            async for hit in self.select(self.value, self.other):
                if hit.of(self.value) is not None:
                    await self.out.send(hit.value)

    for target in (latest, pair, Joins, Selects):
        graph = Graph("joins")
        node = graph.add(target, "node")
        graph.inputs.value >> node.value
        graph.inputs.other >> node.other
        node.out >> graph.outputs.out
        result = run(graph, inputs={"value": Each([kind(1), kind(2)]), "other": Each([kind(3), kind(4)])})
        assert result.outcome is Outcome.FINISHED
        assert {(1,), (2,)} <= set(cells(result.outputs.out))

    class Arrays(Component):
        items: InArray[Frame]
        parts: OutArray[Frame]

        async def run(self) -> None:
            async for hit in self.select(*self.items.values()):
                await self.parts[hit.value.cells[0]].send(hit.value)

    graph = Graph("arrays")
    node = graph.add(Arrays, "node")
    graph.inputs.value >> node.items[0]
    node.parts[1] >> graph.outputs.ones
    result = run(graph, inputs={"value": Each([kind(1), kind(2)])})
    assert cells(result.outputs.ones) == [(1,)]
    assert result.discarded == {"node.parts[2]": 1}


@KINDS
def test_they_are_initial_packets_and_configs(run: Run, kind: Any) -> None:
    """Given, fixed, fed, as a default, and through a composite."""

    class Reads(Component):
        frame: Config[Frame]
        value: In[Frame]
        out: Out[Frame]

        async def run(self) -> None:
            async for frame in self.frame.changes():
                await self.out.send(frame)
            async for value in self.value:
                await self.out.send(value)

    class Around(CompositeComponent):
        frame: Config[Frame] = Config(default=kind(5))
        value: In[Frame]
        out: Out[Frame]

        def build(self, graph: Graph) -> None:
            node = graph.add(Reads)
            graph.configs.frame >> node.frame
            graph.inputs.value >> node.value
            node.out >> graph.outputs.out

    @component
    def feeds() -> Iterator[Frame]:
        yield kind(8)

    def made(target: Any, how: str) -> Graph:
        graph = Graph("configs")
        node = graph.add(target, "node", **({"frame": kind(6)} if how == "fixed" else {}))
        graph.initial(kind(1)) >> node.value
        node.out >> graph.outputs.out
        if how == "initial":
            graph.initial(kind(7)) >> node.frame
        elif how == "fed":
            graph.add(feeds).out >> node.frame
        elif how == "given":
            graph.configs.frame >> node.frame
        return graph

    expected = {"fixed": 6, "initial": 7, "fed": 8, "given": 9}
    for target in (Reads, Around):
        for how, number in expected.items():
            result = run(made(target, how), **({"frame": kind(9)} if how == "given" else {}))
            assert cells(result.outputs.out)[-2:] == [(number,), (1,)]
    assert cells(run(made(Around, "default")).outputs.out) == [(5,), (1,)]


@KINDS
def test_they_are_shown_and_held_when_things_go_wrong(run: Run, kind: Any) -> None:
    """In failures, in what was held or refused, in summaries and errors; short, and without an error of their own."""

    @component
    def breaks(value: Frame) -> Frame:
        raise ValueError("broken")

    graph = Graph("failing")
    node = graph.add(breaks, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each([kind(1), kind(2)])})
    assert result.outcome is Outcome.FAILED
    assert result.held["node.value"].cells == (1,)
    assert len(result.summary()) < 1000
    assert repr(result)
    assert len(str(result.errors[0])) < 500

    graph = Graph("refusing")

    class Refuses(Passes):
        value: In[Frame] = In(validate=lambda value: False)

    node = graph.add(Refuses, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    node.error >> graph.outputs.errors
    result = run(graph, inputs={"value": kind(1)})
    (failure,) = result.outputs.errors
    assert failure.value.cells == (1,)
    assert "was refused by <lambda>" in failure.error.what


def test_results_with_them_are_pickled(stock: Run) -> None:
    """With their history and what is in flight."""
    result = stock(through(same, maybe), inputs={"value": Each([Frame(1), Frame(2)])}, tracking="history", keep=5)
    copied = pickle.loads(pickle.dumps(result))
    assert cells(copied.outputs.out) == [(1,)]
    assert copied.packets.value("node_0.out#1").cells == (2,)

    graph = Graph("starving")
    join = graph.add(joined)
    graph.inputs.left >> join.left
    graph.inputs.right >> join.right
    join.out >> graph.outputs.out
    with pytest.raises(NetError) as caught:
        BatchRuntime(graph).run(inputs={"left": Each([Frame(1), Frame(2)]), "right": Each([Frame(3)])})
    error = pickle.loads(pickle.dumps(caught.value))
    assert cells(error.result.unread["inputs.left->joined.left"]) == [(2,)]
    assert error.result.packets.value("inputs.left#1").cells == (2,)


@component
def joined(left: Frame, right: Frame) -> Frame:
    return left


def test_a_value_of_the_wrong_type_is_named_though_it_cannot_be_shown(stock: Run) -> None:
    """The error speaks of the value, and not of an error of its own."""

    @component
    def number(value: int) -> int:
        return value

    for kind in (Frame, Spiteful):
        with pytest.raises(Exception, match="is no int"):
            stock(through(number), inputs={"value": kind(1)})
    assert len(shown(Frame(*range(1000)))) <= 70
    assert "Spiteful" in shown(Spiteful(1))
