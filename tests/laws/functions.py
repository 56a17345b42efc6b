"""The functions of the laws: for each way of writing one a body, and for each kind of node a signature."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import Parameter, Signature
from typing import Any, NamedTuple

from fbcore import Missing, Packet, component, required
from tests.laws.actors import Actor, Forwarded, Sent
from tests.laws.plan import BUFFERED, RETURNS, PlannedNode


class Fields(NamedTuple):
    """What the kind `fields` sends."""

    every: Any = None
    some: Any = None


class Laps(NamedTuple):
    """What the kind `lap` sends."""

    again: Packet[Any] | None = None
    out: Packet[Any] | None = None


UNPACKED: dict[str, Any] = {"fields": Fields, "lap": Laps}
FORWARDING = ("forward", "stamp", "lap")


def function_of(node: PlannedNode) -> Any:
    """Return the function that does what a planned node does, in the way it is written."""
    body = _BODIES[node.style](node)
    body.__name__ = body.__qualname__ = f"{node.kind}_{node.style}"
    body.__signature__ = _signature(node)  # type: ignore[attr-defined]
    fires: Any = "any" if node.kind == "latest" else "all"
    return component(body, fires=fires, buffered=node.style in BUFFERED, unpack=node.kind in UNPACKED)  # type: ignore[call-overload]


def _signature(node: PlannedNode) -> Signature:
    taken: Any = Packet[Any] if node.kind in FORWARDING else Any
    types = {"left": Packet[Any], "right": Any | Missing} if node.kind == "latest" else dict.fromkeys(node.ins, taken)
    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=types[name]) for name in node.ins]
    configs = {"me": required(), **dict.fromkeys(node.configs, "d" if node.kind == "tint" else required())}
    parameters += [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=Any)
        for name, default in configs.items()
    ]
    sent = UNPACKED.get(node.kind, Any)
    return Signature(parameters, return_annotation=sent if node.style in RETURNS else Iterator[sent])


# -- bodies ----------------------------------------------------------------------------------------------


def _sync(node: PlannedNode) -> Callable[..., Any]:
    def body(*values: Any, me: Actor, factor: Any = None) -> Any:
        return _returned(me, values, me.begin(values), factor)

    return body


def _async(node: PlannedNode) -> Callable[..., Any]:
    async def body(*values: Any, me: Actor, factor: Any = None) -> Any:
        texts = me.begin(values)
        await me.pause()
        return _returned(me, values, texts, factor)

    return body


def _generator(node: PlannedNode) -> Callable[..., Any]:
    def body(*values: Any, me: Actor, factor: Any = None) -> Iterator[Any]:
        for sent in me.outputs(values, me.begin(values), factor, streams=True):
            yield _offered(me, [sent])

    return body


def _async_generator(node: PlannedNode) -> Callable[..., Any]:
    async def body(*values: Any, me: Actor, factor: Any = None) -> AsyncIterator[Any]:
        texts = me.begin(values)
        if values:
            await me.pause()
        for sent in me.outputs(values, texts, factor, streams=True):
            yield _offered(me, [sent])
            if not values:
                await me.pause()

    return body


def _buffered(node: PlannedNode) -> Callable[..., Any]:
    def body(*values: Any, me: Actor, factor: Any = None) -> Iterator[Any]:
        yield from _held_back(me, me.outputs(values, me.begin(values), factor, streams=True))

    return body


def _async_buffered(node: PlannedNode) -> Callable[..., Any]:
    async def body(*values: Any, me: Actor, factor: Any = None) -> AsyncIterator[Any]:
        texts = me.begin(values)
        await me.pause()
        for item in _held_back(me, me.outputs(values, texts, factor, streams=True)):
            yield item

    return body


def _returned(me: Actor, values: tuple[Any, ...], texts: list[str], factor: Any) -> Any:
    """Return what a firing sends that sends it all at once."""
    sent = [*me.outputs(values, texts, factor, streams=False)]
    return _offered(me, sent) if sent else None


def _offered(me: Actor, sent: list[Sent]) -> Any:
    """Return values that are about to be sent, as the function does: as they are, or as fields."""
    fields = {port: me.offer(port, each) for port, each in sent}
    kind = UNPACKED.get(me.planned.kind)
    return kind(**fields) if kind else fields["out"]


def _held_back(me: Actor, outputs: Iterator[Sent]) -> Iterator[Any]:
    """Yield values that are about to be sent only when all have been yielded."""
    kind = UNPACKED.get(me.planned.kind)
    held: list[tuple[str, Any]] = []
    for port, text in outputs:
        assert not isinstance(text, Forwarded)
        held.append((port, me.ledger.make(text)))
        yield kind(**dict(held[-1:])) if kind else held[-1][1]
    for port, payload in held:
        me.ledger.note("offered", f"{me.id}.{port}", payload)


_BODIES: dict[str, Callable[[PlannedNode], Callable[..., Any]]] = {
    "sync": _sync,
    "async": _async,
    "generator": _generator,
    "async_generator": _async_generator,
    "buffered": _buffered,
    "async_buffered": _async_buffered,
}
