"""Programs that a seed makes: actors that use all of asyncio's primitives, or anyio's, and log what happens to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel

from tests.loop.oracle import Log, Program

Plan = list[tuple[str, Any]]
"""What an actor does, one after the other: the name of an operation, and its numbers or the plans inside it."""

SIMPLE = ("turn", "sleep", "soon", "later", "variable", "fail", "cancel")
NESTED = ("group", "deadline", "guarded", "generator")
OF_ASYNCIO = ("lock", "event", "put", "get", "semaphore", "condition", "wait", "gather", "shield", "as_completed")
OF_ANYIO = ("lock", "event", "send", "receive", "semaphore", "condition", "limiter", "scope", "shielded", "start")
HOLDING = {*NESTED, "gather", "wait", "shield", "as_completed", "scope", "shielded", "start"}

PATIENCE = 40
"""Seconds after which a program ends, whoever waits then."""

variable: ContextVar[int] = ContextVar("variable", default=0)


def plan(rng: random.Random, own: tuple[str, ...], depth: int = 3) -> Plan:
    """Make a plan."""
    return [operation(rng, own, depth) for _ in range(rng.randint(1, 4))]


def operation(rng: random.Random, own: tuple[str, ...], depth: int) -> tuple[str, Any]:
    """Make an operation: nested ones hold one to three plans."""
    kind = rng.choice(SIMPLE + own * 2 + NESTED * 2)
    if kind in ("fail", "cancel") and rng.random() < 0.5:
        kind = "turn"
    if kind not in HOLDING:
        return kind, rng.randint(0, 24)
    if not depth:
        return "sleep", rng.randint(0, 24)
    return kind, (rng.randint(0, 24), [plan(rng, own, depth - 1) for _ in range(rng.randint(1, 3))])


def program(seed: int, actor: type[Actor]) -> Program:
    """Make the program of a seed: a few actors that share everything, who are cancelled in the end."""
    rng = random.Random(seed)
    plans = [plan(rng, actor.own) for _ in range(rng.randint(2, 5))]

    async def run(log: Log) -> object:
        shared = actor(log)
        tasks = [asyncio.ensure_future(shared.play(each, str(number))) for number, each in enumerate(plans)]
        shared.tasks = tasks
        await asyncio.wait(tasks, timeout=PATIENCE)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        shared.close()
        return [type(each).__name__ for each in ends]

    return run


class Actor:
    """What all actors of a program share, and how they do what their plans say."""

    own: tuple[str, ...] = ()

    def __init__(self, log: Log) -> None:
        self.log = log
        self.tasks: list[asyncio.Future[None]] = []

    def note(self, who: str, *what: object) -> None:
        self.log.append((who, asyncio.get_running_loop().time(), variable.get(), *what))

    def close(self) -> None:
        """Close what must be closed."""

    async def play(self, plan: Plan, who: str) -> None:
        for number, (kind, numbers) in enumerate(plan):
            name = f"{who}.{number}"
            self.note(name, kind)
            try:
                await getattr(self, f"do_{kind}")(numbers, name)
            except BaseException as error:
                self.note(name, kind, type(error).__name__)
                raise
            self.note(name, kind, "done")

    def inside(self, numbers: tuple[int, list[Plan]], who: str) -> list[Awaitable[None]]:
        return [self.play(each, f"{who}/{number}") for number, each in enumerate(numbers[1])]

    async def do_turn(self, number: int, who: str) -> None:
        for _ in range(number % 4):
            await asyncio.sleep(0)

    async def do_sleep(self, number: int, who: str) -> None:
        await asyncio.sleep(number / 8)

    async def do_soon(self, number: int, who: str) -> None:
        asyncio.get_running_loop().call_soon(self.note, who, "soon")

    async def do_later(self, number: int, who: str) -> None:
        handle = asyncio.get_running_loop().call_later(number / 8, self.note, who, "later")
        if number % 5 == 0:
            await asyncio.sleep(number / 16)
            handle.cancel()

    async def do_variable(self, number: int, who: str) -> None:
        variable.set(number)

    async def do_fail(self, number: int, who: str) -> None:
        raise ValueError(number)

    async def do_cancel(self, number: int, who: str) -> None:
        self.tasks[number % len(self.tasks)].cancel()

    async def do_generator(self, numbers: Any, who: str) -> None:
        async def generate() -> Any:
            try:
                for number, each in enumerate(self.inside(numbers, who)):
                    await each
                    yield number
            finally:
                self.note(who, "generator ends")
                await asyncio.sleep(0.125)

        generator = generate()
        try:
            async for number in generator:
                self.note(who, "got", number)
                if numbers[0] % 3 == 0:
                    break
        finally:
            await generator.aclose()


class OfAsyncio(Actor):
    """Uses what asyncio has."""

    own = OF_ASYNCIO

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.locks = [asyncio.Lock(), asyncio.Lock()]
        self.events = [asyncio.Event(), asyncio.Event()]
        self.semaphore = asyncio.Semaphore(2)
        self.condition = asyncio.Condition()
        self.count = 0
        self.queues: list[asyncio.Queue[int]] = [asyncio.Queue(1), asyncio.LifoQueue(2), asyncio.PriorityQueue()]

    async def do_lock(self, number: int, who: str) -> None:
        async with self.locks[number % 2]:
            self.note(who, "holds")
            await asyncio.sleep(number % 3 / 4)

    async def do_event(self, number: int, who: str) -> None:
        event = self.events[number % 2]
        if number % 3 == 0:
            event.clear()
        elif number % 3 == 1:
            event.set()
        else:
            await event.wait()

    async def do_put(self, number: int, who: str) -> None:
        await self.queues[number % 3].put(number)

    async def do_get(self, number: int, who: str) -> None:
        self.note(who, await self.queues[number % 3].get())

    async def do_semaphore(self, number: int, who: str) -> None:
        async with self.semaphore:
            await asyncio.sleep(number % 4 / 8)

    async def do_condition(self, number: int, who: str) -> None:
        async with self.condition:
            self.count += 1
            if number % 2:
                self.condition.notify(number % 3)
            else:
                await self.condition.wait_for(lambda: self.count > number % 4)

    async def do_group(self, numbers: Any, who: str) -> None:
        async with asyncio.TaskGroup() as group:
            for each in self.inside(numbers, who):
                group.create_task(each)
            await self.do_turn(numbers[0], who)

    async def do_deadline(self, numbers: Any, who: str) -> None:
        async with asyncio.timeout(numbers[0] / 8) as deadline:
            for each in self.inside(numbers, who):
                await each
                deadline.reschedule(deadline.when() + 0.25)

    async def do_guarded(self, numbers: Any, who: str) -> None:
        try:
            for each in self.inside(numbers, who):
                await asyncio.wait_for(each, numbers[0] / 8)
        except (TimeoutError, ValueError, ExceptionGroup) as error:
            self.note(who, "caught", type(error).__name__)

    async def do_gather(self, numbers: Any, who: str) -> None:
        found = await asyncio.gather(*self.inside(numbers, who), return_exceptions=numbers[0] % 2 == 0)
        self.note(who, [type(each).__name__ for each in found])

    async def do_wait(self, numbers: Any, who: str) -> None:
        tasks = [asyncio.ensure_future(each) for each in self.inside(numbers, who)]
        when = (asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION, asyncio.ALL_COMPLETED)[numbers[0] % 3]
        try:
            done, _ = await asyncio.wait(tasks, timeout=numbers[0] / 8, return_when=when)
            self.note(who, "of them done", len(done))
        finally:
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def do_shield(self, numbers: Any, who: str) -> None:
        task = asyncio.ensure_future(asyncio.wait_for(asyncio.gather(*self.inside(numbers, who)), 3))
        task.add_done_callback(lambda done: self.note(who, "shielded ends", done.cancelled() or repr(done.exception())))
        await asyncio.shield(task)

    async def do_as_completed(self, numbers: Any, who: str) -> None:
        try:
            for each in asyncio.as_completed([asyncio.ensure_future(each) for each in self.inside(numbers, who)]):
                await each
                self.note(who, "one more")
        except ValueError:
            self.note(who, "one has failed")


class OfAnyio(Actor):
    """Uses what anyio has."""

    own = OF_ANYIO

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.locks = [anyio.Lock(), anyio.Lock(fast_acquire=True)]
        self.events = [anyio.Event(), anyio.Event()]
        self.semaphore = anyio.Semaphore(2)
        self.limiter = anyio.CapacityLimiter(1)
        self.condition = anyio.Condition()
        self.streams = [anyio.create_memory_object_stream[int](size) for size in (0, 1, 3)]

    def close(self) -> None:
        for sender, receiver in self.streams:
            sender.close()
            receiver.close()

    async def do_turn(self, number: int, who: str) -> None:
        for _ in range(number % 4):
            await anyio.lowlevel.checkpoint()

    async def do_sleep(self, number: int, who: str) -> None:
        await anyio.sleep(number / 8)

    async def do_lock(self, number: int, who: str) -> None:
        async with self.locks[number % 2]:
            self.note(who, "holds")
            await anyio.sleep(number % 3 / 4)

    async def do_event(self, number: int, who: str) -> None:
        event = self.events[number % 2]
        if number % 3:
            event.set()
        else:
            await event.wait()

    async def do_send(self, number: int, who: str) -> None:
        with self.streams[number % 3][0].clone() as stream:
            await stream.send(number)

    async def do_receive(self, number: int, who: str) -> None:
        with self.streams[number % 3][1].clone() as stream:
            self.note(who, await stream.receive())

    async def do_semaphore(self, number: int, who: str) -> None:
        async with self.semaphore:
            await anyio.sleep(number % 4 / 8)

    async def do_limiter(self, number: int, who: str) -> None:
        async with self.limiter:
            await anyio.sleep(number % 4 / 8)

    async def do_condition(self, number: int, who: str) -> None:
        async with self.condition:
            if number % 2:
                self.condition.notify(number % 3)
            else:
                await self.condition.wait()

    async def do_group(self, numbers: Any, who: str) -> None:
        async with anyio.create_task_group() as group:
            for number, each in enumerate(numbers[1]):
                group.start_soon(self.play, each, f"{who}/{number}")
            await self.do_turn(numbers[0], who)
            if numbers[0] % 3 == 0:
                group.cancel_scope.cancel()

    async def do_deadline(self, numbers: Any, who: str) -> None:
        with anyio.fail_after(numbers[0] / 8) as scope:
            for each in self.inside(numbers, who):
                await each
                scope.deadline += 0.25

    async def do_guarded(self, numbers: Any, who: str) -> None:
        try:
            for each in self.inside(numbers, who):
                with anyio.move_on_after(numbers[0] / 8):
                    await each
        except (TimeoutError, ValueError, ExceptionGroup) as error:
            self.note(who, "caught", type(error).__name__)

    async def do_scope(self, numbers: Any, who: str) -> None:
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_later(numbers[0] / 8, scope.cancel)
            for each in self.inside(numbers, who):
                await each
        self.note(who, "was cancelled", scope.cancelled_caught)

    async def do_shielded(self, numbers: Any, who: str) -> None:
        with anyio.move_on_after(2, shield=True):
            for each in self.inside(numbers, who):
                await each

    async def do_start(self, numbers: Any, who: str) -> None:
        async def serve(*, task_status: anyio.abc.TaskStatus[str]) -> None:
            await anyio.sleep(numbers[0] / 16)
            task_status.started("ready")
            for each in self.inside(numbers, who):
                await each

        async with anyio.create_task_group() as group:
            self.note(who, await group.start(serve))
            await anyio.sleep(numbers[0] / 8)
            group.cancel_scope.cancel()


MAKERS: dict[str, Callable[[int], Program]] = {
    "asyncio": lambda seed: program(seed, OfAsyncio),
    "anyio": lambda seed: program(seed, OfAnyio),
}
