"""A state machine never holds two tokens, whatever its states and the order of their steps."""

from __future__ import annotations

import asyncio
import random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import Component, Failure, FSMRuntime, Graph, In, Out, StepError, component
from fbcore.driver import Seeded

SEEDS = st.integers(0, 100_000)


class Left(NamedTuple):
    one: int | None
    other: int | None
    gone: int | None


def _ways(token: int) -> Left:
    """Count down, and choose a way by what is left."""
    left = token - 1
    if left <= 0:
        return Left(None, None, 0)
    return Left(left, None, None) if left % 3 else Left(None, left, None)


@component(unpack=True)
def quick(token: int) -> Left:
    return _ways(token)


@component(unpack=True)
async def slow(token: int) -> Left:
    await asyncio.sleep(token % 2)
    return _ways(token)


@component(unpack=True)
def touchy(token: int) -> Left:
    if token % 4 == 2:
        raise ValueError("not today")
    return _ways(token)


class Wide(Component):
    """A class that decides, and may wait."""

    token: In[int]
    one: Out[int]
    other: Out[int]
    gone: Out[int]

    async def run(self) -> None:
        async for token in self.token:
            for port, value in zip((self.one, self.other, self.gone), _ways(token), strict=True):
                if value is not None:
                    await port.send(value)


@component
def mended(failure: Failure) -> int:
    assert isinstance(failure.value, int)
    return failure.value - 1


def drawn(seed: int) -> Graph:
    """Draw a machine of one to six states, whose ways lead anywhere."""
    draw = random.Random(seed)
    graph = Graph("drawn", token=True)
    states = [graph.add(draw.choice([quick, slow, touchy, Wide]), f"s{n}") for n in range(draw.randint(1, 6))]
    if draw.random() < 0.5:
        graph.inputs.begin >> states[0].token
    else:
        graph.initial(draw.randint(1, 12)) >> states[0].token
    for number, state in enumerate(states):
        # Whoever nobody leads to would be no state.
        state.one >> states[(number + 1) % len(states)].token
        state.other >> draw.choice(states).token
        state.gone >> graph.outputs.end
        if draw.random() < 0.8:
            mender = graph.add(mended, f"m{number}")
            state.error >> mender.failure
            mender.out >> draw.choice(states).token
    return graph


def tokens(state: dict[str, Any]) -> int:
    """Count the tokens in the state of a net: what lies on edges, and who holds one or is about to send one."""
    nodes = state["nodes"].items()
    holding = [name for name, node in nodes if ("holds" in node or "sends" in node) and node["phase"] != "ended"]
    holding = [name for name in holding if not name.startswith("inputs.")]
    return len(holding) + sum(len(packets) for packets in state["edges"].values())


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS)
def test_there_is_never_a_second_token(seed: int, order: int) -> None:
    """At any moment of any order there is one token, in the state that is said to be active, until it has left."""
    graph = drawn(seed)
    inputs = {"begin": seed % 11 + 1} if graph.border("inputs") else None
    with FSMRuntime(graph, driver=Seeded(order, timers=True)).start(inputs=inputs) as fsm:
        came = fsm.token is not None
        for _ in fsm.steps():
            count = tokens(fsm.state())
            came = came or fsm.token is not None
            if fsm.net.errors:
                break
            assert count == came
            assert fsm.active is None or fsm.active in graph.nodes
        assert came
        if not fsm.net.errors:
            assert fsm.active is None
            assert fsm.result is not None
            assert fsm.result.outputs.end == [0]


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS)
def test_a_state_that_doubles_the_token_is_found(seed: int, order: int) -> None:
    """Put a state that sends twice before a machine, and every order ends in an error that names it."""

    class Double(Component):
        token: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for token in self.token:
                await self.out.send(token)
                await self.out.send(token)

    graph = drawn(seed)
    if not graph.border("inputs"):
        return
    machine = Graph("doubled", token=True)
    double, inner = machine.add(Double), machine.add(graph.as_component())
    machine.inputs.begin >> double.token
    double.out >> inner.begin
    inner.end >> machine.outputs.end
    with FSMRuntime(machine, driver=Seeded(order)).start(inputs={"begin": 9}) as fsm:
        with pytest.raises(StepError) as caught:
            fsm.run()
        assert caught.value.address == "double"
        assert "sends a second token" in str(caught.value)
