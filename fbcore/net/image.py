"""A net at one moment as plain data, that another net of the same graph can be brought to.

What a node has in its variables cannot be written down. So of each node the image has the place where it can be begun
anew (its *checkpoint*) and what it did since then; the other net does that again, with the same packets at the same
times, and does not put what was put already.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from fbcore.errors import SnapshotError
from fbcore.formats.typed_json import from_data, to_data
from fbcore.model.packet import PacketId
from fbcore.net.behind import place_of
from fbcore.net.births import NONE
from fbcore.net.edge import Edge
from fbcore.net.in_port import InPort
from fbcore.net.internals import awaited_future
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.outstanding import find_outstanding
from fbcore.net.phase import Phase
from fbcore.net.policed_edge import PolicedEdge
from fbcore.net.trail import Trail, Turn
from fbcore.net.wait import Wait

Image = dict[str, Any]


def obstacles(
    net: Net, trails: Mapping[str, Trail], timers: Mapping[str, list[int]], ready: Container[str]
) -> dict[str, str]:
    """Say of which nodes no image can be made, and why: by address, in order.

    `timers` are those that are armed, by the address of the node: the how manieth each was of those it has armed;
    `ready` are the addresses of nodes that have a turn.
    """
    if net.is_stopping:
        return {net.name: "the net is ending already; take a step back"}
    found = {}
    for node in net.alive():
        why = _obstacle(node, trails[node.address], timers.get(node.address, []), is_ready=node.address in ready)
        if why:
            found[node.address] = why
    return found


def _obstacle(node: Node, trail: Trail, timers: list[int], *, is_ready: bool) -> str:
    if node.crew is not None and node.crew.is_breaking_up:
        return "is ended by one of its firings, and others are cancelled; make it take another step"
    if trail.strayed:
        if not trail.restarts:
            return f"{trail.strayed}; keep it in a Memory: `seen: Memory[set[str]] = Memory(set)`"
        return f"{trail.strayed}; wait for the end of that"
    if node.crew is None and node.tasks.are_busy:
        return "has tasks of its own; wait for their end"
    if node.busy_with:
        return f"is busy with {node.busy_with[0]}, which the loop cannot see"
    if node.trace is not None and node.trace.has_lost:
        return "has given up a wait, and not come to the next; make it take another step"
    before = trail.checkpoint.timers if trail.checkpoint is not None else 0
    if any(number <= before for number in timers):
        return "has armed a timer before it came to where it could be begun anew; put the time-out around less"
    if node.crew is not None:
        return _waits_outside(node)
    if trail.end == "away" and not timers and not is_ready and node.task is not None:
        return f"waits for something outside the net: {place_of(node.task, ())}"
    return ""


def _waits_outside(node: Node) -> str:
    """Say which task of a node with several firings waits for what nothing in the net will bring, if one does."""
    found = (each for each, _ in find_outstanding(node.net) if each.address == node.address and not each.is_known)
    return next((f"waits for something outside the net: {each.what.removeprefix('waits in ')}" for each in found), "")


# -- taking ----------------------------------------------------------------------------------------------


def image_of(net: Net, trails: Mapping[str, Trail]) -> Image:
    """Return the image of a net of which there are no obstacles."""
    return {
        "nodes": {node.address: _node(node, trails[node.address]) for node in net.nodes},
        "edges": {edge.address: _edge(edge) for edge in net.edges},
        "order": {port.address: _order(port) for node in net.nodes for port in node.ins.values() if _is_shared(port)}
        | {f"outputs.{name}": _order(sink) for name, sink in net.sinks.items() if _is_shared(sink)},
        "flush": net.flushing(),
    }


def _edge(edge: Edge) -> Image:
    packets = [to_data(value, edge.address) for value in edge.values()]
    found: Image = {"packets": packets}
    if edge.left:
        found["taken"] = edge.left
    for flag in ("finished", "refusing", "half_fed"):
        if getattr(edge, flag):
            found[flag] = True
    if edge.refused:
        found["refused"] = edge.refused
    if isinstance(edge, PolicedEdge):
        return found | {"policies": edge.image()}
    if edge.forwarded:
        found["forwarded"] = [[number, *id] for number, id in edge.forwarded.items()]
    return found


def _is_shared(target: Any) -> bool:
    return len(target.edges) > 1


def _order(target: Any) -> list[int]:
    """Return of which edge each packet is that lies at a port of several, in order."""
    numbers = {edge: number for number, edge in enumerate(target.edges)}
    return [numbers[edge] for edge, _ in target.queue]


def _node(node: Node, trail: Trail) -> Image:
    found: Image = {"phase": str(node.phase), "turns": trail.turns_made}
    discarded = {port.name: port.discarded for port in (*node.outs.values(), node.error) if port.discarded}
    if discarded:
        found["discarded"] = discarded
    if node.memories:
        found["memory"] = {name: cell.dump() for name, cell in node.memories.items()}
    configs = {name: port for name, port in node.configs.items() if port.received}
    if configs:
        found["configs"] = {name: [port.received, to_data(port.value, port.address)] for name, port in configs.items()}
    flushed = [inlet.name for inlet in node.inlets if inlet.flushed]
    if flushed:
        found["flushed"] = flushed
    for flag in ("ended", "is_stopped", "has_begun", "has_told"):
        if getattr(node, flag):
            found[flag] = True
    if node.ended:
        found["life"] = str(node.life)
        for flag in ("held", "unsent"):
            if getattr(node, flag):
                found[flag] = {name: to_data(value, node.address) for name, value in getattr(node, flag).items()}
        return found
    return found | _since(node, trail)


def _since(node: Node, trail: Trail) -> Image:
    """Return where a node can be begun anew, and what it did since then."""
    assert node.trace is not None
    found: Image = {"stands": trail.end}
    if node.crew is not None:
        half_fed = [port.name for port in node.ins.values() if port.half_fed]
        if half_fed:
            found["half_fed"] = half_fed
        found["waits"] = [[_waiting(node, wait), [edge.address for edge in wait.edges]] for wait in node.waits]
    checkpoint = trail.checkpoint
    if checkpoint is not None:
        found["from"] = {
            "verb": checkpoint.verb,
            "ports": list(checkpoint.ports),
            "hands": {name: to_data(value, f"{node.address}.{name}") for name, value in checkpoint.hands.items()},
            "kept": {name: to_data(value, f"{node.address}.{name}") for name, value in checkpoint.kept.items()},
            "order": list(checkpoint.order),
            "memory": {name: node.memories[name].dump(copy) for name, copy in checkpoint.memories.items()},
            "timers": checkpoint.timers,
        }
        if node.crew is not None:
            found["from"]["firings"] = checkpoint.firings
        if checkpoint.policies is not None:
            found["from"]["policies"] = checkpoint.policies
    no_room = [edge.address for wait in node.waits for edge in wait.edges]
    if no_room:
        found["no_room"] = no_room
    if trail.turns:
        found["since"] = [_turn(node, turn) for turn in trail.turns]
    if node.trace.puts and not trail.is_feed:
        found["put"] = dict(node.trace.puts)
    if trail.configs_then:
        found["configs_then"] = {name: to_data(value, node.address) for name, value in trail.configs_then.items()}
    return found


def _turn(node: Node, turn: Turn) -> list[Any]:
    took = [[port, edge, to_data(value, f"{node.address}.{port}"), *id] for port, edge, value, id in turn.took]
    if turn.name:
        return [turn.time, turn.end, took, turn.name]
    return [turn.time, turn.end, took] if took else [turn.time, turn.end]


def _waiting(node: Node, wait: Wait) -> str:
    """Return the name of the task that stands in a wait."""
    assert node.crew is not None
    tasks = [node.task, *node.crew.tasks()]
    return str(next(task.step_name for task in tasks if awaited_future(task) is wait.future))


# -- laying ----------------------------------------------------------------------------------------------


def lay(net: Net, image: Image) -> None:
    """Bring a net that has not begun to an image, but for what lies at the ports and what nodes are about to do."""
    for edge in net.edges:
        _lay_edge(edge, image["edges"][edge.address])
    for node in net.nodes:
        _lay_node(node, image["nodes"][node.address])
    net.be_flushing(image["flush"])


def _lay_edge(edge: Edge, image: Image) -> None:
    taken = image.get("taken", 0)
    edge.taken = taken
    if not edge.shared and not edge.target.is_eager and isinstance(edge.target, InPort):
        edge.target.received = taken
    _lay_policies(edge, image.get("policies"))
    if "forwarded" in image:
        edge.forwarded = {number: PacketId(place, count) for number, place, count in image["forwarded"]}
    if image.get("finished"):
        edge.finish()
    if image.get("refusing"):
        edge.refuse(half_fed=image.get("half_fed", False))


def _lay_policies(edge: Edge, image: Image | None) -> None:
    then = image["are"] if image is not None else "none"
    now = edge.policies_in_words() if isinstance(edge, PolicedEdge) else "none"
    if then != now:
        hint = "restore it with the graph, and the settings, that it was taken with"
        raise SnapshotError(f"its policies were {then}, and are {now}", edge.address, hint)
    if isinstance(edge, PolicedEdge) and image is not None:
        edge.be_like(image)


def _lay_node(node: Node, image: Image) -> None:
    for inp in node.ins.values():
        if _is_shared(inp):
            inp.received = sum(edge.taken for edge in inp.edges)
    then = image.get("configs_then", {})
    for name, (received, value) in image.get("configs", {}).items():
        node.configs[name].received = received
        node.configs[name].replace(from_data(then.get(name, value), node.configs[name].address))
    for inlet in node.inlets:
        inlet.flushed = inlet.name in image.get("flushed", ())
    node.ended = image.get("ended", False)
    node.is_stopped = image.get("is_stopped", False)
    node.has_begun = image.get("has_begun", False)
    node.has_told = image.get("has_told", False)
    # A node that lives makes what it has in its memory again, from the checkpoint on.
    memories = image.get("memory", {}) if node.ended else image.get("from", {}).get("memory", {})
    for name, data in memories.items():
        node.memories[name].load(data)
    if image.get("ended"):
        node.life = Phase(image["life"])
        node.held = {name: from_data(value, node.address) for name, value in image.get("held", {}).items()}
        node.unsent = {name: from_data(value, node.address) for name, value in image.get("unsent", {}).items()}
        node.net.live -= 1


def fill(net: Net, image: Image) -> None:
    """Put the packets where they lie, without telling anybody, and count those that lie nowhere any more."""
    for edge in net.edges:
        # Its own packets stay: a node that was brought to its place has put none that lie here.
        values = [from_data(value, edge.address) for value in image["edges"][edge.address]["packets"]]
        if not edge.shared:
            edge.queue.extend(values)
        for value in values:
            if edge.inspection is not None:
                edge.inspection.entered(value)
        edge.count += len(values) if edge.shared else 0
        edge.refused = image["edges"][edge.address].get("refused", 0)
    for address, order in image["order"].items():
        _fill_in_order(net, address, order, image)
    for node in net.nodes:
        discarded = image["nodes"][node.address].get("discarded", {})
        for port in (*node.outs.values(), node.error):
            port.discarded = discarded.get(port.name, 0)
            if port.births is not None:
                # What was born before is known no more; numbers go on.
                port.births.parents.extend([NONE] * (port.sent - len(port.births.parents)))


def _fill_in_order(net: Net, address: str, order: list[int], image: Image) -> None:
    edges = [edge for edge in net.edges if edge.target.address == address]
    values = {n: iter(image["edges"][edge.address]["packets"]) for n, edge in enumerate(edges)}
    for number in order:
        edge = edges[number]
        edge.queue.append((edge, from_data(next(values[number]), edge.address)))
