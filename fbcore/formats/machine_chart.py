"""A graph that is a state machine as a state chart: nodes are states, edges are transitions."""

from __future__ import annotations

from fbcore.formats.state_chart import END, START, State, StateChart, Transition
from fbcore.model.address import BORDERS
from fbcore.model.flat import flatten
from fbcore.model.graph import Graph
from fbcore.model.port_spec import PortKind


def machine_chart(graph: Graph, active: str = "") -> StateChart:
    """Return what a drawing of a state machine shows; `active` is the address of the state that it is in.

    Transitions are called after the output ports that the token leaves by. The nodes of a composite stand in its
    place.

    Example:
        from fbcore.formats.machine_chart import machine_chart

        @component
        def closed(knocks: int) -> int:
            return knocks + 1

        door = Graph("door", token=True)
        door.inputs.knocks >> door.add(closed).knocks
        door["closed"].out >> door.outputs.opened
        print(machine_chart(door, "closed").to_mermaid().splitlines()[2:5])
        #> ['    state "closed" as s0', '    [*] --> s0 : knocks', '    s0 --> [*] : out to opened']
    """
    flat = flatten(graph)
    states = tuple(
        State(address, address, node.component.label if node.component.label != node.id else "")
        for address, node in flat.nodes.items()
    )
    ways: dict[tuple[str, str], list[str]] = {}
    fed = set()
    for edge in flat.edges:
        (source, out), (target, port) = edge.source, edge.target
        node = flat.nodes.get(target)
        spec = node.component.port(port) if node is not None else None
        if spec is not None and spec.kind is PortKind.CONFIG:
            continue
        fed.add(target)
        begins, ends = source.rpartition(".")[2] in BORDERS, target == "outputs"
        label = ("" if edge.source in flat.initials else out) + (f" to {port}" if ends and port != out else "")
        ways.setdefault((START if begins else source, END if ends else target), []).append(label)
    for state in states:
        if state.id not in fed:
            ways[START, state.id] = []
    arrows = (Transition(*ends, tuple(filter(None, dict.fromkeys(names)))) for ends, names in ways.items())
    return StateChart(graph.name, states, tuple(arrows), active)
