"""The laws of packets, as functions that raise AssertionError: none is lost, none doubled, and order is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fbcore import Failure
from tests.laws.ledger import key, text_of
from tests.laws.plan import PlannedEdge, ins_of, outs_of
from tests.laws.running import Run


def check_conservation(run: Run) -> None:
    """Every packet that was made is consumed, delivered, discarded, unread, held or unsent, exactly once, in order."""
    assert run.leftover == []
    puts = {edge.address: put_on(run, edge) for edge in run.plan.edges}
    for edge in run.plan.edges:
        state, put = run.result.edges[edge.address], len(puts[edge.address])
        lying = len(run.result.unread.get(edge.address, []))
        assert (state.put, state.taken, state.fill) == (put, put - lying, lying), f"counts of {edge.address}"
        assert edge.capacity is None or lying <= edge.capacity, f"room of {edge.address}"
    for node in run.plan.nodes:
        for port in outs_of(node.kind):
            _check_output(run, (node.id, port), puts, is_class=node.style == "class")
        _check_errors(run, node.id, puts)
        _check_hands(run, node.id, is_class=node.style == "class", twins=node.kind == "twins")
        received = sum(len(run.ledger.received.get(f"{node.id}.{port}", [])) for port in ins_of(node.kind))
        assert run.result.nodes[node.id].received == received, f"packets that {node.id} received"
    for name, _ in run.plan.inputs:
        _check_output(run, ("inputs", name), puts, is_class=False)
    _check_report(run)


def put_on(run: Run, edge: PlannedEdge) -> list[Any]:
    """Return what was put on an edge: what its consumer was given, and what lies there still."""
    if edge.target[0] == "outputs":
        return [value for value in run.result.outputs[edge.target[1]] if _came_by(run, edge, value)]
    received = run.ledger.received.get(".".join(edge.target), [])
    return [v for v in received if _came_by(run, edge, v)] + run.result.unread.get(edge.address, [])


def _came_by(run: Run, edge: PlannedEdge, value: Any) -> bool:
    """Say whether this edge brought a value, where several lead to one port."""
    if len(run.plan.edges_to(edge.target)) == 1:
        return True
    if isinstance(value, Failure):
        return edge.source == (value.address, "error")
    return any(value is each for each in run.ledger.offered.get(".".join(edge.source), []))


def _check_output(run: Run, port: tuple[str, str], puts: dict[str, list[Any]], *, is_class: bool) -> None:
    """Everything offered was put on every edge that had a consumer, in order, or is in the report."""
    address = ".".join(port)
    ledger, result = run.ledger, run.result
    offered = ledger.offered.get(address, [])
    unsent = result.unsent.get(f"{address}.out" if port[0] == "inputs" else address, [])
    discarded = result.discarded.get(address, 0)
    edges = run.plan.edges_from(port)
    if not edges:
        went = ledger.accepted.get(address, []) if is_class else offered[:discarded]
        assert len(went) == discarded, f"discarded at {address}"
        assert Counter(map(id, [*went, *unsent])) == Counter(map(id, offered)), (
            f"packets of {address}, which leads nowhere"
        )
        return
    longest = max((puts[edge.address] for edge in edges), key=len)
    for edge in edges:
        _check_prefix(run, edge, puts[edge.address], longest)
    if is_class:
        accepted = ledger.accepted.get(address, [])
        assert [*map(id, longest)] == [*map(id, accepted)], f"order of {address}: {longest} is not {accepted}"
        gone = Counter(map(id, [*accepted, *ledger.returned.get(address, []), *unsent]))
        assert gone == Counter(map(id, offered)), f"packets of {address}"
        assert discarded == 0, f"discarded at {address}"
        return
    assert [*map(id, offered[: len(longest)])] == [*map(id, longest)], f"order of {address}: {longest} of {offered}"
    rest = offered[len(longest) :]
    assert len(rest) == len(unsent) + discarded, f"{address}: {rest} was neither sent nor reported"
    assert [*map(id, rest[: len(unsent)])] == [*map(id, unsent)], f"unsent packets of {address}"


def _check_prefix(run: Run, edge: PlannedEdge, put: list[Any], longest: list[Any]) -> None:
    """A fan-out puts the same on all its edges, as long as their consumers are there."""
    assert [*map(key, put)] == [*map(key, longest[: len(put)])], f"{edge.address}: {put} is no beginning of {longest}"
    if len(put) < len(longest):
        assert edge.target[0] != "outputs", f"{edge.address} misses packets"
        has_ended = run.result.nodes[edge.target[0]].phase in ("ended", "failed", "cancelled")
        assert has_ended, f"{edge.address} misses packets though its consumer lives"


def _check_errors(run: Run, node: str, puts: dict[str, list[Any]]) -> None:
    """Every failure went out by the port `error`, or is among the errors of the net with the packets held then."""
    failed = [tuple(map(id, values)) for values in run.ledger.failed.get(node, [])]
    edges = run.plan.edges_from((node, "error"))
    longest = max((puts[edge.address] for edge in edges), key=len, default=[])
    for edge in edges:
        _check_prefix(run, edge, puts[edge.address], longest)
    rest = [tuple(key(value)[1:]) for value in [*longest, *run.result.unsent.get(f"{node}.error", [])]]
    rest += [tuple(map(id, error.held.values())) for error in run.result.errors if error.address == node]
    assert rest == failed, f"failures of {node}"


def _check_hands(run: Run, node: str, *, is_class: bool, twins: bool) -> None:
    """What a node held when it was cancelled or failed is in the report.

    Only the packet last taken from each port is held: of twins the other one is accounted for by what it became.
    """
    phase = run.result.nodes[node].phase
    assert phase in ("ended", "failed", "cancelled"), f"{node} is still {phase}"
    held = {name.partition(".")[2]: v for name, v in run.result.held.items() if name.startswith(f"{node}.")}
    assert phase != "ended" or not held, f"{node} has ended and holds {held}"
    for port, value in held.items():
        received = run.ledger.received[f"{node}.{port}"]
        assert any(value is each for each in (received if twins else received[-1:])), f"{node}.{port} holds {value}"
    is_cut = phase == "cancelled" or any(error.address == node for error in run.result.errors)
    if twins:
        became = [*run.result.unsent.get(f"{node}.out", []), *run.ledger.returned.get(f"{node}.out", [])]
        known = {text_of(value) for value in became} | {f"{text_of(value)}.{node}" for value in held.values()}
        lost = [value for value in run.ledger.hand.get(node, {}).values() if f"{text_of(value)}.{node}" not in known]
        assert phase == "ended" or not lost, f"{node} lost {lost}"
        return
    is_inside = node in run.ledger.inside or any(name.startswith(f"{node}.") for name in run.result.unsent)
    if is_cut and (is_class or is_inside):
        hand = {port: id(value) for port, value in run.ledger.hand.get(node, {}).items()}
        assert {port: id(value) for port, value in held.items()} == hand, f"{node} held {run.ledger.hand[node]}"


def _check_report(run: Run) -> None:
    """The report names no port or edge that the net does not have, and no empty list."""
    result = run.result
    edges = {edge.address for edge in run.plan.edges}
    ports = {f"{node.id}.{port}" for node in run.plan.nodes for port in (*outs_of(node.kind), "error")}
    inputs = {f"inputs.{name}" for name, _ in run.plan.inputs}
    assert set(result.unread) <= edges
    assert set(result.discarded) <= ports | inputs
    assert set(result.unsent) <= ports | {f"{name}.out" for name in inputs}
    assert all([*result.unread.values(), *result.unsent.values(), *result.discarded.values()])
    assert set(result.nodes) == set(run.plan.names)


def check_watched(run: Run) -> None:
    """An observer sees each packet once when it is sent and once when it is taken, in the same order."""
    if run.watcher is None:
        return
    seen = {what: dict(by_address) for what, by_address in run.watcher.seen.items()}
    for edge in run.plan.edges:
        put = [*map(key, put_on(run, edge))]
        assert [*map(key, seen["sent"].pop(edge.address, []))] == put, f"sent on {edge.address}"
        taken = [*map(key, seen["taken"].pop(edge.address, []))]
        fill = len(run.result.unread.get(edge.address, []))
        assert taken == ([] if edge.target[0] == "outputs" else put[: len(put) - fill]), f"taken from {edge.address}"
    assert seen["sent"] == seen["taken"] == {}
    for address, offered in run.ledger.offered.items():
        went = [value for edge in run.plan.edges if ".".join(edge.source) == address for value in put_on(run, edge)]
        went += run.ledger.returned.get(address, [])
        went += run.result.unsent.get(f"{address}.out" if address.startswith("inputs.") else address, [])
        gone = {id(value) for value in offered} - {id(value) for value in went}
        assert Counter(map(id, seen["discarded"].pop(address, []))) == Counter(gone), f"discarded at {address}"
    assert seen["discarded"] == {}
