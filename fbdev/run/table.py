"""A net at one moment as lines for a terminal: its nodes, its edges, and what holds it up."""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, NamedTuple

from fbcore.model.edge_policy import bytes_in_words
from fbcore.net.report import EdgeState, NodeState, Snapshot
from fbdev.run.grid import Column, Line, grid
from fbdev.run.rates import Rates, moved
from fbdev.run.tree import rows

BAR = 10
"""Characters of the bar that shows how full an edge is."""

_STYLES = {
    "running": "cyan",
    "sending": "cyan",
    "receiving": "",
    "restarting": "yellow",
    "created": "dim",
    "ended": "green",
    "failed": "bold red",
    "cancelled": "yellow",
}

_WIDE = 80
"""Columns from which on there is room for the names of components."""

_NARROW = 60
"""Columns below which names need what rates, and room for numbers to grow, would take."""

_PAUSE = len("restarts in 99 min")
"""Columns of the state where policies let nodes wait, so that the table keeps still."""

_EDGES = 6
"""Lines for edges at any rate, though there are more nodes than fit."""


class Size(NamedTuple):
    """The room there is, in characters."""

    width: int
    height: int


def net_lines(snapshot: Snapshot, rates: Rates, name: str, size: Size) -> list[Line]:
    """Return the lines of a net that runs: a heading, its busiest nodes, its fullest edges."""
    # Three lines are headings, and below the table stands the cursor.
    room = max(2, size.height - 4)
    for_edges = min(len(snapshot.edges), max(min(_EDGES, room // 2), room - len(rows([*snapshot.nodes.values()]))))
    nodes = _busiest_nodes(snapshot, room - for_edges)
    edges = _busiest(snapshot.edges.values(), for_edges, lambda edge: (is_filling(edge), edge.put))
    lines = [_heading(snapshot, rates, name)]
    lines += node_lines(nodes, rates, size.width)
    lines += _more(len(snapshot.nodes) - len(nodes), "node")
    lines += edge_lines(edges, size.width)
    lines += _more(len(snapshot.edges) - len(edges), "edge")
    return lines


def final_lines(snapshot: Snapshot, size: Size) -> list[Line]:
    """Return the lines that stay when a net has ended: its nodes, with the counts and rates of the whole run."""
    rates = Rates()
    rates.add(snapshot, since_start=True)
    nodes = _busiest_nodes(snapshot, max(20, size.height - 6))
    return node_lines(nodes, rates, size.width) + _more(len(snapshot.nodes) - len(nodes), "node")


def _heading(snapshot: Snapshot, rates: Rates, name: str) -> Line:
    state = ("stopping, Ctrl-C ends it at once", "yellow") if snapshot.is_stopping else ("running", "cyan")
    numbers = f"{snapshot.seconds:.1f} s  {moved(snapshot):,} packets  {rates.of_net():,.0f}/s"
    return [(name, "bold"), ("  ", ""), state, (f"  {numbers}", "")]


def node_lines(nodes: Sequence[NodeState], rates: Rates, width: int) -> list[Line]:
    """Return a heading and a line for each node; those inside composites stand below these."""
    tree = rows(nodes)

    def cells(write: Callable[[NodeState], str]) -> list[str]:
        return [write(row.node) if row.node is not None else "" for row in tree]

    plain = [""] * len(tree)
    digits = _digits(width)
    columns = [
        Column("node", [row.label for row in tree], ["bold" if row.node else "" for row in tree], gives=True),
        Column("component", cells(lambda node: node.component), ["dim"] * len(tree), gives=True),
        Column("state", cells(_state), cells(_state_style), least=_PAUSE if rates.has_pauses else 9),
        Column("in", cells(lambda node: f"{node.received:,}"), plain, least=digits, right=True),
        Column("out", cells(lambda node: f"{node.sent:,}"), plain, least=digits, right=True),
        Column("rate/s", cells(lambda node: f"{rates.of_node(node.address):,.0f}"), plain, least=7, right=True),
    ]
    if width < _WIDE or all(node.component == node.address.rpartition(".")[2] for node in nodes):
        del columns[1]
    return grid(columns[:-1] if width < _NARROW else columns, width)


def _state(node: NodeState) -> str:
    return node.pause or node.phase


def _state_style(node: NodeState) -> str:
    return "yellow" if node.pause else _STYLES.get(node.phase, "")


def edge_lines(edges: Sequence[EdgeState], width: int) -> list[Line]:
    """Return a heading and a line for each edge, with a bar that shows how full it is."""
    plain = [""] * len(edges)
    bars = [_bar(edge) for edge in edges]
    columns = [
        Column("edge", [edge.address for edge in edges], plain, gives=True),
        Column("fill", [bar for bar, _ in bars], [style for _, style in bars], least=BAR),
        Column("", [_fill(edge) for edge in edges], plain, least=5, right=True),
        Column("packets", [f"{edge.put:,}" for edge in edges], plain, least=_digits(width), right=True),
    ]
    if any(map(_lost, edges)):
        lost = [f"{_lost(edge):,}" if _lost(edge) else "" for edge in edges]
        columns.append(Column("lost", lost, ["yellow"] * len(edges), least=4, right=True))
    if width < _NARROW:
        del columns[2]
    return grid(columns, width)


def _digits(width: int) -> int:
    """Return how many characters a number has at least, so that the table keeps still while it grows."""
    return 5 if width < _NARROW else 9


def _lost(edge: EdgeState) -> int:
    return edge.expired + edge.dropped


def _fullness(edge: EdgeState) -> float:
    """Return which part of an edge is full, of its packets or of its bytes; 0 of one without bound."""
    packets = edge.fill / edge.capacity if edge.capacity else 0.0
    return max(packets, edge.bytes / edge.most_bytes if edge.most_bytes else 0.0)


def is_filling(edge: EdgeState) -> bool:
    """Say whether an edge is at least half full."""
    return _fullness(edge) >= 0.5


def _bar(edge: EdgeState) -> tuple[str, str]:
    if edge.capacity is None and edge.most_bytes is None:
        return " " * BAR, ""
    fullness = _fullness(edge)
    full = min(BAR, round(BAR * fullness) or bool(edge.fill))
    style = "red" if fullness >= 1 else "yellow" if is_filling(edge) else "green"
    return "█" * full + "░" * (BAR - full), style if edge.fill else "dim"


def _fill(edge: EdgeState) -> str:
    is_by_bytes = edge.most_bytes is not None and edge.bytes / edge.most_bytes >= edge.fill / (edge.capacity or inf)
    if is_by_bytes and (edge.fill or edge.capacity is None):
        return f"{bytes_in_words(edge.bytes)}/{bytes_in_words(edge.most_bytes or 0)}"
    if edge.capacity is None:
        return f"{edge.fill:,}" if edge.fill else ""
    return f"{edge.fill}/{edge.capacity}"


def _busiest_nodes(snapshot: Snapshot, room: int) -> list[NodeState]:
    """Return as many nodes as there is room for, the names of their composites counted in."""
    wanted = room
    while True:
        found = _busiest(snapshot.nodes.values(), wanted, lambda node: node.received + node.sent)
        excess = len(rows(found)) - len(found) + min(len(snapshot.nodes), wanted) - room
        if excess <= 0 or wanted <= 2:
            return found
        wanted = max(2, wanted - excess)


def _busiest(items: Iterable[Any], room: int, rank: Any) -> list[Any]:
    """Return as many as there is room for, those with the highest rank, in their own order.

    Where some are left out, one line of the room is for saying so.
    """
    everything = list(items)
    if len(everything) <= room:
        return everything
    chosen = {id(item) for item in sorted(everything, key=rank, reverse=True)[: max(1, room - 1)]}
    return [item for item in everything if id(item) in chosen]


def _more(count: int, what: str) -> list[Line]:
    return [[(f"and {count} more {what}{'s' if count > 1 else ''}", "dim")]] if count else []
