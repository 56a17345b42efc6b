"""What the reference makes of a standstill: whether it is a deadlock, and in which order a quiet net is flushed."""

from __future__ import annotations

from itertools import product

from tests.laws.plan import Plan, owner
from tests.laws.shape import reachable

MOST_CHOICES = 5000


class Hold:
    """A wait of a node: each of `options` alone holds it up, and any of the nodes in an option could bring that."""

    def __init__(self, node: str, options: list[set[str]], *, for_room: bool) -> None:
        self.node = node
        self.options = options
        self.for_room = for_room


def has_knot(holds: list[Hold]) -> bool:
    """Say whether there is a knot of waits with a wait for room in it, by trying all ways to read the waits.

    A wait for all of several things is held up by any one of them: each is tried. A wait for any, and a node with
    several waits, are freed by any. A knot is a set of nodes that can reach each other and nothing else.
    """
    for number, choice in enumerate(product(*(hold.options for hold in holds))):
        assert number < MOST_CHOICES, "too many ways to read the waits"
        if _has_knot_in(holds, choice):
            return True
    return False


def _has_knot_in(holds: list[Hold], choice: tuple[set[str], ...]) -> bool:
    after: dict[str, set[str]] = {}
    for hold, nodes in zip(holds, choice, strict=True):
        after.setdefault(hold.node, set()).update(nodes)
    reach = {node: _reach(after, node) for node in after}
    senders = {hold.node for hold in holds if hold.for_room}
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
