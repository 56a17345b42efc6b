"""What a net must know of a component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fbcore.model.address import RESERVED_PORTS, Place, element_of, is_id
from fbcore.model.memory import MemorySpec
from fbcore.model.options import Kind, Options
from fbcore.model.port_spec import IMPLICIT, PortKind, PortSpec

if TYPE_CHECKING:
    from fbcore.model.graph import Graph


class ComponentSpec:
    """What a net must know of a component: its name, its ports in order of declaration, and where it stands.

    `memories` are what it keeps from one turn to the next: their names are among those of the ports.
    `target` is the class, or the `FunctionComponent`; `graph` is what a composite is made of, None for others.
    `problems` are triples of port (or ""), what is wrong, and how to mend it.
    """

    __slots__ = ("doc", "graph", "memories", "name", "place", "ports", "problems", "target")

    def __init__(
        self,
        name: str,
        ports: Mapping[str, PortSpec],
        target: Any,
        doc: str,
        place: Place,
        memories: Mapping[str, MemorySpec] | None = None,
    ) -> None:
        self.name = name
        self.ports = dict(ports)
        self.memories = dict(memories or {})
        self.target = target
        self.doc = doc
        self.place = place
        self.graph: Graph | None = None
        self.problems: list[tuple[str, str, str]] = []

    @property
    def label(self) -> str:
        """What people know the component by: its name, or, for one that a template has made, the call."""
        label: str = vars(self.target).get("_label", "")
        return label or self.name

    @property
    def title(self) -> str:
        """What its source calls it, as `ReadCsv`; for one that a template has made, the call."""
        return str(vars(self.target).get("_label") or getattr(self.target, "__name__", self.name))

    @property
    def kind(self) -> Kind:
        """Whether this is a class, a function or a composite."""
        if isinstance(self.target, type):
            return "class" if self.graph is None else "composite"
        return "function"

    @property
    def options(self) -> Options:
        """What the component says of its options."""
        options: Options = self.target.options
        return options

    def of(self, kind: PortKind) -> list[PortSpec]:
        """Return the declared ports of one kind, in order of declaration."""
        return [port for port in self.ports.values() if port.kind is kind]

    def port(self, name: str) -> PortSpec | None:
        """Return the declaration of a port, an implicit one or that of an element's array included, or None."""
        if name in IMPLICIT:
            return IMPLICIT[name]
        element = element_of(name)
        if element is None:
            return self.ports.get(name)
        array = self.ports.get(element[0])
        return array if array is not None and array.is_array else None

    def check_names(self) -> None:
        """Note a problem for every port and memory whose name is not allowed, and for memories that cannot begin."""
        for name in (*self.ports, *self.memories):
            what = "memory" if name in self.memories else "port"
            if name in RESERVED_PORTS:
                self.problems.append((name, f"a component has `{name}` anyway", f"give the {what} another name"))
            elif not is_id(name) or name.startswith("_"):
                self.problems.append((name, f"`{name}` cannot be the name of a {what}", "use letters, digits and _"))
        for name in self.memories.keys() & self.ports.keys():
            hint = "ports and memories share one namespace; rename one of them"
            self.problems.append((name, "this is the name of a memory and of a port", hint))
        for memory in self.memories.values():
            self.problems += memory.problems()
