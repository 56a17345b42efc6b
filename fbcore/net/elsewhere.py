"""Work of a node that is done elsewhere: in a thread, and one day in other processes and on other hosts."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol


class Elsewhere(Protocol):
    """Where a part of a node's work is done, as far as its net has to know; `node.tasks.elsewhere` lists them.

    One that comes to be parked says so by `net.blocked.look_again()`.
    """

    @property
    def is_parked(self) -> bool:
        """Whether nothing goes on there, and nothing can but by what is sent there: every task waits for a port."""

    @property
    def has_tasks(self) -> bool | None:
        """Whether tasks of the node go on there; None where they are all here."""

    def where(self) -> str:
        """Say in words what goes on there, for who asks what a net waits for."""


class Reply(asyncio.Future[Any]):
    """What a task of a node waits for that only work elsewhere can bring: whether that goes on is asked there."""
