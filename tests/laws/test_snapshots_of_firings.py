"""A net whose functions have several firings at once, under policies, is written down and restored at any moment."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import Breaker, Concurrency, Each, FSMRuntime, Graph, NetSettings, NodeSettings, Rate, Retry, SnapshotError
from fbcore.driver import Seeded
from fbcore.model.flat import flatten
from fbcore.model.function import FunctionComponent
from tests.laws.keepable import drawn, end_of, seen


def last_digit(*values: Any) -> str:
    return str(values[0])[-1:]


PLAIN = [2, 3, Concurrency(2, "unordered"), Concurrency(3, "unordered")]
BY_KEY = [Concurrency(2, key=last_digit), Concurrency(3, key=last_digit, keys=1)]
RETRY = Retry(2, backoff=0.75, jitter=0)
BREAKERS = [None, None, Breaker(2, reset=1.25), Breaker(1, reset=1.25)]


def policies(graph: Graph, draw: Any) -> NetSettings:
    """Draw policies for each function of a graph that has inputs."""
    said = {}
    for address, spec in flatten(graph).nodes.items():
        target = spec.component.target
        if isinstance(target, FunctionComponent) and address != "source":
            kinds = BY_KEY if spec.component.memories else [*PLAIN, *BY_KEY]
            policy: Any = kinds[draw(0, len(kinds) - 1)]
            said[address] = NodeSettings(
                concurrency=policy,
                retry=RETRY if draw(0, 1) else None,
                rate=Rate(2) if not draw(0, 3) else None,
                breaker=BREAKERS[draw(0, 3)],
            )
    return NetSettings(nodes=said)


def check(draw: Any, seed: int, steps: int, path: Path) -> None:
    """Draw a net, make so many steps of it, write it down, and compare how it goes on with how one does from there."""
    graph = drawn(draw)
    said = policies(graph, draw)
    with FSMRuntime(graph, settings=said, driver=Seeded(seed)).start(inputs={"given": Each([3, 4, 5, 8])}) as fsm:
        for _ in range(steps):
            if not fsm.enabled():
                return
            fsm.step()
        if fsm.net.is_stopping or fsm.result is not None:
            return
        refused = ""
        try:
            fsm.snapshot(path)
        except SnapshotError as error:
            refused = str(error)
        if refused:
            assert "is ended by one of its firings" in refused
            return
        state, end = seen(fsm), end_of(fsm)
    with FSMRuntime(graph, settings=said).restore(path) as fsm:
        assert seen(fsm) == state
        assert end_of(fsm) == end


@settings(max_examples=40, derandomize=True)
@given(st.data(), st.integers(0, 2**16), st.integers(0, 150))
def test_a_restored_net_is_where_it_was_and_ends_the_same(
    tmp_path_factory: Any, data: Any, seed: int, steps: int
) -> None:
    """Whatever goes on at once in its nodes: firings that wait for time, for room, for others, for another attempt."""

    def draw(least: int, most: int) -> int:
        return int(data.draw(st.integers(least, most)))

    check(draw, seed, steps, Path(tmp_path_factory.mktemp("firings")) / "net.json")


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        pytest.param(431, 34, id="a join has ended, and its last firing goes on"),
        pytest.param(1359, 127, id="two timers are due together, of which one is by a rate"),
        pytest.param(574, 192, id="there is room, but too little to wake who waits for it"),
    ],
)
def test_states_that_are_hard_to_come_back_to(tmp_path: Path, seed: int, steps: int) -> None:
    """Found by drawing nets at random."""
    check(random.Random(seed).randint, seed, steps, tmp_path / "net.json")
