"""Checking components by themselves: what their declarations say, in whatever graph they will stand."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from fbcore.errors import GraphError, shown
from fbcore.model.component import Component
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.composite import CompositeComponent
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import spec_of
from fbcore.model.memory import MemorySpec
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.types import name_of, reader, reason
from fbcore.model.validate import problems_inside
from fbdev.check.finding import Finding, Level
from fbdev.check.graphs import dangers, of_problems

GROUP = "components"


def components_of(module: ModuleType) -> dict[str, Any]:
    """Return the components that a module defines, by name."""
    return {name: value for name, value in vars(module).items() if is_component(value) and _is_of(module, value)}


def is_component(value: object) -> bool:
    """Say whether something is a component: a class derived from `Component`, or a decorated function."""
    if isinstance(value, type):
        return issubclass(value, Component) and value not in (Component, CompositeComponent)
    return isinstance(value, FunctionComponent)


def _is_of(module: ModuleType, value: Any) -> bool:
    return getattr(value, "__module__", "") == module.__name__


def declared_wrongly(component: Any) -> Iterator[Finding]:
    """Yield what is wrong with a component wherever it stands, and with what is inside of a composite."""
    try:
        spec = spec_of(component)
    except GraphError as error:
        place = _place(component)
        yield Finding(GROUP, Level.ERROR, error.what, error.address or component.__name__, place, error.hint)
        return
    for port, what, hint in spec.problems:
        yield Finding(GROUP, Level.ERROR, what, _address(spec, port), str(spec.place), hint)
    for each in spec.of(PortKind.CONFIG):
        yield from _misfit(spec, each)
    if spec.graph is not None:
        yield from of_problems(problems_inside(spec), GROUP)
        for finding in dangers(spec.graph, GROUP):
            yield finding._replace(address=f"{spec.name}.{finding.address}")


def not_resolved(component: Any) -> Iterator[Finding]:
    """Yield the annotations of a component that could not be resolved, as warnings."""
    try:
        spec = spec_of(component)
    except GraphError:
        return
    texts = _annotations(spec)
    declared: list[PortSpec | MemorySpec] = [*spec.ports.values(), *spec.memories.values()]
    for port in declared:
        if not port.resolved:
            is_sent = isinstance(port, PortSpec) and port.kind is PortKind.OUTPUT
            written = texts.get("return" if is_sent and port.name not in texts else port.name, "")
            what = f"the type {written!r} could not be found, and counts as Any" if written else "its type is unknown"
            hint = "import what it names outside of `if TYPE_CHECKING:`, or define it at the top level of the file"
            yield Finding(GROUP, Level.WARNING, what, _address(spec, port.name), str(spec.place), hint)


def _misfit(spec: ComponentSpec, port: PortSpec) -> Iterator[Finding]:
    if port.default is NOTHING or port.default is None:
        return
    try:
        reader(port.type, strict=False)(port.default)
    except (ValueError, TypeError) as error:
        what = f"its default {shown(port.default)} is no {name_of(port.type)}: {reason(error)}"
        hint = f"give a default of type {name_of(port.type)}"
        yield Finding(GROUP, Level.ERROR, what, _address(spec, port.name), str(spec.place), hint)


def _address(spec: ComponentSpec, port: str) -> str:
    return f"{spec.title}.{port}" if port else spec.title


def _annotations(spec: ComponentSpec) -> dict[str, str]:
    """Return annotations as they are written, where they are texts."""
    target = spec.target
    found: dict[str, Any] = {}
    if isinstance(target, FunctionComponent):
        found.update(inspect.get_annotations(target.function))
    else:
        for cls in reversed(target.__mro__):
            found.update(inspect.get_annotations(cls))
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _place(component: Any) -> str:
    try:
        return f"{inspect.getsourcefile(component)}:{inspect.getsourcelines(component)[1]}"
    except (OSError, TypeError):
        return ""
