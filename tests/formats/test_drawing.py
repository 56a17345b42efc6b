import pytest

from fbcore import Component, CompositeComponent, Config, Graph, Out, Signal
from fbcore.formats.drawing import Arrow, Box, Cluster, boxes_of, clusters_of, drawing_of
from fbcore.model.component import class_spec
from tests.formats import drawn


def arrow(drawing_of_graph: Graph, source: str, target: str) -> Arrow:
    """Return the arrow between two boxes."""
    return next(
        each
        for each in drawing_of(drawing_of_graph, types=True).arrows
        if (each.source, each.target) == (source, target)
    )


def test_a_composite_is_a_box_around_boxes() -> None:
    """What is in a composite is drawn in it, with its ports, at any depth."""
    (nest,) = (item for item in drawing_of(drawn.nested()).items if isinstance(item, Cluster))
    assert (nest.id, nest.label, nest.note, nest.depth) == ("nest", "nest", "", 0)
    inner = next(clusters_of(nest.items))
    assert (inner.id, inner.label, inner.note, inner.depth) == ("nest.inner", "inner", "pair", 1)
    assert list(boxes_of([inner])) == [
        Box("nest.inner.inputs.halt", "inputs", "halt", "", 2),
        Box("nest.inner.source", "node", "source", "", 2),
        Box("nest.inner.double", "node", "double", "", 2),
        Box("nest.inner.outputs.doubled", "outputs", "doubled", "", 2),
    ]


def test_a_config_that_nothing_feeds_is_not_drawn() -> None:
    """Configs of a composite are drawn as those of a node are: only when they are fed, from however far outside."""

    class Outer(CompositeComponent):
        number: Config[int] = Config(default=1)
        halt: Signal
        doubled: Out[float]

        def build(self, graph: Graph) -> None:
            pair = graph.add(drawn.Pair)
            graph.configs.number >> pair.count
            graph.inputs.halt >> pair.halt
            pair.doubled >> graph.outputs.doubled

    graph = Graph("fed")
    fed, fixed = graph.add(Outer, "fed"), graph.add(Outer, "fixed", number=2)
    graph.configs.size >> fed.number
    for each in (fed, fixed):
        each.doubled >> graph.outputs.doubled
    drawing = drawing_of(graph)
    configs = [box.id for box in boxes_of(drawing.items) if box.role == "configs"]
    assert configs == ["configs.size", "fed.configs.number", "fed.pair.configs.count"]
    assert sum(arrow.look == "config" for arrow in drawing.arrows) == 3
    assert {box.id for box in boxes_of(drawing_of(fed_alone()).items)} >= {"configs.count"}


def fed_alone() -> Graph:
    """Return the graph in a composite, to be drawn by itself."""
    inner = class_spec(drawn.Pair).graph
    assert inner is not None
    return inner


def test_ports_of_one_name_are_named_once() -> None:
    """An arrow says the ports that no box says, and one name for two ports that are called the same."""

    class Give(Component):
        value: Out[int]

    graph = Graph("names")
    give, sink = graph.add(Give), graph.add(drawn.Sink)
    give.value >> sink.value
    give.value >> graph.outputs.value
    give.value >> graph.outputs.other
    graph.inputs.extra >> sink.value
    assert [arrow.ports for arrow in drawing_of(graph).arrows] == ["value", "", "value", "value"]


def test_an_arrow_leads_to_the_port_of_a_composite() -> None:
    """Between a composite and the rest, and in it, the ports have boxes, and are not named on the arrow again."""
    assert arrow(drawn.nested(), "nest.inner.outputs.doubled", "nest.outputs.doubled").ports == ""
    assert arrow(drawn.nested(), "nest.outputs.doubled", "outputs.result").types == "float"


def test_an_arrow_leads_to_a_composite_as_a_whole() -> None:
    """The ports that a composite has without declaring them have no boxes; the arrow ends at its border."""
    failed, stop = arrow(drawn.nested(), "nest", "log"), arrow(drawn.nested(), "log", "nest")
    assert (failed.ports, failed.look, failed.tail, failed.head) == (
        "error to failure",
        "error",
        "nest.outputs.doubled",
        "log",
    )
    assert (stop.ports, stop.look, stop.tail, stop.head) == ("stopped to stop", "signal", "log", "nest.inputs.halt")
    assert (failed.is_back, stop.is_back) == (False, True)


@pytest.mark.parametrize(
    ("source", "target", "look", "ports", "types"),
    [
        ("source", "deal", "data", "numbers to numbers[0]", "int to float"),
        ("inputs.more[0]", "deal", "data", "numbers[left]", "float"),
        ("deal", "double", "config", "hands[0] to factor", "float"),
        ("initial.0", "source", "config", "count", "int"),
        ("initial.1", "sink", "data", "value", "object"),
        ("source", "sink", "signal", "done to go", ""),
        ("double", "sink", "signal", "started to execute", ""),
    ],
)
def test_kinds_of_arrows(source: str, target: str, look: str, ports: str, types: str) -> None:
    """Data, values of configs, and signals look different, and each names its ports, elements of arrays too."""
    found = arrow(drawn.arrays(), source, target)
    assert (found.look, found.ports, found.types, found.is_back) == (look, ports, types, False)


def test_failures_look_different() -> None:
    """An arrow from the port `error` of a node is one of failures; a port on the border may have any name."""
    assert arrow(drawn.plain(), "double", "again").look == "error"
    graph = Graph("named")
    graph.inputs.error >> graph.add(drawn.Sink).value
    assert arrow(graph, "inputs.error", "sink").look == "data"


def test_an_arrow_says_what_is_unusual() -> None:
    """A capacity that is not the default and copying are said, where packets wait."""
    said = {(each.source, each.target): each.options for each in drawing_of(drawn.plain()).arrows if each.options}
    assert said == {("double", "again"): "capacity 1", ("inputs.extra", "again"): "unbounded, copied"}
    graph = Graph("out")
    graph.connect(graph.add(drawn.double).out, graph.outputs.out, capacity=1)
    assert drawing_of(graph).arrows[0].options == ""


def test_an_arrow_says_its_policies() -> None:
    """How many bytes lie there, for how long, what goes first, and what is dropped."""
    graph = Graph("policies")
    node = graph.add(drawn.double)
    graph.connect(
        graph.inputs.number, node.value, bytes="1.5 MB", size=len, expiry=90, priority="urgency", drop="oldest"
    )
    graph.connect(graph.inputs.other, node.value, capacity=1, priority=lambda value: value)
    said = [each.options for each in drawing_of(graph).arrows]
    assert said == ["at most 1.5 MB, for 90 s, by urgency, drops the oldest", "capacity 1, by priority"]


def test_initial_packets_are_shown_shortly() -> None:
    """An initial packet is a box with its value, but for what would be too wide."""
    notes = [box.label for box in boxes_of(drawing_of(drawn.arrays()).items) if box.role == "initial"]
    assert notes == ["7", r"""'a "b"\na "b"\na "b"\na "b"..."""]


@pytest.mark.parametrize(("length", "way"), [(3, "LR"), (10, "LR"), (11, "TB"), (60, "TB")])
def test_a_long_graph_runs_downwards(length: int, way: str) -> None:
    """A few nodes stand in a row, many would make a strip that fits no page."""
    assert drawing_of(drawn.chain(length)).way == way


def test_a_wide_graph_stays_in_a_row() -> None:
    """Nodes that stand beside each other do not make a graph long."""
    graph = Graph("wide")
    for number in range(60):
        graph.inputs.value >> graph.add(drawn.double, f"double_{number}").value
    assert drawing_of(graph).way == "LR"


def test_an_empty_composite_is_a_box() -> None:
    """A composite without a node, which cannot run, is drawn as any node is."""

    class Hollow(CompositeComponent):
        def build(self, graph: Graph) -> None:
            """Forget to add anything."""

    graph = Graph("unfinished")
    graph.add(Hollow)
    assert drawing_of(graph).items == (Box("hollow", "node", "hollow", "", 0),)


def test_a_graph_that_cannot_run_is_drawn() -> None:
    """A drawing is there to find a mistake, too: nothing is validated."""

    class Idle(Component): ...

    graph = Graph("unfinished")
    graph.add(Idle)
    graph.initial(1)
    assert drawing_of(graph).items == (Box("initial.0", "initial", "1", "", 0), Box("idle", "node", "idle", "", 0))
