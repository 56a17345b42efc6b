"""Components written as functions: `@component`."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from fbcore.errors import GraphError, shown
from fbcore.model.address import Place
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.display import bundle_of
from fbcore.model.made import is_named
from fbcore.model.options import Fires, Options
from fbcore.model.packet import Failure, Missing
from fbcore.model.port import Message, Out, Signal
from fbcore.model.port_spec import PortKind
from fbcore.model.signature import Signature, packet_parameters
from fbcore.model.types import fits

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
S_co = TypeVar("S_co", covariant=True)
T = TypeVar("T")

_DEFAULTS = Options()


class FunctionComponent(Generic[P, R_co, S_co]):
    """A function as a component: what `@component` makes. It stays callable as the function it was.

    Parameters are input ports, parameters with a default are config ports, the return type is the output
    port `out`; None sends nothing, and an iterator sends each of its items. A parameter annotated `Memory[T]`
    is kept from one firing to the next.

    To a type checker it takes P, returns R, and sends S, or nothing where S is None.
    """

    error: Out[Failure]
    execute: Signal
    stop: Signal
    started: Message
    stopped: Message
    executed: Message
    failed: Message
    __name__: str
    __qualname__: str
    if TYPE_CHECKING:

        @property
        def out(self: FunctionComponent[..., Any, T | None]) -> Out[T]:
            """The output of a node."""

        def __getattr__(self, name: str) -> Any:
            """Let the checker accept the input ports of a node; they are checked when the graph is validated."""

    def __init__(
        self,
        function: Callable[P, R_co],
        local_names: Mapping[str, Any],
        options: Options = _DEFAULTS,
        *,
        unpack: bool = False,
    ) -> None:
        self._signature = Signature(function, local_names)
        functools.update_wrapper(self, function)
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self.streams = self._signature.streams
        self.waits = self._signature.waits
        self.takes_positions = self._signature.takes_positions
        self.options = options
        self.unpack = unpack
        self._made_by: tuple[Any, ...] = ()
        self._label = ""
        self._spec: ComponentSpec | None = None
        self._packets: frozenset[str] = frozenset()
        self.check_options(options)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function itself, as in a test: `parse(row)`."""
        if self._signature.required:
            given = self._signature.signature.bind(*args, **kwargs).arguments
            missed = [name for name in self._signature.required if name not in given]
            if missed:
                raise TypeError(f"{self.function.__name__}() requires the config {', '.join(missed)}")
        memories = self._signature.memory_defaults
        if memories:
            given = self._signature.signature.bind_partial(*args, **kwargs).arguments
            anew = {name: memory.anew() for name, memory in memories.items() if name not in given}
            return self.function(*args, **anew, **kwargs)  # type: ignore[arg-type]  # parameters with a default
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<component {self._label or self.function.__qualname__}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle_of(self)

    def __reduce__(self) -> Any:
        if self._made_by and not is_named(self):
            return self._made_by[0], self._made_by[1:]
        return self.__qualname__

    def check_options(self, options: Options) -> None:
        """Refuse an option that would change nothing in this function."""
        if options.buffered and not self.streams:
            hint = "a function that returns sends all or nothing anyway: leave `buffered` away"
            raise GraphError("buffered is for functions that yield", self.function.__name__, hint)

    @property
    def packets(self) -> frozenset[str]:
        """The inputs that want the packet itself, not its value."""
        self.spec  # noqa: B018 - reading it finds them
        return self._packets

    @property
    def spec(self) -> ComponentSpec:
        """The specification: name, ports, documentation and place."""
        if self._spec is None:
            found = self._signature.resolved()
            self._packets = packet_parameters(found)
            ports, memories = self._signature.inputs(found), self._signature.memories(found)
            for name, port in self._signature.outputs(found, unpack=self.unpack).items():
                if name in ports or name in memories:
                    raise GraphError(
                        f"{name} is the name of a parameter and of a field that is sent",
                        self.function.__name__,
                        "inputs, configs, memories and outputs share one namespace; rename one of them",
                    )
                ports[name] = port
            name, doc = self.__name__, inspect.getdoc(self.function) or ""
            self._spec = ComponentSpec(name, ports, self, doc, _place_of(self.function), memories)
            self._spec.check_names()
            self._check_missing(self._spec)
        return self._spec

    def _check_missing(self, spec: ComponentSpec) -> None:
        """Note a problem where an input of several does not allow that nothing has come by it yet."""
        inputs = spec.of(PortKind.INPUT)
        if self.options.fires == "any" and len(inputs) > 1:
            for port in inputs:
                if not fits(Missing, port.type):
                    what = f"{port.name} is Missing before its first packet, and its type does not allow it"
                    spec.problems.append((port.name, what, f"annotate it `{port.name}: ... | Missing`"))


def _place_of(function: Callable[..., Any]) -> Place:
    code = inspect.unwrap(function).__code__
    return Place(code.co_filename, code.co_firstlineno)


class FunctionTemplate:
    """Options that functions are made components with: what `@component(...)` is, and a decorator itself.

    Raises:
        GraphError: an option is said that there is none of for functions, or not with this value.
    """

    __slots__ = ("_unpack", "options")

    def __init__(self, **options: Any) -> None:
        unpack = options.pop("unpack", False)
        self.options = _DEFAULTS.changed("function", "@component", options, ("unpack",))
        self._unpack = unpack
        if type(unpack) is not bool:
            raise GraphError(f"unpack cannot be {shown(unpack)}", "@component", "say unpack=True or unpack=False")

    @overload
    def __call__(
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> FunctionComponent[P, Coroutine[Any, Any, T], T]: ...
    @overload
    def __call__(self, function: Callable[P, AsyncIterator[T]], /) -> FunctionComponent[P, AsyncIterator[T], T]: ...
    @overload
    def __call__(self, function: Callable[P, Iterator[T]], /) -> FunctionComponent[P, Iterator[T], T]: ...
    @overload
    def __call__(self, function: Callable[P, T], /) -> FunctionComponent[P, T, T]: ...
    def __call__(self, function: Callable[P, Any], /) -> Any:
        """Make a component of a function."""
        return self.made(function, sys._getframe(1).f_locals)

    def made(self, function: Callable[P, Any], local_names: Mapping[str, Any]) -> FunctionComponent[P, Any, Any]:
        """Make a component of a function, whose annotations may name what is local to where it stands."""
        return FunctionComponent(function, local_names, self.options, unpack=self._unpack)

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self.options.said.items()]
        return f"@component({', '.join([*said, *(['unpack=True'] if self._unpack else [])])})"


@overload
def component(function: Callable[P, Coroutine[Any, Any, T]], /) -> FunctionComponent[P, Coroutine[Any, Any, T], T]: ...
@overload
def component(function: Callable[P, AsyncIterator[T]], /) -> FunctionComponent[P, AsyncIterator[T], T]: ...
@overload
def component(function: Callable[P, Iterator[T]], /) -> FunctionComponent[P, Iterator[T], T]: ...
@overload
def component(function: Callable[P, T], /) -> FunctionComponent[P, T, T]: ...
@overload
def component(
    *,
    fires: Fires = "all",
    buffered: bool = False,
    unpack: bool = False,
    execute_after_start: bool | None = None,
    loop: bool | None = None,
) -> FunctionTemplate: ...
def component(function: Callable[P, Any] | None = None, /, **options: Any) -> Any:
    """Make a component of a function: one firing for every packet (one from each input, if it has several).

    The function may be plain or `async`, return a value or None, or yield values. It is still the function
    it was: call it in tests. A parameter annotated `Packet[T]` gets the packet with its identity, and one
    annotated `Memory[T]` what the function is to remember.

    `fires="any"` makes a firing of every packet, by whichever input it comes; the other parameters keep their
    last value, `Missing()` before the first. `buffered=True` holds back what a function yields until it has
    yielded all: a firing that fails sends nothing. `unpack=True` makes an output port of every field of the
    NamedTuple or dataclass that is returned; a field that is None is not sent. `loop` and `execute_after_start`
    are the options that classes have too: see `Options`.

    Example:
        from collections.abc import Iterator

        @component
        def words(line: str, sep: str = " ") -> Iterator[str]:
            yield from line.split(sep)

        print(BatchRuntime(words).run(inputs={"line": Each(["to be", "or not"])}).outputs.out)
        #> ['to', 'be', 'or', 'not']
        print(list(words("a-b", sep="-")))
        #> ['a', 'b']
    """
    template = FunctionTemplate(**options)
    return template if function is None else template.made(function, sys._getframe(1).f_locals)
