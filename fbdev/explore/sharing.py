"""What processes share behind the explorer's back: mutable objects that two of them can reach."""

from __future__ import annotations

import asyncio
import enum
import gc
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextvars import Context, ContextVar
from logging import Logger
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
)
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from fbdev.explore.explored_loop import ExploredFuture, ExploredLoop, ExploredTask
from fbdev.explore.named import (
    INDIRECT,
    Named,
    belongs_to_python,
    bound_in,
    data_in_module,
    global_data,
    is_installed,
    stored_in,
)
from fbdev.explore.reading import class_data, is_users, methods_of
from fbdev.explore.reading_rare import value_in
from fbdev.explore.shared import Lock, Notes, Shared
from fbdev.explore.spawn import Waiter
from fbdev.explore.words import Blocked

_FIXED = (int, str, bytes, float, complex, type(None), range, BuiltinFunctionType, CodeType, FrameType)
_HOLDING = (tuple, frozenset, FunctionType, Blocked, type, enum.Enum, ContextVar, Logger, ModuleType)
_OF_CLOSURES = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_SUSPENDED = (GeneratorType, CoroutineType, AsyncGeneratorType)
_OF_ASYNCIO = (asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Semaphore, asyncio.Queue)
_OF_ANYIO = (anyio.Lock, anyio.Event, anyio.Condition, anyio.Semaphore, anyio.CapacityLimiter)
_STREAMS = (MemoryObjectSendStream, MemoryObjectReceiveStream)
_SEEN_INTO = (
    Shared,
    Lock,
    Waiter,
    Notes,
    ExploredFuture,
    ExploredTask,
    ExploredLoop,
    *_OF_ASYNCIO,
    *_OF_ANYIO,
    *_STREAMS,
)


def hidden_sharing(
    processes: Mapping[str, Any], contexts: Mapping[str, Context], invariant: object, shared: object
) -> dict[str, set[str]]:
    """Find the objects that several processes reach and that do not tell who uses them; return who reaches each."""
    walks = {name: _Walk(contexts.get(name)).of(process) for name, process in processes.items()}
    stored = set().union(*(walk.stored for walk in walks.values()))
    names = set().union(*(walk.names_stored for walk in walks.values()))
    if invariant is not None:
        # The invariant looks at everything after each step: it is one more who shares.
        walks["the invariant"] = _Walk().of(invariant).of(shared)
    found: dict[str, set[str]] = {}
    for name, walk in walks.items():
        for identity, what in walk.direct.items():
            if not walk.may_change(identity, stored, names):
                continue
            others = [other for other, their in walks.items() if other != name and identity in their.all]
            if others:
                found.setdefault(what, set()).update({name, *others} - {"the invariant"})
    return found


def _contents(value: Any) -> Iterable[object]:
    """Return what processes can take out of a thing whose uses are seen."""
    if isinstance(value, Shared):
        return (value._value,)
    if isinstance(value, asyncio.Queue):
        return value._queue  # type: ignore[attr-defined, no-any-return]
    if isinstance(value, _STREAMS):
        return value._state.buffer
    if isinstance(value, ExploredFuture | ExploredTask) and value._state == "FINISHED":
        return (value._result,)  # type: ignore[union-attr]
    return ()


def _is_fixed(value: object) -> bool:
    """Tell whether nobody can change an object; one of a class of the user's own may have attributes."""
    return isinstance(value, _FIXED) and not (hasattr(value, "__dict__") and is_users(type(value)))


def _frame_of(value: Any) -> tuple[FrameType | None, CodeType]:
    """Return where a generator or coroutine stands, and its code."""
    if isinstance(value, CoroutineType):
        return value.cr_frame, value.cr_code
    if isinstance(value, AsyncGeneratorType):
        return value.ag_frame, value.ag_code
    return value.gi_frame, value.gi_code


class _Walk:
    """All that can be reached from one process."""

    def __init__(self, context: Context | None = None) -> None:
        self._context = context
        self._root: object = None
        self.direct: dict[Any, str] = {}
        self.all: set[Any] = set()
        self.stored: set[Any] = set()
        self.names_stored: set[str] = set()
        self._kept: list[object] = []
        self._bindings: dict[Any, str] = {}

    def may_change(self, identity: Any, stored: set[Any], names: set[str]) -> bool:
        """Tell whether code that binds these variables anew, and these names, can change this."""
        name = self._bindings.get(identity)
        if name is None or identity in stored:
            return True
        return bool(name) and (name in names or not INDIRECT.isdisjoint(names))

    def of(self, root: object) -> _Walk:
        """Walk from an object."""
        self._root = root
        for value, what in self._walk([(root, "")], set()):
            self.direct.setdefault(value, what)
        return self

    def _walk(self, first: list[tuple[object, str]], done: set[int]) -> Iterator[tuple[Any, str]]:
        work = deque(first)
        while work:
            value, called = work.popleft()
            if id(value) in done or _is_fixed(value):
                continue
            done.add(id(value))
            self._kept.append(value)
            if isinstance(value, _SEEN_INTO):
                # Whoever takes a mutable value out of it is seen; whoever keeps that value is not.
                for _ in self._walk([(each, called) for each in _contents(value)], set(done)):
                    pass
                continue
            self.all.add(id(value))
            if isinstance(value, CellType):
                self._bindings[id(value)] = ""
            if not isinstance(value, _HOLDING) and not self._is_own(value):
                yield id(value), f"{called or 'an object'} ({type(value).__name__})"
            work.extend(self._inside(value, called))

    def _is_own(self, value: object) -> bool:
        """Tell whether this is a process, or what only one can go on with; others can go on with a generator too."""
        return isinstance(value, _SUSPENDED) and (value is self._root or isinstance(value, CoroutineType))

    def _bind(self, holder: object, name: str, what: str) -> None:
        """Note a variable of a module, or an attribute of a class, that can be reached."""
        binding = (id(holder), name)
        self.all.add(binding)
        self._bindings[binding] = name
        self.direct[binding] = what

    def _inside(self, value: Any, called: str) -> Iterator[tuple[object, str]]:
        if isinstance(value, _SUSPENDED):
            frame, code = _frame_of(value)
            if frame is not None:
                yield from self._of_code(code, frame.f_globals)
                names = {id(each): name for name, each in frame.f_locals.items()}
                skipped = (FrameType, CodeType)
                held = gc.get_referents(value)
                for each in held:
                    if isinstance(each, FunctionType) and each.__code__ is code:
                        yield from self._inside(each, called)
                for each in held:
                    if each is not frame.f_locals and not isinstance(each, skipped):
                        yield each, names.get(id(each), "")
        elif isinstance(value, FunctionType):
            cells = dict(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))
            self.stored |= {id(cells[name]) for name in bound_in(value.__code__, _OF_CLOSURES) if name in cells}
            yield from ((cell, name) for name, cell in cells.items())
            yield value.__defaults__, called
            yield value.__kwdefaults__, called
            if not value.__dict__.keys() <= {"__wrapped__"}:
                yield value.__dict__, f"the attributes of {called or value.__name__}"
            yield from ((each, called) for each in value.__dict__.values())
            yield from self._of_code(value.__code__, value.__globals__)
        elif isinstance(value, type):
            yield from self._of_class(value)
        elif isinstance(value, CellType):
            try:
                yield value.cell_contents, called
            except ValueError:
                return
        elif isinstance(value, ContextVar):
            yield value_in(self._context, value, None), called
        elif isinstance(value, enum.Enum):
            yield value._value_, called
        elif isinstance(value, Logger):
            return
        elif isinstance(value, ModuleType):
            if not is_installed(value):
                yield from self._of_names(data_in_module(called, vars(value)))
        else:
            yield from ((each, called) for each in gc.get_referents(value))

    def _of_class(self, value: type) -> Iterator[tuple[object, str]]:
        if not is_users(value):
            return
        for name, each in class_data(value):
            what = f"{value.__name__}.{name}"
            self._bind(value, name, what)
            yield each, what
        yield from ((each, each.__name__) for each in (*value.__bases__, type(value)))
        yield from ((each, f"{value.__name__}.{each.__name__}") for each in methods_of(value))

    def _of_code(self, code: CodeType, names: dict[str, Any]) -> Iterator[tuple[object, str]]:
        if not belongs_to_python(code.co_filename):
            self.names_stored |= stored_in(code)
        yield from self._of_names(global_data(code, names))

    def _of_names(self, found: Iterable[Named]) -> Iterator[tuple[object, str]]:
        for named in found:
            value = named.value
            if isinstance(value, FunctionType) and belongs_to_python(value.__code__.co_filename):
                continue
            if not isinstance(value, FunctionType | type | ModuleType | BuiltinFunctionType):
                self._bind(named.holder, named.name, f"the global {named.label}")
            yield value, named.label
