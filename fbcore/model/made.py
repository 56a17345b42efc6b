"""Components that a call has made: of a file, or by a template. They remember the call, and can be made again by it."""

from __future__ import annotations

import copyreg
import sys
from typing import Any


class MadeClass(type):
    """The class of classes that a call has made; they can be pickled, for they remember the call.

    `_made_by` is a function, and what it was called with; `_label` is what people know the class by.
    """

    _made_by: tuple[Any, ...] = ()
    _label: str = ""

    def __repr__(cls) -> str:
        call = made_by(cls)
        return f"<component {cls._label or f'{cls.__name__} of {call[1]}'}>" if call else super().__repr__()


def made_by(component: Any) -> tuple[Any, ...]:
    """Return the call that has made a component, a function and its arguments; () for one that is written out."""
    call: tuple[Any, ...] = getattr(component, "__dict__", {}).get("_made_by", ())
    return call


def is_named(component: Any) -> bool:
    """Say whether a component is found again by its name in its module."""
    module = sys.modules.get(component.__module__)
    return module is not None and vars(module).get(component.__qualname__) is component


def metaclass_over(metaclass: type) -> type[MadeClass]:
    """Return `MadeClass`, or one derived from it and from another metaclass, for what is derived from its classes."""
    if issubclass(MadeClass, metaclass):
        return MadeClass
    if issubclass(metaclass, MadeClass):
        return metaclass
    made = type("MadeClass", (MadeClass, metaclass), {})
    copyreg.pickle(made, _reduce)
    return made


def _reduce(cls: Any) -> Any:
    call = made_by(cls)
    if not call or is_named(cls):
        return cls.__qualname__
    return call[0], call[1:]


copyreg.pickle(MadeClass, _reduce)
