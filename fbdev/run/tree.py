"""Nodes as a tree: those inside a composite stand below its name, further in."""

from collections.abc import Sequence
from typing import NamedTuple

from fbcore.net.report import NodeState

_INDENT = "  "

_OUTSIDE = ("input", "initial")
"""What sends packets from outside is called so; its address has a dot without being in a composite."""


class Row(NamedTuple):
    """One line of the tree: a node, or a heading, the name of a composite, whose `node` is None."""

    label: str
    node: NodeState | None


def rows(nodes: Sequence[NodeState]) -> list[Row]:
    """Return a row for each node, in their order, with headings for the composites that they are in."""
    found: list[Row] = []
    headings: set[tuple[str, ...]] = set()
    for node in nodes:
        parts = node.address.split(".")
        own = 2 if node.component in _OUTSIDE and len(parts) > 1 else 1
        composites, name = tuple(parts[:-own]), ".".join(parts[-own:])
        for depth in range(1, len(composites) + 1):
            if composites[:depth] not in headings:
                headings.add(composites[:depth])
                found.append(Row(_INDENT * (depth - 1) + composites[depth - 1], None))
        found.append(Row(_INDENT * len(composites) + name, node))
    return found
