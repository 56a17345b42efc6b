"""What comes from outside: values that are checked, and sent into a net as fast as it takes them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Sequence
from typing import Any

from fbcore.errors import EndOfDemand, FlowError, InputError, shown
from fbcore.model.packet import Each
from fbcore.model.types import name_of, reader, reason
from fbcore.net.out_port import OutPort


def checker(kind: Any, address: str, error: type[FlowError], *, strict: bool) -> Callable[[Any], Any]:
    """Make a function that checks a value from outside against a type, and returns the one to use.

    It raises `error`, with the address, what was wanted, and why, when the value does not fit.
    """
    read = reader(kind, strict=strict)

    def check(value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, TypeError) as problem:
            wanted = name_of(kind)
            what = f"{shown(value)} is no {wanted}: {reason(problem)}"
            raise error(what, address, f"give a value of type {wanted}") from None

    return check


class Feeding:
    """Sends what was given for one input of the net: one value, or the items of an `Each`."""

    def __init__(self, port: OutPort, given: Any, kinds: Sequence[Any]) -> None:
        self.port = port
        self.given = given
        self.kinds = kinds

    async def run(self) -> None:
        """Send everything; a value that nobody wants any more counts as discarded."""
        if not isinstance(self.given, Each):
            await self._send(self.given)
            return
        checks = [checker(kind, self.port.address, InputError, strict=True) for kind in self.kinds]
        items = self.given.items
        if isinstance(items, AsyncIterable):
            async for value in items:
                await self._send_checked(value, checks)
        else:
            for value in items:
                await self._send_checked(value, checks)

    async def _send_checked(self, value: Any, checks: list[Callable[[Any], Any]]) -> None:
        for check in checks:
            check(value)
        await self._send(value)

    async def _send(self, value: Any) -> None:
        try:
            await self.port.send(value)
        except EndOfDemand:
            self.port.discard(value)
            raise
