"""Whether settings of concurrency fit the nodes that they are said of."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isgeneratorfunction

from fbcore.errors import shown
from fbcore.model.address import Place
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import NodeSpec
from fbcore.model.port_spec import PortKind
from fbcore.model.problem import Problem
from fbcore.orchestration.nearest import nearest
from fbcore.orchestration.policy import Concurrency
from fbcore.orchestration.said import Origin
from fbcore.orchestration.settings import NetSettings

_NOWHERE = Place("", 0)


def misfits_of(settings: NetSettings, address: str, node: NodeSpec) -> Iterator[Problem]:
    """Yield why a function cannot be run with the concurrency that is said of it."""
    origin, component = settings.origin(address, "concurrency"), node.component
    policy, place = origin.value, origin.place or _NOWHERE
    if not isinstance(policy, Concurrency) or not isinstance(component.target, FunctionComponent):
        return
    if component.memories and policy.key is None and policy.most > 1:
        names = ", ".join(f"`{name}`" for name in component.memories)
        what = f"it has the memory {names}, which firings that go on at once would change under each other"
        hint = "say by what they are told apart, `concurrency = { most = 8, key = ... }`: each key has its own memory"
        yield Problem(what, address, place, f"{hint}; or `concurrency = 1`")
    inputs = [port.name for port in component.of(PortKind.INPUT)]
    if isinstance(policy.key, str) and policy.key not in inputs:
        hint = nearest(policy.key, inputs, "its inputs")
        yield Problem(f"{shown(policy.key)} is no input of it, to be the key of a firing", address, place, hint)

    breaker = settings.origin(address, "breaker").value
    waits = breaker is not None and breaker.meanwhile == "wait"
    sends_early = component.target.streams and not node.options.buffered
    if waits and sends_early and policy.order == "ordered" and policy.key is None and policy.most > 1:
        what = "a firing that is on trial would wait with its first item for those before it, which wait for the trial"
        hint = 'let it be buffered, `@component(buffered=True)`; or say order = "unordered", or meanwhile = "refuse"'
        yield Problem(what, address, place, hint)


def doubts_of(origin: Origin, address: str, node: NodeSpec) -> Iterator[Problem]:
    """Yield what a node on the loop gains nothing by; not where the whole net has it, for those that do."""
    policy, target = origin.value, node.component.target
    if not isinstance(policy, Concurrency) or not isinstance(target, FunctionComponent):
        return
    if not origin.said_of:
        return
    if policy.keys is not None and not node.component.memories:
        what = "it has no Memory, so that `keys` of its concurrency bounds nothing"
        yield Problem(what, address, origin.place or _NOWHERE, "leave `keys` away", is_error=False)
    if policy.most > 1 and not target.is_async and (not target.streams or isgeneratorfunction(target.function)):
        what = f"its function never waits, so that {policy.most} firings at once are no quicker than one"
        hint = 'make it `async`, and let it await what takes long; or let it be called in threads, `place = "thread"`'
        yield Problem(what, address, origin.place or _NOWHERE, hint, is_error=False)
