"""Memory: what a component must still know at its next turn, declared so that it can be stored and brought back."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any, Generic, Never, NoReturn, TypeVar, get_args, get_origin, overload

from fbcore.errors import GraphError, PortError, shown
from fbcore.model.packet import NOTHING
from fbcore.model.port import declared_only
from fbcore.model.types import fits, name_of

T = TypeVar("T")

Migrate = Callable[[Any, int], Any]
"""Makes data of the newest version out of stored data and the version that it has."""


class Memory(Generic[T]):
    """A value that a component keeps from one turn to the next: `self.name.value`, to be read, set and changed.

    Declared in the body of a component as `seen: Memory[set[str]] = Memory(set)`, or as a parameter of a function.
    It begins with what a function without parameters makes (`set`, `dict`, a class), or with a copy of a value:
    every node has its own. When `run` asks for a packet, all that it must know is to be in its memories: then it can
    be begun anew at any receive, from a snapshot or after a restart.

    Give `version=2` when stored data of older versions would not be understood any more, and `migrate=f`, where
    `f(data, version)` gets the older data, as JSON has it, and returns what is stored today.

    A component that is called as the function it was gets a new memory each time, unless it is given one:
    `count("a", seen=Memory(0))`.

    Example:
        @component
        def new_ones(word: str, seen: Memory[set[str]] = Memory(set)) -> str | None:
            if word in seen.value:
                return None
            seen.value.add(word)
            return word

        print(BatchRuntime(new_ones).run(inputs={"word": Each("abracadabra")}).outputs.out)
        #> ['a', 'b', 'r', 'c', 'd']
    """

    __slots__ = ("_default", "_factory", "_value", "is_declared", "migrate", "version")

    @overload
    def __init__(self, default: Callable[[], T], *, version: int = ..., migrate: Migrate | None = ...) -> None: ...
    @overload
    def __init__(self, default: T, *, version: int = ..., migrate: Migrate | None = ...) -> None: ...
    def __init__(self, default: Any, *, version: int = 1, migrate: Migrate | None = None) -> None:
        self._factory = default if callable(default) else None
        # What the caller keeps a hand on may be changed before the first node is made.
        self._default = NOTHING if self._factory else _copied(default)
        self._value: Any = NOTHING
        self.is_declared = False
        self.version = version
        self.migrate = migrate

    @property
    def value(self) -> T:
        """What is remembered, as it is now; what is changed in it is remembered."""
        if self.is_declared:
            declared_only(self)
        if self._value is NOTHING:
            self._value = self.new_value()
        value: T = self._value
        return value

    @value.setter
    def value(self, value: T) -> None:
        if self.is_declared:
            declared_only(self)
        self._value = value

    def __set__(self, component: object, value: Never) -> NoReturn:
        # There is no `__get__`: a node puts its own into the instance, where it is found as any attribute is.
        hint = "set what it remembers, `self.name.value = ...`"
        raise PortError(f"a memory of {type(component).__name__} cannot be replaced by {shown(value)}", hint=hint)

    def new_value(self) -> Any:
        """Return what a memory begins with, shared with no other."""
        return self._factory() if self._factory is not None else copy.deepcopy(self._default)

    def anew(self) -> Memory[T]:
        """Return a memory that begins as this one does, to be used outside of a net."""
        made = copy.copy(self)
        made.is_declared = False
        made._value = NOTHING
        return made

    def __repr__(self) -> str:
        default = getattr(self._factory, "__name__", None) or shown(self._factory or self._default)
        return f"Memory({default})"


def _copied(default: Any) -> Any:
    try:
        return copy.deepcopy(default)
    except Exception as error:
        what = f"{shown(default)} cannot be copied for every node: {error}"
        raise GraphError(what, hint="give a function that makes one: `Memory(lambda: ...)`") from error


class MemorySpec:
    """The declaration of one memory: its name, the type of its value, and how it begins, or None where that is missing.

    `resolved` is False when the annotation named something that could not be found; `type` is Any then.
    """

    __slots__ = ("declared", "name", "resolved", "type")

    def __init__(self, name: str, type: Any, declared: Memory[Any] | None, *, resolved: bool = True) -> None:
        self.name = name
        self.type = type
        self.declared = declared
        self.resolved = resolved

    def problems(self) -> list[tuple[str, str, str]]:
        """Find what is wrong with the declaration: triples of its name, what it is, and how to mend it."""
        kind = name_of(self.type)
        if self.declared is None:
            hint = f"give one: `{self.name}: Memory[{kind}] = Memory({_example(self.type)})`"
            return [(self.name, "this memory has no value to begin with", hint)]
        found = [(self.name, what, hint) for what, hint in _of_options(self.declared)]
        try:
            value = self.declared.new_value()
        except Exception as error:
            what = f"{self.declared!r} raised {type(error).__name__}: {error}"
            return [*found, (self.name, what, "give a value, or a function that makes one without being given any")]
        if not fits(type(value), self.type):
            hint = f"begin with a value of type {kind}: `Memory({_example(self.type)})`"
            found.append((self.name, f"it begins with {shown(value)}, which is no {kind}", hint))
        return found

    def __repr__(self) -> str:
        return f"MemorySpec({self.name!r}, {self.type!r})"


def _of_options(declared: Memory[Any]) -> list[tuple[str, str]]:
    version: Any = declared.version
    migrate: Any = declared.migrate
    found = []
    if type(version) is not int or version < 1:
        found.append((f"version {shown(version)} is no number of a version", "count them from 1 on"))
    if migrate is not None and (not callable(migrate) or inspect.iscoroutinefunction(migrate)):
        hint = "give a plain function of the stored data and its version"
        found.append((f"migrate cannot be {shown(migrate)}", hint))
    return found


def _example(kind: Any) -> str:
    """Write what a memory of this type might begin with."""
    kind = get_origin(kind) or kind
    if kind in (int, float, str, bool, bytes):
        return repr(kind())
    if isinstance(kind, type) and kind is not object and get_origin(kind) is None:
        return kind.__name__
    return "None"


def is_memory(annotation: Any) -> bool:
    """Say whether an annotation is `Memory` or `Memory[...]`."""
    return (get_origin(annotation) or annotation) is Memory


def memory_of(kind: Any) -> Any:
    """Return the annotation of a memory whose values are of a type."""
    return Memory[kind]


def declare(owner: str, name: str, annotation: Any, declared: Any, *, resolved: bool = True) -> MemorySpec:
    """Return the declaration of a memory by its annotation and what stands on the right of `=`, or NOTHING.

    Raises:
        GraphError: that is no `Memory(...)`, or the annotation is of something else.
    """
    address = f"{owner}.{name}"
    if is_memory(annotation):
        kind = (get_args(annotation) or (Any,))[0]
        if declared is not NOTHING and not isinstance(declared, Memory):
            hint = f"write `= Memory({shown(declared)})`"
            raise GraphError(f"this is a memory, and cannot be {shown(declared)}", address, hint)
    elif annotation is Any and not resolved:
        kind = Any
    else:
        hint = f"write `{name}: Memory[...] = {declared!r}`"
        raise GraphError("this begins with a Memory, and is not annotated as one", address, hint)
    return MemorySpec(name, kind, None if declared is NOTHING else declared, resolved=resolved)
