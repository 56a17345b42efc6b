"""What nodes do, for the reference: generators that ask for one thing after the other.

A request is one of these; the answer may be an exception instead: `StreamEnded`, `DemandEnded` or `ConfigMissing`.

- ("receive", port, ...): one value of each port, all or none; ("any", port, ...): a port and the value that came by it;
- ("send", port, value) and ("declare", port, value, n), which names the last n packets taken as its parents;
- ("forward", port): send on the packet that was taken last; ("tell", message): send it, if anybody listens;
- ("field", port, value, ports): send, and mind the end of demand only when nobody takes from any of the ports;
- ("config", name): wait until it has a value, or the node is stopped; ("read", name): the value it has;
- ("change", name): the next newer one;
- ("identity",): what tells the packet taken last from all others; ("pause",); ("stop",).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import suppress
from itertools import count
from typing import Any

from tests.laws.plan import Plan, PlannedNode, is_refused

Program = Generator[tuple[Any, ...], Any, None]

FORWARD = object()
"""Instead of a value: the packet that was taken last."""

AT_ONCE = ("read", "identity")
"""Requests that are answered in the same step."""


class StreamEnded(Exception):  # noqa: N818 - control flow
    """Answers a receive: nothing will come any more."""


class DemandEnded(Exception):  # noqa: N818 - control flow
    """Answers a send: nobody takes any more."""


class ConfigMissing(Exception):  # noqa: N818 - control flow
    """Answers a wait for a config: no value can come any more."""


class Failed(Exception):  # noqa: N818 - what fails here is planned
    """Leaves a program that fails, with what it held."""


def programs_of(plan: Plan, node: PlannedNode) -> list[Program]:
    """Return the programs that a node runs at once: one, but two for twins."""
    return [_life(plan, node)] if node.kind != "twins" else [_map(node), _map(node)]


def input_program(name: str, size: int) -> Program:
    """Return the program of an input of the graph."""
    for i in range(size):
        yield "send", "out", f"{name}{i}"


def initial_program() -> Program:
    """Return the program of an initial packet, which is there before anything runs: it only ends."""
    yield from ()


def _life(plan: Plan, node: PlannedNode) -> Program:
    """Do what every node does before its work and after."""
    is_gated = "execute" in plan.inlets(node)
    try:
        with suppress(StreamEnded, DemandEnded):
            for name in plan.fed(node):
                yield "config", name
            yield "tell", "started"
            yield from _class(node, is_gated) if node.is_class else _function(node, is_gated)
    except ConfigMissing:
        yield from _failure(node, "")
    except Failed as failed:
        yield from _failure(node, str(failed))
    yield "tell", "stopped"


def _failure(node: PlannedNode, held: str) -> Program:
    yield "send", "error", f"!{node.name}({held})"
    yield "tell", "failed"


# -- functions: a firing for one value of each input, or for any ------------------------------------------


def _function(node: PlannedNode, is_gated: bool) -> Program:
    ports = (*node.ins, "execute") if is_gated else node.ins
    if node.kind == "latest":
        yield from _latest(node)
        return
    if not ports:
        yield from _fire(node, 1, [])
        return
    seen: Counter[Any] = Counter()
    for i in count(1):
        values = yield "receive", *ports
        yield from _fire(node, i, values[: len(node.ins)], seen)


def _latest(node: PlannedNode) -> Program:
    values, turns = {"left": "-", "right": "-"}, ["left", "right"]
    for i in count(1):
        try:
            port, values[port] = yield from _any(turns)
        except StreamEnded:
            return
        yield from _fire(node, i, list(values.values()))


def _any(turns: list[str]) -> Generator[tuple[Any, ...], Any, tuple[str, str]]:
    """Take from any of several ports; whoever was taken from stands behind the others."""
    port, value = yield "any", *turns
    turns.remove(port)
    turns.append(port)
    return port, value


def _fire(node: PlannedNode, i: int, values: list[str], seen: Counter[Any] | None = None) -> Program:
    if node.style.startswith("async") and node.kind != "source":
        yield ("pause",)
    try:
        yield from _firing(node, i, values, seen)
    except Failed as failed:
        yield from _failure(node, str(failed))
    else:
        yield "tell", "executed"


def _firing(node: PlannedNode, i: int, values: list[str], seen: Counter[Any] | None) -> Program:
    v = values[0] if values else ""
    mine = f"{v}.{node.name}"
    if node.kind == "source":
        for j in range(node.n):
            yield "send", "out", f"{node.name}{j}"
            if node.style == "async_generator":
                yield ("pause",)
    elif node.kind == "fail" and i % node.n == 0:
        if node.style in ("generator", "async_generator"):
            yield "send", "out", mine
        raise Failed(v)
    elif node.kind == "stop" and i == node.n:
        yield ("stop",)
    elif node.kind == "expand":
        for j in range(node.n):
            yield "send", "out", f"{mine}{j}"
    elif node.kind in ("join", "latest"):
        yield "send", "out", f"({v}+{values[1]}).{node.name}"
    elif node.kind == "orbit":
        if _marks(node, v) < node.n:
            yield "send", "out", _marked(node, v)
    elif node.kind == "fields":
        yield "field", "every", mine, node.outs
        if i % node.n == 0:
            yield "field", "some", mine, node.outs
    elif node.kind == "lap":
        assert seen is not None
        seen[(identity := (yield ("identity",)))] += 1
        yield "field", "out" if seen[identity] > node.n else "again", FORWARD, node.outs
    elif node.kind == "scale" or node.kind == "tint":
        yield "send", "out", f"{v}*{(yield 'read', 'factor')}.{node.name}"
    else:
        yield from _one_for_one(node, i, mine)


def _one_for_one(node: PlannedNode, i: int, mine: str) -> Program:
    """Send nothing, a value or the packet itself for the ith packet."""
    is_first, is_last = (i - 1) % node.n == 0, i % node.n == 0
    if node.kind == "drop" and is_first:
        return
    if node.kind == "forward":
        if node.n == 1 or not is_first:
            yield "forward", "out"
    elif node.kind == "stamp" and not is_last:
        yield "forward", "out"
    else:
        yield "send", "out", mine


def _marks(node: PlannedNode, v: str) -> int:
    return v.count(f"*{node.name};")


def _marked(node: PlannedNode, v: str) -> str:
    return f"{v}*{node.name};"


# -- classes ---------------------------------------------------------------------------------------------


def _class(node: PlannedNode, is_gated: bool) -> Program:
    if not is_gated:
        yield from _run(node)
        return
    while True:
        yield "receive", "execute"
        yield from _run(node)


def _run(node: PlannedNode) -> Program:
    try:
        yield from _CLASSES[node.kind](node)
    except (StreamEnded, DemandEnded):
        yield "tell", "executed"
        raise
    yield "tell", "executed"


def _each(port: str = "value") -> Callable[..., Any]:
    """Make a program of one for each value of an input; the end of the input is its end."""

    def decorate(work: Callable[..., Program]) -> Callable[[PlannedNode], Program]:
        def program(node: PlannedNode) -> Program:
            for i in count(1):
                try:
                    (v,) = yield "receive", port
                except StreamEnded:
                    return
                yield from work(node, i, v)

        return program

    return decorate


def _pass_on(node: PlannedNode, came_by: str, leaves_by: str = "out") -> Program:
    (v,) = yield "receive", came_by
    yield "send", leaves_by, f"{v}.{node.name}"


def _source(node: PlannedNode) -> Program:
    for i in range(node.n):
        yield "send", "out", f"{node.name}{i}"


@_each()
def _map(node: PlannedNode, i: int, v: str) -> Program:
    yield "send", "out", f"{v}.{node.name}"


@_each()
def _nap(node: PlannedNode, i: int, v: str) -> Program:
    yield ("pause",)
    yield "send", "out", f"{v}.{node.name}"


@_each()
def _strict(node: PlannedNode, i: int, v: str) -> Program:
    if is_refused(v):
        yield from _failure(node, v)
    else:
        yield "send", "out", f"{v}.{node.name}"


@_each()
def _factored(node: PlannedNode, i: int, v: str) -> Program:
    yield "send", "out", f"{v}*{(yield 'read', 'factor')}.{node.name}"


@_each()
def _forward(node: PlannedNode, i: int, v: str) -> Program:
    yield from _one_for_one(node, i, f"{v}.{node.name}")


@_each()
def _echo(node: PlannedNode, i: int, v: str) -> Program:
    yield "forward", "out"
    yield "declare", "other", v, 1


@_each("go")
def _bell(node: PlannedNode, i: int, v: str) -> Program:
    yield "send", "out", f"{node.name}{i}"
    yield "send", "rung", ""


def _lap(node: PlannedNode) -> Program:
    seen: Counter[Any] = Counter()
    while True:
        yield "receive", "value"
        seen[(identity := (yield ("identity",)))] += 1
        yield "forward", "out" if seen[identity] > node.n else "again"


def _weave(node: PlannedNode) -> Program:
    while True:
        values = []
        for _ in range(node.n):
            values += yield "receive", "value"
        yield "declare", "out", f"({'+'.join(values)}).{node.name}", node.n


def _drop(node: PlannedNode) -> Program:
    while True:
        yield "receive", "value"
        for _ in range(node.n - 1):
            yield from _pass_on(node, "value")


def _expand(node: PlannedNode) -> Program:
    while True:
        (v,) = yield "receive", "value"
        for j in range(node.n):
            yield "send", "out", f"{v}.{node.name}{j}"


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
    yield "send", "out", f"{node.name}={seen}"


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


def _zipped(node: PlannedNode) -> Program:
    while True:
        try:
            left, right = yield "receive", "left", "right"
        except StreamEnded:
            return
        yield "send", "out", f"({left}+{right}).{node.name}"


def _select(node: PlannedNode) -> Program:
    turns = [*node.ins]
    while True:
        try:
            port, v = yield from _any(turns)
        except StreamEnded:
            return
        key = port.partition("[")[2].rstrip("]")
        yield "send", "out", f"{v}.{node.name}{f'@{key}' if key else ''}"


def _take_turns(node: PlannedNode) -> Program:
    while True:
        for port in node.outs:
            yield from _pass_on(node, "value", port)


def _fail(node: PlannedNode) -> Program:
    for _ in range(node.n - 1):
        yield from _pass_on(node, "value")
    (v,) = yield "receive", "value"
    raise Failed(v)


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
            yield "send", "out", f"{v}.{node.name}"


def _eager(node: PlannedNode) -> Program:
    yield from _source(node)
    for _ in range(node.n):
        yield from _pass_on(node, "value", "done")


def _follow(node: PlannedNode) -> Program:
    while True:
        try:
            factor = yield "change", "factor"
        except StreamEnded:
            return
        yield "send", "out", f"{factor}.{node.name}"


_CLASSES: dict[str, Callable[[PlannedNode], Program]] = {
    "source": _source,
    "map": _map,
    "drop": _drop,
    "expand": _expand,
    "take": _take,
    "collect": _collect,
    "zipped": _zipped,
    "concat": _concat,
    "alternate": _alternate,
    "either": _select,
    "merge": _select,
    "switch": _take_turns,
    "split": _take_turns,
    "fail": _fail,
    "strict": _strict,
    "stop": _stop,
    "spin": _spin,
    "eager": _eager,
    "nap": _nap,
    "forward": _forward,
    "stamp": _forward,
    "lap": _lap,
    "echo": _echo,
    "weave": _weave,
    "bell": _bell,
    "scale": _factored,
    "tint": _factored,
    "follow": _follow,
}
