"""Several firings at once on a net that is stepped: shown, taken back, written down, and explored."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    Component,
    Concurrency,
    DataError,
    DeadLetters,
    Each,
    End,
    FSMRuntime,
    Graph,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Retry,
    SnapshotError,
    StepError,
    component,
)
from fbcore.net import trail
from fbdev.explore import NetScene, explore
from tests.laws.keepable import end_of, seen


class Pairs(Component):
    """Sends two numbers a second, for three seconds."""

    number: Out[int]
    sent: Memory[int] = Memory(0)
    stateless = True

    async def run(self) -> None:
        while self.sent.value < 6:
            self.sent.value += 2
            for number in self.sent.value - 2, self.sent.value - 1:
                await self.number.send(number)
            await asyncio.sleep(1)


def by_two(number: int) -> int:
    """Return the key of a number."""
    return number % 2


@component
async def count(number: int, seen: Memory[list[int]] = Memory(list)) -> tuple[int, int]:
    """Say how many of a key there were, a while after one has come."""
    await asyncio.sleep(0.3 - number / 100)
    seen.value.append(number)
    return number, len(seen.value)


def graph_of(function: Any = count) -> Graph:
    """Return a graph of a function that counts what comes in bursts."""
    graph = Graph("bursts")
    graph.add(Pairs).number >> graph.add(function, "node").number
    graph["node"].out >> graph.outputs.out
    return graph


SETTINGS = NetSettings(nodes={"node": NodeSettings(concurrency=Concurrency(3, key=by_two))})
COUNTED = [(1, 1), (0, 1), (3, 2), (2, 2), (5, 3), (4, 3)]


def test_firings_are_stepped_and_taken_back() -> None:
    """Each has turns of its own, the node holds the packets of all; taken back, the run ends the same."""
    with FSMRuntime(graph_of(), settings=SETTINGS).start() as fsm:
        fsm.run_until(lambda _: len(fsm.state()["nodes"]["node"].get("holds", {})) == 2)
        assert fsm.state()["nodes"]["node"]["holds"] == {"number": 0, "number#2": 1}
        result = fsm.run()
        assert result.outputs.out == COUNTED
        assert {"node firing", "node firing#2"} <= set(fsm.choices)
        choices = list(fsm.choices)
        fsm.undo(20)
        assert fsm.run().outputs.out == COUNTED
        assert list(fsm.choices) == choices


def test_every_state_between_firings_is_written_down(tmp_path: Path) -> None:
    """With one firing or several on their way, waiting for time, for their key, or for nothing but their turn."""
    file, going = tmp_path / "net.json", set()
    with FSMRuntime(graph_of(), settings=SETTINGS).start() as fsm:
        while fsm.result is None:
            going.add(len(fsm.state()["nodes"]["node"].get("holds", {})))
            check_state(fsm, graph_of(), SETTINGS, file)
            fsm.step()
    assert going == {0, 1, 2}


def check_state(fsm: FSMRuntime, graph: Graph, settings: NetSettings, file: Path) -> None:
    """Write a net down, and see that what goes on from that is where it is, and comes to the same end."""
    try:
        fsm.snapshot(file)
    except SnapshotError as error:
        raise AssertionError(f"{error} at {list(fsm.choices)}") from error
    made = len(fsm.choices)
    state, choices = seen(fsm), list(fsm.enabled())
    with FSMRuntime(graph, settings=settings).restore(file) as again:
        assert (seen(again), list(again.enabled())) == (state, choices)
        end = end_of(again)
    expected = end_of(fsm)
    fsm.undo(len(fsm.choices) - made)
    assert end == expected


def refusal(fsm: FSMRuntime, file: Path) -> str:
    """Say why a net cannot be written down."""
    with pytest.raises(SnapshotError) as caught:
        fsm.snapshot(file)
    return str(caught.value)


def test_firings_that_cannot_be_made_again_are_refused(tmp_path: Path) -> None:
    """One that waits for something outside of the net, and one that has tasks of its own."""

    @component
    async def waits(number: int) -> int:
        await asyncio.Event().wait()
        return number

    @component
    async def gathers(number: int) -> int:
        await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))
        return number

    for function, why in (
        (waits, f"waits for something outside the net: Event.wait at {__file__}:"),
        (gathers, "has a task of its own, task-"),
    ):
        with FSMRuntime(graph_of(function), settings=NetSettings(concurrency=3)).start() as fsm:
            fsm.run_until(time=0.5)
            assert why in refusal(fsm, tmp_path / "net.json")


def test_firings_without_end_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a node did since it last had no firing is kept as far as it can be done again, and then no more."""
    monkeypatch.setattr(trail, "_MOST", 3)
    with FSMRuntime(graph_of(), settings=SETTINGS).start() as fsm:
        fsm.run_until(lambda fsm: fsm.time >= 0.27)
        assert "has had firings without a break for 3 turns" in refusal(fsm, tmp_path / "net.json")
        fsm.run_until(lambda fsm: "holds" not in fsm.state()["nodes"]["node"])
        fsm.snapshot(tmp_path / "net.json")
        assert fsm.run().outputs.out == COUNTED


def test_a_memory_by_key_is_no_other_memory(tmp_path: Path) -> None:
    """What was stored of a node with memories by key is not taken for that of one without, nor the other way round."""
    file = tmp_path / "net.json"

    def stored(settings: NetSettings) -> None:
        with FSMRuntime(graph_of(), settings=settings).start() as fsm:
            fsm.run_until(time=1.5)
            while "holds" in fsm.state()["nodes"]["node"]:
                fsm.step()
            fsm.snapshot(file)

    for then, now in (SETTINGS, NetSettings()), (NetSettings(), SETTINGS):
        stored(then)
        with pytest.raises(DataError, match=r"a memory for each key") as caught:
            FSMRuntime(graph_of(), settings=now).restore(file)
        assert "say the same `concurrency`" in str(caught.value)


def test_a_state_machine_may_have_firings_at_once() -> None:
    """There is one token, so that it gains nothing; it is where it is, and seen to be lost when it is."""

    @component
    async def state(token: int) -> int | None:
        await asyncio.sleep(1)
        return token if token < 3 else None

    graph = Graph("machine", token=True)
    graph.inputs.token >> graph.add(state, "first").token
    graph["first"].out >> graph.add(state, "second").token
    graph["second"].out >> graph.outputs.end
    with FSMRuntime(graph, settings=NetSettings(concurrency=4)) as fsm:
        fsm.start(inputs={"token": 1})
        fsm.run_until(time=0.5)
        assert fsm.active == "first"
        assert fsm.run().outputs.end == [1]
        with pytest.raises(StepError, match="loses the token"):
            fsm.start(inputs={"token": 3}).run()


# -- every order -----------------------------------------------------------------------------------------


@component
async def turns(number: int) -> int:
    """Return a number after a turn of others."""
    await asyncio.sleep(0)
    return number


@component
async def stumbles(number: int, tried: Memory[int] = Memory(0)) -> int:
    """Fail once at the number 1."""
    await asyncio.sleep(0)
    if number == 1 and tried.value == 0:
        tried.value += 1
        raise ValueError(number)
    return number


def ends(function: Any, count: int, *, audit: int = 0, **said: Any) -> set[str]:
    """Return what comes out in every order of turns and timers; all must be found, and each must end well."""
    graph = Graph("small")
    graph.inputs.number >> graph.add(function, "node").number
    graph["node"].out >> graph.outputs.out
    settings = NetSettings(nodes={"node": NodeSettings(**said)})
    result = explore(NetScene(graph, inputs={"number": Each(range(count))}, settings=settings), audit=audit)
    assert result.verdict.kind == "holds", result.verdict
    return {end["outputs.out"] for end in result.ends}


@pytest.mark.slow
def test_every_order_of_firings_is_explored() -> None:
    """Wholly, for the state of a net tells its firings apart: in order there is one end, and else all that can be."""
    assert ends(turns, 3, concurrency=2, audit=5) == {"[0, 1, 2]"}
    assert ends(turns, 3, concurrency=Concurrency(2, "unordered"), audit=5) == {
        "[0, 1, 2]",
        "[0, 2, 1]",
        "[1, 0, 2]",
        "[1, 2, 0]",
    }
    found = ends(turns, 3, concurrency=Concurrency(3, key=by_two))
    assert found == {"[0, 1, 2]", "[0, 2, 1]", "[1, 0, 2]"}


@pytest.mark.slow
def test_every_order_of_a_restart_of_firings_ends_well() -> None:
    """Whatever was going on when one has failed, nothing is lost, doubled, or out of the order of its key."""
    by_key = Concurrency(2, key=by_two)
    for held, gone in ("return", ""), ("drop", "1"), ("dead-letter", "1"):
        found = ends(stumbles, 2, concurrency=by_key, restart=Restart(backoff=1, jitter=0, held=held))
        assert found == ({"[0, 1]", "[1, 0]"} if not gone else {"[0]"})
    retry = ends(
        stumbles, 2, concurrency=by_key, retry=Retry(attempts=2, backoff=1, jitter=0), dead_letters=DeadLetters()
    )
    assert retry == {"[0]"}
    assert ends(turns, 3, concurrency=3, end=End(after=2)) == {"[0, 1]"}
