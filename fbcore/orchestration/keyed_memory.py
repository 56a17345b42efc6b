"""A memory of a node whose firings go on at once: for each key a memory of its own."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from fbcore.errors import DataError, shown
from fbcore.model.memory import MemorySpec
from fbcore.model.packet import NOTHING
from fbcore.net.crew import Hand, current_hand
from fbcore.net.memory_cell import MemoryCell
from fbcore.orchestration.keys import Keys

if TYPE_CHECKING:
    from fbcore.net.node import Node


class KeyedMemory(MemoryCell):
    """The memories of all keys of a node.

    In a firing it is that of the key that the firing has; outside of one, for who stores, copies or looks at a node,
    its value is a dict of the values by key.
    """

    __slots__ = ("_by_key", "_keys")

    form = "by_key"

    def __init__(self, node: Node, spec: MemorySpec, keys: Keys) -> None:
        self._by_key: dict[Hashable, Any]
        self._keys = keys
        super().__init__(node, spec)
        keys.add(self)

    @property
    def _value(self) -> Any:
        hand = current_hand.get()
        if hand is None:
            return self._by_key
        key = _key(hand)
        if key not in self._by_key:
            self._value = self._declared.new_value()
        return self._by_key[key]

    @_value.setter
    def _value(self, value: Any) -> None:
        hand = current_hand.get()
        if hand is None:
            self._by_key = value
            self._keys.are(value)
            return
        key = _key(hand)
        is_new = key not in self._by_key
        self._by_key[key] = value
        if is_new:
            self._keys.remembers(len(self._by_key))

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def forget(self, key: Hashable) -> None:
        """Remember nothing of a key any more."""
        if self._loop is not None:
            self._loop.touch("memory", self.address)
        self._by_key.pop(key, None)

    def peek(self) -> Any:
        """Return the values by key, in an order that does not depend on how they came."""
        return dict(sorted(self._by_key.items(), key=lambda pair: repr(pair[0])))

    def _new_value(self) -> Any:
        return {}

    def _data(self, taken: Any = NOTHING) -> Any:
        """Return pairs of a key and what is remembered of it, in an order that does not depend on how they came."""
        from fbcore.formats.typed_json import to_data

        by_key = self._value if taken is NOTHING else taken
        pairs = [[to_data(key, self.address), to_data(value, self.address)] for key, value in by_key.items()]
        return sorted(pairs, key=lambda pair: json.dumps(pair[0], sort_keys=True))

    def _read(self, version: int, data: Any) -> Any:
        from fbcore.formats.typed_json import from_data

        if type(data) is not list or any(type(pair) is not list or len(pair) != 2 for pair in data):
            raise DataError(f"{shown(data)} are no memories by key", self.address, "give what `dump` returned")
        return {from_data(key, self.address): super(KeyedMemory, self)._read(version, value) for key, value in data}


def _key(hand: Hand) -> Hashable:
    """Return the key of a firing out of the name of its line."""
    line: Any = hand.line
    (key,) = line
    found: Hashable = key
    return found
