"""Records: dicts, dataclasses, named tuples, or any object with attributes; and the keys that tell them apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import Any

from fbcore.errors import InputError

Key = str | tuple[str, ...] | Callable[[Any], Hashable]
"""What to know a record by: the name of a field, the names of several, or a function of the record."""


def key_of(key: Key, sample: object) -> Callable[[Any], Hashable]:
    """Return a function that gives the key of records like the sample.

    Example:
        from fbcore.components.record import key_of

        flight = {"origin": "JFK", "hour": 10, "delay": 12}
        print(key_of(("origin", "hour"), flight)(flight))
        #> ('JFK', 10)
    """
    if callable(key):
        return key
    names = (key,) if isinstance(key, str) else key
    if isinstance(sample, Mapping):
        return itemgetter(*names)
    return attrgetter(*names)


def field_names(record: object) -> tuple[str, ...]:
    """Return the names of a record's fields, in order.

    Raises:
        InputError: it is neither a dict with texts for keys, nor a dataclass, nor a named tuple.
    """
    if isinstance(record, Mapping):
        names: Iterable[Any] = record
    elif dataclasses.is_dataclass(record) and not isinstance(record, type):
        names = (field.name for field in dataclasses.fields(record))
    else:
        names = getattr(record, "_fields", (None,))
    found = tuple(names)
    if not all(isinstance(name, str) for name in found):
        raise InputError(f"{record!r} is no record", hint="send dicts, dataclasses or named tuples")
    return found


def fields_of(record: object, names: tuple[str, ...]) -> list[Any]:
    """Return the values of these fields of a record, which must have no others.

    Raises:
        InputError: it has other fields.
    """
    found = field_names(record)
    if set(found) != set(names):
        what = f"a record with the fields {', '.join(found)} came after one with {', '.join(names)}"
        raise InputError(what, hint="send records of one kind")
    if isinstance(record, Mapping):
        return [record[name] for name in names]
    return [getattr(record, name) for name in names]
