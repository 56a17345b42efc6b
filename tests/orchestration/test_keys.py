"""How many keys a node remembers whose firings go on by key: what is forgotten, when, and that it is told."""

import asyncio
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import (
    BatchRuntime,
    Concurrency,
    Each,
    FSMRuntime,
    Memory,
    NetSettings,
    NodeSettings,
    Observer,
    Restart,
    Result,
    SettingsError,
    component,
)
from fbcore.net.view import NetView
from fbcore.orchestration import keys as module
from fbcore.orchestration.fitting import doubts
from fbdev.explore import NetScene, explore
from tests.laws.keepable import end_of
from tests.orchestration.flaky import alone, run


@component
async def counts(number: int, seen: Memory[int] = Memory(0)) -> tuple[int, int]:
    """Say how manieth of its key a number is; those from a hundred on take a second."""
    await asyncio.sleep(number // 100)
    seen.value += 1
    return number, seen.value


def last_digit(number: int) -> int:
    return number % 10


def bounded(keys: int | None, most: int = 1) -> Concurrency:
    return Concurrency(most, key=last_digit, keys=keys)


def seen(result: Result) -> dict[int, list[int]]:
    """Return what was counted, by key, in the order in which it came out."""
    found: dict[int, list[int]] = {}
    for number, count in result.outputs.passed:
        found.setdefault(number % 10, []).append(count)
    return found


def test_the_key_that_was_idle_for_longest_is_forgotten() -> None:
    """It begins anew when it comes again; whoever came again meanwhile is remembered."""
    result = run(counts, [1, 2, 1, 3, 1, 2, 3], concurrency=bounded(2))
    assert seen(result) == {1: [1, 2, 3], 2: [1, 1], 3: [1, 1]}
    assert result.forgotten == {"node": 3}
    assert "forgotten  node: 3 keys" in str(result)


def test_without_a_bound_nothing_is_forgotten() -> None:
    """As where nobody says anything."""
    result = run(counts, [*range(10), *range(10)], concurrency=bounded(None))
    assert (seen(result), result.forgotten) == ({key: [1, 2] for key in range(10)}, {})


def test_none_at_all_is_a_bound_too() -> None:
    """Then a key is remembered from its first firing to the last one that waits."""
    result = run(counts, [101, 101, 101, 102, 103, 102, 104, 101], concurrency=bounded(0, most=3))
    assert seen(result)[1] == [1, 2, 3, 1]


def test_a_key_with_work_in_hand_is_never_forgotten() -> None:
    """However long that takes, and whatever comes meanwhile; nor one whose next firing waits for the one before it."""
    numbers = [901, 901, 2, 3, 4, 5, 6, 7, 8, 9, 901]
    result = run(counts, numbers, concurrency=bounded(1, most=3))
    assert seen(result)[1] == [1, 2, 3]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), max_size=30), st.integers(0, 4))
def test_a_cache_of_that_size_forgets_the_same(numbers: list[int], keys: int) -> None:
    """One after the other, what is remembered is what a cache has from which the least recently used goes first."""
    cache: OrderedDict[int, int] = OrderedDict()
    expected, gone = [], 0
    for number in numbers:
        expected.append((number, cache.pop(number, 0) + 1))
        cache[number] = expected[-1][1]
        if len(cache) > keys:
            cache.popitem(last=False)
            gone += 1
    result = run(counts, numbers, concurrency=bounded(keys))
    assert result.outputs.passed == expected
    assert result.forgotten == ({"node": gone} if gone else {})


@pytest.mark.parametrize("memory", ["keep", "reset"])
def test_a_restart_keeps_the_bound(memory: Any) -> None:
    """Keys of firings that went on then are idle, until they come again; those of reset memories are none."""
    fails = {115: 1}

    @component
    async def stumbles(number: int, seen: Memory[int] = Memory(0)) -> tuple[int, int]:
        seen.value += 1
        await asyncio.sleep(number // 100)
        if fails.get(number):
            fails[number] -= 1
            raise ValueError(number)
        return number, seen.value

    numbers = [1, 2, 3, 115, 116, 117, *range(8), *range(8)]
    concurrency, restart = bounded(2, most=3), Restart(backoff=0, memory=memory)
    result = run(stumbles, numbers, concurrency=concurrency, restart=restart)
    assert (result.outcome, len(result.outputs.passed)) == ("finished", len(numbers))
    assert set(seen(result)[0]) == {1}
    # Whatever it went through, at its end it remembers two keys.
    assert remembered(stumbles, numbers, concurrency, restart) == 2


def remembered(function: Any, numbers: list[int], concurrency: Concurrency, restart: Restart) -> int:
    """Return how many keys a net that is stepped remembers at its end."""
    said = NetSettings(nodes={"node": NodeSettings(concurrency=concurrency, restart=restart)})
    with FSMRuntime(alone(function), settings=said).start(inputs={"number": Each(numbers)}) as fsm:
        fsm.run()
        return len(fsm.state()["nodes"]["node"]["memory"]["seen"])


def test_what_is_forgotten_is_seen_while_the_net_runs(caplog: pytest.LogCaptureFixture) -> None:
    """In views, in a notice when it begins, and nowhere per key: there may be millions."""
    found: list[Any] = []

    class Looks(Observer):
        def begun(self, net: NetView) -> None:
            self.net = net

        def notice(self, address: str, text: str) -> None:
            found.append((address, text))

        def ended(self, result: Result) -> None:
            found.append(self.net.forgotten)

    with caplog.at_level(logging.WARNING):
        run(counts, range(9), concurrency=bounded(2), heard=Looks())
    assert found == [("node", "forgets keys from now on, for more than 2 are idle"), {"node": 7}]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_many_keys_of_which_none_is_forgotten_are_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once: who reads the log at night learns what grows, and what to say."""
    monkeypatch.setattr(module, "MANY", 5)
    with caplog.at_level(logging.WARNING):
        run(counts, range(9), concurrency=bounded(None))
    (line,) = (record.getMessage() for record in caplog.records)
    assert "remembers 5 keys, and forgets none: `keys` of its `concurrency`" in line


def test_a_snapshot_knows_which_keys_are_idle_for_how_long(tmp_path: Path) -> None:
    """What goes on from one forgets what the one that was written down forgets, at every state between two packets."""
    numbers = [3, 1, 2, 1, 4, 3, 2, 1, 5, 4, 1, 3, 2]
    said = NetSettings(nodes={"node": NodeSettings(concurrency=bounded(2))})
    graph, path = alone(counts), tmp_path / "net.json"
    for received in range(1, len(numbers)):
        with FSMRuntime(graph, settings=said).start(inputs={"number": Each(numbers)}) as fsm:
            write(fsm, received, path)
            expected = end_of(fsm)
        with FSMRuntime(graph, settings=said).restore(path) as fsm:
            assert end_of(fsm) == expected


def write(fsm: FSMRuntime, received: int, path: Path) -> None:
    """Write a net down when its node has taken so many packets, no firing goes on, and it has come to the next."""
    (node,) = (node for node in fsm.net.nodes if node.address == "node")
    assert node.crew is not None
    fsm.run_until(lambda _: node.ins["number"].received == received and not node.crew.hands)
    assert fsm._stepping is not None
    while fsm._stepping.trails["node"].turns:
        fsm.step()
    assert node.ins["number"].received == received
    fsm.snapshot(path)


def test_a_snapshot_that_was_taken_without_a_bound_is_gone_on_with_under_one(tmp_path: Path) -> None:
    """Keys of which nobody knows for how long they are idle go first."""
    graph = alone(counts)

    def said(keys: int | None) -> NetSettings:
        return NetSettings(nodes={"node": NodeSettings(concurrency=bounded(keys))})

    with FSMRuntime(graph, settings=said(None)).start(inputs={"number": Each([*range(9), 0])}) as fsm:
        write(fsm, 9, tmp_path / "net.json")
    with FSMRuntime(graph, settings=said(2)).restore(tmp_path / "net.json") as fsm:
        result = fsm.run()
    assert result.outputs.passed[-1] == (0, 2)
    assert result.forgotten == {"node": 7}


@pytest.mark.slow
def test_every_order_forgets_what_is_idle_alone() -> None:
    """The explorer tells states apart by which keys are idle for how long, and sees both ends."""
    graph = alone(counts)
    said = NetSettings(nodes={"node": NodeSettings(concurrency=bounded(1, most=2))})
    result = explore(NetScene(graph, inputs={"number": Each([101, 102, 1])}, settings=said), audit=1)
    assert result.verdict.kind == "holds", result.verdict
    assert {end["outputs.passed"] for end in result.ends} == {
        "[(101, 1), (1, 2), (102, 1)]",
        "[(101, 1), (102, 1), (1, 1)]",
        "[(101, 1), (102, 1), (1, 2)]",
        "[(102, 1), (101, 1), (1, 2)]",
    }


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"keys": 5}, "say what the `key` of a firing is"),
        ({"keys": -1, "key": "number"}, "give a whole number from 0 on"),
        ({"keys": 2.5, "key": "number"}, "give a whole number from 0 on"),
        ({"keys": True, "key": "number"}, "give a whole number from 0 on"),
    ],
)
def test_a_bound_that_cannot_be_is_refused(fields: Any, what: str) -> None:
    """When it is said, with what to say instead."""
    with pytest.raises(SettingsError) as caught:
        Concurrency(2, **fields)
    assert what in caught.value.hint


def test_a_bound_where_nothing_is_remembered_is_doubted() -> None:
    """A function without a Memory forgets nothing, and `fbdev check` says so."""

    @component
    async def forgets(number: int) -> int:
        return number

    said = NetSettings(nodes={"node": NodeSettings(concurrency=bounded(5))})
    (doubt,) = doubts(said, alone(forgets))
    assert "it has no Memory" in doubt.what
    assert not list(doubts(said, alone(counts)))
    assert BatchRuntime(alone(forgets), settings=said).run(inputs={"number": 1}).outputs.passed == [1]
