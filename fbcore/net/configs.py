"""The values that the configs of a net begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbcore.errors import ConfigError
from fbcore.model.flat import End, Flat
from fbcore.model.graph import Graph
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.feeding import checker


def config_values(graph: Graph, flat: Flat, given: Mapping[str, Any]) -> dict[End, Any]:
    """Return the value of every config of every node: as the run gives it, else as it is fixed, else its default.

    NOTHING stands for a config that has no value yet, for a node of the net will send it.

    Raises:
        ConfigError: a value is missing, unknown, refused, or does not fit its type.
    """
    border = graph.border("configs")
    for name in given:
        if name not in border:
            known = ", ".join(border) or "none"
            raise ConfigError(f"the graph has no config {name!r}", f"configs.{name}", f"its configs are: {known}")
    fed = {edge.target: edge for edge in flat.edges}
    found = {}
    for address, node in flat.nodes.items():
        for port in node.component.of(PortKind.CONFIG):
            end = address, port.name
            edge = fed.get(end)
            side, outer = edge.source if edge is not None else ("", "")
            value = given.get(outer, NOTHING) if side == "configs" else NOTHING
            if value is not NOTHING:
                found[end] = checker(port.type, f"configs.{outer}", ConfigError, strict=False)(value)
                for _, each in ("", port), *(edge.guards if edge is not None else ()):
                    _refuse(each, found[end], f"configs.{outer}")
                continue
            value = flat.values[end]
            if value is NOTHING and side == "configs":
                hint = f"give it to the run: run({outer}=...), or --{outer.replace('_', '-')} on the command line"
                what = f"{address}.{port.name} requires this config, and it has no value"
                raise ConfigError(what, f"configs.{outer}", hint)
            # A default of None says that there is none, whatever the type.
            if value is not None and value is not NOTHING:
                value = checker(port.type, f"{address}.{port.name}", ConfigError, strict=False)(value)
                _refuse(port, value, f"{address}.{port.name}")
            found[end] = value
    return found


def _refuse(port: PortSpec, value: Any, address: str) -> None:
    what = port.refusal(value)
    if what:
        raise ConfigError(what, address, "give another value, or mend the validator")
