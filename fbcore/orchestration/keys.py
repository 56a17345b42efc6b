"""Which keys a node remembers whose firings go on by key, and which it forgets when there are too many."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from fbcore.errors import DataError, shown

if TYPE_CHECKING:
    from fbcore.net.node import Node

MANY = 100_000
"""Keys of a node that forgets none, at which it says so."""


class HasKeys(Protocol):
    """A memory for each key."""

    def __contains__(self, key: object) -> bool:
        """Say whether it has one for this key."""

    def forget(self, key: Hashable) -> None:
        """Have none for this key any more."""


class Keys:
    """The keys of one node, of which at most so many that are idle are remembered (None: all).

    Those that are idle for longest are forgotten first. A key is idle when no firing is about it, be it one that waits.
    A line of firings is called by its key, in a tuple.
    """

    __slots__ = ("_address", "_has_told", "_idle", "_memories", "_most", "_node")

    def __init__(self, node: Node, most: int | None) -> None:
        self._node = node
        self._address = node.address
        self._most = most
        self._memories: list[HasKeys] = []
        self._idle: dict[Hashable, None] = {}
        self._has_told = False

    def add(self, memory: HasKeys) -> None:
        """Have the keys of one more memory."""
        self._memories.append(memory)

    # -- firings -----------------------------------------------------------------------------------

    def begins(self, line: Any) -> None:
        """Hear that there is a firing for a key again."""
        (key,) = line
        self._idle.pop(key, None)

    def ends(self, line: Any) -> None:
        """Hear that there is none any more."""
        (key,) = line
        if self._is_known(key):
            self._idle.pop(key, None)
            self._idle[key] = None
        while self._most is not None and len(self._idle) > self._most:
            self._forget(next(iter(self._idle)))

    def _forget(self, key: Hashable) -> None:
        del self._idle[key]
        for memory in self._memories:
            memory.forget(key)
        net, address = self._node.net, self._address
        net.forgotten[address] = net.forgotten.get(address, 0) + 1
        if not self._has_told:
            self._has_told = True
            net.watching.notice(address, f"forgets keys from now on, for more than {self._most:,} are idle")

    def _is_known(self, key: Hashable) -> bool:
        return any(key in memory for memory in self._memories)

    # -- memories ----------------------------------------------------------------------------------

    def remembers(self, count: int) -> None:
        """Hear that a memory has one more key, and so many in all."""
        if self._most is None and count >= MANY and not self._has_told:
            self._has_told = True
            what = f"remembers {count:,} keys, and forgets none: `keys` of its `concurrency` says how many are to be"
            self._node.net.watching.notice(self._address, what)

    def are(self, keys: Iterable[Hashable]) -> None:
        """Hear that a memory has these keys now, and has had others."""
        self._idle = {key: None for key in (*self._idle, *keys) if self._is_known(key)}

    # -- their state -------------------------------------------------------------------------------

    def state(self, origin: float) -> Any:
        """Return the keys that are idle, those idle longest first; None where that decides nothing."""
        return [_data(key, self._address) for key in self._idle] or None if self._most is not None else None

    def take(self, state: Any) -> None:
        """Go on with a state: keys that it does not know were idle for longer."""
        from fbcore.formats.typed_json import from_data

        known = [from_data(key, self._address) for key in state or ()]
        self._idle = {key: None for key in self._idle if key not in known} | dict.fromkeys(known)


def _data(key: Hashable, address: str) -> Any:
    from fbcore.formats.typed_json import to_data

    try:
        return to_data(key, address)
    except DataError:
        # Nor can its memory be stored, and who does so is told; to tell states apart this is enough.
        return shown(key)
