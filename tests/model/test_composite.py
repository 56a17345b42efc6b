"""A composite is a component that is a graph: its ports are the border of the graph, and nobody else need know."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    Component,
    CompositeComponent,
    Config,
    Graph,
    GraphError,
    In,
    InArray,
    Message,
    Out,
    OutArray,
    PortError,
    Signal,
    component,
)
from fbcore.model.problem import Problem


@component
def shout(text: str, mark: str = "!") -> str:
    return text.upper() + mark


@component
def length(text: str) -> int:
    return len(text)


class Loud(CompositeComponent):
    """Says it loudly."""

    text: In[str]
    mark: Config[str] = Config(default="!!")
    said: Out[str]

    def build(self, graph: Graph) -> None:
        inner = graph.add(shout)
        graph.inputs.text >> inner.text
        graph.configs.mark >> inner.mark
        inner.out >> graph.outputs.said


def line(marker: str) -> int:
    """Return the number of the line in this file that ends with a marker in a comment."""
    lines = Path(__file__).read_text().splitlines()
    (found,) = [number for number, text in enumerate(lines, 1) if text.endswith(f"# {marker}")]
    return found


def problems(composite: Any, *connect: str) -> list[Problem]:
    """Return the errors in a graph of this composite, whose named inputs and outputs are connected."""
    graph = Graph("whole")
    node = graph.add(composite, "node")
    for name in connect:
        port = getattr(node, name)
        graph.inputs[f"{name}_in"] >> port if not port.kind.goes_out else port >> graph.outputs[f"{name}_out"]
    try:
        return [problem for problem in graph.validate() if problem.is_error]
    except GraphError as error:
        return [problem for problem in error.problems if problem.is_error]


def spec(composite: Any) -> Any:
    """Return the specification that a graph gets of a composite."""
    graph = Graph("whole")
    graph.add(composite, "node")
    return graph.nodes["node"].component


# -- what a composite is ----------------------------------------------------------------------------------


def test_a_composite_has_the_ports_that_its_class_declares():
    """With their kinds, types and options, in order; it has its name and its docstring, and the graph inside."""
    found = spec(Loud)
    assert [(port.name, port.kind.value, port.type) for port in found.ports.values()] == [
        ("text", "input", str),
        ("mark", "config", str),
        ("said", "output", str),
    ]
    assert found.ports["mark"].default == "!!"
    assert (found.name, found.doc, found.target) == ("loud", "Says it loudly.", Loud)
    assert list(found.graph.nodes) == ["shout"]


def test_build_is_called_once_for_a_class():
    """However often it is used, and in however many graphs."""
    calls = []

    class Counted(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            calls.append(graph.name)
            graph.inputs.text >> graph.add(shout).text

    for name in ("one", "two"):
        graph = Graph(name)
        graph.add(Counted)
        graph.add(Counted, "other")
    assert calls == ["counted"]


def test_a_build_that_raises_is_called_again():
    """A mended cell of a notebook need not make a new class."""
    broken = [True]

    class Fragile(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            if broken.pop():
                broken.append(False)
                raise ValueError("not yet")
            graph.inputs.text >> graph.add(shout).text

    with pytest.raises(ValueError, match="not yet"):
        spec(Fragile)
    assert list(spec(Fragile).graph.nodes) == ["shout"]


def test_a_composite_derived_from_another_has_its_ports_and_its_build():
    """It may change the options of what it inherits."""

    class Louder(Loud):
        mark: Config[str] = Config(default="!!!!")

    found = spec(Louder)
    assert list(found.ports) == ["text", "mark", "said"]
    assert found.ports["mark"].default == "!!!!"
    assert found.graph is not spec(Loud).graph


def test_the_graph_inside_is_frozen_once_it_is_built():
    """Nobody changes a component behind the back of those who use it."""
    kept = []

    class Keeps(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            kept.append(graph)
            graph.inputs.text >> graph.add(shout).text

    spec(Keeps)
    with pytest.raises(GraphError, match="graph keeps is frozen, for a net or a component was made of it") as caught:
        kept[0].add(shout, "late")
    assert "make a new one" in caught.value.hint


def test_two_nodes_of_one_composite_need_two_ids():
    """As of any component."""
    graph = Graph("twice")
    graph.add(Loud)
    with pytest.raises(GraphError, match="there is a node loud already"):
        graph.add(Loud)


# -- what is refused --------------------------------------------------------------------------------------


def test_the_class_itself_and_one_without_build_are_refused():
    """The error says what to write."""

    class Empty(CompositeComponent):
        text: In[str]

    with pytest.raises(GraphError, match="CompositeComponent itself has no graph"):
        spec(CompositeComponent)
    with pytest.raises(GraphError, match="composite Empty has no build") as caught:
        spec(Empty)
    assert "def build(self, graph)" in caught.value.hint


def test_a_composite_in_itself_is_refused():
    """Directly, and by way of another; not by the interpreter, which would give up a thousand levels deep."""

    class Inner(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(Outer).text

    class Outer(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(Inner).text

    for composite in (Inner, Outer):
        with pytest.raises(GraphError, match=f"composite {composite.__name__} contains itself"):
            spec(composite)


def test_a_declared_port_that_build_does_not_use_is_a_problem():
    """For every kind of port, with the line that is missing as the hint."""

    class Lazy(CompositeComponent):
        text: In[str]
        items: InArray[str]
        mark: Config[str] = Config(default="")
        go: Signal
        said: Out[str]
        done: Message

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(shout).text

    found = {problem.address: problem for problem in problems(Lazy, "text", "said")}
    assert list(found) == ["node.items", "node.mark", "node.go", "node.said", "node.done"]
    assert found["node.mark"].what == "nothing inside is connected to this config"
    assert found["node.mark"].hint == "connect it in build: `graph.configs.mark >> ...`"
    assert found["node.said"].hint == "connect it in build: `... >> graph.outputs.said`"
    assert found["node.go"].hint == "connect it in build: `graph.inputs.go >> ...`"
    assert found["node.go"].place.file == __file__


def test_a_border_that_is_not_declared_is_a_problem():
    """And so is a port that is used on the wrong side."""

    class Sloppy(CompositeComponent):
        text: In[str]
        mark: Config[str]

        def build(self, graph: Graph) -> None:
            inner = graph.add(shout)
            graph.inputs.txt >> inner.text
            graph.inputs.mark >> graph.add(length).text

    found = {problem.address: problem for problem in problems(Sloppy)}
    assert "build uses graph.inputs.txt, and no such port is declared" in found["node.txt"].what
    assert "declare it in the body of Sloppy" in found["node.txt"].hint
    assert "node.mark" in found
    assert "node.text" in found


def test_a_composite_with_a_run_is_a_problem():
    """Nobody would call it."""

    class Both(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(shout).text

        async def run(self) -> None: ...

    (problem,) = problems(Both, "text")
    assert problem.what == "composite Both has a run, which nobody calls"


def test_types_on_both_sides_of_the_border_are_compared():
    """What is declared is what counts: inside it must fit the nodes, outside the neighbours."""

    class Wrong(CompositeComponent):
        text: In[int]
        said: Out[int]

        def build(self, graph: Graph) -> None:
            inner = graph.add(shout)
            graph.inputs.text >> inner.text  # into
            inner.out >> graph.outputs.said

    found = {problem.address: problem for problem in problems(Wrong, "text", "said")}
    assert list(found) == ["node.inputs.text->shout.text", "node.shout.out->outputs.said"]
    assert found["node.inputs.text->shout.text"].what == "int does not fit str"
    assert found["node.inputs.text->shout.text"].place.line == line("into")

    graph = Graph("outside")
    loud, count = graph.add(Loud), graph.add(length)
    graph.inputs.text >> count.text
    count.out >> loud.text
    with pytest.raises(GraphError, match=r"length\.out->loud\.text: int does not fit str"):
        graph.validate()


def test_problems_inside_have_addresses_from_outside():
    """Three deep, and each graph once however often it is used."""

    class Broken(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(shout).text
            graph.add(length)

    class Around(CompositeComponent):
        text: In[str]

        def build(self, graph: Graph) -> None:
            for name in ("one", "two"):
                graph.inputs.text >> graph.add(Broken, name).text

    (problem,) = problems(Around, "text")
    assert (problem.address, problem.what) == ("node.one.length.text", "nothing is connected to this input")


def test_everything_is_found_at_once():
    """Outside and inside, each with its address, the line where it stands, and how to mend it."""

    class Wrong(CompositeComponent):  # wrong
        text: In[str]
        unused: Out[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.add(length).text  # inside
            graph["length"].out >> graph.add(shout).text  # misfit

    class Nothing(CompositeComponent):  # empty
        def build(self, graph: Graph) -> None: ...

    graph = Graph("everything")
    graph.add(Wrong, mark="?")  # outside
    graph.add(Nothing)
    graph.initial("x")  # initial
    loud = graph.add(Loud, mark=7)  # loud
    graph.initial(3) >> loud.text  # three
    with pytest.raises(GraphError) as caught:
        graph.validate()
    found = [problem for problem in caught.value.problems if problem.is_error]
    assert [(problem.address, problem.place.line) for problem in found] == [
        ("wrong.unused", line("wrong")),
        ("wrong.mark", line("outside")),
        ("loud.mark", line("loud")),
        ("wrong.text", line("outside")),
        ("initial.1->loud.text", line("three")),
        ("initial.0", line("initial")),
        ("wrong.length.out->shout.text", line("misfit")),
        ("nothing", line("empty")),
    ]
    assert all(problem.place.file == __file__ and problem.hint for problem in found)
    assert f"graph everything cannot run: {len(found)} problems" in str(caught.value)


def test_a_composite_has_no_execute_started_executed_or_stopped():
    """The hint says how to get one; `stop`, `failed` and `error` it has."""
    for name in ("execute", "started", "executed", "stopped"):
        (problem,) = problems(Loud, "text", "said", name)
        assert (problem.address, problem.what) == (f"node.{name}", f"a composite has no `{name}`, only its nodes have")
        assert "declare a port of its own" in problem.hint
    assert problems(Loud, "text", "said", "stop", "failed", "error") == []


def test_a_circle_that_passes_no_component_is_a_problem():
    """Found before anything runs, and named once."""

    class Through(CompositeComponent):
        text: In[str]
        said: Out[str]

        def build(self, graph: Graph) -> None:
            graph.inputs.text >> graph.outputs.said
            graph.inputs.text >> graph.add(shout).text

    graph = Graph("round")
    node = graph.add(Through)
    graph.inputs.text >> node.text
    node.said >> node.text
    with pytest.raises(GraphError) as caught:
        graph.validate()
    (problem,) = [problem for problem in caught.value.problems if problem.is_error]
    assert problem.address == "through.said->through.text"
    assert problem.hint == "put a component into the circle"


def test_two_ways_between_the_same_ports_are_a_problem_though_each_leads_through_a_border():
    """They would double every packet."""

    class Double(CompositeComponent):
        left: In[str]
        right: In[str]

        def build(self, graph: Graph) -> None:
            inner = graph.add(shout)
            graph.inputs.left >> inner.text
            graph.inputs.right >> inner.text

    graph = Graph("doubled")
    source, node = graph.add(shout, "source"), graph.add(Double)
    graph.inputs.text >> source.text
    source.out >> node.left
    source.out >> node.right
    with pytest.raises(GraphError, match=r"source\.out->double\.shout\.text: these ports are connected twice"):
        graph.validate()


def test_a_config_of_a_composite_is_checked_as_any():
    """Its type, its validator, whether it is known, and whether it is there."""

    class Strict(CompositeComponent):
        text: In[str]
        mark: Config[int] = Config(validate=lambda mark: mark > 0)

        def build(self, graph: Graph) -> None:
            class Takes(Component):
                text: In[str]
                mark: Config[int]

                async def run(self) -> None: ...

            inner = graph.add(Takes)
            graph.inputs.text >> inner.text
            graph.configs.mark >> inner.mark

    def complaint(**configs: Any) -> str:
        graph = Graph("configs")
        graph.inputs.text >> graph.add(Strict, **configs).text
        with pytest.raises(GraphError) as caught:
            graph.validate()
        return caught.value.problems[0].what

    assert complaint() == "this config has no value and no default"
    assert complaint(mark="many").startswith("'many' is no int")
    assert complaint(mark=0).startswith("0 was refused by <lambda>")
    assert complaint(mark=1, sign=2) == "strict has no config 'sign'"


# -- graph.as_component() ---------------------------------------------------------------------------------


def shouting() -> Graph:
    """Return a graph with an input, a config and an output."""
    graph = Graph("shouting")
    inner = graph.add(shout)
    graph.inputs.text >> inner.text
    graph.configs.mark >> inner.mark
    inner.out >> graph.outputs.said
    return graph


def test_a_graph_becomes_a_component_with_the_ports_of_its_border():
    """Their types are those of the ports inside; a config with a default inside need not be given."""
    found = spec(shouting().as_component())
    assert [(port.name, port.kind.value, port.type, port.required) for port in found.ports.values()] == [
        ("text", "input", str, True),
        ("said", "output", str, False),
        ("mark", "config", str, False),
    ]
    assert found.name == "shouting"
    assert spec(shouting().as_component("Louder")).name == "louder"


Shouting = shouting().as_component("Shouting")


def test_a_graph_that_became_a_component_belongs_to_the_module_that_asked():
    """It is shown under its name there, and pickled as other classes of the module are."""
    assert Shouting.__module__ == __name__
    found = pickle.loads(pickle.dumps({"made": Shouting}))["made"]
    assert found is Shouting


def test_a_graph_that_became_a_component_is_frozen():
    """It can still make nets."""
    graph = shouting()
    graph.as_component()
    with pytest.raises(GraphError, match="frozen"):
        graph.add(shout, "other")
    graph.validate()


def test_an_empty_graph_is_no_component():
    """There would be nothing in it."""
    with pytest.raises(GraphError, match="graph nothing is empty") as caught:
        Graph("nothing").as_component()
    assert "graph.add" in caught.value.hint


def test_a_port_that_leads_to_several_has_the_type_that_fits_all():
    """The narrowest of inputs, the widest of outputs, Any when there is none."""

    @component
    def wide(value: float) -> bool:
        return bool(value)

    @component
    def narrow(value: int) -> int:
        return value

    graph = Graph("several")
    nodes = [graph.add(wide), graph.add(narrow)]
    for node in nodes:
        graph.inputs.number >> node.value
        node.out >> graph.outputs.found
        node.out >> graph.outputs[f"of_{node.value.end[0]}"]
    graph["wide"].out >> graph.outputs.mixed
    graph.add(shout)
    graph.inputs.text >> graph["shout"].text
    graph["shout"].out >> graph.outputs.mixed
    found = spec(graph.as_component()).ports
    assert (found["number"].type, found["found"].type, found["mixed"].type) == (int, int, Any)


def test_array_ports_on_the_border_become_array_ports():
    """And optional inputs stay optional."""

    class Mix(Component):
        items: InArray[int] = InArray(optional=True)
        extra: In[int] = In(optional=True)
        outs: OutArray[str]

        async def run(self) -> None: ...

    graph = Graph("mixing")
    mix = graph.add(Mix)
    graph.inputs.items[0] >> mix.items[0]
    graph.inputs.items["b"] >> mix.items["b"]
    graph.inputs.extra >> mix.extra
    mix.outs["x"] >> graph.outputs.parts["x"]
    found = spec(graph.as_component()).ports
    assert [(port.name, port.is_array, port.optional) for port in found.values()] == [
        ("items", True, True),
        ("extra", False, True),
        ("parts", True, False),
    ]


def test_an_unknown_port_of_a_composite_is_named_with_those_it_has():
    """As of any node."""
    graph = Graph("unknown")
    with pytest.raises(PortError, match="the node has no port 'txt'") as caught:
        graph.inputs.text >> graph.add(Loud).txt
    assert caught.value.hint == "its ports are: text, mark, said"
