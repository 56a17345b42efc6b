"""Giving a node its work, as its component says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fbcore.model.component import Component
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.function import FunctionComponent
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.array import InElements, OutElements
from fbcore.net.firing import Firing
from fbcore.net.node import Node


def give_work(node: Node, component: ComponentSpec) -> None:
    """Let a node do what its component says."""
    if isinstance(component.target, FunctionComponent):
        node.work = Firing(node, component.target).run
    else:
        node.work = _running(node, component)
        # What a class made of what, only it can say.
        node.is_exact = False


def _running(node: Node, component: ComponentSpec) -> Callable[[], Any]:
    """Return the work of a class component; the instance is made in the node's own task, as `run` may fail in it."""
    cls: type[Component] = component.target

    async def work() -> None:
        instance = cls.__new__(cls)
        instance._node = node
        for port in component.ports.values():
            setattr(instance, port.name, _port(node, port))
        instance.error = node.error
        instance.__init__()  # type: ignore[misc]  # ports are there before a user's __init__ wants them
        trigger = node.ins.get("execute")
        if trigger is None:
            await instance.run()
            await node.tell("executed")
            return
        async for _ in trigger:
            await instance.run()
            await node.tell("executed")

    return work


def _port(node: Node, spec: PortSpec) -> Any:
    if spec.is_array:
        return InElements(node, spec) if spec.kind is PortKind.INPUT else OutElements(node, spec)
    return node.configs.get(spec.name) or node.ins.get(spec.name) or node.outs[spec.name]
