"""What must hold of fbcore in every state of a net, and at every end: functions that raise AssertionError."""

from __future__ import annotations

from typing import Any, NamedTuple

from fbcore.net.edge import Edge
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort
from fbcore.net.sink import Sink
from fbcore.net.wait import Wait
from tests.fbdev.explore.itself import Seen
from tests.laws.conservation import check_conservation
from tests.laws.ledger import Ledger, key, text_of
from tests.laws.plan import Plan, PlannedEdge
from tests.laws.reference import Reckoning, interpret
from tests.laws.standstill import has_knot
from tests.laws.test_verdicts import hold_of

Outputs = tuple[tuple[str, tuple[Any, ...]], ...]


class End(NamedTuple):
    """How a net ended: its outcome, what came out, and which nodes were flushed, in order."""

    outcome: str
    outputs: Outputs
    flushed: tuple[str, ...] = ()


# -- in every state ----------------------------------------------------------------------------------------


def check_state(seen: Seen) -> None:
    """Check all that must hold between any two steps."""
    for edge in seen.net.edges:
        check_edge(edge)
    check_closed(seen)
    check_waits(seen)
    check_standstill(seen)
    if seen.run is not None:
        for planned in seen.run.plan.edges:
            check_account(seen, planned)


def check_managed(seen: Seen) -> None:
    """Check all that must hold of a net with policies between any two steps."""
    for edge in seen.net.edges:
        # What a node had in its hands goes back to its edge, when others have come there by then.
        check_edge(edge, beyond=edge.address.partition("->")[2].rpartition(".")[0] in seen.net.restarts)
    check_closed(seen)
    check_waits(seen)
    check_standstill(seen)


def check_edge(edge: Edge, *, beyond: bool = False) -> None:
    """No edge holds more than it has room for, and what it counts is what lies there."""
    assert len(edge) <= edge.limit + beyond, f"{edge.address} holds {len(edge)} of {edge.limit}"
    assert len(edge.values()) == len(edge), f"{edge.address} counts {len(edge)} and holds {edge.values()}"
    assert edge.passed == edge.left + len(edge)


def check_closed(seen: Seen) -> None:
    """What is closed stays closed: nothing is put where the sender has ended, or the consumer."""
    before = seen.before
    for node in before.ended:
        assert node.ended, f"{node.address} had ended"
        assert not node.waits, f"{node.address} has ended and waits"
    for edge, passed in before.finished.items():
        assert edge.finished, f"{edge.address} was finished"
        assert edge.passed == passed, f"{edge.address} was finished, and more was put there"
    for edge, passed in before.refusing.items():
        assert edge.refusing, f"{edge.address} was refusing"
        assert edge.passed == passed, f"{edge.address} was refusing, and more was put there"
    for inlet in before.flushed:
        assert inlet.flushed, f"{inlet.address} was flushed"
    for node in seen.net.nodes:
        if node.ended:
            assert not node.waits, f"{node.address} has ended and waits"
            assert all(edge.finished for out in (*node.outs.values(), node.error) for edge in (*out.edges, *out.ended))
            assert all(edge.refusing for inlet in node.inlets for edge in inlet.edges)


def check_waits(seen: Seen) -> None:
    """Waits are counted, stand in their lines, and nobody waits for what is there."""
    net = seen.net
    alive = [node for node in net.nodes if not node.ended]
    assert net.live == len(alive), f"{net.live} live, not {len(alive)}"
    parked = [node for node in alive if node.waits]
    assert net.parked == len(parked), f"{net.parked} parked, not {len(parked)}"
    for node in parked:
        for wait in node.waits:
            assert all(wait in line for line in wait.lines), f"a wait of {node.address} stands in no line"
            if not wait.future.done():
                check_is_needed(seen, node, wait)
            else:
                assert wait.future.cancelled(), f"{node.address} was woken, and waits"
                assert has_turn(seen, node), f"{node.address} has given a wait up, and still waits"
    for edge in net.edges:
        assert all(wait in wait.node.waits for wait in edge.senders), f"somebody is forgotten at {edge.address}"


def check_is_needed(seen: Seen, node: Node, wait: Wait) -> None:
    """No wake-up is lost: who waits for a packet, where one lies, stands behind another who was woken."""
    if any(port.is_closed or getattr(port, "queue", ()) for port in wait.ports):
        assert has_turn(seen, node), f"{node.address} waits for what is there"
    if wait.edges and all(edge.has_half_free for edge in wait.edges):
        raise AssertionError(f"{node.address} waits for room that is there")
    if any(edge.refusing for edge in wait.edges):
        raise AssertionError(f"{node.address} waits for room where nobody takes")


def has_turn(seen: Seen, node: Node) -> bool:
    """Say whether a task of a node is ready."""
    return any(seen.stepping.node_of(name) is node for name in seen.stepping.loop.ready)


def check_standstill(seen: Seen) -> None:
    """A net is called blocked only when nothing can move, and is judged as the waits say."""
    net = seen.net
    judged = net.standstill() if seen.stepping.is_blocked else None
    if judged is None:
        assert not seen.stepping.is_blocked or net.is_cancelled, "nothing can happen, and nobody judges"
        return
    waits = [wait for node in net.alive() for wait in node.waits]
    for node in net.alive():
        assert node.waits, f"{node.address} waits for nothing that is known"
    for wait in waits:
        assert any(edge.is_full for edge in wait.edges) or wait.ports, "somebody could send"
        assert not any(port.is_closed or getattr(port, "queue", ()) for port in wait.ports), "somebody could receive"
    lies = [e.address for e in net.edges if len(e) and not e.refusing and not isinstance(e.target, Sink)]
    expected = "deadlocked" if has_knot([hold_of(wait) for wait in waits]) else "starved" if lies else "quiescent"
    assert judged.outcome == expected, f"judged {judged.outcome}, is {expected}"
    if seen.flushes and expected == "quiescent":
        assert not net.is_stopping


def check_account(seen: Seen, planned: PlannedEdge) -> None:
    """What went onto an edge is what its sender gave, in order, and was taken or lies there still."""
    assert seen.run is not None
    if planned.is_blind or planned.carries_messages or planned.source[1] == "error":
        return
    ledger, net = seen.run.ledger, seen.net
    edge = next(each for each in net.edges if each.address == planned.address)
    offered = [key(value) for value in ledger.offered.get(".".join(planned.source), [])]
    put = offered[: edge.passed]
    assert edge.passed <= len(offered), f"{edge.address} was given more than was sent"
    if isinstance(edge.target, Sink):
        there = [key(value) for value in edge.values()]
    else:
        received = [key(value) for value in ledger.received.get(".".join(planned.target), [])]
        there = [each for each in received if each in set(offered)] + [key(value) for value in edge.values()]
    assert there == put, f"{edge.address} brought {there}, and was given {put}"
    _check_sends(ledger, edge.source)


def _check_sends(ledger: Ledger, port: OutPort) -> None:
    """A value that a class gave is accepted, given back, on its way, or in the account of what was not sent."""
    node, address = port.node, port.address
    if address not in ledger.accepted and address not in ledger.returned:
        return
    offered, accepted = ledger.offered[address], ledger.accepted.get(address, [])
    assert port.sent == len(accepted), f"{address} counts {port.sent} sent, not {len(accepted)}"
    rest = {key(value) for value in offered} - {key(value) for value in [*accepted, *ledger.returned.get(address, [])]}
    known = {key(value) for value in [*port.pending.values(), *node.unsent.get(port.name, [])]}
    assert rest == known & rest, f"{address} has lost {rest - known}"
    assert not known & {key(value) for value in accepted}, f"{address} has sent what is still to be sent"


# -- at every end ------------------------------------------------------------------------------------------


def end_of(seen: Seen) -> End:
    """Return how a net ended."""
    result = seen.net.result
    assert result is not None
    values = {
        name: tuple(text_of(v) if hasattr(v, "text") else v for v in found) for name, found in seen.outputs.items()
    }
    return End(str(result.outcome), tuple(sorted(values.items())), tuple(seen.flushes))


def check_end(seen: Seen) -> None:
    """Check all that must hold of a net that has ended."""
    net, result = seen.net, seen.net.result
    assert result is not None, "nothing can happen any more, and the net has not ended"
    assert seen.left_over() == [], "something outlives the net"
    assert net.live == 0
    for node in net.nodes:
        assert str(node.phase) in ("ended", "failed", "cancelled"), f"{node.address} is {node.phase}"
    assert (result.outcome == "failed") == bool(result.errors)
    assert (result.outcome == "deadlocked") == bool(result.knot)
    if seen.run is not None:
        seen.run.result = result
        seen.run.came_by.clear()
        check_conservation(seen.run)
    elif seen.log:
        check_log(seen)


def check_log(seen: Seen) -> None:
    """What components offered has come out, lies somewhere, was given up by them, or is in the account; none twice."""
    result = seen.net.result
    assert result is not None
    offered = [value for what, value in seen.log if what == "offers"]
    lying = [value for values in (*seen.outputs.values(), *result.unread.values()) for value in values]
    assert len(set(lying)) == len(lying), f"{lying} has something twice"
    given_up = {value for what, value in seen.log if what == "gives up"}
    assert not given_up & set(lying), f"{given_up & set(lying)} were not sent, and have come"
    given_up |= {value for letter in result.dead_letters for value in letter.values.values()}
    carried = {*result.held.values(), *(value for values in result.unsent.values() for value in values), *given_up}
    assert set(offered) == set(lying) | carried, f"{set(offered) - set(lying) - carried} is lost"


# -- what the rules allow ----------------------------------------------------------------------------------


def allowed_ends(plan: Plan, seeds: int = 300) -> set[End]:
    """Return the ends that a net has in the reference, which shares no code with fbcore, under many orders."""
    return {_end_of(interpret(plan, seed)) for seed in (None, *range(seeds))}


def _end_of(reckoning: Reckoning) -> End:
    outputs = tuple(sorted((name, tuple(texts)) for name, texts in reckoning.outputs.items()))
    return End(reckoning.outcome, outputs, tuple(reckoning.flushed))
