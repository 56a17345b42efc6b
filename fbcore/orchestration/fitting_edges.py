"""Whether settings of edges fit a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from fbcore.errors import SettingsError
from fbcore.model.address import Place
from fbcore.model.edge_check import faults_of, hazards_of, takes_at_once
from fbcore.model.edge_policy import POLICIES
from fbcore.model.flat import Flat
from fbcore.model.graph import EdgeSpec, Graph
from fbcore.model.problem import Problem
from fbcore.orchestration.edge_settings import EDGE_SETTINGS, edge_matches, is_one
from fbcore.orchestration.nearest import nearest
from fbcore.orchestration.settings import NetSettings

_NOWHERE = Place("", 0)


def misfits_of_edges(settings: NetSettings, graph: Graph, flat: Flat) -> Iterator[Problem]:
    """Yield what is wrong with settings of edges for a graph."""
    edges = {edge.address: edge for edge in flat.edges if edge.source[0] != "configs"}
    for pattern, said in settings.edges.items():
        if not any(edge_matches(pattern, each) for each in edges):
            place = next(iter(said.places.values()), _NOWHERE)
            hint = nearest(pattern, [*edges], "its edges")
            yield Problem(f"the graph has no edge {pattern!r}", f'edges."{pattern}"', place, hint)
    for edge in edges.values() if settings.edges else ():
        yield from _ties(settings, edge.address)
        with suppress(SettingsError):
            yield from _of_edge(settings, graph, flat, edge)


def _ties(settings: NetSettings, address: str) -> Iterator[Problem]:
    for name in EDGE_SETTINGS:
        try:
            settings.origin(address, name)
        except SettingsError as error:
            if "edges." in error.hint:
                place = next(iter(settings.edges.values())).places.get(name, _NOWHERE)
                yield Problem(error.what, address, place, error.hint)


def _of_edge(settings: NetSettings, graph: Graph, flat: Flat, edge: EdgeSpec) -> Iterator[Problem]:
    """Yield what is wrong with the policies of one edge, as far as settings say them."""
    said = policies_said(settings, edge.address, edge.options)
    named = [name for name in said if is_one(settings.origin(edge.address, name).said_of)]
    if not said or (takes_at_once(flat, edge) and not named):
        # A pattern means those edges that it can mean something to.
        return
    place = settings.origin(edge.address, next(iter(said))).place or _NOWHERE
    capacity = settings.origin(edge.address, "capacity").value
    for what, hint in faults_of(flat, edge, {"capacity": capacity, **edge.options, **said}):
        yield Problem(what, edge.address, place, hint)
    if graph.token and said.keys() & {"expiry", "drop"}:
        what = f"{' and '.join(name for name in said if name in ('expiry', 'drop'))} would lose the token"
        yield Problem(what, edge.address, place, "leave it away: a state machine has one packet")


def policies_said(settings: NetSettings, address: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policies that settings say of an edge and the graph does not, by name."""
    found = {name: settings.origin(address, name).value for name in POLICIES if name not in options}
    return {name: value for name, value in found.items() if value not in (None, "nothing", "never", "unbounded")}


def doubts_of_edges(settings: NetSettings, flat: Flat) -> Iterator[Problem]:
    """Yield what may go wrong with settings of edges that fit a graph."""
    for edge in flat.edges if settings.edges else ():
        said = policies_said(settings, edge.address, edge.options)
        for name, what, hint in hazards_of(flat, edge, said):
            place = settings.origin(edge.address, name).place or _NOWHERE
            yield Problem(what, edge.address, place, hint, is_error=False)
        if "size" in said and "bytes" not in said and edge.options.get("bytes") is None:
            place = settings.origin(edge.address, "size").place or _NOWHERE
            what = "size measures packets in vain: the bytes of this edge have no bound"
            yield Problem(what, edge.address, place, 'say how many: bytes = "10 MB"', is_error=False)
