"""What lies behind a wait: whether the tasks among which it is can end it, and where it is in a user's code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from fbcore.net import internals

Task = asyncio.Task[Any]
Future = asyncio.Future[Any]


def outside(task: Task, future: Future, tasks: Collection[Task], is_known: Callable[[Future], bool]) -> Future | None:
    """Return what ends the wait of a task for a future, and is none of these tasks; None where all of it is.

    `is_known` tells futures that are nothing outside either. What is not recognised is outside.
    """
    if is_known(future):
        return None
    behind = internals.tasks_behind(task, future, tasks)
    if behind is None:
        return future
    for each in behind:
        if isinstance(each, asyncio.Task):
            if each not in tasks and not each.done():
                return each
        elif (found := outside(task, each, tasks, is_known)) is not None:
            return found
    return None


def place_of(task: Task, tasks: Collection[Task]) -> str:
    """Say in words where a task waits: the call, and the line of the user's code.

    Where no user's code is in it, it is the line of a task that it waits for, or of one among these that waits for it.
    """
    place, is_users = internals.place_of_wait(task)
    if is_users:
        return place
    others = [each for each in _behind(task, tasks) if each is not task]
    others += [each for each in tasks if each is not task and task in _behind(each, tasks)]
    found = map(internals.place_of_wait, others)
    return next((other for other, is_users in found if is_users), place)


def _behind(task: Task, tasks: Collection[Task]) -> list[Task]:
    """Return the tasks whose end a task waits for."""
    future = internals.awaited_future(task)
    left, found = [future] if future is not None else [], list[Task]()
    while left:
        for each in internals.tasks_behind(task, left.pop(), tasks) or ():
            found.append(each) if isinstance(each, asyncio.Task) else left.append(each)
    return found
