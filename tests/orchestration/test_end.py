"""Nodes that are ended by policy: after executions, idle, at a deadline, unhealthy."""

import asyncio
from typing import Any

import pytest

from fbcore import Component, Each, End, Graph, In, Out, Restart, SettingsError, component
from tests.orchestration.supervising import Heard, alone, failing, run


@component
def double(number: int) -> int:
    return 2 * number


class Waits(Component):
    """Works on each number for so many seconds."""

    number: In[int]
    passed: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await asyncio.sleep(number)
            await self.passed.send(number)


def of_function(function: Any = double) -> Graph:
    """Return a graph of one function, called `node`."""
    graph = Graph("function")
    node = graph.add(function, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    return graph


# -- after executions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make_loop", [None, asyncio.new_event_loop])
def test_a_function_ends_after_so_many_firings(make_loop: Any) -> None:
    """The rest is unread, and the reason is in the result."""
    heard = Heard()
    result = run(of_function(), end=End(after=3), numbers=range(10), make_loop=make_loop, heard=heard)
    assert (result.outcome, result.outputs.out) == ("finished", [0, 2, 4])
    assert result.released == {"node": "all its executions are over"}
    assert "released  node: all its executions are over" in result.summary()
    assert [address for _, address, _ in heard.released_at] == ["node"]
    left = sum(map(len, result.unread.values())) + result.discarded.get("inputs.number", 0)
    assert 0 < left <= 7
    assert result.held == {}


def test_a_firing_that_failed_is_no_execution() -> None:
    """What goes to `error` is not counted, as the message `executed` does not count it."""

    @component
    def positive(number: int) -> int:
        if number < 3:
            raise ValueError(number)
        return number

    graph = of_function(positive)
    graph["node"].error >> graph.outputs.failures
    result = run(graph, end=End(after=2), numbers=range(10))
    assert (result.outputs.out, len(result.outputs.failures)) == ([3, 4], 3)


def test_a_class_ends_after_so_many_runs() -> None:
    """With `execute` connected, or begun anew by policy, a class runs several times."""

    class Once(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            await self.passed.send(await self.number.receive())

    result = run(alone(Once), Restart("always", backoff=0, most=99), End(after=3), numbers=range(9))
    assert (result.outcome, result.outputs.passed, result.restarts) == ("finished", [0, 1, 2], {"node": 2})
    graph = alone(Once)
    graph.inputs.go >> graph["node"].execute
    result = run(graph, end=End(after=2), inputs={"number": Each(range(9)), "go": Each([None] * 9)})
    assert result.outputs.passed == [0, 1]


# -- idle ------------------------------------------------------------------------------------------------


def paced(times: list[float]) -> type[Component]:
    """Make a source that sends a number at each of these times."""

    class Paced(Component):
        number: Out[int]

        async def run(self) -> None:
            for number, time in enumerate(times):
                await asyncio.sleep(max(0.0, time - self.net.time()))
                await self.number.send(number)

    return Paced


def fed(times: list[float], taker: type[Component]) -> Graph:
    """Return a graph in which `node` gets a number at each of these times."""
    graph = Graph("fed")
    source, node = graph.add(paced(times)), graph.add(taker, "node")
    source.number >> node.number
    node.passed >> graph.outputs.passed
    return graph


def test_an_idle_node_ends_on_time() -> None:
    """So many seconds after it began to wait, to the millisecond, as if nothing came any more."""
    heard = Heard()
    result = run(fed([1, 2.5, 4.25, 12], failing([])), end=End(idle=3), heard=heard)
    assert [(round(time, 6), what) for time, _, what in heard.released_at] == [(7.25, "idle for 3 s")]
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 2])


def test_an_idle_node_tells_what_it_remembers() -> None:
    """Its stream ends as any stream does, so that it may send what it has gathered."""
    result = run(fed([1, 2, 99], failing([], memory=True)), end=End(idle=3))
    assert (result.outcome, result.outputs.passed) == ("finished", [1])


def test_a_node_that_works_is_not_idle() -> None:
    """Only waiting for a packet counts, and not work that takes long."""
    heard = Heard()
    graph = alone(Waits)
    result = run(graph, end=End(idle=2), numbers=[5, 1, 7], heard=heard)
    assert (result.outcome, result.outputs.passed, result.released) == ("finished", [5, 1, 7], {})


def test_a_node_that_waits_for_room_is_not_idle() -> None:
    """Whoever cannot send has work to do."""
    graph = Graph("slow")
    node, slow = graph.add(failing([]), "node"), graph.add(Waits)
    graph.inputs.number >> node.number
    graph.connect(node.passed, slow.number, capacity=1)
    slow.passed >> graph.outputs.passed
    result = run(graph, end=End(idle=2), numbers=[5, 5, 5, 5])
    assert (result.outputs.passed, result.released) == ([5, 5, 5, 5], {})


@pytest.mark.parametrize("make_loop", [None, asyncio.new_event_loop])
@pytest.mark.parametrize("end", [End(idle=3600), End(deadline=3600), End(healthy=bool, every=3600)])
def test_an_end_to_come_holds_up_no_verdict(make_loop: Any, end: End) -> None:
    """A loop that has run dry is known at once, on every loop, though a node of it would be ended in an hour."""
    graph = Graph("ring")
    node = graph.add(failing([]), "node")
    graph.inputs.number >> node.number
    node.passed >> node.number
    result = run(graph, end=end, numbers=[], make_loop=make_loop)
    assert (result.outcome, result.released) == ("quiescent", {})
    assert result.seconds < 5


# -- a deadline ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "unread", "dropped"), [("return", [4, 9], {}), ("drop", [9], {"node.number": 1})])
def test_a_deadline_ends_a_node(held: Any, unread: list[int], dropped: dict[str, int]) -> None:
    """On time, in the middle of its work; the packet in its hands is returned to its edge, or dropped and counted."""
    heard = Heard()
    result = run(alone(Waits), end=End(deadline=5, held=held), numbers=[2, 4, 9], heard=heard)
    assert (result.outcome, result.outputs.passed, result.seconds) == ("finished", [2], 5)
    assert result.released == {"node": "its deadline, 5 s, is over"}
    assert [each for values in result.unread.values() for each in values] == unread
    assert (result.dropped, result.held) == (dropped, {})
    assert [time for time, _, _ in heard.released_at] == [5]


def test_a_deadline_ends_a_source() -> None:
    """A node without inputs is cancelled; the others end by closing."""
    result = run(fed([1, 2, 3, 4, 5], failing([])), end=End(deadline=2.5), of="paced")
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1])


def test_a_deadline_ends_a_node_that_waits_to_be_begun_anew() -> None:
    """A node that was ended is not begun anew."""
    policy = Restart(backoff=10, jitter=0)
    result = run(alone(failing([1])), policy, End(deadline=5), numbers=range(3))
    assert (result.outcome, result.seconds, result.outputs.passed) == ("finished", 5, [0])
    assert result.nodes["node"].phase == "cancelled"


def test_a_deadline_that_nobody_needs_does_nothing() -> None:
    """A net that ends before it leaves no timer behind."""
    result = run(alone(failing([])), end=End(deadline=50, idle=50, healthy=bool), numbers=range(3))
    assert (result.outcome, result.seconds, result.released) == ("finished", 0, {})


# -- health ----------------------------------------------------------------------------------------------


def test_an_unhealthy_node_is_ended() -> None:
    """A function looks at the node every so many seconds, and says whether it may go on."""
    looks = []

    def healthy(node: Any) -> bool:
        looks.append((node.address, node.received))
        return bool(node.received < 3)

    result = run(alone(Waits), end=End(healthy=healthy, every=2), numbers=[1, 1, 9, 9])
    assert looks == [("node", 2), ("node", 3)] or looks == [("node", 3)]
    assert result.released == {"node": "not healthy"}
    assert (result.outcome, result.outputs.passed) == ("finished", [1, 1])


def test_a_check_that_raises_says_why() -> None:
    """An error in the function is the reason."""
    result = run(alone(Waits), end=End(healthy=lambda node: 1 / 0, every=2), numbers=[9])
    assert result.released == {"node": "not healthy: ZeroDivisionError: division by zero"}


def test_a_check_may_be_named() -> None:
    """As settings in a file name it."""
    assert End(healthy="math.isfinite").healthy is not None
    with pytest.raises(SettingsError, match=r"cannot be 'math\.nothing'"):
        End(healthy="math.nothing")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"after": 0},
        {"idle": 0},
        {"deadline": -1},
        {"healthy": 3},
        {"after": 1, "every": 0},
        {"idle": 1, "held": "x"},
    ],
)
def test_an_end_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """Something has to say when; each field is looked at."""
    with pytest.raises(SettingsError) as caught:
        End(**wrong)
    assert caught.value.hint
