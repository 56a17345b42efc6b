"""Feeding dead letters back: to the same ports, as the same firings, and out of their file once they are done."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Concurrency,
    DeadLetters,
    Each,
    End,
    Graph,
    In,
    InputError,
    LoadError,
    NetSettings,
    NodeError,
    NodeSettings,
    Out,
    Restart,
    Retry,
    Timeout,
    component,
)
from fbcore.formats.letter_file import LetterFile, record_of
from fbcore.loop import Seeded, SteppedLoop
from fbcore.model.letter import DeadLetter
from fbcore.orchestration.feeding import Fit
from fbcore.runtimes.blocking import run_on


@pytest.fixture
def letters(tmp_path: Path) -> LetterFile:
    """A file for dead letters."""
    return LetterFile(tmp_path / "failed.jsonl")


def write(letters: LetterFile, *several: dict[str, Any], net: str = "net", node: str = "node") -> None:
    """Write letters with these packets, called `0`, `1` and so on."""
    for number, values in enumerate(several):
        error = NodeError("ValueError: no", node)
        letters.append(record_of(DeadLetter(node, values, error, id=str(number), net=net)))


def left(letters: LetterFile) -> dict[str, tuple[Any, int]]:
    """What lies in the file: the packets of each letter, and how often it has come there."""
    return {id: (record.values, record.times) for id, record in letters.read().records.items()}


def go(graph: Graph, letters: Any, seed: int | None = 1, **given: Any) -> Any:
    """Feed letters to a graph, on virtual time in the order of a seed; inputs get nothing unless said."""
    given = {"raises": False, "feed_dead_letters": getattr(letters, "path", letters), **given}
    policies = given.pop("policies", NodeSettings())
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": policies}))
    make = asyncio.new_event_loop if seed is None else lambda: SteppedLoop(Seeded(seed))
    return run_on(make, lambda: runtime.arun(**given))


def of(target: Any, *inputs: str, error: bool = False) -> Graph:
    """A graph called `net` with one node called `node`."""
    graph = Graph("net")
    node = graph.add(target, "node")
    for name in inputs or ("number",):
        graph.inputs[name] >> getattr(node, name)
    node.out >> graph.outputs.out
    if error:
        node.error >> graph.outputs.failures
    return graph


@component
def even(number: int) -> int:
    if number % 2:
        raise ValueError(number)
    return number


class Passes(Component):
    """Fails at numbers from 100 on."""

    number: In[int]
    out: Out[int]
    stateless = True

    async def run(self) -> None:
        async for number in self.number:
            if number >= 100:
                raise ValueError(number)
            await self.out.send(number)


@pytest.mark.parametrize("target", [even, Passes])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_letters_come_before_what_comes_anyway(letters: LetterFile, target: Any, seed: int | None) -> None:
    """In their order, functions and classes alike, on any loop; then the file is empty."""
    write(letters, {"number": 2}, {"number": 4}, {"number": 6})
    result = go(of(target), letters, seed, inputs={"number": Each([8, 10])})
    assert (result.outcome, result.outputs.out, result.fed) == ("finished", [2, 4, 6, 8, 10], {"node": 3})
    assert letters.path.read_bytes() == b""


def test_what_fails_again_stays_and_the_net_goes_on(letters: LetterFile) -> None:
    """Though nothing else is said of the node; its count is raised, and the error is the new one."""
    write(letters, {"number": 1}, {"number": 2}, {"number": 3})
    result = go(of(even), letters)
    assert (result.outcome, result.outputs.out, result.fed) == ("finished", [2], {"node": 1})
    assert left(letters) == {"0": ({"number": 1}, 2), "2": ({"number": 3}, 2)}
    assert [letter.error.what.partition(" ")[0] for letter in result.dead_letters] == ["ValueError:"] * 2
    go(of(even), letters)
    assert left(letters) == {"0": ({"number": 1}, 3), "2": ({"number": 3}, 3)}
    fails = go(of(even), letters, inputs={"number": Each([5])})
    assert (fails.outcome, fails.held) == ("failed", {"node.number": 5})


def test_a_class_that_fails_again(letters: LetterFile) -> None:
    """It ends with the letters unread, which stay as they were; with a restart it goes on with the next."""
    write(letters, {"number": 1}, {"number": 100}, {"number": 2})
    result = go(of(Passes), letters)
    assert (result.outcome, result.outputs.out) == ("finished", [1])
    assert result.unread == {"dead_letters.node.number->node.number": [2]}
    assert left(letters) == {"1": ({"number": 100}, 2), "2": ({"number": 2}, 1)}
    result = go(of(Passes), letters, policies=NodeSettings(restart=Restart(backoff=0)))
    assert (result.outputs.out, left(letters)) == ([2], {"1": ({"number": 100}, 3)})


@pytest.mark.parametrize("seed", range(4))
def test_the_packets_of_a_firing_stay_together(letters: LetterFile, seed: int) -> None:
    """Whatever comes by the inputs meanwhile."""

    @component
    def divide(a: int, b: int) -> float:
        return a / b

    write(letters, {"a": 6, "b": 2}, {"a": 1, "b": 0}, {"a": 9, "b": 3})
    result = go(of(divide, "a", "b"), letters, seed, inputs={"a": Each([4, 5]), "b": Each([1, 1])})
    assert result.outputs.out == [3.0, 3.0, 4.0, 5.0]
    assert left(letters) == {"1": ({"a": 1, "b": 0}, 2)}


def test_a_class_with_several_inputs_is_done_with_the_last_packet(letters: LetterFile) -> None:
    """Of a letter with two packets one may fail when the other is done: then that one stays, and nothing else."""

    class Sums(Component):
        a: In[int]
        b: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for hit in self.select(self.a, self.b):
                if hit.value >= 100:
                    raise ValueError(hit.value)
                await self.out.send(hit.value)

    write(letters, {"a": 1, "b": 100}, {"a": 100, "b": 2}, {"a": 3, "b": 4})
    result = go(of(Sums, "a", "b"), letters, policies=NodeSettings(restart=Restart(backoff=0)))
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", [1, 2, 3, 4])
    assert left(letters) == {"0": ({"b": 100}, 2), "1": ({"a": 100}, 2)}


def test_what_the_port_error_takes_is_done(letters: LetterFile) -> None:
    """Somebody has it now."""
    write(letters, {"number": 1}, {"number": 2})
    result = go(of(even, error=True), letters)
    assert [failure.value for failure in result.outputs.failures] == [1]
    assert (left(letters), result.fed) == ({}, {"node": 2})


def test_a_letter_that_is_dropped_or_in_hand_at_the_end_stays(letters: LetterFile) -> None:
    """It was not done: by a policy, by a deadline, by a stop."""

    class Slow(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(10)
                await self.out.send(number)

    write(letters, {"number": 1}, {"number": 2}, {"number": 3})
    for held in ("drop", "return"):
        result = go(of(Slow), letters, policies=NodeSettings(end=End(deadline=5, held=held)))
        assert (result.outcome, len(left(letters))) == ("finished", 3)
    go(of(Slow), letters, policies=NodeSettings(end=End(deadline=5, held="dead-letter")))
    assert {id: times for id, (_, times) in left(letters).items()} == {"0": 2, "1": 1, "2": 1}
    result = go(of(Slow), letters, time_limit=15)
    assert (result.outcome, result.outputs.out, [*left(letters)]) == ("stopped", [1], ["1", "2"])
    assert result.held == {"node.number": 2}


def test_a_result_that_nobody_wants_leaves_its_letter(letters: LetterFile) -> None:
    """The next node has ended, so that the firing has not succeeded."""

    class First(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(await self.number.receive())

    graph = Graph("net")
    node, first = graph.add(even, "node"), graph.add(First)
    graph.inputs.number >> node.number
    graph.connect(node.out, first.number, capacity=1)
    first.out >> graph.outputs.out
    write(letters, *({"number": 2 * number} for number in range(9)))
    result = go(graph, letters)
    assert (result.outcome, result.outputs.out) == ("finished", [0])
    lying = sum(map(len, result.unread.values()))
    assert len(left(letters)) + result.fed["node"] == 9
    assert lying
    assert left(letters)


def test_a_firing_that_is_signalled_gets_its_signal(letters: LetterFile) -> None:
    """The signal is one of the packets of its letter."""
    graph = of(even)
    graph.inputs.go >> graph["node"].execute
    write(letters, {"number": 2, "execute": None}, {"number": 1, "execute": None})
    result = go(graph, letters)
    assert (result.outputs.out, left(letters)) == ([2], {"1": ({"number": 1, "execute": None}, 2)})


def test_a_function_that_fires_on_any_gets_one_packet(letters: LetterFile) -> None:
    """As it came; others may be missing then."""

    @component(fires="any")
    def seen(a: Any, b: Any) -> str:
        return f"{a} {b}"

    write(letters, {"a": 1})
    result = go(of(seen, "a", "b"), letters)
    assert (result.outputs.out, left(letters)) == (["1 Missing()"], {})


def test_letters_of_nodes_in_composites_and_with_history(letters: LetterFile) -> None:
    """By their address; packets have an identity of their own."""
    inner = Graph("inner")
    inner.inputs.number >> inner.add(even).number
    inner["even"].out >> inner.outputs.out
    write(letters, {"number": 2}, node="node.even")
    runtime = BatchRuntime(of(inner.as_component()), tracking="history")
    result = runtime.run(feed_dead_letters=letters.path, inputs={"number": Each([4])})
    assert result.outputs.out == [2, 4]
    assert str(result.packets.born_at("dead_letters.node.even.number")[0]) == "dead_letters.node.even.number#0"


def test_a_stream_is_fed_too(letters: LetterFile) -> None:
    """A letter is done when its result has been read, or lies there to be."""
    write(letters, {"number": 2}, {"number": 1})

    async def main() -> list[Any]:
        async with BatchRuntime(of(even)).stream(feed_dead_letters=letters.path) as results:
            return [value async for _, value in results]

    assert (asyncio.run(main()), left(letters)) == ([2], {"1": ({"number": 1}, 2)})


def test_nets_that_write_letters_meanwhile_lose_none(letters: LetterFile) -> None:
    """A net may be fed from the file that it writes to: letters of new packets come at its end."""
    write(letters, {"number": 1}, {"number": 2})
    policies = NodeSettings(dead_letters=DeadLetters(letters.path))
    result = go(of(even), letters, policies=policies, inputs={"number": Each([3, 4])})
    assert result.outputs.out == [2, 4]
    assert [values["number"] for values, _ in left(letters).values()] == [1, 3]
    assert [letter.values["number"] for letter in result.dead_letters] == [1, 3]


def test_a_letter_that_takes_too_long_again_stays(letters: LetterFile) -> None:
    """An attempt that is cut short by a time-out has not succeeded."""

    @component
    async def slowly(number: int) -> int:
        await asyncio.sleep(number)
        return number

    write(letters, {"number": 3}, {"number": 30}, {"number": 4})
    policies = NodeSettings(timeout=Timeout(hard=5), retry=Retry(attempts=2, backoff=1, jitter=0))
    result = go(of(slowly), letters, policies=policies)
    assert (result.outputs.out, left(letters)) == ([3, 4], {"1": ({"number": 30}, 2)})
    assert (result.dead_letters[0].attempts, result.dead_letters[0].error.what[:12]) == (2, "TimeoutError")


def test_many_letters_are_looked_at_quickly() -> None:
    """What their nodes and ports are is asked once."""

    @component
    def first(pair: tuple[int, str]) -> int:
        return pair[0]

    error = NodeError("no", "node")
    fed = [DeadLetter("node", {"pair": (n, "x")}, error, id=str(n), net="net") for n in range(20_000)]
    fit = Fit(of(first, "pair"))
    begun = time.perf_counter()
    assert not [why for letter in fed for why in fit.misfits(letter)]
    assert time.perf_counter() - begun < 5


# -- what does not fit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "node", "what"),
    [
        ({"number": 1}, "nod", "the graph has no node 'nod'; did you mean node?"),
        ({"numbr": 1}, "node", "node has no input 'numbr' any more that anything is connected to"),
        ({"out": 1}, "node", "node has no input 'out' any more"),
        ({"execute": None}, "node", "node has no input 'execute' any more"),
        ({"number": "one"}, "node", "node.number: 'one' is no int"),
        ({}, "node", "it has no packet for node.number, and a firing needs one"),
    ],
)
def test_a_letter_that_does_not_fit_is_refused(letters: LetterFile, values: Any, node: str, what: str) -> None:
    """With the reason and the way out; the net does not run, and the file is as it was."""
    write(letters, values, node=node)
    before = letters.path.read_bytes()
    with pytest.raises(InputError) as caught:
        go(of(even), letters)
    assert f"1 dead letter does not fit, and none was fed back:\n- 0: {what}" in caught.value.what
    assert f"fbdev dead-letters {letters.path} 0 --remove" in caught.value.hint
    assert letters.path.read_bytes() == before
    assert [path.name for path in letters.path.parent.iterdir()] == ["failed.jsonl"]


def test_only_the_first_misfits_are_named(letters: LetterFile) -> None:
    """A thousand of them are no thousand lines."""
    write(letters, *({"number": "x"} for _ in range(1000)))
    with pytest.raises(InputError) as caught:
        go(of(even), letters)
    assert caught.value.what.startswith("1,000 dead letters do not fit")
    assert caught.value.what.endswith("- and 995 more")


def test_two_nets_are_not_fed_at_once(letters: LetterFile) -> None:
    """Nor one twice; when the first has ended, failed or not, the next may be."""
    write(letters, {"number": 2})

    @component
    def again(number: int) -> int:
        with pytest.raises(LoadError, match="another net is fed from this file"):
            BatchRuntime(of(even)).run(feed_dead_letters=letters.path)
        return number

    assert go(of(again), letters).outcome == "finished"
    write(letters, {"number": 2})
    with pytest.raises(InputError, match="the graph has no input 'nothing'"):
        go(of(even), letters, inputs={"nothing": 1})
    assert go(of(even), letters).outputs.out == [2]


def test_a_file_that_vanishes_meanwhile_is_told(letters: LetterFile, caplog: pytest.LogCaptureFixture) -> None:
    """What was done cannot be taken out of it; the net goes on."""
    folder = letters.path.parent / "folder"
    folder.mkdir()
    moved = LetterFile(folder / "f.jsonl")
    write(moved, {"number": 2})

    @component
    def vanish(number: int) -> int:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return number

    result = go(of(vanish), moved)
    assert (result.outcome, result.outputs.out) == ("finished", [2])
    assert "dead letter 0 is done, and stays: cannot write dead letters" in caplog.text


# -- several firings at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["ordered", "unordered"])
@pytest.mark.parametrize("seed", range(4))
def test_letters_of_firings_that_go_on_at_once(letters: LetterFile, order: Any, seed: int) -> None:
    """Each leaves the file with its own firing, whichever is done first; what fails again is the right one."""

    @component
    async def slowly(number: int) -> int:
        await asyncio.sleep(10 - number % 10)
        if number % 3 == 0:
            raise ValueError(number)
        return number

    write(letters, *({"number": number} for number in range(1, 10)))
    policies = NodeSettings(concurrency=Concurrency(4, order=order), dead_letters=DeadLetters())
    result = go(of(slowly), letters, seed, policies=policies, inputs={"number": Each([10, 12])})
    assert (result.outcome, sorted(result.outputs.out)) == ("finished", [1, 2, 4, 5, 7, 8, 10])
    assert left(letters) == {str(number - 1): ({"number": number}, 2) for number in (3, 6, 9)}
    assert result.dead_letters.counts == {"node": {str(letters.path): 3, "memory": 1}}
    assert result.fed == {"node": 6}


def test_firings_that_were_cut_short_leave_their_letters(letters: LetterFile) -> None:
    """At a deadline, and when the net is stopped; what was done before is gone."""

    @component
    async def slowly(number: int) -> int:
        await asyncio.sleep(number)
        return number

    write(letters, *({"number": number} for number in (5, 50, 6, 60, 70)))
    policies = NodeSettings(concurrency=Concurrency(3), end=End(deadline=20))
    go(of(slowly), letters, policies=policies)
    assert [*left(letters)] == ["1", "2", "3", "4"]
    policies = NodeSettings(concurrency=Concurrency(3, order="unordered"), end=End(deadline=20, held="dead-letter"))
    go(of(slowly), letters, policies=policies)
    assert {id: times for id, (_, times) in left(letters).items()} == {"1": 2, "3": 2, "4": 2}
    result = go(of(slowly), letters, policies=NodeSettings(concurrency=Concurrency(3)), time_limit=55)
    assert (result.outcome, [*left(letters)]) == ("stopped", ["3", "4"])


# -- beside other policies -------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [even, Passes])
def test_letters_of_nodes_that_work_in_threads(letters: LetterFile, target: Any) -> None:
    """Their packets are taken here, as those of others are."""
    write(letters, {"number": 2}, {"number": 101}, {"number": 4})
    policies = NodeSettings(place="thread", restart=Restart(backoff=0))
    result = go(of(target), letters, None, policies=policies, inputs={"number": Each([6])})
    assert (result.outcome, result.outputs.out) == ("finished", [2, 4, 6])
    assert left(letters) == {"1": ({"number": 101}, 2)}


@pytest.mark.parametrize("edges", [{"drop": "oldest"}, {"expiry": 0.5}, {"bytes": 8, "size": "builtins.int"}])
def test_letters_wait_where_other_packets_do_not(letters: LetterFile, edges: dict[str, Any]) -> None:
    """What bounds the edges of a port is not said of the letters: they are not live data."""
    write(letters, *({"number": 2 * number} for number in range(1, 9)))
    settings = {"edges": {"inputs.number->node.number": edges}}
    runtime = BatchRuntime(of(even), settings=settings)
    result = run_on(SteppedLoop, lambda: runtime.arun(feed_dead_letters=letters.path, raises=False))
    assert (result.outcome, result.outputs.out) == ("finished", [2 * number for number in range(1, 9)])
    assert left(letters) == {}


@pytest.mark.parametrize("alone", [False, True])
def test_sources_may_be_left_out(letters: LetterFile, alone: bool) -> None:
    """Classes and functions without inputs, and initial packets; what was given as an input comes anyway."""

    class Source(Component):
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(10)

    @component
    def another() -> int:
        return 12

    graph = of(even)
    graph.initial(14) >> graph["node"].number
    for target in (Source, another):
        graph.add(target).out >> graph["node"].number
    write(letters, {"number": 2})
    result = go(graph, letters, only_dead_letters=alone, inputs={"number": Each([16])})
    assert result.outcome == "finished"
    assert sorted(result.outputs.out) == ([2, 16] if alone else [2, 10, 12, 14, 16])
    assert result.nodes["source"].phase == ("cancelled" if alone else "ended")


def test_who_changes_the_folder_finds_the_same_file(letters: LetterFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is looked up once; it is shown as it was given."""
    monkeypatch.chdir(letters.path.parent)
    other = letters.path.parent / "other"
    other.mkdir()

    @component
    def moves(number: int) -> int:
        monkeypatch.chdir(other)
        raise ValueError(number)

    runtime = BatchRuntime(of(moves), settings={"dead_letters": "failed.jsonl"})
    result = runtime.run(inputs={"number": Each([1, 2])})
    assert result.dead_letters.counts == {"node": {"failed.jsonl": 2}}
    assert [letter.values["number"] for letter in result.dead_letters] == [1, 2]
    assert len(left(letters)) == 2


def test_a_result_shows_what_was_fed_and_what_has_failed_again(letters: LetterFile) -> None:
    """As text, and as the table that notebooks and terminals show."""
    write(letters, {"number": 2}, {"number": 3})
    result = go(of(even), letters)
    text = str(result)
    assert "  fed  node: 1 dead letter done\n" in text
    assert f"  dead letters  node: 1 in {letters.path}\n" in text
    html = result._repr_html_()
    assert "dead letters done" in html
    assert letters.path.name in html


@pytest.mark.parametrize("given", [7, [1], {"node": 1}, [None]])
def test_what_is_no_letter_is_refused(given: Any) -> None:
    """With what there could be."""
    with pytest.raises(InputError, match="is no dead letter") as caught:
        BatchRuntime(even).run(feed_dead_letters=given)
    assert "result.dead_letters" in caught.value.hint


def test_one_letter_may_be_given_by_itself() -> None:
    """And none at all."""
    letter = DeadLetter("even", {"number": 2}, NodeError("no", "even"))
    assert BatchRuntime(even).run(feed_dead_letters=[letter]).outputs.out == [2]
    assert BatchRuntime(even).run(feed_dead_letters=[]).outcome == "finished"
