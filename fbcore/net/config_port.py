"""A config of a running node."""

from __future__ import annotations

from typing import Any

from fbcore.model.port import Config


class ConfigPort(Config[Any]):
    """A config of a running node: its value, there before the node starts."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        super().__init__()
        self._value = value

    @property
    def value(self) -> Any:
        """The value of the config."""
        return self._value
