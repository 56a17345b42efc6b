"""A net as plain data: what the generator draws, the reference interprets, and the translator makes a graph of.

What a node does is said here in words, and programmed twice: for the reference in `programs`, for fbcore in `actors`.
`v.me` stands for the value with the node's id appended.

| kind | inputs | outputs | does |
|---|---|---|---|
| source | | out | sends n values |
| map | value | out | sends v.me for each v |
| drop | value | out | as map, but leaves out the first of every n |
| expand | value | out | sends n values for each |
| take | value | out | as map, but ends after n |
| collect | value | out | takes all, then sends how many there were |
| join | left, right | out | sends (left+right).me for one of each (a firing: all or none) |
| concat | left, right | out | passes on all of left, then all of right |
| alternate | left, right | out | passes on one of left, one of right, and so on |
| switch | value | out, other | passes on to out and other in turn |
| fail | value | out | as map, but fails at each nth (a generator after its first item); a class ends there |
| stop | value | out | as map, but stops the whole net at the nth |
| spin | value | again, out | marks a value and sends it to again until it has n marks, then to out |
| orbit | value | out | a function: marks a value and sends it out while it has fewer than n marks |
| eager | value | out, done | sends n values, then takes n and passes them on to done |
| twins | value | out | as map, in two tasks at once |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Port = tuple[str, str]
"""The id of a node and the name of its port; the id is `inputs` or `outputs` on the border."""

ONE, TWO = ("value",), ("left", "right")

INS = {"source": (), "join": TWO, "concat": TWO, "alternate": TWO}
OUTS = {"switch": ("out", "other"), "spin": ("again", "out"), "eager": ("out", "done")}

ANY_FUNCTION = ("sync", "async", "generator", "async_generator")
STYLES = {
    "source": ("class", "generator", "async_generator"),
    "map": ("class", *ANY_FUNCTION),
    "drop": ("class", *ANY_FUNCTION),
    "fail": ("class", *ANY_FUNCTION),
    "stop": ("class", *ANY_FUNCTION),
    "expand": ("class", "generator", "async_generator"),
    "join": ANY_FUNCTION,
    "orbit": ANY_FUNCTION,
}
"""In which ways a component of a kind can be written; kinds that are not here are classes."""


def ins_of(kind: str) -> tuple[str, ...]:
    """Name the inputs of a kind."""
    return INS.get(kind, ONE)


def outs_of(kind: str) -> tuple[str, ...]:
    """Name the outputs of a kind."""
    return OUTS.get(kind, ("out",))


@dataclass(frozen=True)
class PlannedNode:
    """A node: what it does, in which way it is written, and the number that its kind needs."""

    id: str
    kind: str
    style: str = "class"
    n: int = 1


@dataclass(frozen=True)
class PlannedEdge:
    """A connection; `capacity` None is without bound."""

    source: Port
    target: Port
    capacity: int | None

    @property
    def address(self) -> str:
        """Name the edge as reports do."""
        return f"{'.'.join(self.source)}->{'.'.join(self.target)}"


@dataclass(frozen=True)
class Plan:
    """A whole net; `inputs` says how many values go into each input of the graph."""

    nodes: tuple[PlannedNode, ...]
    edges: tuple[PlannedEdge, ...]
    inputs: tuple[tuple[str, int], ...]

    def with_capacity(self, capacity: int | None) -> Plan:
        """Return the same net with the same capacity on all edges."""
        return replace(self, edges=tuple(replace(edge, capacity=capacity) for edge in self.edges))

    def edges_from(self, port: Port) -> list[PlannedEdge]:
        """List the edges that leave an output."""
        return [edge for edge in self.edges if edge.source == port]

    def edges_to(self, port: Port) -> list[PlannedEdge]:
        """List the edges that come into an input."""
        return [edge for edge in self.edges if edge.target == port]

    @property
    def names(self) -> list[str]:
        """Name the nodes in order of declaration, the graph's inputs after the others."""
        return [node.id for node in self.nodes] + [f"inputs.{name}" for name, _ in self.inputs]


def owner(port: Port) -> str:
    """Name the node that a port belongs to; each input of the graph is a node of its own."""
    return ".".join(port) if port[0] == "inputs" else port[0]


def written(nodes: str, edges: str, **inputs: int) -> Plan:
    """Read a net from two texts: nodes as `id=kind/style/n`, edges as `a.out->b.value:capacity`; what is left out is 1.

    Example: `written("m=map/sync", "inputs.a->m.value:2 m.out->outputs.o", a=3)`
    """
    made = []
    for text in nodes.split():
        name, _, what = text.partition("=")
        kind, style, n = (*what.split("/"), *("", "class", "1")[what.count("/") + 1 :])
        made.append(PlannedNode(name, kind, style, int(n)))
    lines = []
    for text in edges.split():
        ends, _, capacity = text.partition(":")
        source, target = (tuple(end.split(".")) for end in ends.split("->"))
        lines.append(PlannedEdge(source, target, int(capacity or 1)))  # type: ignore[arg-type]
    return Plan(tuple(made), tuple(lines), tuple(inputs.items()))


def features(plan: Plan) -> set[str]:
    """Name what there is in a net, as the test of the generator counts it."""
    found = {node.kind for node in plan.nodes}
    found |= {"class" if node.style == "class" else f"{node.style} function" for node in plan.nodes}
    sources = [edge.source for edge in plan.edges]
    targets = [edge.target for edge in plan.edges]
    capacities = {edge.capacity for edge in plan.edges}
    signs = {
        "fan-out": len(set(sources)) < len(sources),
        "fan-in": has_fan_in(plan),
        "fan-in to an output": any(targets.count(target) > 1 for target in targets if target[0] == "outputs"),
        "cycle": has_cycle(plan),
        "diamond": has_diamond(plan),
        "unconnected output": any((n.id, port) not in sources for n in plan.nodes for port in outs_of(n.kind)),
        "empty input": any(count == 0 for _, count in plan.inputs),
        "error connected": any(port == "error" for _, port in sources),
        "fails, error unconnected": any(n.kind == "fail" and (n.id, "error") not in sources for n in plan.nodes),
        "capacity 1": 1 in capacities,
        "capacity 2 to 64": any(capacity is not None and capacity > 1 for capacity in capacities),
        "capacity None": None in capacities,
        "deterministic": is_ordered(plan),
    }
    return found | {name for name, there in signs.items() if there}


def has_fan_in(plan: Plan) -> bool:
    """Say whether an input of a node has several edges."""
    targets = [edge.target for edge in plan.edges if edge.target[0] != "outputs"]
    return len(set(targets)) < len(targets)


def reachable(plan: Plan) -> dict[str, set[str]]:
    """Return which nodes can be reached from each, by one edge or more."""
    found = {name: {owner(e.target) for e in plan.edges if owner(e.source) == name} for name in plan.names}
    for name in plan.names:
        frontier = list(found[name])
        while frontier:
            fresh = found.get(frontier.pop(), set()) - found[name]
            found[name] |= fresh
            frontier += fresh
    return found


def has_cycle(plan: Plan) -> bool:
    """Say whether a node can reach itself."""
    return any(name in others for name, others in reachable(plan).items())


def has_diamond(plan: Plan) -> bool:
    """Say whether two ways lead from one node to another, by different neighbours."""
    found = reachable(plan)
    for name in plan.names:
        nexts = sorted({owner(edge.target) for edge in plan.edges if owner(edge.source) == name} - {"outputs", name})
        for i, one in enumerate(nexts):
            if any(({one} | found[one]) & ({other} | found[other]) - {"outputs"} for other in nexts[i + 1 :]):
                return True
    return False


def is_ordered(plan: Plan) -> bool:
    """Say whether no order of events can change what comes out, while all goes on to its end."""
    loose = {"twins", "stop"} & {node.kind for node in plan.nodes}
    targets = [edge.target for edge in plan.edges]
    return not loose and len(set(targets)) == len(targets) and not has_cycle(plan)
