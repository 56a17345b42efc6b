"""What a component that works elsewhere and the node that stands for it say to each other.

All of it is data, so that it may pass from thread to thread, and one day through a pipe or a socket. Each side hears
the other in the order in which it spoke.
"""

from __future__ import annotations

from typing import Any, NamedTuple

SENDS = frozenset({"send", "forward", "failure"})
"""Asks that give something away: once they are done they cannot be taken back."""


class Ask(NamedTuple):
    """The component wants an operation of its ports done; `number` tells which answer is to this ask."""

    number: int
    verb: str
    ports: tuple[str, ...] = ()
    given: Any = None


class Took(NamedTuple):
    """The component has taken what the answer to an ask has brought it."""

    number: int


class Drop(NamedTuple):
    """The component does not wait for the answer to an ask any more, and has taken none."""

    number: int


class Tell(NamedTuple):
    """The component says something that needs no answer, or answers an order."""

    verb: str
    given: Any = None


class Report(NamedTuple):
    """Everything that a component has to say at the end of a pass of its loop.

    `heard` is how many words of the other side it has acted on so far. `is_parked`: nothing goes on there but waiting
    for answers and orders. With both, who has said no more than was heard knows that nothing will come any more.
    """

    said: list[Ask | Took | Drop | Tell]
    heard: int
    is_parked: bool


class Answer(NamedTuple):
    """What an ask has come to: a value, or the error that it has raised."""

    number: int
    value: Any = None
    error: BaseException | None = None


class Order(NamedTuple):
    """The node wants something of its component: `run` it once, `end` when all its tasks have, `cancel`, or `ping`."""

    verb: str
