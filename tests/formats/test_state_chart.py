"""States and transitions as Mermaid state diagrams and as DOT."""

from __future__ import annotations

from fbcore import Component, CompositeComponent, Config, Graph, In, Out, component
from fbcore.formats.machine_chart import machine_chart
from fbcore.formats.state_chart import END, START, State, StateChart, Transition

CHART = StateChart(
    "door",
    (State("a", 'clo"sed'), State("b", "open", "2 <on> edges", "good"), State("c", "c", "", "bad")),
    (Transition(START, "a", ("key",)), Transition("a", "b", ("push", "kick")), Transition("b", END)),
    "a",
    "5 more",
)


def test_a_chart_as_mermaid():
    """States have labels, transitions the names of what leads there, and the active one stands out."""
    assert (
        CHART.to_mermaid()
        == """\
stateDiagram-v2
    direction LR
    state "clo#34;sed" as s0
    state "open<br>2 #60;on#62; edges" as s1
    state "c" as s2
    [*] --> s0 : key
    s0 --> s1 : push, kick
    s1 --> [*]
    note right of s2
        5 more
    end note
    classDef active fill:#fde68a,stroke:#b45309,stroke-width:3px,color:#1e293b
    class s0 active
    classDef good fill:#d1fae5,stroke:#059669,color:#1e293b
    class s1 good
    classDef bad fill:#fee2e2,stroke:#dc2626,color:#1e293b
    class s2 bad
"""
    )


def test_a_chart_as_dot():
    """DOT has the same, with dots for the start and the end."""
    lines = CHART.to_dot().splitlines()
    assert lines[0] == 'digraph "door" {'
    assert '    "a" -> "b" [label=" push \\n kick \\n"]' in lines
    assert f'    "{START}" -> "a" [label=" key \\n"]' in lines
    assert any("clo&quot;sed" in line and 'penwidth="2.5"' in line for line in lines)
    assert any("2 &lt;on&gt; edges" in line for line in lines)
    assert any('label="5 more"' in line for line in lines)


def test_a_chart_as_a_picture():
    """Graphviz lays it out, and a notebook shows that."""
    assert CHART.to_svg().startswith("<svg")
    assert set(CHART._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}
    assert repr(CHART) == "<chart of door: 3 states, 3 transitions>"


# -- of a graph --------------------------------------------------------------------------------------------


class Closed(Component):
    door: In[int]
    strength: Config[int] = Config(default=1)
    opened: Out[int]
    left: Out[int]


@component
def opened(door: int) -> int:
    return door


def door() -> Graph:
    """Make a machine of two states."""
    graph = Graph("door", token=True)
    closed, other = graph.add(Closed), graph.add(opened, "wide")
    graph.inputs.knocks >> closed.door
    graph.configs.strength >> closed.strength
    closed.opened >> other.door
    other.out >> closed.door
    closed.left >> graph.outputs.gone
    return graph


def test_nodes_are_states_and_edges_transitions():
    """Transitions are called after the output port, and configs are none."""
    chart = machine_chart(door(), "wide")
    assert [(state.id, state.note) for state in chart.states] == [("closed", ""), ("wide", "opened")]
    assert chart.transitions == (
        Transition(START, "closed", ("knocks",)),
        Transition("closed", "wide", ("opened",)),
        Transition("wide", "closed", ("out",)),
        Transition("closed", END, ("left to gone",)),
    )
    assert chart.active == "wide"


def test_sources_and_initial_packets_are_beginnings():
    """A machine whose token lies in it begins where that lies, or at the node that makes it."""

    @component
    def made() -> int:
        return 1

    graph = Graph("made", token=True)
    graph.add(made).out >> graph.outputs.out
    assert machine_chart(graph).transitions == (Transition("made", END, ("out",)), Transition(START, "made"))
    graph = Graph("given", token=True)
    graph.initial(4) >> graph.add(opened).door
    graph["opened"].out >> graph.outputs.out
    assert machine_chart(graph).transitions[0] == Transition(START, "opened")


def test_states_inside_composites_have_their_addresses():
    """A composite is shown as the states that are in it."""

    class House(CompositeComponent):
        door: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(opened)
            graph.inputs.door >> inner.door
            inner.out >> graph.outputs.out

    graph = Graph("street", token=True)
    house = graph.add(House)
    graph.inputs.door >> house.door
    house.out >> graph.outputs.out
    assert [state.id for state in machine_chart(graph).states] == ["house.opened"]


def test_a_graph_that_is_a_machine_shows_itself_as_one():
    """Jupyter gets the state diagram of a machine, and the flowchart of any other graph."""
    assert "doublecircle" in machine_chart(door()).to_dot()
    assert door()._repr_mimebundle_()["image/svg+xml"].count("<ellipse") == 3
