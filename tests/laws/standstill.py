"""What the reference makes of a standstill: whether it is a deadlock, and in which order a quiet net is flushed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from tests.laws.plan import Plan, owner, reachable

if TYPE_CHECKING:
    from tests.laws.reference import Reference, Thread

MOST_CHOICES = 5000


def is_deadlocked(reference: Reference) -> bool:
    """Say whether there is a knot of waits with a wait for room in it, by trying all ways to read the waits.

    A wait for all of several things is held up by any one of them: each is tried. A wait for any, and a node with
    several threads, are freed by any. A knot is a set of nodes that can reach each other and nothing else.
    """
    waiting = [thread for thread in reference.threads if thread.request is not None]
    options = [list(_held_up_by(reference, thread)) for thread in waiting]
    for number, choice in enumerate(product(*options)):
        assert number < MOST_CHOICES, "too many ways to read the waits"
        if _has_knot(waiting, choice):
            return True
    return False


def _held_up_by(reference: Reference, thread: Thread) -> Iterator[set[str]]:
    """Yield, for each thing that a thread needs, the nodes any of which could bring it."""
    what, *about = thread.request or ("nothing",)
    if what == "send":
        for line in reference.open_lines(thread.node, about[0]):
            if line.is_full:
                yield {owner(line.target)}
    else:
        assert what == "receive"
        for inlet in (reference.inlets[thread.node, port] for port in about):
            if not inlet.arrivals:
                yield {owner(line.source) for line in inlet.lines if not line.finished}


def _has_knot(waiting: list[Thread], choice: tuple[set[str], ...]) -> bool:
    after: dict[str, set[str]] = {}
    for thread, nodes in zip(waiting, choice, strict=True):
        after.setdefault(thread.node, set()).update(nodes)
    reach = {node: _reach(after, node) for node in after}
    senders = {thread.node for thread in waiting if thread.request and thread.request[0] == "send"}
    return any(reach[node] & senders and all(node in reach[other] for other in reach[node]) for node in reach)


def _reach(after: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    frontier = [start]
    while frontier:
        fresh = after[frontier.pop()] - found
        found |= fresh
        frontier += fresh
    return found


def flush_order(plan: Plan) -> list[str]:
    """Return all nodes: loops in topological order, inside one its entries first, ties by declaration."""
    reach = reachable(plan)
    rank = {name: index for index, name in enumerate(plan.names)}
    loops = {name: {name} | {other for other in reach[name] if name in reach.get(other, ())} for name in plan.names}
    links = [(owner(edge.source), owner(edge.target)) for edge in plan.edges if edge.target[0] != "outputs"]
    entries = {after for before, after in links if after not in loops[before]}
    order: list[str] = []
    left = list(plan.names)
    while left:
        # The loops that nothing left feeds from outside; of these the one declared first.
        fed = {after for before, after in links if before in left and before not in loops[after]}
        ready = [name for name in left if not fed & loops[name]]
        chosen = loops[min(ready, key=lambda name: rank[name])]
        order += sorted(chosen, key=lambda name: (name not in entries, rank[name]))
        left = [name for name in left if name not in chosen]
    return order
