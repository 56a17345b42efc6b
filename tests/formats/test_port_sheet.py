from xml.etree import ElementTree

from fbcore import Component, CompositeComponent, Config, Graph, In, InArray, Out, component, required
from fbcore.formats.port_sheet import component_sheet, node_sheet, sheet_to_text
from fbcore.formats.result_html import sheet_to_html
from fbcore.formats.sheet import Row, Sheet
from fbcore.model.graph import spec_of
from tests.formats import drawn


@component(fires="any")
def scale(value: float, factor: float = required(), offset: float = 0.5) -> float | None:
    """Scale a value, and shift it.

    By default by a half.
    """
    return factor * value + offset


class Listen(Component):
    """Take <what> comes."""

    some: InArray[int]
    more: In[str] = In(optional=True)
    name: Config[str] = Config(default="a & b")

    async def run(self) -> None:
        """Take it."""


class Silent(CompositeComponent):
    out: Out[float]

    def build(self, graph: Graph) -> None:
        graph.add(scale, factor=1.0).out >> graph.outputs.out


def rows(sheet: Sheet) -> tuple[Row, ...]:
    """Return the rows of the only table of a sheet."""
    (table,) = sheet.tables
    return tuple(table.rows)


def texts(html: str) -> list[list[str]]:
    """Return what stands in the rows of a table."""
    return [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(html).iter("tr")]


def test_a_function_is_a_table_of_its_ports() -> None:
    """The ports of a function, with what must be given, and the first paragraph of what it says."""
    sheet = component_sheet(spec_of(scale))
    assert (sheet.name, sheet.remark) == ("scale", 'component, fires="any"')
    assert sheet.reason == "Scale a value, and shift it."
    assert rows(sheet) == (
        ("value", "input", "float", "required"),
        ("factor", "config", "float", "required"),
        ("offset", "config", "float", "= 0.5"),
        ("out", "output", "float", ""),
    )


def test_a_class_is_a_table_of_its_ports() -> None:
    """Array ports say so, and optional ports need nothing."""
    assert rows(component_sheet(spec_of(Listen))) == (
        ("some", "input array", "int", "required"),
        ("more", "input", "str", "optional"),
        ("name", "config", "str", "= 'a & b'"),
    )


def test_signals_carry_no_type() -> None:
    """A signal or message has no type."""
    assert rows(component_sheet(spec_of(drawn.Source)))[2] == ("done", "message", "", "")


def test_a_class_without_words_borrows_none() -> None:
    """A component or composite without documentation does not show that of what it is derived from."""
    assert component_sheet(spec_of(drawn.Failures)).reason == ""
    assert component_sheet(spec_of(Silent)).reason == ""


def test_a_composite_says_how_many_nodes_it_has() -> None:
    """A composite is told from other components."""
    assert component_sheet(spec_of(drawn.Pair)).remark == "composite of 2 nodes"


def test_a_node_says_what_is_connected() -> None:
    """Each port of a node says from where and to where, elements of arrays by their keys."""
    graph = drawn.arrays()
    sheet = node_sheet(graph, graph.nodes["deal"])
    assert (sheet.name, sheet.remark, sheet.reason) == ("deal", "node of graph arrays, Deal", "Deal numbers out.")
    assert rows(sheet) == (
        ("numbers", "input array", "float", "[0] from source.numbers, [left] from inputs.more[0], [2] from double.out"),
        ("hands", "output array", "float", "[0] to double.factor, [1] to double.value"),
    )


def test_a_node_says_which_options_are_its_own() -> None:
    """What the component says of options is said of that, and what `add` said of the node."""
    graph = Graph("own")
    graph.add(scale, factor=1.0, options={"loop": False, "fires": "all"})
    assert node_sheet(graph, graph.nodes["scale"]).remark == "node of graph own, scale, loop=False, fires='all'"
    assert component_sheet(spec_of(scale)).remark == 'component, fires="any"'


def test_a_node_says_what_its_configs_are() -> None:
    """A config is what the graph gave it, or what feeds it."""
    graph = Graph("configs")
    graph.add(drawn.double, factor=3.0)
    graph.add(drawn.double, "fed")
    graph.initial(4.0) >> graph["fed"].factor
    assert rows(node_sheet(graph, graph.nodes["double"]))[1] == ("factor", "config", "float", "= 3.0")
    assert rows(node_sheet(graph, graph.nodes["fed"]))[1] == ("factor", "config", "float", "from 4.0")


def test_a_node_shows_connected_ports_that_every_node_has() -> None:
    """`error` and signals are listed when something is connected to them, and only then."""
    graph = drawn.plain()
    assert rows(node_sheet(graph, graph.nodes["double"]))[-1] == ("error", "output", "Failure", "to again.value")
    assert [row[0] for row in rows(node_sheet(graph, graph.nodes["source"]))] == ["count", "numbers", "done"]


def test_a_table_as_text() -> None:
    """Plain text is one line that says what it is, and aligned lines for the ports."""
    assert sheet_to_text(component_sheet(spec_of(Listen))).splitlines() == [
        "Listen (component): Take <what> comes.",
        "  some  input array  int  required",
        "  more  input        str  optional",
        "  name  config       str  = 'a & b'",
    ]


def test_a_table_as_html() -> None:
    """HTML has the same words, escaped."""
    html = sheet_to_html(component_sheet(spec_of(Listen)))
    assert "Take &lt;what&gt; comes." in html
    assert texts(html)[0] == ["port", "kind", "type", ""]
    assert texts(html)[3] == ["name", "config", "str", "= 'a & b'"]


def test_a_component_without_ports_has_no_table() -> None:
    """What has no ports is named all the same."""

    class Idle(Component):
        async def run(self) -> None:
            """Do nothing."""

    sheet = component_sheet(spec_of(Idle))
    assert sheet_to_text(sheet) == "Idle (component)"
    assert "<table" not in sheet_to_html(sheet)
