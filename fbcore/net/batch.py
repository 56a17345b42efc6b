"""Many firings of a plain function in one go, which shows in the time that they take and nowhere else.

Nothing else runs meanwhile, so that nobody can tell a batch from firings one after the other. Capacity and order
hold, and so does the account of every packet when a firing fails in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.net.in_port import InPort
    from fbcore.net.out_port import OutPort


def fire_batch(function: Callable[[Any], Any], port: InPort, out: OutPort | None) -> BaseException | None:
    """Fire for everything that lies on an input, as far as the output has room.

    Returns the error of the firing that failed, whose packet then is `port.last`. Does nothing where packets have
    to be looked at one by one. Gates stay as they are: a batch goes by the queues, and whoever waits has shut them.
    """
    queue = port.queue
    size = len(queue)
    if not port.edges[0].is_fast:
        # It has left the fast path while the node waited: somebody wants to hear of every packet.
        return None
    if out is not None:
        if len(out.edges) != 1 or out.ended or out.node.cancelled or not out.edges[0].is_fast:
            return None
        size = min(size, out.edges[0].limit - len(out.edges[0].queue))
    if size <= 0:
        return None
    entry = port.edges[0]
    if entry.senders:
        # The packet that frees half the edge wakes its senders before it is fired for, so it begins a batch.
        before = len(queue) - entry.limit // 2 - 1
        if before > 0:
            size = min(size, before)
        else:
            entry.wake_senders()
    if size == len(queue):
        values = iter(list(queue))
        queue.clear()
    else:
        values = iter([queue.popleft() for _ in range(size)])
    failed = None
    port.batch = values, size
    try:
        _fire(function, values, port, out)
    except BaseException as error:
        failed = error
        left = list(values)
        queue.extendleft(reversed(left))
        size -= len(left)
    port.batch = None
    port.received += size
    if out is not None:
        edge = out.edges[0]
        if edge.target.waiters and edge.queue:
            edge.target.arrived()
    port.node.credit -= size
    return failed


def _fire(function: Callable[[Any], Any], values: Iterator[Any], port: InPort, out: OutPort | None) -> None:
    """Fire for each value, and put what is returned; what went before stays put when one raises.

    None is told by what it is, not by comparing: arrays and data frames compare element by element.
    """
    if out is None:
        for port.last in values:
            function(port.last)
        return
    put = out.edges[0].queue.append
    births = out.births
    if births is None:
        for port.last in values:
            result = function(port.last)
            if result is not None:
                put(result)
        return
    number = births.offset + port.received
    for port.last in values:
        number += 1
        result = function(port.last)
        if result is not None:
            births.parents.append(number)
            put(result)
