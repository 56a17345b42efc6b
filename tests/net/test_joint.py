"""Receiving from several inputs: `select` takes whichever comes first, `zip` one from each."""

import asyncio

import pytest

from fbcore import Component, Each, Graph, In, Out, Outcome
from tests.net.conftest import Run


class Merge(Component):
    """Says what comes, and by which input."""

    left: In[int]
    right: In[str]
    said: Out[str]

    async def run(self) -> None:
        async for hit in self.select(self.left, self.right):
            left, right = hit.of(self.left), hit.of(self.right)
            await self.said.send(f"left {left}" if left is not None else f"right {right}")


class Pairs(Component):
    """Sends pairs, and counts what is left over."""

    left: In[int]
    right: In[int]
    pairs: Out[tuple[int, int]]
    rest: Out[int]
    drains = False

    async def run(self) -> None:
        async for pair in self.zip(self.left, self.right):
            await self.pairs.send(pair)
        if self.drains:
            await self.rest.send(len([value async for value in self.left] + [value async for value in self.right]))


def two_inputs(component: type[Component], *outputs: str) -> Graph:
    """Return a net of one node with two inputs, `a` and `b`."""
    graph = Graph("two")
    node = graph.add(component, "node")
    graph.inputs.a >> node.left
    graph.inputs.b >> node.right
    for name in outputs:
        getattr(node, name) >> graph.outputs[name]
    return graph


def test_select_takes_everything_that_comes(run: Run) -> None:
    """Nothing is lost or doubled, the order of each input is kept, and it ends when all have ended."""
    result = run(two_inputs(Merge, "said"), inputs={"a": Each(range(300)), "b": Each(["x", "y"])})
    assert [said for said in result.outputs.said if "left" in said] == [f"left {number}" for number in range(300)]
    assert [said for said in result.outputs.said if "right" in said] == ["right x", "right y"]
    assert result.outcome is Outcome.FINISHED


def test_select_hides_no_input_behind_a_busy_one(run: Run) -> None:
    """Where both hold packets they come in turn."""
    result = run(two_inputs(Merge, "said"), inputs={"a": Each(range(500)), "b": Each("uvw")})
    assert max(result.outputs.said.index(f"right {letter}") for letter in "uvw") < 200


def test_select_waits_for_whichever_comes_first(stepped: Run) -> None:
    """A quiet input does not hold up the other."""

    async def later():
        await asyncio.sleep(5)
        yield "late"

    result = stepped(two_inputs(Merge, "said"), inputs={"a": Each([1, 2]), "b": Each(later())})
    assert result.outputs.said == ["left 1", "left 2", "right late"]


def test_a_select_that_is_cancelled_loses_nothing(run: Run) -> None:
    """A time-out around it takes no packet with it."""

    class Impatient(Component):
        left: In[int]
        right: In[int]
        said: Out[int]

        async def run(self) -> None:
            hits = self.select(self.left, self.right)
            while True:
                try:
                    async with asyncio.timeout(0.001):
                        hit = await anext(hits)
                except TimeoutError:
                    continue
                except StopAsyncIteration:
                    return
                await self.said.send(hit.value)

    async def slowly():
        for number in range(5):
            await asyncio.sleep(0.003)
            yield number

    result = run(two_inputs(Impatient, "said"), inputs={"a": Each(slowly()), "b": Each([])})
    assert result.outputs.said == [0, 1, 2, 3, 4]


def test_zip_takes_one_from_each(run: Run) -> None:
    """Pairs come in order, and the end of both is the end."""
    result = run(two_inputs(Pairs, "pairs"), inputs={"a": Each(range(100)), "b": Each(range(100, 200))})
    assert result.outputs.pairs == [(number, number + 100) for number in range(100)]
    assert result.outcome is Outcome.FINISHED


@pytest.mark.parametrize("count", [4, 300])
def test_a_zip_that_ends_with_packets_on_one_side_is_starved(run: Run, count: int) -> None:
    """All or none: the packet without a partner is not taken, and the outcome says that it was missed."""
    result = run(two_inputs(Pairs, "pairs"), inputs={"a": Each(range(count)), "b": Each(range(3))})
    assert result.outputs.pairs == [(0, 0), (1, 1), (2, 2)]
    assert result.outcome is Outcome.STARVED
    left = result.unread.get("inputs.a->node.left", [])
    assert left == list(range(3, 3 + len(left)))


def test_a_zip_whose_rest_is_read_is_not_starved(run: Run) -> None:
    """The component may take what is left over by itself."""
    draining = type("Draining", (Pairs,), {"drains": True})
    result = run(two_inputs(draining, "pairs", "rest"), inputs={"a": Each(range(300)), "b": Each(range(3))})
    assert result.outputs.rest == [297]
    assert result.outcome is Outcome.FINISHED


def test_a_wait_for_either_is_no_circle(run: Run) -> None:
    """A select that one of its inputs could still end is in no knot: the net is quiescent, not deadlocked."""

    class Round(Component):
        left: In[int]
        right: In[int]
        go: Out[int]
        seen: Out[int]

        async def run(self) -> None:
            async for hit in self.select(self.left, self.right):
                await self.seen.send(hit.value)
                if hit.value:
                    await self.go.send(hit.value - 1)

    graph = Graph("round")
    node = graph.add(Round)
    node.go >> node.left
    graph.inputs.start >> node.right
    node.seen >> graph.outputs.seen
    result = run(graph, inputs={"start": 4})
    assert (result.outcome, result.outputs.seen) == (Outcome.QUIESCENT, [4, 3, 2, 1, 0])


@pytest.mark.parametrize("verb", ["select", "zip"])
@pytest.mark.parametrize("wrong", ["output", "twice"])
def test_anything_but_different_inputs_is_refused(stock: Run, verb: str, wrong: str) -> None:
    """The error names the node, and shows how it is written."""

    class Wrong(Component):
        left: In[int]
        right: In[int]
        out: Out[int]

        async def run(self) -> None:
            given = {"output": (self.left, self.out), "twice": (self.left, self.left)}[wrong]
            async for _ in getattr(self, verb)(*given):
                pass

    result = stock(two_inputs(Wrong, "out"), inputs={"a": 1, "b": 2})
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].address == "node"
    assert f"self.{verb}(" in result.errors[0].hint
