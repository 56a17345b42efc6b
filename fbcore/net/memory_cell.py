"""A memory of a running node: its value, stored and brought back, copied and compared."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from fbcore.errors import DataError, shown
from fbcore.model.memory import Memory, MemorySpec
from fbcore.model.packet import NOTHING
from fbcore.model.types import name_of, reader, reason
from fbcore.net.held_value import HeldValue

if TYPE_CHECKING:
    from fbcore.net.node import Node

_FIXED = frozenset({bool, bytes, complex, float, int, str, type(None)})
"""Types whose values cannot be changed: to look at one is not to write."""


class MemoryCell(HeldValue):
    """A memory of a node; to its component it is the `Memory` that was declared.

    On a stepped loop that is listened to, it says when it is read and written.
    """

    __slots__ = ("_declared", "_loop", "_spec", "_value", "address")

    called = "memory"
    form = "data"
    """How what is stored of it is called; another kind of memory calls it otherwise, for it is not the same."""

    def __init__(self, node: Node, spec: MemorySpec) -> None:
        declared: Any = spec.declared
        self._declared: Memory[Any] = declared
        self._spec = spec
        self._loop = node.net.stepped_loop
        self.address = f"{node.address}.{spec.name}"
        self._value: Any = self._new_value()

    @property
    def value(self) -> Any:
        """What is remembered, as it is now."""
        if self._loop is not None and self._loop.touched is not None:
            # Whoever gets a value that can be changed may be about to change it.
            self._loop.touch("memory", self.address, writes=type(self._value) not in _FIXED)
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self._loop is not None:
            self._loop.touch("memory", self.address)
        self._value = value

    def begin_anew(self) -> None:
        """Forget, and be what a memory begins with."""
        self.value = self._new_value()

    def _new_value(self) -> Any:
        return self._declared.new_value()

    @property
    def size(self) -> int:
        """How many items the value has; 0 where it has none. To ask is no step, and touches nothing."""
        return len(self._value) if hasattr(self._value, "__len__") else 0

    def peek(self) -> Any:
        """Return the value for who looks at the net from outside, which is no step of it; not to be changed."""
        return self._value

    # -- stored and brought back -------------------------------------------------------------------

    def dump(self, taken: Any = NOTHING) -> dict[str, Any]:
        """Return the value, or that of a copy that was taken, as data that JSON has, with the version of its form.

        Raises:
            DataError: there is something in it that cannot be stored; the address leads to it.
        """
        return {"version": self._declared.version, self.form: self._data(taken)}

    def load(self, stored: Any) -> None:
        """Take over what `dump` returned, in this process or another; data of an older version is migrated.

        Raises:
            DataError: it is not by `dump`, of a newer version, or its value is not of the type of the memory.
        """
        if type(stored) is not dict or stored.keys() != {"version", self.form} or type(stored["version"]) is not int:
            what, hint = f"{shown(stored)} is no stored memory", "give what `dump` returned"
            if type(stored) is dict and stored.keys() & ({"data", "by_key"} - {self.form}):
                what = f"this was stored {'without' if self.form == 'by_key' else 'with'} a memory for each key"
                hint = "say the same `concurrency` of the node as then, with a `key` or without"
            raise DataError(what, self.address, hint)
        self.value = self._read(stored["version"], stored[self.form])

    def _read(self, version: int, data: Any) -> Any:
        # Loaded here, for a net whose memories are not stored needs none of it.
        from fbcore.formats.typed_json import from_data

        value = from_data(self._migrated(version, data), self.address)
        self._check(value)
        return value

    def _migrated(self, version: int, data: Any) -> Any:
        newest, migrate = self._declared.version, self._declared.migrate
        if version == newest:
            return data
        if version > newest or version < 1:
            what = f"the stored memory has version {version}, and this program knows versions up to {newest}"
            raise DataError(what, self.address, "run the program that stored it, or a newer one")
        if migrate is None:
            what = f"the stored memory has version {version}, and this is version {newest}"
            raise DataError(what, self.address, f"say how to go on: Memory(..., version={newest}, migrate=f)")
        try:
            return migrate(copy.deepcopy(data), version)
        except Exception as error:
            name = getattr(migrate, "__name__", shown(migrate))
            what = f"{name} could not migrate version {version}: {type(error).__name__}: {error}"
            raise DataError(what, self.address, "mend it, for what it got is in the stored data") from error

    def _check(self, value: Any) -> None:
        try:
            reader(self._spec.type, strict=True)(value)
        except (ValueError, TypeError) as error:
            kind = name_of(self._spec.type)
            hint = "raise its version, and give `migrate`, when the type of a memory changes"
            raise DataError(f"{shown(value)} is no {kind}: {reason(error)}", self.address, hint) from error

    # -- copied and compared -----------------------------------------------------------------------

    def copy(self) -> Any:
        """Return a deep copy of the value, for `restore`.

        Raises:
            DataError: there is something in it that cannot be copied.
        """
        return self._copied(self._value)

    def restore(self, taken: Any) -> None:
        """Be again as when the copy was taken; a copy serves any number of times."""
        self.value = self._copied(taken)

    def _copied(self, value: Any) -> Any:
        kind = type(value)
        # Ten times as quick as a deep copy; a net that is stepped takes one for nearly every step.
        if kind in _FIXED:
            return value
        if kind in (list, set) and _FIXED.issuperset(map(type, value)):
            return value.copy()
        if kind is dict and _FIXED.issuperset(map(type, value)) and _FIXED.issuperset(map(type, value.values())):
            return value.copy()
        try:
            return copy.deepcopy(value)
        except Exception as error:
            hint = "keep data in it; what is open or runs is made in `run`, of what the memory says"
            raise DataError(f"{shown(value)} cannot be copied: {error}", self.address, hint) from error

    def digest(self) -> str:
        """Return a digest of the value: the same in every process, and another one for every other value.

        Raises:
            DataError: there is something in it that cannot be stored.
        """
        from fbcore.formats.typed_json import digest_of

        return digest_of(self._data())

    def _data(self, taken: Any = NOTHING) -> Any:
        from fbcore.formats.typed_json import to_data

        # Not by the property: who stores a net is no step of it.
        return to_data(self._value if taken is NOTHING else taken, self.address)

    def __repr__(self) -> str:
        return f"<memory {self.address}: {shown(self._value)}>"
