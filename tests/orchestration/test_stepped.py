"""Policies on a net that is stepped: their waits and ends are steps as others, taken back and explored as others."""

from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    Component,
    Each,
    End,
    FSMRuntime,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    SnapshotError,
)
from fbdev.explore import NetScene, explore
from tests.orchestration.supervising import alone, failing


class Sums(Component):
    """Fails at the number 1, as often as its memory says that it has to; sends what it remembers at its end."""

    number: In[int]
    passed: Out[int]
    total: Memory[int] = Memory(int)
    failures: Memory[int] = Memory(int)

    async def run(self) -> None:
        async for number in self.number:
            if number == 1 and self.failures.value < 2:
                self.failures.value += 1
                raise ValueError(number)
            self.total.value += number
        await self.passed.send(self.total.value)


def settings(restart: Restart, end: End | None = None) -> NetSettings:
    """Say policies of the one node."""
    return NetSettings(nodes={"node": NodeSettings(restart=restart, end=end)})


SLOW = settings(Restart(backoff=2, jitter=0))


def test_a_restart_is_stepped_and_taken_back() -> None:
    """The wait is a timer that can be chosen; taken back, and made again, the run ends the same."""
    with FSMRuntime(alone(Sums), settings=SLOW).start(inputs={"number": Each([5, 1, 2])}) as fsm:
        fsm.run_until(lambda _: fsm.state()["nodes"]["node"]["phase"] == "restarting")
        at = fsm.time
        result = fsm.run()
        assert (result.outputs.passed, result.restarts, fsm.time - at) == ([8], {"node": 2}, 6)
        choices = list(fsm.choices)
        fsm.undo(5)
        assert fsm.run().outputs.passed == [8]
        assert len(fsm.choices) == len(choices)


def test_a_step_says_what_was_returned() -> None:
    """The step in which the node fails shows the packet on its way back."""
    with FSMRuntime(alone(Sums), settings=SLOW).start(inputs={"number": Each([1])}) as fsm:
        said = []
        while fsm.result is None:
            said.append(str(fsm.step()))
    assert sum("returned 1 to inputs.number->node.number" in each for each in said) == 2


def test_a_snapshot_waits_for_the_next_packet(tmp_path: Path) -> None:
    """While a node is about to be begun anew it cannot be written down; at its next packet it can."""
    graph, inputs = alone(Sums), {"number": Each([5, 1, 2])}
    with FSMRuntime(graph, settings=SLOW).start(inputs=inputs) as fsm:
        fsm.run_until(lambda _: fsm.state()["nodes"]["node"]["phase"] == "restarting")
        with pytest.raises(SnapshotError):
            fsm.snapshot(tmp_path / "net.json")
        for _ in range(50):
            try:
                fsm.snapshot(tmp_path / "net.json")
                break
            except SnapshotError:
                fsm.step()
        at, expected = fsm.time, fsm.run().outputs.passed
    restored = FSMRuntime(graph, settings=SLOW).restore(tmp_path / "net.json")
    with restored as fsm:
        assert (fsm.time, fsm.run().outputs.passed) == (at, expected)
    assert (at, expected) == (2, [8])


@pytest.mark.parametrize("end", [End(idle=3600), End(deadline=3600), End(healthy=bool, every=3600)])
def test_a_standstill_is_seen_though_an_end_is_to_come(end: End) -> None:
    """What could only end a node in an hour holds up no verdict here either."""
    graph = Graph("ring")
    node = graph.add(failing([]), "node")
    graph.inputs.number >> node.number
    node.passed >> node.number
    with FSMRuntime(graph, settings=settings(Restart(), end)).start(inputs={"number": Each([])}) as fsm:
        result = fsm.run()
        assert (result.outcome, fsm.time) == ("quiescent", 0)


@pytest.mark.slow
@pytest.mark.parametrize("policy", [Restart(backoff=0), Restart(backoff=1, jitter=0), Restart(backoff=0, held="drop")])
def test_every_order_of_a_restart_ends_well(policy: Restart) -> None:
    """In every order of steps and timers nothing is lost: one end, and the explorer has seen all."""
    graph = Graph("small")
    first, node = graph.add(failing([]), "first"), graph.add(Sums, "node")
    graph.inputs.number >> first.number
    graph.connect(first.passed, node.number, capacity=1)
    node.passed >> graph.outputs.passed
    scene = NetScene(graph, inputs={"number": Each([1, 5])}, settings=settings(policy))
    result = explore(scene, audit=0)
    assert result.verdict.kind.startswith("holds"), result.verdict
    assert [end["outputs.passed"] for end in result.ends] == ["[5]" if policy.held == "drop" else "[6]"]


@pytest.mark.slow
def test_every_order_of_a_storm_and_of_a_deadline_ends() -> None:
    """A node that fails for ever fails the net; one that is ended at a deadline ends, whatever came before."""

    def ends(restart: Restart, end: End | None, allowed: Any) -> Any:
        graph = alone(Sums)
        scene = NetScene(graph, inputs={"number": Each([1])}, settings=settings(restart, end), allowed=allowed)
        return explore(scene, audit=0)

    storm = ends(Restart(most=1, backoff=1, jitter=0), None, ["failed"])
    assert storm.verdict.kind.startswith("holds"), storm.verdict
    ended = ends(Restart(backoff=1, jitter=0), End(deadline=1), ["finished"])
    assert ended.verdict.kind.startswith("holds"), ended.verdict
