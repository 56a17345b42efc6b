"""What Jupyter shows of a graph, a component or a node: the same in several formats, by MIME type."""

from __future__ import annotations

from typing import Any

from fbcore.errors import FlowError
from fbcore.formats.dot import to_dot
from fbcore.formats.machine_chart import machine_chart
from fbcore.formats.mermaid import to_mermaid
from fbcore.formats.picture import picture
from fbcore.formats.port_sheet import component_sheet, node_sheet, sheet_to_text
from fbcore.formats.result_html import sheet_to_html
from fbcore.formats.sheet import Sheet
from fbcore.model.graph import Graph, NodeSpec, spec_of

_PATIENCE = 10.0
"""Seconds that a picture may take before the cell shows text instead."""

_FITTING = '<svg style="max-width: 100%; height: auto" '
"""A picture among text is as wide as the cell at most."""

_MOST = 20
"""Edges that are listed in plain text."""


def bundle_of(shown: Any, graph: Graph | None = None) -> dict[str, str]:
    """Return what is shown of a graph, a component, or a node of a graph, by MIME type."""
    if isinstance(shown, Graph):
        return _graph_bundle(shown)
    return _node_bundle(graph, shown) if graph is not None else _component_bundle(shown)


def _graph_bundle(graph: Graph) -> dict[str, str]:
    """Return a graph as an SVG picture or, where none can be made, as Mermaid text, and as plain text."""
    if graph.token:
        return {**machine_chart(graph)._repr_mimebundle_(), "text/plain": _listed(graph)}
    svg = _svg(graph)
    drawing = {"image/svg+xml": svg} if svg else {"text/vnd.mermaid": to_mermaid(graph)}
    return {**drawing, "text/plain": _listed(graph)}


def _component_bundle(component: Any) -> dict[str, str]:
    """Return a component as a table of its ports, a composite with its picture; what is no component, as text."""
    try:
        spec = spec_of(component)
    except FlowError as error:
        return {"text/plain": f"{component!r}\n{error}"}
    return _sheet_bundle(component_sheet(spec), spec.graph)


def _node_bundle(graph: Graph, node: NodeSpec) -> dict[str, str]:
    """Return a node of a graph as a table of its ports and what is connected to them."""
    return _sheet_bundle(node_sheet(graph, node), None)


def _sheet_bundle(sheet: Sheet, inside: Graph | None) -> dict[str, str]:
    drawing = _svg(inside).replace("<svg ", _FITTING, 1) if inside is not None else ""
    return {"text/html": sheet_to_html(sheet) + drawing, "text/plain": sheet_to_text(sheet)}


def _svg(graph: Graph) -> str:
    """Return the picture of a graph as an element of SVG, or "" where none can be made."""
    try:
        svg = picture(to_dot(graph), "svg", patience=_PATIENCE).decode()
    except FlowError:
        return ""
    return svg[svg.index("<svg") :]


def _listed(graph: Graph) -> str:
    edges = [f"  {edge.address}" for edge in graph.edges[:_MOST]]
    if len(graph.edges) > _MOST:
        edges.append(f"  and {len(graph.edges) - _MOST} more")
    return "\n".join([repr(graph), *edges])
