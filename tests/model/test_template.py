"""Templates: families of components, of which a call makes one, with its own ports and a readable name."""

import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    ComponentTemplate,
    CompositeComponent,
    DagTemplate,
    DataError,
    Each,
    Graph,
    GraphError,
    In,
    Out,
    component,
)
from fbcore.formats.drawing import boxes_of, drawing_of
from fbcore.formats.graph_data import graph_digest, graph_from_data, graph_to_data
from fbcore.model.graph import spec_of
from fbcore.model.options import Options
from fbcore.model.port_spec import PortKind


@ComponentTemplate
def above(limit: float, kind: type = float) -> Any:
    """Let through what is above a limit."""

    class Above(Component):
        """What is above."""

        value: In[kind]  # type: ignore[valid-type]
        high: Out[kind]  # type: ignore[valid-type]

        async def run(self) -> None:
            async for value in self.value:
                if value > limit:
                    await self.high.send(value)

    return Above


@ComponentTemplate
def power(exponent: int) -> Any:
    """Raise numbers to a power."""

    @component
    def raised(value: int) -> int:
        return int(value**exponent)

    return raised


@ComponentTemplate
def shouting(times: int) -> Any:
    """Shout several times, one louder than the other."""
    graph = Graph("shouting")
    source: Any = graph.inputs.text
    for number in range(times):
        node = graph.add(louder, f"louder_{number}")
        source >> node.text
        source = node.out
    source >> graph.outputs.loud
    return graph


@ComponentTemplate
def of(function: Any) -> Any:
    """Give back a component."""
    return component(function)


@component
def louder(text: str) -> str:
    return f"{text.upper()}!"


def words(line: str, sep: str = " ") -> list[str]:
    return line.split(sep)


def count(words: list[str]) -> int:
    return len(words)


def longest(words: list[str]) -> str:
    return max(words, key=len)


def line_about(count: int, longest: str) -> str:
    return f"{count} words, longest {longest}"


Warm = above(20, name="Warm")


def first_output(target: Any, **inputs: Any) -> list[Any]:
    """Run a component alone, and return its first output."""
    result = BatchRuntime(target).run(inputs=inputs)
    return result.outputs[next(iter(result.outputs))]


def refused(make: Callable[[], Any]) -> GraphError:
    with pytest.raises(GraphError) as caught:
        make()
    return caught.value


# -- what a template makes ----------------------------------------------------------------------------------


def test_a_template_makes_a_class() -> None:
    """Its ports are those of its parameters; it is a component like any other, and can be inherited from."""
    made = above(20)
    assert issubclass(made, Component)
    assert first_output(made, value=Each([18.5, 21.0])) == [21.0]
    assert spec_of(above(3, int)).ports["high"].type is int

    class Doubled(made):  # type: ignore[misc]
        """Doubles the limit."""

    assert "Doubled" in repr(Doubled)
    assert "component" not in repr(Doubled)


def test_a_template_makes_a_function() -> None:
    """A decorated function stays callable."""
    assert first_output(power(3), value=Each([2, 3])) == [8, 27]
    assert power(2)(5) == 25


def test_a_template_makes_a_graph_a_component() -> None:
    """A graph that is returned becomes a composite."""
    made = shouting(2)
    assert issubclass(made, CompositeComponent)
    assert first_output(made, text="hey") == ["HEY!!"]


def test_a_component_is_known_by_the_call_that_made_it() -> None:
    """With the values of its parameters; or by the name that it was given."""
    assert repr(above("20")) == "<component above(limit=20.0)>"
    assert repr(above(3, int)) == "<component above(limit=3.0, kind=int)>"
    assert repr(power(2)) == "<component power(exponent=2)>"
    assert repr(Warm) == "<component Warm>"
    assert len(repr(of(words))) < 100
    assert repr(above) == "<template above(limit: float, kind: type = float)>"


def test_nodes_are_named_after_the_class_and_shown_by_the_call() -> None:
    """An id is one that can be in an address; drawings, nodes and running nets show the call."""
    graph = Graph("two")
    assert repr(graph.add(above(3))) == "<node above of above(limit=3.0)>"
    graph.add(Warm)
    graph.add(power(2))
    assert list(graph.nodes) == ["above", "warm", "raised"]
    assert [box.note for box in boxes_of(drawing_of(graph).items)] == ["above(limit=3.0)", "Warm", "power(exponent=2)"]


def test_a_running_net_shows_the_call() -> None:
    """What is looked at from outside says which of a family runs."""
    result = BatchRuntime(above(3)).run(inputs={"value": Each([])})
    assert result.nodes["above"].component == "above(limit=3.0)"


def test_errors_name_the_lines_of_the_template() -> None:
    """What is wrong with a component is where somebody wrote it, not where it was made."""
    place = spec_of(above(3)).place
    assert place.file == __file__
    assert "class Above" in Path(__file__).read_text().splitlines()[place.line - 1]


def test_a_class_with_a_metaclass_of_its_own() -> None:
    """A family may be derived from an abstract class."""

    class Plain(ABC):
        @abstractmethod
        def value(self) -> int: ...

    @ComponentTemplate
    def constant(number: int) -> Any:
        class Constant(Component, Plain):
            out: Out[int]

            def value(self) -> int:
                return number

            async def run(self) -> None:
                await self.out.send(self.value())

        return Constant

    assert BatchRuntime(constant(7)).run().outputs.out == [7]


# -- parameters ---------------------------------------------------------------------------------------------


def test_parameters_are_read_as_configs_are() -> None:
    """A text becomes a number where one is wanted."""
    assert first_output(above("20"), value=Each([21.0])) == [21.0]


@pytest.mark.parametrize(
    ("make", "what", "address", "hint"),
    [
        (lambda: above(limt=3), "there is no parameter limt", "above", "did you mean limit?"),
        (lambda: above(3, lop=True), "there is no parameter lop", "above", "did you mean loop?"),
        (lambda: above(3, nme="X"), "there is no parameter nme", "above", "did you mean name?"),
        (lambda: above(3, colour=1), "there is no parameter colour", "above", "it has: limit, kind; every template"),
        (above, "missing a required argument: 'limit'", "above", "it is called above(limit: float"),
        (lambda: above(1, int, 3), "too many positional arguments", "above", "it is called above("),
        (lambda: above("x"), "'x' is no float", "above.limit", "give a value of type float"),
        (lambda: above(1, kind=3), "3 is no type", "above.kind", "give a value of type type"),
        (lambda: above(1, name="a b"), "'a b' cannot be the name of a component", "above", "use letters"),
        (lambda: above(1, name=3), "3 cannot be the name of a component", "above", "use letters"),
        (lambda: above(1, loop=7), "loop cannot be 7", "Above", "say loop=True"),
        (lambda: above(1, fires="any"), "fires is an option of functions", "Above", "leave it away"),
        (lambda: power(1, stateless=True), "stateless is an option of classes", "raised", "leave it away"),
        (lambda: power(1, buffered=True), "buffered is for functions that yield", "raised", "leave `buffered` away"),
        (lambda: shouting(1, loop=True), "a composite has no options", "shouting", "a component inside"),
        (lambda: ComponentTemplate(Component), "a template is a function", "", "decorate a function"),
        (lambda: ComponentTemplate(lambda loop: loop), "a parameter cannot be called loop", "<lambda>", "another name"),
        (lambda: ComponentTemplate(lambda name: name), "a parameter cannot be called name", "<lambda>", "another name"),
        (lambda: ComponentTemplate(lambda **more: more), "cannot take **more", "<lambda>", "write out"),
        (ComponentTemplate(lambda: 3), "has made 3, which is no component", "<lambda>", "return a class"),
        (ComponentTemplate(lambda: Component), "which is no component", "<lambda>", "return a class"),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], Any], what: str, address: str, hint: str) -> None:
    """Parameters, options and what is made: each error says where, and what was meant."""
    error = refused(make)
    assert what in error.what
    assert error.address == address
    assert hint in error.hint


def test_a_template_that_was_not_called_is_told_so() -> None:
    """Where a component is wanted, the hint is the call; and the second of one name is asked for by its call."""
    graph = Graph("family")
    for use in graph.add, BatchRuntime:
        with pytest.raises(GraphError) as caught:
            use(above)
        assert caught.value.hint.endswith("a template makes components: above(limit: float, kind: type = float)")
    graph.add(above(1), "warm")
    with pytest.raises(GraphError) as caught:
        graph.add(above(2), "warm")
    assert caught.value.hint.endswith('graph.add(above(limit=2.0), "warm_2")')


def test_a_template_is_no_coroutine() -> None:
    """It would make something that nobody awaits."""

    async def later(limit: int) -> Any: ...

    assert "a template cannot be an async function" in refused(lambda: ComponentTemplate(later)).what


def test_templates_take_the_options_of_components() -> None:
    """The same names and checks as in a class body; what the template says itself, the call may say otherwise."""
    assert above(1, loop=True, stateless=True).options == Options(loop=True, stateless=True)
    assert power(1, fires="any", execute_after_start=True).options == Options(fires="any", execute_after_start=True)

    @ComponentTemplate
    def ticks() -> Any:
        class Ticks(Component):
            loop = True

            async def run(self) -> None: ...

        return Ticks

    assert (ticks().options.loop, ticks(loop=False).options.loop) == (True, False)


# -- as data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: above(20, loop=False), lambda: power(3), lambda: Warm, lambda: shouting(2)])
def test_what_a_template_has_made_can_be_pickled(make: Callable[[], Any]) -> None:
    """By the call that made it, or by its name where that finds it."""
    made = make()
    again = pickle.loads(pickle.dumps(made))
    assert (repr(again), again.options) == (repr(made), made.options)
    assert (again is made) == (made is Warm)


def test_a_graph_names_the_template_and_its_parameters() -> None:
    """As data it holds the call, from which the component is made again; what has a name is named."""
    graph = Graph("net")
    graph.add(above(20, int, loop=False), "high")
    graph.add(Warm)
    graph.inputs.value >> graph["high"].value
    graph["high"].high >> graph["warm"].value
    graph["warm"].high >> graph.outputs.warm
    data = graph_to_data(graph)
    first, second = (node["component"] for node in data["nodes"])
    assert "above" in str(first["template"])
    assert first["parameters"] == {"limit": 20.0, "kind": {"$from": {"import": "builtins:int"}}, "loop": False}
    assert "Warm" in str(second)
    assert "template" not in second
    again = graph_from_data(data)
    assert graph_to_data(again) == data
    assert graph_digest(again) == graph_digest(graph)
    assert again.nodes["high"].options.loop is False
    assert again.nodes["high"].component.label == graph.nodes["high"].component.label


def test_parameters_count_for_what_a_graph_is() -> None:
    """Two graphs with different members of a family are different."""
    graphs = []
    for limit in (1, 2):
        graphs.append(Graph("net"))
        graphs[-1].add(above(limit))
    assert graph_digest(graphs[0]) != graph_digest(graphs[1])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"parameters": {"limit": "x"}}, "above.limit: 'x' is no float"),
        ({"parameters": {"limt": 3}}, "there is no parameter limt"),
        ({"parameters": 3}, "does not say what a template is to make"),
        ({"more": 3}, "does not say what a template is to make"),
        ({"name": 3}, "3 cannot be the name of a component"),
        ({"template": {"import": "fbcore:Graph"}}, "is no template"),
        ({"template": {"import": "fbcore:Nobody"}}, "Nobody"),
    ],
)
def test_wrong_data_of_a_template_is_told(change: dict[str, Any], what: str) -> None:
    """Somebody may have written it by hand."""
    graph = Graph("net")
    graph.add(above(20))
    data = graph_to_data(graph)
    data["nodes"][0]["component"].update(change)
    with pytest.raises(DataError) as caught:
        graph_from_data(data)
    assert what in caught.value.what


# -- graphs that go one way ---------------------------------------------------------------------------------


def test_functions_are_wired_by_the_names_of_their_parameters() -> None:
    """Whoever is called as a parameter gives it; the rest are inputs and configs, and what nobody takes comes out."""
    line = DagTemplate(line_about, count, words, longest)
    spec = spec_of(line)
    ports = {name: port.kind for name, port in spec.ports.items()}
    assert ports == {"line": PortKind.INPUT, "line_about": PortKind.OUTPUT, "sep": PortKind.CONFIG}
    result = BatchRuntime(line).run(inputs={"line": "we-shape-our-tools"}, sep="-")
    assert result.outputs.line_about == ["4 words, longest shape"]
    assert repr(line) == "<component DagTemplate(line_about, count, words, longest)>"


def test_outputs_can_be_chosen() -> None:
    """Also what others take; what was not chosen is discarded."""
    result = BatchRuntime(DagTemplate(words, count, outputs=["words", "count"], name="Line")).run(
        inputs={"line": "a b"}
    )
    assert (result.outputs.words, result.outputs.count) == ([["a", "b"]], [2])


def test_fields_are_names_too() -> None:
    """A function that sends fields by ports of their own gives each by its name."""

    class Halves(NamedTuple):
        left: int
        right: int

    @component(unpack=True)
    def halves(whole: int) -> Halves:
        return Halves(whole // 2, whole - whole // 2)

    def difference(right: int, left: int) -> int:
        return right - left

    assert first_output(DagTemplate(halves, difference), whole=7) == [1]


def test_a_graph_without_circles_becomes_a_component() -> None:
    """Its border are its ports."""
    graph = Graph("shout")
    node = graph.add(louder)
    graph.inputs.text >> node.text
    node.out >> graph.outputs.loud
    made = DagTemplate(graph)
    assert first_output(made, text="hey") == ["HEY!"]
    assert repr(made) == "<component DagTemplate(shout)>"


def circling(*, inside: bool) -> Graph:
    """Return a graph with a circle, perhaps through a composite."""
    graph = Graph("round")
    first: Any = graph.add(shouting(1) if inside else louder, "first")
    second = graph.add(louder, "second")
    out = first.loud if inside else first.out
    out >> second.text
    second.out >> first.text
    return graph


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: DagTemplate(circling(inside=False)), "graph round has a circle: first.out->second.text, second.out"),
        (lambda: DagTemplate(circling(inside=True)), "second.out->first.louder_0.text"),
        (lambda: DagTemplate(of(words), of(count), lambda words: words), "has no name to be wired by"),
        (lambda: DagTemplate(words, of(words)), "two functions make words"),
        (lambda: DagTemplate(words, outputs=["lines"]), "no function makes lines"),
        (DagTemplate, "there is nothing to make a component of"),
        (lambda: DagTemplate(above(3)), "is no function"),
        (lambda: DagTemplate(Graph("a"), Graph("b")), "<graph a: 0 nodes, 0 edges> is no function"),
        (lambda: DagTemplate(Graph("a")), "graph a is empty"),
        (lambda: DagTemplate(circling(inside=False), outputs=["a"]), "`outputs` is for functions"),
    ],
)  # fmt: skip
def test_what_is_no_dag_is_refused(make: Callable[[], Any], what: str) -> None:
    """A circle is named by its edges."""
    assert what in refused(make).what


def test_a_function_that_needs_itself_is_refused() -> None:
    """The smallest circles: a parameter called as its function, and two functions that wait for each other."""

    def left(right: int) -> int:
        return right

    def right(left: int) -> int:
        return left

    def own(own: int) -> int:
        return own

    assert "right.out->left.right" in refused(lambda: DagTemplate(left, right)).what
    assert "own.out->own.own" in refused(lambda: DagTemplate(own, outputs=["own"])).what.replace("own_", "own")


@pytest.mark.parametrize("parts", [(words, count), (louder,), ()])
def test_a_dag_comes_back_from_data(parts: tuple[Any, ...]) -> None:
    """With its functions by name, or its graph in full; and it is looked at again."""
    inner = Graph("inner")
    node = inner.add(louder)
    inner.inputs.text >> node.text
    node.out >> inner.outputs.loud
    graph = Graph("net")
    graph.add(DagTemplate(*(parts or (inner,))), "dag")
    data = graph_to_data(graph)
    assert data["nodes"][0]["component"]["template"] == {"import": "fbcore.model.dag:DagTemplate"}
    again = graph_from_data(data)
    assert graph_to_data(again) == data
    assert list(again.nodes["dag"].component.ports) == list(graph.nodes["dag"].component.ports)
