"""A net is ended from outside before every one of its turns, and each time nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings

from tests.laws.conservation import check_conservation
from tests.laws.halting import WAYS, Way, halt_plan
from tests.laws.nets import plans
from tests.laws.plan import Plan, PlannedEdge, PlannedNode
from tests.laws.reference import interpret
from tests.laws.running import Run


def chain(*links: str, capacity: int | None = 1, size: int = 3) -> Plan:
    """Plan a chain of kinds, with style and number where given, between an input and an output of the graph."""
    nodes = []
    for number, link in enumerate(links):
        words = link.split()
        kind, style, n = (*words, *("", "class", "2")[len(words) :])
        nodes.append(PlannedNode(f"n{number}", kind, style, int(n)))
    ports = [("inputs", "a"), *((node.id, port) for node in nodes for port in ("value", "out")), ("outputs", "b")]
    edges = [PlannedEdge(source, target, capacity) for source, target in zip(ports[::2], ports[1::2], strict=True)]
    return Plan(tuple(nodes), tuple(edges), (("a", size),))


def plus(plan: Plan, *edges: tuple[str, str]) -> Plan:
    """Add edges, given as `node.port`, of capacity 1."""
    more = [PlannedEdge(_port(source), _port(target), 1) for source, target in edges]
    inputs = dict(plan.inputs) | {edge.source[1]: 3 for edge in more if edge.source[0] == "inputs"}
    return Plan(plan.nodes, (*plan.edges, *more), tuple(inputs.items()))


def _port(address: str) -> tuple[str, str]:
    node, _, port = address.partition(".")
    return node, port


JOIN = Plan(
    (PlannedNode("n0", "join", "async"),),
    (
        PlannedEdge(("inputs", "a"), ("n0", "left"), 1),
        PlannedEdge(("inputs", "b"), ("n0", "right"), 2),
        PlannedEdge(("n0", "out"), ("outputs", "c"), 1),
    ),
    (("a", 3), ("b", 3)),
)

RING = Plan(
    (PlannedNode("n0", "eager", n=3), PlannedNode("n1", "eager", n=3)),
    (
        PlannedEdge(("n0", "out"), ("n1", "value"), 2),
        PlannedEdge(("n1", "out"), ("n0", "value"), 2),
        PlannedEdge(("n0", "done"), ("outputs", "a"), 1),
    ),
    (),
)

NETS = {
    "classes": chain("map", "expand", "map"),
    "functions": chain("map sync", "map async", "expand generator 2", "map async_generator"),
    "roomy": chain("map", "map generator", capacity=64, size=5),
    "early end": chain("map", "take", "map sync", size=5),
    "twins": chain("twins", "map sync"),
    "failing": plus(chain("fail async 2", "map"), ("n0.error", "outputs.errors")),
    "failing class": plus(chain("fail", "map"), ("n0.error", "n1.value")),
    "fan-out and fan-in": plus(chain("map", "map sync", "map"), ("n0.out", "n2.value"), ("inputs.z", "n1.value")),
    "loop": plus(chain("spin", "collect"), ("n0.again", "n0.value")),
    "self-loop of a function": plus(chain("orbit generator 2", "map", capacity=5), ("n0.out", "n0.value")),
    "unconnected": Plan(
        (PlannedNode("n0", "expand"),), (PlannedEdge(("inputs", "a"), ("n0", "value"), 1),), (("a", 2),)
    ),
    "join": JOIN,
    "deadlock": RING,
}


def halted_runs(plan: Plan, way: Way, seed: int | None = None) -> Iterator[Run]:
    """Run a plan again and again, ended before turn 0, 1, 2 ... until it ends by itself before."""
    for turn in count():
        run = halt_plan(plan, way, turn, seed)
        if run is None:
            return
        yield run


def check_halted(plan: Plan, way: Way, seed: int | None = None) -> int:
    """Check all halted runs of a plan, and return how many there were."""
    turns = 0
    for run in halted_runs(plan, way, seed):
        turns += 1
        if not hasattr(run, "result"):
            continue
        check_conservation(run)
        assert run.result.outcome == "stopped" or run.result.outcome == interpret(plan).outcome
    return turns


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("plan", NETS.values(), ids=NETS)
def test_nothing_is_lost_at_any_turn(plan: Plan, way: Way) -> None:
    """Whatever the turn and the way of ending, each packet is delivered, unread, held, unsent or discarded."""
    assert check_halted(plan, way) > 10


@pytest.mark.slow
@settings(max_examples=6)
@given(plans())
def test_nothing_is_lost_at_any_turn_of_random_nets(plan: Plan) -> None:
    """The same holds for random nets in a random order of steps."""
    for seed, way in enumerate(WAYS.values()):
        check_halted(plan, way, seed)
