"""Giving a node its work, as its component says."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol

from fbcore.errors import EndOfDemand, EndOfStream
from fbcore.model.component import Component, Host
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import NodeSpec
from fbcore.model.options import Options
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.array import InElements, OutElements
from fbcore.net.firing import Firing
from fbcore.net.in_port import InPort
from fbcore.net.node import Node
from fbcore.net.rounds import Rounds


def give_work(node: Node, spec: NodeSpec, firing: Callable[..., Firing] = Firing) -> None:
    """Let a node do what its component says, as its options say; functions by this kind of firing."""
    if isinstance(spec.component.target, FunctionComponent):
        node.work = firing(node, spec.component.target, spec.options).run
    else:
        node.work = partial(_of_class, node, spec)
        prepare_for_class(node, spec)


def prepare_for_class(node: Node, spec: NodeSpec) -> None:
    """Let a node know what it is to know of one whose work is that of a class."""
    # What a class made of what, only it can say.
    node.is_exact = False
    node.trigger = node.ins.get("execute")
    node.restarts = spec.options.stateless or bool(node.memories)


async def _of_class(node: Node, spec: NodeSpec) -> None:
    """Do the work of a class component; the instance is made in the node's own task, as `__init__` may fail."""
    instance = make_instance(spec, node, partial(_port, node), node.memories, node.error)
    await run_as_told(node, instance, spec.options)


def make_instance(
    spec: NodeSpec, host: Host, port: Callable[[PortSpec], Any], memories: Mapping[str, Any], error: Any
) -> Component:
    """Make an instance of a class component; what it has of its node is there before a user's `__init__` wants it."""
    cls: type[Component] = spec.component.target
    instance = cls.__new__(cls)
    instance._node = host
    for each in spec.component.ports.values():
        setattr(instance, each.name, port(each))
    for name, memory in memories.items():
        vars(instance)[name] = memory
    instance.error = error
    vars(instance)["options"] = spec.options
    instance.__init__()  # type: ignore[misc]
    return instance


class Runs(Protocol):
    """An instance of a class component, or what stands for one that is elsewhere."""

    async def run(self) -> None:
        """Do its work once."""


def run_as_told(node: Node, instance: Runs, options: Options) -> Coroutine[Any, Any, None]:
    """Run a component, once for each signal where `execute` is connected, and each time as its options say."""
    # Not one coroutine around the other: whatever is awaited in the innermost passes through all of them.
    trigger = node.ins.get("execute")
    return _run(node, instance, options) if trigger is None else _run_on_signals(node, instance, options, trigger)


async def _run_on_signals(node: Node, instance: Runs, options: Options, trigger: InPort) -> None:
    async for _ in trigger:
        await _run(node, instance, options)


async def _run(node: Node, instance: Runs, options: Options) -> None:
    """Run a component once, or, where its options say so, again and again until its inputs have ended."""
    if not options.loop:
        await _run_once(node, instance)
        return
    rounds = Rounds(node)
    while not rounds.are_over:
        await _run_once(node, instance)
        await rounds.end()


async def _run_once(node: Node, instance: Runs) -> None:
    """Run a component, and tell that it has; the end of a stream or of demand is a normal end, after which it ends."""
    try:
        await instance.run()
    except (EndOfStream, EndOfDemand):
        await node.tell_executed()
        raise
    await node.tell_executed()


def _port(node: Node, spec: PortSpec) -> Any:
    if spec.is_array:
        return InElements(node, spec) if spec.kind is PortKind.INPUT else OutElements(node, spec)
    ports: dict[str, Any] = {**node.outs, **node.ins, **node.configs}
    return ports[spec.name]
