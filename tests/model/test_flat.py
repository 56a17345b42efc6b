"""A graph of composites is taken apart into the nodes and edges that a net is made of."""

from typing import Any

from fbcore import Component, CompositeComponent, Config, Graph, In, Message, Out, Signal, component
from fbcore.model.flat import Flat, flatten


@component
def step(value: int, by: int = 1, times: int = 1) -> int:
    return value + by * times


class Steps(CompositeComponent):
    """Two steps, the first of which is as far as the composite says, the second is fixed inside."""

    value: In[int]
    by: Config[int] = Config(default=10)
    out: Out[int]

    def build(self, graph: Graph) -> None:
        first, second = graph.add(step, "first"), graph.add(step, "second", by=7)
        graph.inputs.value >> first.value
        graph.configs.by >> first.by
        first.out >> second.value
        second.out >> graph.outputs.out


class Walk(CompositeComponent):
    """Steps inside a composite inside a composite."""

    value: In[int]
    by: Config[int] = Config(default=100)
    out: Out[int]

    def build(self, graph: Graph) -> None:
        steps = graph.add(Steps)
        graph.inputs.value >> steps.value
        graph.configs.by >> steps.by
        steps.out >> graph.outputs.out


def between(composite: Any, **configs: Any) -> Graph:
    """Put a component between an input and an output of a graph."""
    graph = Graph("whole")
    node = graph.add(composite, "node", **configs)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    return graph


def edges(flat: Flat) -> list[str]:
    """Return the addresses of all edges, in order."""
    return [edge.address for edge in flat.edges]


# -- nodes and edges --------------------------------------------------------------------------------------


def test_the_nodes_of_a_composite_stand_where_it_was_declared():
    """Order is that of declaration, so a composite between two nodes stays between them."""
    graph = Graph("whole")
    graph.add(step, "before")
    graph.add(Walk, "walk")
    graph.add(step, "after")
    assert list(flatten(graph).nodes) == ["before", "walk.steps.first", "walk.steps.second", "after"]


def test_a_graph_without_composites_is_flat_already():
    """Nodes and edges are those of the graph, in order, each edge with its place and its options."""
    graph = Graph("plain")
    first, second = graph.add(step, "first"), graph.add(step, "second")
    graph.inputs.value >> first.value
    graph.connect(first.out, second.value, capacity=3)
    flat = flatten(graph)
    assert list(flat.nodes) == ["first", "second"]
    assert edges(flat) == ["inputs.value->first.value", "first.out->second.value"]
    assert [edge.place for edge in flat.edges] == [edge.place for edge in graph.edges]
    assert flat.edges[1].capacity == 3


def test_addresses_name_every_composite_on_the_way():
    """A node three deep has three names before its own, and edges lead past the borders."""
    flat = flatten(between(Walk))
    assert list(flat.nodes) == ["node.steps.first", "node.steps.second"]
    assert edges(flat) == [
        "inputs.value->node.steps.first.value",
        "node.steps.first.out->node.steps.second.value",
        "node.steps.second.out->outputs.out",
    ]


def test_a_border_with_several_edges_on_both_sides_multiplies_them():
    """Two senders outside and two receivers inside make four edges."""

    class Twins(CompositeComponent):
        value: In[int]

        def build(self, graph: Graph) -> None:
            for name in ("left", "right"):
                graph.inputs.value >> graph.add(step, name).value

    graph = Graph("many")
    twins = graph.add(Twins)
    for name in ("one", "two"):
        sender = graph.add(step, name)
        graph.inputs[name + "_in"] >> sender.value
        sender.out >> twins.value
    assert [address for address in edges(flatten(graph)) if "twins" in address] == [
        "one.out->twins.left.value",
        "one.out->twins.right.value",
        "two.out->twins.left.value",
        "two.out->twins.right.value",
    ]


def test_a_composite_may_hand_on_what_comes():
    """What leads from its input straight to its output joins the edges outside; all options on the way count."""

    class Through(CompositeComponent):
        value: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            graph.connect(graph.inputs.value, graph.outputs.out, copy=True)
            graph.inputs.value >> graph.add(step).value

    graph = Graph("through")
    first, through, last = graph.add(step, "first"), graph.add(Through), graph.add(step, "last")
    graph.inputs.value >> first.value
    first.out >> through.value
    graph.connect(through.out, last.value, capacity=2)
    flat = flatten(graph)
    assert edges(flat)[1:] == ["first.out->last.value", "first.out->through.step.value"]
    assert (flat.edges[1].capacity, flat.edges[1].copy) == (2, True)


def test_options_outside_count_before_those_inside():
    """On either side of a border."""

    class Bounded(CompositeComponent):
        value: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(step)
            graph.connect(graph.inputs.value, inner.value, capacity=5, copy=True)
            graph.connect(inner.out, graph.outputs.out, capacity=6)

    graph = Graph("options")
    first, bounded, last = graph.add(step, "first"), graph.add(Bounded), graph.add(step, "last")
    graph.connect(first.out, bounded.value, capacity=1)
    graph.connect(bounded.out, last.value, capacity=2)
    found = {edge.address: edge for edge in flatten(graph).edges}
    inward, outward = found["first.out->bounded.step.value"], found["bounded.step.out->last.value"]
    assert (inward.capacity, inward.copy, outward.capacity) == (1, True, 2)


def test_a_circle_through_borders_that_passes_no_component_is_named():
    """Nothing could ever be in it; taking the graph apart ends all the same."""

    class Through(CompositeComponent):
        value: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            graph.inputs.value >> graph.outputs.out

    graph = Graph("round")
    through = graph.add(Through)
    graph.inputs.value >> through.value
    through.out >> through.value
    flat = flatten(graph)
    assert [edge.address for edge in flat.circles] == ["through.out->through.value"]


def test_a_circle_through_a_component_is_none():
    """A composite may feed itself, as any component."""
    graph = between(Steps)
    graph["node"].out >> graph["node"].value
    flat = flatten(graph)
    assert flat.circles == []
    assert "node.second.out->node.first.value" in edges(flat)


# -- what composites have of their nodes ------------------------------------------------------------------


def test_error_and_failed_of_a_composite_are_those_nobody_takes_inside():
    """A node whose `error` is connected inside keeps it; nested composites are looked into."""

    class Careful(CompositeComponent):
        value: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            risky, inner = graph.add(step, "risky"), graph.add(Steps)
            graph.inputs.value >> risky.value
            risky.out >> inner.value
            inner.out >> graph.outputs.out
            risky.error >> graph.outputs.out

    graph = between(Careful)
    graph["node"].error >> graph.outputs.errors
    graph["node"].failed >> graph.outputs.failed
    assert [address for address in edges(flatten(graph)) if ".error" in address] == [
        "node.steps.first.error->outputs.errors",
        "node.steps.second.error->outputs.errors",
        "node.risky.error->outputs.out",
    ]
    assert [address for address in edges(flatten(graph)) if ".failed" in address] == [
        "node.risky.failed->outputs.failed",
        "node.steps.first.failed->outputs.failed",
        "node.steps.second.failed->outputs.failed",
    ]


def test_stop_of_a_composite_stops_every_node_inside():
    """However deep."""
    graph = between(Walk)
    graph.inputs.enough >> graph["node"].stop
    stopping = [address for address in edges(flatten(graph)) if address.endswith(".stop")]
    assert stopping == ["inputs.enough->node.steps.first.stop", "inputs.enough->node.steps.second.stop"]


def test_signals_and_messages_pass_borders():
    """A composite may declare them, and connect them to those of its nodes."""

    class Timed(CompositeComponent):
        go: Signal
        done: Message

        def build(self, graph: Graph) -> None:
            worker = graph.add(step)
            graph.initial(1) >> worker.value
            graph.inputs.go >> worker.execute
            worker.stopped >> graph.outputs.done

    class Ticks(Component):
        tick: Message

        async def run(self) -> None: ...

    graph = Graph("timed")
    timed, ticks = graph.add(Timed), graph.add(Ticks)
    ticks.tick >> timed.go
    timed.done >> graph.outputs.done
    assert edges(flatten(graph)) == [
        "ticks.tick->timed.step.execute",
        "timed.initial.0->timed.step.value",
        "timed.step.stopped->outputs.done",
    ]


# -- configs ----------------------------------------------------------------------------------------------


def configs(graph: Graph) -> dict[str, Any]:
    """Return the values of the configs of the steps in a graph."""
    values = flatten(graph).values
    return {f"{node.rpartition('.')[2]}.{name}": value for (node, name), value in values.items()}


def test_the_default_of_a_composite_counts_for_the_node_inside():
    """And what is fixed inside stays."""
    assert configs(between(Steps)) == {"first.by": 10, "first.times": 1, "second.by": 7, "second.times": 1}


def test_what_is_said_furthest_outside_counts():
    """The default of the outermost composite, what `add` gives it, and an initial packet, in this order."""
    assert configs(between(Walk))["first.by"] == 100
    assert configs(between(Walk, by=3))["first.by"] == 3
    graph = between(Walk, by=3)
    graph.initial(4) >> graph["node"].by
    assert configs(graph)["first.by"] == 4


def test_an_initial_packet_to_a_config_is_its_value_and_lies_nowhere():
    """There is no edge for it, and no packet."""
    graph = between(Steps)
    graph.initial(4) >> graph["node"].by
    flat = flatten(graph)
    assert flat.initials == {}
    assert not [address for address in edges(flat) if "initial" in address]


def test_initial_packets_inside_two_composites_do_not_clash():
    """Each has an address of its own, and its own value."""

    class Seeded(CompositeComponent):
        out: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(step)
            graph.initial(5) >> inner.value
            inner.out >> graph.outputs.out

    graph = Graph("seeds")
    for name in ("one", "two"):
        graph.add(Seeded, name).out >> graph.outputs.out
    graph.initial(9) >> graph.add(step, "plain").value
    assert flatten(graph).initials == {("one.initial", "0"): 5, ("two.initial", "0"): 5, ("initial", "0"): 9}


def test_a_config_of_the_graph_reaches_through_composites():
    """Its edge is there, so that the net knows who is fed; a fixed value stays as the default."""
    graph = between(Walk, by=3)
    graph.configs.by >> graph["node"].by
    flat = flatten(graph)
    assert "configs.by->node.steps.first.by" in edges(flat)
    assert configs(graph)["first.by"] == 3


def test_validators_of_composites_stay_with_the_edges_that_lead_through_them():
    """In order, the outermost first; other edges to the same input have none."""

    class Guarded(CompositeComponent):
        value: In[int] = In(validate=bool)
        out: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(step)
            graph.inputs.value >> inner.value
            graph.initial(0) >> inner.value
            inner.out >> graph.outputs.out

    class Twice(CompositeComponent):
        value: In[int] = In(validate=abs)
        out: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(Guarded)
            graph.inputs.value >> inner.value
            inner.out >> graph.outputs.out

    found = {edge.source: [(a, p.validate) for a, p in edge.guards] for edge in flatten(between(Twice)).edges}
    assert found[("inputs", "value")] == [("node.value", abs), ("node.guarded.value", bool)]
    assert found[("node.guarded.initial", "0")] == []
