"""Whether values of a type can be written as JSON, asked before there is any."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from fbcore.formats.typed_classes import checked_path, is_data, path_of
from fbcore.formats.typed_refusal import Refused
from fbcore.formats.typed_values import FORMS

_JSON = (type(None), bool, int, float, str, list, dict)
_HINT = "send what JSON has, dates, numbers, collections, or a dataclass, NamedTuple, Enum or pydantic model"


def why_unwritable(kind: Any) -> tuple[str, str] | None:
    """Return why values of a type certainly cannot be written as JSON, and how to mend it; None when they may be.

    Of what says little, as Any, a protocol or an abstract class, nothing is certain before there is a value.

    Example:
        from fbcore.formats.typed_types import why_unwritable

        print(why_unwritable(dict[str, list[int]]))
        #> None
        what, hint = why_unwritable(list[type])
        print(what)
        #> a type cannot be stored
    """
    origin = get_origin(kind)
    if origin is Annotated or isinstance(kind, NewType):
        return why_unwritable(kind.__supertype__ if isinstance(kind, NewType) else get_args(kind)[0])
    if origin is Literal:
        return None
    if origin in (Union, types.UnionType):
        return next(filter(None, map(why_unwritable, get_args(kind))), None)
    if origin is not None:
        if inspect.isabstract(origin) or not isinstance(origin, type):
            return _among(get_args(kind)) if isinstance(origin, type) and issubclass(origin, Mapping) else None
        return why_unwritable(origin) or _among(get_args(kind))
    if kind in (Any, object) or not isinstance(kind, type):
        return None
    return _of_class(kind)


def _among(arguments: tuple[Any, ...]) -> tuple[str, str] | None:
    return next(filter(None, (why_unwritable(each) for each in arguments if each is not Ellipsis)), None)


def _of_class(cls: type) -> tuple[str, str] | None:
    if cls in _JSON or cls in FORMS or (cls.__module__ == "numpy" and "numpy" in sys.modules):
        return None
    if getattr(cls, "_is_protocol", False) or inspect.isabstract(cls):
        return None
    if is_data(cls):
        try:
            checked_path(cls)
        except Refused as refused:
            return refused.what, refused.hint
        return None
    # What derives from it may be what can be written, and what a base of theirs is.
    derived: list[type] = type.__subclasses__(cls)
    if any(_of_class(each) is None for each in derived):
        return None
    return f"a {path_of(cls)} cannot be stored", _HINT
