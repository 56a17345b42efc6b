"""What nodes do, for the reference: generators that ask for one thing after the other.

A request is ("receive", port, ...), answered by a list with one value of each port; ("send", port, value); ("pause",);
or ("stop",). An answer may be an exception: `StreamEnded` or `DemandEnded`; leaving with one is a normal end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import count
from typing import Any

from tests.laws.plan import PlannedNode, ins_of

Program = Generator[tuple[Any, ...], Any, None]


class StreamEnded(Exception):  # noqa: N818 - control flow
    """Answers a receive: nothing will come any more."""


class DemandEnded(Exception):  # noqa: N818 - control flow
    """Answers a send: nobody takes any more."""


def programs_of(node: PlannedNode) -> list[Program]:
    """Return the programs that a node runs at once: one, but two for twins."""
    if node.style != "class":
        return [_function(node)]
    times = 2 if node.kind == "twins" else 1
    return [_CLASSES[node.kind](node) for _ in range(times)]


def input_program(name: str, size: int) -> Program:
    """Return the program of an input of the graph."""
    for i in range(size):
        yield "send", "out", f"{name}{i}"


# -- functions: a firing for one value of each input -----------------------------------------------------


def _function(node: PlannedNode) -> Program:
    if node.kind == "source":
        for i in range(node.n):
            yield "send", "out", f"{node.id}{i}"
            if node.style == "async_generator":
                yield ("pause",)
        return
    for i in count(1):
        values = yield "receive", *ins_of(node.kind)
        if node.style.startswith("async"):
            yield ("pause",)
        yield from _firing(node, i, values)


def _firing(node: PlannedNode, i: int, values: list[str]) -> Program:
    v = values[0]
    is_last = i % node.n == 0
    if node.kind == "fail" and is_last:
        if node.style.endswith("generator"):
            yield "send", "out", f"{v}.{node.id}"
        yield "send", "error", f"!{node.id}({v})"
    elif node.kind == "stop" and i == node.n:
        yield ("stop",)
    elif node.kind == "drop" and (i - 1) % node.n == 0:
        pass
    elif node.kind == "expand":
        for j in range(node.n):
            yield "send", "out", f"{v}.{node.id}{j}"
    elif node.kind == "join":
        yield "send", "out", f"({v}+{values[1]}).{node.id}"
    elif node.kind == "orbit":
        if _marks(node, v) < node.n:
            yield "send", "out", _marked(node, v)
    else:
        yield "send", "out", f"{v}.{node.id}"


def _marks(node: PlannedNode, v: str) -> int:
    return v.count(f"*{node.id};")


def _marked(node: PlannedNode, v: str) -> str:
    return f"{v}*{node.id};"


# -- classes ---------------------------------------------------------------------------------------------


def _pass_on(node: PlannedNode, came_by: str, leaves_by: str = "out") -> Program:
    (v,) = yield "receive", came_by
    yield "send", leaves_by, f"{v}.{node.id}"


def _source(node: PlannedNode) -> Program:
    for i in range(node.n):
        yield "send", "out", f"{node.id}{i}"


def _map(node: PlannedNode) -> Program:
    while True:
        yield from _pass_on(node, "value")


def _drop(node: PlannedNode) -> Program:
    while True:
        yield "receive", "value"
        for _ in range(node.n - 1):
            yield from _pass_on(node, "value")


def _expand(node: PlannedNode) -> Program:
    while True:
        (v,) = yield "receive", "value"
        for j in range(node.n):
            yield "send", "out", f"{v}.{node.id}{j}"


def _take(node: PlannedNode) -> Program:
    for _ in range(node.n):
        yield from _pass_on(node, "value")


def _collect(node: PlannedNode) -> Program:
    seen = 0
    try:
        while True:
            yield "receive", "value"
            seen += 1
    except StreamEnded:
        pass
    yield "send", "out", f"{node.id}={seen}"


def _concat(node: PlannedNode) -> Program:
    try:
        while True:
            yield from _pass_on(node, "left")
    except StreamEnded:
        pass
    while True:
        yield from _pass_on(node, "right")


def _alternate(node: PlannedNode) -> Program:
    while True:
        yield from _pass_on(node, "left")
        yield from _pass_on(node, "right")


def _switch(node: PlannedNode) -> Program:
    while True:
        yield from _pass_on(node, "value", "out")
        yield from _pass_on(node, "value", "other")


def _fail(node: PlannedNode) -> Program:
    for _ in range(node.n - 1):
        yield from _pass_on(node, "value")
    (v,) = yield "receive", "value"
    yield "send", "error", f"!{node.id}({v})"


def _stop(node: PlannedNode) -> Program:
    for _ in range(node.n - 1):
        yield from _pass_on(node, "value")
    yield "receive", "value"
    yield ("stop",)


def _spin(node: PlannedNode) -> Program:
    while True:
        (v,) = yield "receive", "value"
        if _marks(node, v) < node.n:
            yield "send", "again", _marked(node, v)
        else:
            yield "send", "out", f"{v}.{node.id}"


def _eager(node: PlannedNode) -> Program:
    yield from _source(node)
    for _ in range(node.n):
        yield from _pass_on(node, "value", "done")


_CLASSES: dict[str, Callable[[PlannedNode], Program]] = {
    "source": _source,
    "map": _map,
    "drop": _drop,
    "expand": _expand,
    "take": _take,
    "collect": _collect,
    "concat": _concat,
    "alternate": _alternate,
    "switch": _switch,
    "fail": _fail,
    "stop": _stop,
    "spin": _spin,
    "eager": _eager,
    "twins": _map,
}
