"""What can be said of a net by looking at its plan: what there is in it, and whether order can matter."""

from __future__ import annotations

from tests.laws.plan import MESSAGES, Plan, PlannedNode, Port, is_border, owner


def features(plan: Plan) -> set[str]:
    """Name what there is in a net, as the test of the generator counts it."""
    found = {node.kind for node in plan.nodes}
    found |= {"class" if node.is_class else f"{node.style} function" for node in plan.nodes}
    sources = [edge.source for edge in plan.edges]
    targets = [edge.target for edge in plan.edges]
    capacities = {edge.capacity for edge in plan.edges}
    signs = {
        "fan-out": len(set(sources)) < len(sources),
        "fan-in": has_fan_in(plan),
        "fan-in to an output": any(targets.count(target) > 1 for target in targets if target[0] == "outputs"),
        "cycle": has_cycle(plan),
        "diamond": has_diamond(plan),
        "unconnected output": any((node.id, port) not in sources for node in plan.nodes for port in node.outs),
        "empty input": any(count == 0 for _, count in plan.inputs),
        "error connected": any(port == "error" for _, port in sources),
        "fails, error unconnected": any(n.kind == "fail" and (n.id, "error") not in sources for n in plan.nodes),
        "capacity 1": 1 in capacities,
        "capacity 2 to 64": any(capacity is not None and capacity > 1 for capacity in capacities),
        "capacity None": None in capacities,
        "deterministic": is_ordered(plan),
        "copy": any(edge.copy for edge in plan.edges),
        "initial packet": bool(plan.initials),
        "initial packet before others": any(
            edge.source[0] == "initial" and len(plan.edges_to(edge.target)) > 1 for edge in plan.edges
        ),
        "message": any(edge.source[1] in MESSAGES for edge in plan.edges),
        "message as data": any(edge.carries_messages and not edge.is_blind for edge in plan.edges),
        "gated by execute": any(port == "execute" for _, port in targets),
        "stopped by a signal": any(port == "stop" for _, port in targets),
        "fed config": any(port == "factor" for _, port in targets),
        "fed config, determined": any(port == "factor" for _, port in targets) and is_ordered(plan),
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
    targets = [edge.target for edge in plan.edges if edge.source[0].rpartition(".")[2] != "initial"]
    if len(set(targets)) < len(targets) or has_cycle(plan):
        return False
    return all(_is_ordered(plan, node) for node in plan.nodes)


def _is_ordered(plan: Plan, node: PlannedNode) -> bool:
    if node.kind in ("twins", "stop") or plan.edges_to((node.id, "stop")):
        return False
    if node.kind in ("either", "merge", "latest"):
        return sum(bool(plan.edges_to((node.id, port))) for port in node.ins) < 2
    fed = [edge for port in plan.fed(node) for edge in plan.edges_to((node.id, port))]
    # A config that several values may come to, or that has one before any comes, is read at some time or other.
    return not fed or (node.kind != "tint" and all(sends_one(plan, edge.source) for edge in fed))


def sends_one(plan: Plan, port: Port) -> bool:
    """Say whether exactly one packet leaves by a port, whatever else happens."""
    if is_border(port):
        return port[0] != "inputs" or dict(plan.inputs)[port[1]] == 1
    node = next(node for node in plan.nodes if node.id == port[0])
    return port[1] == "started" or node.kind == "collect" or (node.kind == "source" and node.n == 1)


def does_more(plan: Plan, node: PlannedNode) -> bool:
    """Say whether a node does something besides sending by `out`: when it is cut short, that depends on the order."""
    if len(node.ins) + len(node.outs) > 2 or node.kind in ("fail", "strict", "merge"):
        return True
    sends = {edge.source[1] for edge in plan.edges if edge.source[0] == node.id}
    return bool(sends & {*MESSAGES, "error"} or "execute" in plan.inlets(node) or plan.fed(node))
