"""What values pass on their way: validators of ports, checks of types, copies, and finding those that were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import PortError, shown

if TYPE_CHECKING:
    from fbcore.model.port_spec import PortSpec
    from fbcore.net.in_port import InPort
    from fbcore.net.node import Node


def make_guard(port: PortSpec, address: str) -> Callable[[Any], None] | None:
    """Make a function that raises `PortError` for a value that the validator of a port refuses; None without one."""
    if port.validate is None:
        return None

    def guard(value: Any) -> None:
        what = port.refusal(value)
        if what:
            hint = "mend the sender, or connect the port `error` of this node to take what is refused"
            raise PortError(what, address, hint)

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
        if not await node.is_taken(error):
            raise
        return False
    return True


class Inspection:
    """What every value on one edge passes: a check when it enters, a copy, and a comparison when it leaves.

    `guards` are the validators of the composites whose borders it leads through.
    """

    __slots__ = ("_address", "_check", "_copy", "_digests", "_guards", "_sender")

    def __init__(
        self,
        address: str,
        sender: str,
        *,
        check: Callable[[Any], Any] | None = None,
        copied: bool | Callable[[Any], Any] = False,
        compares: bool = False,
        guards: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        self._address = address
        self._sender = sender
        self._check = check
        self._copy = _deep_copy if copied is True else copied or None
        self._digests: dict[int, list[bytes | None]] | None = {} if compares else None
        self._guards = guards

    def enter(self, value: Any) -> Any:
        """Check a value that is about to enter the edge, and return the one to put."""
        if self._check is not None:
            self._check(value)
        return self._copy(value) if self._copy is not None else value

    def entered(self, value: Any) -> None:
        """Remember what a value was like when it entered."""
        if self._digests is not None:
            # By the object, for packets may leave in another order than they came.
            self._digests.setdefault(id(value), []).append(_digest(value))

    def came_back(self, value: Any) -> None:
        """Remember what a value is like that was taken, and is put back."""
        if self._digests is not None:
            self._digests.setdefault(id(value), []).insert(0, _digest(value))

    def forget(self, value: Any) -> None:
        """Hear that a value does not leave the edge by its other end."""
        self._entered_as(value)

    def leave(self, value: Any) -> PortError | None:
        """Look at a value that leaves the edge, and return the error when it was changed, or is refused."""
        changed = self._compare(value)
        if changed is None:
            try:
                for guard in self._guards:
                    guard(value)
            except PortError as refused:
                return refused
        return changed

    def _entered_as(self, value: Any) -> bytes | None:
        """Return what a value was like when it entered, and remember it no more."""
        digests = (self._digests or {}).get(id(value))
        if not digests:
            return None
        before = digests.pop(0)
        if not digests and self._digests is not None:
            del self._digests[id(value)]
        return before

    def _compare(self, value: Any) -> PortError | None:
        before = self._entered_as(value)
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


def _deep_copy(value: Any) -> Any:
    import copy

    return copy.deepcopy(value)
