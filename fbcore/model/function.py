"""Components written as functions: `@component`."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import sys
import types
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Union, get_args, get_origin, overload

from fbcore.errors import GraphError
from fbcore.model.address import Place
from fbcore.model.component import ComponentSpec
from fbcore.model.packet import Failure
from fbcore.model.port import Out, PortKind, PortSpec
from fbcore.model.types import Resolved, resolve

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_STREAMS: tuple[Any, ...] = (
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)


class FunctionComponent(Generic[P, R, T]):
    """A function as a component: what `@component` makes. It stays callable as the function it was.

    Parameters are input ports, parameters with a default are config ports, the return type is the output
    port `out`; None sends nothing, and an iterator sends each of its items.
    """

    out: Out[T]
    error: Out[Failure]
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Let the checker accept the input ports of a node; they are checked when the graph is validated."""

    def __init__(self, function: Callable[P, R], local_names: Mapping[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self._signature = _read_signature(function)
        inputs = [each for each in self._signature.parameters.values() if each.default is each.empty]
        self.takes_positions = all(each.kind is each.POSITIONAL_OR_KEYWORD for each in inputs)
        self._early = self._resolve(local_names)
        self._spec: ComponentSpec | None = None
        returned: Any = self._early["return"][0]
        if "out" in self._signature.parameters and returned not in (None, types.NoneType):
            name = function.__name__
            raise GraphError("the parameter `out` takes the name of the output port", name, "rename the parameter")
        self.streams = returned in _STREAMS or get_origin(returned) in _STREAMS
        self.streams |= inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself, as in a test: `parse(row)`."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<component {self.function.__qualname__}>"

    def __reduce__(self) -> str:
        return self.function.__qualname__

    @property
    def spec(self) -> ComponentSpec:
        """The specification: name, ports, documentation and place."""
        if self._spec is None:
            late = self._resolve({})
            found = {name: early if early[1] else late[name] for name, early in self._early.items()}
            name = self.function.__name__
            doc = inspect.getdoc(self.function) or ""
            self._spec = ComponentSpec(name, self._ports(found), self, doc, _place_of(self.function))
            self._spec.check_names()
        return self._spec

    def _resolve(self, local_names: Mapping[str, Any]) -> dict[str, Resolved]:
        names = self._signature.parameters
        annotations = {name: parameter.annotation for name, parameter in names.items()}
        annotations["return"] = self._signature.return_annotation
        module = getattr(self.function, "__globals__", {})
        return {name: resolve(annotation, local_names, module) for name, annotation in annotations.items()}

    def _ports(self, found: dict[str, Resolved]) -> dict[str, PortSpec]:
        ports = {}
        for name, parameter in self._signature.parameters.items():
            kind, resolved = found[name]
            if parameter.default is inspect.Parameter.empty:
                ports[name] = PortSpec(name, PortKind.INPUT, kind, resolved=resolved)
            else:
                ports[name] = PortSpec(name, PortKind.CONFIG, kind, default=parameter.default, resolved=resolved)
        returned, resolved = found["return"]
        if returned is not None and returned is not types.NoneType:
            ports.setdefault("out", PortSpec("out", PortKind.OUTPUT, self._sent(returned), resolved=resolved))
        return ports

    def _sent(self, returned: Any) -> Any:
        """Return the type of a packet on `out`: the item of an iterator, else the return type without None."""
        if self.streams:
            returned = (get_args(returned) or (Any,))[0]
        if get_origin(returned) in (Union, types.UnionType):
            rest = tuple(member for member in get_args(returned) if member is not types.NoneType)
            return Union[rest] if rest else Any  # noqa: UP007 - built from a tuple
        return returned


def _place_of(function: Callable[..., Any]) -> Place:
    code = inspect.unwrap(function).__code__
    return Place(code.co_filename, code.co_firstlineno)


def _read_signature(function: Callable[..., Any]) -> inspect.Signature:
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


@overload
def component(function: Callable[P, Coroutine[Any, Any, T | None]], /) -> FunctionComponent[P, Any, T]: ...
@overload
def component(function: Callable[P, AsyncIterator[T]], /) -> FunctionComponent[P, AsyncIterator[T], T]: ...
@overload
def component(function: Callable[P, Iterator[T]], /) -> FunctionComponent[P, Iterator[T], T]: ...
@overload
def component(function: Callable[P, T | None], /) -> FunctionComponent[P, T | None, T]: ...
def component(function: Callable[P, Any], /) -> FunctionComponent[P, Any, Any]:
    """Make a component of a function: one firing for every packet (one from each input, if it has several).

    The function may be plain or `async`, return a value or None, or yield values. It is still the function
    it was: call it in tests.

    Example:
        @component
        def words(line: str, sep: str = " ") -> Iterator[str]:
            yield from line.split(sep)
    """
    return FunctionComponent(function, sys._getframe(1).f_locals)
