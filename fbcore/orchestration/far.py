"""A class component that works elsewhere than on the loop of its net: the side where it works.

It runs on a loop of its own, among ports that ask the node for every operation. What is asked in a pass of that loop
is carried to the node at its end, together with word of whether anything goes on here besides waiting for answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from fbcore.errors import EndOfDemand, EndOfStream, NodeError
from fbcore.model.array import Key
from fbcore.model.component import NetHandle
from fbcore.model.graph import NodeSpec
from fbcore.model.log import Log
from fbcore.model.port import Hit
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net import internals
from fbcore.net.behind import outside, place_of
from fbcore.net.tasks import NodeTasks
from fbcore.net.work import make_instance
from fbcore.orchestration.far_ports import (
    FarConfig,
    FarIn,
    FarInElements,
    FarOut,
    FarOutElements,
    own_inputs,
    select,
    zipped,
)
from fbcore.orchestration.words import SENDS, Answer, Ask, Drop, Order, Report, Tell, Took


class Surroundings(Protocol):
    """What a component that works elsewhere knows of its node without asking."""

    address: str
    net_handle: NetHandle
    log: Log
    memories: Mapping[str, Any]

    def config(self, name: str) -> Any:
        """Return the value of a config, as it is now."""

    def is_connected(self, port: str) -> bool:
        """Say whether a port is connected."""

    def element(self, spec: PortSpec, key: Key) -> str:
        """Return the name of an element of an array port, which is made where there is none."""

    def elements(self, spec: PortSpec) -> Sequence[Key]:
        """Return the keys of the elements of an array port that are connected."""


class Far:
    """A component at work, and what it takes for its node; `carry` brings a report there, or says that nobody hears."""

    def __init__(self, spec: NodeSpec, around: Surroundings, carry: Callable[[Report], bool]) -> None:
        self.address = around.address
        self.net_handle = around.net_handle
        self.log = around.log
        self.tasks = NodeTasks()
        self.is_closed = False
        self.config = around.config
        self.is_connected = around.is_connected
        self.element = around.element
        self.elements = around.elements
        self._spec = spec
        self._memories = around.memories
        self._carry = carry
        self._said: list[Any] = []
        self._heard = 0
        self._told = (-1, False)
        self._number = 0
        self._ports: dict[str, Any] = {}
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._orders: list[str] = []
        self._order: asyncio.Future[None] | None = None
        self._owed: set[asyncio.Task[Any]] = set()
        self._alive: set[asyncio.Task[Any]] = set()
        self._busy = 0
        self._task: asyncio.Task[Any] | None = None

    # -- its life ----------------------------------------------------------------------------------

    def task_factory(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Make the tasks of the loop; to look for them among those of all loops would take long."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
        self._alive.add(task)
        task.add_done_callback(self._alive.discard)
        return task

    async def live(self) -> BaseException | None:
        """Make the component and run it as often as is ordered, and return what has left it, None for a good end."""
        self._task = asyncio.current_task()
        try:
            async with self.tasks:
                instance = make_instance(self._spec, self, self._port_of, self._memories, self.port_out("error"))
                self.tell("done")
                while await self._next_order() == "run":
                    end = None
                    try:
                        await instance.run()
                    except (EndOfStream, EndOfDemand) as error:
                        end = error
                    self.tell("done", (end, self.tasks.are_busy))
        except BaseExceptionGroup as group:
            return group.exceptions[0] if len(group.exceptions) == 1 else group
        except BaseException as error:
            return error
        return None

    async def _next_order(self) -> str:
        while not self._orders:
            self._order = asyncio.get_running_loop().create_future()
            try:
                await self._order
            finally:
                self._order = None
        return self._orders.pop(0)

    def close(self) -> None:
        """Ask nothing any more, for nobody hears; every task is cancelled that asks."""
        self.is_closed = True
        for future in self._asked.values():
            future.cancel()
        if self._task is not None:
            self._task.cancel()

    def strays(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that are left."""
        return [task for task in self._alive if task is not asyncio.current_task()]

    # -- hearing -----------------------------------------------------------------------------------

    def hear(self, word: Answer | Order) -> None:
        """Act on what the node says."""
        if isinstance(word, Answer):
            future = self._asked.get(word.number)
            if future is not None and not future.done():
                # It counts as heard when whoever has asked has taken it.
                future.set_result(word)
                return
        elif word.verb == "cancel" and self._task is not None:
            self._task.cancel()
        elif word.verb in ("run", "end"):
            self._orders.append(word.verb)
            if self._order is not None and not self._order.done():
                self._order.set_result(None)
        self._heard += 1

    # -- asking ------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """Return a number that nothing else here has."""
        self._number += 1
        return self._number

    async def ask(self, verb: str, *ports: str, given: Any = None) -> Any:
        """Ask the node for an operation of its ports, and wait for what it comes to."""
        task: Any = asyncio.current_task()
        if self.is_closed or self._owes_cancellation(task):
            raise asyncio.CancelledError
        number = self.next_number()
        self._said.append(Ask(number, verb, ports, given))
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            answer = await future
        except asyncio.CancelledError:
            answer = await self._give_up(number, verb, future, task)
        finally:
            del self._asked[number]
        self._heard += 1
        self._said.append(Took(number))
        if answer.error is not None:
            raise answer.error
        return answer.value

    async def _give_up(self, number: int, verb: str, future: asyncio.Future[Answer], task: asyncio.Task[Any]) -> Answer:
        """Take an ask back, whose task was cancelled; return its answer where it is done and cannot be undone."""
        was_answered = future.done() and not future.cancelled()
        if self.is_closed:
            raise asyncio.CancelledError
        if verb not in SENDS:
            self._said.append(Drop(number))
            self._heard += was_answered
            raise asyncio.CancelledError
        if not was_answered:
            self._said.append(Drop(number))
            future = self._asked[number] = asyncio.get_running_loop().create_future()
            await _uncancelled(future)
        answer = future.result()
        if answer.error is None:
            # It was sent, so that it must not look as if it was not; the task is cancelled when it next asks.
            self._owed.add(task)
            task.add_done_callback(self._owed.discard)
        return answer

    def _owes_cancellation(self, task: asyncio.Task[Any]) -> bool:
        if task not in self._owed:
            return False
        self._owed.discard(task)
        # A time-out that is over has taken its cancellation back.
        return task.cancelling() > 0

    # -- saying ------------------------------------------------------------------------------------

    def tell(self, verb: str, given: Any = None) -> None:
        """Say something that needs no answer."""
        self._said.append(Tell(verb, given))

    def end_pass(self, timeout: float | None) -> None:
        """Carry what was said in a pass of the loop, which will now wait for so long; None is for ever."""
        is_parked = timeout is None and self._is_parked()
        if not self._said and (timeout == 0 or self._told == (self._heard, is_parked)):
            return
        self._told = (self._heard, is_parked)
        said, self._said = self._said, []
        if not self._carry(Report(said, self._heard, is_parked)) and not self.is_closed:
            self.close()

    def _is_parked(self) -> bool:
        """Say whether every task waits for an answer, an order, or another task."""
        if self._busy or asyncio.get_running_loop().get_task_factory() != self.task_factory:
            # Who makes tasks otherwise may have some that are not known here.
            return False
        waiting = self._waiting()
        return len(self._alive) == len(waiting) or all(self._is_internal(task, waiting) for task in self._alive)

    def _waiting(self) -> set[Any]:
        """Return what tasks wait for that the node answers."""
        return {*self._asked.values(), *([self._order] if self._order is not None else [])}

    def _is_internal(self, task: asyncio.Task[Any], waiting: set[Any]) -> bool:
        future = internals.awaited_future(task)
        return future is not None and outside(task, future, self._alive, waiting.__contains__) is None

    def where(self) -> str:
        """Say what its tasks wait for besides answers, for who looks from outside; "" when there is nothing."""
        tasks, waiting = list(self._alive), self._waiting()
        waits = (task for task in tasks if internals.awaited_future(task) and not self._is_internal(task, waiting))
        return next((place_of(task, tasks) for task in waits), "")

    # -- what it is to its component ---------------------------------------------------------------

    def _port_of(self, spec: PortSpec) -> Any:
        if spec.is_array:
            return FarInElements(self, spec) if spec.kind is PortKind.INPUT else FarOutElements(self, spec)
        if spec.kind is PortKind.CONFIG:
            return self.port(spec.name, lambda: FarConfig(self, spec.name))
        if spec.kind in (PortKind.INPUT, PortKind.SIGNAL):
            return self.port(spec.name, lambda: FarIn(self, spec.name))
        return self.port_out(spec.name)

    def port(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the port of a name, which is made when it is first asked for."""
        if name not in self._ports:
            self._ports[name] = make()
        return self._ports[name]

    def port_out(self, name: str) -> Any:
        """Return an output."""
        return self.port(name, lambda: FarOut(self, name))

    def select(self, ports: Sequence[Any]) -> AsyncIterator[Hit]:
        """Look at several inputs, whichever comes first."""
        return select(self, own_inputs(self, ports, "select"))

    def zip(self, ports: Sequence[Any]) -> AsyncIterator[tuple[Any, ...]]:
        """Take one packet from each of several inputs, all or none."""
        return zipped(self, own_inputs(self, ports, "zip"))

    def busy(self, what: str) -> AbstractAsyncContextManager[None]:
        """Count work that the loop cannot see as outstanding while it goes on."""
        return self._while_busy(what)

    @asynccontextmanager
    async def _while_busy(self, what: str) -> AsyncIterator[None]:
        self._busy += 1
        self.tell("busy", what)
        try:
            yield
        finally:
            self._busy -= 1
            self.tell("free", what)

    async def send_failure(self, failure: NodeError, held: dict[str, Any]) -> None:
        """Send what the node held to its port `error`, and the message `failed`."""
        await self.ask("failure", given=(failure, held))


async def _uncancelled(future: asyncio.Future[Any]) -> None:
    """Wait for what is sure to come soon, whoever cancels meanwhile."""
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError:
            if future.cancelled():
                raise
