"""Reading the ports and memories that the body of a class declares."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from fbcore.errors import GraphError, shown
from fbcore.model.address import Place
from fbcore.model.array import InArray, OutArray
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.memory import Memory, MemorySpec, declare, is_memory, memory_of
from fbcore.model.packet import NOTHING
from fbcore.model.port import Config, In, Message, Out, Signal
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.types import Resolved, resolve

_KINDS: dict[Any, PortKind] = {
    In: PortKind.INPUT,
    InArray: PortKind.INPUT,
    Out: PortKind.OUTPUT,
    OutArray: PortKind.OUTPUT,
    Config: PortKind.CONFIG,
    Signal: PortKind.SIGNAL,
    Message: PortKind.MESSAGE,
}

_ARRAYS = (InArray, OutArray)

_EXAMPLES: dict[Any, str] = {In: "In(optional=True)", InArray: "InArray(optional=True)", Config: "Config(default=...)"}


def class_of(port: PortSpec) -> type:
    """Return the class by which such a port is declared, as `Out`, or `OutArray` for one with elements."""
    found: type = next(cls for cls, kind in _KINDS.items() if kind is port.kind and (cls in _ARRAYS) is port.is_array)
    return found


class Declared:
    """The ports and memories of a class: annotations are read where the class is made, and again when they are needed.

    The first reading sees types that are local to a function; the second sees names that came later.
    """

    __slots__ = ("cls", "early", "is_building", "module", "place", "spec")

    def __init__(self, cls: type, local_names: Mapping[str, Any], module: Mapping[str, Any], place: Place) -> None:
        self.cls = cls
        self.place = place
        self.module = module
        self.spec: ComponentSpec | None = None
        self.is_building = False
        scopes = (local_names, vars(cls), module)
        self.early = {name: resolve(text, *scopes) for name, text in inspect.get_annotations(cls).items()}
        for value in vars(cls).values():
            if isinstance(value, Memory):
                value.is_declared = True

    def memories(self, inherited: Mapping[str, MemorySpec]) -> dict[str, MemorySpec]:
        """Return the memories that this class declares, and those of its bases that it lets begin otherwise."""
        found = {}
        owner = self.cls.__name__
        for name in inspect.get_annotations(self.cls):
            kind, complete = self._resolved(name)
            declared = vars(self.cls).get(name, NOTHING)
            if is_memory(kind) or isinstance(declared, Memory):
                found[name] = declare(owner, name, kind, declared, resolved=complete)
        for name, value in vars(self.cls).items():
            if name in inherited and name not in found:
                found[name] = declare(owner, name, memory_of(inherited[name].type), value)
            elif isinstance(value, Memory) and name not in found:
                found[name] = declare(owner, name, NOTHING, value)
        return found

    def _resolved(self, name: str) -> Resolved:
        kind, complete = self.early[name]
        if not complete:
            kind, complete = resolve(inspect.get_annotations(self.cls)[name], vars(self.cls), self.module)
        return kind, complete

    def ports(self, inherited: Mapping[str, PortSpec]) -> dict[str, PortSpec]:
        """Return the ports that this class declares, and those of its bases that it gives other options."""
        found = {}
        for name in inspect.get_annotations(self.cls):
            kind, complete = self._resolved(name)
            port = _port_spec(self.cls.__name__, name, kind, complete, self.cls.__dict__.get(name, NOTHING))
            if port is not None:
                found[name] = port
        for name in inherited.keys() & vars(self.cls).keys() - found.keys():
            found[name] = inherited[name].copied()
            _set_options(self.cls.__name__, found[name], vars(self.cls)[name])
        return found


def _port_spec(owner: str, name: str, annotation: Any, resolved: bool, declared: Any) -> PortSpec | None:
    form = get_origin(annotation) or annotation
    kind = _KINDS.get(form) if isinstance(form, type) else None
    if kind is None:
        return None
    inner = (get_args(annotation) or (None if form is Message else Any,))[0]
    port = PortSpec(name, kind, inner, resolved=resolved, is_array=form in (InArray, OutArray))
    if declared is not NOTHING:
        _set_options(owner, port, declared)
    return port


def _form(port: PortSpec) -> Any:
    if port.is_array:
        return InArray if port.kind is PortKind.INPUT else OutArray
    return next(form for form, kind in _KINDS.items() if kind is port.kind)


def _set_options(owner: str, port: PortSpec, declared: Any) -> None:
    """Take over the options that stand on the right of `=` in the body of a class."""
    form = _form(port)
    if not isinstance(declared, form):
        example = _EXAMPLES.get(form, f"{form.__name__}()")
        if form is Config and not isinstance(declared, tuple(_KINDS)):
            example = f"Config(default={shown(declared)})"
        what = f"an {port.kind}" if port.kind in (PortKind.INPUT, PortKind.OUTPUT) else f"a {port.kind}"
        raise GraphError(
            f"this is {what}, and cannot be given {shown(declared)}", f"{owner}.{port.name}", f"write `= {example}`"
        )
    if isinstance(declared, In | InArray):
        port.optional = declared.optional
    if isinstance(declared, Config):
        port.default = declared.default
    if isinstance(declared, In | InArray | Config):
        port.validate = declared.validate
        validate: Any = declared.validate
        if validate is not None and not callable(validate):
            hint = "give a function of the value that raises, or returns False, for what it refuses"
            raise GraphError(f"validate cannot be {shown(port.validate)}", f"{owner}.{port.name}", hint)
        if inspect.iscoroutinefunction(validate):
            hint = "look at the value without waiting; what has to wait is the work of a component before this one"
            raise GraphError("validate cannot be an async function", f"{owner}.{port.name}", hint)
