"""A net at one moment as lines for a terminal: its nodes, its edges, and what holds it up."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len, set_cell_size

from fbcore.net.report import EdgeState, NodeState, Snapshot
from fbdev.run.rates import Rates, moved

Line = list[tuple[str, str]]
"""Pieces of one line, each with its style; styles are words that rich knows."""

BAR = 10
"""Characters of the bar that shows how full an edge is."""

_STYLES = {
    "running": "cyan",
    "sending": "cyan",
    "receiving": "",
    "created": "dim",
    "ended": "green",
    "failed": "bold red",
    "cancelled": "yellow",
}

_WIDE = 80
"""Columns from which on there is room for the names of components."""


class Size(NamedTuple):
    """The room there is, in characters."""

    width: int
    height: int


def net_lines(snapshot: Snapshot, rates: Rates, name: str, size: Size) -> list[Line]:
    """Return the lines of a net that runs: a heading, its busiest nodes, its fullest edges."""
    room = max(2, size.height - 6)
    for_edges = min(len(snapshot.edges), max(room // 2, room - len(snapshot.nodes)))
    nodes = _busiest(snapshot.nodes.values(), room - for_edges, lambda node: node.received + node.sent)
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
    nodes = _busiest(snapshot.nodes.values(), max(20, size.height - 6), lambda node: node.received + node.sent)
    return node_lines(nodes, rates, size.width) + _more(len(snapshot.nodes) - len(nodes), "node")


def _heading(snapshot: Snapshot, rates: Rates, name: str) -> Line:
    is_stopping = any(node.phase == "cancelled" for node in snapshot.nodes.values())
    state = ("stopping, Ctrl-C stops it at once", "yellow") if is_stopping else ("running", "cyan")
    numbers = f"{snapshot.seconds:.1f} s  {moved(snapshot):,} packets  {rates.of_net():,.0f}/s"
    return [(name, "bold"), ("  ", ""), state, (f"  {numbers}", "")]


def node_lines(nodes: Sequence[NodeState], rates: Rates, width: int) -> list[Line]:
    """Return a heading and a line for each node."""
    rows = [
        (
            node.address,
            node.component,
            node.phase,
            f"{node.received:,}",
            f"{node.sent:,}",
            f"{rates.of_node(node.address):,.0f}",
        )
        for node in nodes
    ]
    has_names = width >= _WIDE and any(node.component != node.address for node in nodes)
    numbers = [
        max([len(head), *(len(row[i]) for row in rows), least])
        for i, head, least in ((3, "in", 9), (4, "out", 9), (5, "rate/s", 7))
    ]
    left = width - sum(numbers) - 6 - 9 - 2
    name = min(max([4, *(cell_len(row[0]) for row in rows)]), left // 2 if has_names else left)
    component = min(max(9, *(cell_len(row[1]) for row in rows)), left - name - 2) if has_names else 0

    def line(row: tuple[str, ...], style: str) -> Line:
        cells: Line = [(fit(row[0], name), style or "bold")]
        if has_names:
            cells.append(("  " + fit(row[1], component), style or "dim"))
        cells.append(("  " + fit(row[2], 9), style or _STYLES.get(row[2], "")))
        cells += [(f"  {cell:>{wide}}", style) for cell, wide in zip(row[3:], numbers, strict=True)]
        return cells

    return [line(("node", "component", "state", "in", "out", "rate/s"), "dim"), *(line(row, "") for row in rows)]


def edge_lines(edges: Sequence[EdgeState], width: int) -> list[Line]:
    """Return a heading and a line for each edge, with a bar that shows how full it is."""
    counts = [_fill(edge) for edge in edges]
    count = max([4, *map(len, counts)])
    packets = max([9, *(len(f"{edge.put:,}") for edge in edges)])
    name = min(max([4, *(len(edge.address) for edge in edges)]), width - BAR - count - packets - 6)
    lines: list[Line] = [[(f"{fit('edge', name)}  {fit('fill', BAR + 2 + count)}  {'packets':>{packets}}", "dim")]]
    for edge, text in zip(edges, counts, strict=True):
        bar, style = _bar(edge)
        lines.append(
            [
                (fit(edge.address, name), ""),
                ("  " + bar, style),
                (f"  {text:>{count}}", ""),
                (f"  {edge.put:>{packets},}", ""),
            ]
        )
    return lines


def is_filling(edge: EdgeState) -> bool:
    """Say whether an edge is at least half full."""
    return bool(edge.capacity) and 2 * edge.fill >= (edge.capacity or 0)


def fit(text: str, width: int) -> str:
    """Make a text exactly so wide, cutting its middle where it is too long."""
    if cell_len(text) > width > 4:
        half = (width - 1) // 2
        text = f"{text[: width - 1 - half]}…{text[-half:]}"
    return set_cell_size(text, max(0, width))


def _bar(edge: EdgeState) -> tuple[str, str]:
    if edge.capacity is None:
        return " " * BAR, ""
    full = round(BAR * edge.fill / edge.capacity) or bool(edge.fill)
    style = "red" if edge.fill >= edge.capacity else "yellow" if is_filling(edge) else "green"
    return "█" * full + "░" * (BAR - full), style if edge.fill else "dim"


def _fill(edge: EdgeState) -> str:
    if edge.capacity is None:
        return f"{edge.fill:,}" if edge.fill else ""
    return f"{edge.fill}/{edge.capacity}"


def _busiest(items: Iterable[Any], room: int, rank: Any) -> list[Any]:
    """Return as many as there is room for, those with the highest rank, in their own order."""
    everything = list(items)
    if len(everything) <= room:
        return everything
    chosen = {id(item) for item in sorted(everything, key=rank, reverse=True)[: max(1, room - 1)]}
    return [item for item in everything if id(item) in chosen]


def _more(count: int, what: str) -> list[Line]:
    return [[(f"and {count} more {what}{'s' if count > 1 else ''}", "dim")]] if count else []
