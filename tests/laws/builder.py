"""A net that grows, as a plan, while somebody draws what is not fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.laws.plan import STYLES, Plan, PlannedEdge, PlannedNode, Port, initials_of

CAPACITIES = (1, 1, 2, 3, 5, 64, None)
TIGHT = (1, 1, 2, 3, 4)

Draw = Callable[[int, int], int]
"""Draws a whole number from the one to the other; a simpler example has a smaller one."""


class Builder:
    """A net that grows: its open outputs are those that nothing was connected to yet."""

    def __init__(self, draw: Draw) -> None:
        self.number = draw
        self.nodes: list[PlannedNode] = []
        self.edges: list[PlannedEdge] = []
        self.inputs: list[tuple[str, int]] = []
        self.open: list[Port] = []
        self._initials = 0

    # -- drawing -------------------------------------------------------------------------------------

    def one_of(self, things: Sequence[str]) -> str:
        """Draw one of several."""
        return things[self.number(0, len(things) - 1)]

    def chance(self, one_in: int) -> bool:
        """Draw yes or no; a smaller example says no."""
        return self.number(1, one_in) == one_in

    def capacity(self, *, tight: bool = False) -> int | None:
        """Draw a capacity."""
        capacities = TIGHT if tight else (*CAPACITIES, self.number(1, 64))
        return capacities[self.number(0, len(capacities) - 1)]

    # -- growing -------------------------------------------------------------------------------------

    def add(self, kind: str, n: int | None = None, style: str | None = None, given: str = "add") -> PlannedNode:
        """Add a node; what is not given is drawn."""
        style = style or self.one_of(STYLES.get(kind, ("class",)))
        node = PlannedNode(f"n{len(self.nodes)}", kind, style, self.number(1, 4) if n is None else n, given)
        self.nodes.append(node)
        return node

    def connect(self, source: Port, target: Port, *, tight: bool = False, capacity: int | None = None) -> None:
        """Connect two ports, if they are not connected yet."""
        if all((edge.source, edge.target) != (source, target) for edge in self.edges):
            room = capacity if capacity is not None else self.capacity(tight=tight)
            self.edges.append(PlannedEdge(source, target, room, self.chance(30)))

    def new_input(self, most: int = 8) -> Port:
        """Add an input of the graph."""
        name = "abcdefgh"[len(self.inputs) % 8] * (1 + len(self.inputs) // 8)
        self.inputs.append((name, self.number(0, most)))
        return "inputs", name

    def new_initial(self) -> Port:
        """Add an initial packet."""
        self._initials += 1
        return "initial", str(self._initials - 1)

    def new_source(self, most: int = 8) -> Port:
        """Add an input of the graph or a source, and return where its values come out."""
        if self.chance(3):
            return self.add("source", self.number(0, most)).id, "out"
        return self.new_input(most)

    def take_open(self, *, but: str = "") -> Port:
        """Draw an open output; sometimes it stays open, for a fan-out, and sometimes there is a new source instead."""
        ports = [port for port in self.open if port[0] != but]
        if not ports or self.chance(5):
            return self.new_source()
        port = ports[self.number(0, len(ports) - 1)]
        if not self.chance(4):
            self.open.remove(port)
        return port

    def grow(self, kind: str, n: int | None = None, style: str | None = None) -> PlannedNode:
        """Add a node behind open outputs, whose outputs are open then."""
        node = self.add(kind, n, style)
        for name in node.ins:
            self.connect(self.take_open(), (node.id, name))
        self.open += [(node.id, name) for name in node.outs]
        return node

    # -- the end -------------------------------------------------------------------------------------

    def finished(self) -> Plan:
        """Connect what is open to outputs of the graph, now and then two to one, and leave some unconnected."""
        ids = {node.id for node in self.nodes}
        for number, port in enumerate(self.open):
            if port[0] not in ids or self.chance(6):
                continue
            shares = number > 0 and self.chance(8)
            self.connect(port, ("outputs", "out0" if shares else f"out{number}"))
        # Inputs of a graph are declared by their first edge; one that leads nowhere is none.
        sizes = dict(self.inputs)
        names = dict.fromkeys(edge.source[1] for edge in self.edges if edge.source[0] == "inputs")
        inputs = tuple((name, sizes[name]) for name in names)
        return Plan(tuple(self.nodes), tuple(self.edges), inputs, initials_of(self.edges))
