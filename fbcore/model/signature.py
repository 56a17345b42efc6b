"""Reading the ports of a function from its signature."""

from __future__ import annotations

import collections.abc
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, Union, get_args, get_origin

from fbcore.errors import GraphError
from fbcore.model.memory import Memory, MemorySpec, declare, is_memory
from fbcore.model.packet import NOTHING, Packet
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.types import Resolved, name_of, resolve

_ASYNC_STREAMS: tuple[Any, ...] = (collections.abc.AsyncIterator, collections.abc.AsyncGenerator)
_STREAMS: tuple[Any, ...] = (collections.abc.Iterator, collections.abc.Generator, *_ASYNC_STREAMS)


class _Required:
    """The default of a parameter that is a config without a default."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "required()"


REQUIRED: Final = _Required()


def required() -> Any:
    """Make a parameter a config that must be given: it has a default to Python, and none to the net.

    Example:
        @component
        def scale(value: float, factor: float = required()) -> float:
            return value * factor

        print(BatchRuntime(scale).run(inputs={"value": Each([1.0, 2.0])}, factor=2.5).outputs.out)
        #> [2.5, 5.0]
    """
    return REQUIRED


class Signature:
    """What a function declares as a component.

    `takes_positions`: its inputs can be given by position. `streams`: it yields, and sends each item; `waits`: it is
    async, or an async generator.
    `memory_defaults`: what its memories begin with.
    `packets`: the inputs that want the packet itself, not its value. `required`: configs without a default.
    """

    def __init__(self, function: Callable[..., Any], local_names: Mapping[str, Any]) -> None:
        self.signature = _read(function)
        self.function = function
        self.name = function.__name__
        parameters = self.signature.parameters.values()
        self._early = self._resolve(local_names)
        names = [each.name for each in parameters if self._is_memory(each)]
        self.memory_defaults: dict[str, Memory[Any]] = {}
        for name in names:
            default = self.signature.parameters[name].default
            if isinstance(default, Memory):
                default.is_declared = True
                self.memory_defaults[name] = default
        inputs = [each for each in parameters if each.default is each.empty and each.name not in names]
        self.takes_positions = all(each.kind is each.POSITIONAL_OR_KEYWORD for each in inputs)
        self.required = [each.name for each in parameters if each.default is REQUIRED]
        returned: Any = self._early["return"][0]
        self.streams = returned in _STREAMS or get_origin(returned) in _STREAMS
        self.streams |= inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        kind: Any = get_origin(returned) or returned
        self.waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        self.waits |= kind in _ASYNC_STREAMS
        if "out" in self.signature.parameters and returned not in (None, types.NoneType):
            raise GraphError("the parameter `out` takes the name of the output port", self.name, "rename the parameter")

    def _is_memory(self, parameter: inspect.Parameter) -> bool:
        return isinstance(parameter.default, Memory) or is_memory(self._early[parameter.name][0])

    def memories(self, found: Mapping[str, Resolved]) -> dict[str, MemorySpec]:
        """Return the memories, in order of declaration."""
        memories = {}
        for name, parameter in self.signature.parameters.items():
            if self._is_memory(parameter):
                default = NOTHING if parameter.default is parameter.empty else parameter.default
                memories[name] = declare(self.name, name, found[name][0], default, resolved=found[name][1])
        return memories

    def _resolve(self, local_names: Mapping[str, Any]) -> dict[str, Resolved]:
        names = self.signature.parameters
        annotations = {name: parameter.annotation for name, parameter in names.items()}
        annotations["return"] = self.signature.return_annotation
        module = getattr(self.function, "__globals__", {})
        return {name: resolve(annotation, local_names, module) for name, annotation in annotations.items()}

    def resolved(self) -> dict[str, Resolved]:
        """Return the types of all parameters and of `return`, reading again those that came later than the function."""
        late = self._resolve({})
        return {name: early if early[1] else late[name] for name, early in self._early.items()}

    def inputs(self, found: Mapping[str, Resolved]) -> dict[str, PortSpec]:
        """Return the inputs and configs, in order of declaration."""
        ports = {}
        for name, parameter in self.signature.parameters.items():
            kind, resolved = found[name]
            if self._is_memory(parameter):
                continue
            if parameter.default is inspect.Parameter.empty:
                ports[name] = PortSpec(name, PortKind.INPUT, _carried(kind), resolved=resolved)
            else:
                default = NOTHING if parameter.default is REQUIRED else parameter.default
                ports[name] = PortSpec(name, PortKind.CONFIG, kind, default=default, resolved=resolved)
        return ports

    def outputs(self, found: Mapping[str, Resolved], *, unpack: bool) -> dict[str, PortSpec]:
        """Return the output `out`, or one for each field of what is returned; none when that is nothing."""
        returned, resolved = found["return"]
        if returned is None or returned is types.NoneType:
            return {}
        sent = self._sent(returned)
        if unpack:
            fields = _fields(sent, self.function)
            return {
                name: PortSpec(name, PortKind.OUTPUT, _carried(_without_none(kind))) for name, kind in fields.items()
            }
        return {"out": PortSpec("out", PortKind.OUTPUT, _carried(sent), resolved=resolved)}

    def _sent(self, returned: Any) -> Any:
        """Return the type of what one firing sends: the item of an iterator, else the return type, without None."""
        if self.streams:
            returned = (get_args(returned) or (Any,))[0]
        return _without_none(returned)


def packet_parameters(found: Mapping[str, Resolved]) -> frozenset[str]:
    """Return the parameters that are annotated `Packet[...]`, or `Packet[...] | Missing`."""
    names = (name for name, (kind, _) in found.items() if name != "return" and any(map(_is_packet, _members(kind))))
    return frozenset(names)


def _is_packet(kind: Any) -> bool:
    return kind is Packet or get_origin(kind) is Packet


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _carried(kind: Any) -> Any:
    """Return the type of the value where packets are wanted: `int` of `Packet[int]`, also inside a union."""
    members = _members(kind)
    if not any(map(_is_packet, members)):
        return kind
    return _union([(get_args(each) or (Any,))[0] if _is_packet(each) else each for each in members])


def _without_none(kind: Any) -> Any:
    members = _members(kind)
    return kind if len(members) == 1 else _union([each for each in members if each is not types.NoneType])


def _union(kinds: list[Any]) -> Any:
    return Union[tuple(kinds)] if kinds else Any  # noqa: UP007 - built from a tuple


def _fields(kind: Any, function: Callable[..., Any]) -> dict[str, Any]:
    """Return the fields of a NamedTuple or dataclass, with their types."""
    import dataclasses

    cls = get_origin(kind) or kind
    names: list[str] = []
    if isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        names = list(cls._fields)
    elif isinstance(cls, type) and dataclasses.is_dataclass(cls):
        names = [field.name for field in dataclasses.fields(cls)]
    if not names:
        raise GraphError(
            f"{name_of(kind)} has no fields that could be output ports",
            function.__name__,
            "with unpack=True a function returns a NamedTuple or a dataclass",
        )
    module = getattr(function, "__globals__", {})
    hints = {name: hint for base in reversed(cls.__mro__) for name, hint in inspect.get_annotations(base).items()}
    return {name: resolve(hints.get(name, Any), vars(cls), module)[0] for name in names}


def _read(function: Callable[..., Any]) -> inspect.Signature:
    name = getattr(function, "__name__", repr(function))
    if not inspect.isroutine(function):
        raise GraphError(f"@component takes a function, not {function!r}", hint="for a class, derive from Component")
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise GraphError(
                f"parameter {parameter} of {name} has no name that a port could have",
                name,
                "ports are made of plain parameters; take a list or a dict instead",
            )
    return signature
