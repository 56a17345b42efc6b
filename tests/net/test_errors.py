"""What a component raises becomes an error with an address, at whatever moment it is raised."""

import asyncio
import pickle
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    Failure,
    Graph,
    In,
    NetError,
    NodeError,
    Out,
    Outcome,
    component,
)
from fbcore.net.build import build_net


class Doubles(Component):
    """Fails on 3."""

    number: In[int]
    doubled: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            if number == 3:
                raise ValueError("three is not for doubling")
            await self.doubled.send(2 * number)


@component
def halve(number: int) -> float:
    return 12 / number


def alone(cls: type[Component], id: str | None = None) -> Graph:
    """A net of one component without ports."""
    graph = Graph("alone")
    graph.add(cls, id)
    return graph


def fed(target, port: str, out: str) -> Graph:
    """A net of one component between an input `number` and an output `results`."""
    graph = Graph("fed")
    node = graph.add(target)
    graph.inputs.number >> getattr(node, port)
    getattr(node, out) >> graph.outputs.results
    return graph


# -- in run -----------------------------------------------------------------------------------------------


def test_an_error_in_a_class_has_the_address_the_line_and_what_was_held(run):
    """The net fails; the error names node, kind, text and line, and the packet the node had taken."""
    result = run(fed(Doubles, "number", "doubled"), inputs={"number": Each([1, 2, 3, 4])})
    (error,) = result.errors
    assert (result.outcome, result.reason) == (Outcome.FAILED, "doubles failed")
    assert error.address == "doubles"
    assert error.what.startswith("ValueError: three is not for doubling (test_errors.py:")
    assert error.held == {"number": 3}
    assert result.held["doubles.number"] == 3
    assert isinstance(error.cause, ValueError)
    assert error.__cause__ is error.cause


def test_the_hint_of_an_error_names_the_port_that_would_take_it(stock):
    """Whoever reads the error learns that `error` can be connected."""
    (error,) = stock(fed(Doubles, "number", "doubled"), inputs={"number": 3}).errors
    assert "connect `doubles.error`" in error.hint


def test_the_hint_for_an_input_is_about_what_it_was_given(stock):
    """An input of the net has no port `error`: what was given for it is to be mended."""

    def broken():
        yield 1
        raise OSError("the disk is gone")

    (error,) = stock(fed(Doubles, "number", "doubled"), inputs={"number": Each(broken())}).errors
    assert (error.address, error.hint) == ("inputs.number", "mend what is given for the input number")


def test_the_traceback_shows_the_component_and_not_the_machinery(stock):
    """Its frames are the user's own, the innermost last."""
    (error,) = stock(fed(Doubles, "number", "doubled"), inputs={"number": 3}).errors
    files = [line.split('"')[1] for line in error.traceback.splitlines() if line.startswith('  File "')]
    assert files == [__file__]
    assert error.traceback.endswith("ValueError: three is not for doubling\n")


def test_an_error_in_a_function_holds_its_packet(run):
    """A firing that fails fails the net, and names the packet that it was for."""
    result = run(fed(halve, "number", "out"), inputs={"number": Each([1, 0, 2])})
    (error,) = result.errors
    assert (result.outcome, error.address, error.held) == (Outcome.FAILED, "halve", {"number": 0})
    assert error.what.startswith("ZeroDivisionError: ")
    assert result.outputs.results in ([], [12.0])


def test_an_error_in_an_async_function_holds_its_packet(run):
    """A coroutine that fails after a wait fails the net as a plain function does."""

    @component
    async def slowly(number: int) -> int:
        await asyncio.sleep(0.001)
        raise LookupError(f"no {number}")

    (error,) = run(fed(slowly, "number", "out"), inputs={"number": 7}).errors
    assert (error.address, error.held) == ("slowly", {"number": 7})
    assert error.what.startswith("LookupError: no 7 (")


def test_a_generator_that_fails_midway_has_sent_what_came_before(run):
    """Items that left before the failure arrive where the net goes on; the rest does not come."""

    @component
    def count(number: int) -> Iterator[int]:
        yield from range(number)
        raise RuntimeError("lost count")

    @component
    async def count_async(number: int) -> AsyncIterator[int]:
        for each in range(number):
            yield each
        raise RuntimeError("lost count")

    for function in (count, count_async):
        graph = fed(function, "number", "out")
        graph[function.__name__].error >> graph.outputs.failures
        result = run(graph, inputs={"number": Each([2, 1])})
        assert result.outcome is Outcome.FINISHED
        assert result.outputs.results == [0, 1, 0]
        assert [(each.value, each.address) for each in result.outputs.failures] == [
            (2, function.__name__),
            (1, function.__name__),
        ]


def test_a_function_that_raises_stop_iteration_fails(stock):
    """`next` on something empty does not end a node as if all were well."""

    @component
    def first(number: list[int]) -> int:
        return next(iter(number))

    graph = Graph("firsts")
    graph.inputs.number >> graph.add(first).number
    graph["first"].out >> graph.outputs.results
    result = stock(graph, inputs={"number": []})
    assert result.outcome is Outcome.FAILED
    assert "StopIteration" in result.errors[0].traceback


def test_system_exit_in_a_component_fails_the_net(run):
    """A library that calls `sys.exit` cannot end the program behind the net's back."""

    class Leaves(Component):
        async def run(self) -> None:
            sys.exit(3)

    result = run(alone(Leaves))
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].what.startswith("SystemExit: 3")


def test_keyboard_interrupt_is_let_through():
    """Ctrl-C that arrives inside a component reaches whoever runs the net."""

    class Interrupted(Component):
        async def run(self) -> None:
            raise KeyboardInterrupt

    async def main() -> None:
        net = build_net(alone(Interrupted))
        with pytest.raises(KeyboardInterrupt):
            await net.run()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())


def test_a_component_that_raises_cancelled_error_itself_fails(run):
    """A cancellation that nobody asked for is no silent end."""

    class Cancels(Component):
        async def run(self) -> None:
            raise asyncio.CancelledError

    result = run(alone(Cancels))
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].what.startswith("cancelled from inside")


# -- at the start, at the end, and in children ------------------------------------------------------------


def test_an_error_at_the_start_has_an_address(run):
    """What `__init__` raises is the node's failure, and holds nothing."""

    class Broken(Component):
        def __init__(self) -> None:
            raise OSError("no such device")

        async def run(self) -> None: ...

    result = run(alone(Broken))
    (error,) = result.errors
    assert (result.outcome, error.address, error.held) == (Outcome.FAILED, "broken", {})
    assert error.what.startswith("OSError: no such device (test_errors.py:")


def test_an_init_that_wants_arguments_is_a_failure_of_its_node(stock):
    """The error says which arguments are missing."""

    class Wants(Component):
        def __init__(self, size: int) -> None: ...

        async def run(self) -> None: ...

    (error,) = stock(alone(Wants)).errors
    assert error.address == "wants"
    assert "missing 1 required positional argument: 'size'" in error.what


class ClosesBadly(Component):
    """Waits for long, and fails when it is cancelled."""

    async def run(self) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            raise OSError("cannot close the file")


class Fails(Component):
    """Fails when the others have begun."""

    async def run(self) -> None:
        await asyncio.sleep(0.001)
        raise KeyError("first")


def test_an_error_at_the_stop_is_reported_beside_the_first(run):
    """What a component raises while it is cancelled is not lost, and does not hide the cause."""
    graph = Graph("closing")
    graph.add(ClosesBadly)
    graph.add(Fails)
    result = run(graph)
    assert result.outcome is Outcome.FAILED
    assert result.reason == "fails failed"
    assert [error.address for error in result.errors] == ["fails", "closes_badly"]
    assert result.errors[1].what.startswith("OSError: cannot close the file")


async def test_an_error_at_a_stop_that_was_asked_for_fails_the_net(stepped_loop):
    """A net that could not be stopped cleanly is not called stopped."""
    net = build_net(alone(ClosesBadly))
    stepped_loop.call_later(3, net.stop, "enough")
    result = await net.run()
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].address == "closes_badly"


def test_a_child_that_fails_fails_its_node(run):
    """A task of `self.tasks` that raises cancels its siblings and is the failure of the node."""
    ended = []

    class Parent(Component):
        async def run(self) -> None:
            self.tasks.create_task(self.fail())
            self.tasks.create_task(self.wait())
            await self.wait()

        async def wait(self) -> None:
            try:
                await asyncio.sleep(1000)
            finally:
                ended.append("cancelled")

        async def fail(self) -> None:
            await asyncio.sleep(0.001)
            raise ValueError("child")

    result = run(alone(Parent))
    assert result.outcome is Outcome.FAILED
    assert [error.what.partition(" (")[0] for error in result.errors] == ["ValueError: child"]
    assert ended == ["cancelled"] * 2


def test_system_exit_in_a_child_fails_its_node(run):
    """It is a failure with an address there too, and does not tear down the loop."""

    class Parent(Component):
        async def run(self) -> None:
            self.tasks.create_task(self.leave())

        async def leave(self) -> None:
            sys.exit(3)

    result = run(alone(Parent))
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].address == "parent"
    assert "SystemExit: 3" in result.errors[0].what


def test_several_errors_of_one_node_are_all_in_its_error(run):
    """Children that fail together are one `NodeError`, whose traceback shows each."""

    class Parent(Component):
        async def run(self) -> None:
            has_begun = asyncio.Event()
            self.tasks.create_task(self.fail_at_the_end(has_begun))
            await has_begun.wait()
            raise ValueError("one")

        async def fail_at_the_end(self, has_begun: asyncio.Event) -> None:
            try:
                has_begun.set()
                await asyncio.sleep(1000)
            finally:
                raise ValueError("two")

    (error,) = run(alone(Parent)).errors
    assert error.address == "parent"
    assert isinstance(error.cause, BaseExceptionGroup)
    assert "ValueError: one" in error.traceback
    assert "ValueError: two" in error.traceback


# -- what is raised in the end ----------------------------------------------------------------------------


def test_a_failed_run_raises_one_error_that_holds_all():
    """`NetError` has the result, the errors as a group, and the first of them in its text."""
    graph = Graph("closing")
    graph.add(ClosesBadly)
    graph.add(Fails)
    with pytest.raises(NetError, match=r"closing: failed: fails: KeyError: 'first' .*and 1 more") as caught:
        BatchRuntime(graph).run()
    assert caught.value.address == "closing"
    assert isinstance(caught.value.errors, ExceptionGroup)
    assert [type(each) for each in caught.value.errors.exceptions] == [NodeError, NodeError]
    assert caught.value.errors.exceptions == caught.value.result.errors


def test_a_starved_run_raises_without_a_group():
    """No node failed: `errors` is None, and the hint says where to look."""

    @component
    def add(a: int, b: int) -> int:
        return a + b

    graph = Graph("half_fed")
    node = graph.add(add)
    graph.inputs.a >> node.a
    graph.inputs.b >> node.b
    node.out >> graph.outputs.sums
    with pytest.raises(NetError, match=r"starved: .*on inputs\.a->add\.a") as caught:
        BatchRuntime(graph).run(inputs={"a": Each([1, 2, 3]), "b": Each([1])})
    assert caught.value.errors is None
    assert "result.unread" in caught.value.hint
    assert caught.value.result.outputs.sums == [2]


def test_errors_survive_the_trip_to_another_process():
    """Pickled and back, a `NetError` says the same, its result and tracebacks included; only causes are gone."""
    with pytest.raises(NetError) as caught:
        BatchRuntime(fed(Doubles, "number", "doubled")).run(inputs={"number": Each([1, 3])})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.address, copy.hint) == (str(caught.value), "fed", caught.value.hint)
    (error,) = copy.errors.exceptions
    assert isinstance(error, NodeError)
    assert error.traceback == caught.value.result.errors[0].traceback != ""
    assert (error.address, error.held, error.cause) == ("doubles", {"number": 3}, None)
    assert copy.result.summary() == caught.value.result.summary()


def test_a_failure_can_be_pickled_as_a_packet():
    """What the port `error` sends may go to a node in another process."""
    failure = Failure(3, NodeError("ValueError: x", "doubles", "mend it", {"number": 3}, "Traceback ..."), "doubles")
    copy = pickle.loads(pickle.dumps(failure))
    assert (copy.value, copy.address, str(copy.error)) == (3, "doubles", str(failure.error))


class MuteError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("not a word")

    __repr__ = __str__


@pytest.mark.parametrize("raised", [MuteError(), ExceptionGroup("several", [MuteError(), ValueError("loud")])])
def test_an_error_that_cannot_be_shown_is_a_failure_as_any(raised):
    """Neither the net nor whoever reports it falls over what a user's `__str__` raises."""

    @component
    def fails(number: int) -> None:
        raise raised

    (error,) = BatchRuntime(fails).run(inputs={"number": 1}, raises=False).errors
    assert "MuteError: <what it says cannot be had: RuntimeError>" in error.what
    assert "MuteError" in error.traceback
