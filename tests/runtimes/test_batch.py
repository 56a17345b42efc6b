"""BatchRuntime runs nets from inputs to outputs: from ordinary code, in a loop, again, and side by side."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import uvloop

from fbcore import BatchRuntime, Component, Config, Each, Graph, GraphError, In, NetError, Observer, Out, component
from fbcore.loop import SteppedLoop
from fbcore.net.report import Outcome, Result, Snapshot


@component
def words(line: str, sep: str = " ") -> Iterator[str]:
    yield from line.split(sep)


@component
def length(word: str) -> int:
    return len(word)


class Total(Component):
    """Adds up until no more come."""

    number: In[int]
    start: Config[int] = Config(default=0)
    total: Out[int]

    async def run(self) -> None:
        total = self.start.value
        async for number in self.number:
            total += number
        await self.total.send(total)


def counting_letters() -> Graph:
    graph = Graph("letters")
    split, count, total = graph.add(words), graph.add(length), graph.add(Total)
    graph.inputs.text >> split.line
    graph.configs.sep >> split.sep
    split.out >> count.word
    count.out >> total.number
    split.out >> graph.outputs.all_words
    total.total >> graph.outputs.letters
    return graph


TEXT = {"text": Each(["a bb", "ccc"])}


def test_a_run_returns_a_list_for_each_output():
    """Values come in order, by attribute and by name; the outcome says that all arrived."""
    result = BatchRuntime(counting_letters()).run(inputs=TEXT)
    assert isinstance(result, Result)
    assert result.outcome is Outcome.FINISHED
    assert result.outcome.is_good
    assert result.outputs.all_words == result.outputs["all_words"] == ["a", "bb", "ccc"]
    assert result.outputs.letters == [6]
    assert sorted(result.outputs) == ["all_words", "letters"]
    assert len(result.outputs) == 2


def test_an_unknown_output_is_refused_by_name():
    """The error names the outputs there are."""
    outputs = BatchRuntime(counting_letters()).run(inputs=TEXT).outputs
    with pytest.raises(AttributeError, match=r"no output 'words'; its outputs are: (all_words|letters), "):
        outputs.words  # noqa: B018 - reading it is the point
    with pytest.raises(KeyError, match="words"):
        outputs["words"]


def test_an_output_that_nothing_came_to_is_an_empty_list():
    """Every output of the graph is there, whatever was sent."""
    result = BatchRuntime(counting_letters()).run(inputs={"text": Each(())})
    assert (result.outputs.all_words, result.outputs.letters) == ([], [0])


def test_a_run_in_a_running_loop_waits_for_its_result():
    """As in a notebook: `run` works where a loop runs already, on a loop and a thread of its own."""
    seen = []

    @component
    def where() -> None:
        seen.append((asyncio.get_running_loop(), threading.current_thread()))

    graph = Graph("where")
    graph.add(where)

    async def cell() -> tuple[Result, asyncio.AbstractEventLoop]:
        return BatchRuntime(graph).run(), asyncio.get_running_loop()

    result, outer = asyncio.run(cell())
    ((loop, thread),) = seen
    assert result.outcome is Outcome.FINISHED
    assert loop is not outer
    assert thread is not threading.current_thread()


def test_a_run_in_a_running_loop_raises_what_a_run_raises():
    """Its errors reach the caller, not the thread."""

    @component
    def fail() -> None:
        raise ValueError("no")

    graph = Graph("failing")
    graph.add(fail)

    async def cell() -> None:
        BatchRuntime(graph).run()

    with pytest.raises(NetError, match="failing: failed: fail: ValueError: no"):
        asyncio.run(cell())


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, SteppedLoop, uvloop.new_event_loop])
def test_arun_runs_on_the_loop_of_its_caller(factory):
    """Any loop does; when it returns, no task of the net is left."""

    async def main() -> tuple[Result, set[asyncio.Task]]:
        result = await BatchRuntime(counting_letters()).arun(inputs=TEXT)
        return result, asyncio.all_tasks() - {asyncio.current_task()}

    with asyncio.Runner(loop_factory=factory) as runner:
        result, left = runner.run(main())
    assert result.outputs.letters == [6]
    assert left == set()


def test_a_runtime_runs_again_and_begins_anew():
    """Runs share no state: a new component, new edges, new outputs each time."""
    runtime = BatchRuntime(counting_letters())
    results = [runtime.run(inputs={"text": "x" * size}) for size in (3, 5)]
    assert [result.outputs.letters for result in results] == [[3], [5]]
    assert results[0].outputs.all_words == ["xxx"]


def test_two_runs_of_one_runtime_at_the_same_time_do_not_meet():
    """Their packets take turns on one loop, and each comes out of its own net."""

    async def main() -> list[Result]:
        runtime = BatchRuntime(counting_letters())
        texts = [" ".join(letter * size for size in range(1, 80)) for letter in "ab"]
        return await asyncio.gather(*(runtime.arun(inputs={"text": text}) for text in texts))

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        first, second = runner.run(main())
    assert {word[0] for word in first.outputs.all_words} == {"a"}
    assert {word[0] for word in second.outputs.all_words} == {"b"}
    assert first.outputs.letters == second.outputs.letters == [79 * 80 // 2]


def test_the_failure_of_one_net_leaves_the_other_alone():
    """Two graphs on one loop: one is cancelled, the other ends as if it were alone."""

    @component
    def fail() -> None:
        raise ValueError("no")

    broken = Graph("broken")
    broken.add(fail)

    async def main() -> list[Result]:
        runs = [BatchRuntime(graph).arun(inputs=inputs, raises=False) for graph, inputs in pairs]
        return await asyncio.gather(*runs)

    pairs = [(broken, None), (counting_letters(), TEXT)]
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        first, second = runner.run(main())
    assert first.outcome is Outcome.FAILED
    assert (second.outcome, second.outputs.letters) == (Outcome.FINISHED, [6])


def test_a_net_inside_a_net_is_another_net():
    """A component may run a net of its own; the outer one waits for it and is not called blocked."""

    class Inner(Component):
        line: In[str]
        letters: Out[int]

        async def run(self) -> None:
            async for line in self.line:
                result = await BatchRuntime(counting_letters()).arun(inputs={"text": line})
                await self.letters.send(result.outputs.letters[0])

    graph = Graph("outer")
    node = graph.add(Inner)
    graph.inputs.line >> node.line
    node.letters >> graph.outputs.letters
    result = BatchRuntime(graph).run(inputs={"line": Each(["a b", "ccc"])})
    assert (result.outcome, result.outputs.letters) == (Outcome.FINISHED, [2, 3])


def test_a_bad_run_returns_its_result_when_it_is_not_to_raise():
    """`raises=False` gives the result that the error would hold."""

    @component
    def fail(number: int) -> None:
        raise ValueError("no")

    graph = Graph("failing")
    graph.inputs.number >> graph.add(fail).number
    result = BatchRuntime(graph).run(inputs={"number": 1}, raises=False)
    assert (result.outcome, result.held) == (Outcome.FAILED, {"fail.number": 1})
    with pytest.raises(NetError) as caught:
        BatchRuntime(graph).run(inputs={"number": 1})
    assert caught.value.result.held == result.held


def test_wrong_input_raises_all_the_same():
    """`raises=False` is about how a net ends; what keeps it from being made is an error always."""
    with pytest.raises(GraphError, match="the graph is empty"):
        BatchRuntime(Graph("empty")).run(raises=False)


def test_observers_hear_of_their_run():
    """Each observer given to a run hears of that run, and not of the next."""

    class Ends(Observer):
        def __init__(self) -> None:
            self.results: list[Result] = []

        def ended(self, result: Result) -> None:
            self.results.append(result)

    runtime, first, second = BatchRuntime(counting_letters()), Ends(), Ends()
    result = runtime.run(inputs=TEXT, observers=[first, second])
    runtime.run(inputs=TEXT)
    assert first.results == second.results == [result]


class Steps(Component):
    """Sends a number every 0.07 seconds, twenty times."""

    number: Out[int]

    async def run(self) -> None:
        for number in range(20):
            await self.number.send(number)
            await asyncio.sleep(0.07)


def stepping() -> Graph:
    graph = Graph("stepping")
    total = graph.add(Total)
    graph.add(Steps).number >> total.number
    total.total >> graph.outputs.sums
    return graph


def arun_stepped(graph: Graph, **options) -> Result:
    """Run on virtual time."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(BatchRuntime(graph).arun(**options))


def test_progress_is_told_ten_times_a_second_and_at_the_end():
    """Each snapshot shows nodes, edges and time at that moment; the last one shows the end."""
    seen: list[Snapshot] = []
    arun_stepped(stepping(), progress=seen.append)
    assert [round(each.seconds, 6) for each in seen[:-1]] == [round(0.1 * n, 6) for n in range(1, len(seen))]
    assert len(seen) == 15
    sent = [each.nodes["steps"].sent for each in seen]
    assert sent == sorted(sent)
    assert (sent[0], sent[-1]) == (2, 20)
    assert seen[0].nodes["steps"].phase == "running"
    assert seen[0].outstanding[0].startswith("steps: a timer, due in 0.04 s")
    last = seen[-1]
    assert {each.phase for each in last.nodes.values()} == {"ended"}
    edge = last.edges["steps.number->total.number"]
    assert (edge.put, edge.taken, edge.fill, edge.capacity) == (20, 20, 0, 64)
    assert last.outstanding == ()


def test_progress_is_told_of_a_short_run_once():
    """A run that ends before the first beat is told at its end."""
    seen: list[Snapshot] = []
    BatchRuntime(counting_letters()).run(inputs=TEXT, progress=seen.append)
    assert [each.nodes["total"].phase for each in seen] == ["ended"]


def test_progress_that_raises_is_logged_and_told_no_more(caplog):
    """A broken callback does not break the run."""
    calls = []

    def broken(snapshot: Snapshot) -> None:
        calls.append(snapshot)
        raise ValueError("the screen is gone")

    assert arun_stepped(stepping(), progress=broken).outputs.sums == [190]
    assert len(calls) == 1
    assert "the screen is gone" in caplog.text
