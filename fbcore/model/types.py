"""Types of ports: reading annotations, whether one type fits another, and checking values at the border."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NewType, TypeVar, Union, get_args, get_origin

Resolved = tuple[Any, bool]
"""A type, and whether every name in its annotation was found."""


class _UnknownMeta(type):
    """Lets anything be asked of a name that could not be found, as in `pd.DataFrame` or `Missing[int] | None`."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __getitem__(cls, item: Any) -> Any:
        return cls


class _Unknown(metaclass=_UnknownMeta):
    """Stands for a name that could not be found while an annotation is read; becomes Any."""


class _Forgiving(dict[str, Any]):
    """Names for `eval`; one that cannot be found is unknown, and remembered."""

    def __init__(self, *scopes: Mapping[str, Any]) -> None:
        super().__init__()
        for scope in reversed(scopes):
            self.update(scope)
        self.missed: list[str] = []

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        self.missed.append(name)
        return _Unknown


def resolve(annotation: Any, *scopes: Mapping[str, Any]) -> Resolved:
    """Turn an annotation, possibly a string, into a type; the first scope that has a name wins.

    What cannot be found counts as Any, and the second value is then False.
    """
    if annotation is inspect.Parameter.empty:
        return Any, True
    if not isinstance(annotation, str):
        return _resolve_inner(annotation, scopes)
    names = _Forgiving(*scopes)
    try:
        # An annotation is code of the module it stands in, which runs anyway.
        found = eval(annotation, {}, names)
    except Exception:
        head = _outermost(annotation)
        return (resolve(head, *scopes)[0], False) if head else (Any, False)
    inner, complete = _resolve_inner(found, scopes)
    return inner, complete and not names.missed


def _outermost(annotation: str) -> str:
    """Return `In` of an annotation like `In["Later" | None]`, which only checkers understand; "" of any other."""
    try:
        expression = ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return ""
    return ast.unparse(expression.value) if isinstance(expression, ast.Subscript) else ""


def _resolve_inner(annotation: Any, scopes: tuple[Mapping[str, Any], ...]) -> Resolved:
    """Resolve strings and forward references inside a type such as `list["Flight"]`."""
    if annotation is _Unknown:
        return Any, False
    if isinstance(annotation, typing.ForwardRef):
        return resolve(annotation.__forward_arg__, *scopes)
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    nested = (str, typing.ForwardRef, _UnknownMeta)
    if origin in (typing.Literal, Annotated) or not any(isinstance(a, nested) or get_args(a) for a in arguments):
        return annotation, True
    parts = [resolve(argument, *scopes) for argument in arguments]
    inner = tuple(part for part, _ in parts)
    try:
        if hasattr(annotation, "copy_with"):
            annotation = annotation.copy_with(inner)
        else:
            annotation = (Union if origin is types.UnionType else origin)[inner]
    except TypeError:
        return annotation, False
    return annotation, all(complete for _, complete in parts)


def name_of(kind: Any) -> str:
    """Write a type as a reader would: `dict[str, int]`, `Flight`, `int | None`."""
    if kind is None or kind is type(None):
        return "None"
    if kind is Ellipsis:
        return "..."
    if isinstance(kind, list):
        return f"[{', '.join(map(name_of, kind))}]"
    members, origin = members_of(kind), get_origin(kind)
    if members:
        return " | ".join(map(name_of, members))
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, get_args(kind)))}]"
    if origin is Annotated:
        return name_of(get_args(kind)[0])
    if origin is not None:
        return f"{name_of(origin)}[{', '.join(map(name_of, get_args(kind)))}]"
    name = getattr(kind, "__qualname__", None) or getattr(kind, "__name__", None) or str(kind)
    return str(name).rpartition("<locals>.")[2].removeprefix("typing.")


def fits(source: Any, target: Any) -> bool:
    """Say whether every value of one type may go where another is wanted; when in doubt, yes.

    Follows PEP 484: subclasses fit, `int` fits `float`, a union fits when all its members do, type
    arguments are compared one by one, Any fits everywhere.
    """
    if source is target:
        return True
    source, target = _plain(source), _plain(target)
    if source is target or Any in (source, target) or target is object:
        return True
    if get_origin(source) is typing.Literal:
        return all(_value_fits(value, target) for value in get_args(source))
    if members_of(source):
        return all(fits(member, target) for member in members_of(source))
    if members_of(target):
        return any(fits(source, member) for member in members_of(target))
    if isinstance(target, NewType) or isinstance(source, NewType):
        return source == target or (isinstance(source, NewType) and fits(source.__supertype__, target))
    return get_origin(target) is not typing.Literal and _class_fits(source, target)


def _plain(kind: Any) -> Any:
    """Strip what does not matter to fitting: Annotated, type variables, None for its type."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if isinstance(kind, TypeVar):
        return Any
    return type(None) if kind is None else kind


def members_of(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union; none of any other type."""
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else ()


def _value_fits(value: Any, target: Any) -> bool:
    """Say whether a value of a Literal may go where a type is wanted."""
    if members_of(target):
        return any(_value_fits(value, member) for member in members_of(target))
    if get_origin(target) is typing.Literal:
        return any(value == each and type(value) is type(each) for each in get_args(target))
    return fits(type(value), target)


_TOWER = ((int, float), (int, complex), (float, complex), (bytearray, bytes), (memoryview, bytes))


def _class_fits(source: Any, target: Any) -> bool:
    have, want = get_origin(source) or source, get_origin(target) or target
    if not (isinstance(have, type) and isinstance(want, type)):
        return True
    if getattr(want, "_is_protocol", False) and not getattr(want, "_is_runtime_protocol", False):
        return True
    try:
        promoted = any(want is upper and issubclass(have, lower) for lower, upper in _TOWER)
        if not (issubclass(have, want) or promoted):
            return False
    except TypeError:
        return True
    return _arguments_fit(have, get_args(source), want, get_args(target))


def _arguments_fit(have: type, given: tuple[Any, ...], want: type, wanted: tuple[Any, ...]) -> bool:
    """Compare type arguments where both sides have them and mean the same by position."""
    if not given or not wanted:
        return True
    if have is tuple and want is tuple:
        return _tuples_fit(given, wanted)
    if len(given) != len(wanted) or (have is not want and not issubclass(have, collections.abc.Iterable)):
        return True
    return all(fits(g, w) for g, w in zip(given, wanted, strict=True))


def _tuples_fit(given: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    if wanted[-1] is Ellipsis:
        return all(fits(g, wanted[0]) for g in given if g is not Ellipsis)
    if given[-1] is Ellipsis:
        return False
    return len(given) == len(wanted) and all(fits(g, w) for g, w in zip(given, wanted, strict=True))


def reader(kind: Any, *, strict: bool) -> Callable[[Any], Any]:
    """Make a function that checks a value from outside against a type, and returns the value to use.

    Lenient reading converts (`"a.csv"` becomes a Path); strict reading only checks, and hands on the very
    object that came in. The function raises ValueError with the reason.
    """
    if kind is Any or kind is object:
        return lambda value: value
    is_plain = isinstance(kind, type) and get_origin(kind) is None and not _asks_for_more(kind)
    # Where every value needs it, it is made now: to import pydantic in the turn of a node would make that a slow turn.
    adapters: list[Any] = [] if is_plain else [_adapter(kind)]

    def read(value: Any) -> Any:
        # Where two ports of these types may be connected, so may the value and its port: a bool goes as a float.
        if is_plain and (isinstance(value, kind) or (strict and fits(type(value), kind))):
            return value
        if not adapters:
            if not strict and type(value) is str and (found := _from_text(kind, value)) is not None:
                return found
            adapters.append(_adapter(kind))
        if adapters[0] is None:
            return value
        found = adapters[0].validate_python(value, strict=strict or None)
        return value if strict else found

    return read


def _from_text(kind: type, text: str) -> Any:
    """Return what pydantic would make of the commonest texts, the paths and plain numbers of a command line, or None.

    Most nets then need no pydantic, which takes as long to load as all else together.
    """
    if kind.__name__ == "Path":
        from pathlib import Path

        return Path(text) if kind is Path else None
    is_number = text.isascii() and (text.isdigit() or (kind is float and text.replace(".", "", 1).isdigit()))
    return kind(text) if kind in (int, float) and is_number and len(text) < _LONG else None


_LONG = 16
"""Digits of a number from which on it is left to pydantic how exact it is, and how long it may be."""


def _asks_for_more(kind: type) -> bool:
    """Say whether `isinstance` cannot tell that a value is of this class: a TypedDict, or a protocol."""
    return typing.is_typeddict(kind) or bool(getattr(kind, "_is_protocol", False))


def _adapter(kind: Any) -> Any:
    # pydantic takes 0.1 s to import, and a net whose ports are all Any needs none of it.
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError

    try:
        try:
            return TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))
        except PydanticUserError as error:
            if isinstance(error, PydanticSchemaGenerationError):
                return None
            return TypeAdapter(kind)
    except Exception:
        # A type that pydantic cannot describe is not checked, as an annotation it cannot resolve is not.
        return None


def reason(error: Exception) -> str:
    """Say in one line why pydantic, or a conversion, refused a value."""
    details = getattr(error, "errors", None)
    if details is None:
        return str(error) or type(error).__name__
    return "; ".join(detail["msg"][0].lower() + detail["msg"][1:] for detail in details(include_url=False))
