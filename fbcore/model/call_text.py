"""How a function is called, as text for people."""

from __future__ import annotations

import inspect
from typing import Any

from fbcore.model.types import name_of


def call_text(name: str, signature: inspect.Signature) -> str:
    """Write how a function is called, with types as a reader would write them.

    Example:
        import inspect
        from fbcore.model.call_text import call_text

        def above(limit: float, kind: type = float) -> object: ...

        print(call_text("above", inspect.signature(above)))
        #> above(limit: float, kind: type = float)
    """
    parameters = [
        each.replace(annotation=_written(each.annotation), default=_written(each.default, is_value=True))
        for each in signature.parameters.values()
    ]
    return f"{name}{signature.replace(parameters=parameters, return_annotation=signature.empty)}"


class _Written:
    """Stands in a signature for a type."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __repr__(self) -> str:
        return self._kind if isinstance(self._kind, str) else name_of(self._kind)


def _written(given: Any, *, is_value: bool = False) -> Any:
    """Return what stands in a signature for an annotation, or for a default."""
    if given is inspect.Parameter.empty or (is_value and not isinstance(given, type)):
        return given
    return _Written(given)
