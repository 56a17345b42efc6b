"""The options that ports take in the body of a class: each changes something that can be seen."""

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
from fbcore.model.port_spec import IMPLICIT, PortKind, PortSpec


def spec(cls: type[Component]) -> dict[str, PortSpec]:
    """Return the ports of a class."""
    graph = Graph("ports")
    graph.add(cls, "node")
    return graph.nodes["node"].component.ports


def line(marker: str) -> int:
    """Return the number of the line in this file that ends with a marker in a comment."""
    lines = Path(__file__).read_text().splitlines()
    (found,) = [number for number, text in enumerate(lines, 1) if text.endswith(f"# {marker}")]
    return found


def errors(graph: Graph) -> list[str]:
    """Return the errors that validating a graph finds, as address and text."""
    try:
        graph.validate()
    except GraphError as error:
        return [f"{problem.address}: {problem.what}" for problem in error.problems if problem.is_error]
    return []


def positive(number: int) -> bool:
    """Accept what is more than nothing."""
    return number > 0


class Everything(Component):
    """Has a port of every kind, with every option."""

    plain: In[int]
    maybe: In[int] = In(optional=True)
    checked: In[int] = In(validate=positive)
    parts: InArray[int]
    more: InArray[int] = InArray(optional=True, validate=positive)
    path: Config[Path]
    limit: Config[int] = Config(default=5, validate=positive)
    nothing: Config[int | None] = Config(default=None)
    go: Signal
    done: Message
    out: Out[int]
    outs: OutArray[int]

    async def run(self) -> None: ...


# -- reading them -----------------------------------------------------------------------------------------


def test_every_kind_of_port_is_read_with_its_options():
    """Kind, whether it is an array, whether it must be connected or given, and its validator."""
    found = {
        name: (port.kind.value, port.is_array, port.required, port.validate) for name, port in spec(Everything).items()
    }
    assert found == {
        "plain": ("input", False, True, None),
        "maybe": ("input", False, False, None),
        "checked": ("input", False, True, positive),
        "parts": ("input", True, True, None),
        "more": ("input", True, False, positive),
        "path": ("config", False, True, None),
        "limit": ("config", False, False, positive),
        "nothing": ("config", False, False, None),
        "go": ("signal", False, False, None),
        "done": ("message", False, False, None),
        "out": ("output", False, False, None),
        "outs": ("output", True, False, None),
    }


def test_signals_take_anything_and_messages_carry_nothing():
    """So that any output fits a signal, and a message fits no input of values."""
    ports = spec(Everything)
    assert (ports["go"].type, ports["done"].type) == (Any, None)

    class Other(Component):
        number: In[int]

        async def run(self) -> None: ...

    graph = Graph("kinds")
    node, other = graph.add(Everything, path="x"), graph.add(Other)
    node.out >> node.go
    node.done >> other.number
    assert "everything.done->other.number: None does not fit int" in errors(graph)
    assert not [error for error in errors(graph) if "everything.go" in error]


def test_every_node_has_the_implicit_ports():
    """A failure, two signals and four messages, which nobody declares."""
    assert {name: port.kind for name, port in IMPLICIT.items()} == {
        "error": PortKind.OUTPUT,
        "execute": PortKind.SIGNAL,
        "stop": PortKind.SIGNAL,
        "started": PortKind.MESSAGE,
        "stopped": PortKind.MESSAGE,
        "executed": PortKind.MESSAGE,
        "failed": PortKind.MESSAGE,
    }
    graph = Graph("implicit")
    node = graph.add(Everything)
    assert set(IMPLICIT) <= set(dir(node))
    assert (node.execute.kind, node.failed.kind) == (PortKind.SIGNAL, PortKind.MESSAGE)


@pytest.mark.parametrize("name", sorted(IMPLICIT))
def test_nobody_declares_what_every_node_has(name: str):
    """A port of that name is a problem, of whatever kind it is."""
    made = type("Made", (Component,), {"__annotations__": {name: In[int]}, "run": Everything.run})
    graph = Graph("taken")
    graph.add(made)
    assert f"made.{name}: a component has `{name}` anyway" in errors(graph)


@pytest.mark.parametrize(
    ("annotation", "given", "example"),
    [
        (In[int], Config(default=1), "In(optional=True)"),
        (InArray[int], In(optional=True), "InArray(optional=True)"),
        (InArray[int], [1], "InArray(optional=True)"),
        (Config[int], In(), "Config(default=...)"),
        (Config[int], 7, "Config(default=7)"),
        (Signal, Message(), "Signal()"),
        (Message, Signal(), "Message()"),
        (OutArray[int], Out(), "OutArray()"),
        (Out[int], In(), "Out()"),
    ],
)
def test_an_option_of_another_kind_is_refused(annotation: Any, given: Any, example: str):
    """The error names class and port, and shows what to write."""
    made = type("Made", (Component,), {"__annotations__": {"port": annotation}, "port": given, "run": Everything.run})
    with pytest.raises(GraphError) as caught:
        Graph("wrong").add(made)
    assert (caught.value.address, caught.value.hint) == ("Made.port", f"write `= {example}`")


@pytest.mark.parametrize("port", [In(validate=3), InArray(validate="no"), Config(validate=[])])
def test_a_validator_is_a_function(port: Any):
    """Anything else is refused, and the hint says what it is to do."""
    form = type(port)[int]
    made = type("Made", (Component,), {"__annotations__": {"port": form}, "port": port, "run": Everything.run})
    with pytest.raises(GraphError, match="validate cannot be") as caught:
        Graph("wrong").add(made)
    assert "a function of the value that raises, or returns False" in caught.value.hint


def test_a_validator_does_not_wait():
    """An async one would be called and never run, and so refuse nothing."""

    async def later(value: int) -> bool:
        return False

    made = type("Made", (Component,), {"__annotations__": {"port": In[int]}, "port": In(validate=later)})
    with pytest.raises(GraphError, match="validate cannot be an async function") as caught:
        Graph("wrong").add(made)
    assert caught.value.address == "Made.port"


def test_options_are_inherited_and_may_be_changed():
    """With the annotation or without it."""

    class Base(Component):
        number: In[int] = In(validate=positive)
        limit: Config[int] = Config(default=1)

        async def run(self) -> None: ...

    class Same(Base):
        pass

    class Other(Base):
        number: In[int] = In(optional=True)
        limit = Config(default=2)

    assert spec(Same)["number"].validate is positive
    assert (spec(Other)["number"].validate, spec(Other)["number"].optional) == (None, True)
    assert [spec(cls)["limit"].default for cls in (Base, Same, Other)] == [1, 1, 2]


# -- what a validator answers -----------------------------------------------------------------------------


class bool_:  # noqa: N801 - as arrays call theirs
    """A bool as arrays have it: another object than True and False."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value


class Frame:
    """A value whose comparison is a table, which has no truth, as in arrays and data frames."""

    def __eq__(self, other: object) -> Any:
        return Frame()

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("the truth value of a frame is ambiguous")

    def __repr__(self) -> str:
        return "Frame()"


def refusal(validate: Any, value: Any) -> str:
    """Say why a port with this validator refuses a value."""
    port = PortSpec("port", PortKind.INPUT)
    port.validate = validate
    return port.refusal(value)


@pytest.mark.parametrize("answer", [True, None, 0, "", [], Frame(), bool_(True), "no"])
def test_only_false_is_no(answer: Any):
    """What is falsy for other reasons, and what has no truth, is no refusal."""
    assert refusal(lambda value: answer, 3) == ""


@pytest.mark.parametrize("answer", [False, bool_(False)])
def test_false_is_no_whoever_says_it(answer: Any):
    """Arrays answer with a bool of their own, which `is False` would let pass."""
    assert refusal(lambda value: answer, 3) == "3 was refused by <lambda>"


def test_a_validator_that_raises_refuses():
    """Its own words are the reason, the name of the error where it has none; the value is shown short."""

    def even(value: int) -> None:
        if value % 2:
            raise ValueError(f"{value} is odd")

    def silent(value: Any) -> None:
        raise KeyError

    assert refusal(even, 2) == ""
    assert refusal(even, 3) == "3 was refused by even: 3 is odd"
    assert refusal(silent, Frame()) == "Frame() was refused by silent: KeyError"
    assert len(refusal(silent, "x" * 1000)) < 120
    assert refusal(None, 3) == ""


# -- what is known before anything runs -------------------------------------------------------------------


class Limited(Component):
    """Has a config with a validator."""

    limit: Config[int] = Config(default=5, validate=positive)
    out: Out[int]

    async def run(self) -> None: ...


def limited(**configs: Any) -> Graph:
    """Return a graph of one node with these configs."""
    graph = Graph("limited")
    graph.add(Limited, **configs).out >> graph.outputs.out
    return graph


def test_a_config_that_its_validator_refuses_is_a_problem():
    """Given to `add`, as a default, or as an initial packet; it is asked for the value that the node would get."""
    assert errors(limited(limit=-1)) == ["limited.limit: -1 was refused by positive"]
    assert errors(limited(limit="7")) == []

    class Worse(Limited):
        limit: Config[int] = Config(default=0, validate=positive)

    graph = Graph("worse")
    graph.add(Worse).out >> graph.outputs.out
    assert errors(graph) == ["worse.limit: 0 was refused by positive"]
    graph = limited()
    graph.initial(-2) >> graph["limited"].limit
    assert errors(graph) == ["initial.0->limited.limit: -2 was refused by positive"]


def test_a_value_of_the_wrong_type_is_not_shown_to_the_validator():
    """It may rely on the type."""
    (error,) = errors(limited(limit="many"))
    assert "'many' is no int" in error


def test_none_means_that_there_is_none():
    """A config whose default is None is optional, whatever its type, and its validator is not asked."""

    class Optional(Limited):
        limit: Config[int] = Config(default=None, validate=positive)

    graph = Graph("optional")
    graph.add(Optional).out >> graph.outputs.out
    assert errors(graph) == []


# -- initial packets --------------------------------------------------------------------------------------


@component
def double(number: int, factor: int = 2) -> int:
    return factor * number


def doubling(value: Any, port: str = "number") -> Graph:
    """Return a graph with an initial packet for one port of a node."""
    graph = Graph("doubling")
    node = graph.add(double)
    if port != "number":
        graph.inputs.number >> node.number
    graph.initial(value) >> getattr(node, port)
    node.out >> graph.outputs.out
    return graph


def test_an_initial_packet_must_fit():
    """An input takes it as it is, a config converts it as it does any value that is given."""
    assert errors(doubling(3)) == []
    assert errors(doubling("3"))[0].startswith("initial.0->double.number: '3' is no int")
    assert errors(doubling("3", "factor")) == []
    assert errors(doubling("x", "factor"))[0].startswith("initial.0->double.factor: 'x' is no int")


def test_an_initial_packet_that_goes_nowhere_is_a_problem():
    """It was meant for something; the value is shown."""
    graph = doubling(3)
    graph.initial([7])  # nowhere
    assert errors(graph) == ["initial.1: the initial packet [7] goes nowhere"]
    with pytest.raises(GraphError) as caught:
        graph.validate()
    place = caught.value.problems[0].place
    assert (place.file, place.line) == (__file__, line("nowhere"))


def test_an_initial_packet_feeds_a_config_once():
    """With another feeder it is fed twice, as any config."""
    graph = doubling(3, "factor")
    graph.configs.factor >> graph["double"].factor
    assert errors(graph) == ["double.factor: this config is fed twice"]


def test_an_initial_packet_stands_on_the_left_only():
    """Nothing comes in through it."""
    graph = doubling(3)
    with pytest.raises(PortError, match="nothing comes in through it"):
        graph["double"].out >> graph.initial(1)


def test_a_frozen_graph_has_no_new_initial_packets():
    """As it has no new nodes."""
    graph = doubling(3)
    graph.as_component()
    with pytest.raises(GraphError, match="frozen"):
        graph.initial(1)


# -- options of edges -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"capacity": 0}, {"capacity": 1.5}, {"capacity": True}, {"copy": 1}, {"copy": None}]
)
def test_an_option_that_an_edge_cannot_have_is_refused(options: dict[str, Any]):
    """Where it is written, with the line and a hint."""
    graph = Graph("edges")
    node = graph.add(double)
    with pytest.raises(GraphError, match=r"test_port_options\.py:\d+") as caught:
        graph.connect(graph.inputs.number, node.number, **options)
    assert caught.value.hint


@pytest.mark.parametrize("options", [{"capacity": 3}, {"copy": True}])
def test_a_value_that_is_there_before_the_net_runs_passes_no_edge(options: dict[str, Any]):
    """An option would change nothing, and is refused; a node that feeds the config may have it."""
    graph = Graph("edges")
    node, source = graph.add(double, "node"), graph.add(double, "source")
    for before in (graph.configs.factor, graph.initial(3)):
        with pytest.raises(GraphError, match="nothing passes this edge") as caught:
            graph.connect(before, node.factor, **options)
        assert caught.value.hint == "connect it by >>"
    graph.connect(source.out, node.factor, **options)
    graph.connect(graph.initial(1), node.number, **options)


def test_a_config_of_the_graph_feeds_configs_only():
    """An input, or a signal, gets packets; the hint shows how."""
    graph = Graph("wrong")
    node = graph.add(double)
    for port in (node.number, node.execute, node.stop):
        with pytest.raises(PortError, match=r"configs\.value cannot feed this") as caught:
            graph.configs.value >> port
        assert "graph.inputs.name" in caught.value.hint


def test_declared_ports_refuse_to_work():
    """Outside of a running node they say where they belong."""
    config, signal, message = Config[int](), Signal(), Message()
    uses = [
        lambda: config.value,
        config.changes,
        lambda: config.accepts(1),
        lambda: signal.is_connected,
        lambda: signal.accepts(1),
        lambda: message.is_connected,
        lambda: message >> signal,
        lambda: In[int]().packets(),
    ]
    for use in uses:
        with pytest.raises(PortError, match="is a declaration") as caught:
            use()
        assert "inside `run`" in caught.value.hint
    for coroutine in (signal.receive(), message.send(), In[int]().receive_packet(), Out[int]().forward(None)):
        with pytest.raises(PortError, match="is a declaration"):
            coroutine.send(None)


def test_options_of_a_composite_hold_for_what_is_inside():
    """An optional input may be left unconnected, and a validator is asked."""

    class Around(CompositeComponent):
        number: In[int] = In(optional=True, validate=positive)
        out: Out[int]

        def build(self, graph: Graph) -> None:
            node = graph.add(double)
            graph.inputs.number >> node.number
            node.out >> graph.outputs.out

    graph = Graph("around")
    graph.add(Around).out >> graph.outputs.out
    assert errors(graph) == []
    assert spec(Around)["number"].validate is positive
