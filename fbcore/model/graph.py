"""Graphs: nodes, the edges between them, and the border to the world outside."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, overload

from fbcore.errors import GraphError, shown
from fbcore.model.address import BORDERS, Place, caller, element_of, is_id
from fbcore.model.component import Component, class_spec
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.composite import CompositeComponent, component_of, composite_spec
from fbcore.model.display import bundle_of
from fbcore.model.edge_policy import problems_of
from fbcore.model.function import FunctionComponent
from fbcore.model.handle import BorderHandles, NodeHandle, PortHandle, port_of
from fbcore.model.options import NodeOptions
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.problem import Problem
from fbcore.model.validate import validate

C = TypeVar("C", bound=Component)
F = TypeVar("F", bound=FunctionComponent[..., Any, Any])

DEFAULT_CAPACITY = 64
"""Packets that an edge holds unless told otherwise."""


class NodeSpec:
    """A component in a graph: its id, the configs fixed for it, and the line that added it.

    `options` are those that count for it, and `own_options` those among them that `add` was given.
    """

    __slots__ = ("component", "configs", "id", "options", "own_options", "place")

    def __init__(
        self,
        id: str,
        component: ComponentSpec,
        configs: dict[str, Any],
        place: Place,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.component = component
        self.configs = configs
        self.place = place
        self.own_options = dict(options or {})
        self.options = component.options.changed(component.kind, id, self.own_options)
        if isinstance(component.target, FunctionComponent):
            component.target.check_options(self.options)

    def default(self, config: str) -> Any:
        """Return what a config is unless the graph feeds it: as given to `add`, else its default, else NOTHING."""
        return self.configs.get(config, self.component.ports[config].default)


class EdgeSpec:
    """A connection from one port to another, either of which may be on the border of the graph.

    `source` and `target` are pairs of node id and port name; on the border the id is `inputs`, `outputs`
    or `configs`, and `initial` for a packet that is there from the start. `options` are those that were given.
    `guards` are the ports of composites that an edge of a flat graph leads through, with their addresses.
    """

    __slots__ = ("guards", "options", "place", "source", "target")

    def __init__(
        self, source: tuple[str, str], target: tuple[str, str], place: Place, options: dict[str, Any] | None = None
    ) -> None:
        self.source = source
        self.target = target
        self.place = place
        self.options = options or {}
        self.guards: tuple[tuple[str, PortSpec], ...] = ()

    @property
    def capacity(self) -> int | None:
        """The number of packets that the edge holds before a sender waits; None is without bound."""
        capacity: int | None = self.options.get("capacity", DEFAULT_CAPACITY)
        return capacity

    @property
    def copy(self) -> bool | Callable[[Any], Any]:
        """Whether every value is copied, or the function that copies it."""
        copy: bool | Callable[[Any], Any] = self.options.get("copy", False)
        return copy

    @property
    def address(self) -> str:
        """The edge as it is named everywhere: `read.rows->parse.row`."""
        return f"{self.source[0]}.{self.source[1]}->{self.target[0]}.{self.target[1]}"

    def __repr__(self) -> str:
        return f"EdgeSpec({self.address!r}, capacity={self.capacity})"


class Graph:
    """A net as declared: components, connected.

    A graph makes any number of nets, one after the other or together, and is frozen from the first on, or from when it
    is made a component.

    With `token=True` it is a state machine: nodes are states, edges are transitions, and exactly one packet is in it,
    the token. What would double the token or lose it is then an error when the graph is validated; `FSMRuntime` says in
    which state it is, draws that, and refuses a second one.

    Example:
        @component
        def upper_case(text: str) -> str:
            return text.upper()

        graph = Graph("shout")
        upper = graph.add(upper_case)
        graph.inputs.text >> upper.text
        upper.out >> graph.outputs.loud
        print(BatchRuntime(graph).run(inputs={"text": "hello"}).outputs.loud)
        #> ['HELLO']
    """

    def __init__(self, name: str, *, token: bool = False) -> None:
        if not is_id(name):
            raise GraphError(f"{name!r} cannot be the name of a graph", hint="use letters, digits and _")
        self.name = name
        self.token = token
        self.nodes: dict[str, NodeSpec] = {}
        self.edges: list[EdgeSpec] = []
        self.inputs = BorderHandles(self, "inputs")
        self.outputs = BorderHandles(self, "outputs")
        self.configs = BorderHandles(self, "configs")
        self.place = caller()
        self.initials: list[Any] = []
        self.initial_places: list[Place] = []
        self.frozen = False
        self._warnings: list[Problem] | None = None
        self._numbers: dict[tuple[str, str], int] = {}

    @overload
    def add(
        self, component: type[C], id: str | None = None, /, *, options: NodeOptions | None = None, **config: Any
    ) -> C: ...
    @overload
    def add(
        self, component: F, id: str | None = None, /, *, options: NodeOptions | None = None, **config: Any
    ) -> F: ...
    def add(
        self, component: Any, id: str | None = None, /, *, options: NodeOptions | None = None, **config: Any
    ) -> Any:
        """Add a component, and return its node, whose ports are its attributes.

        Without an id the node is named after the component: `ReadCsv` becomes `read_csv`. Keywords fix
        configs of this node; where a config of the graph feeds one of them too, they are its default. `options`
        change some `Options` of the component for this node.

        Raises:
            GraphError: the id is taken or not allowed, this is no component, or it has no such option.

        Example:
            @component
            def scale(value: float, factor: float = 1.0) -> float:
                return value * factor

            graph = Graph("units")
            graph.add(scale, factor=2.54)
            graph.add(scale, "to_feet", factor=0.0328)
            print(*graph.nodes)
            #> scale to_feet
        """
        return self.add_at(component, id, config, caller(), options)

    def add_at(
        self,
        component: Any,
        id: str | None,
        configs: dict[str, Any],
        place: Place,
        options: Any = None,
    ) -> Any:
        """Add as `add` does, on behalf of a line of the user's source."""
        self._refuse_if_frozen(place)
        spec = spec_of(component)
        name = str(id) if id is not None else spec.name
        if not is_id(name) or name in BORDERS:
            why = f"it is {_why_no_id(name)}; give the node another id: graph.add({spec.target.__name__}, ...)"
            raise GraphError(f"{name!r} cannot be the id of a node ({place})", hint=why)
        if name in self.nodes:
            raise GraphError(
                f"there is a node {name} already, added at {self.nodes[name].place} ({place})",
                name,
                # A command's title is no Python.
                f'give this one an id of its own: graph.add({"..." if "$" in spec.title else spec.title}, "{name}_2")',
            )
        if options is not None and not isinstance(options, Mapping):
            hint = 'give a dict, as options={"loop": True}; a config cannot be called options'
            raise GraphError(f"{shown(options)} are no options of a node ({place})", name, hint)
        self.nodes[name] = NodeSpec(name, spec, configs, place, options)
        return NodeHandle(self, self.nodes[name])

    def __getitem__(self, id: str) -> Any:
        """Return the node with this id, as `add` did."""
        if id not in self.nodes:
            known = ", ".join(self.nodes) or "none"
            raise GraphError(f"graph {self.name} has no node {id!r}", hint=f"its nodes are: {known}")
        return NodeHandle(self, self.nodes[id])

    def initial(self, value: Any) -> Any:
        """Return an initial packet, to be connected: `graph.initial("a") >> parse.row`.

        To a config it gives its value. To an input it is one packet that lies there before anything else comes;
        that sender has then ended.

        Example:
            @component
            def halve(number: int) -> int | None:
                return number // 2 or None

            graph = Graph("halves")
            node = graph.add(halve)
            graph.initial(20) >> node.number
            node.out >> node.number
            node.out >> graph.outputs.halves
            print(BatchRuntime(graph).run().outputs.halves)
            #> [10, 5, 2, 1]
        """
        return self.initial_at(value, caller())

    def initial_at(self, value: Any, place: Place) -> Any:
        """Make an initial packet as `initial` does, on behalf of a line of the user's source."""
        self._refuse_if_frozen(place)
        self.initials.append(value)
        self.initial_places.append(place)
        return PortHandle(self, ("initial", str(len(self.initials) - 1)), PortKind.OUTPUT)

    def connect(
        self,
        source: Any,
        target: Any,
        *,
        capacity: int | None = DEFAULT_CAPACITY,
        copy: bool | Callable[[Any], Any] = False,
        bytes: int | str | None = None,
        size: Callable[[Any], Any] | str | None = None,
        expiry: float | None = None,
        priority: Callable[[Any], Any] | str | None = None,
        drop: Literal["oldest", "newest"] | None = None,
    ) -> None:
        """Connect an output to an input, as `>>` does, with options.

        `capacity` is the number of packets that the edge holds before a sender waits; None is without bound.
        With `copy=True` every value is copied deeply on its way, so that whoever takes it may change it; a
        function copies in its own way.

        - `bytes`: the edge holds at most so many, a number or `"10 MB"`; a packet that is larger passes alone. `size`
          measures a packet; without it texts and bytes are measured by their length, and other types refused.
        - `expiry`: seconds after which a packet that nobody took is taken away, and counted in `result.expired`.
        - `priority`: a function from packet to number, or the name of an attribute or key; the highest is taken first.
        - `drop`: the sender never waits; instead the `"oldest"` packet goes, or the `"newest"`, counted in
          `result.dropped`.

        Raises:
            GraphError: either is no port of this graph, the direction is wrong, or an option is.

        Example:
            @component
            def number(text: str) -> int:
                return int(text)

            @component
            def square(number: int) -> int:
                return number * number

            graph = Graph("squares")
            read, power = graph.add(number), graph.add(square)
            graph.inputs.text >> read.text
            graph.connect(read.out, power.number, capacity=1)
            power.out >> graph.outputs.squares
            result = BatchRuntime(graph).run(inputs={"text": Each(["2", "3"])})
            print(result.edges["number.out->square.number"].capacity)
            #> 1
        """
        options: dict[str, Any] = {}
        if capacity != DEFAULT_CAPACITY:
            options["capacity"] = capacity
        if copy is not False:
            options["copy"] = copy
        policies = {"bytes": bytes, "size": size, "expiry": expiry, "priority": priority, "drop": drop}
        options |= {name: value for name, value in policies.items() if value is not None}
        self.connect_at(source, target, caller(), options)

    def connect_at(self, source: Any, target: Any, place: Place, options: dict[str, Any] | None = None) -> None:
        """Connect as `connect` does, on behalf of a line of the user's source."""
        self._refuse_if_frozen(place)
        source, target = port_of(source, place, is_source=True), port_of(target, place, is_source=False)
        for end in (source, target):
            if end.graph is not self:
                raise GraphError(
                    f"the port belongs to graph {end.graph.name}, not to {self.name} ({place})",
                    end.address,
                    "connect ports of one graph",
                )
        source.check_sends(place)
        target.check_takes(place, source)
        edge = EdgeSpec(source.end, target.end, place, options)
        _check_options(edge)
        if options and target.kind is PortKind.CONFIG and source.end[0] in ("configs", "initial"):
            hint = "connect it by >>"
            what = f"the value is there before the net runs, and nothing passes this edge ({place})"
            raise GraphError(what, edge.address, hint)
        self.edges.append(edge)

    def next_number(self, end: tuple[str, str]) -> int:
        """Return the next free number of an array port; each call counts."""
        found = self._numbers.get(end, 0)
        for edge in self.edges:
            for node, port in (edge.source, edge.target):
                element = element_of(port)
                if node == end[0] and element is not None and element[0] == end[1] and isinstance(element[1], int):
                    found = max(found, element[1] + 1)
        self._numbers[end] = found + 1
        return found

    def as_component(self, name: str | None = None) -> type[CompositeComponent]:
        """Return this graph as a component; its border becomes ports, and it is frozen from now on.

        Example:
            @component
            def upper_case(text: str) -> str:
                return text.upper()

            inner = Graph("shout")
            upper = inner.add(upper_case)
            inner.inputs.text >> upper.text
            upper.out >> inner.outputs.loud

            graph = Graph("street")
            one = graph.add(inner.as_component())
            graph.inputs.text >> one.text
            one.loud >> graph.outputs.heard
            print(BatchRuntime(graph).run(inputs={"text": "fish"}).outputs.heard)
            #> ['FISH']
        """
        if not self.nodes:
            raise GraphError(f"graph {self.name} is empty", hint="add a component first: graph.add(...)")
        # The class is the module's that asks for it, as a named tuple is: so it is shown, and pickled.
        module = sys._getframe(1).f_globals.get("__name__", __name__)
        return component_of(self, name or self.name, caller(), module)

    def _refuse_if_frozen(self, place: Place) -> None:
        if self.frozen:
            raise GraphError(
                f"graph {self.name} is frozen, for a net or a component was made of it ({place})",
                hint="declare the whole graph before that, or make a new one",
            )

    def validate(self) -> list[Problem]:
        """Check the whole graph and return its warnings, as `Problem`s.

        Raises:
            GraphError: it cannot run; `problems` holds everything that was found, with places and hints.
        """
        if self._warnings is None or not self.frozen:
            # What is frozen is valid for good: an explorer makes thousands of nets of one graph.
            was_frozen, found = self.frozen, validate(self)
            self._warnings = found if was_frozen else None
            return found
        return list(self._warnings)

    def border(self, side: str) -> dict[str, list[EdgeSpec]]:
        """Return the ports on one side of the border (`inputs`, `outputs` or `configs`), with their edges."""
        found: dict[str, list[EdgeSpec]] = {}
        for edge in self.edges:
            end = edge.target if side == "outputs" else edge.source
            if end[0] == side:
                found.setdefault(end[1], []).append(edge)
        return found

    def port_type(self, end: tuple[str, str]) -> Any:
        """Return the type of the port at one end of an edge; Any on the border."""
        port = self.nodes[end[0]].component.port(end[1]) if end[0] in self.nodes else None
        return port.type if port is not None else Any

    def input_types(self, name: str) -> list[Any]:
        """Return the types that a value for an input of the graph must fit, one for each port it goes to."""
        return [self.port_type(edge.target) for edge in self.border("inputs").get(name, [])]

    def may_be_left_out(self, name: str) -> bool:
        """Say whether a run may give nothing for an input of the graph: all ports that it goes to are optional."""
        nodes = [(self.nodes.get(edge.target[0]), edge.target[1]) for edge in self.border("inputs").get(name, [])]
        ports = [node.component.port(port) if node is not None else None for node, port in nodes]
        return bool(ports) and all(port is not None and not port.required for port in ports)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle_of(self)

    def __repr__(self) -> str:
        return f"<graph {self.name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"


def _why_no_id(name: str) -> str:
    if name in BORDERS:
        return "the name of a side of the graph's border"
    return "a keyword of Python" if keyword.iskeyword(name) else "not made of letters, digits and _"


def _check_options(edge: EdgeSpec) -> None:
    capacity: Any = edge.capacity
    copy: Any = edge.copy
    if capacity is not None and (type(capacity) is not int or capacity < 1):
        raise GraphError(
            f"capacity {capacity!r} is no number of packets ({edge.place})",
            edge.address,
            "use a whole number from 1 on, or None for an edge without bound",
        )
    if type(copy) is not bool and not callable(copy):
        hint = "say copy=True for a deep copy, or give a function that copies a value"
        raise GraphError(f"copy cannot be {copy!r} ({edge.place})", edge.address, hint)
    for _, what, hint in problems_of(edge.options):
        raise GraphError(f"{what} ({edge.place})", edge.address, hint)


def spec_of(component: Any) -> ComponentSpec:
    """Return what a net must know of a component.

    Raises:
        GraphError: this is no component.
    """
    if isinstance(component, FunctionComponent):
        return component.spec
    if isinstance(component, type) and issubclass(component, CompositeComponent):
        return composite_spec(component, Graph)
    if isinstance(component, type) and issubclass(component, Component):
        return class_spec(component)
    hint = "derive a class from Component, or decorate a function with @component"
    if isinstance(component, Component):
        hint = f"pass the class: graph.add({type(component).__name__})"
    elif hasattr(component, "call_text"):
        hint = f"call it, for a template makes components: {component.call_text}"
    elif callable(component) and hasattr(component, "__name__"):
        hint = f"decorate {component.__name__} with @component"
    raise GraphError(f"{component!r} is no component", hint=hint)
