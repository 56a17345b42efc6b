"""A component alone can be run: its ports are the border of a graph that is made around it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Config,
    ConfigError,
    Each,
    Failure,
    Graph,
    GraphError,
    In,
    InArray,
    InputError,
    Message,
    NetError,
    Out,
    OutArray,
    Outcome,
    Signal,
    component,
)


@component
def words(line: str, sep: str = " ") -> Iterator[str]:
    yield from line.split(sep)


@component
def whole(text: str) -> int:
    return int(text)


class Sorts(Component):
    """Sorts numbers by size, and counts them; comments are copied when there are any."""

    number: In[int]
    comment: In[str] = In(optional=True)
    limit: Config[int] = Config(default=10)
    small: Out[int]
    large: Out[int]
    comments: Out[str]

    async def run(self) -> None:
        async for number in self.number:
            await (self.small if number < self.limit.value else self.large).send(number)
        async for comment in self.comment:
            await self.comments.send(comment)


def test_a_function_is_run_alone():
    """Its parameters are inputs and configs, and what it returns comes out of `out`."""
    runtime = BatchRuntime(words)
    assert runtime.run(inputs={"line": Each(["a b", "c"])}).outputs.out == ["a", "b", "c"]
    assert runtime.run(inputs={"line": "a-b c"}, sep="-").outputs.out == ["a", "b c"]


def test_a_class_is_run_alone():
    """All of its outputs are collected."""
    result = BatchRuntime(Sorts).run(inputs={"number": Each([1, 20, 3]), "comment": "fine"}, limit="5")
    assert result.outputs.small == [1, 3]
    assert result.outputs.large == [20]
    assert result.outputs.comments == ["fine"]
    assert (result.name, next(iter(result.nodes))) == ("sorts", "sorts")


def test_an_optional_input_may_be_left_out():
    """It ends at once; the others are demanded."""
    result = BatchRuntime(Sorts).run(inputs={"number": 1})
    assert (result.outcome, result.outputs.small, result.outputs.comments) == (Outcome.FINISHED, [1], [])
    with pytest.raises(InputError, match=r"inputs\.number: nothing was given for this input"):
        BatchRuntime(Sorts).run()


def test_an_optional_input_of_a_graph_may_be_left_out():
    """Where an input goes to optional ports only; one that is required somewhere is demanded."""
    graph = Graph("notes")
    node = graph.add(Sorts)
    graph.inputs.value >> node.number
    graph.inputs.note >> node.comment
    node.small >> graph.outputs.small
    assert BatchRuntime(graph).run(inputs={"value": 1}).outputs.small == [1]

    both = Graph("both")
    node = both.add(Sorts)
    both.inputs.note >> node.comment
    both.inputs.note >> both.outputs.copy
    both.inputs.value >> node.number
    with pytest.raises(InputError, match=r"inputs\.note: nothing was given"):
        BatchRuntime(both).run(inputs={"value": 1})


def test_a_source_and_a_sink_are_run_alone():
    """A component may have no inputs, or no outputs."""
    seen = []

    class Source(Component):
        path: Config[Path]
        part: Out[str]

        async def run(self) -> None:
            for part in self.path.value.parts:
                await self.part.send(part)

    @component
    def sink(value: int) -> None:
        seen.append(value)

    runtime = BatchRuntime(Source)
    assert runtime.run(path="a/b").outputs.part == ["a", "b"]
    with pytest.raises(ConfigError, match=r"configs\.path: source\.path requires this config"):
        runtime.run()
    assert list(BatchRuntime(sink).run(inputs={"value": Each([1, 2])}).outputs) == []
    assert seen == [1, 2]


def test_a_component_alone_is_streamed():
    """As a graph is."""

    async def main() -> list[tuple[str, int]]:
        async with BatchRuntime(Sorts).stream(inputs={"number": Each([1, 20])}) as results:
            return [packet async for packet in results]

    assert asyncio.run(main()) == [("small", 1), ("large", 20)]


def test_a_failure_fails_the_net_unless_the_port_error_is_asked_for():
    """`error=True` collects failures beside the rest."""
    with pytest.raises(NetError, match="whole: failed: whole: ValueError: invalid literal"):
        BatchRuntime(whole).run(inputs={"text": Each(["1", "x"])})
    outputs = BatchRuntime(whole, error=True).run(inputs={"text": Each(["1", "x", "2"])}).outputs
    assert outputs.out == [1, 2]
    (failure,) = outputs.error
    assert isinstance(failure, Failure)
    assert (failure.value, failure.address) == ("x", "whole")


def test_a_component_may_be_called_like_its_port():
    """Then its node is called a little otherwise."""

    @component
    def text(text: str) -> str:
        return text.upper()

    class Inputs(Component):
        value: In[int]

        async def run(self) -> None:
            await self.value.receive()

    result = BatchRuntime(text).run(inputs={"text": "a"})
    assert result.outputs.out == ["A"]
    assert "text_" in result.nodes
    assert "inputs_" in BatchRuntime(Inputs).run(inputs={"value": 1}).nodes


def test_a_config_that_is_called_like_an_option_is_refused():
    """The error has the place of the component, and says what to do."""

    class Shows(Component):
        progress: Config[int] = Config(default=1)

        async def run(self) -> None: ...

    message = r"configs\.progress: this name is taken .*test_one_component\.py:\d+\)\n.*rename"
    with pytest.raises(GraphError, match=message):
        BatchRuntime(Shows).run()


def plain(value: int) -> int:
    return value


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("flights.csv", r"runs a graph or a component, not 'flights\.csv'\n.*derive a class from Component"),
        (plain, r"not <function plain .*\n.*decorate plain with @component"),
        (Component, r"not <class .*Component'>\n.*derive a class from Component"),
    ],
)
def test_what_is_neither_graph_nor_component_is_refused(what, message):
    """At once, with a hint."""
    with pytest.raises(GraphError, match=message):
        BatchRuntime(what)


def test_what_belongs_to_a_component_cannot_be_asked_of_a_graph():
    """A graph says by itself what its border is."""
    graph = Graph("flights")
    with pytest.raises(
        GraphError, match=r"flights: `error` is for a component alone.*\n.*parse\.error >> graph\.outputs"
    ):
        BatchRuntime(graph, error=True)
    with pytest.raises(GraphError, match="flights: `elements` is for a component alone"):
        BatchRuntime(graph, elements=["items[0]"])


# -- components of other kinds ----------------------------------------------------------------------------


def test_a_composite_is_run_alone():
    """Its border is the border; an optional input may be left out, and its nodes have their addresses."""

    class Clean(CompositeComponent):
        line: In[str]
        comment: In[str] = In(optional=True)
        limit: Config[int] = Config(default=10)
        small: Out[int]

        def build(self, graph: Graph) -> None:
            split, read, sort = graph.add(words), graph.add(whole), graph.add(Sorts)
            graph.inputs.line >> split.line
            split.out >> read.text
            read.out >> sort.number
            graph.inputs.comment >> sort.comment
            graph.configs.limit >> sort.limit
            sort.small >> graph.outputs.small

    result = BatchRuntime(Clean).run(inputs={"line": "1 20 3"}, limit=2)
    assert result.outputs.small == [1]
    assert "clean.whole" in result.nodes
    with pytest.raises(NetError, match=r"clean\.whole: ValueError"):
        BatchRuntime(Clean).run(inputs={"line": "x"})
    (failure,) = BatchRuntime(Clean, error=True).run(inputs={"line": "1 x 3"}).outputs.error
    assert (failure.value, failure.address) == ("x", "clean.whole")


def test_a_graph_as_a_component_is_run_alone():
    """Nothing is lost on the way."""
    graph = Graph("splitting")
    graph.inputs.line >> graph.add(words).line
    graph["words"].out >> graph.outputs.parts
    assert BatchRuntime(graph.as_component()).run(inputs={"line": "a b"}).outputs.parts == ["a", "b"]


class Deals(Component):
    """Deals what comes on any of its inputs to outputs by name."""

    items: InArray[str]
    parts: OutArray[str]

    async def run(self) -> None:
        async for hit in self.select(*self.items.values()):
            await self.parts[hit.value].send(hit.value)


def test_the_elements_of_array_ports_are_named():
    """Those that are named are on the border; what goes elsewhere is counted as discarded."""
    runtime = BatchRuntime(Deals, elements=["items[0]", "items[left]", "parts[a]"])
    result = runtime.run(inputs={"items[0]": Each("aab"), "items[left]": "a"})
    assert result.outputs["parts[a]"] == ["a"] * 3
    assert result.discarded == {"deals.parts[b]": 1}


@pytest.mark.parametrize(
    ("component", "elements", "message"),
    [
        (Deals, [], r"deals: nobody knows which elements .*\n.*BatchRuntime\(Deals, elements=\[\"items\[0\]\", "),
        (Deals, ["item[0]"], r"deals: 'item\[0\]' is no element of an array port\n.*are: items, parts;"),
        (Deals, ["items"], r"deals: 'items' is no element"),
        (words, ["line[0]"], r"words: 'line\[0\]' is no element of an array port\n.*are: none;"),
    ],
)
def test_elements_that_cannot_be_are_refused(component, elements, message):
    """None, unknown, or of a port that is no array: at once, with a hint."""
    with pytest.raises(GraphError, match=message):
        BatchRuntime(component, elements=elements)


def test_signals_and_messages_that_a_component_declares_are_on_the_border():
    """A signal may be left out, and comes from `inputs`; a message comes out as None."""

    class Counts(Component):
        number: In[int]
        flush: Signal
        done: Message

        async def run(self) -> None:
            async for _ in self.flush:
                await self.done.send()

    result = BatchRuntime(Counts).run(inputs={"number": Each(()), "flush": Each([None, None])})
    assert result.outputs.done == [None, None]
    assert BatchRuntime(Counts).run(inputs={"number": Each(())}).outputs.done == []
