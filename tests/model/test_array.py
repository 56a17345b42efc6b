"""Array ports in a graph: elements by number and by key, and the next free number."""

from typing import Any

import pytest

from fbcore import Component, Graph, GraphError, In, InArray, Out, OutArray, PortError, component
from fbcore.model.address import element_of


class Merge(Component):
    """Takes any number of inputs."""

    items: InArray[int]
    out: Out[int]

    async def run(self) -> None: ...


class Spread(Component):
    """Sends to any number of outputs."""

    item: In[int]
    parts: OutArray[int]

    async def run(self) -> None: ...


@component
def number() -> int:
    return 1


def merging() -> tuple[Graph, Any]:
    """Return a graph with a merging node in it, and the node."""
    graph = Graph("merging")
    return graph, graph.add(Merge)


# -- elements ---------------------------------------------------------------------------------------------


def test_an_element_is_named_by_its_key():
    """A whole number from 0 on, or a text; the address shows it."""
    _, merge = merging()
    assert [merge.items[key].address for key in (0, 12, "left", "new york", "ü")] == [
        "merge.items[0]",
        "merge.items[12]",
        "merge.items[left]",
        "merge.items[new york]",
        "merge.items[ü]",
    ]


@pytest.mark.parametrize("key", [-1, 1.0, True, None, "", "7", "a[b", "a]b", "two\nlines", ("a",)])
def test_what_is_no_key_is_refused(key: Any):
    """A text of digits too, for its address would be that of the number."""
    _, merge = merging()
    with pytest.raises(PortError, match="cannot be the key of an element") as caught:
        merge.items[key]
    assert caught.value.address == "merge.items"
    assert caught.value.hint.startswith("use a whole number from 0 on, or a text")


def test_new_takes_the_next_free_number():
    """After the highest that was named before, in a connection or by `new`, whether that is connected or not."""
    graph, merge = merging()
    assert merge.items.new().address == "merge.items[0]"
    assert merge.items.new().address == "merge.items[1]"
    graph.inputs.a >> merge.items[5]
    graph.inputs.b >> merge.items["text"]
    assert merge.items.new().address == "merge.items[6]"


def test_new_counts_for_each_port_and_node_alone():
    """Also on the border of the graph."""
    graph, merge = merging()
    other = graph.add(Merge, "other")
    graph.inputs.a >> merge.items.new()
    assert other.items.new().address == "other.items[0]"
    assert graph.inputs.lots.new().address == "inputs.lots[0]"
    assert graph.inputs.lots.new().address == "inputs.lots[1]"
    assert graph.outputs.lots.new().address == "outputs.lots[0]"


def test_the_array_itself_is_no_end_of_an_edge():
    """The hint shows an element."""
    graph, merge = merging()
    spread = graph.add(Spread)
    with pytest.raises(PortError, match="this is an array port") as caught:
        graph.inputs.a >> merge.items
    assert caught.value.hint == "connect an element: merge.items[0], merge.items.new()"
    with pytest.raises(PortError, match="this is an array port"):
        spread.parts >> merge.items[0]


def test_other_ports_have_no_elements():
    """Nor have elements."""
    _, merge = merging()
    with pytest.raises(PortError, match="this is an output with no elements"):
        merge.out[0]
    with pytest.raises(PortError, match="no elements"):
        merge.items[0][0]


@pytest.mark.parametrize(
    ("name", "element"), [("a[0]", ("a", 0)), ("a[x y]", ("a", "x y")), ("a", None), ("a[]", None)]
)
def test_the_name_of_an_element_says_port_and_key(name: str, element: Any):
    """Numbers are numbers again."""
    assert element_of(name) == element


# -- in the graph -----------------------------------------------------------------------------------------


def problems(graph: Graph) -> list[str]:
    """Return the errors that validating a graph finds, as address and text."""
    try:
        found = graph.validate()
    except GraphError as error:
        found = list(error.problems)
    return [f"{problem.address}: {problem.what}" for problem in found if problem.is_error]


def test_an_input_array_needs_one_element():
    """Unless it is optional; the hint shows one."""
    graph, merge = merging()
    merge.out >> graph.outputs.out
    with pytest.raises(GraphError, match=r"merge\.items: nothing is connected to this input") as caught:
        graph.validate()
    assert "`some.out >> merge.items[0]`" in caught.value.problems[0].hint
    graph.inputs.a >> merge.items["any"]
    assert problems(graph) == []

    class Idle(Merge):
        items: InArray[int] = InArray(optional=True)

    graph = Graph("idle")
    graph.add(Idle).out >> graph.outputs.out
    assert problems(graph) == []


def test_an_output_array_without_elements_is_a_warning():
    """One element is enough."""
    graph = Graph("spread")
    spread = graph.add(Spread)
    graph.inputs.item >> spread.item
    assert [problem.address for problem in graph.validate()] == ["spread.parts"]
    spread.parts["x"] >> graph.outputs.x
    assert graph.validate() == []


def test_elements_are_of_the_type_of_their_array():
    """Checked as for any port, on both sides."""

    @component
    def text() -> str:
        return ""

    @component
    def takes(value: str) -> str:
        return value

    graph, merge = merging()
    spread = graph.add(Spread)
    merge.out >> spread.item
    graph.add(text).out >> merge.items[0]
    spread.parts[3] >> graph.add(takes).value
    assert problems(graph) == [
        "text.out->merge.items[0]: str does not fit int",
        "spread.parts[3]->takes.value: int does not fit str",
    ]


def test_one_element_is_connected_once_with_the_same_output():
    """Two elements may be fed by one output, and one element by two."""
    graph, merge = merging()
    source, other = graph.add(number), graph.add(number, "other")
    source.out >> merge.items[0]
    source.out >> merge.items[1]
    other.out >> merge.items[1]
    merge.out >> graph.outputs.out
    assert problems(graph) == []
    source.out >> merge.items[1]
    assert problems(graph) == ["number.out->merge.items[1]: these ports are connected twice"]


def test_array_ports_are_for_the_body_of_a_class_and_for_run():
    """Elsewhere they are declarations, and say so."""
    for port in (InArray[int](), OutArray[int]()):
        for use in (lambda p: p[0], lambda p: p.new(), list, len, lambda p: p.keys(), lambda p: p.values()):
            with pytest.raises(PortError, match="is a declaration"):
                use(port)
        with pytest.raises(PortError, match="is a declaration"):
            port.items()
