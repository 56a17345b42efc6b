"""Nets under every order of their steps: what is proven, what is found, and what is refused."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcore import Component, Each, FSMRuntime, Graph, In, InputError, Missing, Out, component
from fbcore.runtimes.identity import state_digest
from fbdev.explore import Budget, ExploreError, NetScene, VerdictKind, explore, nets, replay
from tests.laws.small_nets import NETS, SmallNet
from tests.laws.test_orders import choices

ANY = ("finished", "quiescent", "stopped", "starved", "deadlocked", "failed")


@component
def double(number: int) -> int:
    return 2 * number


@component
def names(prefix: str = "", count: int = 2) -> Iterator[str]:
    for number in range(count):
        yield f"{prefix}{number}"


@component
def same(value: Any) -> Any:
    return value


@component
def pair(left: Any, right: Any) -> str:
    return f"{left}{right}"


@component(fires="any")
def either(left: Any | Missing, right: Any | Missing) -> str:
    return f"{'-' if isinstance(left, Missing) else left}{'-' if isinstance(right, Missing) else right}"


@component
def odd(value: str) -> str | None:
    return value if value[-1:] in "13579" else None


@component
def fragile(value: str) -> str:
    if value.endswith("1"):
        raise ValueError(value)
    return value


class Merge(Component):
    """Pass on what comes by either."""

    left: In[Any]
    right: In[Any]
    out: Out[Any]

    async def run(self) -> None:
        async for hit in self.select(self.left, self.right):
            await self.out.send(hit.value)


class First(Component):
    """Pass on the first, and end."""

    value: In[Any]
    out: Out[Any]

    async def run(self) -> None:
        await self.out.send(await self.value.receive())


def line(nodes: int) -> Graph:
    """Make a graph of nodes after one another."""
    graph = Graph("line")
    before = graph.inputs.number
    for number in range(nodes):
        node = graph.add(double, f"n{number}")
        before >> node.number
        before = node.out
    before >> graph.outputs.out
    return graph


def fan_in(producers: int, packets: int) -> Graph:
    """Make a graph of producers that all send to one port."""
    graph = Graph("fan_in")
    merge = graph.add(same, "merge")
    for number in range(producers):
        source = graph.add(names, f"p{number}", prefix="abcd"[number], count=packets)
        source.out >> merge.value
    merge.out >> graph.outputs.out
    return graph


# -- what is proven ----------------------------------------------------------------------------------------


def test_a_line_is_proven_by_one_execution() -> None:
    """Nothing in a line races, so that one order stands for all; the verdict says so."""
    result = explore(NetScene(line(3), {"number": Each(list(range(10)))}), audit=20)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert result.executions == 1
    assert "no step of the net races with another: every order comes to the same end" in result.notes
    assert result.ends == [{"outcome": "finished", "outputs.out": str([8 * number for number in range(10)])}]


def test_two_producers_into_one_port_have_all_their_orders() -> None:
    """Of two producers of three packets each, all twenty interleavings come out, and no other."""
    result = explore(NetScene(fan_in(2, 3)), audit=50)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert len(result.ends) == 20
    for end in result.ends:
        out = end["outputs.out"]
        assert out.index("a0") < out.index("a1") < out.index("a2")
        assert out.index("b0") < out.index("b1") < out.index("b2")


@pytest.mark.parametrize(
    ("kind", "ends"), [(Merge, ["['a0', 'b0']", "['b0', 'a0']"]), (either, ["['-b0', 'a0b0']", "['a0-', 'a0b0']"])]
)
def test_whoever_takes_what_comes_first_sees_all_orders(kind: Any, ends: list[str]) -> None:
    """A `select`, and a function that fires on any, take either packet first, though each has an edge of its own."""
    graph = Graph("either")
    node = graph.add(kind, "node")
    for prefix, port in (("a", node.left), ("b", node.right)):
        graph.add(names, prefix, prefix=prefix, count=1).out >> port
    node.out >> graph.outputs.out
    result = explore(NetScene(graph), audit=50)
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    assert sorted(end["outputs.out"] for end in result.ends) == ends


def test_a_deadlock_is_found_with_its_circle() -> None:
    """Two nodes that send before they receive: the schedule is the smallest, and the token makes it again."""

    class Talker(Component):
        heard: In[int]
        said: Out[int]

        async def run(self) -> None:
            for word in range(2):
                await self.said.send(word)
            await self.heard.receive()

    graph = Graph("talk")
    one, other = graph.add(Talker, "one"), graph.add(Talker, "other")
    graph.connect(one.said, other.heard, capacity=1)
    graph.connect(other.said, one.heard, capacity=1)
    result = explore(NetScene(graph))
    assert result.verdict.kind is VerdictKind.BUG
    assert result.failure is not None
    assert result.failure.kind == "deadlock"
    assert "one.said->other.heard" in result.failure.what
    again = replay(NetScene(graph), result.token)
    assert (again.verdict.kind, again.failure.what) == (VerdictKind.BUG, result.failure.what)


def test_an_invariant_of_a_net_is_checked_in_every_state() -> None:
    """It is given the net as it is played; a result that depends on order is found."""

    def first_is_a(net: Any) -> bool:
        out = net.outputs["out"]
        return not out or out[0] == "a0"

    result = explore(NetScene(fan_in(2, 1)), invariant=first_is_a)
    assert result.verdict.kind is VerdictKind.BUG
    assert result.failure.kind == "invariant"


def test_a_failing_node_is_a_bug_with_its_traceback() -> None:
    """The failure names the node, and shows where it was raised."""
    graph = Graph("fragile")
    source, node = graph.add(names, "source", prefix="a"), graph.add(fragile, "node")
    source.out >> node.value
    node.out >> graph.outputs.out
    result = explore(NetScene(graph))
    assert result.verdict.kind is VerdictKind.BUG
    assert (result.failure.kind, result.failure.process) == ("exception", "node")
    assert "raise ValueError(value)" in result.failure.trace
    allowed = explore(NetScene(graph, allowed=("failed",)))
    assert allowed.verdict.kind is VerdictKind.HOLDS
    assert {end["outcome"] for end in allowed.ends} == {"failed"}


def test_a_budget_that_is_spent_is_never_a_proof() -> None:
    """What was not gone through may hold anything."""
    result = explore(NetScene(fan_in(3, 3)), budget=Budget(executions=20))
    assert result.verdict.kind not in (VerdictKind.HOLDS, VerdictKind.BUG)
    with pytest.raises(AssertionError):
        result.assert_holds()


def test_what_cannot_be_explored_is_refused() -> None:
    """A net that cannot begin, and a search that needs what nets do not tell."""
    with pytest.raises(InputError, match="nothing was given"):
        explore(NetScene(line(1)))
    with pytest.raises(ExploreError, match="nodes of a net do not announce"):
        explore(NetScene(line(1), {"number": 1}), search="races")


# -- soundness ---------------------------------------------------------------------------------------------


def ends_by_hand(graph: Graph, inputs: Any, most: int) -> set[str] | None:
    """Make every order one by one, and return all ends; None when there are too many."""
    ends: set[str] = set()
    todo: list[list[str]] = [[]]
    with FSMRuntime(graph).start(inputs=inputs) as fsm:
        for _ in range(most):
            fsm.replay(todo.pop())
            while enabled := choices(fsm):
                todo.extend([*fsm.choices, name] for name in enabled[1:])
                fsm.step(enabled[0])
            assert fsm.result is not None
            ends.add(str((str(fsm.result.outcome), {name: fsm.result.outputs[name] for name in fsm.result.outputs})))
            if not todo:
                return ends
    return None


def ends_explored(graph: Graph, inputs: Any) -> set[str]:
    """Return all ends that the explorer finds."""
    found = explore(NetScene(graph, inputs, allowed=ANY))
    assert found.verdict.kind is VerdictKind.HOLDS, str(found)
    ends = set()
    for end in found.ends:
        outputs = {name.removeprefix("outputs."): eval(text) for name, text in end.items() if name != "outcome"}
        ends.add(str((end["outcome"], outputs)))
    return ends


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_small_nets_have_the_ends_that_the_rules_allow(name: str) -> None:
    """With all that races, and without what does not, the ends are those that were written down for each net."""
    net: SmallNet = NETS[name]()
    found = explore(NetScene(net.graph, net.inputs, allowed=ANY))
    assert found.verdict.kind is VerdictKind.HOLDS
    ends = []
    for end in found.ends:
        outputs = {key.removeprefix("outputs."): sorted(eval(text)) for key, text in end.items() if key != "outcome"}
        ends.append((end["outcome"], outputs))
    assert sorted(map(str, {str(end): end for end in ends}.values())) == sorted(map(str, net.ends))


def drawn(seed: int) -> Graph:
    """Draw a graph of two or three nodes and one or two packets from each source."""
    draw = random.Random(seed)
    graph = Graph("drawn")
    ends = [graph.add(names, "a", prefix="a", count=draw.randint(1, 2)).out]
    if draw.random() < 0.7:
        ends.append(graph.add(names, "b", prefix="b", count=1).out)
    for number in range(draw.randint(1, 2)):
        kind = draw.choice([same, odd, fragile, First, pair, Merge, either])
        node = graph.add(kind, f"n{number}")
        ports = ("left", "right") if kind in (pair, Merge, either) else ("value",)
        for port in ports:
            draw.choice(ends) >> getattr(node, port)
        if len(ports) == 1 and draw.random() < 0.3:
            for end in ends:
                source = tuple(end.address.split("."))
                if not any((edge.source, edge.target) == (source, (f"n{number}", "value")) for edge in graph.edges):
                    end >> node.value
        ends.append(node.out)
    ends[-1] >> graph.outputs.out
    if draw.random() < 0.4:
        ends[-2] >> graph.outputs.out
    return graph


FEW_ORDERS = (1, 5, 10, 19, 23, 24, 25, 51, 68, 84, 87, 103, 108, 110, 145, 148, 150, 151, 163, 171, 187, 192, 193, 204)
"""Seeds of graphs that have 200 orders at the most; of the others there are three times as many."""


@pytest.mark.slow
def test_no_end_is_lost_by_what_is_left_out() -> None:
    """Over random nets the ends are those that are found by making every order, one by one."""
    ends = []
    for seed in FEW_ORDERS:
        expected = ends_by_hand(drawn(seed), {}, 200)
        assert expected is not None
        assert ends_explored(drawn(seed), {}) == expected, f"seed {seed}"
        ends.append(len(expected))
    assert max(ends) == 3


# -- with little ado ---------------------------------------------------------------------------------------


def test_a_circle_of_steps_without_a_choice_is_seen() -> None:
    """A packet that goes round for ever, with nothing else to choose: a livelock, as before."""
    graph = Graph("round")
    node = graph.add(same, "node")
    graph.initial(1) >> node.value
    node.out >> node.value
    result = explore(NetScene(graph))
    assert result.verdict.kind is VerdictKind.BUG
    assert result.failure is not None
    assert result.failure.kind == "livelock"


def test_where_there_is_no_choice_states_are_hardly_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a line of eighty steps, three states: the first, one on the way, and the last."""
    read = []
    monkeypatch.setattr(nets, "state_digest", lambda stepping: read.append(0) or state_digest(stepping))
    result = explore(NetScene(line(3), {"number": Each(list(range(10)))}))
    assert result.executions == 1
    assert len(result.graph.states) > 70
    assert len(read) <= 3


def test_a_net_that_is_not_deterministic_is_never_proven(tmp_path: Path) -> None:
    """Its one order comes to another end when it is run again; and a bug that is not there again is none."""
    path = tmp_path / "count"
    path.write_text("")

    @component
    def counted(value: int) -> int:
        # A file is outside of all that the explorer sees.
        path.write_text(path.read_text() + "x")
        return len(path.read_text())

    graph = Graph("other")
    node = graph.add(counted, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    result = explore(NetScene(graph, {"value": 1}))
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "not deterministic" in result.verdict.detail
    wrong = explore(NetScene(graph, {"value": 1}), at_end=lambda net: net.outputs["out"][0] > 4)
    assert wrong.verdict.kind is VerdictKind.INCONCLUSIVE
    assert not wrong.failures


def test_what_is_done_on_the_way_is_held_against_the_first_time(tmp_path: Path) -> None:
    """It comes to the same end in as many steps when it is run again, and has sent another packet to nobody."""
    path = tmp_path / "count"
    path.write_text("")

    class Fickle(Component):
        """Do another thing each time."""

        out: Out[int]
        extra: Out[int]

        async def run(self) -> None:
            path.write_text(path.read_text() + "x")
            if len(path.read_text()) % 2:
                await asyncio.sleep(0)
            else:
                await self.extra.send(1)
            await self.out.send(1)

    graph = Graph("fickle")
    graph.add(Fickle).out >> graph.outputs.out
    result = explore(NetScene(graph))
    assert result.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "not deterministic" in result.verdict.detail


def test_nets_that_are_explored_tell_the_log_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Of thousands of executions no log is told that they begin, fail and end; components log as they like."""
    caplog.set_level("DEBUG")

    @component
    def parse(text: str) -> int:
        logging.getLogger("mine").info("parsing")
        return int(text)

    explore(NetScene(parse, {"text": "no number"}))
    assert {record.name for record in caplog.records} == {"mine"}
