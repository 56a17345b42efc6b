"""What the components of the laws write down of their own doings: an account that fbcore has no part in."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from fbcore import Failure


class Payload:
    """A value with a text; each send makes a new one, so that it is known by identity where it came from."""

    __slots__ = ("__weakref__", "text")

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<{self.text}>"


def inner(value: Any) -> tuple[Payload, ...]:
    """Return the payloads of a value: itself, or what a `Failure` carries."""
    if not isinstance(value, Failure):
        return (value,)
    return tuple(value.value.values()) if isinstance(value.value, dict) else (value.value,)


def text_of(value: Any) -> str:
    """Return the text of a value, as the reference knows it."""
    texts = "+".join(payload.text for payload in inner(value))
    return f"!{value.address}({texts})" if isinstance(value, Failure) else texts


def key(value: Any) -> tuple[Any, ...]:
    """Return what tells a packet from all others."""
    return (isinstance(value, Failure), *map(id, inner(value)))


class Ledger:
    """The account of one run, by port address (`n1.out`, `inputs.x`) or by node.

    - `offered`: values that a component was about to send, in order; `accepted`: those whose send came back, so that
      they are known of classes only; `returned`: those whose send raised the end of demand, of classes too;
    - `received`: values that a component was given, in order;
    - `failed`: for each failure what the component held then, by node, in order;
    - `hand`: what a component works on now, by node and port; of a function what it worked on last;
    - `inside`: nodes whose function awaits something of its own;
    - `born`: weak references to all payloads.
    """

    def __init__(self) -> None:
        self.offered: dict[str, list[Any]] = {}
        self.accepted: dict[str, list[Any]] = {}
        self.returned: dict[str, list[Any]] = {}
        self.received: dict[str, list[Any]] = {}
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

    def feed(self, name: str, count: int) -> Iterator[Payload]:
        """Yield the values that go into an input of the graph."""
        for i in range(count):
            yield self.offer(f"inputs.{name}", f"{name}{i}")

    def note(self, kind: str, address: str, value: Any) -> None:
        """Write a value into the list of that kind."""
        getattr(self, kind).setdefault(address, []).append(value)
