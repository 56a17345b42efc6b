"""Orchestrators: nets built by settings and decisions, of functions or of a class that is derived."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    DagOrchestrator,
    Each,
    FlowError,
    FSMRuntime,
    Graph,
    GraphError,
    In,
    NetSettings,
    NodeSettings,
    Orchestrator,
    Out,
    Result,
    SettingsError,
    component,
)
from fbcore.model.cycle import cycle_in
from fbcore.model.flat import flatten
from fbcore.net.net import Net
from fbcore.orchestration.placement import Job
from fbcore.orchestration.supervised import NodeFailure, Reaction


@component
def parse(text: str) -> int:
    return int(text)


@component
def shout(text: str) -> str:
    return text.upper()


class Halves(Component):
    """Fails at an odd number."""

    number: In[int]
    half: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            if number % 2:
                raise ValueError(f"{number} is odd")
            await self.half.send(number // 2)


def two_ways() -> Graph:
    """Return a graph in which `parse` and `shout` get the same texts."""
    graph = Graph("two_ways")
    for node in graph.add(parse), graph.add(shout):
        graph.inputs.text >> node.text
    graph["parse"].out >> graph.outputs.numbers
    graph["shout"].out >> graph.outputs.loud
    return graph


def run(graph: Any, orchestrator: Orchestrator, settings: NetSettings | None = None, **inputs: Any) -> Result:
    """Run a graph by an orchestrator, however it ends."""
    runtime = BatchRuntime(graph, settings=settings, orchestrator=orchestrator)
    return runtime.run(inputs=inputs, raises=False)


class OnEdges(Orchestrator):
    """Makes small edges, and remembers what it was asked."""

    def __init__(self, **decisions: Any) -> None:
        super().__init__(**decisions)
        self.asked: list[str] = []

    def edge(self, plan: Any) -> Any:
        self.asked.append(plan.address)
        plan.capacity = 2
        return super().edge(plan)


def test_an_edge_is_made_by_the_orchestrator() -> None:
    """A method, and a function, is asked for each edge, and what it says holds."""

    def small(plan: Any) -> Any:
        plan.capacity = 2
        return plan.make()

    for orchestrator in OnEdges(), Orchestrator(edge=small):
        result = run(two_ways(), orchestrator, text=Each(["1", "2", "3", "4"]))
        assert result.outputs.numbers == [1, 2, 3, 4]
        assert {edge.capacity for name, edge in result.edges.items() if "outputs" not in name} == {2}


def test_a_function_counts_before_a_method() -> None:
    """A function that is given takes the place of the method of its name."""
    orchestrator = OnEdges(edge=lambda plan: plan.make())
    assert run(two_ways(), orchestrator, text="1").outcome == "finished"
    assert orchestrator.asked == []


def test_what_is_no_edge_is_refused() -> None:
    """A function that returns no edge, or that of another plan, is named with the edge that it was asked for."""
    with pytest.raises(SettingsError, match=r"inputs.text->parse.text: `edge` returned None"):
        run(two_ways(), Orchestrator(edge=lambda plan: None), text="1")
    with pytest.raises(GraphError, match="capacity 0 is no number"):
        run(two_ways(), Orchestrator(edge=lambda plan: setattr(plan, "capacity", 0) or plan.make()), text="1")


class Counts:
    """A placement that counts the nodes whose work it does."""

    def __init__(self) -> None:
        self.began: list[str] = []

    def put(self, job: Job) -> Callable[[], Awaitable[None]]:
        work = job.here()

        async def counted() -> None:
            self.began.append(job.node.address)
            await work()

        return counted


def test_a_node_is_placed_by_the_orchestrator() -> None:
    """Where a node does its work is decided with its component and its settings in hand."""
    counts, here = Counts(), Orchestrator().place

    def place(node: Any) -> Any:
        return counts if node.settings.capacity == 7 and node.component is parse else here(node)

    settings = NetSettings(nodes={"*": NodeSettings(capacity=7)})
    result = run(two_ways(), Orchestrator(place=place), settings, text=Each(["1", "2"]))
    assert (result.outcome, counts.began) == ("finished", ["parse"])
    with pytest.raises(SettingsError, match="parse: `place` returned 'there'"):
        run(two_ways(), Orchestrator(place=lambda node: "there"), text="1")


def test_a_failure_is_reacted_to() -> None:
    """A node that fails can end alone: its error is in the result, and the others go on."""
    texts = Each(["1", "two", "3"])
    for react in (lambda failure: "end"), (lambda failure: "end" if failure.address == "parse" else failure.policy):
        result = run(two_ways(), Orchestrator(react=react), text=texts)
        assert (result.outcome, result.outputs.loud) == ("finished", ["1", "TWO", "3"])
        assert [error.address for error in result.errors] == ["parse"]
        assert result.held == {"parse.text": "two"}
        assert (result.nodes["parse"].phase, result.nodes["shout"].phase) == ("failed", "ended")
    assert run(two_ways(), Orchestrator(react=lambda failure: failure.policy), text=texts).outcome == "failed"


def test_a_class_that_failed_ends_alone() -> None:
    """A class is reacted to as a function is."""
    result = run(Halves, Orchestrator(react=lambda failure: "end"), number=Each([2, 3, 4]))
    assert (result.outcome, result.outputs.half) == ("finished", [1])
    assert (result.held, list(result.unread.values())) == ({"halves.number": 3}, [[4]])


def test_nobody_is_asked_about_failures_that_are_taken() -> None:
    """The port `error` comes first: what it takes is no failure of the node."""
    graph = Graph("taken")
    node = graph.add(Halves)
    graph.inputs.number >> node.number
    node.half >> graph.outputs.half
    node.error >> graph.outputs.failures
    asked: list[Any] = []
    result = run(graph, Orchestrator(react=lambda failure: asked.append(failure) or "end"), number=Each([2, 3]))
    assert (len(result.outputs.failures), asked) == (1, [])


@pytest.mark.parametrize("wrong", [None, "explode", 3])
def test_a_reaction_that_is_none_fails_the_net(wrong: object) -> None:
    """A function that does not say what is to happen fails the net, beside the failure itself."""
    result = run(two_ways(), Orchestrator(react=lambda failure: wrong), text="x")  # type: ignore[arg-type,return-value]
    assert result.outcome == "failed"
    assert [type(error.cause).__name__ for error in result.errors] == ["SettingsError", "ValueError"]


def test_a_reaction_that_raises_fails_the_net() -> None:
    """An error in the function is in the result, and hides nothing."""

    def react(failure: Any) -> Any:
        raise KeyError("no plan")

    result = run(two_ways(), Orchestrator(react=react), text="x")
    assert [type(error.cause).__name__ for error in result.errors] == ["KeyError", "ValueError"]


def _boom(_: Any) -> Any:
    raise RuntimeError("no plan")


async def _later(_: Any) -> Any:
    raise AssertionError("never awaited")


@pytest.mark.parametrize(
    ("decide", "said", "hint"),
    [
        (_boom, r"raised RuntimeError: no plan (test_orchestrator.py:", "mend"),
        (lambda: None, "raised TypeError", "takes one argument"),
        (_later, "is asked and answers at once", "not `async def`"),
    ],
)
def test_what_goes_wrong_in_a_decision_has_an_address(decide: Any, said: str, hint: str) -> None:
    """A function that raises, or is a coroutine, is named together with what it was asked about."""
    for name, at in ("place", "parse"), ("edge", "inputs.text->parse.text"):
        with pytest.raises(SettingsError) as raised:
            run(two_ways(), Orchestrator(**{name: decide}), text="1")
        error = raised.value
        assert (error.address, error.what.startswith(f"`{name}` {said}"), hint in error.hint) == (at, True, True)
    assert run(two_ways(), Orchestrator(react=decide), text="x").outcome == "failed"


@pytest.mark.parametrize("wrong", [{"check": "edgse"}, {"policies": {"drpo": "oldest"}}, {"policies": None}])
def test_a_plan_that_says_what_no_edge_does_is_refused(wrong: dict[str, Any]) -> None:
    """A word that means nothing would otherwise be an option that does nothing."""

    def edge(plan: Any) -> Any:
        for name, value in wrong.items():
            setattr(plan, name, value)
        return plan.make()

    with pytest.raises(GraphError, match=r"inputs\.text->parse\.text"):
        run(two_ways(), Orchestrator(edge=edge), text="1")


def test_what_is_no_orchestrator_is_refused() -> None:
    """Its class, a word, or a word for one of its functions: where it is given, not in the middle of a run."""
    for wrong in Orchestrator, "careful":
        for runtime in BatchRuntime, FSMRuntime:
            with pytest.raises(SettingsError, match="is no orchestrator"):
                runtime(two_ways(), orchestrator=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"react: 'end' decides nothing"):
        Orchestrator(react="end")  # type: ignore[arg-type]


def test_a_class_may_do_without_the_init_of_orchestrators() -> None:
    """What it decides by methods is all there is to it."""

    class Tolerant(Orchestrator):
        def __init__(self) -> None:
            self.failures: list[str] = []

        def react(self, failure: NodeFailure) -> Reaction:
            self.failures.append(failure.address)
            return "end"

    tolerant = Tolerant()
    assert (run(two_ways(), tolerant, text="x").outcome, tolerant.failures) == ("finished", ["parse"])


def test_an_orchestrator_that_does_not_run_its_net_is_told_so() -> None:
    """One that returns too early, or runs a net again, is an error, and no run without an end."""

    class Idle(Orchestrator):
        async def run(self, net: Net) -> Any:
            return None

    class Twice(Orchestrator):
        async def run(self, net: Net) -> Result:
            await net.run()
            return await net.run()

    with pytest.raises(SettingsError, match="returned before the net has ended"):
        run(two_ways(), Idle(), text="1")
    with FSMRuntime(two_ways(), orchestrator=Idle()) as fsm, pytest.raises(SettingsError):
        fsm.start(inputs={"text": "1"})
    with pytest.raises(FlowError, match="has run already"):
        run(two_ways(), Twice(), text="1")


def test_an_orchestrator_is_there_while_a_net_runs() -> None:
    """What derives from it can do something before and after, on any runtime."""

    class Around(Orchestrator):
        async def run(self, net: Net) -> Result:
            seen.append(net.name)
            result = await super().run(net)
            seen.append(str(result.outcome))
            return result

    seen: list[str] = []
    run(two_ways(), Around(), text="1")
    with FSMRuntime(two_ways(), orchestrator=Around()).start(inputs={"text": "1"}) as fsm:
        fsm.run()
    assert seen == ["two_ways", "finished"] * 2


# -- cycles ----------------------------------------------------------------------------------------------


@component
def step(number: int) -> int:
    return number - 1


def ring(*ids: str, way: str = "out") -> Graph:
    """Return a graph of nodes that lead to each other in a circle."""
    graph = Graph("ring")
    nodes = [graph.add(step, id) for id in ids]
    graph.inputs.number >> nodes[0].number
    for node, after in pairwise(nodes):
        node.out >> after.number
    nodes[-1].out >> nodes[0].number
    return graph


@pytest.mark.parametrize(
    ("ids", "named"), [("a", "a.out->a.number"), ("abc", "a.out->b.number, b.out->c.number, c.out->a.number")]
)
def test_a_cycle_is_refused_and_named(ids: str, named: str) -> None:
    """The error names every edge of the cycle, in order; other orchestrators run such a graph."""
    with pytest.raises(GraphError, match=f"ring: there is a cycle: {named}$|{named}\n"):
        run(ring(*ids), DagOrchestrator(), number=1)
    with pytest.raises(GraphError, match="there is a cycle"):
        FSMRuntime(ring(*ids), orchestrator=DagOrchestrator()).start(inputs={"number": 1})


def test_a_graph_without_cycles_is_run() -> None:
    """Diamonds, and ways that part and meet, are no cycles."""
    graph = Graph("diamond")
    top, left, right, end = (graph.add(step, id) for id in ("top", "left", "right", "end"))
    graph.inputs.number >> top.number
    for side in left, right:
        top.out >> side.number
        side.out >> end.number
    end.out >> graph.outputs.last
    assert run(graph, DagOrchestrator(), number=5).outputs.last == [2, 2]


def test_a_cycle_through_a_composite_is_found() -> None:
    """Borders of composites hide no cycle, and make none."""
    inner = Graph("two")
    for name in "xy":
        node = inner.add(step, f"step_{name}")
        inner.inputs[name] >> node.number
        node.out >> inner.outputs[f"out_{name}"]
    graph = Graph("outer")
    two = graph.add(inner.as_component())
    graph.inputs.number >> two.x
    two.out_x >> two.y
    two.out_y >> graph.outputs.last
    assert run(graph, DagOrchestrator(), number=5).outputs.last == [3]
    cyclic = Graph("cyclic")
    two = cyclic.add(inner.as_component())
    two.out_x >> two.y
    two.out_y >> two.x
    with pytest.raises(GraphError, match=r"two.step_x.out->two.step_y.number, two.step_y.out->two.step_x.number"):
        run(cyclic, DagOrchestrator())


def test_a_long_line_is_no_matter() -> None:
    """Ten thousand nodes in a line, and in a ring, are looked through without recursion."""

    class Edge:
        def __init__(self, source: int, target: int) -> None:
            self.source, self.target = (str(source), "out"), (str(target), "in")

    line: list[Any] = [Edge(number, number + 1) for number in range(10_000)]
    assert cycle_in(line) == []
    assert len(cycle_in([*line, Edge(10_000, 0)])) == 10_001  # type: ignore[list-item]
    assert cycle_in(flatten(two_ways()).edges) == []
