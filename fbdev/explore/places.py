"""Places that can be changed: objects, variables of functions around, globals; read, compared, and put back.

Only what lies in a place itself is read, not what is inside of that: inside is another place. Two readings are compared
one by one, by identity first, which costs next to nothing where nothing was changed.
"""

from __future__ import annotations

import array
import functools
import operator
import pickle
import sys
import warnings
from collections import deque
from collections.abc import Callable, Collection, Hashable
from contextvars import ContextVar
from functools import lru_cache
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
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Literal, TypeVar

import fbcore
from fbcore.model.packet import Each, Failure, Packet
from fbcore.model.port import Hit
from fbdev.explore.named import belongs_to_python
from fbdev.explore.reading import class_data
from fbdev.explore.reading_rare import inside_of_errors
from fbdev.explore.shared import Lock, Shared

T = TypeVar("T")

_OURS = fbcore.__file__.rpartition("fbcore")[0]
_OWN = (_OURS + "fbcore/", _OURS + "fbdev/")

_FIXED = (
    *(int, str, bytes, float, complex, type(None), range, CodeType, FrameType, ContextVar, Logger),
    *(type(Ellipsis), type(NotImplemented), GetSetDescriptorType, MemberDescriptorType, ModuleType),
)
_THROUGH = (
    *(tuple, frozenset, MethodType, BuiltinFunctionType, MappingProxyType, property, classmethod, staticmethod),
    *(functools.partial, type(lru_cache(lambda: None)), Packet, Failure, Hit, Each),
)
_HOLDING = (list, dict, set, deque, bytearray, array.array)
_METHODS_IN_C = (MethodDescriptorType, WrapperDescriptorType)
PLAIN = frozenset({int, str, float, bytes, bool, complex})
"""Types of numbers and texts: two that are equal are alike, and none can be changed."""

_FRAMED = (CoroutineType, GeneratorType, AsyncGeneratorType)

Kind = Literal["fixed", "through", "function", "class", "cell", "place", "opaque", "framed"]

ATTRIBUTES = "the attributes of "
"""How the places are called that are the attributes of functions."""

_ABSENT: Any = object()
"""Stands where a variable has no value."""


def _remembered(function: Callable[[type], T]) -> Callable[[type], T]:
    """Let a function of a class be asked once for each."""
    answers: dict[type, T] = {}

    def remembered(kind: type) -> T:
        if kind not in answers:
            answers[kind] = function(kind)
        return answers[kind]

    return remembered


def is_foreign(filename: str) -> bool:
    """Tell whether code comes with Python, is installed, or is that of fbcore and fbdev: nobody's component."""
    return filename.startswith(_OWN) or belongs_to_python(filename)


@_remembered
def is_of_user(kind: type) -> bool:
    """Tell whether a class is the user's own."""
    module = getattr(kind, "__module__", "builtins")
    if module in ("builtins", "fbcore", "fbdev") or module.startswith(("fbcore.", "fbdev.")):
        return False
    return not is_foreign(getattr(sys.modules.get(module), "__file__", None) or "" if module in sys.modules else "")


@_remembered
def _kind_of_class(kind: Any) -> Kind:
    if issubclass(kind, (Shared, Lock)):
        return "place"
    if issubclass(kind, _FIXED):
        return "place" if kind.__dictoffset__ and is_of_user(kind) else "fixed"
    if issubclass(kind, FunctionType):
        return "function"
    if issubclass(kind, type):
        return "class"
    if issubclass(kind, _FRAMED):
        return "framed"
    if issubclass(kind, CellType):
        return "cell"
    if issubclass(kind, _HOLDING) or is_of_user(kind):
        return "through" if issubclass(kind, (tuple, frozenset)) else "place"
    if issubclass(kind, _THROUGH):
        return "through"
    if (getattr(kind, "__module__", None) or "").startswith(("fbcore.", "fbdev.")):
        return "fixed"
    if issubclass(kind, memoryview) or any(base.__module__ == "_ctypes" for base in kind.__mro__):
        return "place"
    if kind.__hash__ not in (None, object.__hash__):
        # What is told apart by its content is not changed: numbers, dates, paths, patterns.
        return "fixed"
    return "place"


def kind_of(value: object) -> Kind:
    """Say what an object is to whoever looks for what can be changed."""
    kind = _kind_of_class(type(value))
    return "opaque" if kind == "place" and _is_closed(type(value)) and pickled(value) is None else kind


@_remembered
def _is_closed(kind: Any) -> bool:
    """Tell whether objects of a class have an inside that is no attribute of theirs, and no container."""
    bases = [base for base in kind.__mro__[:-1] if not issubclass(base, (*_HOLDING, *_FIXED, BaseException))]
    return any(_is_in_c(base) for base in bases) if bases else False


def _is_in_c(kind: type) -> bool:
    is_made_at_run_time = kind.__flags__ & 1 << 9
    return not is_made_at_run_time or any(isinstance(each, _METHODS_IN_C) for each in vars(kind).values())


def _has_attributes(value: object) -> bool:
    return hasattr(value, "__dict__") or bool(_slots(type(value)))


@_remembered
def _slots(kind: Any) -> tuple[str, ...]:
    if issubclass(kind, BaseException):
        return tuple(dict.fromkeys((*inside_of_errors(kind), *_declared(kind))))
    return _declared(kind)


def _declared(kind: type) -> tuple[str, ...]:
    return tuple(
        name for base in kind.__mro__ for name, each in vars(base).items() if isinstance(each, MemberDescriptorType)
    )


def pickled(value: Any) -> bytes | None:
    """Return what can be seen of an object written in C; None where nothing can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return pickle.dumps(value, protocol=5)
    except Exception:
        # Whoever cannot be pickled raises what it likes.
        return None


def data_of(kind: type) -> list[tuple[str, object]]:
    """Return what a class keeps beside its methods, and beside what Python keeps there."""
    return list(class_data(kind))


class Place:
    """A place: what it is called, what it is, and what lay in it at first and lies in it now.

    `variable` is the name of a variable, or "" of an object. `first` is put back by `put_back`.
    """

    __slots__ = ("first", "holder", "key", "last", "name", "variable")

    def __init__(self, holder: Any, name: str, variable: str = "") -> None:
        self.holder = holder
        self.name = name
        self.variable = variable
        self.key: Hashable = (id(holder), variable) if variable else id(holder)
        self.first = self.last = self.read()

    def can_change(self, bound: Collection[str]) -> bool:
        """Tell whether code that binds these names anew, of variables and attributes, can change what lies here."""
        if self.variable or isinstance(self.holder, CellType):
            return (self.variable or self.name.rpartition(" ")[2]) in bound
        return bool(bound) or not self.name.startswith(ATTRIBUTES)

    def read(self) -> tuple[Any, ...]:
        """Return what lies here now."""
        holder = self.holder
        if self.variable:
            return (holder.get(self.variable, _ABSENT),)
        kind = type(holder)
        if kind is list or kind is deque or kind is set:
            return tuple(holder)
        if kind is dict:
            return (*holder, *holder.values())
        if kind is CellType:
            return _cell(holder)
        if isinstance(holder, type):
            return tuple(part for pair in data_of(holder) for part in pair)
        return _object(holder)

    def content(self) -> object:
        """Return what there is to see: of a variable its value, else the object itself."""
        is_variable = bool(self.variable) or isinstance(self.holder, CellType)
        return next((part for part in self.read() if part is not _ABSENT), "nothing") if is_variable else self.holder

    def take(self) -> bool:
        """Read what lies here, and tell whether it is another thing than the last time."""
        found = self.read()
        if are_same(found, self.last):
            return False
        self.last = found
        return True

    @property
    def is_first(self) -> bool:
        """Whether there lies here what did at first."""
        return are_same(self.last, self.first)

    def put_back(self) -> bool:
        """Let there lie what did at first; False when that cannot be done."""
        if are_same(self.read(), self.first):
            self.last = self.first
            return True
        try:
            self._write(self.first)
        except Exception:
            # An object may refuse anything.
            return False
        self.last = self.read()
        return are_same(self.last, self.first) or isinstance(self.holder, (set, frozenset))

    def _write(self, parts: tuple[Any, ...]) -> None:
        holder = self.holder
        if self.variable:
            _set(holder, self.variable, parts[0])
        elif isinstance(holder, CellType):
            if parts:
                holder.cell_contents = parts[0]
            else:
                del holder.cell_contents
        elif isinstance(holder, type):
            _write_class(holder, dict(zip(parts[::2], parts[1::2], strict=True)))
        else:
            _write_object(holder, parts)


def are_same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Tell whether two readings are alike: the same objects, or equal numbers and texts."""
    if len(one) != len(other):
        return False
    return all(map(operator.is_, one, other)) or all(
        mine is their or (type(mine) is type(their) and type(mine) in PLAIN and mine == their)
        for mine, their in zip(one, other, strict=True)
    )


def _cell(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


_MARK = "\0attributes"


def _object(value: Any) -> tuple[Any, ...]:
    """Read an object: what it holds as a container, then its attributes; where there is neither, its pickle."""
    parts: list[Any] = []
    if isinstance(value, dict):
        parts += (*dict.keys(value), *dict.values(value))
    elif isinstance(value, list):
        # What it holds, and not what a class of the user's would show.
        parts += list.__iter__(value)
    elif isinstance(value, (deque, set)):
        parts += value
    elif isinstance(value, (bytearray, array.array)):
        parts.append(bytes(value))
    elif _is_closed(type(value)):
        parts.append(pickled(value))
    slots = [(name, getattr(value, name)) for name in _slots(type(value)) if hasattr(value, name)]
    held = getattr(value, "__dict__", None)
    return (*parts, _MARK, *(each for pair in slots for each in pair), _MARK, *(held or ()), *(held or {}).values())


def _set(names: Any, name: str, value: Any) -> None:
    if value is _ABSENT:
        names.pop(name, None)
    else:
        names[name] = value


def _write_class(kind: type, data: dict[str, Any]) -> None:
    for name in [name for name, _ in data_of(kind) if name not in data]:
        delattr(kind, name)
    for name, value in data.items():
        if vars(kind).get(name, _ABSENT) is not value:
            setattr(kind, name, value)


def _halves(parts: tuple[Any, ...]) -> dict[Any, Any]:
    half = len(parts) // 2
    return dict(zip(parts[:half], parts[half:], strict=True))


def _write_object(value: Any, parts: tuple[Any, ...]) -> None:
    held: tuple[Any, ...] = ()
    if type(value) not in (list, dict, set, deque):
        marks = [number for number, part in enumerate(parts) if part is _MARK]
        parts, slots, held = parts[: marks[0]], parts[marks[0] + 1 : marks[1]], parts[marks[1] + 1 :]
        if not _is_closed(type(value)):
            _write_attributes(value, dict(zip(slots[::2], slots[1::2], strict=True)), _halves(held))
    if isinstance(value, dict):
        dict.clear(value)
        dict.update(value, _halves(parts))
    elif isinstance(value, list):
        list.__setitem__(value, slice(None), parts)
    elif isinstance(value, bytearray):
        value[:] = parts[0]
    elif isinstance(value, array.array):
        value[:] = array.array(value.typecode, parts[0])
    elif isinstance(value, (deque, set)):
        value.clear()
        (value.extend if isinstance(value, deque) else value.update)(parts)
    elif _is_closed(type(value)):
        value.__setstate__(pickle.loads(parts[0]).__reduce_ex__(4)[2])


def _write_attributes(value: Any, slots: dict[str, Any], held: dict[str, Any]) -> None:
    for name in _slots(type(value)):
        if name in slots:
            object.__setattr__(value, name, slots[name])
        elif hasattr(value, name):
            object.__delattr__(value, name)
    if hasattr(value, "__dict__"):
        vars(value).clear()
        vars(value).update(held)
