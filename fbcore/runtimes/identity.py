"""Which state a net is in: the same for two runs that go on alike, however each came there."""

from __future__ import annotations

import hashlib
from typing import Any

from fbcore.errors import StepError
from fbcore.formats.canonical import canonical, text_of
from fbcore.net.edge import Edge
from fbcore.net.node import Node
from fbcore.runtimes.past import Past
from fbcore.runtimes.stepping import Stepping

_PLACES = 9
"""Places of the seconds until a timer is due, as sums of floats are not exact."""


def state_digest(stepping: Stepping) -> str:
    """Return the SHA-256 of what `identity_of` returns, as 64 hexadecimal digits; the same in every process.

    Raises:
        StepError: the stepping was not made with `remembers=True`.
    """
    return hashlib.sha256(text_of(identity_of(stepping)).encode()).hexdigest()


def identity_of(stepping: Stepping) -> dict[str, Any]:
    """Return what tells the state of a net from every other, as data for JSON.

    It holds what can be seen: where each node stands and what it holds, the packets on edges and at the outputs, what
    is ready, and the timers by what is left of their time. It does not hold how it came there: no turns are counted,
    and the time only where a class may have kept one. A class whose variables cannot be read counts by all that was
    ever delivered to it (`Past`). What components share behind the back of the net is not seen.

    Raises:
        StepError: the stepping was not made with `remembers=True`.
    """
    net, loop, pasts = stepping.net, stepping.loop, stepping.pasts
    if pasts is None:
        hint = "make it with Stepping(make_net, remembers=True), or FSMRuntime(graph, visited=True)"
        raise StepError("what was delivered to its nodes was not remembered", net.name, hint)
    now = loop.time()
    # Who may have kept a time, may compare it with the present one.
    keeps_time = any(not stepping.trails[node.address].restarts for node in net.alive())
    return {
        "now": round(now, _PLACES) if keeps_time else None,
        "nodes": {node.address: _node(node, pasts[node.address]) for node in net.nodes},
        "edges": {edge.address: found for edge in net.edges if (found := _edge(edge))},
        "order": _orders(stepping),
        "ready": sorted(loop.ready),
        "timers": [[*_owner(stepping, name), round(when - now, _PLACES)] for name, when in loop.timers.items()],
        "ending": [
            net.is_stopping,
            net.is_cancelled,
            net.flushing(),
            [[error.address, error.what] for error in net.errors],
        ],
        "outcome": _outcome(stepping),
    }


def end_of(stepping: Stepping) -> dict[str, Any]:
    """Return what tells an end of a net from others, as data for JSON: the outcome, and what has come out."""
    outputs = {edge.address: found for edge in stepping.net.edges if _leads_out(edge) and (found := _edge(edge))}
    return {"outcome": _outcome(stepping), "outputs": outputs, "order": _orders(stepping)}


def _outcome(stepping: Stepping) -> str | None:
    return str(stepping.result.outcome) if stepping.result is not None else None


def _owner(stepping: Stepping, timer: str) -> tuple[str, str]:
    """Return the node of a timer, and the task that armed it, be it by an earlier timer; not the how manieth it is."""
    node = stepping.node_of(timer)
    return node.address if node is not None else "", timer.rpartition(" of ")[2]


# -- nodes -----------------------------------------------------------------------------------------------


def _node(node: Node, past: Past) -> dict[str, Any]:
    found: dict[str, Any] = {"life": str(node.life)}
    if node.memories:
        found["memory"] = canonical({name: cell.peek() for name, cell in node.memories.items()})
    if node.ended:
        # Nobody will ever know how it got there.
        return found | _filled(held=_dict(node.held), unsent=_dict(node.unsent))
    trace, trail = node.trace, past.trail
    assert trace is not None
    found["at"] = [trail.end, trace.verb, [port.name for port in trace.ports], list(trace.order)]
    found["past"] = past.digest
    return found | _filled(
        begun=node.has_begun,
        cancelled=node.cancelled,
        stopped=node.is_stopped,
        policies=node.policy_state(),
        firings=past.firings() if node.crew is not None else [],
        breaking_up=node.crew is not None and node.crew.is_breaking_up,
        lost=trace.has_lost,
        hands=_dict(node.in_hand()),
        kept=_dict(node.kept),
        sends=[[port.name, canonical(list(port.pending.values()))] for port in _outs(node) if port.pending],
        waits=[[getattr(part, "address", "") for part in (*wait.ports, *wait.edges)] for wait in node.waits],
        flushed=[inlet.name for inlet in node.inlets if inlet.flushed],
        half_fed=[port.name for port in node.ins.values() if port.half_fed],
        configs=[
            [name, bool(port.received), canonical(port.value)] for name, port in node.configs.items() if port.edges
        ],
        busy=list(node.busy_with),
        # What a feed has left is what it has not sent.
        sent=sum(port.sent for port in _outs(node)) if trail.is_feed else 0,
    )


def _dict(values: dict[str, Any]) -> Any:
    return canonical(values) if values else None


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part not in (None, False, 0, [])}


def _outs(node: Node) -> tuple[Any, ...]:
    return (*node.outs.values(), node.error)


# -- edges -----------------------------------------------------------------------------------------------


def _edge(edge: Edge) -> dict[str, Any]:
    values = edge.values()
    consumer = getattr(edge.target, "node", None)
    # Who takes packets with their identities sees how many came before.
    is_counted = consumer is not None and not consumer.ended and consumer.sees_identities
    return _filled(
        packets=canonical(values),
        forwarded=[[number - edge.left, *id] for number, id in sorted((edge.forwarded or {}).items())],
        finished=edge.finished,
        refusing=edge.refusing,
        half_fed=edge.half_fed,
        refused=bool(edge.refused),
        policies=edge.policy_state(),
        left=edge.left if is_counted else 0,
    )


def _leads_out(edge: Edge) -> bool:
    return "->outputs." in edge.address


def _orders(stepping: Stepping) -> dict[str, list[str]]:
    """Return of which edge each packet is that lies at a port of several, in order, by port."""
    targets: list[Any] = [edge.target for edge in stepping.net.edges if edge.shared and len(edge)]
    return {target.address: [edge.address for edge, _ in target.queue] for target in targets}
