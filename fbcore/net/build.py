"""Making a running net of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fbcore.errors import ConfigError, InputError
from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import EdgeSpec, Graph, NodeSpec
from fbcore.model.packet import NOTHING, Each
from fbcore.model.port import PortKind, PortSpec
from fbcore.net.config_port import ConfigPort
from fbcore.net.edge import Edge
from fbcore.net.feeding import Feeding, checker
from fbcore.net.firing import Firing
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.observe import Observer
from fbcore.net.out_port import OutPort
from fbcore.net.sink import Sink


def build_net(
    graph: Graph,
    inputs: Mapping[str, Any] | None = None,
    configs: Mapping[str, Any] | None = None,
    observers: Iterable[Observer] = (),
) -> Net:
    """Validate a graph, freeze it, and make a net of it.

    `inputs` are the values for the graph's inputs (`Each` sends the items of an iterable), `configs` those
    for its configs.

    Raises:
        GraphError: the graph cannot run.
        ConfigError, InputError: a value is missing, unknown, or does not fit its type.
    """
    graph.validate()
    graph.frozen = True
    net = Net(graph.name, observers)
    values = _config_values(graph, dict(configs or {}))
    for spec in graph.nodes.values():
        net.add(_make_node(net, spec, values[spec.id]))
    by_id = {node.address: node for node in net.nodes}
    for name, feed in _feeds(graph, dict(inputs or {})).items():
        node = Node(net, f"inputs.{name}", "input")
        node.outs["out"] = port = OutPort(node, "out")
        port.address = node.address
        node.work = Feeding(port, feed, graph.input_types(name)).run
        by_id[node.address] = node
        net.add(node)
    for edge in graph.edges:
        if edge.source[0] != "configs":
            net.edges.append(_make_edge(net, edge, by_id))
    return net


def _make_node(net: Net, spec: NodeSpec, configs: dict[str, Any]) -> Node:
    node = Node(net, spec.id, spec.component.name)
    for port in spec.component.ports.values():
        if port.kind is PortKind.INPUT:
            node.ins[port.name] = InPort(node, port.name)
        elif port.kind is PortKind.OUTPUT:
            node.outs[port.name] = OutPort(node, port.name)
        else:
            node.configs[port.name] = ConfigPort(configs[port.name])
    target = spec.component.target
    node.work = Firing(node, target).run if isinstance(target, FunctionComponent) else _running(node, target)
    return node


def _running(node: Node, component: type[Component]) -> Callable[[], Any]:
    """Return the work of a class component; the instance is made in the node's own task, as `run` may fail in it."""

    async def work() -> None:
        instance = component.__new__(component)
        instance._node = node
        for ports in (node.ins, node.outs, node.configs):
            for name, port in ports.items():
                setattr(instance, name, port)
        instance.error = node.error
        instance.__init__()  # type: ignore[misc]  # ports are there before a user's __init__ wants them
        await instance.run()

    return work


def _make_edge(net: Net, spec: EdgeSpec, by_id: dict[str, Node]) -> Edge:
    if spec.source[0] == "inputs":
        source = by_id[f"inputs.{spec.source[1]}"].outs["out"]
    else:
        node = by_id[spec.source[0]]
        source = node.error if spec.source[1] == "error" else node.outs[spec.source[1]]
    target: InPort | Sink
    if spec.target[0] == "outputs":
        target = net.sinks.setdefault(spec.target[1], Sink(f"outputs.{spec.target[1]}"))
    else:
        target = by_id[spec.target[0]].ins[spec.target[1]]
    edge = Edge(spec.address, source, target, None if isinstance(target, Sink) else spec.capacity)
    source.attach(edge)
    target.attach(edge)
    return edge


# -- configs -------------------------------------------------------------------------------------------


def _config_values(graph: Graph, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the value of every config of every node, by node id and name."""
    border = graph.border("configs")
    for name in given:
        if name not in border:
            known = ", ".join(border) or "none"
            raise ConfigError(f"the graph has no config {name!r}", f"configs.{name}", f"its configs are: {known}")
    fed = {edge.target: name for name, edges in border.items() for edge in edges}
    return {
        node.id: {port.name: _config_value(node, port, fed, given) for port in node.component.of(PortKind.CONFIG)}
        for node in graph.nodes.values()
    }


def _config_value(node: NodeSpec, port: PortSpec, fed: dict[tuple[str, str], str], given: dict[str, Any]) -> Any:
    """Return the value of one config: as the run gives it, else as `add` did, else its default."""
    outer = fed.get((node.id, port.name), "")
    value = given.get(outer, NOTHING)
    if value is not NOTHING:
        return checker(port.type, f"configs.{outer}", ConfigError, strict=False)(value)
    value = node.default(port.name)
    if value is NOTHING:
        hint = f"give it to the run: run({outer}=...), or --{outer.replace('_', '-')} on the command line"
        raise ConfigError(f"{node.id}.{port.name} requires this config, and it has no value", f"configs.{outer}", hint)
    # A default of None says that there is none, whatever the type.
    return value if value is None else checker(port.type, f"{node.id}.{port.name}", ConfigError, strict=False)(value)


# -- inputs --------------------------------------------------------------------------------------------


def _feeds(graph: Graph, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be sent into each input of the graph: an `Each`, or one value."""
    border = graph.border("inputs")
    for name in given:
        if name not in border:
            known = ", ".join(border) or "none"
            raise InputError(f"the graph has no input {name!r}", f"inputs.{name}", f"its inputs are: {known}")
    for name in border:
        if name not in given:
            hint = f'run(inputs={{"{name}": Each([...])}}), or Each(()) when nothing is to come'
            raise InputError("nothing was given for this input", f"inputs.{name}", hint)
        if not isinstance(given[name], Each):
            for kind in graph.input_types(name):
                checker(kind, f"inputs.{name}", InputError, strict=True)(given[name])
    return {name: given[name] for name in border}
