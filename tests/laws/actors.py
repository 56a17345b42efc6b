"""Who a node is: the config of every component of the laws, by which it keeps its account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

from fbcore import Missing, Packet, StopNet
from fbcore.model.packet import MISSING
from tests.laws.ledger import Ledger, text_of
from tests.laws.plan import PlannedNode, is_refused


class PlannedFailure(RuntimeError):  # noqa: N818 - what fails here is planned
    """What failing components raise."""


class Forwarded(NamedTuple):
    """A packet that a firing sends on."""

    packet: Packet[Any]


Sent = tuple[str, str | Forwarded]
"""What a firing sends: by which port, and a text or a packet."""


class Actor:
    """Who a node is, and its ledger."""

    def __init__(self, planned: PlannedNode, ledger: Ledger) -> None:
        self.planned = planned
        self.id = planned.id
        self.name = planned.name
        self.ledger = ledger
        self.firings = 0
        self.seen: dict[Any, int] = {}
        self.latest: Any = MISSING

    # -- what comes in -------------------------------------------------------------------------------

    def receive(self, port: str, value: Any) -> str:
        """Write down a value that came in, and return its text."""
        self.ledger.note("received", f"{self.id}.{port}", value)
        self.ledger.hand.setdefault(self.id, {})[port] = value
        return text_of(value)

    def admit(self, value: Any) -> bool:
        """Validate a value that comes in by the only input: refuse some, by raising or by returning False."""
        self.receive("value", value)
        text = text_of(value)
        if not is_refused(text):
            return True
        self.note_failure()
        if len(text) % 2:
            raise PlannedFailure(self.id)
        return False

    def begin(self, values: tuple[Any, ...]) -> list[str]:
        """Write down the beginning of a firing, and return the texts of its values."""
        self.firings += 1
        self.ledger.begun[self.id] = self.firings
        if self.planned.kind == "latest":
            return self._begin_with_latest(*values)
        return [self.receive(port, bare(value)) for port, value in zip(self.planned.ins, values, strict=True)]

    def _begin_with_latest(self, left: Any, right: Any) -> list[str]:
        # By left come packets, each a new object: when it is the same as before, the other one has come.
        port, value = ("right", right) if left is self.latest else ("left", left)
        self.latest = left
        self.ledger.hand.pop(self.id, None)
        self.receive(port, bare(value))
        return ["-" if isinstance(each, Missing) else text_of(bare(each)) for each in (left, right)]

    # -- what goes out -------------------------------------------------------------------------------

    def outputs(self, values: tuple[Any, ...], texts: list[str], factor: Any, *, streams: bool) -> Iterator[Sent]:
        """Yield what a firing sends; raise what it raises."""
        planned = self.planned
        v = texts[0] if texts else ""
        mine = f"{v}.{self.name}"
        n = planned.n or 1
        is_first, is_last = (self.firings - 1) % n == 0, self.firings % n == 0
        if planned.kind == "source":
            yield from (("out", f"{self.name}{i}") for i in range(planned.n))
        elif planned.kind == "fail" and is_last:
            if streams:
                yield "out", mine
            self.fail()
        elif planned.kind == "stop" and self.firings == planned.n:
            raise StopNet("planned")
        elif planned.kind == "expand":
            yield from (("out", f"{mine}{j}") for j in range(planned.n))
        elif planned.kind in ("join", "latest"):
            yield "out", f"({v}+{texts[1]}).{self.name}"
        elif planned.kind == "orbit":
            if self.marks(v) < planned.n:
                yield "out", self.marked(v)
        elif planned.kind == "fields":
            yield "every", mine
            if is_last:
                yield "some", mine
        elif planned.kind == "echo":
            yield from (("out", Forwarded(values[0])), ("other", Forwarded(values[0])))
        elif planned.kind == "lap":
            yield self.lap(values[0]), Forwarded(values[0])
        elif planned.kind in ("scale", "tint"):
            yield "out", f"{v}*{factor_text(factor)}.{self.name}"
        elif planned.kind == "forward":
            if planned.n == 1 or not is_first:
                yield "out", Forwarded(values[0])
        elif planned.kind == "stamp" and not is_last:
            yield "out", Forwarded(values[0])
        elif planned.kind != "drop" or not is_first:
            yield "out", mine

    def lap(self, packet: Packet[Any]) -> str:
        """Count how often a packet has come, and say where it goes."""
        self.seen[packet.id] = self.seen.get(packet.id, 0) + 1
        return "again" if self.seen[packet.id] <= self.planned.n else "out"

    def offer(self, port: str, sent: str | Forwarded) -> Any:
        """Return a value, or a packet, that is about to be sent by a port, and write it down."""
        if isinstance(sent, Forwarded) and port == "other":
            self.ledger.declare(f"{self.id}.{port}", 1)
            self.ledger.note("offered", f"{self.id}.{port}", sent.packet.value)
            return sent.packet
        if isinstance(sent, Forwarded):
            self.ledger.pass_on(f"{self.id}.{port}", sent.packet.value)
            return sent.packet
        return self.ledger.offer(f"{self.id}.{port}", sent)

    def note_failure(self) -> None:
        """Write down a failure, with what is in hand."""
        self.ledger.note("failed", self.id, tuple(self.ledger.hand[self.id].values()))

    def fail(self) -> None:
        """Fail."""
        self.note_failure()
        raise PlannedFailure(self.id)

    def marks(self, text: str) -> int:
        """Count the marks that this node left on a text."""
        return text.count(f"*{self.name};")

    def marked(self, text: str) -> str:
        """Leave one more mark."""
        return f"{text}*{self.name};"

    # -- time ----------------------------------------------------------------------------------------

    async def pause(self) -> None:
        """Let others have a turn in the midst of a firing, or wait for the world outside."""
        self.ledger.inside.add(self.id)
        if self.planned.kind == "nap":
            await self.nap()
        else:
            await asyncio.sleep(0)
        self.ledger.inside.discard(self.id)

    async def nap(self) -> None:
        """Sleep, or wait for a future that is set later."""
        seconds = self.planned.n / 1_000
        if self.planned.n % 2:
            await asyncio.sleep(seconds)
            return
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_later(seconds, lambda: future.done() or future.set_result(None))
        await future


def bare(value: Any) -> Any:
    """Return the value of a packet; anything else is one."""
    return value.value if isinstance(value, Packet) else value


def factor_text(factor: Any) -> str:
    """Return the text of what a config holds: a payload that came by an edge, or what it was given."""
    return factor if isinstance(factor, str) else text_of(factor)
