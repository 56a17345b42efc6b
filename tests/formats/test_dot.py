import pytest

from fbcore import Graph, component
from fbcore.formats.dot import to_dot
from tests.formats import drawn

NODE = 'shape="box", style="rounded,filled", fillcolor="#eff6ff", color="#3b82f6", margin="0.18,0.07"'
TAG = 'shape="cds", fillcolor="#f5f3ff", color="#7c3aed", margin="0.16,0.05"'
HEAD = """\
    graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.4", compound="true", fontname="Helvetica"]
    node [fontname="Helvetica", fontsize="12", fontcolor="#1e293b", style="filled", penwidth="1.2", height="0.4"]
    edge [fontname="Helvetica", fontsize="9", fontcolor="#1e293b", color="#94a3b8", penwidth="1.2", arrowsize="0.7"]
"""
PLAIN = f"""\
digraph "plain" {{
    rankdir="LR"
{HEAD}\
    "inputs.extra" [label="extra", shape="cds", fillcolor="#ecfdf5", color="#059669", margin="0.16,0.05"]
    "configs.count" [label="count", shape="hexagon", fillcolor="#fffbeb", color="#d97706", margin="0.02,0.03"]
    "source" [label=<<b>source</b>>, {NODE}]
    "double" [label=<<b>double</b>>, {NODE}]
    "again" [label=<<b>again</b><br/><font color="#64748b" point-size="9">sink</font>>, {NODE}]
    "outputs.result" [label="result", {TAG}]
    "configs.count" -> "source" [style="dotted", color="#d97706"]
    "source" -> "double" [label=" numbers to value "]
    "double" -> "again" [label=" error to value \\n capacity 1 ", fontcolor="#b45309", color="#dc2626"]
    "inputs.extra" -> "again" [label=" value \\n unbounded, copied ", fontcolor="#b45309"]
    "double" -> "outputs.result" [label=" out "]
}}
"""
NESTED = f"""\
    subgraph "cluster_nest" {{
        label=<<b>nest</b><br align="left"/>>; labeljust="l"; margin="10"; style="rounded,filled"
        fillcolor="#f8fafc"; color="#94a3b8"; fontcolor="#1e293b"; fontsize="12"
        "nest.inputs.halt" [label="halt", {{INPUT}}]
        subgraph "cluster_nest.inner" {{
            label=<<b>inner</b><br align="left"/><font color="#64748b" point-size="9">pair</font><br align="left"/>>; \
labeljust="l"; margin="10"; style="rounded,filled"
            fillcolor="#eef2f7"; color="#94a3b8"; fontcolor="#1e293b"; fontsize="12"
            "nest.inner.inputs.halt" [label="halt", {{INPUT}}]
            "nest.inner.source" [label=<<b>source</b>>, {NODE}]
            "nest.inner.double" [label=<<b>double</b>>, {NODE}]
            "nest.inner.outputs.doubled" [label="doubled", {TAG}, {{SMALL}}]
        }}
        "nest.outputs.doubled" [label="doubled", {TAG}, {{SMALL}}]
    }}
"""


def body(text: str) -> list[str]:
    """Return the lines of nodes and edges."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith('"')]


def test_a_graph_is_drawn() -> None:
    """Nodes, borders and edges are drawn with their ports, what is not usual, and components."""
    assert to_dot(drawn.plain()) == PLAIN


def test_a_composite_is_a_cluster() -> None:
    """A composite is a box with its id around what is in it, with ports smaller than those of the whole graph."""
    small = 'fontsize="9", width="0.4", height="0.25"'
    tag = f'shape="cds", fillcolor="#ecfdf5", color="#059669", margin="0.16,0.05", {small}'
    assert NESTED.replace("{SMALL}", small).replace("{INPUT}", tag) in to_dot(drawn.nested())


def test_an_arrow_ends_at_the_border_of_a_composite() -> None:
    """Arrows from and to a composite as a whole are cut off at its border; those that lead back place nothing."""
    result, failed, stop = body(to_dot(drawn.nested()))[-3:]
    assert result == '"nest.outputs.doubled" -> "outputs.result"'
    look = 'color="#dc2626", ltail="cluster_nest"'
    assert failed == f'"nest.outputs.doubled" -> "log" [label=" error to failure ", {look}]'
    look = 'style="dashed", lhead="cluster_nest", constraint="false"'
    assert stop == f'"log" -> "nest.inputs.halt" [label=" stopped to stop ", {look}]'


def test_signals_configs_and_initial_packets_are_drawn() -> None:
    """Arrows of signals are dashed, those to configs dotted; an initial packet is a note with its value."""
    lines = body(to_dot(drawn.arrays()))
    assert lines[1] == (
        '"initial.0" [label="7", shape="note", fillcolor="white", color="#94a3b8", margin="0.08,0.03", '
        'fontsize="9", width="0.4", height="0.25"]'
    )
    assert '"deal" -> "double" [label=" hands[0] to factor ", style="dotted", color="#d97706"]' in lines
    assert '"double" -> "sink" [label=" started to execute ", style="dashed"]' in lines


def test_the_same_graph_gives_the_same_text() -> None:
    """The text depends on the graph alone."""
    assert to_dot(drawn.nested(), types=True) == to_dot(drawn.nested(), types=True)


def test_types_stand_on_the_arrows() -> None:
    """With `types` each arrow says the types of its ports, once when they are the same."""
    lines = body(to_dot(drawn.plain(), types=True))[-5:]
    assert [line.partition('label="')[2].partition('"')[0] for line in lines] == [
        r" int ",
        r" numbers to value \n int ",
        r" error to value \n Failure to object \n capacity 1 ",
        r" value \n object \n unbounded, copied ",
        r" out \n float ",
    ]


@pytest.mark.parametrize("id", ["node", "graph", "digraph", "subgraph", "edge", "strict"])
def test_words_of_dot_can_be_ids(id: str) -> None:
    """A node that is called like a word of DOT is quoted, as every name."""
    graph = Graph("strict")
    graph.add(drawn.double, id)
    text = to_dot(graph)
    assert text.startswith('digraph "strict" {')
    assert body(text)[0].startswith(f'"{id}" [label=<<b>{id}</b>')


def test_names_are_escaped() -> None:
    """A component or key may have any name; what means something to DOT or HTML is written so that it is shown."""

    def work(value: int) -> int:
        return value

    work.__name__ = 'a "b" <c> & \\N {x|y}\nz'
    graph = Graph("names")
    graph.add(component(work), "work")
    graph.inputs.some['"\\N'] >> graph["work"].value
    text = to_dot(graph)
    assert r"a &quot;b&quot; &lt;c&gt; &amp; \\N {x|y} z</font>>" in text
    assert r'"inputs.some[&quot;\\N]" [label="some[&quot;\\N]"' in text


def test_a_long_graph_runs_downwards() -> None:
    """The way of the drawing is Graphviz's direction of ranks."""
    assert 'rankdir="TB"' in to_dot(drawn.chain(60))
