"""A graph is built by adding components and connecting their ports; what cannot be meant is refused at once."""

import pytest

from fbcore import BatchRuntime, Component, Config, Each, Failure, Graph, GraphError, In, Out, PortError, component
from fbcore.model.graph import EdgeSpec


@component
def double(value: int) -> int:
    return 2 * value


class ReadCsv(Component):
    """Send rows."""

    path: Config[str] = Config(default="")
    rows: Out[int]

    async def run(self) -> None: ...


class HTTPServer2Go(Component):
    """A name with humps."""

    requests: In[int]

    async def run(self) -> None: ...


def edges(graph: Graph) -> list[str]:
    return [edge.address for edge in graph.edges]


# -- ids --------------------------------------------------------------------------------------------------


def test_nodes_are_named_after_their_components():
    """A class in snake_case, a function by its own name, unless an id is given."""
    graph = Graph("naming")
    for each in (ReadCsv, HTTPServer2Go, double):
        graph.add(each)
    graph.add(double, "again")
    assert list(graph.nodes) == ["read_csv", "http_server2_go", "double", "again"]


def test_a_second_unnamed_node_of_a_component_is_refused():
    """Ids are in addresses and settings; the error says where the first was added, and how to name the second."""
    graph = Graph("twice")
    graph.add(ReadCsv)
    with pytest.raises(
        GraphError, match=r"there is a node read_csv already, added at \S+test_graph\.py:\d+ "
    ) as caught:
        graph.add(ReadCsv)
    assert caught.value.address == "read_csv"
    assert 'graph.add(ReadCsv, "read_csv_2")' in caught.value.hint
    with pytest.raises(GraphError, match="there is a node double already"):
        graph.add(double, "double").value >> graph.add(double, "double").value


@pytest.mark.parametrize(
    ("id", "why"),
    [
        ("1st", "letters, digits and _"),
        ("a-b", "letters, digits and _"),
        ("", "letters, digits and _"),
        ("a.b", "letters, digits and _"),
        ("ä", "letters, digits and _"),
        ("a\n", "letters, digits and _"),
        ("class", "a keyword of Python"),
        ("inputs", "the graph's border"),
        ("outputs", "the graph's border"),
        ("configs", "the graph's border"),
    ],
)
def test_an_id_that_cannot_be_in_an_address_is_refused(id, why):
    """The hint says why, and that another id can be given."""
    graph = Graph("odd")
    with pytest.raises(GraphError, match=r"cannot be the id of a node \(\S+test_graph\.py:\d+\)") as caught:
        graph.add(double, id)
    assert why in caught.value.hint
    assert graph.nodes == {}


@pytest.mark.parametrize("name", ["a-b", "", "class", "1"])
def test_a_graph_has_a_name_that_can_be_in_an_address(name):
    """Its name is an id too."""
    with pytest.raises(GraphError, match=r"cannot be the name of a graph\n.*letters"):
        Graph(name)


def test_a_node_is_found_by_its_id():
    """`graph["x"]` is what `add` returned; an unknown one is refused with those there are."""
    graph = Graph("finding")
    added = graph.add(double)
    assert repr(graph["double"]) == repr(added) == "<node double of double>"
    graph["double"].out >> graph.outputs.out
    assert edges(graph) == ["double.out->outputs.out"]
    with pytest.raises(GraphError, match=r"graph finding has no node 'doubel'\n.*its nodes are: double"):
        graph["doubel"]


def test_a_graph_says_what_it_is():
    """Its `repr` has the name and the size."""
    graph = Graph("small")
    graph.inputs.value >> graph.add(double).value
    assert repr(graph) == "<graph small: 1 nodes, 1 edges>"


# -- connecting -------------------------------------------------------------------------------------------


def test_connections_have_addresses_places_and_a_capacity():
    """`>>` and `connect` do the same; `>>` has the usual capacity of 64."""
    graph = Graph("connecting")
    read, twice = graph.add(ReadCsv), graph.add(double)
    read.rows >> twice.value
    graph.connect(twice.out, graph.outputs.out, capacity=3)
    graph.configs.path >> read.path
    read.error >> graph.outputs.failures
    assert edges(graph) == [
        "read_csv.rows->double.value",
        "double.out->outputs.out",
        "configs.path->read_csv.path",
        "read_csv.error->outputs.failures",
    ]
    assert [edge.capacity for edge in graph.edges] == [64, 3, 64, 64]
    assert {edge.place.file for edge in graph.edges} == {__file__}
    lines = [edge.place.line for edge in graph.edges]
    assert lines == list(range(lines[0], lines[0] + 4))


def test_a_border_has_the_ports_that_were_named():
    """Ports on the border come to be by being connected, by attribute or by name."""
    graph = Graph("border")
    one, two = graph.add(double, "one"), graph.add(double, "two")
    graph.inputs.value >> one.value
    graph.inputs["value"] >> two.value
    one.out >> graph.outputs["sums"]
    assert list(graph.border("inputs")) == ["value"]
    assert [edge.address for edge in graph.border("inputs")["value"]] == [
        "inputs.value->one.value",
        "inputs.value->two.value",
    ]
    assert (list(graph.border("outputs")), list(graph.border("configs"))) == (["sums"], [])
    assert dir(graph.inputs) == ["value"]
    assert graph.input_types("value") == [int, int]


@pytest.mark.parametrize("name", ["a-b", "", "class", "1"])
def test_a_port_of_the_border_has_a_name_that_can_be_in_an_address(name):
    """Its name is an id too."""
    with pytest.raises(GraphError, match=r"cannot be the name of a port\n.*letters"):
        Graph("border").inputs[name]


def fan() -> Graph:
    """A graph of three nodes and no edges."""
    graph = Graph("fan")
    for id in ("a", "b"):
        graph.add(double, id)
    graph.add(ReadCsv, "read")
    return graph


WRONG_WAY = [
    (lambda g: g["a"].value >> g["b"].value, "a.value", "this is an input, and nothing goes out of it", "left of >>"),
    (lambda g: g["a"].out >> g["b"].out, "b.out", "this is an output, and nothing comes in through it", "right of >>"),
    (
        lambda g: g["read"].path >> g["b"].value,
        "read.path",
        "this is a config, and nothing goes out of it",
        "left of >>",
    ),
    (lambda g: g.outputs.x >> g["b"].value, "outputs.x", "this is an input, and nothing goes out of it", "left of >>"),
    (lambda g: g["a"].out >> g.inputs.x, "inputs.x", "this is an output, and nothing comes in through it", "right of"),
    (
        lambda g: g["a"].out >> g["b"].started,
        "b.started",
        "this is a message, and nothing comes in through it",
        "right",
    ),
    (lambda g: g["a"].stop >> g["b"].value, "a.stop", "this is a signal, and nothing goes out of it", "left of >>"),
    (lambda g: g.configs.x >> g["a"].execute, "a.execute", "configs.x cannot feed this signal", "graph.inputs.name"),
    (lambda g: g.configs.x >> g["a"].value, "a.value", "configs.x cannot feed this input", "graph.configs.name"),
    (lambda g: g["a"].out >> g["b"].error, "b.error", "this is an output, and nothing comes in through it", "right of"),
]


@pytest.mark.parametrize(("connect", "address", "what", "hint"), WRONG_WAY)
def test_the_wrong_direction_is_refused_at_once(connect, address, what, hint):
    """The error names the port, the line, and what stands where; nothing is connected."""
    graph = fan()
    with pytest.raises(PortError) as caught:
        connect(graph)
    assert (caught.value.address, caught.value.what.partition(" (")[0]) == (address, what)
    assert "test_graph.py:" in caught.value.what
    assert hint in caught.value.hint
    assert graph.edges == []


@pytest.mark.parametrize(
    ("thing", "right", "left"),
    [
        (3, "connect ports: `a.out >> b.value`", "`graph.initial(value) >> b.value`"),
        ("b.value", "connect ports: `a.out >> b.value`", "`graph.initial(value) >> b.value`"),
        (None, "connect ports: `a.out >> b.value`", "write a chain `a >> b >> c` as `a >> b` and `b >> c`"),
        (double, "`node = graph.add(Name)`", "`node = graph.add(Name)`"),
        (ReadCsv, "`node = graph.add(Name)`", "`node = graph.add(Name)`"),
        ("a node", "stands on the right of >>: b.value", "stands on the left of >>: b.out"),
        ("a source", "stands on the right of >>: read.path", "stands on the left of >>: read.rows"),
    ],
)
def test_what_is_no_port_cannot_be_connected(thing, right, left):
    """Values, chains, components and nodes are refused with what to write instead; the line is told."""
    graph = fan()
    thing = {"a node": graph["b"], "a source": graph["read"]}.get(thing, thing)
    for connect in (lambda: graph["a"].out >> thing, lambda: graph.connect(graph["a"].out, thing)):
        with pytest.raises(GraphError, match=r"no port \(\S+test_graph\.py:\d+\)\n") as caught:
            connect()
        assert right in caught.value.hint
    for connect in (lambda: thing >> graph["a"].value, lambda: graph.connect(thing, graph["a"].value)):
        with pytest.raises(GraphError, match=r"no port \(\S+test_graph\.py:\d+\)\n") as caught:
            connect()
        assert left in caught.value.hint


def test_ports_of_another_graph_cannot_be_connected():
    """Graphs do not reach into each other."""
    graph, other = fan(), Graph("other")
    stranger = other.add(double)
    with pytest.raises(GraphError, match=r"double\.value: the port belongs to graph other, not to fan \(\S+test_graph"):
        graph["a"].out >> stranger.value
    with pytest.raises(GraphError, match="belongs to graph other"):
        graph.connect(other.inputs.x, graph["a"].value)


def test_a_port_that_a_node_does_not_have_is_refused():
    """The error names the node, and the ports there are."""
    with pytest.raises(PortError, match=r"read: the node has no port 'lines'\n.*its ports are: path, rows"):
        fan()["read"].lines  # noqa: B018 - reading it is the point
    implicit = ["error", "execute", "executed", "failed", "started", "stop", "stopped"]
    assert dir(fan()["read"]) == sorted([*implicit, "path", "rows"])


@pytest.mark.parametrize("capacity", [0, -1, True, 1.5, "3", float("inf")])
def test_a_capacity_is_a_number_of_packets(capacity):
    """What is no whole number from 1 on is refused, with the edge's address."""
    graph = fan()
    with pytest.raises(GraphError, match=r"is no number of packets \(\S+:\d+\)\n.*or None for an edge") as caught:
        graph.connect(graph["a"].out, graph["b"].value, capacity=capacity)
    assert caught.value.address == "a.out->b.value"
    assert repr(capacity) in caught.value.what
    assert graph.edges == []


def test_a_capacity_of_none_is_without_bound():
    """It is kept, and shown."""
    graph = fan()
    graph.connect(graph["a"].out, graph["b"].value, capacity=None)
    assert graph.edges[0].capacity is None
    assert repr(graph.edges[0]) == "EdgeSpec('a.out->b.value', capacity=None)"
    assert isinstance(graph.edges[0], EdgeSpec)


def test_the_port_error_of_a_node_takes_failures():
    """Every node has it, and its type is `Failure`."""

    @component
    def tell(failure: Failure) -> str:
        return str(failure)

    graph = fan()
    graph.inputs.x >> graph["a"].value
    graph.inputs.y >> graph["b"].value
    graph["a"].error >> graph.add(tell).failure
    assert [each.is_error for each in graph.validate()] == [False] * len(graph.validate())
    graph["b"].error >> graph.add(double, "c").value
    with pytest.raises(GraphError, match=r"b\.error->c\.value: Failure does not fit int"):
        graph.validate()


# -- frozen -----------------------------------------------------------------------------------------------


def test_a_graph_is_frozen_once_a_net_was_made_of_it():
    """Adding and connecting are refused with a hint; running again is not."""
    graph = Graph("frozen")
    node = graph.add(double)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.doubled
    graph.validate()
    assert not graph.frozen
    runtime = BatchRuntime(graph)
    assert runtime.run(inputs={"value": Each([1])}).outputs.doubled == [2]
    assert graph.frozen
    for change in (
        lambda: graph.add(double, "more"),
        lambda: node.out >> graph.outputs.more,
        lambda: graph.connect(node.out, graph.outputs.more, capacity=1),
    ):
        with pytest.raises(
            GraphError, match=r"graph frozen is frozen, for a net or a component was made of it \(\S+:\d+\)\n.*new one"
        ):
            change()
    assert runtime.run(inputs={"value": 3}).outputs.doubled == [6]
    assert (list(graph.nodes), len(graph.edges)) == (["double"], 2)


def test_a_graph_that_was_refused_is_not_frozen():
    """It can be mended, and run then."""
    graph = Graph("mended")
    node = graph.add(double)
    node.out >> graph.outputs.doubled
    with pytest.raises(GraphError):
        BatchRuntime(graph).run()
    graph.inputs.value >> node.value
    assert BatchRuntime(graph).run(inputs={"value": 1}).outputs.doubled == [2]


def test_two_graphs_of_one_component_do_not_meet():
    """A component may be in many graphs; configs fixed in one are not fixed in the other."""
    one, other = Graph("one"), Graph("other")
    one.add(ReadCsv, path="a.csv")
    other.add(ReadCsv)
    assert one.nodes["read_csv"].configs == {"path": "a.csv"}
    assert other.nodes["read_csv"].configs == {}
