"""Making a graph of a plan: nodes whose ids have dots are put into composites, and edges led through their borders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fbcore import CompositeComponent, Config, Graph, In, Message, Out, Signal
from fbcore.model.address import element_of
from tests.laws.actors import Actor
from tests.laws.classes import class_of
from tests.laws.functions import function_of
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan, PlannedEdge, PlannedNode, Port

WAYS = ("one by one", "by source", "by target", "in between")
"""How edges share the ports of a border: not at all; those of one output; those of one input; those of one output on
the way out, and those of one input on the way in."""

KINDS: dict[str, Any] = {"config": Config[Any], "input": In[Any], "output": Out[Any], "signal": Signal}


class Scope:
    """A graph inside others, as it is to be made: what is in it, and what its border is used for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.id = last(address)
        self.nodes: list[PlannedNode] = []
        self.inner: dict[str, Scope] = {}
        self.hops: dict[tuple[Port, Port], dict[str, Any]] = {}
        self.border: dict[str, str] = {}
        self.initials: dict[str, str] = {}
        self.given: dict[str, dict[str, Any]] = {}

    def at(self, address: str) -> Scope:
        """Return the scope with this address inside this one, which is made if need be."""
        scope = self
        for id in address.split(".") if address else ():
            scope = scope.inner.setdefault(id, Scope(f"{scope.address}.{id}".removeprefix(".")))
        return scope


class Maker:
    """Makes the graph of a plan.

    The seed decides how borders are used. Composites that are `alike`, by address, are made once and used again.
    """

    def __init__(self, plan: Plan, ledger: Ledger, seed: int = 0, alike: Mapping[str, str] | None = None) -> None:
        self.plan = plan
        self.ledger = ledger
        self.seed = seed
        self.alike = alike or {}
        self.made: dict[str, Any] = {}
        self.top = Scope("")
        for node in plan.nodes:
            self.top.at(place_of(node.id)).nodes.append(node)
            self._lead_configs(node)
        for (place, number), text in plan.initials:
            self.top.at(place_of(place)).initials[number] = text
        for number, edge in enumerate(plan.edges):
            self._lead(edge, WAYS[(number + seed) % len(WAYS)])

    def make(self) -> Graph:
        """Return the graph."""
        graph = Graph("planned")
        self._fill(self.top, graph)
        return graph

    # -- leading edges through borders ---------------------------------------------------------------

    def _lead(self, edge: PlannedEdge, way: str) -> None:
        """Cut an edge into hops, one for each graph that it comes through."""
        source, target = place_of(edge.source[0]), place_of(edge.target[0])
        shared = common(source, target)
        goes_in = {"factor": "config", "execute": "signal", "stop": "signal"}.get(edge.target[1], "input")
        goes_out = "message" if edge.carries_messages else "output"
        leaves_by, comes_by = (f"{goes_out}_{_name(edge, way, 'source')}", f"{goes_in}_{_name(edge, way, 'target')}")
        hops: list[tuple[str, Port, Port]] = []
        at = (last(edge.source[0]), edge.source[1])
        for place in steps(source, shared):
            hops.append((place, at, ("outputs", leaves_by)))
            self.top.at(place).border[leaves_by] = goes_out
            at = (last(place), leaves_by)
        middle = len(hops)
        for place in reversed(steps(target, shared)):
            hops.append((place_of(place), at, (last(place), comes_by)))
            self.top.at(place).border[comes_by] = goes_in
            at = ("configs" if goes_in == "config" else "inputs", comes_by)
        hops.append((target, at, (last(edge.target[0]), edge.target[1])))
        # Options stand where no other edge passes.
        own = {"by source": len(hops) - 1, "by target": 0}.get(way, middle)
        for number, (place, start, end) in enumerate(hops):
            options = self.top.at(place).hops.setdefault((start, end), {})
            if number == own:
                options.update(capacity=edge.capacity, copy=edge.copy)

    def _lead_configs(self, node: PlannedNode) -> None:
        """Lead what a node is given through the borders around it, or give it where the node is added."""
        place, id = place_of(node.id), last(node.id)
        scope, actor = self.top.at(place), Actor(node, self.ledger)
        if place and (self.alike or (len(id) + self.seed) % 2):
            outermost, name = self._lead_config(node, "me")
            self.top.given.setdefault(outermost, {})[name] = actor
            scope.given[id] = {} if node.kind != "strict" else {"strict": actor}
        else:
            scope.given[id] = {"me": actor}
        if not node.configs or self.plan.fed(node):
            return
        if node.given == "add":
            scope.given[id]["factor"] = f"k{node.n}"
        elif node.given == "border":
            self.top.hops[("configs", config_name(node)), self._lead_config(node, "factor")] = {}

    def _lead_config(self, node: PlannedNode, name: str) -> Port:
        """Lead a config to the outermost graph, and return its place there."""
        at = (last(node.id), name)
        for place in steps(place_of(node.id), ""):
            scope, passed = self.top.at(place), "_".join(at)
            scope.border[passed] = "config"
            scope.hops[("configs", passed), at] = {}
            at = (scope.id, passed)
        return at

    # -- making graphs -------------------------------------------------------------------------------

    def _component(self, scope: Scope) -> Any:
        """Return the component of a composite, which is written as a class or made of a graph."""
        alike = self.alike.get(scope.address, scope.address)
        if alike in self.made:
            self._offer_again(alike, scope)
        elif (len(alike) + self.seed) % 2:
            graph = Graph(scope.id)
            self._fill(scope, graph)
            self.made[alike] = graph.as_component()
        else:
            self.made[alike] = _class(scope, self._fill)
        return self.made[alike]

    def _offer_again(self, alike: str, scope: Scope) -> None:
        for number in scope.initials:
            self.ledger.offered[f"{scope.address}.initial.{number}"] = self.ledger.offered[f"{alike}.initial.{number}"]

    def _fill(self, scope: Scope, graph: Graph) -> None:
        """Add and connect all that is in a graph."""
        for node in scope.nodes:
            given = dict(scope.given[last(node.id)])
            actor = given.pop("strict", None) or given.get("me")
            graph.add(class_of(node, actor) if node.is_class else function_of(node), last(node.id), **given)
        for id, inner in scope.inner.items():
            graph.add(self._component(inner), id, **scope.given.get(id, {}))
        initials = {}
        for number in sorted(scope.initials, key=int):
            address = f"{scope.address}.initial.{number}".removeprefix(".")
            initials[number] = graph.initial(self.ledger.offer(address, scope.initials[number]))
        for node in scope.nodes:
            if node.configs and node.given == "initial" and not self.plan.fed(node):
                graph.initial(f"k{node.n}") >> graph[last(node.id)].factor
        for (source, target), options in scope.hops.items():
            start = initials[source[1]] if source[0] == "initial" else end_of(graph, source)
            graph.connect(start, end_of(graph, target), **options)


def _class(scope: Scope, fill: Any) -> type[CompositeComponent]:
    annotations = {name: Message if kind == "message" else KINDS[kind] for name, kind in scope.border.items()}
    members = {"__annotations__": annotations, "build": lambda self, graph: fill(scope, graph)}
    return type(f"Made_{scope.id}", (CompositeComponent,), members)


def end_of(graph: Graph, port: Port) -> Any:
    """Return the handle of a port in a graph."""
    node: Any = getattr(graph, port[0]) if port[0] in ("inputs", "outputs", "configs") else graph[port[0]]
    element = element_of(port[1])
    return getattr(node, element[0])[element[1]] if element else getattr(node, port[1])


def config_name(node: PlannedNode) -> str:
    """Name the config of the graph by which a node is given its config."""
    return f"factor_{node.id.replace('.', '_')}"


def last(address: str) -> str:
    """Return the id of a node or composite inside the graph that it is in."""
    return address.rpartition(".")[2]


def place_of(address: str) -> str:
    """Return the address of the composite around a node or composite, "" for the outermost graph."""
    return address.rpartition(".")[0]


def steps(place: str, outer: str) -> list[str]:
    """Return the composites from this one outwards, up to but without an outer one."""
    return [place, *steps(place_of(place), outer)] if place != outer else []


def common(one: str, other: str) -> str:
    """Return the innermost composite that both are in."""
    return next(place for place in [*steps(one, ""), ""] if f"{other}.".startswith(f"{place}.") or not place)


def _name(edge: PlannedEdge, way: str, side: str) -> str:
    """Name the port of a border that an edge goes by, on its way out from the source or in to the target."""
    ends = {"by source": [edge.source], "by target": [edge.target], "in between": [getattr(edge, side)]}
    named = "_to_".join(".".join(end) for end in ends.get(way, [edge.source, edge.target]))
    return re.sub(r"\W", "_", f"{way}_{named}")
