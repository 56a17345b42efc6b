"""Array ports of a running node: mappings from key to port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fbcore.model.address import element_of
from fbcore.model.array import InArray, Key, OutArray
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.in_port import InPort
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort
from fbcore.net.ports import make_port


class _Elements:
    """The elements of one array port; one that is asked for first at run time is made then, unconnected."""

    def __init__(self, node: Node, spec: PortSpec) -> None:
        self._node = node
        self._spec = spec

    def __getitem__(self, key: Key) -> Any:
        name = f"{self._spec.name}[{key}]"
        ports: dict[str, Any] = self._node.ins if self._spec.kind is PortKind.INPUT else self._node.outs
        if name not in ports:
            make_port(self._node, self._spec, name, key)
            self._node.net.take_in(self._node)
        return ports[name]

    def _connected(self) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        for ports in (self._node.ins, self._node.outs):
            for name, port in ports.items():
                element = element_of(name)
                if element is not None and element[0] == self._spec.name and port.is_connected:
                    found[element[1]] = port
        return found

    def __iter__(self) -> Iterator[Key]:
        return iter(self._connected())

    def __len__(self) -> int:
        return len(self._connected())

    def __contains__(self, key: object) -> bool:
        return key in self._connected()

    def keys(self) -> list[Key]:
        """Return the keys of the connected elements, in order of connection."""
        return list(self._connected())

    def values(self) -> list[Any]:
        """Return the connected ports, in order of connection."""
        return list(self._connected().values())

    def items(self) -> list[tuple[Key, Any]]:
        """Return keys with connected ports, in order of connection."""
        return list(self._connected().items())


class InElements(_Elements, InArray[InPort]):
    """The elements of an input array of a running node."""


class OutElements(_Elements, OutArray[OutPort]):
    """The elements of an output array of a running node."""
