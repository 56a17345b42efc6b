import pytest

from fbcore import Component, Config, Graph, In, Out, component
from fbcore.formats.dot import to_dot
from fbcore.formats.mermaid import to_mermaid


class Source(Component):
    """Send numbers."""

    count: Config[int]
    numbers: Out[int]

    async def run(self) -> None:
        """Send them."""


@component
def double(value: int) -> float:
    return 2.0 * value


class Sink(Component):
    value: In[object]

    async def run(self) -> None:
        """Take them."""


def sample() -> Graph:
    """A net with each kind of border, two nodes of one component, and edges of three capacities."""
    graph = Graph("sample")
    source = graph.add(Source)
    graph.configs.count >> source.count
    source.numbers >> graph.add(double).value
    graph.connect(graph["double"].error, graph.add(Sink, "again").value, capacity=1)
    graph.connect(graph.inputs.extra, graph["again"].value, capacity=None)
    graph["double"].out >> graph.outputs.result
    return graph


def body(text: str) -> list[str]:
    """Return the lines of nodes and edges."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith('"')]


def chain(length: int) -> Graph:
    """A net of so many nodes, each feeding the next."""
    graph = Graph("chain")
    for number in range(length):
        graph.add(double, f"double_{number}")
    for number in range(1, length):
        graph[f"double_{number - 1}"].out >> graph[f"double_{number}"].value
    return graph


NODE = 'shape="box", style="rounded,filled", fillcolor="#eff6ff", color="#3b82f6", margin="0.18,0.07"'
TEXT = f"""\
digraph "sample" {{
    rankdir="LR"
    graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.4"]
    node [fontname="Helvetica", fontsize="12", fontcolor="#1e293b", style="filled", penwidth="1.2", height="0.4"]
    edge [fontname="Helvetica", fontsize="9", fontcolor="#1e293b", color="#94a3b8", penwidth="1.2", arrowsize="0.7"]
    "inputs.extra" [label="extra", shape="cds", fillcolor="#ecfdf5", color="#059669", margin="0.16,0.05"]
    "configs.count" [label="count", shape="hexagon", fillcolor="#fffbeb", color="#d97706", margin="0.02,0.03"]
    "source" [label=<<b>source</b>>, {NODE}]
    "double" [label=<<b>double</b>>, {NODE}]
    "again" [label=<<b>again</b><br/><font color="#64748b" point-size="9">sink</font>>, {NODE}]
    "outputs.result" [label="result", shape="cds", fillcolor="#f5f3ff", color="#7c3aed", margin="0.16,0.05"]
    "configs.count" -> "source" [label=" count ", style="dashed", color="#d97706"]
    "source" -> "double" [label=" numbers to value "]
    "double" -> "again" [label=" error to value \\n capacity 1 ", fontcolor="#b45309", color="#dc2626"]
    "inputs.extra" -> "again" [label=" value \\n unbounded ", fontcolor="#b45309"]
    "double" -> "outputs.result" [label=" out "]
}}
"""


def test_a_graph_is_drawn() -> None:
    """Nodes, borders and edges are drawn with their ports, capacities that are not usual, and components."""
    assert to_dot(sample()) == TEXT


def test_the_same_graph_gives_the_same_text() -> None:
    """The text depends on the graph alone."""
    assert to_dot(sample(), types=True) == to_dot(sample(), types=True)


def test_types_stand_on_the_arrows() -> None:
    """With `types` each arrow says the types of its ports, once when they are the same."""
    lines = body(to_dot(sample(), types=True))[-5:]
    assert [line.partition('label="')[2].partition('"')[0] for line in lines] == [
        r" count \n int ",
        r" numbers to value \n int ",
        r" error to value \n Failure to object \n capacity 1 ",
        r" value \n object \n unbounded ",
        r" out \n float ",
    ]


def test_types_stand_on_the_arrows_of_mermaid() -> None:
    """The same words are in the other format."""
    assert 'source -->|"numbers to value, int"|' in to_mermaid(sample(), types=True)


@pytest.mark.parametrize("id", ["node", "graph", "digraph", "subgraph", "edge", "strict"])
def test_words_of_dot_can_be_ids(id: str) -> None:
    """A node that is called like a word of DOT is quoted, as every name."""
    graph = Graph("strict")
    graph.add(double, id)
    text = to_dot(graph)
    assert text.startswith('digraph "strict" {')
    assert body(text)[0].startswith(f'"{id}" [label=<<b>{id}</b>')


def test_names_are_escaped() -> None:
    """A component may have any name; what means something to DOT or HTML is written so that it is shown."""

    def work(value: int) -> int:
        return value

    work.__name__ = 'a "b" <c> & \\N {x|y}\nz'
    graph = Graph("names")
    graph.add(component(work), "work")
    assert r"a &quot;b&quot; &lt;c&gt; &amp; \\N {x|y} z</font>>" in to_dot(graph)


@pytest.mark.parametrize(("length", "way"), [(3, "LR"), (24, "LR"), (25, "TB"), (60, "TB")])
def test_a_large_graph_runs_downwards(length: int, way: str) -> None:
    """A few nodes stand in a row, many would make a strip that fits no page."""
    text = to_dot(chain(length))
    assert f'rankdir="{way}"' in text
    assert len(body(text)) == 2 * length - 1


def test_a_graph_that_cannot_run_is_drawn() -> None:
    """A drawing is there to find a mistake, too: nothing is validated."""
    graph = Graph("unfinished")
    graph.add(Sink)
    assert body(to_dot(graph)) == [f'"sink" [label=<<b>sink</b>>, {NODE}]']
