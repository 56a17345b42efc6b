"""What there is to see of a session at one moment, as plain data: taken between two steps, and kept as it is."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from fbcore.net.edge import Edge
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.verdict import Verdict
from fbcore.runtimes.choice import Choice, Step
from fbdev.step.seen import one_line, seen
from fbdev.step.session import Session

_VALUES = 12
"""Values of an edge that are shown beside it."""

_OUTSIDE = ("input", "initial")
"""What sends packets from outside is called so; its address has a dot without being in a composite."""


class EdgeSight(NamedTuple):
    """An edge: its ends as they are written beside its node, its fill, and its first packets as text."""

    address: str
    port: str
    target: str
    fill: int
    capacity: int | None
    is_sink: bool
    values: str


class NodeSight(NamedTuple):
    """A node: the composites that it is in, its name there, its phase, what it has in its hands, its edges."""

    address: str
    path: tuple[str, ...]
    name: str
    component: str
    phase: str
    hands: str
    edges: Sequence[EdgeSight]


class ChoiceSight(NamedTuple):
    """What can happen next: its name, its kind, its node, and what it would do."""

    name: str
    kind: str
    node: str
    does: str


class Scene(NamedTuple):
    """A net between two steps.

    `doings` say of each step what it was to do. `touched` are the nodes and edges that the last step was about,
    `circle` those of a deadlock, `broken` those with a breakpoint. `standing` says why it is blocked or
    is about to fail, `outcome` how it ended; "" otherwise.
    """

    name: str
    time: float
    steps: Sequence[Step]
    doings: Sequence[str]
    undone: Sequence[str]
    printed: Sequence[tuple[int, str]]
    nodes: Sequence[NodeSight]
    choices: Sequence[ChoiceSight]
    timers: Sequence[tuple[str, float]]
    touched: frozenset[str]
    circle: frozenset[str]
    broken: frozenset[str]
    standing: str
    is_ending: bool
    outcome: str
    is_good: bool


def scene_of(session: Session) -> Scene:
    """Look at a session."""
    fsm = session.fsm
    net, result, stuck = fsm.net, fsm.result, session.stuck()
    circle = result.knot if result is not None else stuck.knot if stuck is not None else ()
    return Scene(
        fsm.graph.name,
        fsm.time,
        # Lists that grow at their ends only, until they are cut: what is seen of them is their length now.
        list(session.steps),
        list(session.doings),
        list(reversed(session.undone)),
        list(session.printed.lines),
        _nodes(net),
        [_choice(choice) for choice in fsm.enabled().values()],
        sorted(fsm.state()["timers"].items(), key=lambda timer: timer[1]),
        frozenset(_touched(session.steps[-1])) if session.steps else frozenset(),
        frozenset(circle),
        frozenset(session.broken()),
        _standing(session, stuck),
        net.is_stopping,
        str(result.outcome) if result is not None else "",
        result.outcome.is_good if result is not None else True,
    )


def _standing(session: Session, stuck: Verdict | None) -> str:
    if session.failure and session.fsm.result is None:
        return f"failed: {session.failure}"
    return f"{stuck.outcome}: {stuck.reason}" if stuck is not None else ""


def _nodes(net: Net) -> list[NodeSight]:
    # Ports forget edges whose other end has ended; the net does not.
    edges: dict[Node, list[Edge]] = {}
    for edge in net.edges:
        edges.setdefault(edge.source.node, []).append(edge)
    return [_node(node, edges.get(node, [])) for node in _in_order(net.nodes)]


def _in_order(nodes: Sequence[Node]) -> list[Node]:
    """Put what comes from outside first; then as declared, what is in one composite together."""
    place: dict[str, int] = {}
    for number, node in enumerate(nodes):
        place.setdefault(node.address.partition(".")[0], number)
    return sorted(nodes, key=lambda node: (node.component not in _OUTSIDE, place[node.address.partition(".")[0]]))


def _node(node: Node, edges: Sequence[Edge]) -> NodeSight:
    parts = node.address.split(".")
    own = 2 if node.component in _OUTSIDE and len(parts) > 1 else 1
    return NodeSight(
        node.address,
        tuple(parts[:-own]),
        ".".join(parts[-own:]),
        "" if node.component in _OUTSIDE else node.component,
        str(node.phase),
        _hands(node),
        [_edge(edge, node) for edge in edges],
    )


def _hands(node: Node) -> str:
    """Say which packets a node holds, and which it is about to send."""
    if node.ended:
        return ""
    found = [f"holds {seen(value)}" for value in node.in_hand().values()]
    pending = [value for port in (*node.outs.values(), node.error) for value in port.pending.values()]
    found += [f"sends {seen(value)}" for value in pending]
    found += [f"{name} = {seen(cell.value)}" for name, cell in node.memories.items()]
    return ", ".join(found)


def _edge(edge: Edge, node: Node) -> EdgeSight:
    values = edge.values()
    first = ", ".join(seen(value) for value in islice(values, _VALUES))
    source, target = edge.address.split("->")
    return EdgeSight(
        edge.address,
        source.removeprefix(f"{node.address}.") if source != node.address else "",
        target,
        len(values),
        edge.capacity,
        edge.target.node is None,
        first + (", ..." if len(values) > _VALUES else ""),
    )


def _choice(choice: Choice) -> ChoiceSight:
    return ChoiceSight(choice.name, str(choice.kind), choice.node, one_line(choice.does))


def _touched(step: Step) -> Iterator[str]:
    if step.node:
        yield step.node
    yield from (move.edge for move in step.moves)
