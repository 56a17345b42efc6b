"""What there is to know of one thing in a net that is stepped: a node, an edge, a choice, a step, its end."""

from collections.abc import Iterator, Sequence
from typing import Any

from fbcore.errors import NodeError
from fbcore.model.flat import flatten
from fbcore.model.packet import PacketId
from fbcore.net.edge import Edge
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.verdict import waits_in_words
from fbdev.complaint import near
from fbdev.step.lines import Line, Piece
from fbdev.step.seen import one_line, seen
from fbdev.step.session import Session

_PACKETS = 100
"""Packets of an edge that are listed."""


def details(session: Session, key: str) -> list[Line]:
    """Return what there is to know of what a line is about; with the key "" what there is to know of the net."""
    kind, _, name = key.partition(" ")
    if kind == "node":
        return list(_node(session, name))
    if kind == "edge":
        return list(_edge(session, name))
    if kind == "composite":
        return list(_composite(session, name))
    if kind == "step":
        return list(_step(session, int(name)))
    if kind == "choice":
        return list(_choice(session, name))
    return list(_net(session))


def packets_of(session: Session, key: str) -> list[PacketId]:
    """Return the packets that a line is about: on an edge, in the hands of a node, moved by a step, chosen next."""
    kind, _, name = key.partition(" ")
    net = session.fsm.net
    if kind == "edge":
        return [id for id, place in net.packets.in_flight().items() if place == name]
    if kind == "node":
        return [id for id, place in net.packets.in_flight().items() if place == name]
    if kind == "step" and 0 < int(name) <= len(session.steps):
        return [move.id for move in session.steps[int(name) - 1].moves]
    if kind == "choice" and name in session.fsm.enabled():
        choice = session.fsm.enabled()[name]
        is_there = choice.packet is not None and choice.packet.id in net.packets.in_flight()
        # One that is about to be sent is not born yet; what the node holds is what it is made of.
        return [choice.packet.id] if choice.packet and is_there else packets_of(session, f"node {choice.node}")
    return []


# -- one node, one edge --------------------------------------------------------------------------------


def _node(session: Session, address: str) -> Iterator[Line]:
    net = session.fsm.net
    node = next(node for node in net.nodes if node.address == address)
    spec = flatten(session.fsm.graph).nodes.get(address)
    yield _title(address, f"{node.component}, {node.phase}")
    if spec is not None and spec.component.doc:
        yield _plain(spec.component.doc.partition("\n")[0], "muted")
    error = next((error for error in net.errors if error.address == address), None)
    if error is not None:
        yield from error_lines(error)
    turns = session.fsm.state()["nodes"][address]["turns"]
    yield _pair("turns", f"{turns} had")
    waits = waits_in_words(net).get(address) if not node.ended else None
    if waits is not None and (node.waits or node.pauses):
        yield _pair("waits for", waits, "bad" if session.stuck() is not None else "warn")
    choice = session.fsm.enabled().get(address)
    if choice is not None:
        yield _pair("next", one_line(choice.does), "accent")
    for name, value in node.in_hand().items() if not node.ended else ():
        yield _pair("holds", f"{seen(value)} from {name}", "value")
    for port in (*node.outs.values(), node.error):
        for value in port.pending.values() if not node.ended else ():
            yield _pair("sends", f"{seen(value)} by {port.name}", "value")
    for name, cell in node.memories.items():
        yield _pair("memory", f"{name} = {seen(cell.value)}", "value")
    yield from _ports(node, net)


def _ports(node: Node, net: Net) -> Iterator[Line]:
    for name, config in node.configs.items():
        yield _pair("config", f"{name} = {seen(config.value)}")
    for port in node.ins.values():
        closed = ", closed" if port.is_closed else ""
        yield _pair("in", f"{port.name}: {port.received} received, {_from(port.edges)}{closed}")
    for out in (*node.outs.values(), node.error):
        targets = ", ".join(edge.address.split("->")[1] for edge in net.edges if edge.source is out)
        if targets or out.sent:
            yield _pair("out", f"{out.name}: {out.sent} sent{f' to {targets}' if targets else ''}")


def _from(edges: Sequence[Edge]) -> str:
    return "from " + ", ".join(edge.address.split("->")[0] for edge in edges) if edges else "connected to nothing"


def _edge(session: Session, address: str) -> Iterator[Line]:
    edge = next(edge for edge in session.fsm.net.edges if edge.address == address)
    values = edge.values()
    capacity = "any number" if edge.capacity is None else str(edge.capacity)
    yield _title(address, edge.fill_in_words() if edge.policy else f"{len(values)} of {capacity}")
    losses = {"expired": edge.expired, "dropped": edge.dropped}
    lost = "".join(f", {count} {how}" for how, count in losses.items() if count)
    taken = edge.passed - len(values) - edge.expired - edge.dropped
    yield _pair("so far", f"{edge.passed} put, {taken} taken{lost}")
    if edge.senders:
        waiting = ", ".join(dict.fromkeys(wait.node.address for wait in edge.senders))
        yield _pair("waits", f"{waiting} waits for room", "bad")
    for id, value in zip(edge.identities(), values[:_PACKETS], strict=False):
        yield Line([(f"  {id}  ", "muted"), (seen(value), "value")])
    if len(values) > _PACKETS:
        yield _plain(f"  and {len(values) - _PACKETS:,} more", "muted")


def _composite(session: Session, name: str) -> Iterator[Line]:
    inside = [node for node in session.fsm.net.nodes if node.address.startswith(f"{name}.")]
    yield _title(name, f"a composite of {len(inside)} nodes")
    for node in inside:
        yield Line([(f"  {node.address.removeprefix(f'{name}.')}  ", "name"), (str(node.phase), "muted")])


# -- what can happen, and what did ---------------------------------------------------------------------


def _choice(session: Session, name: str) -> Iterator[Line]:
    choice = session.fsm.enabled().get(name)
    if choice is None:
        return
    if choice.kind == "blocked":
        yield from _net(session)
        return
    yield _title(name, str(choice.kind) + (f" {choice.turn} of {choice.node}" if choice.turn else ""))
    yield _pair("would", one_line(choice.does), "accent")
    packet = choice.packet
    if packet is not None:
        yield _pair("packet", f"{packet.id}", "muted")
        yield _pair("value", seen(packet.value), "value")
    if choice.node:
        yield Line([])
        yield from _node(session, choice.node)


def _step(session: Session, number: int) -> Iterator[Line]:
    if number > len(session.steps):
        name = session.undone[len(session.steps) - number] if session.undone else ""
        yield _title(f"step {number}", f"{name}, taken back")
        yield _plain("Enter makes the steps up to it again", "muted")
        return
    step = session.steps[number - 1]
    yield _title(f"step {number}", f"{step.name}, at {step.time:g} s")
    yield _pair("was to", session.doings[number - 1])
    for move in step.moves:
        yield _pair(move.verb, f"{seen(move.value)} {'to' if move.verb == 'sent' else 'from'} {move.edge}", "value")
        yield _pair("", f"packet {move.id}", "muted")
    if number < len(session.steps):
        yield _plain("Enter goes back to where the net was after it", "muted")


# -- the net -------------------------------------------------------------------------------------------


def _net(session: Session) -> Iterator[Line]:
    fsm, stuck = session.fsm, session.stuck()
    if fsm.result is not None:
        yield from _result(session)
        return
    yield _title(fsm.graph.name, f"{len(fsm.net.nodes)} nodes, {len(fsm.net.edges)} edges")
    if stuck is None:
        judged = fsm.net.standstill() if "blocked" in fsm.enabled() else None
        if judged is not None:
            yield _pair(str(judged.outcome), judged.reason)
        yield _pair("can go", ", ".join(fsm.enabled()) or "nothing")
        for error in fsm.net.errors:
            yield from error_lines(error)
        return
    yield Line([(f"{stuck.outcome}: ", "bad"), (stuck.reason, "")])
    yield from circle_lines(stuck.knot, waits_in_words(fsm.net))


def circle_lines(knot: Sequence[str], waits: dict[str, str]) -> Iterator[Line]:
    """Draw the circle of a deadlock, a line for each node, and one for each edge between them; then who else waits."""
    yield Line([])
    for number, step in enumerate(knot):
        following = knot[number + 1] if number + 1 < len(knot) else ""
        if "->" in step:
            continue
        if not following:
            yield Line([(f"  {step}", "bad"), ("  and so round", "muted")])
            continue
        wait = waits.get(step, "what never comes")
        is_for_room = "->" in following
        yield Line([(f"  {step}", "bad"), (f"  waits for {'room on' if is_for_room else wait}", "")])
        if is_for_room:
            yield Line([("  │ ", "bad"), (f"{wait.removeprefix('room on ')}", "muted")])
        yield Line([("  ▼", "bad")])
    others = {address: what for address, what in waits.items() if address not in knot}
    if others:
        yield Line([])
    for address, what in others.items():
        yield Line([(f"  {address}", "name"), (f"  waits for {what}", "muted")])


def _result(session: Session) -> Iterator[Line]:
    result = session.fsm.result
    assert result is not None
    first, *rest = result.summary().splitlines()
    yield Line([(first, "good" if result.outcome.is_good else "bad")])
    for name in result.outputs:
        yield _pair(name, ", ".join(map(seen, result.outputs[name][:_PACKETS])) or "nothing", "value")
    # Outputs are above, and errors below, with more than the summary has.
    yield from (_plain(one_line(line)) for line in rest if not line.startswith(("  output", "  error", "     ")))
    for error in result.errors:
        yield Line([])
        yield from error_lines(error)


def error_lines(error: NodeError) -> Iterator[Line]:
    """Say what a node raised, with what it held and the traceback of its own lines."""
    yield Line([(f"{error.address}: ", "bad"), (one_line(error.what), "bad")])
    if error.hint:
        yield _pair("hint", error.hint, "muted")
    for port, value in error.held.items():
        yield _pair("held", f"{seen(value)} from {port}", "value")
    for line in near(error.traceback).rstrip().splitlines():
        yield Line([(f"  {one_line(line)}", "muted")])


def _title(name: str, rest: str) -> Line:
    return Line([(name, "title"), (f"  {rest}", "muted")])


def _pair(name: str, value: Any, role: str = "") -> Line:
    return Line([(f"{name:<9} ", "muted"), (str(value), role)])


def _plain(text: str, role: str = "") -> Line:
    pieces: list[Piece] = [(text, role)]
    return Line(pieces)
