"""Python values as JSON that says what they were: exact both ways, readable, and nothing in it is ever run.

What JSON has stays as it is; every other value is `{"$type": ..., "$value": ...}`. Types are named as
`datetime.date`, and the classes of users by where they are imported from, as `flights.net:Flight`.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from typing import Any

from fbcore.errors import DataError, shown
from fbcore.formats.typed_arrays import ARRAY, SCALAR, read_array, write_array
from fbcore.formats.typed_classes import read_object, write_object
from fbcore.formats.typed_refusal import Refused
from fbcore.formats.typed_values import DICTS, FORMS, FORMS_BY_TAG, pairs_of

TYPE, VALUE = "$type", "$value"

_BROKEN = "the data is not by `to_data`, or broken"
_WIDEST = 1 << 63
"""Whole numbers from here on are written in base 16: many a reader of JSON makes floats of them, or refuses them."""


def to_data(value: Any, address: str = "") -> Any:
    """Return a value as data that `json.dumps` writes and `from_data` turns into an equal value of the same types.

    Values may be what JSON has, `tuple`, `set`, `bytes`, dicts with any keys, dates and times, `Decimal`,
    `Fraction`, `Path`, `UUID`, collections, arrays of numpy, and members and instances of Enums, NamedTuples,
    dataclasses and pydantic models that can be imported. An object that is in two places becomes two. `address` is
    where errors say that the value is.

    Raises:
        DataError: there is something else in it, or it contains itself.

    Example:
        from datetime import date
        from fbcore.formats.typed_json import from_data, to_data

        data = to_data({"day": date(2013, 1, 1), "delays": [1.5, 2.0], "seen": {"JFK"}})
        print(data["day"], data["delays"])
        #> {'$type': 'datetime.date', '$value': '2013-01-01'} [1.5, 2.0]
        print(from_data(data))
        #> {'day': datetime.date(2013, 1, 1), 'delays': [1.5, 2.0], 'seen': {'JFK'}}
    """
    try:
        return _Writer().write(value)
    except Refused as refused:
        raise DataError(refused.what, f"{address}{refused.trail}", refused.hint) from refused.__cause__
    except RecursionError as error:
        hint = "keep long chains as a list, whose items name each other by number"
        raise DataError(f"{shown(value)} is nested too deeply", address, hint) from error


def from_data(data: Any, address: str = "") -> Any:
    """Return the value that `to_data` has written; `address` is where errors say that the data is.

    Classes are imported, so that the modules that the data names are run as by any import; of these, only Enums,
    NamedTuples, dataclasses and pydantic models are taken, and nothing is called, not even their `__init__`.

    Raises:
        DataError: the data is incomplete, or not by `to_data`, or a class in it is missing or has other fields.
    """
    try:
        return _read(data, None)
    except Refused as refused:
        raise DataError(refused.what, f"{address}{refused.trail}", refused.hint) from refused.__cause__
    except RecursionError as error:
        raise DataError("the data is nested too deeply", address, "it is not by `to_data`") from error


def digest_of(data: Any) -> str:
    """Return a digest of data that `to_data` made: the same in every process, and for dicts in any order.

    Two values have the same digest exactly when they and all in them are equal, and of the same types: 1, 1.0 and
    True have three.

    Example:
        from fbcore.formats.typed_json import digest_of, to_data

        one, other = {"a": 1, "b": {2, 3}}, {"b": {3, 2}, "a": 1}
        print(digest_of(to_data(one)) == digest_of(to_data(other)))
        #> True
    """
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def canonical(data: Any) -> str:
    """Return data as the one JSON text that all equal values have."""
    return json.dumps(_in_order(data), sort_keys=True, separators=(",", ":"))


def _in_order(data: Any) -> Any:
    """Sort the pairs of dicts that are written as pairs; JSON itself sorts the other dicts."""
    if type(data) is list:
        return [_in_order(item) for item in data]
    if type(data) is not dict:
        return data
    found = {key: _in_order(item) for key, item in data.items()}
    if data.get(TYPE) in DICTS:
        pairs_of(found[VALUE]).sort(key=lambda pair: json.dumps(pair, sort_keys=True))
    return found


class _Writer:
    """Writes one value; `open` are the objects that are being written, by which those that contain themselves show."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open: set[int] = set()

    def write(self, value: Any, step: Any = None) -> Any:
        """Write a value that stands in another at this step: the number or key of an item, the name of a field."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if _is_plain(value) else _tagged("str", value.encode("utf-8", "surrogatepass").hex())
        if kind is int:
            return value if -_WIDEST <= value < _WIDEST else _tagged("int", hex(value))
        if kind is float:
            return value if math.isfinite(value) else _tagged("float", repr(value))
        me = id(value)
        try:
            if me in self.open:
                raise Refused("this contains itself", "name what it refers to by a key or number instead")
            self.open.add(me)
            try:
                return self._contents(kind, value)
            finally:
                self.open.discard(me)
        except Refused as refused:
            refused.steps.append(step)
            raise

    def _contents(self, kind: type, value: Any) -> Any:
        if kind is list:
            return [self.write(item, number) for number, item in enumerate(value)]
        if kind is dict and all(type(key) is str and key[:1] != "$" and _is_plain(key) for key in value):
            return {key: self.write(item, key) for key, item in value.items()}
        form = FORMS.get(kind)
        if form is not None:
            return _tagged(form.tag, form.write(value, self.write))
        is_array = "numpy" in sys.modules and kind.__module__ == "numpy"
        found = write_array(value) if is_array else None
        return _tagged(*(found or write_object(value, self.write)))


def _tagged(tag: str, data: Any) -> dict[str, Any]:
    return {TYPE: tag, VALUE: data}


def _is_plain(text: str) -> bool:
    """Say whether a text is written in the same way by everyone: halves of letters (surrogates) are not."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(data: Any, step: Any) -> Any:
    kind = type(data)
    if data is None or kind in (str, bool, int, float):
        return data
    try:
        if kind is list:
            return [_read(item, number) for number, item in enumerate(data)]
        if kind is not dict:
            raise Refused(f"{shown(data)} is nothing that JSON has", "give what `json.loads` returns")
        if TYPE in data:
            return _read_tagged(data)
        strange = [key for key in data if type(key) is not str or key[:1] == "$"]
        if strange:
            raise Refused(f"{shown(strange[0])} is no key that to_data writes", _BROKEN)
        return {key: _read(item, key) for key, item in data.items()}
    except Refused as refused:
        refused.steps.append(step)
        raise


def _read_tagged(data: dict[str, Any]) -> Any:
    tag = data[TYPE]
    if type(tag) is not str or data.keys() != {TYPE, VALUE}:
        raise Refused(f"{shown(data)} is not of the form {{$type, $value}}", _BROKEN)
    if ":" in tag:
        return read_object(tag, data[VALUE], _read)
    if tag in (ARRAY, SCALAR):
        return read_array(tag, data[VALUE])
    form = FORMS_BY_TAG.get(tag)
    if form is None:
        hint = "the data is broken, or of a newer version; classes are named as in package.module:Name"
        raise Refused(f"there is no type {shown(tag)}", hint)
    try:
        return form.read(data[VALUE], _read)
    except Refused:
        raise
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise Refused(f"{shown(data[VALUE])} is no {tag}", "the data is broken, or was written by hand") from error
