"""What processes share behind the explorer's back: mutable objects that two of them can reach."""

from __future__ import annotations

import asyncio
import dis
import enum
import functools
import gc
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
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
from fbdev.explore.reading import belongs_to_python, class_data, global_data, is_users
from fbdev.explore.shared import Lock, Notes, Shared
from fbdev.explore.spawn import Waiter
from fbdev.explore.words import Blocked

_FIXED = (int, str, bytes, float, complex, type(None), range, enum.Enum, BuiltinFunctionType, CodeType, FrameType)
_NAMED = (ContextVar, Logger)
_HOLDING = (tuple, frozenset, FunctionType, Blocked, type)
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


def hidden_sharing(processes: Mapping[str, Any], invariant: object, shared: object) -> dict[str, set[str]]:
    """Find the objects that several processes reach and that do not tell who uses them; return who reaches each."""
    walks = {name: _Walk().of(process) for name, process in processes.items()}
    stored = set().union(*(walk.stored for walk in walks.values())) if walks else set()
    if invariant is not None:
        # The invariant looks at everything after each step: it is one more who shares.
        walks["the invariant"] = _Walk().of(invariant).of(shared)
    found: dict[str, set[str]] = {}
    for name, walk in walks.items():
        for identity, what in walk.direct.items():
            if walk.is_binding(identity) and identity not in stored:
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


def _frame_of(value: Any) -> tuple[FrameType | None, CodeType]:
    """Return where a generator or coroutine stands, and its code."""
    if isinstance(value, CoroutineType):
        return value.cr_frame, value.cr_code
    if isinstance(value, AsyncGeneratorType):
        return value.ag_frame, value.ag_code
    return value.gi_frame, value.gi_code


class _Walk:
    """All that can be reached from one process."""

    def __init__(self) -> None:
        self.direct: dict[Any, str] = {}
        self.all: set[Any] = set()
        self.stored: set[Any] = set()
        self._kept: list[object] = []
        self._bindings: set[Any] = set()

    def is_binding(self, identity: Any) -> bool:
        """Tell whether this is a variable, and not an object."""
        return identity in self._bindings

    def of(self, root: object) -> _Walk:
        """Walk from an object."""
        for value, what in self._walk([(root, "")], set()):
            self.direct.setdefault(value, what)
        return self

    def _walk(self, first: list[tuple[object, str]], done: set[int]) -> Iterator[tuple[Any, str]]:
        work = deque(first)
        while work:
            value, called = work.popleft()
            if id(value) in done or isinstance(value, (*_FIXED, *_NAMED, ModuleType)):
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
                self._bindings.add(id(value))
            if not isinstance(value, (*_HOLDING, *_SUSPENDED)):
                yield id(value), f"{called or 'an object'} ({type(value).__name__})"
            work.extend(self._inside(value, called))

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
            self.stored |= {id(cells[name]) for name in _stored(value.__code__) if name in cells}
            yield from ((cell, name) for name, cell in cells.items())
            yield value.__defaults__, called
            yield value.__kwdefaults__, called
            yield from self._of_code(value.__code__, value.__globals__)
        elif isinstance(value, type):
            if is_users(value):
                yield from ((each, f"{value.__name__}.{name}") for name, each in class_data(value))
        elif isinstance(value, CellType):
            try:
                yield value.cell_contents, called
            except ValueError:
                return
        else:
            yield from ((each, called) for each in gc.get_referents(value))

    def _of_code(self, code: CodeType, names: dict[str, Any]) -> Iterator[tuple[object, str]]:
        stored = _stored(code)
        for name, value in global_data(code, names):
            if isinstance(value, FunctionType) and belongs_to_python(value.__code__.co_filename):
                continue
            if not isinstance(value, FunctionType | type | ModuleType | BuiltinFunctionType):
                binding = ("global", id(names), name)
                self.all.add(binding)
                self._bindings.add(binding)
                self.direct[binding] = f"the global {name}"
                if name in stored:
                    self.stored.add(binding)
            yield value, name


@functools.lru_cache(maxsize=4096)
def _stored(code: CodeType) -> frozenset[str]:
    """Return the names of enclosing functions and of the module that code binds anew."""
    wanted = {"STORE_DEREF", "DELETE_DEREF", "STORE_GLOBAL", "DELETE_GLOBAL"}
    own = {each.argval for each in dis.get_instructions(code) if each.opname in wanted}
    for const in code.co_consts:
        if isinstance(const, CodeType):
            own |= _stored(const)
    return frozenset(own)
