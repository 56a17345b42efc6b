"""Reading states: everything that can be reached from processes, as one flat value that can be compared.

What is read of a generator is where it stands, its local variables, what it has on its stack (the iterators of its
`for` loops), and the generators that it delegates to. From there everything is followed: containers, objects, closures,
the globals that its code names. Two states with equal values are alike in all that can matter; aliases included,
for each object is numbered where it is met first.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import gc
import sys
import warnings
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from contextvars import Context, ContextVar
from logging import Logger
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
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
from typing import Any

from fbdev.explore.named import belongs_to_python, global_data, names_nothing
from fbdev.explore.reading_rare import (
    CACHE,
    read_cache,
    read_error,
    read_logger,
    read_member,
    read_module,
    read_variable,
    read_wrapped,
)
from fbdev.explore.words import NotWholeError

_PLAIN = frozenset({int, str, bytes, type(None)})
_TAGGED = frozenset({bool, float, complex})
_IN_C = (MethodDescriptorType, WrapperDescriptorType)
_WRAPPING = (property, classmethod, staticmethod, functools.cached_property)
_DATA_OF_NO_INTEREST = (
    FunctionType,
    *_WRAPPING,
    GetSetDescriptorType,
    MemberDescriptorType,
    BuiltinFunctionType,
    MappingProxyType,
)


class _Again:
    """Tags what has been met before."""


_END = ...
"""Ends a part of unknown length; the value itself is never read without its type before it."""


class Reader:
    """Reads a state, once: `add` what belongs to it, then take `value`."""

    __slots__ = ("_seen", "before", "caches", "found", "has_sets_of_text")

    def __init__(self, before: Context | None = None) -> None:
        self.found: list[Any] = []
        self.before = before
        """The context in which processes began."""
        self.caches: list[Any] = []
        """The caches of functools that were met."""
        self.has_sets_of_text = False
        """A set was read whose order depends on how Python hashes text, which is another in each process."""
        # Keeps what it has numbered alive, so that no number is given twice.
        self._seen: dict[int, tuple[int, object]] = {}

    def value(self) -> Hashable:
        """Return what was read."""
        return tuple(self.found)

    def numbers(self) -> dict[int, int]:
        """Return the number of each object that was met, by its identity."""
        return {identity: number for identity, (number, _) in self._seen.items()}

    def add(self, value: object) -> None:
        """Read something, and all that can be reached from it."""
        kind = type(value)
        if kind in _PLAIN:
            self.found.append(value)
        elif kind in _TAGGED:
            self.found += (kind, repr(value))
        elif kind is tuple:
            self.found += (tuple, len(value))  # type: ignore[arg-type]
            for each in value:  # type: ignore[attr-defined]
                self.add(each)
        else:
            seen = self._seen.get(id(value))
            if seen is not None:
                self.found += (_Again, seen[0])
                return
            self._seen[id(value)] = (len(self._seen), value)
            READ.get(kind, _read_other)(self, value)

    def skip(self, value: object) -> None:
        """Never look into an object, nor into those in it where it is a tuple: they are known by other means."""
        for each in value if isinstance(value, tuple) else (value,):
            self._seen[id(each)] = (len(self._seen), each)

    def each(self, tag: object, values: Iterable[object], count: int) -> None:
        """Read several things."""
        self.found += (tag, count)
        for value in values:
            self.add(value)

    def tokens(self, *tokens: object) -> None:
        """Note what is known to be comparable."""
        self.found += tokens


def read_generator(reader: Reader, generator: Any) -> None:
    """Read where a generator stands, and all that it holds."""
    read_suspended(reader, generator, generator.gi_frame, generator.gi_code, None)


def read_suspended(reader: Reader, generator: Any, frame: Any, code: CodeType, awaited: object) -> None:
    """Read where a generator or coroutine stands in its code, and all that it holds up to what it awaits.

    Above that, Python leaves something on the stack when it runs code for the first time.
    """
    if frame is None:
        reader.tokens(GeneratorType, "ended")
        return
    # In the order of their names: that of the dictionary depends on who has looked at it before.
    names = frame.f_locals
    tokens = reader.found
    tokens += (GeneratorType, id(code), frame.f_lasti, *sorted(names), _END)
    # What is on the stack is nowhere else; code and frame say nothing that is not said above.
    for value in gc.get_referents(generator):
        kind = type(value)
        if kind in _PLAIN:
            tokens.append(value)
        elif kind is CodeType or kind is FrameType or value is names:
            continue
        elif kind is not FunctionType or value.__code__ is not code:
            reader.add(value)
            if value is awaited:
                break
    tokens.append(_END)
    if not names_nothing(code, frame.f_globals):
        _read_globals(reader, code, frame.f_globals)


def code_token(code: CodeType) -> Hashable:
    """Return what tells code from other: code that processes run lives as long as the factory's own.

    What is written when the program runs, as the methods of a dataclass, is told by what it does.
    """
    if code.co_filename != "<string>":
        return id(code)
    return code.co_name, code.co_code, code.co_names, repr([each for each in code.co_consts if type(each) in _PLAIN])


def _read_globals(reader: Reader, code: CodeType, names: dict[str, Any]) -> None:
    for named in global_data(code, names):
        value = named.value
        kind = type(value)
        if kind is type or kind is BuiltinFunctionType:
            if kind is type and is_users(value):
                reader.add(value)
        elif kind is not FunctionType or not belongs_to_python(value.__code__.co_filename):
            reader.tokens(named.label)
            reader.add(value)
    reader.tokens(_END)


def is_users(kind: Any) -> bool:
    """Tell whether a class is the user's own, and not installed."""
    module = sys.modules.get(kind.__module__)
    return kind.__module__ != "builtins" and not belongs_to_python(getattr(module, "__file__", None) or "")


def _read_list(reader: Reader, value: Any) -> None:
    # Not as a class derived from it would have it: what it holds, it may show otherwise.
    reader.each(list, list.__iter__(value), list.__len__(value))


def is_of_text(value: Collection[object]) -> bool:
    """Tell whether the order of a set hangs on how Python hashes text, anew in each process."""
    return len(value) > 1 and any(isinstance(each, str | bytes) for each in value)


def _read_set(reader: Reader, value: Any) -> None:
    # In the order in which a process would go through it, which can matter.
    if is_of_text(value):
        reader.has_sets_of_text = True
    reader.each(frozenset if isinstance(value, frozenset) else set, value, len(value))


def _read_dict(reader: Reader, value: Any) -> None:
    reader.tokens(dict, dict.__len__(value))
    for key, each in dict.items(value):
        reader.add(key)
        reader.add(each)


def _read_cell(reader: Reader, cell: CellType) -> None:
    try:
        inside = cell.cell_contents
    except ValueError:
        reader.tokens(CellType, 0)
    else:
        reader.tokens(CellType, 1)
        reader.add(inside)


def _read_function(reader: Reader, function: FunctionType) -> None:
    code = function.__code__
    if belongs_to_python(code.co_filename) and not function.__closure__:
        reader.tokens(FunctionType, code_token(code))
        return
    reader.tokens(FunctionType, code_token(code), len(function.__closure__ or ()))
    for cell in function.__closure__ or ():
        reader.add(cell)
    reader.add(function.__defaults__)
    reader.add(function.__kwdefaults__)
    reader.add(function.__dict__)
    if not names_nothing(code, function.__globals__):
        _read_globals(reader, code, function.__globals__)


def _read_method(reader: Reader, method: MethodType) -> None:
    reader.tokens(MethodType)
    reader.add(method.__func__)
    reader.add(method.__self__)


def _read_builtin(reader: Reader, function: BuiltinFunctionType) -> None:
    reader.tokens(BuiltinFunctionType, function.__qualname__)
    if not isinstance(function.__self__, ModuleType):
        reader.add(function.__self__)


def _read_class(reader: Reader, kind: Any) -> None:
    if not is_users(kind):
        reader.tokens(type, kind)
        return
    # What a factory makes is another class in each execution, though the same is written there.
    is_passing = not _is_found_by_name(kind)
    reader.tokens(type, (kind.__module__, kind.__qualname__) if is_passing else kind)
    for name, value in class_data(kind):
        reader.tokens(name)
        reader.add(value)
    # What it does not have itself it has from these.
    for above in (*kind.__bases__, type(kind)):
        if is_users(above):
            reader.add(above)
        elif is_passing:
            reader.tokens(above)
    for function in methods_of(kind):
        if is_passing or function.__closure__ or not names_nothing(function.__code__, function.__globals__):
            reader.add(function)
    reader.tokens(_END)


@functools.lru_cache(maxsize=4096)
def _is_found_by_name(kind: Any) -> bool:
    """Tell whether a class is that of its module under its name, and not one that a function makes."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind


def class_data(kind: type) -> Iterator[tuple[str, object]]:
    """Find what a class keeps beside its methods."""
    for name, value in vars(kind).items():
        if not name.startswith(("__", "_abc_")) and not isinstance(value, _DATA_OF_NO_INTEREST):
            yield name, value


def methods_of(kind: type) -> Iterator[FunctionType]:
    """Find the functions of a class, those behind its properties and class methods included."""
    for each in vars(kind).values():
        if isinstance(each, FunctionType):
            yield each
        elif isinstance(each, _WRAPPING):
            inside = (getattr(each, part, None) for part in ("__func__", "fget", "fset", "fdel", "func"))
            yield from (function for function in inside if isinstance(function, FunctionType))


def _read_atom(reader: Reader, value: object) -> None:
    reader.tokens(type(value), value)


def _read_other(reader: Reader, value: Any) -> None:
    """Read an object: by its attributes when its class is written in Python, else as it would be copied."""
    kind: Any = type(value)
    if issubclass(kind, enum.Enum):
        read_member(reader, value)
    elif issubclass(kind, type):
        _read_class(reader, value)
    elif (told := getattr(kind, "_explored_state", None)) is not None:
        reader.add(kind)
        reader.add(told(value))
    elif _is_written_in_python(kind) or issubclass(kind, BaseException):
        _read_object(reader, value, kind)
    else:
        reader.add(kind)
        _read_copy(reader, value)


@functools.lru_cache(maxsize=4096)
def _is_written_in_python(kind: Hashable) -> bool:
    # Only classes written in C have methods written in C among their own.
    assert isinstance(kind, type)
    is_made_at_run_time = kind.__flags__ & 1 << 9
    return bool(is_made_at_run_time) and not any(isinstance(each, _IN_C) for each in vars(kind).values())


def _read_object(reader: Reader, value: Any, kind: type) -> None:
    reader.tokens(object)
    reader.add(kind)
    is_error = issubclass(kind, BaseException)
    if is_error:
        read_error(reader, value)
    for base in kind.__mro__ if not is_error else ():
        if not _is_written_in_python(base):
            if base not in INSIDE:
                if "__reduce__" not in {name for each in kind.__mro__[:-1] for name in vars(each)}:
                    what = f"{kind.__qualname__} derives from {base.__qualname__}, whose inside cannot be seen"
                    raise NotWholeError(what)
                _read_copy(reader, value)
                break
            inside = INSIDE[base]
            if inside is not None:
                inside(reader, value)
            break
    names = [name for base in kind.__mro__ for name in _slots(base)]
    try:
        held = [(name, getattr(value, name)) for name in names if hasattr(value, name)]
        held += getattr(value, "__dict__", {}).items()
    except Exception:
        # Its own `__getattr__` may raise what it likes.
        raise NotWholeError(f"{kind.__qualname__} objects cannot be looked into") from None
    reader.tokens(len(held))
    for name, each in held:
        reader.tokens(name)
        reader.add(each)


@functools.lru_cache(maxsize=1024)
def _slots(kind: type) -> tuple[str, ...]:
    return tuple(name for name, value in vars(kind).items() if isinstance(value, MemberDescriptorType))


def _read_copy(reader: Reader, value: Any) -> None:
    try:
        if (way := copyreg.dispatch_table.get(type(value))) is not None:
            parts = way(value)
        elif type(value).__module__ == "itertools":
            # They say that they will not be copied for ever; when they no longer are, the error below says so.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                parts = value.__reduce_ex__(4)
        else:
            parts = value.__reduce_ex__(4)
    except Exception:
        raise NotWholeError(f"nobody can see what is inside {type(value).__qualname__} objects") from None
    if isinstance(parts, str):
        reader.tokens(parts)
        return
    found: list[Any] = [*parts, None, None, None]
    made, arguments, state, items, pairs = found[:5]
    reader.tokens(getattr(made, "__qualname__", ""))
    reader.add(arguments)
    reader.add(state)
    reader.add(None if items is None else list(items))
    reader.add(None if pairs is None else list(pairs))


def _read_range(reader: Reader, value: range) -> None:
    reader.tokens(range, value.start, value.stop, value.step)


def _read_range_iterator(reader: Reader, value: Any) -> None:
    # The range that it says it goes through is made anew each time: nobody else has it.
    _, (left,), *state = value.__reduce__()
    reader.found += (type(value), left.start, left.stop, left.step, *state)


def _read_iterator(reader: Reader, value: Any) -> None:
    # It says what it goes through, and how far it has come: a range and a number, or nothing when it is at its end.
    _, arguments, *state = value.__reduce__()
    reader.tokens(type(value), *state)
    reader.add(arguments)


READ: dict[type, Callable[[Reader, Any], None]] = {
    list: _read_list,
    dict: _read_dict,
    deque: lambda reader, value: reader.each(deque, (*value, value.maxlen), len(value)),
    set: _read_set,
    frozenset: _read_set,
    range: _read_range,
    type(iter(range(0))): _read_range_iterator,
    type(iter([])): _read_iterator,
    type(iter(())): _read_iterator,
    CellType: _read_cell,
    GeneratorType: read_generator,
    FunctionType: _read_function,
    MethodType: _read_method,
    BuiltinFunctionType: _read_builtin,
    type: _read_class,
    ModuleType: read_module,
    ContextVar: read_variable,
    Logger: read_logger,
    CACHE: read_cache,
    **dict.fromkeys((classmethod, staticmethod), read_wrapped),
    property: lambda reader, value: reader.each(property, (value.fget, value.fset, value.fdel), 3),
    CodeType: lambda reader, value: reader.tokens(CodeType, code_token(value)),
    type(Ellipsis): _read_atom,
    type(NotImplemented): _read_atom,
}

INSIDE: dict[type, Callable[[Reader, Any], None] | None] = {
    object: None,
    list: _read_list,
    dict: _read_dict,
    set: _read_set,
    frozenset: _read_set,
    tuple: lambda reader, value: reader.each(tuple, tuple(value), len(value)),
    str: lambda reader, value: reader.tokens(str(value)),
    int: lambda reader, value: reader.tokens(int(value)),
    float: lambda reader, value: reader.tokens(repr(float(value))),
    bytes: lambda reader, value: reader.tokens(bytes(value)),
}
