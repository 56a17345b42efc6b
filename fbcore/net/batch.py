"""Many firings of a plain function in one go, which shows in the time that they take and nowhere else.

Nothing else runs meanwhile, so that nobody can tell a batch from firings one after the other. Capacity and order
hold, and so does the account of every packet when a firing fails in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from operator import is_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.net.edge import Edge
    from fbcore.net.in_port import InPort
    from fbcore.net.out_port import OutPort


def fire_batch(function: Callable[[Any], Any], port: InPort, out: OutPort | None) -> BaseException | None:
    """Fire for everything that lies on an input, as far as the output has room.

    Returns the error of the firing that failed, whose packet then is `port.last`. Does nothing where packets have
    to be looked at one by one.
    """
    queue = port.queue
    size = len(queue)
    target = None
    if out is not None:
        if len(out.edges) != 1 or out.ended or out.node.cancelled:
            return None
        target = out.edges[0]
        if not target.is_fast:
            return None
        size = min(size, target.limit - len(target.queue))
    if size <= 0:
        return None
    first = port.received
    values = [queue.popleft() for _ in range(size)] if size < len(queue) else list(queue)
    if size == len(queue):
        queue.clear()
    results: list[Any] = []
    done = results.append
    failed = None
    try:
        # No `extend(map(...))`, which is no quicker and takes a StopIteration out of the function for the end.
        for value in values:
            done(function(value))
    except BaseException as error:
        failed = error
        fired = len(results) + 1
        queue.extendleft(reversed(values[fired:]))
    else:
        fired = size
    port.received = first + fired
    port.last = values[fired - 1]
    if out is not None and target is not None:
        _put(out, target, results, first)
    edge = port.edges[0]
    if edge.senders and edge.has_half_free:
        edge.wake_senders()
    port.relow()
    port.node.credit -= fired
    return failed


def _put(out: OutPort, edge: Edge, results: list[Any], first: int) -> None:
    """Put results onto an edge that has room for all of them, but for those that are None.

    They are told by what they are, not by comparing: arrays and data frames compare element by element.
    """
    if True in map(is_, results, repeat(None)):
        if out.births is not None:
            base = out.births.offset + first + 1
            out.births.parents.extend(base + n for n, result in enumerate(results) if result is not None)
        results = [result for result in results if result is not None]
    elif out.births is not None:
        base = out.births.offset + first + 1
        out.births.parents.extend(range(base, base + len(results)))
    if results:
        edge.queue.extend(results)
        if edge.target.waiters:
            edge.target.arrived()
        out.regate()
