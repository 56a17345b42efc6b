"""Composites in a running net: nets are made of what is inside, and whoever uses one sees a component."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import (
    Component,
    CompositeComponent,
    Config,
    ConfigError,
    Each,
    Failure,
    Graph,
    In,
    InArray,
    Message,
    Out,
    OutArray,
    Outcome,
    Signal,
    component,
)
from tests.net.conftest import Run


@component
def words(line: str, sep: str = " ") -> Iterator[str]:
    yield from line.split(sep)


@component
def upper(text: str) -> str:
    return text.upper()


@component
def number(text: str) -> int:
    return int(text)


@component
def several() -> Iterator[int]:
    yield from range(5)


class Shout(CompositeComponent):
    """Sends the words of a line, loudly."""

    line: In[str]
    sep: Config[str] = Config(default=" ")
    word: Out[str]

    def build(self, graph: Graph) -> None:
        split, loud = graph.add(words, "split"), graph.add(upper, "loud")
        graph.inputs.line >> split.line
        graph.configs.sep >> split.sep
        split.out >> loud.text
        loud.out >> graph.outputs.word


class Deep(CompositeComponent):
    """Shouts, two composites further in."""

    line: In[str]
    sep: Config[str] = Config(default=";")
    word: Out[str]

    def build(self, graph: Graph) -> None:
        class Middle(CompositeComponent):
            line: In[str]
            sep: Config[str]
            word: Out[str]

            def build(self, graph: Graph) -> None:
                shout = graph.add(Shout)
                graph.inputs.line >> shout.line
                graph.configs.sep >> shout.sep
                shout.word >> graph.outputs.word

        middle = graph.add(Middle)
        graph.inputs.line >> middle.line
        graph.configs.sep >> middle.sep
        middle.word >> graph.outputs.word


def around(composite: Any, **configs: Any) -> Graph:
    """Put a composite with `line` and `word` between the borders of a graph."""
    graph = Graph("around")
    node = graph.add(composite, "node", **configs)
    graph.inputs.line >> node.line
    node.word >> graph.outputs.word
    return graph


# -- being used -------------------------------------------------------------------------------------------


def test_a_composite_does_what_its_nodes_do(run: Run) -> None:
    """Three deep, too; the net has the nodes inside, with the addresses of all composites around them."""
    result = run(around(Shout), inputs={"line": Each(["a b", "c"])})
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, ["A", "B", "C"])
    assert list(result.nodes) == ["node.split", "node.loud", "inputs.line"]
    result = run(around(Deep), inputs={"line": Each(["a;b", "c"])})
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, ["A", "B", "C"])
    assert list(result.nodes) == ["node.middle.shout.split", "node.middle.shout.loud", "inputs.line"]


def test_a_composite_used_twice_is_two(run: Run) -> None:
    """Each with its own config, one after the other here; nothing is shared."""
    graph = Graph("twice")
    one, two = graph.add(Shout, "one"), graph.add(Shout, "two", sep="B")
    graph.inputs.line >> one.line
    one.word >> two.line
    two.word >> graph.outputs.word
    result = run(graph, inputs={"line": "abc ab"})
    assert result.outputs.word == ["A", "C", "A", ""]
    assert list(result.nodes) == ["one.split", "one.loud", "two.split", "two.loud", "inputs.line"]


def test_a_graph_as_component_is_used_twice_and_inside_another(run: Run) -> None:
    """One made of a graph that holds one made of a graph; the first graph still runs by itself."""
    inner = Graph("inner")
    loud = inner.add(upper)
    inner.inputs.text >> loud.text
    loud.out >> inner.outputs.said
    Loud = inner.as_component()  # noqa: N806 - a class

    outer = Graph("outer")
    split, first, second = outer.add(words), outer.add(Loud, "first"), outer.add(Loud, "second")
    outer.inputs.line >> split.line
    outer.configs.sep >> split.sep
    split.out >> first.text
    first.said >> second.text
    second.said >> outer.outputs.word
    whole = around(outer.as_component("Outer"))
    result = run(whole, inputs={"line": "a b"})
    assert result.outputs.word == ["A", "B"]
    assert list(result.nodes) == ["node.words", "node.first.upper", "node.second.upper", "inputs.line"]
    assert run(inner, inputs={"text": "x"}).outputs.said == ["X"]


def test_two_nets_of_one_composite_never_meet(stock: Run) -> None:
    """Each net has nodes of its own."""

    class Remembers(Component):
        line: In[str]
        word: Out[str]

        def __init__(self) -> None:
            self.seen: list[str] = []

        async def run(self) -> None:
            async for line in self.line:
                self.seen.append(line)
                await self.word.send(",".join(self.seen))

    class Around(CompositeComponent):
        line: In[str]
        word: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(Remembers)
            graph.inputs.line >> node.line
            node.word >> graph.outputs.word

    graph = around(Around)
    for _ in range(2):
        assert stock(graph, inputs={"line": Each("ab")}).outputs.word == ["a", "a,b"]


def test_an_input_may_lead_to_several_nodes_and_an_output_come_from_several(run: Run) -> None:
    """Each gets every packet, and what they send is merged."""

    class Both(CompositeComponent):
        line: In[str]
        word: Out[str]

        def build(self, graph: Graph) -> None:
            for name, sep in (("left", " "), ("right", ",")):
                node = graph.add(words, name, sep=sep)
                graph.inputs.line >> node.line
                node.out >> graph.outputs.word

    result = run(around(Both), inputs={"line": "a b,c"})
    assert sorted(result.outputs.word) == ["a", "a b", "b,c", "c"]


def test_what_comes_in_may_go_straight_out(run: Run) -> None:
    """A composite may hand on what it gets, to the border of the net too."""

    class Aside(CompositeComponent):
        line: In[str]
        word: Out[str]
        copy: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(upper)
            graph.inputs.line >> node.text
            node.out >> graph.outputs.word
            graph.inputs.line >> graph.outputs.copy

    graph = around(Aside)
    graph["node"].copy >> graph.outputs.copy
    result = run(graph, inputs={"line": Each("ab")})
    assert (result.outputs.word, result.outputs.copy) == (["A", "B"], ["a", "b"])


def test_an_optional_input_of_a_composite_ends_at_once(run: Run) -> None:
    """When nothing is connected to it, though something inside is."""

    class Waits(CompositeComponent):
        line: In[str] = In(optional=True)
        word: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(upper)
            graph.inputs.line >> node.text
            node.out >> graph.outputs.word

    graph = Graph("idle")
    graph.add(Waits).word >> graph.outputs.word
    result = run(graph)
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, [])


def test_an_output_that_nobody_takes_is_counted_inside(run: Run) -> None:
    """Under the address of the node that sends."""
    graph = Graph("careless")
    graph.inputs.line >> graph.add(Shout).line
    result = run(graph, inputs={"line": "a b"})
    assert result.discarded == {"shout.loud.out": 2}


def test_options_of_edges_hold_across_borders(run: Run) -> None:
    """A capacity that is given outside is that of the edge to the node inside."""
    graph = Graph("narrow")
    one, two = graph.add(Shout, "one"), graph.add(Shout, "two")
    graph.inputs.line >> one.line
    graph.connect(one.word, two.line, capacity=1)
    two.word >> graph.outputs.word
    result = run(graph, inputs={"line": "a b c"})
    assert result.edges["one.loud.out->two.split.line"].capacity == 1
    assert result.outputs.word == ["A", "B", "C"]


def test_array_ports_of_a_composite_keep_their_keys(run: Run) -> None:
    """On both sides; elements that are not connected outside have ended, or are discarded."""

    class Items(Component):
        items: InArray[str]
        outs: OutArray[str]

        async def run(self) -> None:
            async for hit in self.select(*self.items.values()):
                await self.outs[hit.value].send(f"{hit.key}:{hit.value}")

    class Around(CompositeComponent):
        items: InArray[str]
        parts: OutArray[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(Items)
            for key in (0, "x", "unused"):
                graph.inputs.items[key] >> node.items[key]
            for key in ("a", "b"):
                node.outs[key] >> graph.outputs.parts[key]

    graph = Graph("arrays")
    node = graph.add(Around)
    graph.inputs.first >> node.items[0]
    graph.inputs.second >> node.items["x"]
    node.parts["a"] >> graph.outputs.a
    result = run(graph, inputs={"first": Each("ab"), "second": Each("ac")})
    assert sorted(result.outputs.a) == ["0:a", "x:a"]
    assert result.outcome is Outcome.FINISHED
    assert result.discarded == {"around.items.outs[b]": 1, "around.items.outs[c]": 1}


# -- configs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, ["A;B C"]), ({"sep": " "}, ["A;B", "C"])],
)
def test_a_config_of_the_graph_reaches_inside(run: Run, given: dict[str, str], expected: list[str]) -> None:
    """What the run gives counts, else what is said furthest outside."""
    graph = around(Deep, sep="|")
    graph.configs.sep >> graph["node"].sep
    assert run(graph, inputs={"line": "a;b c"}, **given).outputs.word == expected


def test_a_required_config_inside_is_asked_for_by_its_border_name(stock: Run) -> None:
    """The error names the config of the graph, and the node that wants it."""

    class Strict(CompositeComponent):
        line: In[str]
        mark: Config[str]
        word: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(words)
            graph.inputs.line >> node.line
            graph.configs.mark >> node.sep
            node.out >> graph.outputs.word

    graph = around(Strict)
    graph.configs.mark >> graph["node"].mark
    assert stock(graph, inputs={"line": "a-b"}, mark="-").outputs.word == ["a", "b"]


def test_a_config_of_a_composite_is_fed_by_a_node(run: Run) -> None:
    """The nodes inside wait for it, and start with what was sent."""

    class Late(Component):
        sep: Out[str]

        async def run(self) -> None:
            await asyncio.sleep(0.001)
            await self.sep.send(",")

    class Waits(Component):
        line: In[str]
        sep: Config[str]
        word: Out[str]

        async def run(self) -> None:
            async for line in self.line:
                for word in line.split(self.sep.value):
                    await self.word.send(word)

    class Around(CompositeComponent):
        line: In[str]
        sep: Config[str]
        word: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(Waits)
            graph.inputs.line >> node.line
            graph.configs.sep >> node.sep
            node.word >> graph.outputs.word

    graph = around(Around)
    graph.add(Late).sep >> graph["node"].sep
    result = run(graph, inputs={"line": Each(["a,b", "c"])})
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, ["a", "b", "c"])


def test_a_validator_of_a_composite_is_asked_though_its_border_is_gone(run: Run) -> None:
    """For packets and for configs, given or fed; the address is the composite's port."""

    def short(text: str) -> bool:
        return len(text) < 4

    class Checked(CompositeComponent):
        line: In[str] = In(validate=short)
        sep: Config[str] = Config(default=" ", validate=short)
        word: Out[str]

        def build(self, graph: Graph) -> None:
            node = graph.add(words)
            graph.inputs.line >> node.line
            graph.configs.sep >> node.sep
            node.out >> graph.outputs.word

    graph = around(Checked)
    graph["node"].error >> graph.outputs.refused
    result = run(graph, inputs={"line": Each(["a b", "too long", "c"])})
    assert result.outputs.word == ["a", "b", "c"]
    (failure,) = result.outputs.refused
    assert (failure.value, failure.address) == ("too long", "node.words")
    assert failure.error.what == "PortError: 'too long' was refused by short"

    result = run(around(Checked), inputs={"line": "too long"})
    assert result.outcome is Outcome.FAILED

    graph = around(Checked)
    graph.configs.sep >> graph["node"].sep
    with pytest.raises(ConfigError, match=r"configs\.sep: 'too long' was refused by short"):
        run(graph, inputs={"line": "a"}, sep="too long")

    @component
    def feed() -> Iterator[str]:
        yield ","
        yield "too long"

    async def later():
        await asyncio.sleep(0.001)
        yield "a,b"

    graph = around(Checked)
    graph.add(feed).out >> graph["node"].sep
    graph["node"].error >> graph.outputs.refused
    result = run(graph, inputs={"line": Each(later())})
    assert [failure.value for failure in result.outputs.refused] == ["too long"]
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, ["a", "b"])


# -- failures, signals and messages -----------------------------------------------------------------------


class Parse(CompositeComponent):
    """Numbers of words, which may fail two levels in."""

    line: In[str]
    word: Out[int]

    def build(self, graph: Graph) -> None:
        shout, parse = graph.add(Shout), graph.add(number)
        graph.inputs.line >> shout.line
        shout.word >> parse.text
        parse.out >> graph.outputs.word


def test_a_failure_inside_fails_the_net_at_its_address(run: Run) -> None:
    """When nothing is connected to `error`."""
    result = run(around(Parse), inputs={"line": "1 x 2"})
    assert (result.outcome, result.errors[0].address) == (Outcome.FAILED, "node.number")
    assert result.errors[0].held == {"text": "X"}


def test_error_and_failed_of_a_composite_are_those_of_its_nodes(run: Run) -> None:
    """The failure says which; the others go on."""
    graph = around(Parse)
    graph["node"].error >> graph.outputs.errors
    graph["node"].failed >> graph.outputs.failed
    result = run(graph, inputs={"line": "1 x 2"})
    assert (result.outcome, result.outputs.word) == (Outcome.FINISHED, [1, 2])
    (failure,) = result.outputs.errors
    assert isinstance(failure, Failure)
    assert (failure.address, failure.value) == ("node.number", "X")
    assert result.outputs.failed == [None]


def test_a_failure_that_is_taken_inside_stays_inside(run: Run) -> None:
    """It is no failure of the composite."""

    class Careful(CompositeComponent):
        line: In[str]
        word: Out[Any]

        def build(self, graph: Graph) -> None:
            parse = graph.add(number)
            graph.inputs.line >> parse.text
            parse.out >> graph.outputs.word
            parse.error >> graph.add(value_of).failure
            graph["value_of"].out >> graph.outputs.word

    @component
    def value_of(failure: Failure) -> Any:
        return failure.value

    graph = around(Careful)
    graph["node"].error >> graph.outputs.errors
    result = run(graph, inputs={"line": Each(["1", "x"])})
    assert (sorted(map(str, result.outputs.word)), result.outputs.errors) == (["1", "x"], [])


def test_stop_ends_everything_inside(run: Run) -> None:
    """Nodes without inputs are cancelled, the others end by closing; the net outside goes on."""

    class Count(Component):
        number: Out[int]

        async def run(self) -> None:
            number = 0
            while True:
                await self.number.send(number)
                number += 1

    class Endless(CompositeComponent):
        number: Out[int]

        def build(self, graph: Graph) -> None:
            count, same = graph.add(Count), graph.add(passing)
            count.number >> same.value
            same.out >> graph.outputs.number

    @component
    def passing(value: int) -> int:
        return value

    @component
    def enough(value: int) -> bool | None:
        return True if value == 10 else None

    graph = Graph("endless")
    endless, watch = graph.add(Endless), graph.add(enough)
    graph.connect(endless.number, watch.value, capacity=1)
    watch.out >> endless.stop
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert result.nodes["endless.count"].phase == "cancelled"
    assert result.nodes["endless.passing"].phase == "ended"


def test_own_signals_and_messages_lead_inside(run: Run) -> None:
    """A composite that declares them connects them to those of its nodes."""

    class Report(CompositeComponent):
        go: Signal
        said: Out[str]
        done: Message

        def build(self, graph: Graph) -> None:
            say = graph.add(hello)
            graph.inputs.go >> say.execute
            say.out >> graph.outputs.said
            say.executed >> graph.outputs.done

    @component
    def hello() -> str:
        return "hello"

    graph = Graph("report")
    report = graph.add(Report)
    graph.add(several).out >> report.go
    report.said >> graph.outputs.said
    report.done >> graph.outputs.done
    result = run(graph)
    assert (result.outputs.said, result.outputs.done) == (["hello"] * 5, [None] * 5)


def test_initial_packets_inside_are_there_in_every_net(run: Run) -> None:
    """For each use of the composite, and in each net."""

    class Sum(CompositeComponent):
        line: In[int]
        word: Out[int]

        def build(self, graph: Graph) -> None:
            add = graph.add(plus)
            graph.inputs.line >> add.value
            graph.initial(100) >> add.total
            add.out >> add.total
            add.out >> graph.outputs.word

    @component
    def plus(value: int, total: int) -> int:
        return value + total

    graph = Graph("sums")
    for name in ("one", "two"):
        node = graph.add(Sum, name)
        graph.inputs.value >> node.line
        node.word >> graph.outputs[f"{name}_sums"]
    for _ in range(2):
        result = run(graph, inputs={"value": Each([1, 2, 3])})
        assert (result.outputs.one_sums, result.outputs.two_sums) == ([101, 103, 106], [101, 103, 106])
