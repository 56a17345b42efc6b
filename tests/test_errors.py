"""Every error of the package is raised where it should be, says where and how to mend it, and travels."""

import asyncio
import pickle

import pytest

import fbcore
from fbcore import (
    BatchRuntime,
    Component,
    Config,
    ConfigError,
    Each,
    EndOfDemand,
    EndOfStream,
    FlowError,
    Graph,
    GraphError,
    In,
    InputError,
    LoadError,
    LoopError,
    NetError,
    NodeError,
    Out,
    PortError,
    SteppedLoop,
    StopNet,
    component,
)
from fbcore.formats.python_file import load_graph


@component
def halve(number: int, by: int = 2) -> float:
    return number / by


class Needs(Component):
    """Has a config without a default."""

    size: Config[int]
    sizes: Out[int]

    async def run(self) -> None:
        await self.sizes.send(self.size.value)


def halving() -> Graph:
    graph = Graph("halving")
    node = graph.add(halve)
    graph.inputs.number >> node.number
    graph.configs.by >> node.by
    node.out >> graph.outputs.halves
    return graph


def needing() -> Graph:
    graph = Graph("needing")
    node = graph.add(Needs)
    graph.configs.size >> node.size
    node.sizes >> graph.outputs.sizes
    return graph


def connect_an_input_to_an_input() -> None:
    graph = halving()
    graph["halve"].number >> graph["halve"].number


def wait_for_ever() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main())


def run(graph: Graph, **options) -> None:
    BatchRuntime(graph).run(**options)


RAISED = [
    (GraphError, lambda: run(Graph("empty")), "empty", "graph.add("),
    (GraphError, lambda: halving().add(halve), "halve", '"halve_2"'),
    (PortError, connect_an_input_to_an_input, "halve.number", "an output stands on the left"),
    (PortError, lambda: halving()["halve"].numbers, "halve", "its ports are: number, by, out"),
    (ConfigError, lambda: run(needing()), "configs.size", "run(size=...)"),
    (ConfigError, lambda: run(halving(), inputs={"number": 1}, buy=3), "configs.buy", "its configs are: by"),
    (ConfigError, lambda: run(halving(), inputs={"number": 1}, by="x"), "configs.by", "give a value of type int"),
    (InputError, lambda: run(halving()), "inputs.number", "Each(["),
    (InputError, lambda: run(halving(), inputs={"numbers": 1}), "inputs.numbers", "its inputs are: number"),
    (InputError, lambda: run(halving(), inputs={"number": "x"}), "inputs.number", "give a value of type int"),
    (LoadError, lambda: load_graph("no_such_file.py"), "no_such_file.py", ""),
    (LoopError, wait_for_ever, "", "something awaits what nobody will do"),
    (NetError, lambda: run(halving(), inputs={"number": 1}, by=0), "halving", "connect `halve.error`"),
]


@pytest.mark.parametrize(("kind", "act", "address", "hint"), RAISED)
def test_an_error_says_what_where_and_how_to_mend_it(kind, act, address, hint):
    """It is of the class that a caller would handle, and has an address and a hint, all of them in its text."""
    with pytest.raises(FlowError) as caught:
        act()
    error = caught.value
    assert type(error) is kind
    assert error.what
    if kind is GraphError and error.problems:
        (problem,) = error.problems
        assert (problem.address, hint in problem.hint) == (address, True)
        assert problem.hint in str(error)
    else:
        assert error.address == address
        assert hint in error.hint
        assert str(error).startswith(f"{address}: {error.what}" if address else error.what)
        assert error.hint in str(error)


def test_the_error_of_a_node_is_in_the_error_of_its_net():
    """A `NodeError` is not raised by itself: it is in the group of a `NetError`, to be had by `except*` too."""
    seen = []
    try:
        try:
            run(halving(), inputs={"number": Each([4])}, by=0)
        except NetError as error:
            raise error.errors or error from None
    except* NodeError as group:
        seen = list(group.exceptions)
    assert [(error.address, error.held) for error in seen] == [("halve", {"number": 4})]


def errors() -> list[type[FlowError]]:
    """The public errors of the package."""
    found = [getattr(fbcore, name) for name in fbcore.__all__ if name.endswith("Error")]
    return [each for each in found if issubclass(each, FlowError)]


def test_there_are_few_errors_and_one_root():
    """One `except FlowError` catches whatever the package raises, and there are at most sixteen classes."""
    assert 8 <= len(errors()) <= 16
    assert all(issubclass(each, FlowError) for each in errors())
    assert not any(issubclass(each, FlowError) for each in (EndOfStream, EndOfDemand, StopNet))


@pytest.mark.parametrize("kind", [each for each in errors() if each not in (FlowError, NetError)])
def test_an_error_keeps_its_fields_on_a_trip(kind):
    """Pickled and back it is the same error: what, address, hint, and what its class adds."""
    error = kind("it broke", "node.port", "mend it")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error) == "node.port: it broke\n  hint: mend it"
    assert (copy.what, copy.address, copy.hint) == ("it broke", "node.port", "mend it")


def test_the_problems_of_a_graph_keep_on_a_trip():
    """A `GraphError` from another process still tells every problem."""
    graph = Graph("two")
    graph.add(halve)
    graph.add(Needs)
    with pytest.raises(GraphError) as caught:
        graph.validate()
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert len(copy.problems) == len(caught.value.problems) >= 2


@pytest.mark.parametrize("end", [EndOfStream("a.in"), EndOfDemand("a.out"), StopNet("enough")])
def test_what_steers_a_net_keeps_on_a_trip(end):
    """The exceptions that are no errors can be pickled too."""
    copy = pickle.loads(pickle.dumps(end))
    assert (type(copy), str(copy), vars(copy)) == (type(end), str(end), vars(end))


@pytest.mark.parametrize("act", [lambda port: port.receive(), lambda port: port.__anext__()])
def test_a_port_outside_a_net_refuses_to_receive(act):
    """A declared port is no port of a running node; the hint says where ports are used."""
    with pytest.raises(PortError, match=r"In is a declaration.*\n.*`self\.name` inside `run`"):
        asyncio.run(act(In[int]()))


def test_a_port_outside_a_net_refuses_to_send_and_to_tell():
    """So do outputs and configs."""
    with pytest.raises(PortError, match="Out is a declaration"):
        asyncio.run(Out[int]().send(1))
    with pytest.raises(PortError, match="Config is a declaration"):
        Config[int]().value  # noqa: B018 - reading it is the point


@pytest.mark.parametrize("use", [lambda c: c.net, lambda c: c.tasks, lambda c: c.busy()])
def test_a_component_outside_a_net_says_that_it_has_none(use):
    """What needs a running node says how a component comes to run."""
    with pytest.raises(PortError, match=r"this Needs does not run in a net\n.*graph\.add\(TheClass\)"):
        use(Needs())
