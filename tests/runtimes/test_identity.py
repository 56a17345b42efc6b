"""Which state a net is in: what is in its identity, and what is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fbcore import Component, Each, FSMRuntime, Graph, In, Memory, Out, Packet, StepError, component
from fbcore.runtimes.identity import identity_of, state_digest


@component
def double(number: int) -> int:
    return 2 * number


@component
def same(number: int) -> int | None:
    return number if number > 0 else None


@component
async def nap(number: int, seconds: float = 2.0) -> int:
    await asyncio.sleep(seconds)
    return number


class Forgets(Component):
    """Has no variables that outlive a packet."""

    stateless = True
    number: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await self.out.send(number % 2)


def digest(fsm: FSMRuntime) -> str:
    return state_digest(fsm._there)


def loop(component: Any) -> Graph:
    """Make a graph in which a packet goes round."""
    graph = Graph("round")
    node = graph.add(component, "node")
    graph.initial(1) >> node.number
    node.out >> node.number
    return graph


def visits(graph: Graph, steps: int) -> int:
    """Make steps, and return to how many states they led."""
    with FSMRuntime(graph, visited=True).start() as fsm:
        for _ in range(steps):
            fsm.step()
        return len(fsm.visited)


def test_a_packet_that_goes_round_comes_back_to_the_same_state():
    """How often it went round is no part of the state: turns and packets are not counted."""
    assert visits(loop(same), 200) < 10


def test_a_class_is_told_by_all_that_it_was_given():
    """Nobody knows what it has kept, so that it never comes back to a state; unless it says that it keeps nothing."""

    class Sends(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.out.send(number)

    assert visits(loop(Sends), 200) > 100
    assert visits(loop(Forgets), 200) < 10


def test_functions_that_take_packets_see_numbers():
    """The identity of a packet counts those before it, and a function that is given it may look at that."""

    @component
    def looks(number: Packet[int]) -> int:
        return number.id.number * 0 + 1

    assert visits(loop(looks), 100) > 30


def test_the_time_of_day_does_not_count():
    """Timers count by what is left of their time."""
    assert visits(loop(nap), 100) < 12


def test_what_a_class_did_counts_though_it_looks_the_same():
    """A class that sends the same value again is elsewhere in its code."""

    class Source(Component):
        out: Out[int]

        async def run(self) -> None:
            for _ in range(3):
                await self.out.send(0)

    graph = Graph("source")
    graph.add(Source).out >> graph.add(Forgets).number
    graph["forgets"].out >> graph.outputs.out
    with FSMRuntime(graph, visited=True).start() as fsm:
        fsm.run()
        assert len(fsm.visited) == len(fsm.choices) + 1


def test_orders_that_lead_to_one_state_are_merged():
    """Two nodes that have nothing to do with each other can take turns in any order."""
    with FSMRuntime(double, visited=True).start(inputs={"number": 1}) as fsm:
        fsm.step("double")
        fsm.step("inputs.number")
        one = digest(fsm)
        fsm.undo(2)
        fsm.step("inputs.number")
        fsm.step("double")
        assert digest(fsm) == one


def test_what_came_out_counts():
    """Two states with other outputs are two, though everything else has ended alike."""
    ends = set()
    for given in (1, 2):
        with FSMRuntime(double, visited=True).start(inputs={"number": given}) as fsm:
            fsm.run()
            ends.add(digest(fsm))
    assert len(ends) == 2


def test_a_config_that_has_come_counts():
    """What a config has is part of the state."""

    @component
    def scale(number: int, factor: int = 1) -> int:
        return number * factor

    graph = Graph("scaled")
    graph.inputs.number >> graph.add(scale).number
    graph.inputs.factor >> graph.add(double).number
    graph["double"].out >> graph["scale"].factor
    graph["scale"].out >> graph.outputs.out
    with FSMRuntime(graph, visited=True).start(inputs={"number": Each([1, 2]), "factor": 4}) as fsm:
        assert identity_of(fsm._there)["nodes"]["scale"]["configs"] == [["factor", False, 1]]
        fsm.run_until(port="double.out")
        assert identity_of(fsm._there)["nodes"]["scale"]["configs"] == [["factor", True, 8]]


def test_the_identity_is_plain_data_in_one_order():
    """It can be written as JSON, and says where everything stands."""
    with FSMRuntime(double, visited=True).start(inputs={"number": 4}) as fsm:
        fsm.run_until(port="double.number")
        found = identity_of(fsm._there)
        assert found["edges"]["inputs.number->double.number"]["packets"] == [4]
        assert found["nodes"]["double"]["at"][:2] == ["waits", "receive"]
        assert found["ready"] == ["double"]
        assert len(digest(fsm)) == 64


def test_a_stepping_that_does_not_remember_has_no_identity():
    """Who wants digests says so before the first step."""
    with FSMRuntime(double).start(inputs={"number": 4}) as fsm, pytest.raises(StepError, match="remembers=True"):
        digest(fsm)


def test_a_snapshot_goes_on_in_the_state_that_was_written(tmp_path):
    """A net that is restored is in the state that it was in, and goes on through the same states."""
    graph = loop(same)
    with FSMRuntime(graph, visited=True).start() as fsm:
        for _ in range(7):
            fsm.step()
        fsm.snapshot(tmp_path / "round.json")
        before = [digest(fsm), *(fsm.step() and digest(fsm) for _ in range(5))]
    with FSMRuntime(graph, visited=True).restore(tmp_path / "round.json") as fsm:
        assert [digest(fsm), *(fsm.step() and digest(fsm) for _ in range(5))] == before


def test_a_memory_is_part_of_the_state_and_stands_for_what_a_class_keeps():
    """A class whose state is in its memory comes back to a state, when its memory does."""

    class Turns(Component):
        number: In[int]
        seen: Memory[int] = Memory(0)
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                self.seen.value = (self.seen.value + 1) % 3
                await self.out.send(number)

    with FSMRuntime(loop(Turns), visited=True).start() as fsm:
        for _ in range(100):
            fsm.step()
        assert len(fsm.visited) < 30
        assert {state.data["nodes"]["node"]["memory"]["seen"] for state in fsm.visited} == {0, 1, 2}


def test_looking_at_a_state_is_no_step():
    """Whoever hears what steps touch does not hear that a memory was looked at for the digest."""

    class Counts(Component):
        number: In[int]
        seen: Memory[list[int]] = Memory(list)
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                self.seen.value.append(number)

    with FSMRuntime(loop(Counts), visited=True).start() as fsm:
        fsm.step()
        touched = []
        fsm._there.loop.touched = touched.append
        digest(fsm)
        assert touched == []
