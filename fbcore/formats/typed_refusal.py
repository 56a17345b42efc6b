"""Why a value cannot be written as JSON, or read from it, and where in it."""

from __future__ import annotations

from typing import Any


class Field(str):
    """A step into a value that is the name of one of its parts, as against the key of an item."""

    __slots__ = ()


class Refused(Exception):  # noqa: N818 - becomes a DataError, which knows the address
    """A value that cannot be written or read; `steps` lead to it, the innermost first.

    A step is the number or the key of an item, a `Field`, or None for the value itself.
    """

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint
        self.steps: list[Any] = []

    @property
    def trail(self) -> str:
        """The way into the value, as one would write it in Python: `['JFK'][2].delay`."""
        return "".join(map(_written, reversed(self.steps)))


def _written(step: Any) -> str:
    if step is None:
        return ""
    return f".{step}" if type(step) is Field else f"[{step!r}]"
