import re

import pytest

from fbcore import Graph, component
from fbcore.formats.mermaid import to_mermaid
from tests.formats import drawn


def test_a_graph_is_drawn() -> None:
    """Nodes, borders and edges are drawn with their ports, what is not usual, and components."""
    assert to_mermaid(drawn.plain()).splitlines() == [
        "flowchart LR",
        '    input_extra(["extra"])',
        '    config_count{{"count"}}',
        '    node_source["source"]',
        '    node_double["double"]',
        '    node_again["again<br>sink"]',
        '    output_result(["result"])',
        "    config_count -.-> node_source",
        '    node_source -->|"numbers to value"| node_double',
        '    node_double -->|"error to value, capacity 1"| node_again',
        '    input_extra -->|"value, unbounded, copied"| node_again',
        '    node_double -->|"out"| output_result',
        "    linkStyle 2 stroke:#dc2626",
    ]


def test_a_composite_is_a_subgraph() -> None:
    """A composite is a box with its id and component around what is in it; arrows may end at it as a whole."""
    assert to_mermaid(drawn.nested()).splitlines() == [
        "flowchart LR",
        '    subgraph node_nest["nest"]',
        '        node_nest.inputs.halt(["halt"])',
        '        subgraph node_nest.inner["inner: pair"]',
        '            node_nest.inner.inputs.halt(["halt"])',
        '            node_nest.inner.source["source"]',
        '            node_nest.inner.double["double"]',
        '            node_nest.inner.outputs.doubled(["doubled"])',
        "        end",
        '        node_nest.outputs.doubled(["doubled"])',
        "    end",
        '    node_log["log<br>failures"]',
        '    output_result(["result"])',
        '    node_nest.inner.inputs.halt -.->|"stop"| node_nest.inner.source',
        '    node_nest.inner.source -->|"numbers to value"| node_nest.inner.double',
        '    node_nest.inner.double -->|"out"| node_nest.inner.outputs.doubled',
        "    node_nest.inner.outputs.doubled --> node_nest.outputs.doubled",
        "    node_nest.inputs.halt -.-> node_nest.inner.inputs.halt",
        "    node_nest.outputs.doubled --> output_result",
        '    node_nest -->|"error to failure"| node_log',
        '    node_log -.->|"stopped to stop"| node_nest',
        "    linkStyle 6 stroke:#dc2626",
    ]


def test_arrays_and_initial_packets_are_drawn() -> None:
    """An element of an array is named with its key, in a way that Mermaid reads; an initial packet is a flag."""
    lines = to_mermaid(drawn.arrays()).splitlines()
    assert lines[1:3] == ['    input_more.91.0.93.(["more#91;0#93;"])', '    initial_0>"7"]']
    assert '    input_more.91.0.93. -->|"numbers#91;left#93;"| node_deal' in lines


def test_types_stand_on_the_arrows() -> None:
    """With `types` each arrow says the types of its ports."""
    assert 'source -->|"numbers to value, int"|' in to_mermaid(drawn.plain(), types=True)


def test_the_same_graph_gives_the_same_text() -> None:
    """The text depends on the graph alone."""
    assert to_mermaid(drawn.nested()) == to_mermaid(drawn.nested())


@pytest.mark.parametrize("id", ["end", "graph", "default", "style", "o", "x", "subgraph"])
def test_words_of_mermaid_can_be_ids(id: str) -> None:
    """A node that is called like a word of Mermaid's language does not break the drawing."""
    graph = Graph("words")
    graph.add(drawn.double, id)
    assert f'    node_{id}["{id}<br>double"]' in to_mermaid(graph).splitlines()


def test_names_are_escaped() -> None:
    """A component may have any name; what means something to Mermaid or HTML is written as its code."""

    def work(value: int) -> int:
        return value

    work.__name__ = 'a "b" <c> [d] & #e;\n`f`'
    graph = Graph("names")
    graph.add(component(work), "work")
    label = re.search(r'node_work\["(.*)"\]\n', to_mermaid(graph))
    assert label is not None
    assert label[1] == "work<br>a #34;b#34; #60;c#62; #91;d#93; #38; #35;e#59;#10;#96;f#96;"


def test_a_long_graph_runs_downwards() -> None:
    """The way of the drawing is the flowchart's."""
    assert to_mermaid(drawn.chain(60)).startswith("flowchart TB\n")
