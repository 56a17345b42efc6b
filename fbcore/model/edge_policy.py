"""Policies of edges: how many bytes lie there, how long, which is taken first, and which are dropped. Words only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from math import isfinite
from typing import Annotated, Any, NamedTuple, NewType, get_args, get_origin

from fbcore.errors import shown
from fbcore.model.answers import AT_ONCE, answers_later
from fbcore.model.types import members_of, name_of

POLICIES = ("bytes", "size", "expiry", "priority", "drop")
"""The options of an edge that are policies."""

DROPS = ("oldest", "newest")
"""What an edge can drop when it is full."""

_UNITS = {"b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_BYTES = r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b)\s*"
_TEXTS = (str, bytes, bytearray, memoryview)

Measure = Callable[[Any], Any]


class EdgePolicy(NamedTuple):
    """The policies of one edge; a net acts by them.

    `bytes` is the most that lies there at once, as `size` measures packets; `expiry` the seconds after which a packet
    is taken away; `priority` tells of a packet how soon it is taken, the highest first; `drop` is what goes when there
    is no room, instead of that the sender waits.
    """

    bytes: int | None = None
    size: Measure | None = None
    expiry: float | None = None
    priority: Measure | None = None
    drop: str | None = None

    def __bool__(self) -> bool:
        # Nearly all edges have none, and the same one.
        return self is not NO_POLICY and any(
            each is not None for each in (self.bytes, self.expiry, self.priority, self.drop)
        )


NO_POLICY = EdgePolicy()
"""That of an edge of which nothing is said."""


def policy_of(options: Mapping[str, Any]) -> EdgePolicy:
    """Return the policies that are in options of an edge, which have no problems."""
    if not options:
        return NO_POLICY
    most, size, priority = options.get("bytes"), options.get("size"), options.get("priority")
    return EdgePolicy(
        None if most in (None, "unbounded") else bytes_of(most),
        named(size) if isinstance(size, str) else size,
        None if options.get("expiry") in (None, "never") else options["expiry"],
        None if priority in (None, "nothing") else measure_of(priority),
        None if options.get("drop") in (None, "nothing") else options["drop"],
    )


def bytes_of(given: Any) -> int | None:
    """Return a number of bytes that was given as such, or as `"10 MB"`; None when it is none."""
    if isinstance(given, str) and (found := re.fullmatch(_BYTES, given, re.IGNORECASE)):
        given = int(float(found[1]) * _UNITS[found[2].lower()])
    return given if type(given) is int and given >= 1 else None


def measure_of(given: Any) -> Measure | None:
    """Return what finds a number in a packet: a function, one by name, or the name of an attribute or key."""
    if isinstance(given, str):
        return _Named(given) if given.isidentifier() else named(given)
    return given if callable(given) and not answers_later(given) else None


def named(name: str) -> Measure | None:
    """Return the function of a name, `package.module.function`; None when there is none."""
    module, _, last = name.rpartition(".")
    try:
        found = getattr(import_module(module), last, None) if module else None
    except Exception:
        # Whatever a module raises while it is imported: there is no function then.
        return None
    return found if callable(found) and not answers_later(found) else None


class _Named:
    """Finds the value of an attribute, or of a key where packets are mappings."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, packet: Any) -> Any:
        return packet[self.name] if isinstance(packet, Mapping) else getattr(packet, self.name)


def is_amount(value: Any) -> bool:
    """Say whether a value is a finite number, of Python or of another library."""
    # The commonest types first: to ask for an abstract one takes long, as its import does.
    if type(value) in (int, float):
        return type(value) is int or isfinite(value)
    from numbers import Real

    return type(value) is not bool and isinstance(value, Real) and isfinite(value)


# -- what is wrong with them ----------------------------------------------------------------------------


def problems_of(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield which options cannot be, each with what is wrong, and what it can be."""
    for name in POLICIES if options else ():
        value = options.get(name)
        if value is not None and (hint := _CHECKS[name](value)):
            yield name, f"{name} cannot be {shown(value)}", hint


def _check_bytes(value: Any) -> str:
    fits = value == "unbounded" or bytes_of(value)
    return "" if fits else 'give a number of bytes from 1 on, or a text as "10 MB"'


def _check_size(value: Any) -> str:
    if answers_later(value):
        return AT_ONCE
    fits = callable(named(value) if isinstance(value, str) else value)
    return "" if fits else "give a function that returns the bytes of a packet, or name it: package.module.function"


def _check_expiry(value: Any) -> str:
    fits = value == "never" or (is_amount(value) and value > 0)
    return "" if fits else "give a number of seconds, more than 0"


def _check_priority(value: Any) -> str:
    if value == "nothing" or measure_of(value) is not None:
        return ""
    if answers_later(value):
        return AT_ONCE
    return "give a function that takes a packet and returns a number, or name it, an attribute, or a key"


def _check_drop(value: Any) -> str:
    return "" if value in (*DROPS, "nothing") else 'say "oldest" or "newest"'


_CHECKS: dict[str, Callable[[Any], str]] = {
    "bytes": _check_bytes,
    "size": _check_size,
    "expiry": _check_expiry,
    "priority": _check_priority,
    "drop": _check_drop,
}


# -- how long things are --------------------------------------------------------------------------------


def length(value: Any) -> int:
    """Return how long a text or bytes are; nothing is 0 long."""
    if isinstance(value, memoryview):
        return value.nbytes
    return 0 if value is None else len(value)


def has_length(kind: Any) -> bool:
    """Say whether every value of a type is text or bytes, so that nobody has to say how long it is."""
    if get_origin(kind) is Annotated:
        return has_length(get_args(kind)[0])
    if isinstance(kind, NewType):
        return has_length(kind.__supertype__)
    members = [each for each in members_of(kind) if each is not type(None)]
    if members:
        return all(map(has_length, members))
    return isinstance(kind, type) and issubclass(kind, _TEXTS)


def unmeasured(kinds: Iterable[Any]) -> tuple[str, str]:
    """Say that nobody knows how many bytes packets take, given the types of their ports, and what is to be done."""
    known = list(kinds)
    if any(map(has_length, known)):
        return "", ""
    names = " or ".join(dict.fromkeys(map(name_of, known))) or "a packet of any type"
    return f"nobody knows how many bytes {names} takes", "say how it is measured: size=..., a function or its name"


# -- in words -------------------------------------------------------------------------------------------


def in_words(options: Mapping[str, Any]) -> list[str]:
    """Say which policies an edge has, as drawings do."""
    policy = policy_of(options)
    found = []
    if policy.bytes is not None:
        found.append(f"at most {bytes_in_words(policy.bytes)}")
    if policy.expiry is not None:
        found.append(f"for {policy.expiry:g} s")
    if policy.priority is not None:
        found.append(f"by {_name(options['priority'])}")
    if policy.drop is not None:
        found.append(f"drops the {policy.drop}")
    return found


def bytes_in_words(count: float) -> str:
    """Write a number of bytes as people do: `10 MB`."""
    for unit, size in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{round(count / size, 1):g} {unit}"
    return f"{count:g} B"


def _name(measure: Any) -> str:
    name = measure if isinstance(measure, str) else str(getattr(measure, "__name__", ""))
    # A lambda has no name that says anything.
    return name.rpartition(".")[2] if name.isidentifier() or "." in name else "priority"
