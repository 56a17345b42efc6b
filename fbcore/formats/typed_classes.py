"""Values of users' classes as JSON: members of Enums, NamedTuples, dataclasses, pydantic models.

A value is written by its fields and made of them again, past `__init__` and validators: what was stored is what comes
back. So what is not a field would be lost, and is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, Flag
from typing import Any, NamedTuple

from fbcore.errors import shown
from fbcore.formats.typed_refusal import Field, Refused

Inner = Callable[[Any, Any], Any]
"""Writes or reads a value that is inside another, at a step from it."""

_PATH = re.compile(r"([\w.]+):([\w.]+)\Z")
_HEAP_TYPE = 1 << 9
"""The flag of classes that are written in Python; others keep data that is in no field."""

_HINT = (
    "keep what JSON has, dates, numbers, collections, or a dataclass, NamedTuple, Enum or pydantic model "
    "at the top level of a module"
)
_FIELDS = "make it a field, or leave it away"
_BROKEN = "the data is broken, or was written by hand"


def write_object(value: Any, inner: Inner) -> tuple[str, Any]:
    """Return the tag of a value of a user's class, and its data.

    Raises:
        Refused: it is of no class that can be written, or not importable, or holds more than its fields.
    """
    cls = type(value)
    kind = _kind_of(cls)
    if kind is None:
        raise Refused(f"{shown(value)} is a {path_of(cls)}, which cannot be stored", _HINT)
    return checked_path(cls), kind.write(value, inner)


def read_object(path: str, data: Any, inner: Inner) -> Any:
    """Return the value that was written as this data of the class at a path.

    Raises:
        Refused: there is no such class, or it is of another kind, or has other fields.
    """
    cls = find_class(path)
    kind = _kind_of(cls)
    if kind is None:
        hint = "only Enums, NamedTuples, dataclasses and pydantic models are read; nothing else is ever made or called"
        raise Refused(f"{path} is no class of data", hint)
    return kind.read(cls, data, inner)


# -- where classes are ---------------------------------------------------------------------------------


def path_of(cls: type) -> str:
    """Return where a class says that it is imported from: `package.module:Name`, or `int` for what Python has."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}:{cls.__qualname__}"


def checked_path(found: Any) -> str:
    """Return the path of a class or function, after looking that whoever imports it gets the same one.

    Raises:
        Refused: it is local to a function, of the script that is run, or something else is there.
    """
    path = path_of(found)
    if "<locals>" in path or "<lambda>" in path:
        raise Refused(
            f"{path} is local to a function, where nobody can find it", "move it to the top level of a module"
        )
    if found.__module__ == "__main__":
        hint = "move it to a module of its own, and import it from there"
        raise Refused(f"{found.__qualname__} belongs to the script that is run, which cannot be imported", hint)
    if find(path) is not found:
        hint = "give one of them another name; after a reload, make the value anew"
        raise Refused(f"{path} is another one when it is imported", hint)
    return path


def find(path: str) -> Any:
    """Import a module and return what is at a path in it, by looking only: nothing is asked of objects on the way.

    Raises:
        Refused: there is no such module, or nothing of that name in it.
    """
    match = _PATH.match(path)
    if match is None:
        raise Refused(f"{shown(path)} names no class", "classes are named as in package.module:Name")
    module, names = match.groups()
    found: Any = sys.modules.get(module) or _imported(module)
    for number, name in enumerate(names.split(".")):
        if (number and not isinstance(found, type)) or name not in vars(found):
            hint = "it was renamed, moved or removed: bring it back, or migrate the data"
            raise Refused(f"there is no {names} in module {module}", hint)
        found = vars(found)[name]
    return found


def find_class(path: str) -> type:
    """Import the class at a path.

    Raises:
        Refused: there is none.
    """
    found = find(path)
    if not isinstance(found, type):
        raise Refused(f"{path} is no class of data", _BROKEN)
    return found


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        hint = "install it, or run where it can be imported (see sys.path)"
        why = str(error) or type(error).__name__
        raise Refused(f"cannot import module {module}: {why}", hint) from error


# -- kinds of classes ----------------------------------------------------------------------------------


class _Kind(NamedTuple):
    """How values of one kind of class are written and read."""

    write: Callable[[Any, Inner], Any]
    read: Callable[[Any, Any, Inner], Any]


def is_data(cls: type) -> bool:
    """Say whether values of a class are written by their fields: an Enum, NamedTuple, dataclass or pydantic model."""
    return _kind_of(cls) is not None


def _kind_of(cls: type) -> _Kind | None:
    if issubclass(cls, Enum):
        return _ENUM
    if issubclass(cls, tuple) and type(getattr(cls, "_fields", None)) is tuple:
        return _NAMED_TUPLE
    if dataclasses.is_dataclass(cls):
        return _DATACLASS
    pydantic = sys.modules.get("pydantic")
    return _MODEL if pydantic is not None and issubclass(cls, pydantic.BaseModel) else None


def _write_enum(value: Any, inner: Inner) -> Any:
    # Flags that are combined have no name of their own.
    return value.name if value.name in type(value).__members__ else inner(value.value, Field("value"))


def _read_enum(cls: Any, data: Any, inner: Inner) -> Any:
    if type(data) is str and data in cls.__members__:
        return cls.__members__[data]
    value = inner(data, None)
    if issubclass(cls, Flag) and type(value) is int:
        try:
            return cls(value)
        except ValueError:
            pass
    raise Refused(f"{path_of(cls)} has no member {shown(data)}", "bring it back, or migrate the data")


def _write_named_tuple(value: Any, inner: Inner) -> Any:
    if getattr(value, "__dict__", None):
        raise Refused(f"{shown(value)} holds more than its fields: {', '.join(vars(value))}", _FIELDS)
    return _written(type(value)._fields, value, inner)


def _read_named_tuple(cls: Any, data: Any, inner: Inner) -> Any:
    return tuple.__new__(cls, _fields_of(cls, cls._fields, data, inner).values())


def _write_dataclass(value: Any, inner: Inner) -> Any:
    cls = type(value)
    foreign = next((base for base in cls.__mro__[:-1] if not base.__flags__ & _HEAP_TYPE), None)
    if foreign is not None:
        raise Refused(f"{path_of(cls)} is a {foreign.__name__} besides being a dataclass", "keep that as a field of it")
    names = _dataclass_fields(cls)
    missed = [name for name in names if not hasattr(value, name)]
    if missed:
        raise Refused(f"this {cls.__name__} has no {missed[0]} yet", "give every field a value in __init__")
    _refuse_more(value, names)
    return _written(names, [getattr(value, name) for name in names], inner)


def _refuse_more(value: Any, names: tuple[str, ...]) -> None:
    """Refuse attributes that are no fields; what a `cached_property` has reckoned is reckoned again."""
    cls = type(value)
    more = [name for name in getattr(value, "__dict__", ()) if name not in names]
    more = [name for name in more if not isinstance(inspect.getattr_static(cls, name, None), functools.cached_property)]
    slots = [name for base in cls.__mro__ for name in _slots(base) if name not in names and hasattr(value, name)]
    if more or slots:
        raise Refused(f"this {cls.__name__} holds more than its fields: {', '.join([*more, *slots])}", _FIELDS)


def _slots(cls: type) -> Iterable[str]:
    slots = vars(cls).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__") and name[:10] != "__pydantic"]


def _dataclass_fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def _read_dataclass(cls: Any, data: Any, inner: Inner) -> Any:
    fields = _fields_of(cls, _dataclass_fields(cls), data, inner)
    try:
        found = object.__new__(cls)
        for name, value in fields.items():
            object.__setattr__(found, name, value)
    except (TypeError, AttributeError) as error:
        raise Refused(f"{path_of(cls)} cannot be made of its fields: {error}", _BROKEN) from error
    return found


_PRIVATE, _EXTRA, _SET = "$private", "$extra", "$set"


def _write_model(value: Any, inner: Inner) -> Any:
    cls = type(value)
    names = tuple(cls.model_fields)
    _refuse_more(value, names)
    data = _written(names, [vars(value)[name] for name in names], inner)
    unset = set(names) != value.model_fields_set
    for key, part in ((_EXTRA, value.__pydantic_extra__), (_PRIVATE, value.__pydantic_private__)):
        if part:
            data[key] = inner(dict(part), None)
    return {**data, _SET: inner(sorted(value.model_fields_set), None)} if unset or data.get(_EXTRA) else data


def _read_model(cls: Any, data: Any, inner: Inner) -> Any:
    from pydantic import BaseModel

    names = tuple(cls.model_fields)
    given = data if type(data) is dict else {}
    more = {key: inner(given[key], None) for key in (_PRIVATE, _EXTRA, _SET) if key in given}
    fields = _fields_of(cls, names, {key: item for key, item in given.items() if key not in more}, inner)
    found = cls.__new__(cls)
    extra = more.get(_EXTRA, {} if cls.model_config.get("extra") == "allow" else None)
    private = more.get(_PRIVATE, {} if cls.__private_attributes__ else None)
    state = {"__dict__": fields, "__pydantic_fields_set__": set(more.get(_SET, names))}
    BaseModel.__setstate__(found, {**state, "__pydantic_extra__": extra, "__pydantic_private__": private})
    return found


def _written(names: Iterable[str], values: Iterable[Any], inner: Inner) -> dict[str, Any]:
    return {name: inner(value, Field(name)) for name, value in zip(names, values, strict=True)}


def _fields_of(cls: type, names: tuple[str, ...], data: Any, inner: Inner) -> dict[str, Any]:
    """Read the fields of a value, all of them and no others, in the order of the class."""
    found: Mapping[str, Any] = data if type(data) is dict else {}
    strange, missed = sorted(found.keys() - set(names)), [name for name in names if name not in found]
    if strange or missed:
        what = f"{path_of(cls)} has no field {strange[0]}" if strange else f"the field {missed[0]} is not in the data"
        raise Refused(what, f"the class was changed since, or {_BROKEN}")
    return {name: inner(found[name], Field(name)) for name in names}


_ENUM = _Kind(_write_enum, _read_enum)
_NAMED_TUPLE = _Kind(_write_named_tuple, _read_named_tuple)
_DATACLASS = _Kind(_write_dataclass, _read_dataclass)
_MODEL = _Kind(_write_model, _read_model)
