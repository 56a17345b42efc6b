"""Several firings of one node at once: each has its packets in a hand of its own, and its place in the order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Protocol

from fbcore.errors import EndOfDemand, EndOfStream
from fbcore.net.failure import Escaped, leaves
from fbcore.net.in_port import Taken

if TYPE_CHECKING:
    from fbcore.model.packet import PacketId
    from fbcore.net.node import Node

current_hand: ContextVar[Hand | None] = ContextVar("current_hand", default=None)
"""The hand of the firing whose code runs, where a node has several; inherited by the tasks that it makes."""


class Hand:
    """What one firing of several has: the packets that it was begun with, and its place in the order.

    `line` names the firings that keep their order, None where it keeps none. `parents` are the packets that results
    are made of; `sends` are results that wait until it is their turn to leave, by port. `number` counts firings.
    """

    __slots__ = ("line", "number", "parents", "sends", "taken", "task", "turn")

    def __init__(self, line: Hashable, taken: Sequence[Taken], parents: tuple[PacketId, ...]) -> None:
        self.line = line
        self.taken = taken
        self.parents = parents
        self.sends: dict[str, Any] = {}
        self.turn: asyncio.Future[None] | None = None
        self.task: asyncio.Task[None] | None = None
        self.number: int | None = None


class HearsOfLines(Protocol):
    """Who wants to know which lines of a crew have firings."""

    def begins(self, key: Hashable) -> None:
        """Hear that a line has a firing, and had none."""

    def ends(self, key: Hashable) -> None:
        """Hear that a line has no firing any more."""


class Crew:
    """The firings of one node that go on at once, each a task in the node's scope; at most so many hold packets.

    Those of one line leave in the order in which their packets were taken; where lines are `serial` each begins when
    the one before it is done. A firing that was cancelled, or that has failed the node, still has its packets, until
    they are given back or let go: they are in the account. `idle_since` is when the last firing was done.
    """

    def __init__(self, node: Node, most: int, *, serial: bool = False) -> None:
        self.node = node
        self.most = most
        self.serial = serial
        self.hands: dict[Hand, None] = {}
        self.waits: set[asyncio.Future[None]] = set()
        self.idle_since = 0.0
        self.hears: HearsOfLines | None = None
        self._lines: dict[Hashable, deque[Hand]] = {}
        self._errors: list[tuple[BaseException, Hand]] = []
        self._next: Hand | None = None
        self._room: asyncio.Future[None] | None = None
        self._end: BaseException | None = None

    # -- firing ------------------------------------------------------------------------------------

    @property
    def task_name(self) -> str:
        """How the tasks of firings are called."""
        return f"{self.node.address} firing"

    def tasks(self) -> list[Any]:
        """Return the tasks of firings that go on."""
        return [hand.task for hand in self.hands if hand.task is not None]

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work of the node's own task, which takes packets and takes on firings, and wait for all of these.

        When a firing finds that nobody wants its results, or that it was the last that a policy allows, the others are
        cancelled, and their packets lie on their edges again.
        """
        self.forget()
        try:
            try:
                await work()
            except EndOfStream:
                await self._see_out()
                raise
            await self._see_out()
        except asyncio.CancelledError:
            task, end = asyncio.current_task(), self._end
            if end is None or task is None:
                raise
            # It was cancelled here, to be woken wherever it waits.
            task.uncancel()
            if self.node.cancelled or task.cancelling():
                raise
            await self._disband()
            raise end from None

    async def take_on(self, line: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Begin a firing with the packets that the node has just taken, and wait until it may take others."""
        node = self.node
        parents = node.parents() if node.net.options.tracking == "history" else ()
        hand = Hand(line, node.hand_over(), parents)
        hand.number = node.firing_number()
        self.hands[hand] = None
        if line is not None:
            if line not in self._lines:
                self._lines[line] = deque()
                if self.hears is not None:
                    self.hears.begins(line)
            self._lines[line].append(hand)
        context = copy_context()
        context.run(current_hand.set, hand)
        hand.task = node.tasks.create_task(self._fire(hand, work), name=self.task_name, context=context)
        while len(self.hands) >= self.most:
            await self._wait_for_room()

    async def _see_out(self) -> None:
        while self.hands:
            await self._wait_for_room()

    async def _fire(self, hand: Hand, work: Callable[[], Awaitable[None]]) -> None:
        try:
            if self.serial:
                await self.turn(hand)
            await work()
        except (EndOfStream, EndOfDemand) as end:
            self._end_with(hand, end)
        except asyncio.CancelledError as error:
            if self.is_breaking_up:
                raise
            # Cancelled from inside: a task group would not hear of it.
            await self._has_failed(hand, error)
            raise Escaped from error
        except (Exception, SystemExit) as error:
            await self._has_failed(hand, error)
            raise
        self._is_done(hand)

    async def _has_failed(self, hand: Hand, error: BaseException) -> None:
        """Let those before a firing that has failed be done; then its error ends this life of the node."""
        await self.turn(hand)
        self._errors.append((error, hand))

    def _is_done(self, hand: Hand) -> None:
        hand.taken = ()
        self.hands.pop(hand, None)
        if not self.hands:
            self.idle_since = self.node.net.loop.time()
        line = self._lines.get(hand.line)
        if line is not None and hand in line:
            line.remove(hand)
            if not line:
                self._end_line(hand.line)
            else:
                _wake(line[0].turn)
        _wake(self._room)

    def _end_line(self, name: Hashable) -> None:
        del self._lines[name]
        if self.hears is not None:
            self.hears.ends(name)

    def _end_with(self, last: Hand, end: BaseException) -> None:
        """End the node as a firing says: no other has a turn after it.

        The node's own task hears of it by being cancelled too, for it may wait anywhere.
        """
        if self._end is not None:
            return
        self._end = end
        for task in (self.node.task, *(hand.task for hand in self.hands if hand is not last)):
            if task is not None:
                task.cancel()

    async def _disband(self) -> None:
        """Wait until the firings that were cancelled have ended, and put their packets back."""
        if tasks := self.tasks():
            await asyncio.wait(tasks)
        self.give_back()

    # -- the order ---------------------------------------------------------------------------------

    async def turn(self, hand: Hand) -> None:
        """Wait until every firing that was begun before it in its line is done."""
        while hand.line is not None and (line := self._lines.get(hand.line)) and line[0] is not hand:
            self.check()
            hand.turn = self.node.net.new_future()
            await self._wait(hand.turn)

    def check(self) -> None:
        """Let no firing go on that has been cancelled, and has not heeded that.

        Raises:
            CancelledError: it has.
        """
        if self.is_breaking_up:
            raise asyncio.CancelledError

    async def _wait_for_room(self) -> None:
        self._room = self.node.net.new_future()
        await self._wait(self._room)

    async def _wait(self, future: asyncio.Future[None]) -> None:
        """Wait for other firings of the node, which is no wait for anything outside of it."""
        self.waits.add(future)
        try:
            await future
        finally:
            self.waits.discard(future)

    @property
    def is_breaking_up(self) -> bool:
        """Whether firings are cancelled: one has failed the node, or ended it, or it was cancelled itself."""
        return self._end is not None or self.node.cancelled or self.node.tasks.is_aborting

    # -- packets in hand ---------------------------------------------------------------------------

    def taken(self) -> Iterator[Taken]:
        """Yield the packets that firings hold, in the order in which these were begun."""
        for hand in self.hands:
            yield from hand.taken

    def concerned(self, error: BaseException | None) -> list[Hand]:
        """Return the hands that an error is about: of the firings that it has left, be it in a group.

        Where it has left none, it is about what was taken for the next one; without an error, about all.
        """
        own = self.node.hand_over()
        if own:
            self._next = Hand(None, own, ())
            self.hands[self._next] = None
        if error is None:
            return list(self.hands)
        causes = leaves(error)
        failed = [hand for cause, hand in self._errors if any(cause is each for each in causes)]
        return failed if failed or self._next is None else [self._next]

    def sent(self) -> Iterator[tuple[str, Any]]:
        """Yield the results that wait until it is their turn to leave, each with its port."""
        for hand in self.hands:
            yield from hand.sends.items()

    def let_go(self) -> None:
        """Have nothing in hand any more of firings that have failed, and for the next one."""
        for hand in (*(hand for _, hand in self._errors), self._next):
            if hand is not None:
                hand.taken = ()
        if self._next is not None:
            self.hands.pop(self._next, None)
            self._next = None

    def give_back(self) -> None:
        """Put all packets in hand back onto their edges, so that they come again in the order in which they came."""
        taken = [*self.taken(), *self.node.hand_over()]
        for each in reversed(taken):
            each.port.give_back(each)
        self.forget()

    def forget(self) -> None:
        """Have no firings."""
        self.hands.clear()
        for line in list(self._lines):
            self._end_line(line)
        self._errors.clear()
        self._next = self._end = None


def by_port(taken: Iterable[Taken]) -> dict[str, Any]:
    """Return values by the names of their ports, from the second one of a port on with a number: `url`, `url#2`."""
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for each in taken:
        name = each.port.name
        counts[name] = count = counts.get(name, 0) + 1
        found[name if count == 1 else f"{name}#{count}"] = each.value
    return found


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
