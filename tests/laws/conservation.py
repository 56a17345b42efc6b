"""The laws of packets, as functions that raise AssertionError: none is lost, none doubled, and order is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from fbcore import Failure
from tests.laws.ledger import inner, key, text_of
from tests.laws.plan import BUFFERED, MESSAGES, PlannedEdge, PlannedNode, Port, is_border, is_refused, owner
from tests.laws.running import Run


def check_conservation(run: Run) -> None:
    """Every packet that was made is consumed, delivered, discarded, unread, held or unsent, exactly once, in order."""
    assert run.leftover == []
    for edge in run.plan.edges:
        state, put = run.result.edges[edge.address], len(put_on(run, edge))
        lying = len(run.result.unread.get(edge.address, []))
        assert (state.put, state.taken, state.fill) == (put, put - lying, lying), f"counts of {edge.address}"
        assert edge.capacity is None or lying <= edge.capacity, f"room of {edge.address}"
        assert not lying or edge.target[1] not in ("stop", "factor"), f"{edge.address} is taken from at once"
        _check_copies(run, edge)
    for node in run.plan.nodes:
        for port in node.outs:
            if port != "rung":
                _check_output(run, (node.id, port), node)
        _check_errors(run, node.id)
        _check_hands(run, node)
        _check_counts(run, node)
    for port in [("inputs", name) for name, _ in run.plan.inputs] + [port for port, _ in run.plan.initials]:
        _check_output(run, port, None)
    _check_report(run)


# -- what went over an edge ------------------------------------------------------------------------------


def put_on(run: Run, edge: PlannedEdge) -> list[Any]:
    """Return what was put on an edge: what its consumer was given, and what lies there still."""
    if edge.target not in run.came_by:
        run.came_by[edge.target] = _parted(run, edge.target)
    came_by = run.came_by[edge.target][edge.address]
    # What nobody has read of an output counts among what came out.
    return came_by if edge.target[0] == "outputs" else came_by + run.result.unread.get(edge.address, [])


def _parted(run: Run, target: Port) -> dict[str, list[Any]]:
    """Part what came by a port among the edges that lead there, so that each is a beginning of what was sent."""
    edges = run.plan.edges_to(target)
    taken = {edge.address: run.result.edges[edge.address].taken for edge in edges}
    if target[0] == "outputs":
        received = list(run.result.outputs[target[1]])
        taken = {edge.address: run.result.edges[edge.address].put for edge in edges}
    elif edges[0].is_blind:
        return {edge.address: _offered(run, edge)[: taken[edge.address]] for edge in edges}
    else:
        received = run.ledger.received.get(".".join(target), [])
    if len(edges) == 1:
        return {edges[0].address: received}
    return dict(zip(taken, _unmixed(run, received, edges, [*taken.values()]), strict=True))


def _offered(run: Run, edge: PlannedEdge) -> list[Any]:
    """Return what was sent by the source of an edge, as far as it is known: of failures, only how many there were."""
    sent = run.result.edges[edge.address].put
    if edge.source[1] == "error":
        return [edge.source] * sent
    if edge.carries_messages:
        return [None] * sent
    is_class = not is_border(edge.source) and node_of(run, edge.source[0]).is_class
    return (run.ledger.accepted if is_class else run.ledger.offered).get(".".join(edge.source), [])


def _unmixed(run: Run, values: list[Any], edges: list[PlannedEdge], counts: list[int]) -> list[list[Any]]:
    """Part values into so many from each of several edges, in order; where there are several ways, in any."""
    sources = [_offered(run, edge) for edge in edges]
    ways: list[dict[tuple[int, ...], tuple[tuple[int, ...], int]]] = [{(0,) * len(sources): ((), 0)}]
    for value in values:
        following: dict[tuple[int, ...], tuple[tuple[int, ...], int]] = {}
        for at in ways[-1]:
            for number, source in enumerate(sources):
                most = min(counts[number], len(source))
                if at[number] < most and _came_by(edges[number], value, source[at[number]]):
                    following[(*at[:number], at[number] + 1, *at[number + 1 :])] = at, number
        assert following, f"{value} came by none of the edges in its turn"
        ways.append(following)
    at = tuple(counts)
    assert at in ways[-1], f"{len(values)} packets came by edges that brought {counts}"
    parts: list[list[Any]] = [[] for _ in sources]
    for value, way in zip(reversed(values), reversed(ways), strict=False):
        at, number = way[at]
        parts[number].insert(0, value)
    return parts


def _came_by(edge: PlannedEdge, value: Any, sent: Any) -> bool:
    if isinstance(sent, tuple):
        return isinstance(value, Failure) and value.address == sent[0]
    return key(value) == key(sent) and (sent is None or (value is sent) != edge.copy)


def _check_copies(run: Run, edge: PlannedEdge) -> None:
    """What an edge copies is not the object that was sent, and everything else is."""
    if edge.is_blind or edge.carries_messages or edge.source[1] == "error":
        return
    for value, sent in zip(put_on(run, edge), _offered(run, edge), strict=False):
        assert value is None or (value is not sent) == edge.copy, f"whether {value} was copied on {edge.address}"


# -- what a port sent ------------------------------------------------------------------------------------


def _check_output(run: Run, port: Port, node: PlannedNode | None) -> None:
    """Everything offered was put on every edge that had a consumer, in order, or is in the report."""
    address = ".".join(port)
    ledger, result = run.ledger, run.result
    offered = ledger.offered.get(address, [])
    unsent = result.unsent.get(address if node else f"{address}.out", [])
    discarded = result.discarded.get(address, 0)
    edges = run.plan.edges_from(port)
    is_class = node is not None and node.is_class
    if not edges:
        went = ledger.accepted.get(address, []) if is_class else offered[:discarded]
        assert len(went) == discarded, f"discarded at {address}"
        gone = keys([*went, *unsent, *_given_up(run, node, offered[len(went) + len(unsent) :])])
        assert gone == keys(offered), f"packets of {address}, which leads nowhere"
        return
    longest = _longest(run, edges)
    if is_class:
        accepted = ledger.accepted.get(address, [])
        assert [*map(key, longest)] == [*map(key, accepted)], f"order of {address}: {longest} is not {accepted}"
        gone = keys([*accepted, *ledger.returned.get(address, []), *unsent])
        assert gone == keys(offered), f"packets of {address}"
        assert discarded == 0, f"discarded at {address}"
        return
    assert [*map(key, offered[: len(longest)])] == [*map(key, longest)], f"order of {address}: {longest} of {offered}"
    rest = offered[len(longest) :]
    assert [*map(key, rest[: len(unsent)])] == [*map(key, unsent)], f"unsent packets of {address}"
    given_up = _given_up(run, node, rest[len(unsent) + discarded :])
    assert len(rest) == len(unsent) + discarded + len(given_up), f"{address}: {rest} was neither sent nor reported"


def keys(values: Iterable[Any]) -> Counter[tuple[Any, ...]]:
    """Count values, each by what tells it from others."""
    return Counter(map(key, values))


def _longest(run: Run, edges: list[PlannedEdge]) -> list[Any]:
    """Return what was put on the edge of a fan-out that got most; the others got beginnings of it."""
    # What failures an edge has brought that its consumer never sees, nobody knows.
    edges = [edge for edge in edges if edge.source[1] != "error" or not edge.is_blind]
    puts = [put_on(run, edge) for edge in edges]
    longest = max(puts, key=len, default=[])
    for edge, put in zip(edges, puts, strict=True):
        is_same = [*map(key, put)] == [*map(key, longest[: len(put)])]
        assert is_same, f"{edge.address}: {put} is no beginning of {longest}"
        if len(put) < len(longest):
            assert edge.target[0] != "outputs", f"{edge.address} misses packets"
            has_ended = run.result.nodes[edge.target[0]].phase in ("ended", "failed", "cancelled")
            assert has_ended, f"{edge.address} misses packets though its consumer lives"
    return longest


def _given_up(run: Run, node: PlannedNode | None, rest: list[Any]) -> list[Any]:
    """Return what a firing that was cut short had not come to: it sends several values that it has made before."""
    sends_many = node is not None and (node.style in BUFFERED or node.kind == "fields")
    if node is None or not sends_many or len(rest) > node.n:
        return []
    wants_none = any(run.result.discarded.get(f"{node.id}.{port}") for port in node.outs)
    return rest if wants_none or run.result.nodes[node.id].phase in ("cancelled", "failed") else []


def _check_errors(run: Run, node: str) -> None:
    """Every failure went out by the port `error`, or is among the errors of the net with the packets held then."""
    failed = [keys_of(values) for values in run.ledger.failed.get(node, [])]
    edges = run.plan.edges_from((node, "error"))
    longest = _longest(run, edges)
    if edges and all(edge.is_blind for edge in edges):
        return
    known = [keys_of(inner(value)) for value in [*longest, *run.result.unsent.get(f"{node}.error", [])]]
    for error in run.result.errors:
        if error.address == node:
            held = {port: value for port, value in error.held.items() if port != "execute"}
            known.append(keys_of(payload for value in held.values() for payload in inner(value)))
    # A config that never comes fails its node, which has nothing in its hands then.
    assert known == failed or (known == [()] and run.plan.fed(node_of(run, node))), f"failures of {node}"


def keys_of(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return what tells some payloads from others, failures taken apart."""
    return tuple(id(payload.origin or payload) for value in values for payload in inner(value))


def node_of(run: Run, id: str) -> PlannedNode:
    """Return the node with this id."""
    return next(node for node in run.plan.nodes if node.id == id)


# -- what a node has in its hands ------------------------------------------------------------------------


def _check_hands(run: Run, node: PlannedNode) -> None:
    """What a node held when it was cancelled or failed is in the report.

    Only the packet last taken from each port is held: of twins the other one is accounted for by what it became.
    """
    id, ledger, result = node.id, run.ledger, run.result
    phase = result.nodes[id].phase
    assert phase in ("ended", "failed", "cancelled"), f"{id} is still {phase}"
    held = {name.removeprefix(f"{id}."): v for name, v in result.held.items() if owner_of(name) == id}
    assert phase != "ended" or not held, f"{id} has ended and holds {held}"
    held.pop("execute", None)
    for port, value in held.items():
        received = ledger.received[f"{id}.{port}"]
        of = received if node.kind == "twins" else received[-1:]
        assert any(value is each for each in of), f"{id}.{port} holds {value}"
    hand = ledger.hand.get(id, {})
    if node.kind == "twins":
        became = [*result.unsent.get(f"{id}.out", []), *ledger.returned.get(f"{id}.out", [])]
        known = {text_of(value) for value in became} | {f"{text_of(value)}.{node.name}" for value in held.values()}
        lost = [value for value in hand.values() if f"{text_of(value)}.{node.name}" not in known]
        assert phase == "ended" or not lost, f"{id} lost {lost}"
        return
    is_cut = phase == "cancelled" or any(error.address == id for error in result.errors)
    has_fired = f"{id}.executed" in result.unsent
    is_inside = id in ledger.inside or any(owner_of(name) == id for name in result.unsent)
    if is_cut and (node.is_class or is_inside):
        # A function is not told when a firing is over.
        hand = {} if has_fired and not node.is_class else hand
        if node.kind == "strict" and not held:
            hand = {port: value for port, value in hand.items() if not is_refused(text_of(value))}
        assert dict(_ids(held)) == dict(_ids(hand)), f"{id} held {hand}, not {held}"


def _ids(values: dict[str, Any]) -> Iterable[tuple[str, int]]:
    return ((port, id(value)) for port, value in values.items())


def owner_of(address: str) -> str:
    """Name the node of a port's address."""
    return address.rpartition(".")[0]


def _check_counts(run: Run, node: PlannedNode) -> None:
    """A node received what its component was given, and a signal for each firing or run where it has to wait for it."""
    received = sum(len(run.ledger.received.get(f"{node.id}.{port}", [])) for port in node.ins)
    if "execute" in run.plan.inlets(node):
        received += run.ledger.begun.get(node.id, 0)
    assert run.result.nodes[node.id].received == received, f"packets that {node.id} received"
    for edge in run.plan.edges:
        if edge.source[0] == node.id and edge.source[1] in ("started", "stopped"):
            assert len(put_on(run, edge)) <= 1, f"{edge.address} was told twice"


# -- what is reported and seen ---------------------------------------------------------------------------


def _check_report(run: Run) -> None:
    """The report names no port or edge that the net does not have, and no empty list."""
    result = run.result
    edges = {edge.address for edge in run.plan.edges}
    ports = {f"{node.id}.{port}" for node in run.plan.nodes for port in (*node.outs, *MESSAGES, "error")}
    borders = {owner(port) for port in (*(("inputs", name) for name, _ in run.plan.inputs), *dict(run.plan.initials))}
    assert set(result.unread) <= edges
    assert set(result.discarded) <= ports | borders
    assert set(result.unsent) <= ports | {f"{name}.out" for name in borders}
    assert all([*result.unread.values(), *result.unsent.values(), *result.discarded.values()])
    assert set(result.nodes) == set(run.plan.names)


def check_watched(run: Run) -> None:
    """An observer sees each packet once when it is sent and once when it is taken, in the same order."""
    if run.watcher is None:
        return
    seen = {what: dict(by_address) for what, by_address in run.watcher.seen.items()}
    for edge in run.plan.edges:
        if edge.is_blind and edge.source[1] == "error":
            seen["sent"].pop(edge.address, None), seen["taken"].pop(edge.address, None)
            continue
        put = [*map(key, put_on(run, edge))]
        assert [*map(key, seen["sent"].pop(edge.address, []))] == put, f"sent on {edge.address}"
        taken = [*map(key, seen["taken"].pop(edge.address, []))]
        fill = len(run.result.unread.get(edge.address, []))
        assert taken == ([] if edge.target[0] == "outputs" else put[: len(put) - fill]), f"taken from {edge.address}"
    assert seen["sent"] == seen["taken"] == {}
    for node in run.plan.nodes:
        for port in (*node.outs, *MESSAGES, "error"):
            _check_discarded(run, f"{node.id}.{port}", seen["discarded"].pop(f"{node.id}.{port}", []))
    for name, _ in run.plan.inputs:
        _check_discarded(run, f"inputs.{name}", seen["discarded"].pop(f"inputs.{name}", []))
    assert seen["discarded"] == {}


def _check_discarded(run: Run, address: str, seen: list[Any]) -> None:
    """What was seen to be discarded is what is counted, in order, and was sent nowhere."""
    assert len(seen) == run.result.discarded.get(address, 0), f"discarded at {address}"
    node, _, port = address.rpartition(".")
    if port in (*MESSAGES, "rung", "error"):
        return
    edges = run.plan.edges_from((node, port))
    is_class = not is_border((node, port)) and node_of(run, node).is_class
    offered, sent = (run.ledger.accepted if is_class else run.ledger.offered).get(address, []), 0
    if edges:
        unsent = run.result.unsent.get(address if not is_border((node, port)) else f"{address}.out", [])
        sent = len(_longest(run, edges)) + len(unsent)
    rest = [*map(key, offered[sent:])]
    assert [*map(key, seen)] == rest[: len(seen)], f"discarded at {address}: {seen}, not {rest}"
