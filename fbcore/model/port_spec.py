"""What is declared about a port: name, kind, type and options."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from fbcore.errors import shown
from fbcore.model.packet import NOTHING, Failure


class PortKind(StrEnum):
    """What a port carries: `input` and `output` packets, `config` a value that stays, the others no value."""

    INPUT = "input"
    OUTPUT = "output"
    CONFIG = "config"
    SIGNAL = "signal"
    MESSAGE = "message"

    @property
    def goes_out(self) -> bool:
        """Whether packets leave by ports of this kind; by the others they come in."""
        return self in (PortKind.OUTPUT, PortKind.MESSAGE)


class PortSpec:
    """The declaration of one port: name, kind, type, and its options.

    `resolved` is False when the annotation named something that could not be found; `type` is Any then.
    `is_array` says that the port has elements, which are named as in `items[0]`.
    """

    __slots__ = ("default", "is_array", "kind", "name", "optional", "resolved", "type", "validate")

    def __init__(
        self,
        name: str,
        kind: PortKind,
        type: Any = Any,
        *,
        optional: bool = False,
        default: Any = NOTHING,
        resolved: bool = True,
        is_array: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.type = type
        self.optional = optional
        self.default = default
        self.resolved = resolved
        self.is_array = is_array
        self.validate: Callable[[Any], Any] | None = None

    @property
    def required(self) -> bool:
        """Whether a net cannot be made while nothing is connected to this port."""
        if self.kind is PortKind.CONFIG:
            return self.default is NOTHING and not self.optional
        return self.kind is PortKind.INPUT and not self.optional

    def refusal(self, value: Any) -> str:
        """Say why the validator refuses a value; "" when it does not, or there is none."""
        if self.validate is None:
            return ""
        why = ""
        try:
            if not _is_no(self.validate(value)):
                return ""
        except Exception as error:
            why = f": {str(error) or type(error).__name__}"
        name = getattr(self.validate, "__name__", repr(self.validate))
        return f"{shown(value)} was refused by {name}{why}"

    def copied(self) -> PortSpec:
        """Return another declaration that says the same, for a class that gives the port other options."""
        made = PortSpec(self.name, self.kind, self.type)
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def __repr__(self) -> str:
        return f"PortSpec({self.name!r}, {self.kind.value!r}, {self.type!r})"


def _is_no(answer: Any) -> bool:
    """Say whether a validator has answered no: False, also as arrays say it, for whom `is False` does not hold."""
    return answer is False or (type(answer).__name__ in ("bool", "bool_") and not answer)


IMPLICIT = {
    "error": PortSpec("error", PortKind.OUTPUT, Failure),
    "execute": PortSpec("execute", PortKind.SIGNAL),
    "stop": PortSpec("stop", PortKind.SIGNAL),
    "started": PortSpec("started", PortKind.MESSAGE, None),
    "stopped": PortSpec("stopped", PortKind.MESSAGE, None),
    "executed": PortSpec("executed", PortKind.MESSAGE, None),
    "failed": PortSpec("failed", PortKind.MESSAGE, None),
}
"""The ports that every node has without declaring them."""
