"""Faults to plant into fbcore, so that it can be seen that the laws catch them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from fbcore.errors import EndOfDemand
from fbcore.net import verdict
from fbcore.net.edge import Edge
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort
from fbcore.net.wait import Wait

Plant = Callable[[pytest.MonkeyPatch], None]


def _wrap(owner: Any, name: str, make: Callable[[Callable[..., Any], Callable[[int], bool]], Any]) -> Plant:
    """Return what replaces a method; `make` gets the method, and a counter that says yes at each nth call."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        calls = count(1)
        patch.setattr(owner, name, make(getattr(owner, name), lambda n: next(calls) % n == 0))

    return plant


def _lost_wake_up(wake: Any, each: Any) -> Any:
    def faulty(self: Wait) -> bool:
        if each(7):
            self.leave()
            return True
        return wake(self)  # type: ignore[no-any-return]

    return faulty


def _double_put(put: Any, each: Any) -> Any:
    def faulty(self: Edge, value: Any) -> None:
        put(self, value)
        if each(9):
            put(self, value)

    return faulty


def _dropped_put(put: Any, each: Any) -> Any:
    def faulty(self: Edge, value: Any) -> None:
        if not each(9):
            put(self, value)

    return faulty


def _swapped_put(put: Any, each: Any) -> Any:
    def faulty(self: Edge, value: Any) -> None:
        put(self, value)
        if len(self.queue) > 1 and each(3):
            self.queue.append(self.queue.popleft())

    return faulty


def _dropped_close(finish: Any, each: Any) -> Any:
    def faulty(self: Edge) -> None:
        if not each(9):
            finish(self)

    return faulty


def _deaf_to_the_end(refuse: Any, each: Any) -> Any:
    def faulty(self: Edge, **options: Any) -> None:
        if not each(5):
            refuse(self, **options)

    return faulty


def _narrow_fan_out(put: Any, each: Any) -> Any:
    def faulty(self: OutPort, value: Any) -> None:
        edges = self.edges
        if len(edges) > 1 and each(5):
            self.edges = edges[1:]
        put(self, value)
        self.edges = edges

    return faulty


def _silent_end_of_demand(put: Any, each: Any) -> Any:
    def faulty(self: OutPort, value: Any) -> None:
        with suppress(EndOfDemand):
            put(self, value)

    return faulty


def _greedy_take(take: Any, each: Any) -> Any:
    def faulty(self: InPort) -> Any:
        if len(self.queue) > 1 and each(5):
            take(self)
        return take(self)

    return faulty


def _never_half_fed(close: Any, each: Any) -> Any:
    def faulty(self: InPort) -> None:
        self.half_fed = False
        close(self)

    return faulty


def _account_without(field: str) -> Plant:
    def make(account: Any, each: Any) -> Any:
        def faulty(self: Net) -> Any:
            result = account(self)
            getattr(result, field).clear()
            return result

        return faulty

    return _wrap(Net, "_account", make)


def _never_full(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Edge, "is_full", property(lambda self: len(self) > self.limit))


def _wide_gate(regate: Any, each: Any) -> Any:
    def faulty(self: OutPort) -> None:
        regate(self)
        if self.gate > 0:
            self.gate += 1

    return faulty


def _never_a_knot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(verdict, "_knot", lambda net: ())


def _empty_hands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Node, "in_hand", lambda self: {})


FAULTS: dict[str, Plant] = {
    "a wake-up is lost": _wrap(Wait, "wake", _lost_wake_up),
    "a packet is put twice": _wrap(Edge, "put", _double_put),
    "a packet is not put": _wrap(Edge, "put", _dropped_put),
    "packets overtake each other": _wrap(Edge, "put", _swapped_put),
    "a packet is taken and forgotten": _wrap(InPort, "take", _greedy_take),
    "a close is dropped": _wrap(Edge, "finish", _dropped_close),
    "a sender does not hear that its consumer has ended": _wrap(Edge, "refuse", _deaf_to_the_end),
    "a fan-out forgets an edge": _wrap(OutPort, "_put", _narrow_fan_out),
    "the end of demand is not raised": _wrap(OutPort, "_put", _silent_end_of_demand),
    "an edge holds one more than its capacity": _never_full,
    "a half-fed join goes unnoticed": _wrap(InPort, "close", _never_half_fed),
    "a deadlock is not seen": _never_a_knot,
    "unread packets are not reported": _account_without("unread"),
    "unsent packets are not reported": _account_without("unsent"),
    "discarded packets are not counted": _account_without("discarded"),
    "held packets are not reported": _empty_hands,
}
"""Faults by what is wrong; all show on a stepped loop."""

FAST_FAULTS: dict[str, Plant] = {"the fast path holds one more than the capacity": _wrap(OutPort, "regate", _wide_gate)}
"""Faults of the fast path, which only the ordinary loop takes."""
