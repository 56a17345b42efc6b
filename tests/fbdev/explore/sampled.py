"""Programs for samples on several cores, in a module that other processes can import."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any

from fbdev.explore import Scene, Shared

Steps = Iterator[Any]


def in_order(processes: int = 3, steps: int = 3) -> Scene:
    """Make processes that note who made each step: every schedule ends otherwise."""
    order: list[str] = []

    def run(name: str) -> Steps:
        for _ in range(steps):
            yield "ready"
            order.append(name)
        return "".join(order)

    return Scene({name: run(name) for name in "abcdef"[:processes]}, order)


def rare() -> Scene:
    """Make processes that fail after three preemptions, each between one certain pair of steps."""
    stage = Shared(0, "stage")

    def run(mine: int) -> Steps:
        for number in range(7):
            yield number
            if number == 4 and stage.value == mine:
                stage.value = mine + 1
            elif number == 5 and mine == 0 and stage.value == 3:
                raise ValueError("three preemptions")
            elif number == 5 and stage.value == mine + 1:
                stage.value = 0

    return Scene([run(0), run(1), run(2)], stage)


def is_worker() -> bool:
    """Tell whether this is another process than that of the test."""
    return multiprocessing.parent_process() is not None


def deadly() -> Scene:
    """Make processes, and in a worker end it, as when there is no memory left."""
    if is_worker():
        os.kill(os.getpid(), signal.SIGKILL)
    return in_order()


def failing() -> Scene:
    """Make processes, and in a worker raise."""
    if is_worker():
        raise LookupError("no such thing here")
    return in_order()


def endless() -> Scene:
    """Make processes, of which one in a worker never makes its step."""

    def hang() -> Steps:
        yield "ready"
        while is_worker():
            pass

    return Scene([hang(), hang()])
