"""How values of the standard library, and those of nets, are written as JSON and read."""

from __future__ import annotations

import base64
import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fbcore.errors import NodeError
from fbcore.formats.typed_classes import Inner
from fbcore.formats.typed_refusal import Field, Refused
from fbcore.model.packet import MISSING, Failure, Missing

FACTORIES: dict[str, Any] = {kind.__name__: kind for kind in (bool, dict, float, int, list, set, str, tuple)}
"""What may make the missing values of a `defaultdict`: any other function would be one that the data names."""


class Form(NamedTuple):
    """How the values of one type are written; `tag` names the type in the data."""

    tag: str
    kind: type
    write: Callable[[Any, Inner], Any]
    read: Callable[[Any, Inner], Any]


# -- collections ---------------------------------------------------------------------------------------


def _items(values: Iterable[Any], inner: Inner) -> list[Any]:
    return [inner(item, number) for number, item in enumerate(values)]


def _read_items(data: Any, inner: Inner) -> list[Any]:
    return _items(_a(list, data), inner)


def _sorted_items(values: Iterable[Any], inner: Inner) -> list[Any]:
    """Write the items of a set in an order that does not depend on hashes."""
    return sorted((inner(item, Field("item")) for item in values), key=lambda data: json.dumps(data, sort_keys=True))


def _read_set(kind: type[set[Any]] | type[frozenset[Any]]) -> Callable[[Any, Inner], Any]:
    def read(data: Any, inner: Inner) -> Any:
        items = _read_items(data, inner)
        found = kind(items)
        if len(found) != len(items):
            raise ValueError("an item is there twice")
        return found

    return read


def _pairs(values: dict[Any, Any], inner: Inner) -> list[Any]:
    return [[inner(key, Field("key")), inner(item, key)] for key, item in values.items()]


def _read_pairs(data: Any, inner: Inner) -> list[tuple[Any, Any]]:
    found = []
    for number, pair in enumerate(_a(list, data)):
        key, value = _a(list, pair)
        found.append((inner(key, number), inner(value, number)))
    if len(dict(found)) != len(found):
        raise ValueError("a key is there twice")
    return found


def pairs_of(data: Any) -> list[Any]:
    """Return the pairs in the data of one of the types in `DICTS`."""
    pairs: list[Any] = data["items"] if isinstance(data, dict) else data
    return pairs


def _write_defaultdict(values: defaultdict[Any, Any], inner: Inner) -> Any:
    factory = values.default_factory
    name = getattr(factory, "__name__", "")
    if factory is not None and FACTORIES.get(name) is not factory:
        hint = f"use one of {', '.join(FACTORIES)}, or a dict and its setdefault"
        raise Refused(f"this defaultdict makes its values by {factory!r}", hint)
    return {"factory": name or None, "items": _pairs(values, inner)}


def _read_defaultdict(data: Any, inner: Inner) -> Any:
    fields = _fields(data, "factory", "items")
    factory = None if fields[0] is None else FACTORIES[fields[0]]
    return defaultdict(factory, _read_pairs(fields[1], inner))


def _read_deque(data: Any, inner: Inner) -> Any:
    items, length = _fields(data, "items", "maxlen")
    return deque(_read_items(items, inner), None if length is None else _a(int, length))


# -- time ----------------------------------------------------------------------------------------------


def _write_clock(value: datetime | time, inner: Inner) -> Any:
    """Write a time as one text where that says all; a named zone and the second of two equal hours it does not say."""
    zone = value.tzinfo
    if not value.fold and (zone is None or (type(zone) is timezone and not _has_name(zone))):
        return value.isoformat()
    plain = value.replace(tzinfo=None, fold=0).isoformat()
    return {"at": plain, "zone": inner(zone, Field("tzinfo")), "fold": value.fold}


def _read_clock(kind: Any) -> Callable[[Any, Inner], Any]:
    def read(data: Any, inner: Inner) -> Any:
        if type(data) is str:
            return kind.fromisoformat(data)
        at, zone, fold = _fields(data, "at", "zone", "fold")
        return kind.fromisoformat(_a(str, at)).replace(tzinfo=inner(zone, Field("zone")), fold=fold)

    return read


def _has_name(zone: timezone) -> bool:
    """Say whether a zone was given a name; else it is called by its offset."""
    return zone.tzname(None) != timezone(zone.utcoffset(None)).tzname(None)


def _write_zone(zone: timezone, inner: Inner) -> Any:
    return [inner(zone.utcoffset(None), None), zone.tzname(None) if _has_name(zone) else None]


def _read_zone(data: Any, inner: Inner) -> timezone:
    offset, name = _a(list, data)
    found = _a(timedelta, inner(offset, None))
    return timezone(found) if name is None else timezone(found, name)


def _write_named_zone(zone: ZoneInfo, inner: Inner) -> str:
    if zone.key is None:
        raise Refused("this ZoneInfo has no name", "make it by its name: ZoneInfo('Europe/Berlin')")
    return zone.key


# -- what nets are made of -----------------------------------------------------------------------------


def _write_node_error(error: NodeError, inner: Inner) -> Any:
    held = {name: inner(value, name) for name, value in error.held.items()}
    return [error.what, error.address, error.hint, held, error.traceback]


def _read_node_error(data: Any, inner: Inner) -> NodeError:
    what, address, hint, held, traceback = _a(list, data)
    values = {name: inner(value, name) for name, value in _a(dict, held).items()}
    return NodeError(_a(str, what), _a(str, address), _a(str, hint), values, _a(str, traceback))


def _write_failure(failure: Failure, inner: Inner) -> Any:
    return [inner(failure.value, Field("value")), inner(failure.error, Field("error")), failure.address]


def _read_failure(data: Any, inner: Inner) -> Failure:
    value, error, address = _a(list, data)
    return Failure(inner(value, Field("value")), _a(NodeError, inner(error, Field("error"))), _a(str, address))


# -- reading what must be of a type --------------------------------------------------------------------


def _a(kind: type, data: Any) -> Any:
    """Return data that is of a type; anything else is wrong."""
    if type(data) is not kind:
        raise TypeError(f"{data!r} is no {kind.__name__}")
    return data


def _fields(data: Any, *names: str) -> list[Any]:
    if _a(dict, data).keys() != set(names):
        raise KeyError(*names)
    return [data[name] for name in names]


def _float(data: Any) -> float:
    """Read a float, also one that JSON does not have."""
    return float(data) if type(data) in (str, float) else _a(float, data)


def _by_text(tag: str, kind: type, write: Callable[[Any], str], read: Callable[[str], Any]) -> Form:
    """Make the form of a type whose values one text tells."""
    return Form(tag, kind, lambda value, _: write(value), lambda data, _: read(_a(str, data)))


def _by_numbers(tag: str, kind: type, write: Callable[[Any], Iterable[Any]], number: type = int) -> Form:
    """Make the form of a type whose values a few numbers tell."""

    def read(data: Any, inner: Inner) -> Any:
        return kind(*(_a(number, item) for item in _read_items(data, inner)))

    return Form(tag, kind, lambda value, inner: _items(write(value), inner), read)


def _base64(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode()


_ALL = (
    Form("tuple", tuple, _items, lambda data, inner: tuple(_read_items(data, inner))),
    Form("set", set, _sorted_items, _read_set(set)),
    Form("frozenset", frozenset, _sorted_items, _read_set(frozenset)),
    Form("dict", dict, _pairs, lambda data, inner: dict(_read_pairs(data, inner))),
    Form("collections.OrderedDict", OrderedDict, _pairs, lambda data, inner: OrderedDict(_read_pairs(data, inner))),
    Form("collections.Counter", Counter, _pairs, lambda data, inner: Counter(dict(_read_pairs(data, inner)))),
    Form("collections.defaultdict", defaultdict, _write_defaultdict, _read_defaultdict),
    Form(
        "collections.deque",
        deque,
        lambda value, inner: {"items": _items(value, inner), "maxlen": value.maxlen},
        _read_deque,
    ),
    _by_text("str", str, str, lambda data: bytes.fromhex(data).decode("utf-8", "surrogatepass")),
    _by_text("int", int, hex, lambda data: int(data, 16)),
    _by_text("float", float, repr, float),
    _by_text("bytes", bytes, _base64, lambda data: base64.b64decode(data, validate=True)),
    _by_text("bytearray", bytearray, _base64, lambda data: bytearray(base64.b64decode(data, validate=True))),
    _by_numbers("complex", complex, lambda value: (value.real, value.imag), float),
    _by_numbers("range", range, lambda value: (value.start, value.stop, value.step)),
    _by_numbers("fractions.Fraction", Fraction, lambda value: (value.numerator, value.denominator)),
    _by_text("decimal.Decimal", Decimal, str, Decimal),
    _by_text("uuid.UUID", UUID, str, UUID),
    _by_text("pathlib.Path", type(Path()), str, Path),
    _by_text("pathlib.PurePosixPath", PurePosixPath, str, PurePosixPath),
    _by_text("pathlib.PureWindowsPath", PureWindowsPath, str, PureWindowsPath),
    _by_text("datetime.date", date, date.isoformat, date.fromisoformat),
    Form("datetime.datetime", datetime, _write_clock, _read_clock(datetime)),
    Form("datetime.time", time, _write_clock, _read_clock(time)),
    _by_numbers("datetime.timedelta", timedelta, lambda value: (value.days, value.seconds, value.microseconds)),
    Form("datetime.timezone", timezone, _write_zone, _read_zone),
    Form("zoneinfo.ZoneInfo", ZoneInfo, _write_named_zone, lambda data, _: ZoneInfo(_a(str, data))),
    Form("fbcore.Missing", Missing, lambda _, __: None, lambda _, __: MISSING),
    Form("fbcore.NodeError", NodeError, _write_node_error, _read_node_error),
    Form("fbcore.Failure", Failure, _write_failure, _read_failure),
)

FORMS: dict[type, Form] = {form.kind: form for form in _ALL}
"""How values are written, by their very type: a subclass may hold more than its base knows of."""

FORMS_BY_TAG: dict[str, Form] = {form.tag: form for form in _ALL}
"""How data is read, by the tag in it."""

DICTS = frozenset({"dict", "collections.Counter", "collections.defaultdict"})
"""The tags of dicts that are equal in any order."""
