"""Making the ports and memories of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fbcore.model.address import MESSAGES, element_of
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.flat import End
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.config_port import ConfigPort
from fbcore.net.guard import make_guard
from fbcore.net.memory_cell import MemoryCell
from fbcore.net.node import Node
from fbcore.net.out_port import MessagePort
from fbcore.net.stop_port import StopPort


def make_ports(node: Node, component: ComponentSpec, configs: Mapping[End, Any], used: Sequence[str]) -> None:
    """Make the memories of a node, its declared ports, and those that every node may have which are `used`."""
    for spec in component.ports.values():
        if spec.is_array:
            _make_elements(node, spec, used)
        elif spec.kind is PortKind.CONFIG:
            guard = make_guard(spec, f"{node.address}.{spec.name}")
            node.configs[spec.name] = ConfigPort(node, spec.name, configs[node.address, spec.name], guard)
        else:
            make_port(node, spec, spec.name)
    for memory in component.memories.values():
        node.memories[memory.name] = MemoryCell(node, memory)
    for name in MESSAGES:
        if name in used:
            node.outs[name] = MessagePort(node, name)
    if "execute" in used:
        node.ins["execute"] = node.in_port(node, "execute")
    if "stop" in used:
        node.stop_port = StopPort(node)


def make_port(node: Node, spec: PortSpec, name: str, key: int | str | None = None) -> None:
    """Make one port, or one element of an array port."""
    if spec.kind in (PortKind.INPUT, PortKind.SIGNAL):
        node.ins[name] = port = node.in_port(node, name, key)
        port.guard = make_guard(spec, port.address)
    else:
        node.outs[name] = MessagePort(node, name) if spec.kind is PortKind.MESSAGE else node.new_out(name)


def _make_elements(node: Node, spec: PortSpec, used: Sequence[str]) -> None:
    for name in used:
        element = element_of(name)
        if element is not None and element[0] == spec.name:
            make_port(node, spec, name, element[1])
