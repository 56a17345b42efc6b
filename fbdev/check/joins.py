"""Joins whose sides come from one output and may lose their step on the way."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from itertools import combinations
from typing import Any, get_args, get_origin

from fbcore.model.flat import End, Flat
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import EdgeSpec, NodeSpec
from fbcore.model.port_spec import PortKind
from fbcore.model.types import name_of
from fbdev.check.finding import Finding, Level

Way = list[str]
"""Why packets on a way from an output to a join may be fewer or more than those that left; empty: they are not."""


def joins(flat: Flat, group: str) -> Iterator[Finding]:
    """Yield a finding for each node that pairs packets of one output which came different ways, one of them uneven.

    Only functions are looked at, for what a class does with its packets cannot be known.
    """
    feeding: dict[End, list[EdgeSpec]] = {}
    for edge in flat.edges:
        feeding.setdefault(edge.target, []).append(edge)
    for address, node in flat.nodes.items():
        if _pairs(node):
            yield from _uneven(flat, address, feeding, group)


def _pairs(node: NodeSpec) -> bool:
    """Say whether a node takes one packet from each of its inputs."""
    return isinstance(node.component.target, FunctionComponent) and node.options.fires == "all"


def _uneven(flat: Flat, address: str, feeding: dict[End, list[EdgeSpec]], group: str) -> Iterator[Finding]:
    node = flat.nodes[address]
    inputs = [port.name for port in node.component.of(PortKind.INPUT)]
    ways = {name: _origins(flat, (address, name), feeding) for name in inputs}
    for left, right in combinations(inputs, 2):
        for origin in ways[left].keys() & ways[right].keys():
            both = ways[left][origin] + ways[right][origin]
            reasons = [each for each in both if not _on_both(each, ways, left, right)]
            if reasons:
                what = (
                    f"pairs packets of {'.'.join(origin)} that came by {left} and by {right}, "
                    f"and they may not be as many: {'; '.join(dict.fromkeys(reasons))}"
                )
                hint = "send something for every packet, or join by a key instead of by order"
                yield Finding(group, Level.WARNING, what, address, str(node.place), hint)
                break


def _on_both(reason: str, ways: dict[str, dict[End, Way]], left: str, right: str) -> bool:
    """Say whether both ways go through the node that is the reason, so that they stay in step there."""
    return all(any(reason in way for way in ways[name].values()) for name in (left, right))


def _origins(flat: Flat, end: End, feeding: dict[End, list[EdgeSpec]]) -> dict[End, Way]:
    """Return the outputs that the packets at an input come from, through functions of one input, and their ways."""
    found: dict[End, Way] = {}
    way: Way = []
    while len(feeding.get(end, [])) == 1:
        source = feeding[end][0].source
        if source in found:
            break
        found[source] = way
        node = flat.nodes.get(source[0])
        if node is None or source[1] not in node.component.ports or not _pairs(node):
            break
        inputs = node.component.of(PortKind.INPUT)
        if len(inputs) != 1:
            break
        way = way + _reasons(flat, source)
        end = (source[0], inputs[0].name)
    return found


def _reasons(flat: Flat, source: End) -> Way:
    """Say why a function may send more or fewer packets than it takes, as far as its declaration tells."""
    reasons = []
    address, port = source
    target = flat.nodes[address].component.target
    returned = _returned(target.function, port if target.unpack else "")
    if target.streams:
        reasons.append(f"{address} yields any number for each")
    elif get_origin(returned) in (typing.Union, types.UnionType) and types.NoneType in get_args(returned):
        reasons.append(f"{address} sends nothing where {port} is None ({name_of(returned)})")
    if any(edge.source == (address, "error") for edge in flat.edges):
        reasons.append(f"what fails in {address} goes to {address}.error")
    return reasons


def _returned(function: Any, field: str) -> Any:
    """Return the annotation of what a function returns, or of one field of it; None where it cannot be resolved."""
    try:
        returned = typing.get_type_hints(function).get("return")
        return typing.get_type_hints(returned).get(field) if field else returned
    except Exception:
        # An annotation that cannot be resolved tells nothing here; it is a finding of its own.
        return None
