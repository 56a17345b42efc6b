"""Options of components: typed, inherited, changed for a node, refused with the nearest right name."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from fbcore import Component, CompositeComponent, Graph, GraphError, In, component
from fbcore.formats.graph_data import graph_digest, graph_from_data, graph_to_data
from fbcore.model.function import FunctionTemplate
from fbcore.model.options import Options


class Ticks(Component):
    loop = True

    async def run(self) -> None: ...


class Quiet(Ticks):
    execute_after_start = False


class Once(Ticks):
    loop = False


class Twice(Quiet, Once):
    """Inherits as Python does: what a base says nothing of, the next one may say."""


def class_with(**body: Any) -> Callable[[], Any]:
    """Return what makes a class with this body."""
    return lambda: type("Odd", (Component,), {"__module__": __name__, **body})


def composite_with(**body: Any) -> Callable[[], Any]:
    """Return what makes a composite with this body."""
    return lambda: type("Odd", (CompositeComponent,), {"__module__": __name__, **body})


def node_with(options: Any, target: Any = Ticks) -> Callable[[], Any]:
    """Return what adds a node with these options."""
    return lambda: Graph("odd").add(target, "node", options=options)


@component
def same(value: int) -> int:
    return value


@component(fires="any", loop=False, execute_after_start=True)
def eager(value: int) -> int:
    return value


def test_a_class_says_its_options_in_its_body() -> None:
    """What it does not say is as by default; `options` shows all."""
    assert Ticks.options == Options(loop=True)
    assert Component.options == Options()


def test_options_are_inherited_as_all_attributes_are() -> None:
    """A derived class has those of its bases, in the order of Python, and says otherwise where it likes."""
    assert Quiet.options == Options(loop=True, execute_after_start=False)
    assert Once.options == Options(loop=False)
    assert Twice.options == Options(loop=False, execute_after_start=False)


def test_a_function_says_the_same_options_to_its_decorator() -> None:
    """The same names, the same values, and those that only functions have."""
    assert eager.options == Options(fires="any", loop=False, execute_after_start=True)
    assert same.options == Options()


def test_options_wait_for_a_function_in_a_template() -> None:
    """What `@component(...)` is can be kept, used for several functions, and says what it is."""
    sources = component(loop=True)
    assert isinstance(sources, FunctionTemplate)
    assert repr(component(loop=True, fires="any", unpack=True)) == "@component(loop=True, fires='any', unpack=True)"

    def one() -> int:
        return 1

    assert (sources(one).options.loop, sources(one)()) == (True, 1)


def test_a_node_has_its_own() -> None:
    """`add` changes some of them for one node, and leaves the component and other nodes alone."""
    graph = Graph("two")
    graph.add(Ticks, "one", options={"loop": None, "execute_after_start": True})
    graph.add(Ticks, "two")
    graph.add(eager, options={"fires": "all"})
    assert graph.nodes["one"].options == Options(execute_after_start=True)
    assert graph.nodes["two"].options == Ticks.options == Options(loop=True)
    assert graph.nodes["eager"].options.fires == "all"
    assert eager.options.fires == "any"


def test_what_a_node_has_of_its_own_is_data_too() -> None:
    """A graph that is written and read has the same options, and another digest than one without."""
    graph, plain = Graph("net"), Graph("net")
    graph.add(Ticks, options={"loop": False})
    plain.add(Ticks)
    data = graph_to_data(graph)
    assert data["nodes"][0]["options"] == {"loop": False}
    again = graph_from_data(data)
    assert again.nodes["ticks"].options == Options(loop=False)
    assert graph_digest(again) == graph_digest(graph) != graph_digest(plain)


@pytest.mark.parametrize(
    ("make", "what", "address", "hint"),
    [
        (class_with(lopp=True), "there is no option lopp", "Odd", "did you mean loop?"),
        (class_with(execute_at_start=False), "no option execute_at_start", "Odd", "did you mean execute_after_start?"),
        (class_with(Loop=True), "there is no option Loop", "Odd", "did you mean loop?"),
        (class_with(state_less=True), "there is no option state_less", "Odd", "did you mean stateless?"),
        (class_with(loop="yes"), "loop cannot be 'yes'", "Odd", "say loop=True or loop=False"),
        (class_with(loop=1), "loop cannot be 1", "Odd", "say loop=True or loop=False"),
        (class_with(stateless=None), "stateless cannot be None", "Odd", "say stateless=True or stateless=False"),
        (class_with(loop=lambda self: None), "loop cannot be", "Odd", "say loop=True"),
        (class_with(fires="any"), "fires is an option of functions", "Odd", "leave it away: a class receives"),
        (composite_with(loop=True), "a composite has no options, and so no loop", "Odd", "a component inside"),
        (lambda: component(lopp=True), "there is no option lopp", "@component", "did you mean loop?"),
        (lambda: component(unpacked=True), "there is no option unpacked", "@component", "did you mean unpack?"),
        (lambda: component(colour=1), "no option colour", "@component", "loop, fires, buffered, unpack"),
        (lambda: component(loop="x"), "loop cannot be 'x'", "@component", "say loop=True or loop=False"),
        (lambda: component(unpack=1), "unpack cannot be 1", "@component", "say unpack=True"),
        (lambda: component(stateless=True), "stateless is an option of classes", "@component", "leave it away"),
        (node_with({"lopp": True}), "there is no option lopp", "node", "did you mean loop?"),
        (node_with({"loop": 0}), "loop cannot be 0", "node", "say loop=True"),
        (node_with({"buffered": True}), "buffered is an option of functions", "node", "leave it away"),
        (node_with({"stateless": True}, same), "stateless is an option of classes", "node", "leave it away"),
        (node_with("fast"), "'fast' are no options of a node", "node", "a config cannot be called options"),
    ],
)  # fmt: skip
def test_what_is_no_option_is_refused(make: Callable[[], Any], what: str, address: str, hint: str) -> None:
    """In a class body, in `@component` and for a node alike, with the name that was meant."""
    with pytest.raises(GraphError) as caught:
        make()
    assert what in caught.value.what
    assert caught.value.address == address
    assert hint in caught.value.hint


def test_options_beside_the_bases_are_refused() -> None:
    """Where other libraries have theirs; what is no option of ours goes on to the next base."""
    with pytest.raises(GraphError, match="loop is said in the body of a class") as caught:
        type("Odd", (Ticks,), {}, loop=False)
    assert caught.value.hint == "write `loop = False` in the body of Odd"
    with pytest.raises(TypeError):
        type("Odd", (Ticks,), {}, colour="blue")


def test_what_is_somebodys_own_is_left_alone() -> None:
    """Values that are no yes or no, names unlike any option, and what says by its annotation that it is no option."""

    class Own(Component):
        loops = 3
        is_fast = True
        looped: ClassVar[bool] = True
        _loop = True

        async def run(self) -> None: ...

    assert Own.options == Options()


@pytest.mark.parametrize("name", ["loop", "options", "execute_after_start"])
def test_no_port_has_the_name_of_an_option(name: str) -> None:
    """A component has them anyway, so that nobody has to guess what is meant."""
    made = type("Port", (Ticks,), {"__annotations__": {name: In[int]}, "__module__": __name__})
    graph = Graph("port")
    graph.add(made, "node")
    with pytest.raises(GraphError, match=f"a component has `{name}` anyway"):
        graph.validate()


def test_waiting_for_a_signal_that_nobody_sends_is_found_before_a_run() -> None:
    """With `execute_after_start=False` something must be connected to `execute`."""
    graph = Graph("never")
    graph.add(Quiet)
    with pytest.raises(GraphError, match="it waits for `execute`, and nothing is connected to that"):
        graph.validate()


def test_only_what_yields_can_be_buffered_for_a_node() -> None:
    """A node cannot have an option that would do nothing."""

    @component
    def parts(text: str) -> Iterator[str]:
        yield from text

    Graph("parts").add(parts, options={"buffered": True})
    with pytest.raises(GraphError, match="buffered is for functions that yield"):
        Graph("same").add(same, options={"buffered": True})
