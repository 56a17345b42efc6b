"""Reading what is rarely a part of a state: caches, members of enums, exceptions, loggers, modules, variables."""

from __future__ import annotations

import functools
import gc
from contextvars import Context, ContextVar
from logging import Logger
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any

from fbdev.explore.named import belongs_to_python, data_in_module, is_installed

if TYPE_CHECKING:
    from fbdev.explore.reading import Reader

CACHE: type = type(functools.lru_cache(lambda: None))
"""What `functools.cache` and `lru_cache` make of a function."""

_PLAIN = frozenset({int, str, bytes, bool, float, type(None)})
_OF_A_MEMBER = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_hashable_values_"})
_OF_A_LOGGER = frozenset({"name", "parent", "handlers", "filters", "manager", "_cache", "root"})
_OF_ANY_ERROR = ("args", "__cause__", "__context__")
_ABSENT: Any = object()


def read_cache(reader: Reader, cache: Any) -> None:
    """Read the function behind a cache, and what it remembers, where it is the user's."""
    function = cache.__wrapped__
    reader.tokens(CACHE)
    if isinstance(function, FunctionType) and belongs_to_python(function.__code__.co_filename):
        return
    reader.caches.append(cache)
    reader.add(function)
    remembered = cached(cache)
    reader.each(CACHE, remembered, len(remembered))


def cached(cache: Any) -> list[Any]:
    """Return what a cache remembers: a dictionary, or one thing after the other where there is a limit to it."""
    held, function = gc.get_referents(cache), cache.__wrapped__
    places = [number for number, each in enumerate(held) if each is function]
    if not places or not cache.cache_info().currsize:
        return []
    # Before the function comes the dictionary; where there is a limit, the links before it hold keys and results.
    at = places[-1] - 1
    if cache.cache_parameters()["maxsize"] is None:
        return [held[at]]
    return [each for each in held[:at] if getattr(each, "__name__", "") != "_lru_list_elem" and each is not CACHE]


def read_wrapped(reader: Reader, wrapped: Any) -> None:
    """Read the function behind a method of a class."""
    reader.tokens(type(wrapped))
    reader.add(wrapped.__func__)


def read_member(reader: Reader, member: Any) -> None:
    """Read a member of an enum: which one it is, and what it holds that may be changed."""
    reader.tokens(type(member).__qualname__, member._name_)
    more = {name: each for name, each in vars(member).items() if name not in _OF_A_MEMBER}
    if type(member._value_) not in _PLAIN:
        reader.add(member._value_)
    for name, each in more.items():
        reader.tokens(name)
        reader.add(each)
    reader.tokens(...)


def read_error(reader: Reader, error: BaseException) -> None:
    """Read what an exception holds besides its attributes."""
    kind: Any = type(error)
    for name in inside_of_errors(kind):
        each = getattr(error, name, None)
        if each is not None:
            reader.tokens(name)
            reader.add(each)


@functools.lru_cache(maxsize=1024)
def inside_of_errors(kind: Any) -> tuple[str, ...]:
    """Return the names of what exceptions of a class hold, but for tracebacks and their own attributes."""
    written_in_c = [base for base in kind.__mro__[:-1] if not base.__flags__ & 1 << 9 and base is not BaseException]
    found = [
        name
        for base in written_in_c
        for name, each in vars(base).items()
        if isinstance(each, MemberDescriptorType | GetSetDescriptorType) and not name.startswith("__")
    ]
    return (*_OF_ANY_ERROR, *found)


def read_logger(reader: Reader, logger: Logger) -> None:
    """Read a logger: its level, and what was hung on it; where it writes to makes no difference."""
    reader.tokens(Logger, logger.name)
    for name, each in vars(logger).items():
        if name not in _OF_A_LOGGER:
            reader.tokens(name)
            reader.add(each)


def read_module(reader: Reader, module: ModuleType) -> None:
    """Read the data of a module that is held as an object, unless it is installed."""
    reader.tokens(ModuleType, module.__name__)
    if not is_installed(module):
        for each in data_in_module("", vars(module)):
            reader.tokens(each.name)
            reader.add(each.value)
    reader.tokens(...)


def read_variable(reader: Reader, variable: ContextVar[Any]) -> None:
    """Read what a context variable was when processes began; who has set it since, has that in its own context."""
    reader.tokens(ContextVar, variable.name)
    value = value_in(reader.before, variable)
    if value is not _ABSENT:
        reader.add(value)


def value_in(context: Context | None, variable: ContextVar[Any], absent: Any = _ABSENT) -> Any:
    """Return what a context variable is in a context, or by default."""
    found = absent if context is None else context.get(variable, absent)
    if found is not absent:
        return found
    try:
        return Context().run(variable.get)
    except LookupError:
        return absent
