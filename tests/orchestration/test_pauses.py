"""What is seen of a node while a policy lets it wait: its state says for what, and for how long."""

import asyncio
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Breaker,
    Concurrency,
    Each,
    Graph,
    NetSettings,
    NodeSettings,
    Observer,
    Rate,
    Restart,
    Retry,
    component,
)
from fbcore.formats.overlay import Overlay
from fbcore.loop import SteppedLoop
from fbcore.net.view import NetView
from fbcore.runtimes.blocking import run_on
from tests.orchestration.flaky import Flaky, alone, passing


class Keeps(Observer):
    """Keeps the view of a net."""

    net: NetView

    def begun(self, net: NetView) -> None:
        self.net = net


def seen_at(times: list[float], function: Any, count: int, **said: Any) -> list[str]:
    """Return what the state of a node is at these times, while a net runs that has it."""
    found: list[str] = []
    keeps = Keeps()

    @component
    async def looks(text: str) -> None:
        for time in times:
            await asyncio.sleep(time - asyncio.get_running_loop().time())
            node = keeps.net.nodes["node"]
            state = keeps.net.snapshot().nodes["node"]
            assert state.pause == node.pause
            assert (f"<node node: {node.pause}," in repr(node)) == bool(node.pause)
            assert Overlay(keeps.net.snapshot()).of_box("node").startswith(node.pause or node.phase)
            found.append(node.pause or node.phase)

    graph: Graph = alone(function)
    graph.inputs.text >> graph.add(looks).text
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": NodeSettings(**said)}))
    inputs = {"number": Each(range(count)), "text": "x"}
    run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs, observers=[keeps], raises=False))
    return found


@pytest.mark.parametrize(
    ("policies", "states"),
    [
        ({"retry": Retry(backoff=60, jitter=0)}, ["retries in 59 s", "retries in 2.5 s", "ended"]),
        ({"restart": Restart(backoff=60, jitter=0)}, ["restarts in 59 s", "restarts in 2.5 s", "ended"]),
        ({"rate": Rate(1, per=60), "retry": Retry(backoff=0)}, ["rate, 59 s", "rate, 2.5 s", "ended"]),
        (
            {"breaker": Breaker(1, reset=60, meanwhile="wait"), "restart": Restart(backoff=0)},
            ["breaker, 59 s", "breaker, 2.5 s", "ended"],
        ),
        ({"retry": Retry(backoff=7200, longest=7200, jitter=0)}, ["retries in 120 min", "retries in 119 min"]),
    ],
)
def test_a_node_says_for_what_it_waits(policies: Any, states: list[str]) -> None:
    """By which policy, and for how long still."""
    assert seen_at([1, 57.5, 61][: len(states)], passing(Flaky({0: 1})), 2, **policies) == states


def test_what_is_over_at_once_is_not_worth_to_be_said() -> None:
    """A rate of a hundred a second does not make the state flicker."""
    assert seen_at([0.025], passing(Flaky()), 20, rate=Rate(100)) == ["running"]


@pytest.mark.parametrize("order", ["ordered", "unordered"])
def test_several_firings_wait_when_none_goes_on(order: Any) -> None:
    """While one goes on the node does; else the first that will says when that is."""
    flaky = Flaky({0: 1, 1: 1})

    @component
    async def works(number: int) -> int:
        await asyncio.sleep(5 * number)
        flaky.look(number)
        return number

    policies = {"retry": Retry(backoff=20, jitter=0), "concurrency": Concurrency(3, order)}
    # 0 fails at 0, and is tried again at 20; 1 fails at 5, and 2 is done at 10.
    states = seen_at([1, 9, 11, 21], works, 3, **policies)
    assert states == ["running", "running", "retries in 9.0 s", "retries in 4.0 s"]
