"""What the components of the laws write down of their own doings: an account that fbcore has no part in."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from fbcore import Failure


class Payload:
    """A value with a text; each send makes a new one, so that it is known by identity where it came from.

    A copy knows its `origin`, by which it is told from others; that of the others is None.
    """

    __slots__ = ("__weakref__", "origin", "text")

    def __init__(self, text: str, origin: Payload | None = None) -> None:
        self.text = text
        self.origin = origin

    def __deepcopy__(self, memo: dict[int, Any]) -> Payload:
        return Payload(self.text, self.origin or self)

    def __repr__(self) -> str:
        return f"<{self.text}>"


def inner(value: Any) -> tuple[Payload, ...]:
    """Return the payloads of a value: itself, those that a `Failure` carries, or none of a message."""
    if isinstance(value, Failure):
        held = value.value.values() if isinstance(value.value, dict) else (value.value,)
        return tuple(payload for each in held for payload in inner(each))
    return () if value is None else (value,)


def text_of(value: Any) -> str:
    """Return the text of a value, as the reference knows it; a message has none."""
    if not isinstance(value, Failure):
        return "" if value is None else str(value.text)
    held = value.value.values() if isinstance(value.value, dict) else [] if value.value is None else [value.value]
    return f"!{value.address.rpartition('.')[2]}({'+'.join(map(text_of, held))})"


def key(value: Any) -> tuple[Any, ...]:
    """Return what tells a packet from all others, but for its copies, and messages from each other."""
    return (isinstance(value, Failure), *(id(payload.origin or payload) for payload in inner(value)))


class Ledger:
    """The account of one run, by port address (`n1.out`, `inputs.x`) or by node.

    - `offered`: values that a component was about to send, in order; `accepted`: those whose send came back, so that
      they are known of classes only; `returned`: those whose send raised the end of demand, of classes too;
    - `forwarded`: which of the offered, by number, were packets that went on; `declared`: of how many of the packets
      taken last an offered one was said to be made;
    - `received`: values that a component was given, in order; `begun`: how often it fired, or ran, for a signal;
    - `failed`: for each failure what the component held then, by node, in order;
    - `hand`: what a component works on now, by node and port; of a function what it worked on last;
    - `inside`: nodes whose function awaits something of its own;
    - `born`: weak references to all payloads.
    """

    def __init__(self) -> None:
        self.offered: dict[str, list[Any]] = {}
        self.accepted: dict[str, list[Any]] = {}
        self.returned: dict[str, list[Any]] = {}
        self.forwarded: dict[str, set[int]] = {}
        self.declared: dict[str, dict[int, int]] = {}
        self.received: dict[str, list[Any]] = {}
        self.begun: dict[str, int] = {}
        self.failed: dict[str, list[tuple[Any, ...]]] = {}
        self.hand: dict[str, dict[str, Any]] = {}
        self.inside: set[str] = set()
        self.born: list[weakref.ref[Payload]] = []

    def make(self, text: str) -> Payload:
        """Make a payload."""
        payload = Payload(text)
        self.born.append(weakref.ref(payload))
        return payload

    def offer(self, address: str, text: str) -> Payload:
        """Make a payload that is about to be sent by a port."""
        payload = self.make(text)
        self.offered.setdefault(address, []).append(payload)
        return payload

    def pass_on(self, address: str, payload: Payload) -> None:
        """Write down that the packet with this payload is about to be forwarded by a port."""
        offered = self.offered.setdefault(address, [])
        self.forwarded.setdefault(address, set()).add(len(offered))
        offered.append(payload)

    def declare(self, address: str, count: int) -> None:
        """Write down that the next value of a port is said to be made of so many of the packets taken last."""
        self.declared.setdefault(address, {})[len(self.offered.get(address, []))] = count

    def feed(self, name: str, count: int) -> Iterator[Payload]:
        """Yield the values that go into an input of the graph."""
        for i in range(count):
            yield self.offer(f"inputs.{name}", f"{name}{i}")

    def note(self, kind: str, address: str, value: Any) -> None:
        """Write a value into the list of that kind."""
        getattr(self, kind).setdefault(address, []).append(value)
