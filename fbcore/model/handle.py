"""What `graph.add`, `graph.inputs` and their like return: names to connect with `>>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fbcore.errors import GraphError, PortError, shown
from fbcore.model.address import Place, caller, element_of, is_id
from fbcore.model.display import bundle_of
from fbcore.model.port_spec import IMPLICIT, PortKind

if TYPE_CHECKING:
    from fbcore.model.graph import Graph, NodeSpec

_A = {
    PortKind.INPUT: "an input",
    PortKind.CONFIG: "a config",
    PortKind.OUTPUT: "an output",
    PortKind.SIGNAL: "a signal",
    PortKind.MESSAGE: "a message",
}
_BORDER_KINDS = {"inputs": PortKind.OUTPUT, "configs": PortKind.OUTPUT, "outputs": PortKind.INPUT}


class PortHandle:
    """One port in a graph, to be connected: `a.out >> b.value`."""

    __slots__ = ("end", "graph", "is_array", "kind")

    def __init__(self, graph: Graph, end: tuple[str, str], kind: PortKind, *, is_array: bool = False) -> None:
        self.graph = graph
        self.end = end
        self.kind = kind
        self.is_array = is_array

    @property
    def address(self) -> str:
        """The port's address, `node.port`."""
        return f"{self.end[0]}.{self.end[1]}"

    def __rshift__(self, other: Any) -> None:
        self.graph.connect_at(self, other, caller())

    def __rrshift__(self, other: Any) -> None:
        # Only what is no port of a graph comes here.
        self.graph.connect_at(other, self, caller())

    def __getitem__(self, key: Any) -> PortHandle:
        """Return an element of an array port: `merge.items[0]`, `split.parts["DE"]`."""
        is_border = self.end[0] in _BORDER_KINDS and element_of(self.end[1]) is None
        if not (self.is_array or is_border):
            raise PortError(f"this is {_A[self.kind]} with no elements", self.address, "only array ports have elements")
        text = str(key)
        is_number = type(key) is int and key >= 0
        if not is_number and (not isinstance(key, str) or not key or key.isdigit() or set("[]\n") & set(key)):
            hint = "use a whole number from 0 on, or a text that is no number and has no brackets"
            raise PortError(f"{shown(key)} cannot be the key of an element", self.address, hint)
        return PortHandle(self.graph, (self.end[0], f"{self.end[1]}[{text}]"), self.kind)

    def new(self) -> PortHandle:
        """Return the element of an array port with the next number that nothing was connected to."""
        return self[self.graph.next_number(self.end)]

    def check_sends(self, place: Place) -> None:
        """Refuse this port on the left of `>>` when packets only come in through it."""
        if not self.kind.goes_out:
            raise PortError(
                f"this is {_A[self.kind]}, and nothing goes out of it ({place})",
                self.address,
                f"an output stands on the left of >>: `some.out >> {self.address}`",
            )
        self._check_element(place)

    def check_takes(self, place: Place, source: PortHandle) -> None:
        """Refuse this port on the right of `>>` when packets only go out of it, or configs meet data."""
        if self.kind.goes_out:
            raise PortError(
                f"this is {_A[self.kind]}, and nothing comes in through it ({place})",
                self.address,
                f"an input stands on the right of >>: `{self.address} >> some.input`",
            )
        self._check_element(place)
        if source.end[0] == "configs" and self.kind is not PortKind.CONFIG:
            hint = "feed inputs from outputs and `graph.inputs.name`, configs from `graph.configs.name`"
            raise PortError(f"{source.address} cannot feed this {self.kind} ({place})", self.address, hint)

    def _check_element(self, place: Place) -> None:
        if self.is_array:
            hint = f"connect an element: {self.address}[0], {self.address}.new()"
            raise PortError(f"this is an array port ({place})", self.address, hint)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.address}>"


class NodeHandle:
    """One node in a graph; its ports are its attributes."""

    __slots__ = ("_graph", "_node")

    def __init__(self, graph: Graph, node: NodeSpec) -> None:
        self._graph = graph
        self._node = node

    def __getattr__(self, name: str) -> PortHandle:
        # No port begins with `_`; those who ask for such a name, as Jupyter and pickle do, ask for something else.
        if name.startswith("_"):
            raise AttributeError(name)
        port = self._node.component.port(name)
        if port is None:
            if name in self._node.component.memories:
                hint = (
                    "nothing goes in or out of it but by its own component; declare a port for what others are to see"
                )
                raise PortError("this is a memory, and cannot be connected", f"{self._node.id}.{name}", hint)
            ports = ", ".join(self._node.component.ports) or "none"
            raise PortError(f"the node has no port {name!r}", self._node.id, f"its ports are: {ports}")
        is_array = port.is_array and element_of(name) is None
        return PortHandle(self._graph, (self._node.id, name), port.kind, is_array=is_array)

    # A node that is connected itself is refused where every connection is, in words.
    def __rshift__(self, other: Any) -> None:
        self._graph.connect_at(self, other, caller())

    def __rrshift__(self, other: Any) -> None:
        self._graph.connect_at(other, self, caller())

    def not_a_port(self, *, is_source: bool) -> tuple[str, str]:
        """Return what is wrong where the node itself is connected, and which ports it could be."""
        node = self._node
        ports = [f"{node.id}.{name}" for name, port in node.component.ports.items() if port.kind.goes_out == is_source]
        side = "left" if is_source else "right"
        hint = f"say which of its ports stands on the {side} of >>: {' or '.join(ports) or 'it has none that could'}"
        return f"{node.id} is a node, and no port", hint

    def __dir__(self) -> list[str]:
        return [*self._node.component.ports, *IMPLICIT]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle_of(self._node, self._graph)

    def __repr__(self) -> str:
        return f"<node {self._node.id} of {self._node.component.label}>"


def port_of(end: Any, place: Place, *, is_source: bool) -> PortHandle:
    """Return this end of a connection, when it is a port.

    Raises:
        GraphError: it is something else; the hint says how to connect that.
    """
    if isinstance(end, PortHandle):
        return end
    if isinstance(end, NodeHandle):
        what, hint = end.not_a_port(is_source=is_source)
    else:
        what, hint = f"{shown(end)} is no port", "connect ports: `a.out >> b.value`, not nodes or values"
        if callable(end):
            hint = "a component is added first; connect the ports of its node: `node = graph.add(Name)`"
        elif end is None and is_source:
            hint = "write a chain `a >> b >> c` as `a >> b` and `b >> c`"
        elif is_source:
            hint = "a value that is there from the start is an initial packet: `graph.initial(value) >> b.value`"
    raise GraphError(f"{what} ({place})", hint=hint)


class BorderHandles:
    """One side of a graph's border; ports come to be by being named: `graph.inputs.text >> upper.text`."""

    __slots__ = ("_graph", "_side")

    def __init__(self, graph: Graph, side: str) -> None:
        self._graph = graph
        self._side = side

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        element = element_of(name)
        if not is_id(element[0] if element else name):
            raise GraphError(f"{name!r} cannot be the name of a port", self._side, "use letters, digits and _")
        return PortHandle(self._graph, (self._side, name), _BORDER_KINDS[self._side])

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        return list(self._graph.border(self._side))

    def __repr__(self) -> str:
        return f"<{self._side} of graph {self._graph.name}: {', '.join(dir(self)) or 'none'}>"
