"""A class component that works elsewhere: the side of its node, on the loop of the net.

Here its operations are done, by the ports of the node as those of any other; so order, back pressure and the account
of packets are theirs. What another place has to bring is a carrier for words, and a way to see that it is dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from fbcore.errors import EndOfDemand, EndOfStream
from fbcore.model.graph import NodeSpec
from fbcore.model.packet import NOTHING
from fbcore.net.elsewhere import Reply
from fbcore.net.in_port import Taken
from fbcore.net.joint import take_all, take_any
from fbcore.net.node import Node
from fbcore.net.work import run_as_told
from fbcore.orchestration.at_work import AtWork
from fbcore.orchestration.words import SENDS, Answer, Ask, Drop, Order, Report, Tell, Took


class Carrier(Protocol):
    """What stands between a node and its component that works elsewhere."""

    def begin(self, near: Near) -> None:
        """Let the component begin there; its reports go to `near.take`, on the loop of the net."""

    def carry(self, word: Answer | Order) -> None:
        """Bring a word to the component."""

    def where(self) -> str:
        """Say in words what goes on there."""

    def leave(self) -> None:
        """Give the component up, which does not end: whatever it still says is not heard."""

    @property
    def patience(self) -> float:
        """Seconds that one who was cancelled may let nothing be heard of it before it is given up."""


class Near:
    """A node whose component works elsewhere, for one of the node's lives; to the net it is a place: `Elsewhere`."""

    def __init__(self, node: Node, spec: NodeSpec, carrier: Carrier) -> None:
        self.node = node
        self.has_tasks = False
        self.is_over = False
        self._spec = spec
        self._carrier = carrier
        self._at_work = AtWork(node.net.loop)
        self._spoken = 0
        self._heard = 0
        self._is_idle = False
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self._doing: dict[int, _Operation] = {}
        # Until a component has taken what came by a port, the port does nothing else: it may have to take it back.
        self._untaken: dict[int, tuple[Ask, Any]] = {}
        self._held_up: list[Ask] = []
        self._changes: dict[int, Any] = {}
        self._task: asyncio.Task[Any] | None = None

    # -- the work of the node ----------------------------------------------------------------------

    async def work(self) -> None:
        """Be the work of the node: let the component be made, run it as its options say, and see it end."""
        self._task = asyncio.current_task()
        self.node.tasks.elsewhere = (*self.node.tasks.elsewhere, self)
        try:
            await self._live()
        except GeneratorExit:
            # The loop of the net is no more.
            self._leave()
            raise
        except BaseException as error:
            await self._see_it_cancelled()
            if self._error is None or not isinstance(error, asyncio.CancelledError) or self.node.cancelled:
                raise
            # A task of the component has failed while the node waited for something else.
            assert self._task is not None
            self._task.uncancel()
            raise self._error from None

    async def _live(self) -> None:
        self._at_work.begin()
        try:
            self._carrier.begin(self)
        except BaseException:
            self.is_over = True
            self._at_work.end()
            raise
        end = None
        await self._wait_for_reply()
        try:
            await run_as_told(self.node, self, self._spec.options)
        except (EndOfStream, EndOfDemand) as error:
            end = error
        self._order("end")
        while not self.is_over:
            await self._wait_for_reply()
        if end is not None:
            raise end

    async def run(self) -> None:
        """Let the component run once; raises what leaves it."""
        self._order("run")
        end, self.has_tasks = await self._wait_for_reply()
        if end is not None:
            raise end

    async def _see_it_cancelled(self) -> None:
        """Cancel the component, and wait for its end, or until nothing is to be heard of it."""
        verb = "cancel"
        while not self.is_over:
            self._order(verb)
            verb, spoken = "ping", self._spoken
            alarm = self._at_work.alarm(self._carrier.patience, self._wake)
            try:
                await self._wait_for_reply()
            except asyncio.CancelledError:
                # Whoever insists wants it to hear of that.
                verb = "cancel"
                continue
            except BaseException as error:
                self._error = self._error or error
            finally:
                alarm.cancel()
            self._leave_if_silent(spoken)

    def _leave_if_silent(self, spoken: int) -> None:
        """Give the component up, if it has not heard what was said so long ago."""
        if not self.is_over and self._heard < spoken:
            self._leave()

    def _wake(self) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result((None, self.has_tasks))

    async def _wait_for_reply(self) -> Any:
        if self._error is not None and self.is_over:
            raise self._error
        self._reply = Reply(loop=self.node.net.loop)
        try:
            return await self._reply
        finally:
            self._reply = None

    def _leave(self) -> None:
        """Hear nothing more."""
        self.is_over = True
        self._is_idle = True
        self._carrier.leave()
        self._at_work.end()
        for doing in list(self._doing.values()):
            doing.cancel()

    # -- as a place --------------------------------------------------------------------------------

    @property
    def is_parked(self) -> bool:
        """Whether the component only waits, and has heard all that was said to it."""
        return self.is_over or (self._is_idle and self._heard == self._spoken)

    def where(self) -> str:
        """Say in words what goes on there."""
        return self._carrier.where()

    # -- words -------------------------------------------------------------------------------------

    def _order(self, verb: str) -> None:
        self._speak(Order(verb))

    def _speak(self, word: Answer | Order) -> None:
        self._spoken += 1
        self._at_work.begin()
        self._carrier.carry(word)

    def take(self, report: Report) -> None:
        """Act on what the component says."""
        if self.is_over:
            return
        self.node.credit = self.node.net.budget
        self._heard, self._is_idle = report.heard, report.is_parked
        for word in report.said:
            if isinstance(word, Ask):
                self._asked(word)
            elif isinstance(word, Took):
                self._untaken.pop(word.number, None)
            elif isinstance(word, Drop):
                self._drop(word.number)
            else:
                self._told(word)
        held_up, self._held_up = self._held_up, []
        for ask in held_up:
            self._asked(ask)
        if self.is_parked:
            self._at_work.end()
            self.node.net.blocked.look_again()

    def _told(self, word: Tell) -> None:
        node = self.node
        if word.verb == "busy":
            node.busy_with.append(word.given)
        elif word.verb == "free":
            node.busy_with.remove(word.given)
        elif word.verb == "notice":
            node.net.watching.notice(node.address, word.given)
        elif word.verb == "done":
            if self._reply is not None and not self._reply.done():
                self._reply.set_result(word.given)
        elif word.verb == "over":
            self._ended(word.given)

    def _ended(self, error: BaseException | None) -> None:
        """Act on the end of the component, good or bad."""
        self.is_over, self.has_tasks = True, False
        self._at_work.end()
        self._error = error
        if self._reply is not None and not self._reply.done():
            if error is None:
                self._reply.set_result(None)
            elif isinstance(error, StopIteration):
                self._reply.set_exception(RuntimeError(f"StopIteration left the component: {error}"))
            else:
                self._reply.set_exception(error)
        elif error is not None and self._task is not None:
            self._task.cancel()

    # -- operations --------------------------------------------------------------------------------

    def _asked(self, ask: Ask) -> None:
        """Do an operation, when the ports that it takes from are free for it."""
        untaken = {name for each, _ in self._untaken.values() for name in each.ports}
        if untaken and ask.verb not in SENDS and not untaken.isdisjoint(ask.ports):
            self._held_up.append(ask)
            return
        operation = self._doing[ask.number] = _Operation(self._operation(ask), lambda end: self._done(ask, end))
        operation.step()

    def _done(self, ask: Ask, end: BaseException) -> None:
        """Answer with what an operation has come to: its value is in a StopIteration."""
        del self._doing[ask.number]
        if self.is_over:
            return
        if not isinstance(end, StopIteration):
            self._speak(Answer(ask.number, error=end))
            return
        if ask.verb == "changes":
            self._untaken[ask.number] = (ask, end.value)
        elif ask.verb not in SENDS:
            self._untaken[ask.number] = (ask, self._brought(ask, end.value))
        self._speak(Answer(ask.number, end.value))

    def _operation(self, ask: Ask) -> Coroutine[Any, Any, Any]:
        """Return what does an operation."""
        node, given = self.node, ask.given
        ports = [node.ins.get(name) for name in ask.ports]
        if ask.verb == "receive":
            return node.ins[ask.ports[0]].receive()
        if ask.verb == "packet":
            return node.ins[ask.ports[0]].receive_packet()
        if ask.verb == "any":
            return self._any(ports)
        if ask.verb == "all":
            return take_all(node, ports)  # type: ignore[arg-type]
        if ask.verb == "changes":
            return self._next_change(ask.ports[0], given)
        if ask.verb == "failure":
            return node.send_failure(*given)
        out: Any = node.error if ask.ports[0] == "error" else node.outs[ask.ports[0]]
        return out.forward(given) if ask.verb == "forward" else out.send(*given)  # type: ignore[no-any-return]

    async def _any(self, ports: Any) -> tuple[str, Any]:
        hit = await take_any(self.node, ports)
        return hit.port.name, hit.value

    async def _next_change(self, name: str, number: int) -> Any:
        if number not in self._changes:
            self._changes[number] = self.node.configs[name].changes()
        try:
            return await anext(self._changes[number])
        except StopAsyncIteration:
            raise EndOfStream(f"{self.node.address}.{name}") from None

    def _drop(self, number: int) -> None:
        """Do an operation no more, or take back what it has come to."""
        if number in self._doing:
            self._doing[number].cancel()
            return
        self._held_up = [ask for ask in self._held_up if ask.number != number]
        ask, value = self._untaken.pop(number, (None, ()))
        if ask is None or self.node.cancelled:
            return
        if ask.verb == "changes":
            changes = self._changes[ask.given]
            if not changes.queue:
                changes.queue.append(value)
            return
        for taken in value:
            if taken.port.last is taken.value:
                taken.port.last = NOTHING
            taken.port.give_back(taken)

    def _brought(self, ask: Ask, value: Any) -> list[Taken]:
        """Return the packets that an operation has just taken."""
        names = (value[0],) if ask.verb == "any" else ask.ports
        return [self.node.ins[name].peek_hand() for name in names]


class _Operation:
    """An operation of ports on its way; it needs no task, for all that it waits for are futures and other turns."""

    __slots__ = ("_coroutine", "_end", "_is_over", "_loop")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], end: Callable[[BaseException], None]) -> None:
        self._coroutine = coroutine
        self._end = end
        self._is_over = False
        self._loop = asyncio.get_running_loop()

    def step(self, _future: object = None) -> None:
        """Go on, to the next wait or to the end."""
        if not self._is_over:
            self._go_on(self._coroutine.send, None)

    def cancel(self) -> None:
        """Cancel it where it waits."""
        if not self._is_over:
            self._go_on(self._coroutine.throw, asyncio.CancelledError())

    def _go_on(self, step: Callable[[Any], Any], given: Any) -> None:
        try:
            waits_for = step(given)
        except BaseException as end:
            self._is_over = True
            self._end(end)
            return
        if waits_for is None:
            self._loop.call_soon(self.step)
        else:
            # What a task does with the futures that it waits for.
            waits_for._asyncio_future_blocking = False
            waits_for.add_done_callback(self.step)
