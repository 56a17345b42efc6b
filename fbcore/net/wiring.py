"""How the parts of a net are made: its nodes, its edges, and what nodes do; an orchestrator makes them its own way."""

from __future__ import annotations

from typing import Any

from fbcore.errors import GraphError, PortError, shown
from fbcore.model.edge_policy import POLICIES, EdgePolicy, length, policy_of, problems_of, unmeasured
from fbcore.model.flat import Flat
from fbcore.model.graph import EdgeSpec, Graph, NodeSpec
from fbcore.net.config_port import ConfigPort
from fbcore.net.edge import Edge
from fbcore.net.feeding import checker
from fbcore.net.guard import Inspection, make_guard
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.options import Check
from fbcore.net.out_port import OutPort
from fbcore.net.sink import Sink
from fbcore.net.stop_port import StopPort
from fbcore.net.work import give_work


class EdgePlan:
    """An edge that is about to be made: `address`, `capacity`, what is checked on it (`check`), and its `policies`.

    `make` makes it. `policies` are options of `Graph.connect` besides these, by name; `said` are the names of those
    that the graph says. `taker` is the address of the node that it leads to (`outputs` where it leads out of the net).
    """

    __slots__ = ("_flat", "_source", "_spec", "_target", "address", "capacity", "check", "policies", "said", "taker")

    def __init__(
        self,
        flat: Flat,
        spec: EdgeSpec,
        source: OutPort,
        target: InPort | ConfigPort | StopPort | Sink,
        check: Check,
    ) -> None:
        self._flat = flat
        self._spec = spec
        self._source = source
        self._target = target
        self.address = spec.address
        self.capacity = spec.capacity
        self.said = frozenset(spec.options)
        self.policies = {name: spec.options[name] for name in POLICIES if name in spec.options}
        self.check = check
        self.taker = spec.target[0]

    def make(self, kind: type[Edge] = Edge) -> Edge:
        """Make the edge, and attach it to its ports; one with policies is a `PolicedEdge`, whatever else is wanted.

        Raises:
            GraphError: its capacity is no number of packets, or its policies cannot be.
        """
        capacity: Any = self.capacity
        if capacity is not None and (type(capacity) is not int or capacity < 1):
            hint = "use a whole number from 1 on, or None for an edge without bound"
            raise GraphError(f"capacity {shown(capacity)} is no number of packets", self.address, hint)
        self._refuse_unknown()
        source, target = self._source, self._target
        policy = self._policy()
        if policy and isinstance(target, InPort):
            # Loaded here, for few nets have edges with policies.
            from fbcore.net.policed_edge import PolicedEdge

            edge: Edge = PolicedEdge(self.address, source, target, capacity, policy)
        else:
            # Whoever takes at once, as an output that is collected does, leaves nothing lying.
            edge = kind(self.address, source, target, None if isinstance(target, Sink) else capacity)
        edge.inspection = self._inspection()
        source.attach(edge)
        target.attach(edge)
        return edge

    def _refuse_unknown(self) -> None:
        """Refuse what an orchestrator may have made of the plan, and no edge would do."""
        if self.check not in (None, "edges", "mutation"):
            raise GraphError(f"check cannot be {shown(self.check)}", self.address, 'say "edges", "mutation" or None')
        policies: Any = self.policies
        unknown = [name for name in policies if name not in POLICIES] if isinstance(policies, dict) else [policies]
        if unknown:
            hint = f"its policies are a dict with some of: {', '.join(POLICIES)}"
            raise GraphError(f"an edge has no policy {shown(unknown[0])}", self.address, hint)

    def _policy(self) -> EdgePolicy:
        for _, what, hint in problems_of(self.policies):
            raise GraphError(what, self.address, hint)
        policy = policy_of(self.policies)
        if policy.bytes is not None and policy.size is None:
            what, hint = unmeasured(self._kinds())
            if what:
                raise GraphError(what, self.address, hint)
            policy = policy._replace(size=length)
        return policy

    def _kinds(self) -> list[Any]:
        """Return the types of its ends, where they have some."""
        spec, nodes = self._spec, self._flat.nodes
        ends = [nodes[node].component.port(port) for node, port in (spec.source, spec.target) if node in nodes]
        return [port.type for port in ends if port is not None and port.type not in (Any, None)]

    def _inspection(self) -> Inspection | None:
        """Return what values pass on the edge, or None for nothing."""
        spec = self._spec
        guards = [guard for address, port in spec.guards if (guard := make_guard(port, address)) is not None]
        if self.check is None and not guards and spec.copy is False:
            return None
        is_typed = self.check == "edges"
        checks = [checker(kind, spec.address, PortError, strict=True) for kind in self._kinds()] if is_typed else []
        compares = self.check == "mutation"
        if not checks and not compares and not guards and spec.copy is False:
            return None

        def check(value: Any) -> None:
            for each in checks:
                each(value)

        checked = check if checks else None
        return Inspection(
            spec.address, self._source.address, check=checked, copied=spec.copy, compares=compares, guards=guards
        )


class Wiring:
    """Makes the parts of a net plainly, as the graph says."""

    def check(self, graph: Graph) -> None:
        """Refuse a valid graph that is not to be wired, before anything is made."""

    def make_node(self, net: Net, address: str, spec: NodeSpec) -> Node:
        """Make a node, which gets its ports and its work later."""
        return Node(net, address, spec.component.label)

    def make_edge(self, plan: EdgePlan) -> Edge:
        """Make an edge, attached to its ports."""
        return plan.make()

    def give_work(self, node: Node, spec: NodeSpec) -> None:
        """Let a node, which has its ports, do what its component says."""
        give_work(node, spec)


PLAIN = Wiring()
"""What makes a net that nobody has settings for."""
