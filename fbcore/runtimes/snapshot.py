"""Snapshots: a net that is stepped, at one moment, as a file of readable JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fbcore.errors import FlowError, SnapshotError
from fbcore.formats.typed_json import from_data, to_data
from fbcore.formats.whole_text import write_whole
from fbcore.model.flat import flatten
from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbcore.net.image import image_of, obstacles
from fbcore.runtimes.stepping import Stepping

FORMAT, VERSION = "fbcore-snapshot", 1

_PARTS = ("graph", "configs", "inputs", "time", "ready", "timers", "net")


def snapshot_of(stepping: Stepping, graph: Graph, inputs: Mapping[str, Any], configs: Mapping[str, Any]) -> Any:
    """Return a net that is stepped as data for JSON.

    Raises:
        SnapshotError: it cannot be written down; all nodes of which that is so are named.
        DataError: a value cannot.
    """
    net, loop = stepping.net, stepping.loop
    if stepping.result is not None:
        raise SnapshotError("the net has ended", net.name, "take a step back; the result is in `.result`")
    _refuse(obstacles(net, stepping.trails, stepping.numbers_of_timers(), stepping.addresses_ready()))
    return {
        "format": FORMAT,
        "version": VERSION,
        "graph": shape_of(graph),
        "time": loop.time(),
        "configs": {name: to_data(value, f"configs.{name}") for name, value in configs.items()},
        "inputs": {name: _left(stepping, name, given) for name, given in inputs.items()},
        "ready": list(loop.ready),
        "timers": list(loop.timers),
        "net": image_of(net, stepping.trails),
    }


def _refuse(found: Mapping[str, str]) -> None:
    if len(found) == 1:
        ((address, why),) = found.items()
        what, _, hint = why.partition("; ")
        raise SnapshotError(f"{address} {what}", "", hint)
    if found:
        lines = "".join(f"\n  {address} {why}" for address, why in found.items())
        raise SnapshotError(f"{len(found)} nodes cannot be written down:{lines}")


def _left(stepping: Stepping, name: str, given: Any) -> Any:
    """Return what is still to be sent into an input."""
    address = f"inputs.{name}"
    trail = stepping.trails[address]
    if trail.node.ended:
        return {"each": []}
    if not isinstance(given, Each):
        return {"one": to_data(given, address)}
    if not isinstance(given.items, Collection):
        hint = f'give it a list: inputs={{"{name}": Each([...])}}'
        raise SnapshotError("this input is fed by an iterator, whose items cannot be known beforehand", address, hint)
    return {"each": [to_data(item, address) for item in list(given.items)[trail.sent :]]}


def shape_of(graph: Graph) -> Any:
    """Return what must be the same in a graph for a snapshot to fit: its nodes, with their ports, and its edges."""
    flat = flatten(graph)
    nodes = {
        address: [spec.component.name, *sorted(f"{port.name}: {port.kind}" for port in spec.component.ports.values())]
        for address, spec in flat.nodes.items()
    }
    return {"nodes": nodes, "edges": {edge.address: edge.capacity for edge in flat.edges}}


# -- reading ---------------------------------------------------------------------------------------------


def check(data: Any, graph: Graph, source: str) -> None:
    """Check that data is a snapshot, of this version, and of this graph.

    Raises:
        SnapshotError: it is not; the error says what differs.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SnapshotError("this is no snapshot of a net", source, "`FSMRuntime.snapshot(path)` writes one")
    if data.get("version") != VERSION:
        hint = "install the version of fbcore that wrote it, or a newer one"
        raise SnapshotError(f"it has version {data.get('version')}, and known is {VERSION}", source, hint)
    missing = [part for part in _PARTS if part not in data]
    if missing:
        raise SnapshotError(f"it is incomplete: {', '.join(missing)} is missing", source, "take another")
    differences = list(_differences(data["graph"], shape_of(graph)))
    if differences:
        more = f"; and {len(differences) - 3} more" if len(differences) > 3 else ""
        what = f"it is of another graph than {graph.name!r}: {'; '.join(differences[:3])}{more}"
        raise SnapshotError(what, source, "restore it with the graph that it was taken of")


def _differences(then: Any, now: Any) -> list[str]:
    found = []
    for kind, word in (("nodes", "node"), ("edges", "edge")):
        for address in {**then[kind], **now[kind]}:
            if address not in now[kind]:
                found.append(f"{word} {address} is not in the graph")
            elif address not in then[kind]:
                found.append(f"{word} {address} is not in the snapshot")
            elif then[kind][address] != now[kind][address]:
                found.append(f"{word} {address} was {_said(then[kind][address])} and is {_said(now[kind][address])}")
    return found


def _said(thing: Any) -> str:
    if isinstance(thing, list):
        return f"{thing[0]} with {', '.join(thing[1:]) or 'no ports'}"
    return f"of capacity {thing}"


def given_in(data: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the inputs and configs that a snapshot goes on with."""
    inputs = {}
    for name, given in data["inputs"].items():
        address = f"inputs.{name}"
        one = "one" in given
        inputs[name] = from_data(given["one"], address) if one else Each([from_data(x, address) for x in given["each"]])
    return inputs, {name: from_data(value, f"configs.{name}") for name, value in data["configs"].items()}


# -- files -----------------------------------------------------------------------------------------------


def write(data: Any, path: Path) -> None:
    """Write data as JSON, so that the file is whole at every moment: the old one, or the new one.

    Raises:
        SnapshotError: it cannot be written there.
    """
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        write_whole(path, f"{text}\n")
    except OSError as error:
        raise SnapshotError(f"the snapshot cannot be written: {error.strerror}", str(path)) from error


def read(path: Path) -> Any:
    """Read data that `write` has written.

    Raises:
        SnapshotError: there is no such file, or it is not whole.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SnapshotError(f"the snapshot cannot be read: {error.strerror}", str(path)) from error
    except ValueError as error:
        raise SnapshotError(f"this is no whole JSON: {error}", str(path), "take another snapshot") from None


def damaged(error: Exception, source: str) -> FlowError:
    """Return the error for a snapshot whose parts do not fit each other."""
    return SnapshotError(f"it is damaged: {type(error).__name__}: {error}", source, "take another snapshot")
