"""Making a running net of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fbcore.errors import InputError
from fbcore.model.flat import Flat, flatten
from fbcore.model.graph import EdgeSpec, Graph
from fbcore.model.packet import Each
from fbcore.net.config_port import ConfigPort
from fbcore.net.configs import config_values
from fbcore.net.edge import Edge
from fbcore.net.feeding import Feeding, checker
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.observe import Observer
from fbcore.net.options import DEFAULTS, NetOptions
from fbcore.net.ports import make_ports
from fbcore.net.reader import Reader
from fbcore.net.sink import Sink
from fbcore.net.stop_port import StopPort
from fbcore.net.wiring import PLAIN, EdgePlan, Wiring


def build_net(
    graph: Graph,
    inputs: Mapping[str, Any] | None = None,
    configs: Mapping[str, Any] | None = None,
    observers: Iterable[Observer] = (),
    options: NetOptions = DEFAULTS,
    *,
    streamed: bool = False,
    wiring: Wiring = PLAIN,
) -> Net:
    """Validate a graph, freeze it, and make a net of it.

    `inputs` are the values for the graph's inputs (`Each` sends the items of an iterable), `configs` those
    for its configs. `streamed` makes its outputs the input of `net.reader`, instead of collecting them.
    `wiring` makes its nodes and edges.

    Raises:
        GraphError: the graph cannot run.
        ConfigError, InputError: a value is missing, unknown, or does not fit its type.
    """
    graph.validate()
    wiring.check(graph)
    graph.frozen = True
    flat = flatten(graph)
    net = Net(graph.name, observers, options)
    values = config_values(graph, flat, dict(configs or {}))
    by_id: dict[str, Node] = {}
    for address, spec in flat.nodes.items():
        by_id[address] = wiring.make_node(net, address, spec)
    for (id, number), value in flat.initials.items():
        address = f"{id}.{number}"
        by_id[address] = _outside(net, address, "initial")
        net.initials[address] = [value]
    for name, feed in _feeds(graph, dict(inputs or {})).items():
        node = _outside(net, f"inputs.{name}", "input")
        node.work = Feeding(node.outs["out"], feed, graph.input_types(name)).run
        by_id[node.address] = node
    if streamed:
        by_id["outputs"] = net.reader = Reader(net)
    used: dict[str, list[str]] = {}
    for edge in flat.edges:
        for id, port in (edge.source, edge.target):
            used.setdefault(id, []).append(port)
    for address, spec in flat.nodes.items():
        make_ports(by_id[address], spec.component, values, used.get(address, ()))
    for edge in flat.edges:
        if edge.source[0] != "configs":
            net.edges.append(_make_edge(net, flat, edge, by_id, wiring))
    for node in by_id.values():
        net.add(node)
    for address, spec in flat.nodes.items():
        wiring.give_work(by_id[address], spec)
    return net


def _outside(net: Net, address: str, component: str) -> Node:
    """Make a node that sends, by one port, what comes from outside."""
    node = Node(net, address, component)
    node.outs["out"] = port = node.new_out("out")
    port.address = address
    return node


def _make_edge(net: Net, flat: Flat, spec: EdgeSpec, by_id: dict[str, Node], wiring: Wiring) -> Edge:
    if spec.source[0] == "inputs" or spec.source in flat.initials:
        source = by_id[f"{spec.source[0]}.{spec.source[1]}"].outs["out"]
    else:
        node = by_id[spec.source[0]]
        source = node.error if spec.source[1] == "error" else node.outs[spec.source[1]]
    target: InPort | ConfigPort | StopPort | Sink
    if spec.target[0] == "outputs" and net.reader is not None:
        target = net.reader.port
        net.reader.outputs[spec.address] = spec.target[1]
    elif spec.target[0] == "outputs":
        target = net.sinks.setdefault(spec.target[1], Sink(f"outputs.{spec.target[1]}"))
    else:
        node = by_id[spec.target[0]]
        name = spec.target[1]
        taking: dict[str, Any] = node.configs if name in node.configs else node.ins
        target = node.stop_port if name == "stop" and node.stop_port else taking[name]
    return wiring.make_edge(EdgePlan(flat, spec, source, target, net.options.check))


# -- inputs --------------------------------------------------------------------------------------------


def _feeds(graph: Graph, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be sent into each input of the graph: an `Each`, or one value."""
    border = graph.border("inputs")
    for name in given:
        if name not in border:
            known = ", ".join(border) or "none"
            raise InputError(f"the graph has no input {name!r}", f"inputs.{name}", f"its inputs are: {known}")
    for name in border:
        if name not in given and graph.may_be_left_out(name):
            given[name] = Each(())
        if name not in given:
            hint = f'run(inputs={{"{name}": Each([...])}}), or Each(()) when nothing is to come'
            raise InputError("nothing was given for this input", f"inputs.{name}", hint)
        if not isinstance(given[name], Each):
            for kind in graph.input_types(name):
                checker(kind, f"inputs.{name}", InputError, strict=True)(given[name])
    return {name: given[name] for name in border}
