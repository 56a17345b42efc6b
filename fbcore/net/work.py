"""Giving a node its work, as its component says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fbcore.errors import EndOfDemand, EndOfStream
from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import NodeSpec
from fbcore.model.options import Options
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.array import InElements, OutElements
from fbcore.net.firing import Firing
from fbcore.net.node import Node
from fbcore.net.rounds import Rounds


def give_work(node: Node, spec: NodeSpec, firing: Callable[..., Firing] = Firing) -> None:
    """Let a node do what its component says, as its options say; functions by this kind of firing."""
    if isinstance(spec.component.target, FunctionComponent):
        node.work = firing(node, spec.component.target, spec.options).run
    else:
        node.work = _running(node, spec)
        # What a class made of what, only it can say.
        node.is_exact = False
        node.trigger = node.ins.get("execute")
        node.restarts = spec.options.stateless or bool(node.memories)


def _running(node: Node, spec: NodeSpec) -> Callable[[], Any]:
    """Return the work of a class component; the instance is made in the node's own task, as `run` may fail in it."""
    component, options = spec.component, spec.options
    cls: type[Component] = component.target

    async def work() -> None:
        instance = cls.__new__(cls)
        instance._node = node
        for port in component.ports.values():
            setattr(instance, port.name, _port(node, port))
        for name, memory in node.memories.items():
            vars(instance)[name] = memory
        instance.error = node.error
        vars(instance)["options"] = options
        instance.__init__()  # type: ignore[misc]  # ports are there before a user's __init__ wants them
        trigger = node.ins.get("execute")
        if trigger is None:
            await _run(node, instance, options)
            return
        async for _ in trigger:
            await _run(node, instance, options)

    return work


async def _run(node: Node, instance: Component, options: Options) -> None:
    """Run a component once, or, where its options say so, again and again until its inputs have ended."""
    if not options.loop:
        await _run_once(node, instance)
        return
    rounds = Rounds(node)
    while not rounds.are_over:
        await _run_once(node, instance)
        await rounds.end()


async def _run_once(node: Node, instance: Component) -> None:
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
    return node.configs.get(spec.name) or node.ins.get(spec.name) or node.outs[spec.name]
