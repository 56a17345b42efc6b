"""What a net that does not move still waits for: timers, declared work, and waits that nobody here can end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import TYPE_CHECKING, Any

from fbcore.net import internals
from fbcore.net.behind import outside, place_of
from fbcore.net.current import current_node
from fbcore.net.elsewhere import Reply
from fbcore.net.node import Node

if TYPE_CHECKING:
    from fbcore.net.net import Net


class Outstanding:
    """A reason why a net is not blocked though it does not move: a node, and what it waits for."""

    __slots__ = ("address", "is_known", "what")

    def __init__(self, address: str, what: str, *, is_known: bool) -> None:
        self.address = address
        self.what = what
        self.is_known = is_known

    def __str__(self) -> str:
        return f"{self.address}: {self.what}"


def waiters_for_threads(net: Net) -> Iterator[Node]:
    """Yield the nodes that wait for a thread of anyio, which does not come by way of the loop."""
    for task, node in tasks_of(net).items():
        waiting = getattr(internals.innermost(task), "__qualname__", "")
        if not node.ended and waiting.endswith("run_sync_in_worker_thread"):
            yield node


def node_of(context: Context | None, net: Net) -> Node | None:
    """Return the node of a net that code in this context belongs to."""
    node = context.get(current_node) if context is not None else None
    return node if node is not None and node.net is net else None


def tasks_of(net: Net) -> dict[asyncio.Task[Any], Node]:
    """Return the tasks that run for nodes of a net, known by the context they run in."""
    found = {task: node_of(internals.context_of(task), net) for task in asyncio.all_tasks(net.loop)}
    return {task: node for task, node in found.items() if node is not None}


def find_outstanding(net: Net) -> Iterator[tuple[Outstanding, Any]]:
    """Yield what is outstanding, in order of declaration of the nodes, each with what will end it.

    That is a future, a timer, or None where the node itself will say so.
    """
    tasks: dict[Node, list[asyncio.Task[Any]]] = {node: [] for node in net.alive()}
    for task, node in tasks_of(net).items():
        if node in tasks:
            tasks[node].append(task)
    timers = _timers(net)
    for node, own in tasks.items():
        yield from _of_node(node, own, timers.get(node, []))


def _of_node(
    node: Node, tasks: list[asyncio.Task[Any]], timers: list[asyncio.TimerHandle]
) -> Iterator[tuple[Outstanding, Any]]:
    for what in node.busy_with:
        yield Outstanding(node.address, f"busy: {what}", is_known=True), None
    for elsewhere in node.tasks.elsewhere:
        if not elsewhere.is_parked:
            yield Outstanding(node.address, elsewhere.where(), is_known=False), None
    for edge in (edge for wait in node.waits for edge in wait.edges):
        if edge.timer is not None:
            full = f"{edge.address} ({edge.fill_in_words()})"
            what = f"room on {full}, where a packet is too old in {_due(edge.timer, node)}"
            yield Outstanding(node.address, what, is_known=True), edge.timer
    unseen, is_known = list(timers), _is_known(node)
    for task in tasks:
        future = internals.awaited_future(task)
        if future is None or outside(task, future, tasks, is_known) is None:
            continue
        if node.busy_with and internals.is_in_machinery(task):
            # The node has said what it waits for, and these lines say nothing to anybody.
            continue
        sleep = next((timer for timer in unseen if internals.will_set(timer, future)), None)
        place = place_of(task, tasks)
        if sleep is not None:
            unseen.remove(sleep)
            yield Outstanding(node.address, f"a timer, due in {_due(sleep, node)}: {place}", is_known=True), sleep
        else:
            yield Outstanding(node.address, f"waits in {place}", is_known=False), future
    for timer in unseen:
        yield Outstanding(node.address, f"a timer, due in {_due(timer, node)}", is_known=True), timer


def _due(timer: asyncio.TimerHandle, node: Node) -> str:
    return f"{max(0.0, timer.when() - node.net.loop.time()):.3g} s"


def _timers(net: Net) -> dict[Node, list[asyncio.TimerHandle]]:
    found: dict[Node, list[asyncio.TimerHandle]] = {}
    for timer in internals.armed_timers(net.loop):
        node = node_of(internals.context_of(timer), net)
        if node is not None:
            found.setdefault(node, []).append(timer)
    return found


def _is_known(node: Node) -> Callable[[asyncio.Future[Any]], bool]:
    """Return what tells the futures by which tasks of a node wait for ports, for each other, or for another place."""
    own = {wait.future for wait in node.waits} | (node.crew.waits if node.crew is not None else set())
    return lambda future: future in own or isinstance(future, Reply)
