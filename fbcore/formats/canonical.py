"""Any value as plain data that says what is in it: equal values alike, in this process and in any other.

For digests, not for reading back: what can be written in several ways is written in one, and what has no content of
its own, as a generator has none that can be seen, counts by its type.
"""

from __future__ import annotations

import hashlib
import json
import re
import types
from collections.abc import Iterable, Mapping
from typing import Any

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_HUGE = 1 << 64
_PASSING = ("cause", "_traceback", "__traceback__", "__notes__")
"""What an exception has besides, that tells of the way to it and not of what it says."""

_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


def digest_of(*values: Any) -> str:
    """Return the SHA-256 of values, as 64 hexadecimal digits: the same for equal values, wherever it is reckoned.

    Example:
        from fbcore.formats.canonical import digest_of

        print(digest_of({"b", "a"}) == digest_of({"a", "b"}), digest_of(1) == digest_of(1.0))
        #> True False
    """
    return hashlib.sha256(_text([canonical(value) for value in values]).encode()).hexdigest()


def canonical(value: Any) -> Any:
    """Return a value as JSON: what is none of JSON's own types is an object with one member, named after the type.

    Sets are sorted; the order of a dict counts, for it can be seen. An object is what pickling would write of it,
    or else its `repr` without memory addresses.
    """
    return _written(value, [])


def _written(value: Any, around: list[int]) -> Any:
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if -_HUGE < value < _HUGE else {"int": hex(value)}
    if type(value) is float:
        return {"float": repr(value)}
    if isinstance(value, _NAMED):
        return {"name": _name(value)}
    if id(value) in around:
        return {"again": len(around) - around.index(id(value))}
    around.append(id(value))
    try:
        return _composed(value, around)
    finally:
        around.pop()


def _composed(value: Any, around: list[int]) -> Any:
    def each(values: Iterable[Any]) -> list[Any]:
        return [_written(item, around) for item in values]

    kind = type(value)
    if kind is list:
        return each(value)
    if kind is tuple:
        return {"tuple": each(value)}
    if kind is dict:
        return {"dict": [each(item) for item in value.items()]}
    if kind in (set, frozenset):
        return {kind.__name__: sorted(each(value), key=_text)}
    if kind in (bytes, bytearray):
        return {kind.__name__: value.hex()}
    if isinstance(value, BaseException):
        said = {name: part for name, part in vars(value).items() if name not in _PASSING}
        cause = type(getattr(value, "cause", None))
        return {"error": [_name(kind), each(value.args), _written(said, around), _name(cause)]}
    return _object(value, around)


def _object(value: Any, around: list[int]) -> Any:
    """Write what pickling would: it knows the content of nearly everything, NumPy's arrays included."""
    name = _name(type(value))
    try:
        reduced = value.__reduce_ex__(4)
    except Exception:
        # Whoever cannot be pickled raises what it likes.
        return {"repr": [name, _ADDRESS.sub("", repr(value))]}
    if isinstance(reduced, str):
        return {"name": f"{name}.{reduced}"}
    make, arguments, *rest = reduced
    state, items, pairs = (*rest, None, None, None)[:3]
    parts = [_written(make, around), _written(arguments, around), _written(_sorted(state), around)]
    return {name: [*parts, *(_written(None if more is None else list(more), around) for more in (items, pairs))]}


def _sorted(state: Any) -> Any:
    """Bring the attributes of an object into one order, for nobody looks at that in which they were set."""
    if isinstance(state, tuple) and len(state) == 2 and all(each is None or type(each) is dict for each in state):
        return tuple(_sorted(each) for each in state)
    is_plain = type(state) is dict and all(type(name) is str for name in state)
    return dict(sorted(state.items())) if is_plain else state


def _name(thing: Any) -> str:
    module = getattr(thing, "__module__", "") or ""
    return f"{module}.{getattr(thing, '__qualname__', getattr(thing, '__name__', ''))}"


def _text(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


def text_of(data: Mapping[str, Any]) -> str:
    """Write canonical data as one line of JSON, in which the members of an object are sorted."""
    return json.dumps(data, separators=(",", ":"), sort_keys=True)
