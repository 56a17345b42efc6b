"""Snapshots of a net that is stepped: what is refused, what a damaged file says, and what stays as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fbcore import Component, Config, DataError, Each, FSMRuntime, Graph, In, Memory, Out, SnapshotError, component


@component
def double(number: int) -> int:
    return 2 * number


@component
async def nap(number: int, seconds: float = 2.0) -> int:
    await asyncio.sleep(seconds)
    return number


class Total(Component):
    """Add up, in a variable of its own."""

    number: In[int]
    total: Out[int]

    async def run(self) -> None:
        total = 0
        async for number in self.number:
            total += number
        await self.total.send(total)


class Sum(Component):
    """Add up, in a Memory."""

    number: In[int]
    total: Out[int]
    seen: Memory[int] = Memory(0)

    async def run(self) -> None:
        async for number in self.number:
            self.seen.value += number
            await self.total.send(self.seen.value)


class Scaled(Component):
    """Pass numbers on, scaled; knows nothing between two of them."""

    stateless = True
    number: In[int]
    factor: Config[int] = Config(default=1)
    scaled: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await self.scaled.send(number * self.factor.value)


def through(what: Any, out: str = "out", **configs: Any) -> Graph:
    """Put a component between an input and an output of a graph."""
    graph = Graph("whole")
    node = graph.add(what, "node", **configs)
    graph.inputs.number >> node.number
    getattr(node, out) >> graph.outputs.out
    return graph


def started(graph: Graph, *numbers: int) -> FSMRuntime:
    """Start a graph, to be closed by the test."""
    return FSMRuntime(graph).start(inputs={"number": Each(list(numbers))})


# -- what goes on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (through(double), [2, 4, 6]),
        (through(nap), [1, 2, 3]),
        (through(Sum, "total"), [1, 3, 6]),
        (through(Scaled, "scaled", factor=10), [10, 20, 30]),
    ],
)
def test_every_state_of_a_net_goes_on_to_the_same_end(tmp_path: Path, graph: Graph, expected: list[int]) -> None:
    """Functions, and classes whose state is in their Memory, are restored wherever they stand."""
    with started(graph, 1, 2, 3) as fsm:
        count = len(list(fsm.steps()))
        assert fsm.result.outputs.out == expected
        seconds = fsm.time
    for steps in range(count):
        with started(graph, 1, 2, 3) as fsm:
            for _ in range(steps):
                fsm.step()
            state = fsm.state()
            fsm.snapshot(tmp_path / "net.json")
        with FSMRuntime(graph).restore(tmp_path / "net.json") as fsm:
            assert fsm.state() == state
            assert (fsm.run().outputs.out, fsm.time) == (expected, seconds)


def test_a_snapshot_can_be_read_by_people(tmp_path: Path) -> None:
    """It names nodes and edges by their addresses, and packets are as they are."""
    with started(through(Sum, "total"), 5, 6) as fsm:
        fsm.run_until(port="node.total")
        data = json.loads(fsm.snapshot(tmp_path / "net.json").read_text())
    assert (data["format"], data["version"]) == ("fbcore-snapshot", 1)
    assert data["net"]["edges"]["inputs.number->node.number"]["packets"] == [6]
    assert data["net"]["edges"]["node.total->outputs.out"]["packets"] == [5]


def test_steps_after_a_snapshot_can_be_taken_back_as_far_as_that(tmp_path: Path) -> None:
    """Choices begin anew where a snapshot was restored."""
    with started(through(double), 1, 2) as fsm:
        fsm.run_until(port="node.out")
        fsm.snapshot(tmp_path / "net.json")
    with FSMRuntime(through(double)).restore(tmp_path / "net.json") as fsm:
        state = fsm.state()
        assert fsm.choices == []
        fsm.step()
        fsm.undo()
        assert fsm.state() == state
        fsm.run()
        with pytest.raises(SnapshotError, match="ended"):
            fsm.snapshot(tmp_path / "end.json")


# -- what is refused ---------------------------------------------------------------------------------------


def test_a_class_with_variables_of_its_own_is_refused_by_name(tmp_path: Path) -> None:
    """The error names the nodes, and says what to change; before it has received anything, there is nothing to lose."""
    graph = Graph("two")
    for name in ("a", "b"):
        node = graph.add(Total, name)
        graph.inputs.number >> node.number
        node.total >> graph.outputs.out
    with started(graph, 1, 2) as fsm:
        fsm.snapshot(tmp_path / "before.json")
        fsm.run_until(port="a.number", node="a")
        with pytest.raises(SnapshotError, match="a keeps what it has received in variables of its own") as caught:
            fsm.snapshot(tmp_path / "net.json")
        assert "seen: Memory[set[str]] = Memory(set)" in caught.value.hint
        fsm.run_until(port="b.number", node="b")
        with pytest.raises(SnapshotError, match=r"2 nodes cannot be written down:\n  a keeps .*\n  b keeps"):
            fsm.snapshot(tmp_path / "net.json")
    assert [path.name for path in tmp_path.iterdir()] == ["before.json"]


def test_an_input_that_is_fed_by_an_iterator_is_refused(tmp_path: Path) -> None:
    """What an iterator will give cannot be known; the error says to give a list."""
    with FSMRuntime(through(double)).start(inputs={"number": Each(iter([1, 2]))}) as fsm:
        with pytest.raises(SnapshotError, match="fed by an iterator") as caught:
            fsm.snapshot(tmp_path / "net.json")
        assert caught.value.hint == 'give it a list: inputs={"number": Each([...])}'


def test_a_value_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The error says where the packet lies; the file that was there stays."""

    @component
    def opened(number: int) -> Any:
        return object()

    path = tmp_path / "net.json"
    path.write_text("the old one")
    with started(through(opened), 1) as fsm:
        fsm.run_until(port="node.out")
        with pytest.raises(DataError, match=r"node\.out"):
            fsm.snapshot(path)
    assert path.read_text() == "the old one"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_wait_for_something_outside_is_refused(tmp_path: Path) -> None:
    """A node that awaits what is no port and no timer is named, with the place."""

    @component
    async def waits(number: int) -> int:
        await asyncio.Event().wait()
        return number

    with started(through(waits), 1) as fsm:
        fsm.run_until(blocked=True)
        with pytest.raises(SnapshotError, match=r"node waits for something outside the net: Event\.wait at"):
            fsm.snapshot(tmp_path / "net.json")


def test_a_timer_around_the_receives_of_a_class_is_refused(tmp_path: Path) -> None:
    """Begun anew, a class would arm such a timer later than it did."""

    class Patient(Component):
        stateless = True
        number: In[int]

        async def run(self) -> None:
            async with asyncio.timeout(100):
                async for _ in self.number:
                    pass

    graph = Graph("patient")
    graph.inputs.number >> graph.add(Patient, "node").number
    with started(graph, 1, 2) as fsm:
        fsm.run_until(port="node.number", node="node")
        with pytest.raises(SnapshotError, match="node has armed a timer before"):
            fsm.snapshot(tmp_path / "net.json")


def test_a_class_that_does_not_come_back_to_its_receive_is_found_out(tmp_path: Path) -> None:
    """A class that says it is stateless, and is not, is named when it is restored."""

    class Header(Component):
        stateless = True
        number: In[int]
        total: Out[int]

        async def run(self) -> None:
            await self.total.send(-1)
            async for number in self.number:
                await self.total.send(number)

    graph = through(Header, "total")
    with started(graph, 1, 2) as fsm:
        fsm.run_until(node="node", port="node.number")
        fsm.snapshot(tmp_path / "net.json")
        with pytest.raises(SnapshotError, match="node: begun anew, it does not come back to where it could receive"):
            fsm.restore(tmp_path / "net.json")
        assert fsm.run().outputs.out == [-1, 1, 2]


def test_a_memory_that_cannot_be_copied_is_refused_and_the_net_goes_on(tmp_path: Path) -> None:
    """Stepping does not need to write a memory down; a snapshot does, and says which it is."""

    class Opens(Component):
        number: In[int]
        total: Out[int]
        file: Memory[Any] = Memory(None)

        async def run(self) -> None:
            async for number in self.number:
                self.file.value = (each for each in ())
                await self.total.send(number)

    with started(through(Opens, "total"), 1, 2) as fsm:
        fsm.run_until(port="node.total", packet=1)
        fsm.step("node")
        with pytest.raises(SnapshotError, match="node has a memory that cannot be copied"):
            fsm.snapshot(tmp_path / "net.json")
        assert fsm.run().outputs.out == [1, 2]


class Counted(Component):
    """Count, in a memory whose form has changed since: a number then, a dict now."""

    number: In[int]
    total: Out[int]
    seen: Memory[dict[str, int]] = Memory(dict, version=2, migrate=lambda data, version: {"count": data})

    async def run(self) -> None:
        async for number in self.number:
            count = self.seen.value.get("count", 0) + number
            self.seen.value = {"count": count}
            await self.total.send(count)


def test_a_memory_of_an_older_version_is_migrated(tmp_path: Path) -> None:
    """A snapshot outlives a change of a memory's form, where `migrate` says how."""
    with started(through(Counted, "total"), 1, 2, 3) as fsm:
        fsm.run_until(port="node.total", packet=1)
        path = fsm.snapshot(tmp_path / "net.json")
    data = json.loads(path.read_text())
    node = data["net"]["nodes"]["node"]
    assert node["memory"]["seen"] == {"version": 2, "data": {"count": 1}}
    for memory in (node["memory"], node.get("from", node)["memory"]):
        memory["seen"] = {"version": 1, "data": memory["seen"]["data"].get("count", 0)}
    path.write_text(json.dumps(data))
    with FSMRuntime(through(Counted, "total")).restore(path) as fsm:
        assert fsm.run().outputs.out == [1, 3, 6]


def test_a_function_that_depends_on_something_else_is_found_out(tmp_path: Path) -> None:
    """A function that does other than it did is named, instead of going on with what it did not do."""
    times = []

    @component
    async def moody(number: int) -> int:
        times.append(number)
        if len(times) == 1:
            await asyncio.sleep(1)
        return number

    graph = through(moody)
    with started(graph, 1) as fsm:
        fsm.run_until(time=1.0)
        fsm.snapshot(tmp_path / "net.json")
    with pytest.raises(SnapshotError, match="node: it armed no timer this time"):
        FSMRuntime(graph).restore(tmp_path / "net.json")


# -- files -------------------------------------------------------------------------------------------------


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A good snapshot."""
    with started(through(double), 1, 2, 3) as fsm:
        fsm.run_until(port="node.out")
        return fsm.snapshot(tmp_path / "net.json")


def test_a_truncated_snapshot_is_refused_at_every_length(taken: Path) -> None:
    """Nothing but the whole file is taken, and the net that is stepped goes on."""
    text = taken.read_text().rstrip()
    with started(through(double), 7) as fsm:
        for length in range(0, len(text), 37):
            taken.write_text(text[:length])
            with pytest.raises(SnapshotError, match="this is no whole JSON"):
                fsm.restore(taken)
        assert fsm.run().outputs.out == [14]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "it has version 2, and known is 1"),
        ({"format": "other"}, "this is no snapshot of a net"),
        ({"net": None}, "it is damaged"),
        ({"ready": None}, "it is damaged"),
    ],
)
def test_a_wrong_snapshot_says_what_is_wrong(taken: Path, change: dict[str, Any], said: str) -> None:
    """A newer version, another file, a part that is broken."""
    taken.write_text(json.dumps({**json.loads(taken.read_text()), **change}))
    with pytest.raises(SnapshotError, match=said):
        FSMRuntime(through(double)).restore(taken)


def test_a_part_that_is_missing_is_named(taken: Path) -> None:
    """A snapshot without a part is incomplete."""
    data = json.loads(taken.read_text())
    for part in ("graph", "inputs", "configs", "time", "ready", "timers", "net"):
        taken.write_text(json.dumps({name: value for name, value in data.items() if name != part}))
        with pytest.raises(SnapshotError, match=f"{part} is missing"):
            FSMRuntime(through(double)).restore(taken)


def test_a_snapshot_of_another_graph_says_what_differs(taken: Path) -> None:
    """Nodes, edges, capacities and ports are compared."""
    other = Graph("other")
    node = other.add(nap, "node")
    other.connect(other.inputs.number, node.number, capacity=3)
    node.out >> other.outputs.out
    with pytest.raises(SnapshotError, match="it is of another graph than 'other': node node was double with") as caught:
        FSMRuntime(other).restore(taken)
    assert "edge inputs.number->node.number was of capacity 64 and is of capacity 3" in caught.value.what


def test_a_file_that_is_not_there_or_cannot_be_written_is_an_error(taken: Path, tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(SnapshotError, match="cannot be read: No such file"):
        FSMRuntime(through(double)).restore(tmp_path / "none.json")
    with started(through(double), 1) as fsm, pytest.raises(SnapshotError, match="cannot be written: No such file"):
        fsm.snapshot(tmp_path / "no folder" / "net.json")


def test_files_that_are_changed_anyhow_never_end_in_a_traceback_of_ours(taken: Path) -> None:
    """Whatever part of a snapshot is replaced, the error is one of a snapshot or of a value, or it restores."""
    data = json.loads(taken.read_text())
    for way in _ways(data):
        for wrong in (None, -1, "x", [], {}):
            taken.write_text(json.dumps(_replaced(data, way, wrong)))
            try:
                FSMRuntime(through(double)).restore(taken).close()
            except (SnapshotError, DataError):
                continue


def _ways(data: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [so_far] if so_far else []
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, part in parts:
        found += _ways(part, (*so_far, name))
    return found


def _replaced(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[way[0]] = _replaced(copy[way[0]], way[1:], value)
    return copy
