"""What `graph.add`, `graph.inputs` and their like return: names to connect with `>>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fbcore.errors import GraphError, PortError
from fbcore.model.address import Place, caller, is_id
from fbcore.model.port import PortKind

if TYPE_CHECKING:
    from fbcore.model.graph import Graph, NodeSpec

_A = {PortKind.INPUT: "an input", PortKind.CONFIG: "a config", PortKind.OUTPUT: "an output"}
_BORDER_KINDS = {"inputs": PortKind.OUTPUT, "configs": PortKind.OUTPUT, "outputs": PortKind.INPUT}


class PortHandle:
    """One port in a graph, to be connected: `a.out >> b.value`."""

    __slots__ = ("end", "graph", "kind")

    def __init__(self, graph: Graph, end: tuple[str, str], kind: PortKind) -> None:
        self.graph = graph
        self.end = end
        self.kind = kind

    @property
    def address(self) -> str:
        """The port's address, `node.port`."""
        return f"{self.end[0]}.{self.end[1]}"

    def __rshift__(self, other: Any) -> None:
        self.graph.connect_at(self, other, caller())

    def check_sends(self, place: Place) -> None:
        """Refuse this port on the left of `>>` when packets only come in through it."""
        if self.kind is not PortKind.OUTPUT:
            raise PortError(
                f"this is {_A[self.kind]}, and nothing goes out of it ({place})",
                self.address,
                f"an output stands on the left of >>: `some.out >> {self.address}`",
            )

    def check_takes(self, place: Place, source: PortHandle) -> None:
        """Refuse this port on the right of `>>` when packets only go out of it, or configs meet data."""
        if self.kind is PortKind.OUTPUT:
            raise PortError(
                f"this is an output, and nothing comes in through it ({place})",
                self.address,
                f"an input stands on the right of >>: `{self.address} >> some.input`",
            )
        from_config = source.end[0] == "configs"
        if from_config != (self.kind is PortKind.CONFIG):
            hint = "feed configs from `graph.configs.name`, inputs from outputs and `graph.inputs.name`"
            raise PortError(f"{source.address} cannot feed this {self.kind} ({place})", self.address, hint)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.address}>"


class NodeHandle:
    """One node in a graph; its ports are its attributes."""

    __slots__ = ("_graph", "_node")

    def __init__(self, graph: Graph, node: NodeSpec) -> None:
        self._graph = graph
        self._node = node

    def __getattr__(self, name: str) -> PortHandle:
        port = self._node.port(name)
        if port is None:
            if name.startswith("__"):
                raise AttributeError(name)
            ports = ", ".join(self._node.component.ports) or "none"
            raise PortError(f"the node has no port {name!r}", self._node.id, f"its ports are: {ports}")
        return PortHandle(self._graph, (self._node.id, name), port.kind)

    def __dir__(self) -> list[str]:
        return [*self._node.component.ports, "error"]

    def __repr__(self) -> str:
        return f"<node {self._node.id} of {self._node.component.name}>"


class BorderHandles:
    """One side of a graph's border; ports come to be by being named: `graph.inputs.text >> upper.text`."""

    __slots__ = ("_graph", "_side")

    def __init__(self, graph: Graph, side: str) -> None:
        self._graph = graph
        self._side = side

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not is_id(name):
            raise GraphError(f"{name!r} cannot be the name of a port", self._side, "use letters, digits and _")
        return PortHandle(self._graph, (self._side, name), _BORDER_KINDS[self._side])

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        return list(self._graph.border(self._side))
