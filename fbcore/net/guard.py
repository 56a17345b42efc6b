"""What values pass on their way: validators of ports, checks of types, copies, and finding those that were changed."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import EndOfDemand, PortError, shown
from fbcore.net.failure import node_error

if TYPE_CHECKING:
    from fbcore.net.in_port import InPort
    from fbcore.net.node import Node


def make_guard(validate: Callable[[Any], Any], address: str) -> Callable[[Any], None]:
    """Make a function that raises `PortError` for a value that the validator of a port refuses."""

    def guard(value: Any) -> None:
        why = ""
        try:
            if validate(value) is not False:
                return
        except Exception as error:
            why = f": {str(error) or type(error).__name__}"
        name = getattr(validate, "__name__", repr(validate))
        hint = "mend the sender, or connect the port `error` of this node to take what is refused"
        raise PortError(f"{shown(value)} was refused by {name}{why}", address, hint)

    return guard


async def admit(node: Node, ports: Sequence[InPort]) -> bool:
    """Check what was just taken from these ports of a node; False when it was refused and went to `error`.

    Raises:
        PortError: it was refused, and `error` is not connected.
    """
    try:
        for port in ports:
            if port.guard is not None:
                port.guard(port.last)
            if port.changed is not None:
                changed, port.changed = port.changed, None
                raise changed
    except PortError as error:
        if not node.error.edges:
            raise
        held = node.in_hand()
        try:
            await node.send_failure(node_error(error, node.address, held), held)
        except EndOfDemand:
            raise error from None
        return False
    return True


class Inspection:
    """What every value on one edge passes: a check when it enters, a copy, and a comparison when it leaves."""

    __slots__ = ("_address", "_check", "_copy", "_digests", "_sender")

    def __init__(
        self,
        address: str,
        sender: str,
        *,
        check: Callable[[Any], Any] | None = None,
        copied: bool | Callable[[Any], Any] = False,
        compares: bool = False,
    ) -> None:
        self._address = address
        self._sender = sender
        self._check = check
        self._copy = copy.deepcopy if copied is True else copied or None
        self._digests: deque[bytes | None] | None = deque() if compares else None

    def enter(self, value: Any) -> Any:
        """Check a value that is about to enter the edge, and return the one to put."""
        if self._check is not None:
            self._check(value)
        return self._copy(value) if self._copy is not None else value

    def entered(self, value: Any) -> None:
        """Remember what a value was like when it entered."""
        if self._digests is not None:
            self._digests.append(_digest(value))

    def leave(self, value: Any) -> PortError | None:
        """Compare a value that leaves the edge with what it was; return the error when it was changed."""
        if self._digests is None:
            return None
        before = self._digests.popleft()
        if before is None or before == _digest(value):
            return None
        hint = f"look at {self._sender}, and at whoever else got the same object; or copy it: connect(..., copy=True)"
        return PortError(f"{shown(value)} was changed after it had been sent", self._address, hint)


def _digest(value: Any) -> bytes | None:
    """Return a digest of a value, or None for one that cannot be pickled and so cannot be compared."""
    # Asked for by few nets, and slow to import for all others.
    import hashlib
    import pickle

    try:
        return hashlib.blake2b(pickle.dumps(value, protocol=5), digest_size=16).digest()
    except Exception:
        return None
