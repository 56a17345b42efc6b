"""An order that nobody answers in time is sent again, and then given up: how often is it paid?

fbdev explore examples/every_order/bounded_retry.py:forgetful
fbdev explore examples/every_order/bounded_retry.py:mindful
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from fbdev.explore import Blocked, Scene, Waiter, explore, spawn

Steps = Iterator[Any]

TRIES = 2


def ordering(remembers: bool) -> Scene:
    """Make a customer and a shop, which may remember the orders that it has seen."""
    order = SimpleNamespace(paid=0, is_known=False)

    def attempt(number: int) -> Steps:
        """Send the order; if the time is over before the answer is there, try again, or give up."""
        request = SimpleNamespace(is_answered=False)
        spawn(serve(request), f"shop {number}")
        waiter = Waiter(1, "time")
        yield Blocked(lambda: request.is_answered or waiter.is_over, label="wait for the answer")
        waiter.cancel()
        if request.is_answered:
            return "served"
        if number == TRIES:
            return "gave up"
        spawn(attempt(number + 1), f"try {number + 1}")
        return "too late"

    def serve(request: SimpleNamespace) -> Steps:
        """Take the money, unless the order is known; then answer."""
        yield "has the order"
        if not (remembers and order.is_known):
            order.paid += 1
            order.is_known = True
        yield "has the money"
        request.is_answered = True

    return Scene({"try 1": attempt(1)}, shared=order)


def paid_once(order: Any) -> bool:
    """Tell whether the order was paid, and not twice."""
    return bool(order.paid == 1)


@explore(at_end=paid_once)
def forgetful() -> Scene:
    """Make a shop that takes every order for a new one."""
    return ordering(remembers=False)


@explore(at_end=paid_once)
def mindful() -> Scene:
    """Make a shop that knows an order that it has seen."""
    return ordering(remembers=True)
