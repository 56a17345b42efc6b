"""The ten standard problems as nets, under the names that they have as generators, each with its bug and mended.

Nodes share nothing: what generators share as an object is here the memory of a node that the others ask by packets. So
it is packets that race, and what was read may be old by the time its answer comes. A net can express all ten; two look
other than among generators (the nodes are in `nodes_of_problems`):

* A lock is a node, and has it whose packet it takes: see `Lock`. A circle of locks is a deadlock of full edges.
* Who waits for what never comes ends when the net is quiet, and its inputs are closed. So a missed wake-up is no
  deadlock of a net, but an end in which the work was not done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.nodes_of_problems import (
    Adds,
    Board,
    Buys,
    Count,
    Flag,
    Gets,
    Keeper,
    Leads,
    Lock,
    Makes,
    Says,
    Service,
    Shop,
    Site,
    Spins,
    TakesBoth,
    Thing,
    Tries,
    Waits,
)
from benchmarks.standard_problems import NAMES, Problem
from fbcore import Graph
from fbdev.explore import NetScene


def asking(kind: Any, asked: Any, is_mended: bool, **configs: Any) -> Graph:
    """Make a graph of two of a kind, `a` and `b`, who ask the node `asked`."""
    graph = Graph(asked.__name__.lower())
    node = graph.add(asked, "asked", **configs)
    for name, question, answer in (("a", node.one, node.to_one), ("b", node.other, node.to_other)):
        asks = graph.add(kind, name, mended=is_mended)
        asks.ask >> question
        answer >> asks.answer
    node.total >> graph.outputs.total
    return graph


def lost_update(is_mended: bool) -> Graph:
    """Two nodes add one to a number that a third keeps."""
    return asking(Adds, Count, is_mended)


def spinlock(is_mended: bool) -> Graph:
    """Two nodes ask for a flag until it is free."""
    return asking(Spins, Flag, is_mended)


def opposite_locks(is_mended: bool) -> Graph:
    """Two nodes take two locks in opposite orders; mended, in the same."""
    graph = Graph("opposite_locks")
    left, right = graph.add(Lock, "left"), graph.add(Lock, "right")
    a, b = graph.add(TakesBoth, "a"), graph.add(TakesBoth, "b")
    graph.connect(a.first, left.one, capacity=1)
    graph.connect(a.second, right.one, capacity=1)
    graph.connect(b.first, left.other if is_mended else right.other, capacity=1)
    graph.connect(b.second, right.other if is_mended else left.other, capacity=1)
    return graph


def philosophers(is_mended: bool, number: int = 3) -> Graph:
    """Each of three takes the fork to the left and the one to the right; mended, the lower one first."""
    graph = Graph("philosophers")
    forks = [graph.add(Lock, f"fork{each}") for each in range(number)]
    for each in range(number):
        node = graph.add(TakesBoth, f"p{each}")
        left, right = forks[each].one, forks[(each + 1) % number].other
        first, second = (right, left) if is_mended and each == number - 1 else (left, right)
        graph.connect(node.first, first, capacity=1)
        graph.connect(node.second, second, capacity=1)
    return graph


def missed_wakeup(is_mended: bool) -> Graph:
    """One sees no work and then waits for a call, which may have come between; mended, it is called for that too."""
    graph = Graph("missed_wakeup")
    board, waits, calls = (
        graph.add(Board, mended=is_mended),
        graph.add(Waits, mended=is_mended),
        graph.add(Says, word="work"),
    )
    waits.ask >> board.one
    board.to_one >> waits.answer
    calls.out >> board.other
    waits.done >> graph.outputs.done
    return graph


def check_then_act(is_mended: bool) -> Graph:
    """Two nodes take what there is one of, if it is there."""
    return asking(Makes, Shop, is_mended)


def lease(is_mended: bool) -> Graph:
    """A leader goes on though its lease has run out; mended, the site refuses its old lease."""
    graph = Graph("lease")
    keeper, site = graph.add(Keeper), graph.add(Site)
    for name, out in (("a", keeper.to_one), ("b", keeper.to_other)):
        leads = graph.add(Leads, name, mended=is_mended)
        out >> leads.lease
        leads.work >> site.todo
        if name == "a":
            leads.back >> keeper.back
    site.most >> graph.outputs.most
    return graph


def self_retry(is_mended: bool) -> Graph:
    """A node tries again until a service is up; with the bug it tries twice and gives up."""
    graph = Graph("self_retry")
    service, task, starts = graph.add(Service), graph.add(Tries, mended=is_mended), graph.add(Says, word="start")
    task.ask >> service.one
    service.to_one >> task.answer
    starts.out >> service.other
    task.done >> graph.outputs.done
    return graph


def double_checked(is_mended: bool) -> Graph:
    """What is made under a lock is shown before it is ready; mended, it is shown when it is."""
    graph = asking(Gets, Thing, is_mended)
    for name in ("a", "b"):
        graph[name].used >> graph.outputs.used
    return graph


def await_between(is_mended: bool) -> Graph:
    """Two nodes look at what there is, wait for somebody else, and take it; mended, it is looked at again."""
    return asking(Buys, Shop, is_mended)


MAKERS: tuple[tuple[Callable[[bool], Graph], str, Callable[[Any], bool] | None], ...] = (
    (lost_update, "end", lambda net: net.outputs["total"][0]["count"] == 2),
    (spinlock, "end", lambda net: net.outputs["total"][0]["most"] == 1),
    (opposite_locks, "deadlock", None),
    (philosophers, "deadlock", None),
    (missed_wakeup, "end", lambda net: net.outputs["done"] == ["work"]),
    (check_then_act, "end", lambda net: net.outputs["total"][0]["left"] == 0),
    (lease, "end", lambda net: net.outputs["most"] == [1]),
    (self_retry, "end", lambda net: net.outputs["done"] == ["done"]),
    (double_checked, "end", lambda net: set(net.outputs["used"]) == {"ready"}),
    (await_between, "end", lambda net: net.outputs["total"][0]["left"] >= 0),
)

CIRCLES = ("spinlock", "self-retry")
"""Those whose nodes ask again and again; mended, they are proven all the same."""

PROBLEMS = tuple(
    Problem(f"{name}, mended", NetScene(make(True)), "", at_end, has_circle=name in CIRCLES)
    if is_mended
    else Problem(name, NetScene(make(False)), wrong, at_end)
    for name, (make, wrong, at_end) in zip(NAMES, MAKERS, strict=True)
    for is_mended in (False, True)
)
"""The ten, each with its bug and then mended, in the order of the generators."""
