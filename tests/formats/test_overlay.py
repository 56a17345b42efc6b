"""The state of a net is laid over the drawing of its graph, where it belongs."""

from typing import Any

from fbcore import BatchRuntime, Each, Graph, component
from fbcore.formats.dot import to_dot
from fbcore.formats.drawing import Arrow, boxes_of, drawing_of


@component
def double(number: int) -> int:
    return 2 * number


@component
def add(left: int, right: int) -> int:
    return left + right


def inner() -> Graph:
    graph = Graph("inner")
    one, two = graph.add(double, "one"), graph.add(double, "two")
    graph.inputs.number >> one.number
    one.out >> two.number
    two.out >> graph.outputs.four_times
    return graph


def nested() -> Graph:
    """Return a net with the same composite twice, both of which feed one node."""
    graph = Graph("nested")
    left, right = graph.add(inner().as_component(), "left"), graph.add(inner().as_component(), "right")
    join = graph.add(add)
    graph.inputs.number >> left.number
    graph.inputs.number >> right.number
    left.four_times >> join.left
    right.four_times >> join.right
    join.out >> graph.outputs.sums
    return graph


def said(arrows: tuple[Arrow, ...]) -> dict[tuple[str, str], str]:
    return {(arrow.source, arrow.target): arrow.options for arrow in arrows}


def test_each_box_and_arrow_has_the_state_of_its_own() -> None:
    """Through the borders of composites, too: the count stands on the arrow that ends at the one who takes packets."""
    graph = nested()
    result = BatchRuntime(graph).run(inputs={"number": Each(range(7))})
    drawing = drawing_of(graph, state=result)
    notes = {box.id: box.note for box in boxes_of(drawing.items)}
    assert notes["left.one"] == notes["right.two"] == "double, ended, 7 in, 7 out"
    assert notes["add"] == "ended, 14 in, 7 out"
    assert notes["inputs.number"] == "ended, 7 out"
    arrows = said(drawing.arrows)
    assert arrows["left.inputs.number", "left.one"] == "0/64, 7 put"
    assert arrows["inputs.number", "left.inputs.number"] == ""
    assert arrows["left.one", "left.two"] == "0/64, 7 put"
    assert arrows["left.two", "left.outputs.four_times"] == ""
    assert arrows["left.outputs.four_times", "add"] == arrows["right.outputs.four_times", "add"] == "0/64, 7 put"
    assert arrows["add", "outputs.sums"] == "7 put"


def test_two_arrows_into_one_port_have_their_own() -> None:
    """A count is that of the arrow, not of all that come to the port."""
    graph = Graph("merged")
    node = graph.add(double)
    graph.inputs.few >> node.number
    graph.inputs.many >> node.number
    node.out >> graph.outputs.out
    result = BatchRuntime(graph).run(inputs={"few": 1, "many": Each(range(1000))})
    arrows = said(drawing_of(graph, state=result).arrows)
    assert arrows["inputs.few", "double"] == "0/64, 1 put"
    assert arrows["inputs.many", "double"] == "0/64, 1,000 put"


def test_dot_says_it_as_well() -> None:
    """It is in the label of the arrow, and below the name of the node."""
    graph = inner()
    result: Any = BatchRuntime(graph).run(inputs={"number": 1})
    text = to_dot(graph, state=result)
    assert "double, ended, 1 in, 1 out" in text
    assert "0/64, 1 put" in text


def test_without_a_state_nothing_is_said() -> None:
    """The same graph gives the drawing that it gave before."""
    assert all("put" not in arrow.options for arrow in drawing_of(nested()).arrows)
