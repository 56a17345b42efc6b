"""Random small asyncio programs, and an oracle that tries every order of their steps with nothing of the explorer.

A program is a list of operations for each of its processes; what they share are plain data and things of asyncio.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from fbcore.loop import SteppedLoop

Operation = tuple[Any, ...]
Program = list[list[Operation]]
MOST = 300


class World:
    """What the processes of a program share."""

    def __init__(self) -> None:
        self.values = {"x": 0, "y": 0}
        self.locks = [asyncio.Lock(), asyncio.Lock()]
        self.event = asyncio.Event()
        self.queue: asyncio.Queue[int] = asyncio.Queue(1)


def random_program(seed: int) -> Program:
    """Draw a program of two or three processes."""
    chance = random.Random(seed)
    return [operations(chance) for _ in range(chance.choice((2, 2, 3)))]


def operations(chance: random.Random, *, nested: bool = True) -> list[Operation]:
    """Draw what one process does."""
    found: list[Operation] = []
    for _ in range(chance.randint(1, 3)):
        name, number = chance.choice("xy"), chance.randrange(1, 3)
        match chance.randrange(10):
            case 0 | 1:
                found.append(("add slowly", name, number))
            case 2:
                found.append(("sleep", number))
            case 3 | 4:
                found.append(("locked", chance.randrange(2), name, number))
            case 5:
                found.append(("set",))
            case 6:
                found.append(("wait",))
            case 7:
                found.append((chance.choice(("put", "get")), number))
            case 8:
                found.append(("patient", number))
            case 9 if nested:
                found.append(
                    (chance.choice(("child", "child let go", "child cancelled")), operations(chance, nested=False))
                )
    return found


async def run(world: World, todo: list[Operation]) -> int:
    """Do what a process does; what it has seen is its result."""
    seen = 0
    for kind, *rest in todo:
        if kind == "add slowly":
            before = world.values[rest[0]]
            await asyncio.sleep(0)
            world.values[rest[0]] = before + rest[1]
        elif kind == "sleep":
            await asyncio.sleep(rest[0])
        elif kind == "locked":
            async with world.locks[rest[0]]:
                before = world.values[rest[1]]
                await asyncio.sleep(0)
                world.values[rest[1]] = before * 2 + rest[2]
        elif kind == "set":
            world.event.set()
        elif kind == "wait":
            await world.event.wait()
        elif kind == "put":
            await world.queue.put(rest[0])
        elif kind == "get":
            seen = seen * 3 + await world.queue.get()
        elif kind == "patient":
            try:
                async with asyncio.timeout(rest[0]):
                    await world.event.wait()
            except TimeoutError:
                seen = seen * 3 + 7
        else:
            seen = seen * 3 + await with_child(world, kind, rest[0])
    return seen


async def with_child(world: World, kind: str, todo: list[Operation]) -> int:
    """Start a task; wait for it, let it go, or cancel it."""
    child = asyncio.create_task(run(world, todo))
    if kind == "child":
        return await child
    await asyncio.sleep(0)
    if kind == "child cancelled":
        child.cancel()
        return int(child.done())
    return 0


def processes(world: World, program: Program) -> dict[str, Coroutine[Any, Any, int]]:
    """Make the coroutines of a program."""
    return {f"p{number}": run(world, todo) for number, todo in enumerate(program)}


def end_of(results: dict[str, Any], world: World) -> Any:
    """Say how a program ended: what each process returned, and the data."""
    return tuple(sorted(results.items())), tuple(world.values.values())


def ends_by_brute_force(program: Program) -> set[Any] | None:
    """Try every order of steps, each in an execution of its own; None when there are too many."""
    ends: set[Any] = set()
    todo: list[list[str]] = [[]]
    tries = 0
    while todo:
        path = todo.pop()
        tries += 1
        if tries > MOST:
            return None
        loop = SteppedLoop()
        tasks, world = begin(loop, program)
        for name in path:
            loop.step(name)
        while True:
            choices = [*loop.ready, *loop.due]
            if not choices:
                break
            todo += [[*path, other] for other in choices[1:]]
            path = [*path, choices[0]]
            loop.step(choices[0])
            if len(path) > 60:
                return None
        ends.add(end_of({name: task.result() if task.done() else "waits" for name, task in tasks.items()}, world))
        give_up(loop)
    return ends


def begin(loop: SteppedLoop, program: Program) -> tuple[dict[str, asyncio.Task[int]], World]:
    """Begin a program on a loop."""
    world = World()
    return {name: loop.create_task(made, name=name) for name, made in processes(world, program).items()}, world


def give_up(loop: SteppedLoop) -> None:
    """Close a loop, whatever its tasks still do."""
    quiet: Callable[[asyncio.Task[Any]], Any] = lambda task: setattr(task, "_log_destroy_pending", False)  # noqa: E731
    for task in asyncio.all_tasks(loop):
        quiet(task)
        coroutine: Any = task.get_coro()
        coroutine.close()
    loop.close()
